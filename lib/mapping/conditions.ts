/** The filter's conditions: which items are synced. Pure; an item either meets them or it does not. */

import type { FieldChoice } from '../model/config';
import { type FieldId, type Fields, type FieldType, isEmpty, type SingleValue, type Value } from '../model/values';
import { equalValues, scalarText } from './compare';

export type Operator =
  | 'is'
  | 'isNot'
  | 'oneOf'
  | 'noneOf'
  | 'contains'
  | 'containsNot'
  | 'startsWith'
  | 'isEmpty'
  | 'isNotEmpty'
  | 'less'
  | 'atMost'
  | 'greater'
  | 'atLeast'
  | 'changed'
  | 'was';

export interface Condition {
  field: FieldChoice;
  operator: Operator;
  /** absent for isEmpty, isNotEmpty and changed; a list for oneOf and noneOf */
  value?: Value;
  /** the field is one of the linked item in the other system */
  of?: 'linked';
}

/** `none`: not one of them is met. */
export const CONDITION_MODES = ['all', 'any', 'none'] as const;
export type ConditionMode = (typeof CONDITION_MODES)[number];

/** Conditions, and groups of them. A group without any is met. */
export interface ConditionGroup {
  mode: ConditionMode;
  conditions: Rule[];
}

export type Rule = Condition | ConditionGroup;

/** Groups within groups: deeper ones cannot be read. */
export const DEEPEST_GROUP = 8;

export const isGroup = (rule: Rule): rule is ConditionGroup => 'conditions' in rule;

/** All conditions of a group and of the groups in it, in order. */
export const conditionsIn = (group: ConditionGroup): Condition[] =>
  group.conditions.flatMap((rule) => (isGroup(rule) ? conditionsIn(rule) : [rule]));

/** What is known of an item. */
export interface ItemFacts {
  fields: Fields;
  /** fields that differ from their last synced values */
  changed: readonly FieldId[];
  /** last synced values, of mapped fields; absent if the item is not linked */
  before?: Fields;
}

export interface Facts {
  item: ItemFacts;
  /** absent if there is none: its fields are empty */
  linked?: ItemFacts;
}

/** Fields that a message has beside the payload: who created the item (a comment's author), who changed it last. */
export const CREATED_BY: FieldId = '@createdBy';
export const UPDATED_BY: FieldId = '@updatedBy';

export interface MatchOptions {
  /** compare texts case-sensitively; default false */
  matchCase?: boolean;
}

const VALUELESS: Operator[] = ['isEmpty', 'isNotEmpty', 'changed'];
const ALWAYS: Operator[] = [...VALUELESS, 'was'];
const PART: Operator[] = ['contains', 'containsNot', 'startsWith'];
const TEXT: Operator[] = ['is', 'isNot', ...PART, 'oneOf', 'noneOf', ...ALWAYS];
const ORDER: Operator[] = ['is', 'isNot', 'less', 'atMost', 'greater', 'atLeast', ...ALWAYS];
const LIST: Operator[] = ['is', 'isNot', 'oneOf', 'noneOf', ...PART, ...ALWAYS];

const OPERATORS: Record<FieldType, Operator[]> = {
  text: TEXT,
  url: TEXT,
  richtext: [...PART, ...VALUELESS],
  number: [...ORDER, 'oneOf', 'noneOf'],
  duration: ORDER,
  date: ORDER,
  datetime: ORDER,
  boolean: ['is', 'isNot', ...ALWAYS],
  lookup: LIST,
  user: LIST,
  reference: LIST,
};

/** The operators for a field of this type, in the order in which a form shows them. */
export const operatorsFor = (type: FieldType): Operator[] => OPERATORS[type] ?? TEXT;

/** True if the operator compares with a value. */
export const needsValue = (operator: Operator): boolean => !VALUELESS.includes(operator);

/** True if the operator compares with several values. */
export const takesSeveral = (operator: Operator): boolean => operator === 'oneOf' || operator === 'noneOf';

/** True if the operator looks for a part of a text, whatever the field's type. */
export const seeksPart = (operator: Operator): boolean => PART.includes(operator);

/** True for a condition that has a value if it needs one, and for a group of such. */
export const isComplete = (rule: Rule): boolean =>
  isGroup(rule) ? rule.conditions.every(isComplete) : !needsValue(rule.operator) || !isEmpty(rule.value ?? null);

/** The texts that a text condition searches: all names of a user or list value. */
function wordsOf(value: SingleValue): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  if ('content' in value) return [scalarText(value.content)];
  return ['name', 'key', 'login', 'email', 'id']
    .map((key) => Reflect.get(value, key) as unknown)
    .filter((word) => typeof word === 'string' || typeof word === 'number')
    .map(String);
}

const listOf = (value: Value | undefined): SingleValue[] =>
  isEmpty(value) || value === null || value === undefined ? [] : Array.isArray(value) ? value : [value];

/** A comparable number: times in milliseconds since 1970. NaN if there is none. */
function orderOf(value: SingleValue | undefined, type: FieldType): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return Number.NaN;
  if (type === 'date' || type === 'datetime') return Date.parse(value);
  return value.trim() === '' ? Number.NaN : Number(value);
}

function isSame(a: SingleValue, b: SingleValue, type: FieldType, fold: (text: string) => string): boolean {
  // A condition with a date means the whole day, in UTC.
  if (type === 'datetime' && typeof b === 'string' && b.length === 10) return typeof a === 'string' && a.startsWith(b);
  if (equalValues(a, b, type)) return true;
  if (typeof a === 'number' || typeof a === 'boolean') return typeof b !== 'object' && String(a) === String(b);
  if (type === 'user' && typeof b === 'string') return wordsOf(a).some((word) => fold(word) === fold(b));
  return typeof a === 'string' && typeof b === 'string' && fold(a.trim()) === fold(b.trim());
}

function compare(condition: Condition, values: SingleValue[], test: (difference: number) => boolean): boolean {
  const { type } = condition.field;
  const limit = orderOf(listOf(condition.value)[0], type);
  return values.some((value) => test(orderOf(value, type) - limit));
}

/** The item's value that a condition is about: for `was` the last synced one. */
export function valueIn(condition: Condition, { item, linked }: Facts): Value {
  const { fields = {}, before } = (condition.of === 'linked' ? linked : item) ?? {};
  const shown = condition.operator === 'was' ? (before ?? {}) : fields;
  return (Object.hasOwn(shown, condition.field.id) ? shown[condition.field.id] : null) ?? null;
}

/**
 * True if the condition is met. A field with several values meets `is`, `oneOf` and the comparisons if one of its values does, and
 * `isNot` and `noneOf` if none does. A missing field counts as empty: it is neither less nor greater than anything. `was` is met by
 * no field of which no last synced value is known.
 */
export function isMet(condition: Condition, facts: Facts, { matchCase = false }: MatchOptions = {}): boolean {
  const { field, operator } = condition;
  const values = listOf(valueIn(condition, facts));
  const wanted = listOf(condition.value);
  const fold = matchCase ? (text: string) => text : (text: string) => text.toLowerCase();
  const isOneOf = (): boolean =>
    wanted.length === 0
      ? values.length === 0
      : values.some((value) => wanted.some((other) => isSame(value, other, field.type, fold)));
  const hasText = (test: (text: string, part: string) => boolean): boolean =>
    values.some((value) =>
      wordsOf(value).some((word) =>
        wanted.some((other) => wordsOf(other).some((part) => test(fold(word), fold(part)))),
      ),
    );
  switch (operator) {
    case 'is':
    case 'oneOf':
      return isOneOf();
    case 'isNot':
    case 'noneOf':
      return !isOneOf();
    case 'contains':
      return hasText((text, part) => text.includes(part));
    case 'containsNot':
      return !hasText((text, part) => text.includes(part));
    case 'startsWith':
      return hasText((text, part) => text.startsWith(part));
    case 'isEmpty':
      return values.length === 0;
    case 'isNotEmpty':
      return values.length > 0;
    case 'less':
      return compare(condition, values, (difference) => difference < 0);
    case 'atMost':
      return compare(condition, values, (difference) => difference <= 0);
    case 'greater':
      return compare(condition, values, (difference) => difference > 0);
    case 'atLeast':
      return compare(condition, values, (difference) => difference >= 0);
    case 'changed':
      return (condition.of === 'linked' ? facts.linked : facts.item)?.changed.includes(field.id) ?? false;
    case 'was': {
      const { before = {} } = (condition.of === 'linked' ? facts.linked : facts.item) ?? {};
      return Object.hasOwn(before, field.id) && isOneOf();
    }
  }
}

/** Puts the outcomes of a group's members together. */
export function together(mode: ConditionMode, met: readonly boolean[]): boolean {
  if (met.length === 0) return true;
  switch (mode) {
    case 'all':
      return met.every(Boolean);
    case 'any':
      return met.some(Boolean);
    case 'none':
      return !met.some(Boolean);
  }
}

/** True if the item meets the group. */
export const matches = (group: ConditionGroup, facts: Facts, options: MatchOptions = {}): boolean =>
  together(
    group.mode,
    group.conditions.map((rule) => (isGroup(rule) ? matches(rule, facts, options) : isMet(rule, facts, options))),
  );

/** The filter's conditions: which entities are to be synced. Pure; an entity either matches or it doesn't. */

import type { FieldChoice } from '../model/config';
import { type FieldId, type Fields, type FieldType, isEmpty, type SingleValue, type Value } from '../model/values';
import { equalValues, scalarText } from './compare';

export type Operator =
  | 'is'
  | 'isNot'
  | 'oneOf'
  | 'contains'
  | 'startsWith'
  | 'isEmpty'
  | 'isNotEmpty'
  | 'less'
  | 'atMost'
  | 'greater'
  | 'atLeast'
  | 'changed';

export interface Condition {
  field: FieldChoice;
  operator: Operator;
  /** absent for isEmpty, isNotEmpty and changed; a list for oneOf */
  value?: Value;
}

export type ConditionMode = 'all' | 'any';

export interface MatchOptions {
  /** compare texts with regard to case; preset false */
  matchCase?: boolean;
}

const ALWAYS: Operator[] = ['isEmpty', 'isNotEmpty', 'changed'];
const TEXT: Operator[] = ['is', 'isNot', 'contains', 'startsWith', 'oneOf', ...ALWAYS];
const ORDER: Operator[] = ['is', 'isNot', 'less', 'atMost', 'greater', 'atLeast', ...ALWAYS];
const LIST: Operator[] = ['is', 'isNot', 'oneOf', 'contains', 'startsWith', ...ALWAYS];

const OPERATORS: Record<FieldType, Operator[]> = {
  text: TEXT,
  url: TEXT,
  richtext: ['contains', 'startsWith', ...ALWAYS],
  number: [...ORDER, 'oneOf'],
  duration: ORDER,
  date: ORDER,
  datetime: ORDER,
  boolean: ['is', 'isNot', ...ALWAYS],
  lookup: LIST,
  user: LIST,
  reference: LIST,
};

/** The operators that make sense for a field of this type, in the order in which a form shows them. */
export const operatorsFor = (type: FieldType): Operator[] => OPERATORS[type] ?? TEXT;

/** True where the operator compares with a value. */
export const needsValue = (operator: Operator): boolean => !ALWAYS.includes(operator);

/** The words that a text condition looks into: all names of a person or list entry. */
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

/** A number to compare by: times in milliseconds since 1970. NaN where there is none. */
function orderOf(value: SingleValue | undefined, type: FieldType): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return Number.NaN;
  if (type === 'date' || type === 'datetime') return Date.parse(value);
  return value.trim() === '' ? Number.NaN : Number(value);
}

function isSame(a: SingleValue, b: SingleValue, type: FieldType, fold: (text: string) => string): boolean {
  // A condition that names a day means the whole day, in UTC.
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

function matchesOne(condition: Condition, payload: Fields, changed: ReadonlySet<FieldId>, matchCase: boolean): boolean {
  const { field, operator } = condition;
  const raw = Object.hasOwn(payload, field.id) ? payload[field.id] : null;
  const values = listOf(raw);
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
      return !isOneOf();
    case 'contains':
      return hasText((text, part) => text.includes(part));
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
      return changed.has(field.id);
  }
}

/**
 * True where the entity meets all (or any) of the conditions; without conditions every entity does.
 * A field with several values meets `is`, `oneOf` and the comparisons if one of its values does, and `isNot` if none
 * does. A field that is missing counts as empty: it is not less or greater than anything.
 * @param changed source fields that differ from what was last in sync
 */
export function matches(
  conditions: Condition[],
  mode: ConditionMode,
  payload: Fields,
  changed: readonly FieldId[],
  options: MatchOptions = {},
): boolean {
  if (conditions.length === 0) return true;
  const fields = new Set(changed);
  const test = (condition: Condition): boolean => matchesOne(condition, payload, fields, options.matchCase ?? false);
  return mode === 'all' ? conditions.every(test) : conditions.some(test);
}

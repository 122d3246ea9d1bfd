/**
 * Reads mapper rows as they stand in a saved flow, which may come from an older version or be written by hand: what has
 * the wrong shape is left out, nothing is thrown. The runtimes and the forms read with it.
 */

import type {
  ApplyWhen,
  ConflictPolicy,
  DefaultRow,
  DomainRule,
  EmptyPolicy,
  FallbackPolicy,
  FieldChoice,
  FieldRow,
  SheetSource,
  SyncWhen,
  Transform,
  UnresolvedPolicy,
  ValuePair,
  ValueRow,
} from '../model/config';
import type { DirectionSetting, LengthRule } from '../model/entity';
import type { Dialect, FieldType, LookupValue, RichTextFormat, SingleValue, Value } from '../model/values';
import { type Condition, type Operator, operatorsFor } from './conditions';

type Values = Record<string, unknown>;

const TYPES: readonly FieldType[] = [
  'text',
  'richtext',
  'number',
  'boolean',
  'date',
  'datetime',
  'duration',
  'lookup',
  'user',
  'reference',
  'url',
];
const FORMATS: readonly RichTextFormat[] = ['text', 'html', 'markdown', 'textile', 'jira-wiki', 'adf'];
const FALLBACKS: readonly FallbackPolicy[] = ['system1', 'system2', 'newest', 'park'];
const CONFLICTS: readonly ConflictPolicy[] = [...FALLBACKS, 'merge'];
const SYNC_WHEN: readonly SyncWhen[] = ['both', 'create', 'update'];
const APPLY_WHEN: readonly ApplyWhen[] = ['changed', 'always'];
const POLICIES: readonly UnresolvedPolicy[] = ['default', 'leave', 'park'];
const EMPTY_POLICIES: readonly EmptyPolicy[] = ['default', 'clear', 'leave', 'park'];

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const oneOf = <T extends string>(list: readonly T[], value: unknown): T | undefined =>
  list.find((item) => item === value);

/** Names that must not become keys of an object. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * What a row has beyond the properties that this version knows: a later version's, or another program's. It is kept, so
 * that opening and saving a form loses nothing.
 */
export function extrasOf(saved: object, known: readonly string[]): object {
  return Object.fromEntries(Object.entries(saved).filter(([key]) => !known.includes(key) && !FORBIDDEN.has(key)));
}

const FIELD_ROW: readonly (keyof FieldRow)[] = [
  'one',
  'two',
  'direction',
  'constant',
  'syncWhen',
  'applyWhen',
  'conflict',
  'fallback',
  'transform',
];
const VALUE_ROW: readonly (keyof ValueRow)[] = ['one', 'two', 'pairs', 'sheet', 'ignoreCase', 'sameName'];
const PAIR: readonly (keyof ValuePair)[] = ['one', 'two', 'direction'];
const DEFAULT_ROW: readonly (keyof DefaultRow)[] = ['field', 'side', 'value', 'empty', 'unresolved'];
const CONDITION: readonly (keyof Condition)[] = ['field', 'operator', 'value'];

/** What a field mapper's row has that this version doesn't know. */
export const fieldRowExtras = (row: object): object => extrasOf(row, FIELD_ROW);
export const valueRowExtras = (row: object): object => extrasOf(row, VALUE_ROW);
export const pairExtras = (pair: object): object => extrasOf(pair, PAIR);
export const defaultRowExtras = (row: object): object => extrasOf(row, DEFAULT_ROW);
export const conditionExtras = (condition: object): object => extrasOf(condition, CONDITION);

export const readDirection = (value: unknown): DirectionSetting =>
  value === 'forward' || value === 'backward' ? value : 'both';

/** 'all', or the chosen ids of entity-type pairs. */
export const readPairs = (value: unknown): 'all' | string[] => (Array.isArray(value) ? value.filter(isText) : 'all');

function readLength(value: unknown): LengthRule | undefined {
  if (!isObject(value)) return undefined;
  const unit = oneOf(['characters', 'utf16', 'bytes'] as const, value.unit);
  const of = oneOf(['text', 'markup'] as const, value.of);
  return unit === undefined && of === undefined ? undefined : { ...(unit && { unit }), ...(of && { of }) };
}

export function readField(value: unknown): FieldChoice | undefined {
  if (!isObject(value) || !isText(value.id)) return undefined;
  const field: FieldChoice = {
    id: value.id,
    name: isText(value.name) ? value.name : value.id,
    type: oneOf(TYPES, value.type) ?? 'text',
  };
  if (value.multi === true) field.multi = true;
  if (typeof value.maxLength === 'number' && value.maxLength > 0) field.maxLength = value.maxLength;
  const length = readLength(value.length);
  if (length !== undefined) field.length = length;
  if (value.integer === true) field.integer = true;
  const format = oneOf(FORMATS, value.format);
  if (format !== undefined) field.format = format;
  const dialect = readDialect(value.dialect);
  if (dialect !== undefined) field.dialect = dialect;
  return field;
}

function readDialect(value: unknown): Dialect | undefined {
  if (!isObject(value)) return undefined;
  const mentions = oneOf(['names', 'ids'] as const, value.mentions);
  const dialect: Dialect = {
    ...(value.hardBreaks === true && { hardBreaks: true }),
    ...(value.plainTags === true && { plainTags: true }),
    ...(mentions && { mentions }),
  };
  return Object.keys(dialect).length > 0 ? dialect : undefined;
}

function readSingle(value: unknown): SingleValue | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (!isObject(value)) return undefined;
  if (typeof value.content === 'string')
    return { format: oneOf(FORMATS, value.format) ?? 'text', content: value.content };
  const named: Record<string, string> = {};
  for (const key of ['id', 'key', 'name', 'login', 'email', 'url']) {
    const part = value[key];
    if (isText(part)) named[key] = part;
  }
  return Object.keys(named).length > 0 ? named : undefined;
}

/** A value of a field; undefined where there is none. */
export function readValue(value: unknown): Value | undefined {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(readSingle).filter((item) => item !== undefined);
  return readSingle(value);
}

function readTransform(value: unknown): Transform | undefined {
  if (!isObject(value)) return undefined;
  const fields = listOf(value.fields)
    .map(readField)
    .filter((field) => field !== undefined);
  const read = fields.length > 0 ? { fields } : {};
  if (value.kind === 'automatic') return { kind: 'automatic' };
  if (value.kind === 'template' && isText(value.template))
    return { kind: 'template', template: value.template, ...read };
  if (value.kind === 'jsonata' && isText(value.expression))
    return { kind: 'jsonata', expression: value.expression, ...read };
  return undefined;
}

function readTransforms(value: unknown): FieldRow['transform'] {
  if (!isObject(value)) return undefined;
  const [forward, backward] = [readTransform(value.forward), readTransform(value.backward)];
  const real = [forward, backward].some((transform) => transform !== undefined && transform.kind !== 'automatic');
  return real ? { ...(forward && { forward }), ...(backward && { backward }) } : undefined;
}

export function readFieldRows(value: unknown): FieldRow[] {
  return listOf(value).flatMap((saved) => {
    if (!isObject(saved)) return [];
    const row: FieldRow = { ...fieldRowExtras(saved), direction: readDirection(saved.direction) };
    const [one, two] = [readField(saved.one), readField(saved.two)];
    if (one === undefined && two === undefined) return [];
    if (one !== undefined) row.one = one;
    if (two !== undefined) row.two = two;
    const constant = readValue(saved.constant);
    if (constant !== undefined) row.constant = constant;
    const [syncWhen, applyWhen] = [oneOf(SYNC_WHEN, saved.syncWhen), oneOf(APPLY_WHEN, saved.applyWhen)];
    if (syncWhen !== undefined) row.syncWhen = syncWhen;
    if (applyWhen !== undefined) row.applyWhen = applyWhen;
    const conflict = oneOf(CONFLICTS, saved.conflict);
    if (conflict !== undefined) row.conflict = conflict;
    const fallback = oneOf(FALLBACKS, saved.fallback);
    if (fallback !== undefined) row.fallback = fallback;
    const transform = readTransforms(saved.transform);
    if (transform !== undefined) row.transform = transform;
    return [row];
  });
}

function readLookup(value: unknown): LookupValue | undefined {
  if (!isObject(value)) return undefined;
  const id = isText(value.id) ? value.id : undefined;
  const name = isText(value.name) ? value.name : id;
  if (name === undefined) return undefined;
  return id === undefined ? { name } : { id, name };
}

/** A sheet as a source of pairs; undefined where it is none. */
export function readSheet(value: unknown): SheetSource | undefined {
  if (!isObject(value) || !isObject(value.from)) return undefined;
  const { from } = value;
  const name = (part: unknown): string => (isText(part) ? part : '');
  const columns = { sheet: name(value.sheet), one: name(value.one), two: name(value.two) };
  const rest = value.backward === false ? { ...columns, backward: false } : columns;
  if (from.kind === 'upload' && isText(from.id))
    return { from: { kind: 'upload', id: from.id, name: isText(from.name) ? from.name : from.id }, ...rest };
  if (from.kind === 'path' && isText(from.path)) return { from: { kind: 'path', path: from.path }, ...rest };
  return undefined;
}

export function readValueRows(value: unknown): ValueRow[] {
  return listOf(value).flatMap((saved) => {
    if (!isObject(saved)) return [];
    const [one, two] = [readField(saved.one), readField(saved.two)];
    if (one === undefined || two === undefined) return [];
    const pairs = listOf(saved.pairs).flatMap((pair): ValuePair[] => {
      if (!isObject(pair)) return [];
      const [left, right] = [readLookup(pair.one), readLookup(pair.two)];
      return left && right
        ? [{ ...pairExtras(pair), one: left, two: right, direction: readDirection(pair.direction) }]
        : [];
    });
    const sheet = readSheet(saved.sheet);
    const options = { ignoreCase: saved.ignoreCase !== false, sameName: saved.sameName !== false };
    return [{ ...valueRowExtras(saved), one, two, pairs, ...(sheet && { sheet }), ...options }];
  });
}

export function readDomains(value: unknown): DomainRule[] {
  return listOf(value).flatMap((saved) => {
    if (!isObject(saved)) return [];
    const text = (part: unknown): string => (typeof part === 'string' ? part : '');
    const rule = { one: text(saved.one), two: text(saved.two), direction: readDirection(saved.direction) };
    return rule.one === '' && rule.two === '' ? [] : [rule];
  });
}

/** A value mapper as it stands in a flow. */
export interface ValueMapperSettings {
  rows: ValueRow[];
  domains: DomainRule[];
}

/** @param saved `domains` is absent in flows of older versions */
export const readValueMapper = (saved: { rows?: unknown; domains?: unknown }): ValueMapperSettings => ({
  rows: readValueRows(saved.rows),
  domains: readDomains(saved.domains),
});

export function readDefaultRows(value: unknown): DefaultRow[] {
  return listOf(value).flatMap((saved) => {
    const field = isObject(saved) ? readField(saved.field) : undefined;
    if (!isObject(saved) || field === undefined) return [];
    const row: DefaultRow = { ...defaultRowExtras(saved), field, side: saved.side === 1 || saved.side === '1' ? 1 : 2 };
    const preset = readValue(saved.value);
    if (preset !== undefined) row.value = preset;
    const unresolved = oneOf(POLICIES, saved.unresolved);
    if (unresolved !== undefined) row.unresolved = unresolved;
    const empty = oneOf(EMPTY_POLICIES, saved.empty);
    if (empty !== undefined) row.empty = empty;
    return [row];
  });
}

export function readConditions(value: unknown): Condition[] {
  return listOf(value).flatMap((saved) => {
    const field = isObject(saved) ? readField(saved.field) : undefined;
    if (!isObject(saved) || field === undefined) return [];
    const operator: Operator = oneOf(operatorsFor(field.type), saved.operator) ?? operatorsFor(field.type)[0] ?? 'is';
    const wanted = readValue(saved.value);
    const extras = conditionExtras(saved);
    return [wanted === undefined ? { ...extras, field, operator } : { ...extras, field, operator, value: wanted }];
  });
}

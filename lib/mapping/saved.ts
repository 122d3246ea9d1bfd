/**
 * The shapes of pairs and mapper rows in a saved flow (lib/model/shape.ts). Anything of the wrong shape is left out;
 * nothing is thrown. The runtimes and the forms read with them.
 */

import {
  ADOPTED_FIELDS,
  type ApplyWhen,
  type BacklinkSettings,
  type Choice,
  type ConflictPolicy,
  DELETION_POLICIES,
  type DefaultRow,
  type DomainRule,
  EDIT_POLICIES,
  type EmptyPolicy,
  FALLBACK_POLICIES,
  type FieldChoice,
  type FieldRow,
  FOUND_NONE,
  FOUND_ONE,
  FOUND_SEVERAL,
  INTERNAL_POLICIES,
  type LookUpField,
  type LookUpRule,
  MENTION_POLICIES,
  type PartPair,
  type ProjectPair,
  REFUSED_FILE_POLICIES,
  type SheetSource,
  type SyncWhen,
  type Transform,
  type TypePair,
  type UnresolvedPolicy,
  type ValuePair,
  type ValueRow,
} from '../model/config';
import { type DirectionSetting, type LengthRule, PART_ROLES, type Side } from '../model/entity';
import { SAME_HOW } from '../model/same-text';
import {
  anyText,
  boolean,
  extrasOf,
  filled,
  isObject,
  listOf,
  type Note,
  no,
  object,
  oneOf,
  open,
  positive,
  type Shape,
  text,
  turned,
  withDefault,
  yes,
} from '../model/shape';
import { eachSide, type Sides } from '../model/sides';
import type { Dialect, FieldType, LookupValue, RichTextFormat, SingleValue, Value } from '../model/values';
import { CONDITION_MODES, type Condition, DEEPEST_GROUP, operatorsFor, type Rule } from './conditions';

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
const CONFLICTS: readonly ConflictPolicy[] = [...FALLBACK_POLICIES, 'merge'];
const SYNC_WHEN: readonly SyncWhen[] = ['both', 'create', 'update'];
const APPLY_WHEN: readonly ApplyWhen[] = ['changed', 'always'];
const POLICIES: readonly UnresolvedPolicy[] = ['default', 'leave', 'park'];
const EMPTY_POLICIES: readonly EmptyPolicy[] = ['default', 'clear', 'leave', 'park'];

const DIRECTIONS: readonly DirectionSetting[] = ['both', 'forward', 'backward'];
export const readDirection = (value: unknown, note?: Note): DirectionSetting =>
  oneOf(DIRECTIONS)(value, note) ?? 'both';

/** 'all', or the chosen ids of entity-type pairs. */
export const readPairs = (value: unknown, note?: Note): 'all' | string[] =>
  value === 'all' || !Array.isArray(value) ? (oneOf(['all'])(value, note) ?? 'all') : listOf(text)(value, note);

/** A side, by its number. Drop-downs save it as a text. */
export const readSide: Shape<Side> = (value, note) => {
  const side = value === 1 || value === 2 ? `${value}` : value;
  const read = oneOf(['1', '2'])(side, note);
  return read && (read === '2' ? 2 : 1);
};

const choice: Shape<Choice> = turned(object({ id: text }, { name: text }), ({ id, name = id }) => ({ id, name }));
const ends = { one: choice, two: choice, direction: readDirection };
export const readProjectPairs: (value: unknown, note?: Note) => ProjectPair[] = listOf(object(ends, {}));
const partPair = object(
  { id: text, ...ends, role: oneOf(PART_ROLES) },
  {
    deletions: oneOf(DELETION_POLICIES),
    authorLine: no,
    internal: oneOf(INTERNAL_POLICIES),
    edits: oneOf(EDIT_POLICIES),
    refused: oneOf(REFUSED_FILE_POLICIES),
  },
);
const someParts: Shape<PartPair[]> = turned(listOf(partPair), (parts) => (parts.length > 0 ? parts : undefined));

const backlink = object({}, { key: text, url: text, link: yes, back: yes });
const backlinkSides = object({}, { 1: backlink, 2: backlink });

/** @param value the property `backlinks` of a saved integration, which may hold anything */
export function readBacklinks(value: unknown, note?: Note): Sides<BacklinkSettings> {
  const sides = backlinkSides(value ?? {}, note);
  return eachSide((side) => ({ key: undefined, url: undefined, link: false, back: false, ...sides?.[side] }));
}

const length: Shape<LengthRule> = filled(
  object({}, { unit: oneOf(['characters', 'utf16', 'bytes']), of: oneOf(['text', 'markup']) }),
);
const dialect: Shape<Dialect> = filled(
  object({}, { hardBreaks: yes, plainTags: yes, mentions: oneOf(['names', 'ids']) }),
);

export const readField: Shape<FieldChoice> = turned(
  object(
    { id: text },
    {
      name: text,
      type: withDefault(oneOf(TYPES), 'text'),
      ...{ multi: yes, maxLength: positive, length, integer: yes, format: oneOf(FORMATS), dialect },
    },
  ),
  ({ id, name = id, type = 'text', ...rest }) => ({ id, name, type, ...rest }),
);

const NAMED = { id: text, key: text, name: text, login: text, email: text, url: text };
const named = filled(object({}, NAMED));

function readSingle(value: unknown, note?: Note): SingleValue | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (isObject(value) && typeof value.content === 'string')
    return { format: oneOf(FORMATS)(value.format) ?? 'text', content: value.content };
  const read = named(value, note);
  if (read === undefined && isObject(value)) note?.([], { is: 'unreadable' });
  return read;
}

/** A value of a field; undefined if there is none. */
export function readValue(value: unknown, note?: Note): Value | undefined {
  if (value === null) return null;
  return Array.isArray(value) ? listOf(readSingle)(value, note) : readSingle(value, note);
}

const lookUpField = object({ one: readField, two: readField }, { how: withDefault(oneOf(SAME_HOW), 'equal') });
const lookUp: Shape<LookUpRule> = turned(
  object(
    { fields: listOf(turned(lookUpField, ({ one, two, how = 'equal' }): LookUpField => ({ one, two, how }))) },
    {
      none: withDefault(oneOf(FOUND_NONE), 'create'),
      one: withDefault(oneOf(FOUND_ONE), 'adopt'),
      several: withDefault(oneOf(FOUND_SEVERAL), 'park'),
      differing: withDefault(oneOf(ADOPTED_FIELDS), 'rows'),
    },
  ),
  ({ fields, none = 'create', one = 'adopt', several = 'park', differing = 'rows' }) =>
    fields.length === 0 ? undefined : { fields, none, one, several, differing },
);
export const readTypePairs: (value: unknown, note?: Note) => TypePair[] = listOf(
  object({ id: text, ...ends }, { parts: someParts, lookUp }),
);

const fields: Shape<FieldChoice[]> = (value, note) => {
  const read = listOf(readField)(value, note);
  return read.length > 0 ? read : undefined;
};
const TRANSFORMS: { [K in Transform['kind']]: Shape<Transform> } = {
  automatic: object({ kind: oneOf(['automatic']) }, {}),
  template: object({ kind: oneOf(['template']), template: text }, { fields }),
  jsonata: object({ kind: oneOf(['jsonata']), expression: text }, { fields }),
};
const KINDS = ['automatic', 'template', 'jsonata'] as const;
const readTransform: Shape<Transform> = (value, note) => {
  if (!isObject(value)) {
    note?.([], { is: 'unreadable' });
    return undefined;
  }
  const kind = oneOf(KINDS)(value.kind, note && ((_path, fault) => note(['kind'], fault)));
  return kind && TRANSFORMS[kind](value, note);
};
const transform = turned(object({}, { forward: readTransform, backward: readTransform }), (read) =>
  [read.forward, read.backward].some((one) => one !== undefined && one.kind !== 'automatic') ? read : undefined,
);

const fieldRow = object(
  { direction: readDirection },
  {
    ...{ one: readField, two: readField, constant: readValue },
    ...{ syncWhen: oneOf(SYNC_WHEN), applyWhen: oneOf(APPLY_WHEN), conflict: oneOf(CONFLICTS) },
    ...{ fallback: oneOf(FALLBACK_POLICIES), mentions: oneOf(MENTION_POLICIES), transform },
  },
);
export const readFieldRows: (value: unknown, note?: Note) => FieldRow[] = listOf(
  turned(open(fieldRow), (row) => (row.one === undefined && row.two === undefined ? undefined : row)),
);

const readLookup: Shape<LookupValue> = turned(object({}, { id: text, name: text }), ({ id, name = id }) =>
  name === undefined ? undefined : id === undefined ? { name } : { id, name },
);
const upload = turned(object({ kind: oneOf(['upload']), id: text }, { name: text }), ({ kind, id, name = id }) => ({
  ...{ kind, id, name },
}));
const path = object({ kind: oneOf(['path']), path: text }, {});

/** A sheet as a source of pairs; undefined if it is not valid. */
export const readSheet: Shape<SheetSource> = object(
  {
    from: (value): SheetSource['from'] | undefined => upload(value) ?? path(value),
    sheet: anyText,
    one: anyText,
    two: anyText,
  },
  { backward: no },
);

const pair = object({ one: readLookup, two: readLookup, direction: readDirection }, {});
const isNotOff = withDefault(boolean, true);
const valueRow = object(
  { one: readField, two: readField, pairs: listOf<ValuePair>(open(pair)) },
  { sheet: readSheet, ignoreCase: isNotOff, sameName: isNotOff },
);
export const readValueRows: (value: unknown, note?: Note) => ValueRow[] = listOf(open(valueRow));

export const readDomains: (value: unknown, note?: Note) => DomainRule[] = listOf(
  turned(object({ one: anyText, two: anyText, direction: readDirection }, {}), (rule) =>
    rule.one === '' && rule.two === '' ? undefined : rule,
  ),
);

/** A value mapper in a saved flow. */
export interface ValueMapperSettings {
  rows: ValueRow[];
  domains: DomainRule[];
}

/** @param saved `domains` is absent in flows of older versions */
export const readValueMapper = (saved: { rows?: unknown; domains?: unknown }): ValueMapperSettings => ({
  rows: readValueRows(saved.rows),
  domains: readDomains(saved.domains),
});

const defaultRow = object(
  { field: readField, side: withDefault(readSide, 2) },
  { value: readValue, unresolved: oneOf(POLICIES), empty: oneOf(EMPTY_POLICIES) },
);
export const readDefaultRows: (value: unknown, note?: Note) => DefaultRow[] = listOf(open(defaultRow));

const condition = object({ field: readField }, { operator: text, value: readValue, of: oneOf(['linked']) });
const anyCondition = open(condition);
const readCondition: Shape<Condition> = (saved, note) => {
  const read = anyCondition(saved, note);
  if (!read) return undefined;
  const { operator, value, ...row } = read;
  const possible = operatorsFor(row.field.type);
  const told: Note | undefined = note && ((_path, fault) => note(['operator'], fault));
  const known = oneOf(possible)(operator, told) ?? possible[0] ?? 'is';
  return { ...row, operator: known, ...(value !== undefined && { value }) };
};

/** A condition, or a group of them. */
const readRule =
  (depth: number): Shape<Rule> =>
  (saved, note) => {
    if (!isObject(saved) || !('conditions' in saved)) return readCondition(saved, note);
    if (depth >= DEEPEST_GROUP) {
      note?.([], { is: 'unreadable', wanted: `at most ${DEEPEST_GROUP} groups in one another` });
      return undefined;
    }
    const mode = withDefault(oneOf(CONDITION_MODES), 'all');
    return open(object({ mode, conditions: listOf(readRule(depth + 1)) }, {}))(saved, note);
  };
export const readConditions: (value: unknown, note?: Note) => Rule[] = listOf(readRule(0));

/** Properties of a form's row that this version does not know. */
export const fieldRowExtras = (row: object): object => extrasOf(row, fieldRow);
export const valueRowExtras = (row: object): object => extrasOf(row, valueRow);
export const pairExtras = (row: object): object => extrasOf(row, pair);
export const defaultRowExtras = (row: object): object => extrasOf(row, defaultRow);
export const conditionExtras = (row: object): object => extrasOf(row, condition);

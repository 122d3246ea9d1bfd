/**
 * A mapping for other projects: its fields are looked for among those that the systems have there – by id, then by name and
 * type – and so are list entries and people. What has no counterpart stays as it is and is listed, never dropped.
 */

import type { DefaultRow, FieldChoice, FieldRow, Transform, ValueRow } from '../../model/config';
import type { Direction, Field, Side } from '../../model/entity';
import { append } from '../../model/lists';
import type { LookupValue, SingleValue, UserValue, Value } from '../../model/values';
import { templateParts } from '../transform';
import type { MappingDocument } from './document';
import { fieldsOf } from './sheets';
import { folded } from './words';

/** What is known of one side where the mapping is to be used. */
export interface Place {
  /** undefined while the system can't be asked: then every field stays as it is */
  fields?: readonly Field[];
  /** the mapping was made for the very same system: its ids mean the same there */
  sameSystem: boolean;
}

export type Places = Record<Side, Place>;

/** How a field was found. `id`: under another name or type than it had. */
export type FoundBy = 'same' | 'id' | 'name';

export interface FieldMatch {
  side: Side;
  /** as the mapping names it */
  field: FieldChoice;
  /** undefined: not found */
  now?: Field;
  by?: FoundBy;
  /** `several`: more than one field of that name and type */
  why?: 'none' | 'several';
}

export interface ValueMatch {
  side: Side;
  field: FieldChoice;
  value: LookupValue | UserValue;
}

const choiceOf = ({ id, name, type, multi, maxLength, length, integer, format, dialect }: Field): FieldChoice => ({
  ...{ id, name, type },
  ...(multi && { multi }),
  ...(maxLength !== undefined && { maxLength }),
  ...(length !== undefined && { length }),
  ...(integer && { integer }),
  ...(dialect && { dialect }),
  ...(format !== undefined && { format }),
});

const sameName = (a: string, b: string): boolean => folded(a) === folded(b);

/** Looks for one field. In another system an id alone is weak: two sites number their custom fields independently. */
function matchOf(side: Side, field: FieldChoice, { fields, sameSystem }: Place): FieldMatch {
  const byId = fields?.find(({ id }) => id === field.id);
  if (byId !== undefined) {
    const same = byId.type === field.type && sameName(byId.name, field.name);
    if (same) return { side, field, now: byId, by: 'same' };
    if (sameSystem) return { side, field, now: byId, by: 'id' };
  }
  const named = (fields ?? []).filter(({ name, type }) => type === field.type && sameName(name, field.name));
  const [now] = named;
  if (now !== undefined && named.length === 1) return { side, field, now, by: 'name' };
  if (now === undefined && byId !== undefined && byId.type === field.type) return { side, field, now: byId, by: 'id' };
  return { side, field, why: now === undefined ? 'none' : 'several' };
}

/** All fields of a mapping, and what they are in the other place; empty for a side that can't be asked. */
export const matchFields = (document: MappingDocument, places: Places): FieldMatch[] =>
  ([1, 2] as const).flatMap((side) =>
    places[side].fields === undefined
      ? []
      : fieldsOf(document, side).map((field) => matchOf(side, field, places[side])),
  );

type Change = (side: Side, field: FieldChoice) => FieldChoice;

/** A template that names fields as they are called now. */
function renamed(template: string, sources: FieldChoice[], now: (field: FieldChoice) => FieldChoice): string {
  const refOf = (ref: string): string => {
    const byId = sources.find(({ id }) => id === ref);
    const field = byId ?? sources.find(({ name }) => sameName(name, ref));
    if (field === undefined) return ref;
    const after = now(field);
    if (byId !== undefined) return after.id;
    return sameName(after.name, field.name) ? ref : after.name;
  };
  const parts = templateParts(template);
  const moved = parts.some((part) => 'ref' in part && refOf(part.ref) !== part.ref);
  return moved ? parts.map((part) => ('text' in part ? part.text : `{{${refOf(part.ref)}}}`)).join('') : template;
}

function transformFor(
  transform: Transform | undefined,
  way: Direction,
  sources: FieldChoice[],
  change: Change,
): Transform | undefined {
  if (transform === undefined || transform.kind === 'automatic') return transform;
  const side = way === 'forward' ? 1 : 2;
  const fields = transform.fields?.map((field) => change(side, field));
  const read = fields === undefined ? {} : { fields };
  return transform.kind === 'template'
    ? {
        ...transform,
        template: renamed(transform.template, sources, (field) => change(side, field)),
        ...read,
      }
    : { ...transform, ...read };
}

function fieldRowFor(row: FieldRow, sources: Record<Side, FieldChoice[]>, change: Change): FieldRow {
  const { one, two, transform } = row;
  const [forward, backward] = [
    transformFor(transform?.forward, 'forward', sources[1], change),
    transformFor(transform?.backward, 'backward', sources[2], change),
  ];
  return {
    ...row,
    ...(one && { one: change(1, one) }),
    ...(two && { two: change(2, two) }),
    ...(transform && { transform: { ...(forward && { forward }), ...(backward && { backward }) } }),
  };
}

/** The mapping with every field that was found replaced by what it is now. */
export function withFields(document: MappingDocument, matches: FieldMatch[]): MappingDocument {
  const now = new Map(
    matches.flatMap(({ side, field, now }) => (now ? [[`${side} ${field.id}`, choiceOf(now)] as const] : [])),
  );
  const change: Change = (side, field) => now.get(`${side} ${field.id}`) ?? field;
  const sources = { 1: fieldsOf(document, 1), 2: fieldsOf(document, 2) };
  return {
    ...document,
    ...(document.fields && { fields: document.fields.map((row) => fieldRowFor(row, sources, change)) }),
    ...(document.values && {
      values: document.values.map((row) => ({ ...row, one: change(1, row.one), two: change(2, row.two) })),
    }),
    ...(document.defaults && {
      defaults: document.defaults.map((row) => ({ ...row, field: change(row.side, row.field) })),
    }),
  };
}

/** Expressions are left as they are: those that read a field which has another id now must be looked at. */
export function staleExpressions(document: MappingDocument, matches: FieldMatch[]): FieldRow[] {
  const moved = new Set(
    matches.flatMap(({ side, field, now }) =>
      now !== undefined && now.id !== field.id ? [`${side} ${field.id}`] : [],
    ),
  );
  const reads = (transform: Transform | undefined, side: Side): boolean =>
    transform?.kind === 'jsonata' && (transform.fields ?? []).some(({ id }) => moved.has(`${side} ${id}`));
  return (document.fields ?? []).filter(
    ({ transform }) => reads(transform?.forward, 1) || reads(transform?.backward, 2),
  );
}

/** The entries of a list field, or the people that were looked for; undefined where they can't be asked for. */
export type Entries = (side: Side, field: FieldChoice) => readonly (LookupValue | UserValue)[] | undefined;

const text = (value: object, key: string): string => {
  const part: unknown = Reflect.get(value, key);
  return typeof part === 'string' ? part.trim() : '';
};

/** The entry that a value is there: by id and name, then by what is unique to it, then by name. */
function entryFor(
  value: LookupValue | UserValue,
  entries: readonly (LookupValue | UserValue)[],
  sameSystem: boolean,
): LookupValue | UserValue | undefined {
  const [id, name] = [text(value, 'id'), text(value, 'name')];
  const byId = id === '' ? undefined : entries.find((entry) => entry.id === id);
  if (byId !== undefined && (sameSystem || sameName(text(byId, 'name'), name))) return byId;
  for (const key of ['email', 'login']) {
    // a table for people may name them by address or login
    const wanted = text(value, key) || name;
    const found = entries.filter((entry) => text(entry, key) !== '' && sameName(text(entry, key), wanted));
    if (found.length === 1) return found[0];
  }
  const named = entries.filter((entry) => name !== '' && sameName(text(entry, 'name'), name));
  return named.length === 1 ? named[0] : undefined;
}

const hasEntries = (field: FieldChoice): boolean => field.type === 'lookup' || field.type === 'user';

const isEntry = (value: SingleValue): value is LookupValue | UserValue =>
  typeof value === 'object' && value !== null && !('content' in value);

/** The lists and people that a mapping names, field by field: what must be asked for. */
export function entriesNamed(
  document: MappingDocument,
): { side: Side; field: FieldChoice; values: (LookupValue | UserValue)[] }[] {
  const named = new Map<string, { side: Side; field: FieldChoice; values: (LookupValue | UserValue)[] }>();
  const add = (side: Side, field: FieldChoice, value: Value | undefined): void => {
    const values = (Array.isArray(value) ? value : [value ?? '']).filter(isEntry);
    if (!hasEntries(field) || values.length === 0) return;
    const key = `${side} ${field.id}`;
    const group = named.get(key) ?? { side, field, values: [] };
    append(group.values, values);
    named.set(key, group);
  };
  eachValue(document, (side, field, value) => {
    add(side, field, value);
    return value;
  });
  return [...named.values()];
}

/** Visits each value of the mapping that belongs to a field, and puts in its place what is returned. */
function eachValue(
  document: MappingDocument,
  visit: (side: Side, field: FieldChoice, value: Value) => Value,
): MappingDocument {
  const entry = (side: Side, field: FieldChoice, value: LookupValue): LookupValue => {
    const after = visit(side, field, value);
    return typeof after === 'object' && after !== null && 'name' in after && typeof after.name === 'string'
      ? (after as LookupValue)
      : value;
  };
  const constant = (row: FieldRow): FieldRow => {
    const side: Side = row.one === undefined || (row.two !== undefined && row.direction !== 'backward') ? 2 : 1;
    const field = side === 1 ? row.one : row.two;
    return row.constant === undefined || field === undefined
      ? row
      : { ...row, constant: visit(side, field, row.constant) };
  };
  const table = (row: ValueRow): ValueRow => ({
    ...row,
    pairs: row.pairs.map((pair) => ({
      ...pair,
      one: entry(1, row.one, pair.one),
      two: entry(2, row.two, pair.two),
    })),
  });
  const preset = (row: DefaultRow): DefaultRow =>
    row.value === undefined ? row : { ...row, value: visit(row.side, row.field, row.value) };
  return {
    ...document,
    ...(document.fields && { fields: document.fields.map(constant) }),
    ...(document.values && { values: document.values.map(table) }),
    ...(document.defaults && { defaults: document.defaults.map(preset) }),
  };
}

/**
 * The mapping with list entries and people as they are in the other place. An entry that is not there keeps its name; the
 * id that it had in another system is left out, since it may be somebody else's there.
 */
export function withEntries(
  document: MappingDocument,
  places: Places,
  entries: Entries,
): { document: MappingDocument; unknown: ValueMatch[] } {
  const unknown: ValueMatch[] = [];
  const single = (side: Side, field: FieldChoice, value: SingleValue): SingleValue => {
    const list = hasEntries(field) && isEntry(value) ? entries(side, field) : undefined;
    if (list === undefined || !isEntry(value)) return value;
    const { sameSystem } = places[side];
    const found = entryFor(value, list, sameSystem);
    if (found === undefined) {
      unknown.push({ side, field, value });
      if (sameSystem || value.id === undefined) return value;
      const { id: _foreign, ...rest } = value;
      return Object.keys(rest).length > 0 ? rest : value;
    }
    if (field.type === 'user') {
      const { id: _old, ...known } = value;
      return { ...known, ...(found.id !== undefined && { id: found.id }) };
    }
    return { ...(found.id !== undefined && { id: found.id }), name: text(found, 'name') || text(value, 'name') };
  };
  const adapted = eachValue(document, (side, field, value) =>
    Array.isArray(value)
      ? value.map((item) => single(side, field, item))
      : value === null
        ? null
        : single(side, field, value),
  );
  return { document: adapted, unknown };
}

/**
 * Adapts a mapping to other projects. Fields are searched in the systems there by id, then by name and type, and so are
 * list values and users. Anything that is not found stays unchanged and is listed, never dropped.
 */

import type { DefaultRow, FieldChoice, FieldRow, Transform, ValueRow } from '../../model/config';
import type { Direction, Field, Side } from '../../model/entity';
import { append } from '../../model/lists';
import { atSide } from '../../model/sides';
import type { LookupValue, SingleValue, UserValue, Value } from '../../model/values';
import { choiceOf } from '../fields';
import { templateParts } from '../transform';
import type { MappingDocument } from './document';
import { fieldsOf } from './sheets';
import { folded } from './words';

/** The known metadata of one side at the place where the mapping will be used. */
export interface Place {
  /** undefined while the system cannot be asked: then every field stays unchanged */
  fields?: readonly Field[];
  /** the mapping was made for the same system: its ids are valid there */
  sameSystem: boolean;
}

export type Places = Record<Side, Place>;

/** How a field was found. `id`: it has another name or type than before. */
export type FoundBy = 'same' | 'id' | 'name';

export interface FieldMatch {
  side: Side;
  /** the name in the mapping */
  field: FieldChoice;
  /** undefined: not found */
  now?: Field;
  by?: FoundBy;
  /** `several`: more than one field with this name and type */
  why?: 'none' | 'several';
}

export interface ValueMatch {
  side: Side;
  field: FieldChoice;
  value: LookupValue | UserValue;
}

const sameName = (a: string, b: string): boolean => folded(a) === folded(b);

/** Finds one field. In another system an id alone is weak evidence: two sites number their custom fields
 * independently. */
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

/** All fields of a mapping and the matching fields at the new place; empty for a side that cannot be asked. */
export const matchFields = (document: MappingDocument, places: Places): FieldMatch[] =>
  ([1, 2] as const).flatMap((side) =>
    places[side].fields === undefined
      ? []
      : fieldsOf(document, side).map((field) => matchOf(side, field, places[side])),
  );

type Change = (side: Side, field: FieldChoice) => FieldChoice;

/** A template with the current names of its fields. */
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

/** The mapping with every field that was found replaced by its match. */
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

/** Expressions are left unchanged. Those that read a field with another id now need checking. */
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

/** The values of a list field, or the users that were looked up; undefined if they cannot be fetched. */
export type Entries = (side: Side, field: FieldChoice) => readonly (LookupValue | UserValue)[] | undefined;

const text = (value: object, key: string): string => {
  const part: unknown = Reflect.get(value, key);
  return typeof part === 'string' ? part.trim() : '';
};

/** The matching value there: by id and name, then by a unique property, then by name. */
function entryFor(
  value: LookupValue | UserValue,
  entries: readonly (LookupValue | UserValue)[],
  sameSystem: boolean,
): LookupValue | UserValue | undefined {
  const [id, name] = [text(value, 'id'), text(value, 'name')];
  const byId = id === '' ? undefined : entries.find((entry) => entry.id === id);
  if (byId !== undefined && (sameSystem || sameName(text(byId, 'name'), name))) return byId;
  for (const key of ['email', 'login']) {
    // a table for users may name them by email or login
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

/** The lists and users that a mapping names, field by field: these have to be fetched. */
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

/** Visits each value of the mapping that belongs to a field, and replaces it by the result. */
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
    const field = atSide(row, side);
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
  const defaultRow = (row: DefaultRow): DefaultRow =>
    row.value === undefined ? row : { ...row, value: visit(row.side, row.field, row.value) };
  return {
    ...document,
    ...(document.fields && { fields: document.fields.map(constant) }),
    ...(document.values && { values: document.values.map(table) }),
    ...(document.defaults && { defaults: document.defaults.map(defaultRow) }),
  };
}

/**
 * The mapping with list values and users as they are at the new place. A value that does not exist there keeps its
 * name. Its id is removed, because in another system the same id may belong to something else.
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

/**
 * The value mapper's tables: map list values of the source to list values of the target. They work on the field
 * mapper's result. Look-ups use hashes, so a table of ten thousand pairs is as fast per item as one of ten.
 */

import type { FieldChoice, ValueRow } from '../model/config';
import { applies, type Direction } from '../model/entity';
import type { MappedField, Unresolved } from '../model/message';
import type { FieldId, LookupValue, SingleValue, UserValue, Value } from '../model/values';
import { scalarText } from './compare';
import { convertValue } from './convert';
import { reasonFor, targetLabel } from './describe';
import type { MappedFields } from './fields';
import type { Trace } from './trace';

/** A key for a table look-up: a list value or a user, by all its known properties. */
export type Item = Partial<LookupValue & UserValue>;

/** Finds list values by id, else by name. */
export interface ValueIndex {
  find(item: Item): LookupValue | undefined;
}

const fold = (name: string): string => name.trim().toLowerCase();

class Table implements ValueIndex {
  private readonly byId = new Map<string, LookupValue>();
  private readonly byName = new Map<string, LookupValue>();
  private readonly byFoldedName = new Map<string, LookupValue>();
  private readonly ignoreCase: boolean;

  constructor(ignoreCase: boolean) {
    this.ignoreCase = ignoreCase;
  }

  /** The first value added under an id or name is kept. */
  add(key: LookupValue, value: LookupValue): void {
    const set = (map: Map<string, LookupValue>, name: string): void => {
      if (!map.has(name)) map.set(name, value);
    };
    if (key.id !== undefined && key.id !== '') set(this.byId, key.id);
    const name = scalarText(key.name).trim();
    if (name === '') return;
    set(this.byName, name);
    if (this.ignoreCase) set(this.byFoldedName, fold(name));
  }

  find(item: Item): LookupValue | undefined {
    const hit = item.id === undefined ? undefined : this.byId.get(item.id);
    if (hit !== undefined) return hit;
    for (const name of [item.name, item.login, item.email]) {
      if (typeof name !== 'string') continue;
      const named = this.byName.get(name.trim()) ?? (this.ignoreCase ? this.byFoldedName.get(fold(name)) : undefined);
      if (named !== undefined) return named;
    }
    return undefined;
  }
}

/** A field's complete list, for look-ups. */
export function indexValues(values: LookupValue[], ignoreCase = true): ValueIndex {
  const table = new Table(ignoreCase);
  for (const value of values) table.add(value, value);
  return table;
}

/** The current pairs of a row's sheet, by row; rows whose sheet could not be read yet are missing. */
export type SheetTables = ReadonlyMap<ValueRow, RowSheet>;
export type RowSheet = Partial<Record<Direction, ValueIndex>>;

/** A row's table for one direction: ids win over names; of several matching pairs of that direction, the first is
 * used. */
export function compileTable(row: ValueRow, direction: Direction, sheets?: SheetTables): ValueIndex {
  const table = new Table(row.ignoreCase ?? true);
  for (const pair of row.pairs) {
    if (!applies(pair.direction, direction)) continue;
    if (direction === 'forward') table.add(pair.one, pair.two);
    else table.add(pair.two, pair.one);
  }
  const sheet = sheets?.get(row)?.[direction];
  if (sheet === undefined) return table;
  return { find: (item) => table.find(item) ?? sheet.find(item) };
}

/** The target's complete lists, by field id, as far as they are known: only their values can match by name. */
export type KnownValues = ReadonlyMap<FieldId, ValueIndex>;
export type ValueMapping = (input: MappedFields, known?: KnownValues, trace?: Trace) => MappedFields;

interface CompiledRow {
  /** its index among the rows */
  place: number;
  source: FieldChoice;
  target: FieldChoice;
  table: ValueIndex;
  sameName: boolean;
}

/** The name of a value that has one. */
function itemOf(value: SingleValue): Item | undefined {
  if (typeof value === 'object' && value !== null && !('content' in value)) return value as Item;
  if (typeof value === 'object') return value === null ? undefined : { name: scalarText(value.content) };
  return { name: String(value) };
}

const listOf = (value: Value): SingleValue[] => (Array.isArray(value) ? value : value === null ? [] : [value]);

/**
 * The value in the payload, with the id that the source has for it. A value that a node in between has changed is no
 * longer the source's and is looked up by its own name.
 */
function withOwnId(item: Item, own: SingleValue[]): Item {
  if (item.id !== undefined) return item;
  for (const candidate of own) {
    if (typeof candidate !== 'object' || candidate === null || 'content' in candidate) continue;
    const source: Item = candidate;
    if (source.name === item.name || (source.email !== undefined && source.email === item.email)) return source;
  }
  return item;
}

/** The target's value in the form of its field: a list value or user is kept, other types take the name. */
function shaped(found: LookupValue, row: CompiledRow): SingleValue | undefined {
  if (row.target.type === 'lookup' || row.target.type === 'user') {
    return found.id === undefined || found.id === '' ? { name: found.name } : { id: found.id, name: found.name };
  }
  const converted = convertValue({ name: found.name }, { ...row.source, type: 'lookup' }, row.target);
  return 'problem' in converted ? undefined : converted.value;
}

/**
 * A table's value may be the name or the id of a value in the target's list: sheets may contain either. An id that is
 * not in the list belongs to another project (each has its own versions and categories), so the name is used.
 */
function withTargetId(found: LookupValue, known: ValueIndex | undefined): LookupValue {
  if (known === undefined) return found;
  if (found.id !== undefined && known.find({ id: found.id }) !== undefined) return found;
  const named = known.find({ name: found.name });
  return named ?? (found.id === undefined ? known.find({ id: found.name }) : undefined) ?? found;
}

type Found = { value: SingleValue; by: 'table' | 'sameName' };

function lookUp(item: Item, row: CompiledRow, known: ValueIndex | undefined): Found | undefined {
  const found = row.table.find(item);
  if (found !== undefined) return as('table', shaped(withTargetId(found, known), row));
  if (!row.sameName || typeof item.name !== 'string') return undefined;
  const name = { name: item.name.trim() };
  const same = known === undefined ? name : known.find(name);
  return same === undefined ? undefined : as('sameName', shaped(same, row));
}

const as = (by: Found['by'], value: SingleValue | undefined): Found | undefined =>
  value === undefined ? undefined : { value, by };

const keyOf = (value: SingleValue): string =>
  typeof value === 'object' ? JSON.stringify(value) : `${typeof value}${value}`;

/**
 * Maps one row's field.
 * @param settled target fields that an earlier row has mapped: if two sources lead to one target, the row that knows
 * the value is used
 */
function mapRow(
  row: CompiledRow,
  input: MappedFields,
  output: MappedFields,
  known: KnownValues | undefined,
  settled: Set<FieldId>,
  trace?: Trace,
): void {
  const { source, target } = row;
  const id = target.id;
  const how: MappedField | undefined = Object.hasOwn(input.mapped, id) ? input.mapped[id] : undefined;
  if (settled.has(id) || (how !== undefined && (how.settled === true || !how.from.includes(source.id)))) return;
  const open = Object.hasOwn(input.unresolved, id) ? input.unresolved[id] : undefined;
  const current =
    open !== undefined && open.lossy !== true ? open.value : Object.hasOwn(input.fields, id) ? input.fields[id] : null;
  if (current === null || current === undefined || current === '') return;

  const own = listOf(how?.source ?? null);
  const found = new Map<string, SingleValue>();
  const missing: SingleValue[] = [];
  let by: Found['by'] = 'sameName';
  for (const value of listOf(current)) {
    const item = itemOf(value);
    const mapped = item === undefined ? undefined : lookUp(withOwnId(item, own), row, known?.get(id));
    if (mapped === undefined) missing.push(value);
    else {
      found.set(keyOf(mapped.value), mapped.value);
      if (mapped.by === 'table') by = 'table';
    }
  }
  const values = [...found.values()];
  const [first] = values;
  if (how !== undefined && how.source !== undefined) {
    const { source: _done, ...rest } = how;
    output.mapped[id] = rest;
  }
  if (first !== undefined) {
    output.fields[id] = target.multi === true ? values : first;
    if (open?.lossy !== true) delete output.unresolved[id];
    settled.add(id);
    trace?.(id, by, row.place);
  } else if (missing.length > 0) {
    delete output.fields[id];
  }
  if (missing.length === 0) return;
  const value: Value = missing.length === 1 ? (missing[0] ?? null) : missing;
  const reason = reasonFor(source, value, `has no match in ${targetLabel(source, target)}`);
  const why: Unresolved = { reason, value, code: 'noCounterpart' };
  output.unresolved[id] = first === undefined ? why : { ...why, lossy: true };
}

/**
 * Compiles the tables that apply in a direction. The function replaces each value of a row's target field, if the value
 * came from the row's source field, by its match: by the pair of the source's id, else of its name, else (unless the
 * row forbids it) the value of the same name. A value without a match is removed and listed in `unresolved`. A value
 * that the field mapper could not convert is tried again, because a table may turn "Urgent" into 1. Constants, empty
 * values and results of an expression's look-up stay unchanged. Rows for users are left to `resolveUsers`. The input is
 * not changed.
 * @param sheets the content of the rows' sheets, used if a row's own pairs have no match
 */
export function compileValueRows(rows: ValueRow[], direction: Direction, sheets?: SheetTables): ValueMapping {
  const compiled: CompiledRow[] = [];
  for (const [place, row] of rows.entries()) {
    const [source, target] = direction === 'forward' ? [row.one, row.two] : [row.two, row.one];
    if (target.type === 'user') continue;
    compiled.push({
      place,
      source,
      target,
      table: compileTable(row, direction, sheets),
      sameName: row.sameName ?? true,
    });
  }
  return (input, known, trace) => {
    if (compiled.length === 0) return input;
    const output = { fields: { ...input.fields }, mapped: { ...input.mapped }, unresolved: { ...input.unresolved } };
    const settled = new Set<FieldId>();
    for (const row of compiled) mapRow(row, input, output, known, settled, trace);
    return output;
  };
}

/**
 * Finds mappings that never become stable (invariant 7): a value that is synced, comes back as another value, is synced
 * as a third one, and so on without end; or fields that pass a value round in a circle. Pure; used at deploy and in the
 * forms, before anything is written. Several values that map to one are fine as long as the reverse mapping is one of
 * them: the second time nothing changes.
 */

import type { FieldChoice, FieldRow, ValueRow } from '../model/config';
import type { Direction } from '../model/entity';
import type { LookupValue } from '../model/values';
import { goes } from './transform';
import { compileTable, indexValues, type SheetTables, type ValueIndex } from './values';

export interface Restless {
  /**
   * `values`: values of the two fields that alternate without end. `fields`: fields of either side that pass each
   * other's values on in a circle.
   */
  kind: 'values' | 'fields';
  one: FieldChoice;
  two: FieldChoice;
  /** names in order, with the first one repeated at the end */
  round: string[];
}

/**
 * Every cycle of a row's values or of the rows' fields.
 * @param rows the field mapper's rows; none if they are in another node: then every table is assumed to be used in both
 * directions
 * @param sheets the content of the rows' sheets, if known; a cycle without any pair of the row itself is not found
 */
export function roundTrip(rows: FieldRow[], valueRows: ValueRow[], sheets?: SheetTables): Restless[] {
  return [...valueRows.flatMap((row) => restlessValues(row, rows, sheets)), ...restlessFields(rows)];
}

/** True if the rows sync the fields in both directions. Without rows (they are in another node) this is assumed. */
function goesBothWays(row: ValueRow, rows: FieldRow[]): boolean {
  const own = rows.filter(({ one, two }) => one?.id === row.one.id && two?.id === row.two.id);
  const ways: Direction[] = ['forward', 'backward'];
  return own.length === 0 || ways.every((way) => own.some((fields) => goes(fields, way)));
}

function restlessValues(row: ValueRow, rows: FieldRow[], sheets: SheetTables | undefined): Restless[] {
  if (!goesBothWays(row, rows)) return [];
  const ignoreCase = row.ignoreCase ?? true;
  const sides = { one: row.pairs.map(({ one }) => one), two: row.pairs.map(({ two }) => two) };
  const over = step(row, compileTable(row, 'forward', sheets), indexValues(sides.two, ignoreCase));
  const back = step(row, compileTable(row, 'backward', sheets), indexValues(sides.one, ignoreCase));
  const found = new Map<string, Restless>();
  for (const start of sides.one) {
    const round = roundFrom(start, over, back, ignoreCase);
    if (round === undefined) continue;
    const key = JSON.stringify([...round].sort());
    if (!found.has(key))
      found.set(key, { kind: 'values', one: row.one, two: row.two, round: [...round, ...round.slice(0, 1)] });
  }
  return [...found.values()];
}

type Step = (value: LookupValue) => LookupValue | undefined;

/** A value on the other side, as the value mapper translates it: by the table, else by its name. */
function step(row: ValueRow, table: ValueIndex, there: ValueIndex): Step {
  return (value) => table.find(value) ?? (row.sameName === false ? undefined : there.find({ name: value.name }));
}

/** @returns names of both sides alternately, starting at the first one that repeats; undefined if the values become
 * stable */
function roundFrom(start: LookupValue, over: Step, back: Step, ignoreCase: boolean): string[] | undefined {
  const keyOf = ({ id, name }: LookupValue): string =>
    JSON.stringify([id ?? '', ignoreCase ? name.trim().toLowerCase() : name.trim()]);
  const seen = new Map<string, number>();
  const names: string[] = [];
  let value: LookupValue | undefined = start;
  while (value !== undefined) {
    const key = keyOf(value);
    const before = seen.get(key);
    // once over and back: stable
    if (before !== undefined) return names.length - before > 2 ? names.slice(before) : undefined;
    seen.set(key, names.length);
    const there: LookupValue | undefined = over(value);
    if (there === undefined) return undefined;
    names.push(value.name, there.name);
    value = back(there);
  }
  return undefined;
}

interface Hop {
  from: string;
  to: string;
}

/** Circles through more than two fields. */
function restlessFields(rows: FieldRow[]): Restless[] {
  const fields = new Map<string, FieldChoice>();
  const hops: Hop[] = [];
  for (const row of rows) {
    const { one, two } = row;
    if (one === undefined || two === undefined) continue;
    const [left, right] = [`1 ${one.id}`, `2 ${two.id}`];
    fields.set(left, one);
    fields.set(right, two);
    if (goes(row, 'forward')) hops.push({ from: left, to: right });
    if (goes(row, 'backward')) hops.push({ from: right, to: left });
  }
  const found = new Map<string, Restless>();
  for (const start of fields.keys()) {
    const circle = circleFrom(start, hops);
    if (circle === undefined) continue;
    const [first, second] = start.startsWith('1') ? circle : [circle[1], circle[0]];
    const [one, two] = [fields.get(first ?? ''), fields.get(second ?? '')];
    const key = JSON.stringify([...circle].sort());
    if (!one || !two || found.has(key)) continue;
    const round = [...circle, start].map((field) => fields.get(field)?.name ?? field);
    found.set(key, { kind: 'fields', one, two, round });
  }
  return [...found.values()];
}

/** The shortest circle from a field through others back to it that uses no field twice and is more than over and
 * back. */
function circleFrom(start: string, hops: Hop[]): string[] | undefined {
  const after = new Map<string, string>();
  const queue: string[] = [start];
  for (let field = queue.shift(); field !== undefined; field = queue.shift()) {
    for (const { to } of hops.filter(({ from }) => from === field)) {
      if (to === start && field !== start) {
        const way = wayTo(field, after);
        if (way.length > 2) return way;
      } else if (to !== start && !after.has(to)) {
        after.set(to, field);
        queue.push(to);
      }
    }
  }
  return undefined;
}

function wayTo(field: string, after: Map<string, string>): string[] {
  const way: string[] = [];
  for (let at: string | undefined = field; at !== undefined; at = after.get(at)) way.unshift(at);
  return way;
}

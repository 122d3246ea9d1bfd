/**
 * Value tables by name, for `$lookup(table, value)` in the field mapper's expressions. A table has the name of its
 * source field (name or id) or of its sheet. Pure.
 */

import { compileTable, type SheetTables, type ValueIndex } from '../mapping/values';
import type { ValueRow } from '../model/config';
import type { Direction } from '../model/entity';
import type { LookupValue } from '../model/values';
import { sheetName } from './row-sheets';

export interface NamedTable {
  /** in lower case */
  names: string[];
  index: ValueIndex;
}

/** The tables of a value mapper's rows in one direction. */
export const namedTables = (rows: ValueRow[], direction: Direction, sheets?: SheetTables): NamedTable[] =>
  rows.map((row) => {
    const { id, name } = direction === 'forward' ? row.one : row.two;
    const names = [name, id, sheetName(row)].map((word) => word.trim().toLowerCase());
    return { names: names.filter((word) => word !== ''), index: compileTable(row, direction, sheets) };
  });

/** A value in the form in which it is looked up: a list value or user unchanged, anything else by its text. */
function itemOf(value: unknown): Partial<LookupValue> {
  if (typeof value !== 'object' || value === null) return { name: String(value) };
  const text = (part: unknown): string | undefined => (typeof part === 'string' ? part : undefined);
  const item: Record<string, string> = {};
  for (const key of ['id', 'name', 'login', 'email']) {
    const part = text(Reflect.get(value, key));
    if (part !== undefined) item[key] = part;
  }
  return item;
}

/**
 * The value's match, or null if the table has none.
 * @throws Error if there is no such table
 */
export function findInTables(tables: NamedTable[], table: string, value: unknown): LookupValue | null {
  const wanted = table.trim().toLowerCase();
  const named = tables.filter(({ names }) => names.includes(wanted));
  if (named.length === 0) {
    const known = [...new Set(tables.map(({ names }) => names[0] ?? ''))].slice(0, 10).join(', ');
    throw new Error(
      `the value mappers have no table "${table.slice(0, 60)}" in this direction (there are: ${known || 'none'})`,
    );
  }
  const item = itemOf(value);
  for (const { index } of named) {
    const found = index.find(item);
    if (found !== undefined) return found;
  }
  return null;
}

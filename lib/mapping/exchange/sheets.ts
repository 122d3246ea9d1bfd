/** What the workbook of a mapping is made of: which columns stand in which sheet, and the fields that it knows. Pure. */

import type { FieldChoice } from '../../model/config';
import { applies, type Direction, type Side } from '../../model/entity';
import type { MappingDocument } from './document';
import type { ColumnKey } from './words';

/** A sheet as rows of texts. A row's place is its number in the spreadsheet, less one. */
export interface TextSheet {
  name: string;
  rows: string[][];
}

export const TABLE_COLUMNS = {
  fields: [
    'one',
    'direction',
    'two',
    'forward',
    'backward',
    'syncWhen',
    'applyWhen',
    'conflict',
    'fallback',
    'constant',
    'more',
  ],
  tables: ['one', 'two', 'ignoreCase', 'sameName', 'from', 'sheet', 'column1', 'column2', 'wayBack', 'more'],
  pairs: ['one', 'two', 'value1', 'direction', 'value2', 'more'],
  domains: ['domain1', 'direction', 'domain2'],
  defaults: ['side', 'field', 'value', 'empty', 'unresolved', 'more'],
  list: ['side', 'name', 'id', 'type', 'multi', 'maxLength', 'integer', 'format'],
} satisfies Record<string, readonly ColumnKey[]>;

export type TableKey = keyof typeof TABLE_COLUMNS;

/** Columns without which a sheet says nothing. */
export const NEEDED: Record<TableKey, readonly ColumnKey[]> = {
  fields: ['one', 'two'],
  tables: ['one', 'two'],
  pairs: ['one', 'two', 'value1', 'value2'],
  domains: ['domain1', 'domain2'],
  defaults: ['side', 'field'],
  list: ['side', 'name', 'id', 'type'],
};

/** All fields of a side that a mapping speaks of, each id once: the first one that is met. */
export function fieldsOf(document: MappingDocument, side: Side): FieldChoice[] {
  const found = new Map<string, FieldChoice>();
  const add = (field: FieldChoice | undefined): void => {
    if (field !== undefined && !found.has(field.id)) found.set(field.id, field);
  };
  const way: Direction = side === 1 ? 'forward' : 'backward';
  for (const row of document.fields ?? []) {
    add(side === 1 ? row.one : row.two);
    const transform = row.transform?.[way];
    if (transform !== undefined && 'fields' in transform) for (const field of transform.fields ?? []) add(field);
  }
  for (const row of document.values ?? []) add(side === 1 ? row.one : row.two);
  for (const row of document.defaults ?? []) if (row.side === side) add(row.field);
  return [...found.values()];
}

/** Ways that two rows have in common. */
export const sharesWay = (a: { direction: 'both' | Direction }, b: { direction: 'both' | Direction }): boolean =>
  (['forward', 'backward'] as const).some((way) => applies(a.direction, way) && applies(b.direction, way));

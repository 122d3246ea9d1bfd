/** The structure of a mapping's workbook: which columns each sheet has, and the fields that the workbook lists.
 * Pure. */

import type { FieldChoice } from '../../model/config';
import { applies, type Direction, directionFrom, type Side } from '../../model/entity';
import { atSide } from '../../model/sides';
import type { MappingDocument } from './document';
import type { ColumnKey } from './words';

/** A sheet as rows of texts. The index of a row is its number in the spreadsheet minus one. */
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
    'mentions',
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

/** Columns that a sheet must have. */
export const NEEDED: Record<TableKey, readonly ColumnKey[]> = {
  fields: ['one', 'two'],
  tables: ['one', 'two'],
  pairs: ['one', 'two', 'value1', 'value2'],
  domains: ['domain1', 'domain2'],
  defaults: ['side', 'field'],
  list: ['side', 'name', 'id', 'type'],
};

/** All fields of a side that a mapping mentions, each id once: the first occurrence is used. */
export function fieldsOf(document: MappingDocument, side: Side): FieldChoice[] {
  const found = new Map<string, FieldChoice>();
  const add = (field: FieldChoice | undefined): void => {
    if (field !== undefined && !found.has(field.id)) found.set(field.id, field);
  };
  const way = directionFrom(side);
  for (const row of document.fields ?? []) {
    add(atSide(row, side));
    const transform = row.transform?.[way];
    if (transform !== undefined && 'fields' in transform) for (const field of transform.fields ?? []) add(field);
  }
  for (const row of document.values ?? []) add(atSide(row, side));
  for (const row of document.defaults ?? []) if (row.side === side) add(row.field);
  return [...found.values()];
}

/** The directions that two rows have in common. */
export const sharesWay = (a: { direction: 'both' | Direction }, b: { direction: 'both' | Direction }): boolean =>
  (['forward', 'backward'] as const).some((way) => applies(a.direction, way) && applies(b.direction, way));

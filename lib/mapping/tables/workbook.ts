/**
 * Whole workbooks as sheets of texts, for mappings: everything written is read back exactly. Runs in the process that
 * reads sheets (`lib/tables`). Nothing is evaluated: of a formula only the saved result is read, and written cells are
 * text whatever they start with, so that a cell with "=1+1" shows "=1+1".
 */

import { largest } from '../../model/lists';

import xlsx = require('xlsx/dist/xlsx.mini.min.js');

import { SyncError } from '../../model/errors';
import type { TextSheet } from '../exchange/sheets';
import { gridsOf, wholeText } from './sheets';
import { isZip } from './zip';

export const WORKBOOK_LIMITS = { sheets: 50, rows: 50_000, characters: 20_000_000 };

/** Maximum length of an Excel cell, in characters. */
const LONGEST_CELL = 32_767;
const LONGEST_NAME = 31;
const WIDEST = 60;
const NARROWEST = 12;

const bad = (message: string): SyncError => new SyncError('invalid', message);

/**
 * Escapes a text for the file so that it is read back exactly. OOXML writes a character that XML cannot contain as
 * `_xHHHH_`, so text that looks like such an escape needs its first character escaped (ECMA-376 part 1, 22.9.2.19).
 */
const escaped = (text: string): string =>
  text
    .replace(/_(?=x[0-9a-fA-F]{4}_)/g, '_x005F_')
    .replace(/[^\P{Cc}\t\n\u007f-\u009f]|[\ufffe\uffff]|\p{Cs}/gu, hexed)
    .replace(/&(?=#?\w+;)/g, hexed);

const hexed = (sign: string): string => `_x${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;

/** @throws SyncError invalid if it is not a workbook, or larger than a mapping can be */
export function readWorkbook(bytes: Buffer): TextSheet[] {
  if (!isZip(bytes) && bytes.length > 0 && bytes.readUInt8(0) < 0x80 && bytes.readUInt8(0) !== 0)
    throw bad('The file is not a workbook. Choose an Excel (.xlsx) or OpenDocument (.ods) file, or one with JSON.');
  const grids = gridsOf(bytes, undefined, wholeText);
  if (grids.length > WORKBOOK_LIMITS.sheets) throw bad(`The file has more than ${WORKBOOK_LIMITS.sheets} sheets.`);
  let characters = 0;
  return grids.map(({ name, grid }) => {
    if (grid.length > WORKBOOK_LIMITS.rows)
      throw bad(`The sheet ${name} has more than ${WORKBOOK_LIMITS.rows} rows. A mapping is never that large.`);
    const rows = Array.from(grid, (cells) => Array.from(cells ?? [], (cell: string | undefined) => cell ?? ''));
    for (const cells of rows) for (const cell of cells) characters += cell.length + 1;
    if (characters > WORKBOOK_LIMITS.characters) throw bad('The file is too large for a mapping.');
    return { name, rows };
  });
}

/** A workbook (xlsx). Its cells have the format "text", so that typed text is not converted. */
export function writeWorkbook(sheets: TextSheet[]): Buffer {
  const book = xlsx.utils.book_new();
  for (const { name, rows } of sheets) {
    const cells = rows.map((row) =>
      row.map((text): xlsx.CellObject => ({ t: 's', v: escaped(text.slice(0, LONGEST_CELL)), z: '@' })),
    );
    const sheet = xlsx.utils.aoa_to_sheet(cells);
    const widths = rows[0]?.map((_, column) => largest(rows.slice(0, 500).map((row) => row[column]?.length ?? 0)));
    sheet['!cols'] = widths?.map((width) => ({ wch: Math.min(WIDEST, Math.max(NARROWEST, width + 2)) }));
    const columns = rows[0]?.length ?? 0;
    // a table, not a list of properties
    if (rows.length > 1 && columns > 2)
      sheet['!autofilter'] = { ref: `A1:${xlsx.utils.encode_cell({ r: rows.length - 1, c: columns - 1 })}` };
    xlsx.utils.book_append_sheet(book, sheet, name.slice(0, LONGEST_NAME));
  }
  // without the table of shared strings, the reader decodes escapes in two passes and loses some
  const written: unknown = xlsx.write(book, { type: 'array', bookType: 'xlsx', bookSST: true, compression: true });
  if (!(written instanceof ArrayBuffer)) throw new SyncError('fatal', 'The workbook could not be written.');
  return Buffer.from(written);
}

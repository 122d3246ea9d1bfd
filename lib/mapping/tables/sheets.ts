/**
 * Reads sheets of Excel (xlsx), OpenDocument (ods) and CSV files as columns of text. Runs in a separate process
 * (`lib/tables`), because reading 200,000 rows takes seconds and a hostile file may take any time. Nothing in a file
 * becomes an object's key.
 */

import xlsx = require('xlsx/dist/xlsx.mini.min.js');

import { SyncError } from '../../model/errors';
import { decodeText, parseCsv } from './csv';
import type { ExportedTable, SheetColumns, SheetInfo } from './shapes';
import { checkZip, isZip } from './zip';

export const SHEET_LIMITS = {
  /** bytes of a file */
  file: 64_000_000,
  // a sheet of identical rows compresses to a hundredth; a few megabytes are cheap at any compression
  zip: { entries: 5_000, unpacked: 512_000_000, growth: { times: 150, least: 16_000_000 } },
  rows: 1_048_576,
  columns: 500,
};

const SAMPLES = 3;
const COMPOUND_FILE = 0xe011cfd0;
const HEAD_WITHIN = 20;
/** Maximum number of cells in all merged ranges together. */
const MOST_MERGED = 2_000_000;

/** Row → its cells as text; undefined if a row or cell is empty. */
export type Grid = (string[] | undefined)[];

const bad = (message: string): SyncError => new SyncError('invalid', message);

/** The cell's displayed text, but with all digits of numbers and with dates as ISO, whatever the sheet's language. */
function textOf(cell: xlsx.CellObject | undefined, date1904: boolean): string {
  if (cell === undefined || cell.v === undefined || cell.t === 'e' || cell.t === 'z') return '';
  if (typeof cell.v !== 'number') return String(cell.v).trim();
  const format = typeof cell.z === 'string' ? cell.z : '';
  if (/^0{2,}$/.test(format) && Number.isInteger(cell.v) && cell.v >= 0)
    return String(cell.v).padStart(format.length, '0');
  if (format !== '' && xlsx.SSF.is_date(format)) {
    const parts: unknown = xlsx.SSF.parse_date_code(cell.v, { date1904 });
    if (typeof parts === 'object' && parts !== null)
      return dateText(parts as Record<'y' | 'm' | 'd' | 'H' | 'M' | 'S', number>);
  }
  return String(cell.v);
}

function dateText({ y, m, d, H, M, S }: Record<'y' | 'm' | 'd' | 'H' | 'M' | 'S', number>): string {
  const two = (part: number): string => String(Math.floor(part)).padStart(2, '0');
  const day = `${String(y).padStart(4, '0')}-${two(m)}-${two(d)}`;
  return H === 0 && M === 0 && S === 0 ? day : `${day}T${two(H)}:${two(M)}:${two(S)}`;
}

/** How the text of a cell is read: for look-ups without surrounding spaces, or exactly. */
export type CellText = (cell: xlsx.CellObject | undefined, date1904: boolean) => string;

/** The exact text of a text cell; numbers and dates as for look-ups. */
export const wholeText: CellText = (cell, date1904) =>
  cell?.t === 's' && typeof cell.v === 'string' ? cell.v : textOf(cell, date1904);

function gridOf(sheet: xlsx.WorkSheet, date1904: boolean, cellText: CellText): Grid {
  const rows: unknown = sheet['!data'];
  const grid: Grid = [];
  if (!Array.isArray(rows)) return grid;
  // forEach skips the holes of a sparse array: a sheet may claim a million rows and contain two
  rows.forEach((cells: unknown, row) => {
    if (!Array.isArray(cells) || row >= SHEET_LIMITS.rows) return;
    const texts: string[] = [];
    cells.forEach((cell: xlsx.CellObject | undefined, column) => {
      if (column >= SHEET_LIMITS.columns) return;
      const text = cellText(cell, date1904);
      if (text !== '') texts[column] = text;
    });
    if (texts.length > 0) grid[row] = texts;
  });
  let filled = 0;
  for (const { s, e } of sheet['!merges'] ?? []) {
    const text = grid[s.r]?.[s.c];
    if (text === undefined || s.c >= SHEET_LIMITS.columns) continue;
    filled += (e.r - s.r + 1) * (Math.min(e.c, SHEET_LIMITS.columns) - s.c + 1);
    if (filled > MOST_MERGED) throw bad('The sheet merges too many cells.');
    const last = { r: Math.min(e.r, grid.length - 1), c: Math.min(e.c, SHEET_LIMITS.columns - 1) };
    for (let row = s.r; row <= last.r; row += 1) {
      for (let column = s.c; column <= last.c; column += 1) {
        const texts = grid[row] ?? [];
        texts[column] ??= text;
        grid[row] = texts;
      }
    }
  }
  return grid;
}

/**
 * @param only the one sheet that is needed; '' = the first; undefined = all
 * @throws SyncError invalid, with the reason, if it cannot be read
 */
export function gridsOf(
  bytes: Buffer,
  only: string | undefined,
  cellText: CellText = textOf,
): { name: string; grid: Grid }[] {
  if (bytes.length === 0) throw bad('The file is empty.');
  if (bytes.length > SHEET_LIMITS.file) throw bad(`The file is larger than ${SHEET_LIMITS.file / 1_000_000} MB.`);
  if (bytes.length > 8 && bytes.readUInt32LE(0) === COMPOUND_FILE) {
    const encrypted = bytes.includes(Buffer.from('EncryptedPackage', 'utf16le'));
    throw bad(
      encrypted
        ? 'The file is protected by a password. Save it without one.'
        : 'The file is in the format of Excel 97–2003 (.xls). Save it as .xlsx.',
    );
  }
  if (!isZip(bytes)) return [{ name: '', grid: csvGrid(bytes) }];
  checkZip(bytes, SHEET_LIMITS.zip);
  let book: xlsx.WorkBook;
  try {
    const options = { dense: true, cellNF: true, cellText: false, cellFormula: false, cellHTML: false };
    book = xlsx.read(bytes, { type: 'buffer', ...options, ...(only !== undefined && { sheets: only || 0 }) });
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.slice(0, 200) : '';
    throw bad(`The file can't be read as a workbook (xlsx, ods): ${why}`);
  }
  const date1904 = book.Workbook?.WBProps?.date1904 === true;
  const names =
    only === undefined
      ? book.SheetNames
      : book.SheetNames.filter((name, index) => (only === '' ? index === 0 : name === only));
  if (only !== undefined && names.length === 0) {
    throw bad(`The file has no sheet "${only}" (it has: ${book.SheetNames.slice(0, 10).join(', ')}).`);
  }
  return names.map((name) => {
    const sheet = Object.hasOwn(book.Sheets, name) ? book.Sheets[name] : undefined;
    return { name, grid: sheet === undefined ? [] : gridOf(sheet, date1904, cellText) };
  });
}

function csvGrid(bytes: Buffer): Grid {
  let text: string;
  try {
    text = decodeText(bytes);
  } catch {
    throw bad('The file is neither a workbook (xlsx, ods) nor text (csv).');
  }
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text))
    throw bad('The file is a web page or XML, not a sheet. Save it as xlsx, ods or csv.');
  return parseCsv(text)
    .slice(0, SHEET_LIMITS.rows)
    .map((cells) => {
      const texts = cells.slice(0, SHEET_LIMITS.columns).map((cell) => cell.trim());
      return texts.some((cell) => cell !== '') ? texts : undefined;
    });
}

/** "B" for 1. */
const letterOf = (column: number): string =>
  column < 26 ? String.fromCharCode(65 + column) : letterOf(Math.floor(column / 26) - 1) + letterOf(column % 26);

/** The first non-empty row names the columns. */
function headOf(grid: Grid): { row: number; columns: string[] } {
  const row = grid.findIndex((cells) => cells !== undefined);
  const cells = grid[row] ?? [];
  let width = cells.length;
  for (const below of grid.slice(row + 1, row + HEAD_WITHIN)) width = Math.max(width, below?.length ?? 0);
  const seen = new Set<string>();
  const columns = Array.from({ length: width }, (_, column) => {
    const head = cells[column] ?? '';
    const name = head === '' ? letterOf(column) : seen.has(head) ? `${head} (${letterOf(column)})` : head;
    seen.add(name);
    return name;
  });
  return { row, columns };
}

/** The sheets of a file. @throws SyncError invalid, with the reason, if it cannot be read */
export function inspectSheets(bytes: Buffer): SheetInfo[] {
  return gridsOf(bytes, undefined).map(({ name, grid }) => {
    const { row, columns } = headOf(grid);
    const below = grid.slice(row + 1).filter((cells) => cells !== undefined);
    const samples = columns.map((_, column) =>
      below.slice(0, SAMPLES).flatMap((cells) => (cells[column] === undefined ? [] : [cells[column].slice(0, 60)])),
    );
    return { name, columns, rows: below.length, samples };
  });
}

/**
 * Two columns of a sheet, row by row.
 * @param columns their headings, as returned by `inspectSheets`
 * @throws SyncError invalid if it cannot be read, or has no such sheet or column
 */
export function readColumns(bytes: Buffer, sheet: string, columns: { one: string; two: string }): SheetColumns {
  // a CSV file is a single sheet, whatever its name
  const [found] = gridsOf(bytes, sheet);
  const grid = found?.grid ?? [];
  const head = headOf(grid);
  const place = (name: string): number => {
    const at = head.columns.indexOf(name);
    if (at >= 0) return at;
    throw bad(`The sheet has no column "${name}" (it has: ${head.columns.slice(0, 10).join(', ') || 'none'}).`);
  };
  const [one, two] = [place(columns.one), place(columns.two)];
  const result: SheetColumns = { one: [], two: [], incomplete: 0 };
  for (const cells of grid.slice(head.row + 1)) {
    if (cells === undefined) continue;
    const [left, right] = [cells[one] ?? '', cells[two] ?? ''];
    if (left === '' || right === '') result.incomplete += 1;
    else {
      result.one.push(left);
      result.two.push(right);
    }
  }
  return result;
}

/** A workbook (xlsx) with the pairs in the first sheet and both sides' values in the second. */
export function writeTable({ heads, pairs, values }: ExportedTable): Buffer {
  const book = xlsx.utils.book_new();
  const text = (cell: string): xlsx.CellObject => ({ t: 's', v: cell.slice(0, 32_000) });
  const sheet = (rows: string[][]): xlsx.WorkSheet => {
    const made = xlsx.utils.aoa_to_sheet(rows.map((row) => row.map(text)));
    made['!cols'] = [{ wch: 40 }, { wch: 40 }];
    return made;
  };
  xlsx.utils.book_append_sheet(book, sheet([heads, ...pairs]), 'Table');
  const [ones, twos] = values;
  const longest = Math.max(ones.length, twos.length);
  const lists = Array.from({ length: longest }, (_, row) => [ones[row] ?? '', twos[row] ?? '']);
  if (longest > 0) xlsx.utils.book_append_sheet(book, sheet([heads, ...lists]), 'Values');
  const written: unknown = xlsx.write(book, { type: 'array', bookType: 'xlsx', compression: true });
  if (!(written instanceof ArrayBuffer)) throw new SyncError('fatal', 'The workbook could not be written.');
  return Buffer.from(written);
}

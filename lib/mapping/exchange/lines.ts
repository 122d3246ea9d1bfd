/**
 * The tables of a workbook, row by row. Sheets and columns are found by their names in any language, cells by column.
 * Every error has its place.
 */

import type { DirectionSetting } from '../../model/entity';
import { isObject } from '../../model/shape';
import type { Problem, ProblemCode } from './problem';
import { NEEDED, TABLE_COLUMNS, type TableKey, type TextSheet } from './sheets';
import { CHOICES, COLUMNS, type ColumnKey, meaning, SHEETS } from './words';

/** A row of a table: its cells by column, and its position. */
export interface Line {
  sheet: string;
  /** counted as in the spreadsheet */
  row: number;
  cells: Partial<Record<ColumnKey, string>>;
}

const MOST_PROBLEMS = 200;

const isBlank = (cells: string[]): boolean => cells.every((cell) => cell.trim() === '');
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export class Lines {
  readonly problems: Problem[] = [];
  readonly remarks: Problem[] = [];

  constructor(private readonly sheets: TextSheet[]) {
    for (const { name, rows } of sheets)
      if (meaning(SHEETS, name) === undefined && rows.some((cells) => !isBlank(cells)))
        this.complain({ sheet: name, row: 0 }, 'strangeSheet', name, this.remarks);
  }

  /** Reports an error and its place. @param list problems, or remarks */
  complain(at: { sheet: string; row: number }, code: ProblemCode, value = '', list = this.problems): undefined {
    if (list.length < MOST_PROBLEMS)
      list.push({ sheet: at.sheet, row: at.row, code, value: value.trim().slice(0, 80) });
    return undefined;
  }

  /** The sheet of a kind. A part without a sheet is not in the file. */
  sheet(key: keyof typeof SHEETS): TextSheet | undefined {
    return this.sheets.find(({ name }) => meaning(SHEETS, name) === key);
  }

  /** The rows of a table; undefined if the file has no such sheet. */
  of(key: TableKey): Line[] | undefined {
    const sheet = this.sheet(key);
    if (sheet === undefined) return undefined;
    const at = sheet.rows.findIndex((cells) => !isBlank(cells));
    const heads = (sheet.rows[at] ?? []).map((head) => this.column(key, head, { sheet: sheet.name, row: at + 1 }));
    const lacks = NEEDED[key].filter((column) => !heads.includes(column));
    for (const column of lacks)
      this.complain({ sheet: sheet.name, row: Math.max(at, 0) + 1 }, 'noColumn', COLUMNS[column]['en-US']);
    if (lacks.length > 0) return [];
    return sheet.rows.slice(at + 1).flatMap((cells, index): Line[] => {
      if (isBlank(cells)) return [];
      const named = heads.map((column, place): [ColumnKey | undefined, string] => [column, cells[place] ?? '']);
      const known = named.filter((entry): entry is [ColumnKey, string] => entry[0] !== undefined);
      return [{ sheet: sheet.name, row: at + index + 2, cells: Object.fromEntries(known) }];
    });
  }

  private column(key: TableKey, head: string, at: { sheet: string; row: number }): ColumnKey | undefined {
    if (head.trim() === '') return undefined;
    const columns: readonly ColumnKey[] = TABLE_COLUMNS[key];
    const found = meaning(Object.fromEntries(columns.map((column) => [column, COLUMNS[column]])), head);
    const column = columns.find((known) => known === found);
    if (column === undefined) this.complain(at, 'strangeColumn', head, this.remarks);
    return column;
  }

  /** One of the allowed words of a column; undefined if the cell is empty or has another text (which is reported). */
  word<Key extends string>(line: Line, column: ColumnKey, words: Record<Key, object>): Key | undefined {
    const cell = line.cells[column] ?? '';
    if (cell.trim() === '') return undefined;
    const key = meaning(words as Record<Key, Record<'en-US' | 'de', string>>, cell);
    return key ?? this.complain(line, 'unknownWord', cell);
  }

  /** undefined if the cell is empty. */
  yesNo(line: Line, column: ColumnKey): boolean | undefined {
    const word = this.word(line, column, CHOICES.yesNo);
    return word === undefined ? undefined : word === 'yes';
  }

  /** The default if the cell is empty. */
  direction(line: Line, fallback: DirectionSetting = 'both'): DirectionSetting {
    return this.word(line, 'direction', CHOICES.direction) ?? fallback;
  }

  /** Settings without a column. */
  more(line: Line): object {
    const cell = line.cells.more ?? '';
    if (cell.trim() === '') return {};
    const value = parsed(cell);
    if (isObject(value)) return value;
    this.complain(line, 'badMore', cell);
    return {};
  }
}

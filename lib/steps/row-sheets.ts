/** The sheets of a value mapper's rows: read when the node starts, and again when a file changes. */

import type { RowSheet, SheetTables } from '../mapping/values';
import type { ValueRow } from '../model/config';
import { SyncError } from '../model/errors';
import { SheetTable, type SheetTableOptions } from '../tables/sheet-table';

/** The display name of a sheet's file. */
export const sheetName = ({ sheet }: ValueRow): string => {
  if (sheet === undefined) return '';
  return sheet.from.kind === 'upload' ? sheet.from.name : (sheet.from.path.split(/[\\/]/).at(-1) ?? sheet.from.path);
};

export type SheetOptions = Pick<SheetTableOptions, 'dataFolder' | 'once'>;

export class RowSheets {
  private readonly sheets = new Map<ValueRow, SheetTable>();

  /** @param onChange called when a table or its problem has changed */
  constructor(rows: ValueRow[], options: SheetOptions, onChange: () => void) {
    for (const row of rows) {
      const { sheet: source, ignoreCase = true } = row;
      if (source !== undefined) this.sheets.set(row, new SheetTable({ ...options, source, ignoreCase, onChange }));
    }
  }

  get any(): boolean {
    return this.sheets.size > 0;
  }

  /** Settles when each sheet has been read or found unreadable. */
  async ready(): Promise<void> {
    await Promise.all([...this.sheets.values()].map((sheet) => sheet.ready));
  }

  tables(): SheetTables {
    const tables = new Map<ValueRow, RowSheet>();
    for (const [row, { state }] of this.sheets) if (state.tables !== undefined) tables.set(row, state.tables);
    return tables;
  }

  /** The first sheet whose file cannot be used in its current state. */
  problem(): { name: string; why: string; usable: boolean } | undefined {
    for (const [row, { state }] of this.sheets) {
      if (state.problem !== undefined) {
        return { name: sheetName(row), why: state.problem, usable: state.tables !== undefined };
      }
    }
    return undefined;
  }

  /** @throws SyncError invalid if a table was never read: mapping without it would give wrong values */
  check(): void {
    const problem = this.problem();
    if (problem === undefined || problem.usable) return;
    throw new SyncError('invalid', `The value mapper's sheet ${problem.name} can't be used: ${problem.why}`);
  }

  close(): void {
    for (const sheet of this.sheets.values()) sheet.close();
  }
}

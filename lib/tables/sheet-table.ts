/**
 * A value mapper's sheet at run time: read once, and again whenever its file changes. If the file is broken, incomplete
 * or missing, the last good table stays in use and the problem is reported.
 */

import { indexSheet } from '../mapping/tables/sheet-index';
import type { RowSheet } from '../mapping/values';
import type { SheetSource } from '../model/config';
import { asSyncError } from '../model/errors';
import { checkFile, fileOf, keepCopy, keptCopyOf, stampOf } from './files';
import { columnsOfFile } from './runner';

export interface SheetState {
  /** undefined until a good table was read */
  tables?: RowSheet;
  rows: number;
  /** number of rows left out because one of the two cells has no value */
  incomplete: number;
  /** why the current file cannot be used; the tables are then older */
  problem?: string;
}

export interface SheetTableOptions {
  dataFolder: string;
  source: SheetSource;
  ignoreCase: boolean;
  /** called when the table or the problem changes */
  onChange: () => void;
  /** milliseconds between two checks of the file */
  everyMs?: number;
  /** read it once only: no further checks, no copy for later */
  once?: boolean;
}

const EVERY_MS = 5_000;

export class SheetTable {
  readonly source: SheetSource;
  /** settles when the first attempt to read the file has ended */
  readonly ready: Promise<void>;
  private readonly options: SheetTableOptions;
  private state_: SheetState = { rows: 0, incomplete: 0 };
  private read: string | undefined;
  private seen: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: SheetTableOptions) {
    this.options = options;
    this.source = options.source;
    this.ready = this.begin();
  }

  get state(): SheetState {
    return this.state_;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async begin(): Promise<void> {
    const { from } = this.source;
    await this.load(await this.stamp());
    if (this.state_.tables === undefined && from.kind === 'path') {
      const { problem } = this.state_;
      await this.use(keptCopyOf(this.options.dataFolder, from.path)).catch(() => undefined); // there is none yet
      if (problem !== undefined) this.set({ ...this.state_, problem });
    }
    // an uploaded file never changes: another upload has another id
    if (from.kind === 'path' && !this.options.once) this.later();
  }

  private async stamp(): Promise<string | undefined> {
    try {
      return await stampOf(fileOf(this.options.dataFolder, this.source.from));
    } catch {
      return undefined;
    }
  }

  private later(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      this.look().then(
        () => this.later(),
        () => this.later(), // reported in the state
      );
    }, this.options.everyMs ?? EVERY_MS);
    this.timer.unref();
  }

  /** A file that changes from check to check is being written: it is left alone until it stops changing. */
  private async look(): Promise<void> {
    const stamp = await this.stamp();
    const rests = stamp === this.seen;
    this.seen = stamp;
    if (rests && stamp !== this.read) await this.load(stamp);
  }

  private async load(stamp: string | undefined): Promise<void> {
    const { dataFolder, once = false } = this.options;
    const { from } = this.source;
    this.seen = stamp;
    this.read = stamp;
    try {
      const file = fileOf(dataFolder, from);
      await checkFile(file, from);
      await this.use(file);
      // a full disk: no table is lost
      if (from.kind === 'path' && !once) await keepCopy(dataFolder, from.path).catch(() => undefined);
    } catch (thrown) {
      this.set({ ...this.state_, problem: asSyncError(thrown).message });
    }
  }

  private async use(file: string): Promise<void> {
    const { sheet, one, two, backward } = this.source;
    const columns = await columnsOfFile(file, sheet, { one, two }, { for: this.options.once ? 'form' : 'flow' });
    const tables = indexSheet(columns, { ignoreCase: this.options.ignoreCase, backward });
    this.set({ tables, rows: columns.one.length, incomplete: columns.incomplete });
  }

  private set(state: SheetState): void {
    if (this.closed) return;
    this.state_ = state;
    this.options.onChange();
  }
}

/** SQLite, through Node's own `node:sqlite`. One writer at a time, so a query never waits long; who waits does it here, not in SQLite. */

import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { asSyncError, SyncError, type SyncErrorKind } from '../../model/errors';
import {
  type Column,
  type Database,
  insertion,
  type Param,
  type Raw,
  type Roles,
  type Row,
  type Stored,
  type Table,
  tableName,
} from './database';
import { CompareFeed, type Settling, TimeFeed } from './feed';
import { momentOfStored, storedAs, storedMoment } from './times';

export interface SqliteOptions {
  file: string;
  zone: string;
  overlapMs: number;
  /** columns that hold times, whatever their declared type */
  timeColumns: ReadonlySet<string>;
}

/** How long somebody else's lock is waited for. */
const PATIENCE_MS = 5_000;
const WAIT_MS = 25;

const KINDS: Record<number, SyncErrorKind> = {
  ...{ 5: 'transient', 6: 'transient', 13: 'transient', 10: 'transient' },
  ...{ 8: 'forbidden', 3: 'forbidden', 23: 'forbidden' },
  ...{ 19: 'invalid', 18: 'invalid', 20: 'invalid' },
  ...{ 11: 'fatal', 26: 'fatal', 14: 'fatal' },
};

function failureOf(thrown: unknown): SyncError {
  if (thrown instanceof SyncError) return thrown;
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'errcode') : undefined;
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  const primary = typeof code === 'number' ? code & 255 : -1;
  // "NOT NULL constraint failed: bugs.title"
  const column = /constraint failed: (?:[^.\s]+\.)?([^.,\s]+)$/.exec(words)?.[1];
  const fields = column !== undefined && primary === 19 ? { fields: { [column]: words } } : {};
  return new SyncError(KINDS[primary] ?? 'fatal', `SQLite: ${words}`, { answer: words, ...fields });
}

const isBusy = (error: SyncError): boolean => /database (table )?is locked|busy/i.test(error.message);

export class Sqlite implements Database {
  readonly product = 'SQLite';
  private readonly opened: DatabaseSync;

  /** @throws SyncError if there is no such file, or it is no database */
  constructor(private readonly options: SqliteOptions) {
    if (!existsSync(options.file)) {
      const why = `there is no file ${options.file}`;
      throw new SyncError('invalid', `SQLite: ${why}`, { fields: { file: why } });
    }
    try {
      this.opened = new DatabaseSync(options.file);
      this.opened.exec('PRAGMA busy_timeout = 0; PRAGMA foreign_keys = ON');
    } catch (thrown) {
      throw failureOf(thrown);
    }
  }

  async about() {
    const [row] = await this.rows('SELECT sqlite_version() AS version');
    // a file has no accounts
    await this.rows('SELECT count(*) AS count FROM sqlite_schema');
    return { server: `SQLite ${row?.version}`, user: 'twinflow' };
  }

  async schemas(): Promise<string[]> {
    return ['main'];
  }

  async tables(schema: string): Promise<Table[]> {
    if (schema !== 'main') return [];
    const names = await this.rows(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    );
    const tables: Table[] = [];
    for (const { name, sql } of names) {
      const table = await this.table(String(name), String(sql));
      if (table) tables.push(table);
    }
    return tables;
  }

  private async table(name: string, sql: string): Promise<Table | undefined> {
    const rows = await this.rows(`SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)`, [
      name,
    ]);
    const keys = rows.filter(({ pk }) => Number(pk) > 0);
    const [key, another] = keys;
    if (!key || another) return undefined;
    // a column of this type is the row's number
    const isRowId = /^integer$/i.test(String(key.type)) && !/without\s+rowid/i.test(sql);
    const columns: Column[] = [];
    for (const row of rows) {
      const column = await this.column(name, row, row === key && isRowId);
      if (column) columns.push(column);
    }
    const found = columns.find((column) => column.name === key.name);
    return found && { schema: 'main', name, columns, key: found };
  }

  private async column(table: string, row: Row, isRowId: boolean): Promise<Column | undefined> {
    const [name, declared] = [String(row.name), String(row.type ?? '')];
    if (/blob/i.test(declared)) return undefined;
    const usual = row.dflt_value === null ? undefined : String(row.dflt_value);
    const rules = {
      ...{ name, declared, nullable: Number(row.notnull) === 0 && Number(row.pk) === 0 },
      ...{ hasDefault: usual !== undefined || isRowId, generated: isRowId || Number(row.hidden) > 1 },
    };
    const isTime = /date|time/i.test(declared) || this.options.timeColumns.has(name);
    if (isTime) {
      const sample = await this.sample(table, name);
      const stored = storedAs(sample, declared) ?? storedByDefault(usual, declared);
      if (sample === null || storedAs(sample, declared))
        return { ...rules, stored, kind: /^date$/i.test(declared) ? 'date' : 'datetime' };
    }
    if (/bool/i.test(declared)) return { ...rules, kind: 'boolean' };
    if (/int/i.test(declared)) return { ...rules, kind: 'number', integer: true };
    if (/real|floa|doub|numeric|decimal/i.test(declared)) return { ...rules, kind: 'number' };
    const length = /char\s*\(\s*(\d+)\s*\)/i.exec(declared)?.[1];
    return { ...rules, kind: 'text', ...(length !== undefined && { maxLength: Number(length) }) };
  }

  private async sample(table: string, column: string): Promise<Raw> {
    const name = this.quoted(column);
    const sql = `SELECT ${name} AS sample FROM ${this.quoted(table)} WHERE ${name} IS NOT NULL LIMIT 1`;
    return (await this.rows(sql))[0]?.sample ?? null;
  }

  quoted(name: string): string {
    return `"${name.replaceAll('"', '""')}"`;
  }

  place(): string {
    return '?';
  }

  holds({ name }: Column, place: string): string {
    return `${this.quoted(name)} LIKE ${place} ESCAPE '!'`;
  }

  rows(sql: string, params: readonly Param[] = []): Promise<Row[]> {
    return this.patiently(() => {
      const statement = this.opened.prepare(sql);
      statement.setReadBigInts(true);
      return statement.all(...params.map(inputOf)).map((row) => rowOf(row));
    });
  }

  async insert(table: Table, values: ReadonlyMap<Column, Stored>): Promise<Raw> {
    const { sql, params } = values.size === 0 ? { sql: 'DEFAULT VALUES', params: [] } : insertion(this, values);
    const key = this.quoted(table.key.name);
    return (
      (await this.rows(`INSERT INTO ${tableName(this, table)} ${sql} RETURNING ${key} AS id`, params))[0]?.id ?? null
    );
  }

  /** Who writes to a file is on its machine. */
  now(column: Column): Stored {
    return { param: this.timeParam(column, Date.now(), true) };
  }

  update(sql: string, params: readonly Param[]): Promise<number> {
    return this.patiently(() => Number(this.opened.prepare(sql).run(...params.map(inputOf)).changes));
  }

  moment(column: Column, raw: Raw): number | undefined {
    return momentOfStored(raw, column.stored, this.options.zone);
  }

  timeParam(column: Column, ms: number, exact: boolean): Param {
    return storedMoment(ms, column.stored, this.options.zone, exact);
  }

  feed(table: Table, { updated }: Roles) {
    if (!updated) return new CompareFeed(this, table);
    return new TimeFeed(this, table, updated, this.options.overlapMs, async () => this.settling());
  }

  /** Who gets the lock for writing knows that nobody writes. */
  private settling(): Settling {
    const now = Date.now();
    try {
      this.opened.exec('BEGIN IMMEDIATE');
      this.opened.exec('ROLLBACK');
      return { isQuiet: true, now };
    } catch {
      return { isQuiet: false, now };
    }
  }

  async close(): Promise<void> {
    if (this.opened.isOpen) this.opened.close();
  }

  private async patiently<T>(work: () => T): Promise<T> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return work();
      } catch (thrown) {
        const error = failureOf(thrown);
        if (!isBusy(error) || performance.now() > until) throw asSyncError(error);
      }
      await sleep(WAIT_MS);
    }
  }
}

/** Whole numbers are bound as such: SQLite would store 1.0 in a column without a type. */
const inputOf = (param: Param): SQLInputValue =>
  typeof param === 'number' && Number.isSafeInteger(param) ? BigInt(param) : param;

function rowOf(row: Record<string, unknown>): Row {
  const entries = Object.entries(row).map(([name, value]): [string, Raw] => {
    if (typeof value === 'bigint') return [name, Number.isSafeInteger(Number(value)) ? Number(value) : String(value)];
    return [name, typeof value === 'string' || typeof value === 'number' ? value : null];
  });
  return Object.fromEntries(entries);
}

/** Of a column without any value yet. */
function storedByDefault(usual: string | undefined, declared: string): Column['stored'] {
  if (usual !== undefined && /unixepoch/i.test(usual)) return { as: 's' };
  if (usual !== undefined && /julianday/i.test(usual)) return { as: 'days' };
  if (usual !== undefined && /current_timestamp|datetime\s*\(/i.test(usual))
    return { as: 'text', sep: ' ', fraction: false, zone: false };
  if (/int/i.test(declared)) return { as: 's' };
  if (/real|floa|doub/i.test(declared)) return { as: 'days' };
  return undefined;
}

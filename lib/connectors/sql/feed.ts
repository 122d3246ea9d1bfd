/**
 * How changes of a table are found, where the database itself does not number them.
 *
 * - *By time*: a column says when a row was changed last. A transaction that is committed late shows rows whose time has passed, so a
 *   query for "later than the last one" loses them. The position therefore stays behind the newest time by the overlap, and behind
 *   whatever the database shows to be under way (`Settling`).
 * - *By comparing*: all rows of a small table are compared with what they were.
 */

import { createHash } from 'node:crypto';
import { SyncError } from '../../model/errors';
import { isJson } from '../kit/json';
import {
  type Column,
  columnList,
  type Database,
  type FeedPage,
  type Param,
  type Raw,
  type Row,
  type Table,
  type TableFeed,
  type TablePosition,
  tableName,
} from './database';

/** What the database knows of transactions that are not committed yet. */
export interface Settling {
  /** ms since 1970: rows that are not committed have this time or a later one; undefined: none is known */
  open?: number;
  /** nothing that could have an earlier time is under way */
  isQuiet: boolean;
  /** the database's clock, ms since 1970; only differences count */
  now: number;
}

export type Settle = (table: Table, column: Column, from: Param) => Promise<Settling>;

/** After this time without any new row nothing of the newest one's time can appear any more. */
const QUIET_MS = 60_000;

interface TimePosition {
  /** the first time that is read, or the last row that was; neither: the beginning */
  from?: Raw;
  after?: [Raw, Raw];
  /** since when (by the database's clock) this has been the newest time */
  top?: { at: Raw; since: number };
}

const isRaw = (value: unknown): value is Raw =>
  typeof value === 'string' || typeof value === 'number' || value === null;

function timePosition(position: TablePosition | undefined): TimePosition {
  if (!position) return {};
  const { from, after, top } = position;
  const [at, key] = Array.isArray(after) ? after : [];
  return {
    ...(isRaw(from) && from !== null && { from }),
    ...(isRaw(at) && isRaw(key) && at !== null && { after: [at, key] as [Raw, Raw] }),
    ...(isJson(top) && isRaw(top.at) && typeof top.since === 'number' && { top: { at: top.at, since: top.since } }),
  };
}

export class TimeFeed implements TableFeed {
  private readonly name: string;
  private readonly time: string;
  private readonly key: string;

  constructor(
    private readonly database: Database,
    private readonly table: Table,
    private readonly column: Column,
    private readonly overlapMs: number,
    private readonly settle: Settle,
  ) {
    this.name = tableName(database, table);
    this.time = database.quoted(column.name);
    this.key = database.quoted(table.key.name);
  }

  async newest(): Promise<TablePosition | undefined> {
    const top = await this.top();
    if (top === null) return undefined;
    return { ...(await this.markOf({ from: top })).last };
  }

  at(time: number): TablePosition {
    return { from: rawOf(this.database.timeParam(this.column, time, false)) };
  }

  async *changes(since: TablePosition | undefined, size: number): AsyncGenerator<FeedPage> {
    const start = timePosition(since);
    const { low, last } = await this.markOf(start);
    let at: TimePosition = start;
    for (;;) {
      const rows = await this.page(at, size);
      const end = rows.at(-1);
      if (!end || rows.length < size) {
        yield { rows, position: { ...last } };
        return;
      }
      at = { after: [end[this.column.name] ?? null, end[this.table.key.name] ?? null] };
      const ms = this.moment(end[this.column.name] ?? null);
      // what is certainly complete need not be read again after a crash
      const isComplete = ms !== undefined && low !== undefined && ms < low;
      yield { rows, position: { ...(isComplete ? at : start) } };
    }
  }

  /** Up to where everything is complete (ms), and the position after this poll. */
  private async markOf(start: TimePosition): Promise<{ low?: number; last: TimePosition }> {
    const begin = start.after?.[0] ?? start.from;
    const { open, isQuiet, now } = await this.settle(this.table, this.column, begin ?? null);
    const top = await this.top();
    const topMs = this.moment(top);
    if (topMs === undefined) return { last: start };
    const since = start.top && start.top.at === top ? start.top.since : now;
    const newest = { top: { at: top, since } };
    const beginMs = this.moment(begin ?? null);
    if (isQuiet && now - since > QUIET_MS && open === undefined && (beginMs ?? 0) <= topMs)
      return { low: topMs, last: { after: [top, await this.lastKey(top)], ...newest } };
    const low = Math.min(topMs - this.overlapMs, open ?? Number.POSITIVE_INFINITY);
    // never back: a time that has not come yet stays where it is
    if (beginMs !== undefined && beginMs >= low) return { low, last: { ...start, ...newest } };
    return { low, last: { from: rawOf(this.database.timeParam(this.column, low, false)), ...newest } };
  }

  private async page({ from, after }: TimePosition, size: number): Promise<Row[]> {
    const { database, table, time, key } = this;
    const place = (index: number, column: Column): string => database.place(index, column);
    let [where, params]: [string, Param[]] = ['', []];
    if (after) {
      const [at, last] = after;
      where =
        `${time} >= ${place(1, this.column)} AND ` +
        `(${time} > ${place(2, this.column)} OR ${key} > ${place(3, table.key)})`;
      params = [at, at, last];
    } else if (from !== undefined) {
      where = `${time} >= ${place(1, this.column)}`;
      params = [from];
    } else where = `${time} IS NOT NULL`;
    const columns = columnList(database, table);
    return database.rows(
      `SELECT ${columns} FROM ${this.name} WHERE ${where} ORDER BY ${time}, ${key} LIMIT ${Math.floor(size)}`,
      params,
    );
  }

  private async top(): Promise<Raw> {
    const [row] = await this.database.rows(`SELECT MAX(${this.time}) AS top FROM ${this.name}`);
    return row?.top ?? null;
  }

  private async lastKey(top: Raw): Promise<Raw> {
    const place = this.database.place(1, this.column);
    const sql = `SELECT MAX(${this.key}) AS last FROM ${this.name} WHERE ${this.time} = ${place}`;
    return (await this.database.rows(sql, [top]))[0]?.last ?? null;
  }

  private moment(raw: Raw): number | undefined {
    return raw === null ? undefined : this.database.moment(this.column, raw);
  }
}

const rawOf = (param: Param): Raw => (typeof param === 'bigint' ? Number(param) : param);

/** Rows that a table may have at most to be compared as a whole. */
const MOST_COMPARED = 5_000;
const CHUNK = 500;

export const hashOf = (values: readonly unknown[], length: number): string =>
  createHash('sha256').update(JSON.stringify(values)).digest('base64url').slice(0, length);

/** Compares all rows with what they were. */
export class CompareFeed implements TableFeed {
  constructor(
    private readonly database: Database,
    private readonly table: Table,
  ) {}

  async newest(): Promise<TablePosition> {
    const rows: Record<string, string> = {};
    for await (const some of this.all()) for (const row of some) rows[this.keyOf(row)] = this.hash(row);
    return { rows };
  }

  at(): TablePosition {
    throw new SyncError(
      'invalid',
      `Table "${this.table.name}" has no column with the time of the last change, so it cannot be read from a time on. ` +
        'Choose another initial sync in the poller, or enter the name of such a column in the system.',
    );
  }

  async *changes(since: TablePosition | undefined, size: number): AsyncGenerator<FeedPage> {
    const known = isJson(since?.rows) ? since.rows : {};
    const rows: Record<string, string> = {};
    const there = new Set<string>();
    for (const [key, hash] of Object.entries(known)) if (typeof hash === 'string') rows[key] = hash;
    let found: Row[] = [];
    for await (const some of this.all()) {
      for (const row of some) {
        const [key, hash] = [this.keyOf(row), this.hash(row)];
        there.add(key);
        if (rows[key] === hash) continue;
        rows[key] = hash;
        found.push(row);
        if (found.length < size) continue;
        yield { rows: found, position: { rows: { ...rows } } };
        found = [];
      }
    }
    for (const key of Object.keys(rows)) if (!there.has(key)) delete rows[key];
    yield { rows: found, position: { rows } };
  }

  private keyOf(row: Row): string {
    return String(row[this.table.key.name]);
  }

  private hash(row: Row): string {
    return hashOf(Object.values(row), 8);
  }

  private async *all(): AsyncGenerator<Row[]> {
    const { database, table } = this;
    const key = database.quoted(table.key.name);
    const columns = columnList(database, table);
    const name = tableName(database, table);
    let [last, count]: [Raw | undefined, number] = [undefined, 0];
    for (;;) {
      const where = last === undefined ? '' : `WHERE ${key} > ${database.place(1, table.key)}`;
      const sql = `SELECT ${columns} FROM ${name} ${where} ORDER BY ${key} LIMIT ${CHUNK}`;
      const rows: Row[] = await database.rows(sql, last === undefined ? [] : [last]);
      count += rows.length;
      if (count > MOST_COMPARED)
        throw new SyncError(
          'invalid',
          `Table "${table.name}" has more than ${MOST_COMPARED} rows and no column with the time of the last change. Add such a column, ` +
            'and enter its name in the system.',
        );
      yield rows;
      if (rows.length < CHUNK) return;
      last = rows.at(-1)?.[table.key.name] ?? undefined;
    }
  }
}

/**
 * Changes of a PostgreSQL table by transaction, without any column for it. Each row tells the transaction that wrote it (`xmin`), and
 * PostgreSQL tells the oldest transaction that is still under way. All that older ones wrote can be seen, and nothing of them can appear any
 * more: so the position is that transaction, and every row of it and of younger ones is read again with the next poll. That is exact: it
 * needs no clock, no overlap and no privilege. It costs one pass over the table per poll.
 *
 * Transaction numbers in rows have 32 bits and come round; with the next number (64 bits) they are made whole again.
 */

import { START_AGAIN, SyncError } from '../../model/errors';
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

/** Keys that are collected in one pass over the table. */
const LISTED = 2_000;
const MARK = 'twinflow xid';

/** Whole numbers as texts: they can have 64 bits. */
interface Position {
  /** transactions before this one were read; of this one itself all rows up to `after` */
  xid?: string;
  after?: Raw;
  /** a first read is in progress: all rows with keys up to this one were read; null: none yet */
  first?: Raw;
  /** a start at a time, and the row up to which it was read */
  time?: string;
  row?: [Raw, Raw];
}

const isWhole = (value: unknown): value is string => typeof value === 'string' && /^\d{1,19}$/.test(value);
const isRaw = (value: unknown): value is Raw =>
  value === null || typeof value === 'string' || typeof value === 'number';

function positionOf(stored: TablePosition | undefined): Position {
  const { xid, after, first, time, row } = stored ?? {};
  const [at, key] = Array.isArray(row) ? row : [];
  return {
    ...(isWhole(xid) && { xid }),
    ...(isRaw(after) && after !== null && { after }),
    ...(first !== undefined && isRaw(first) && { first }),
    ...(typeof time === 'string' && { time }),
    ...(isRaw(at) && isRaw(key) && row !== undefined && { row: [at, key] as [Raw, Raw] }),
  };
}

export class TransactionFeed implements TableFeed {
  private readonly name: string;
  private readonly key: string;
  private readonly columns: string;

  constructor(
    private readonly database: Database,
    private readonly table: Table,
    private readonly updated: Column | undefined,
  ) {
    this.name = tableName(database, table);
    this.key = database.quoted(table.key.name);
    this.columns = columnList(database, table);
  }

  async newest(): Promise<TablePosition> {
    return { xid: (await this.marks()).low };
  }

  at(time: number): TablePosition {
    if (this.updated) return { time: String(this.database.timeParam(this.updated, time, false)) };
    throw new SyncError(
      'invalid',
      `Table "${this.table.name}" has no column with the time of the last change, so it cannot be read from a time on. ` +
        'Choose another initial sync in the poller, or enter the name of such a column in the system.',
    );
  }

  async *changes(since: TablePosition | undefined, size: number): AsyncGenerator<FeedPage> {
    let position = positionOf(since);
    const marks = await this.marks();
    if (position.xid !== undefined && BigInt(position.xid) > BigInt(marks.high))
      throw this.restored(position.xid, marks.high);
    if (position.xid === undefined) {
      position =
        position.time === undefined
          ? { xid: marks.low, first: null }
          : { xid: marks.low, time: position.time, ...(position.row && { row: position.row }) };
    }
    const { xid = marks.low } = position;
    if (position.time !== undefined && this.updated) {
      let found = 0;
      for (let { row } = position; ; ) {
        const rows = await this.later(position.time, row, this.updated, size);
        found += rows.length;
        const last = rows.at(-1);
        if (!last || rows.length < size) {
          // a time that has not come yet: it waits for the first row
          const isOpen = found === 0 && position.row === undefined;
          yield { rows, position: isOpen ? { time: position.time } : { xid } };
          if (isOpen) return;
          break;
        }
        row = [last[this.updated.name] ?? null, last[this.table.key.name] ?? null];
        yield { rows, position: { xid, time: position.time, row } };
      }
      position = { xid };
    }
    while (position.first !== undefined) {
      const rows = await this.beyond(position.first, size);
      const last = rows.at(-1);
      position = !last || rows.length < size ? { xid } : { xid, first: last[this.table.key.name] ?? null };
      if (rows.length > 0) yield { rows, position: { ...position } };
    }
    yield* this.written({ xid, after: position.after }, marks.low, size);
  }

  /** What transactions wrote from the position on. */
  private async *written(start: { xid: string; after?: Raw }, low: string, size: number): AsyncGenerator<FeedPage> {
    let at = start;
    for (;;) {
      const list = await this.listed(at);
      for (let index = 0; index < list.length; index += size) {
        const some = list.slice(index, index + size);
        const last = some.at(-1);
        const rows = await this.byKeys(some.map(({ key }) => key));
        const isLast = list.length < LISTED && index + size >= list.length;
        const isComplete = last !== undefined && BigInt(last.xid) < BigInt(low);
        const reached: TablePosition = isComplete ? { xid: last.xid, after: last.key } : { xid: low };
        yield { rows, position: isLast ? { xid: low } : reached };
      }
      const end = list.at(-1);
      if (list.length < LISTED || !end) {
        if (list.length === 0) yield { rows: [], position: { xid: low } };
        return;
      }
      at = { xid: end.xid, after: end.key };
    }
  }

  /** Keys of rows and the transactions that wrote them, oldest first. */
  private async listed({ xid, after }: { xid: string; after?: Raw }): Promise<{ xid: string; key: Raw }[]> {
    const mark = this.database.quoted(MARK);
    const params: Param[] = [xid];
    let where = `${mark} >= $1::bigint`;
    if (after !== undefined) {
      params.push(after);
      where = `${mark} > $1::bigint OR (${mark} = $1::bigint AND ${this.key} > $2)`;
    }
    const rows = await this.database.rows(
      `WITH high AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid)
       SELECT ${this.key}, ${mark}::text FROM (
         SELECT ${this.key}, CASE WHEN own.xid < 3 THEN 0
           ELSE high.xid - (((high.xid - own.xid) % 4294967296 + 4294967296) % 4294967296) END AS ${mark}
         FROM ${this.name} AS of_table, high, LATERAL (SELECT of_table.xmin::text::bigint AS xid) AS own
       ) AS marked WHERE ${where} ORDER BY marked.${mark}, ${this.key} LIMIT ${LISTED}`,
      params,
    );
    return rows.map((row) => ({ xid: String(row[MARK]), key: row[this.table.key.name] ?? null }));
  }

  /** Rows in the order asked; those that were deleted meanwhile are left out. */
  private async byKeys(keys: readonly Raw[]): Promise<Row[]> {
    if (keys.length === 0) return [];
    const places = keys.map((_, index) => `$${index + 1}`).join(', ');
    const rows = await this.database.rows(
      `SELECT ${this.columns} FROM ${this.name} WHERE ${this.key} IN (${places})`,
      keys,
    );
    const byKey = new Map(rows.map((row) => [row[this.table.key.name], row]));
    return keys.flatMap((key) => {
      const row = byKey.get(key);
      return row ? [row] : [];
    });
  }

  private beyond(first: Raw, size: number): Promise<Row[]> {
    const where = first === null ? '' : `WHERE ${this.key} > $1`;
    const sql = `SELECT ${this.columns} FROM ${this.name} ${where} ORDER BY ${this.key} LIMIT ${size}`;
    return this.database.rows(sql, first === null ? [] : [first]);
  }

  private later(time: string, row: [Raw, Raw] | undefined, updated: Column, size: number): Promise<Row[]> {
    const column = this.database.quoted(updated.name);
    const where = row ? `(${column}, ${this.key}) > ($1, $2)` : `${column} >= $1`;
    const sql = `SELECT ${this.columns} FROM ${this.name} WHERE ${where} ORDER BY ${column}, ${this.key} LIMIT ${size}`;
    return this.database.rows(sql, row ?? [time]);
  }

  /** The oldest transaction that is under way, and the next one. */
  private async marks(): Promise<{ low: string; high: string }> {
    const [row] = await this.database.rows(
      'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS low, pg_snapshot_xmax(pg_current_snapshot())::text AS high',
    );
    return { low: String(row?.low), high: String(row?.high) };
  }

  private restored(xid: string, high: string): SyncError {
    return new SyncError(
      'fatal',
      `PostgreSQL counts transactions from ${high} on, but table "${this.table.name}" was read up to ${xid} already: the database was restored or ` +
        `replaced. Twinflow reads nothing, so that nothing is missed or created again. ${START_AGAIN}`,
    );
  }
}

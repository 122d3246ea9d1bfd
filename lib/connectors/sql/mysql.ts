/** MySQL 8 and MariaDB 10.5 or newer, through the package `mysql2`, with prepared statements. All times come in UTC, as texts. */

import type { Pool, PoolOptions } from 'mysql2/promise';
import { SyncError, type SyncErrorKind } from '../../model/errors';
import { smallest } from '../../model/lists';
import {
  type Column,
  type ColumnKind,
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
import { lostConnection, throughLost } from './server';
import { momentOfText, textOfMoment } from './times';

export interface MysqlOptions {
  connection: Pick<PoolOptions, 'host' | 'port' | 'user' | 'password' | 'ssl'>;
  /** the only schema that is offered; undefined: all that the account may see */
  schema: string | undefined;
  zone: string;
  overlapMs: number;
}

/** What is set on each connection before anything else. */
const SESSION = [
  "SET SESSION time_zone = '+00:00'",
  "SET SESSION sql_mode = CONCAT_WS(',', NULLIF(@@SESSION.sql_mode, ''), 'STRICT_ALL_TABLES')",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  'SET SESSION lock_wait_timeout = 20',
  'SET SESSION innodb_lock_wait_timeout = 10',
];
const OWN = new Set(['information_schema', 'mysql', 'performance_schema', 'sys']);
const STATEMENT_MS = 60_000;
/** Rows that are compared to find those that are not committed. */
const COMPARED = 10_000;

const KINDS: Record<string, ColumnKind> = {
  ...{ tinyint: 'number', smallint: 'number', mediumint: 'number', int: 'number', bigint: 'number' },
  ...{
    decimal: 'number',
    float: 'number',
    double: 'number',
    date: 'date',
    datetime: 'datetime',
    timestamp: 'datetime',
  },
  ...{ char: 'text', varchar: 'text', tinytext: 'text', text: 'text', mediumtext: 'text', longtext: 'text' },
  ...{ json: 'text', uuid: 'text', inet6: 'text', inet4: 'text', enum: 'list' },
};

export class Mysql implements Database {
  readonly product = 'MySQL';
  private pool: Promise<Pool> | undefined;
  private readonly ready = new WeakSet<object>();

  constructor(private readonly options: MysqlOptions) {}

  /** The driver is loaded only where a flow uses it. */
  private async open(): Promise<Pool> {
    const { createPool } = await import('mysql2/promise');
    return createPool({
      ...this.options.connection,
      ...{ connectionLimit: 3, idleTimeout: 30_000, connectTimeout: 15_000, maxPreparedStatements: 100 },
      ...{ dateStrings: true, supportBigNumbers: true, bigNumberStrings: true, jsonStrings: true },
      ...{ charset: 'utf8mb4', multipleStatements: false, disableEval: true },
    });
  }

  async about() {
    const [row] = await this.rows('SELECT VERSION() AS version, CURRENT_USER() AS name');
    const version = String(row?.version);
    const [, number = version] = /^([\d.]+)/.exec(version) ?? [];
    const user = String(row?.name).replace(/@[^@]*$/, '');
    return { server: /mariadb/i.test(version) ? `MariaDB ${number}` : `MySQL ${number}`, user };
  }

  async schemas(): Promise<string[]> {
    const rows = await this.rows('SELECT schema_name AS name FROM information_schema.schemata ORDER BY schema_name');
    const names = rows.map(({ name }) => String(name)).filter((name) => !OWN.has(name.toLowerCase()));
    const { schema } = this.options;
    return schema === undefined ? names : names.filter((name) => name === schema);
  }

  async tables(schema: string): Promise<Table[]> {
    const rows = await this.rows(
      `SELECT c.table_name AS of_table, c.column_name AS name, c.data_type AS base, c.column_type AS declared,
         c.is_nullable AS nullable, c.column_default AS usual, c.extra AS extra, c.column_key AS is_key,
         c.character_maximum_length AS longest
       FROM information_schema.columns c
       JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
       WHERE c.table_schema = ? AND t.table_type = 'BASE TABLE'
       ORDER BY c.table_name, c.ordinal_position`,
      [schema],
    );
    const byName = new Map<string, Row[]>();
    for (const row of rows) byName.set(String(row.of_table), [...(byName.get(String(row.of_table)) ?? []), row]);
    return [...byName].flatMap(([name, list]): Table[] => {
      const keys = list.filter(({ is_key }) => is_key === 'PRI');
      const columns = list.flatMap((row) => columnOf(row) ?? []);
      const key = keys.length === 1 ? columns.find((column) => column.name === keys[0]?.name) : undefined;
      return key ? [{ schema, name, columns, key }] : [];
    });
  }

  quoted(name: string): string {
    return `\`${name.replaceAll('`', '``')}\``;
  }

  place(): string {
    return '?';
  }

  holds({ name }: Column, place: string): string {
    return `${this.quoted(name)} COLLATE utf8mb4_general_ci LIKE ${place} ESCAPE '!'`;
  }

  async rows(sql: string, params: readonly Param[] = []): Promise<Row[]> {
    return (await this.statement(sql, params, false)).rows;
  }

  async insert(table: Table, values: ReadonlyMap<Column, Stored>): Promise<Raw> {
    const { sql, params } = values.size === 0 ? { sql: '() VALUES ()', params: [] } : insertion(this, values);
    const { id } = await this.statement(`INSERT INTO ${tableName(this, table)} ${sql}`, params, true);
    const given = values.get(table.key);
    if (given && 'param' in given) return typeof given.param === 'bigint' ? String(given.param) : given.param;
    return id === undefined || id === '0' ? null : id;
  }

  async update(sql: string, params: readonly Param[]): Promise<number> {
    return (await this.statement(sql, params, true)).count;
  }

  /** Whatever is sent, on a connection that was set up. @param before statements of the same connection */
  private statement(sql: string, params: readonly Param[], isWrite: boolean, before: readonly string[] = []) {
    const ask = () => this.once(sql, params, isWrite, before);
    return isWrite ? ask() : throughLost(ask, (thrown) => thrown instanceof SyncError && isLost(thrown.detail.cause));
  }

  private async once(sql: string, params: readonly Param[], isWrite: boolean, before: readonly string[]) {
    let isSent = false;
    try {
      // a connection that was lost while nobody used it is noticed here, and not by a write
      if (isWrite) await this.rows('SELECT 1 AS one');
      this.pool ??= this.open();
      const connection = await (await this.pool).getConnection();
      try {
        if (!this.ready.has(connection.connection)) {
          for (const one of SESSION) await connection.query(one);
          this.ready.add(connection.connection);
        }
        for (const one of before) await connection.query(one);
        isSent = true;
        const [result] = await connection.execute({ sql, timeout: STATEMENT_MS }, [...params]);
        if (before.length > 0) await connection.query('COMMIT');
        if (Array.isArray(result)) return { rows: result.map(rowOf), count: result.length };
        return { rows: [], count: result.affectedRows, id: String(result.insertId) };
      } catch (thrown) {
        // what it was set to, or in, is not known any more
        if (before.length > 0) connection.destroy();
        throw thrown;
      } finally {
        connection.release();
      }
    } catch (thrown) {
      throw failureOf(thrown, isWrite && isSent);
    }
  }

  moment(column: Column, raw: Raw): number | undefined {
    return typeof raw === 'string' ? momentOfText(raw, this.zoneOf(column)) : undefined;
  }

  timeParam(column: Column, ms: number): Param {
    const { wall, fraction } = textOfMoment(ms, this.zoneOf(column));
    return `${wall}${fraction}`;
  }

  now(column: Column): Stored {
    const zone = this.zoneOf(column);
    if (zone === 'UTC') return { sql: 'UTC_TIMESTAMP(6)' };
    // how far the zone is from UTC just now; the clock itself is the database's
    const ms = Math.floor(Date.now() / 1000) * 1000;
    const shift = Date.parse(`${textOfMoment(ms, zone).wall.replace(' ', 'T')}Z`) - ms;
    return { sql: `(UTC_TIMESTAMP(6) + INTERVAL ${Math.round(shift / 1000)} SECOND)` };
  }

  /** A TIMESTAMP is shown in the session's zone, which is UTC; a DATETIME names none. */
  private zoneOf({ declared }: Column): string {
    return /^timestamp/i.test(declared) ? 'UTC' : this.options.zone;
  }

  feed(table: Table, { updated }: Roles) {
    if (!updated) return new CompareFeed(this, table);
    return new TimeFeed(this, table, updated, this.options.overlapMs, (_table, column, from) =>
      this.settling(table, column, from),
    );
  }

  /**
   * What is written and not committed: a reader that asks for it sees such rows, too (READ UNCOMMITTED), and no privilege is needed. The
   * oldest of them is how far everything is complete.
   */
  private async settling(table: Table, column: Column, from: Param): Promise<Settling> {
    const [time, key] = [this.quoted(column.name), this.quoted(table.key.name)];
    const where = from === null ? '' : `WHERE ${time} >= ?`;
    const sql =
      `SELECT ${key} AS id, ${time} AS at FROM ${tableName(this, table)} ${where} ` +
      `ORDER BY ${time} DESC, ${key} DESC LIMIT ${COMPARED}`;
    const params = from === null ? [] : [from];
    const dirty = (
      await this.statement(sql, params, false, [
        'SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED',
        'START TRANSACTION READ ONLY',
      ])
    ).rows;
    const committed = new Set((await this.rows(sql, params)).map(({ id, at }) => JSON.stringify([id, at])));
    const [clock] = await this.rows('SELECT UNIX_TIMESTAMP(NOW(3)) AS seconds');
    const open = dirty.filter(({ id, at }) => !committed.has(JSON.stringify([id, at])));
    // of older rows nothing is known
    const isCut = dirty.length >= COMPARED;
    const times = [...open, ...(isCut ? dirty.slice(-1) : [])].flatMap(
      ({ at }) => this.moment(column, at ?? null) ?? [],
    );
    return {
      now: Math.round(Number(clock?.seconds) * 1000),
      isQuiet: open.length === 0 && !isCut,
      ...(times.length > 0 && { open: smallest(times) }),
    };
  }

  async close(): Promise<void> {
    await (await this.pool)?.end();
  }
}

function rowOf(row: unknown): Row {
  const entries = Object.entries(Object(row)).map(([name, value]): [string, Raw] => {
    if (typeof value === 'bigint') return [name, String(value)];
    return [name, typeof value === 'string' || typeof value === 'number' ? value : null];
  });
  return Object.fromEntries(entries);
}

function columnOf(row: Row): Column | undefined {
  const [base, declared] = [String(row.base).toLowerCase(), String(row.declared).toLowerCase()];
  const kind = declared === 'tinyint(1)' ? 'boolean' : KINDS[base];
  if (!kind) return undefined;
  const extra = String(row.extra ?? '').toLowerCase();
  // MariaDB says NULL where there is no default
  const hasDefault = row.usual !== null && row.usual !== 'NULL';
  return {
    ...{ name: String(row.name), kind, declared },
    ...{ nullable: row.nullable === 'YES', hasDefault },
    generated: /auto_increment|(virtual|stored|persistent) generated|^virtual|^persistent/.test(extra),
    ...(/^(var)?char$/.test(base) && row.longest !== null && { maxLength: Number(row.longest) }),
    ...(/int$/.test(base) && kind === 'number' && { integer: true }),
    ...(kind === 'list' && { values: entriesOf(String(row.declared)) }),
  };
}

/** `enum('a','it''s')` */
const entriesOf = (declared: string): string[] =>
  [...declared.matchAll(/'((?:[^']|'')*)'/g)].map(([, entry = '']) => entry.replaceAll("''", "'"));

const REFUSED: Record<number, SyncErrorKind> = {
  ...{ 1045: 'auth', 1698: 'auth', 1862: 'auth', 1820: 'auth', 3118: 'auth', 4151: 'auth' },
  ...{
    1044: 'forbidden',
    1142: 'forbidden',
    1143: 'forbidden',
    1227: 'forbidden',
    1290: 'forbidden',
    1792: 'forbidden',
  },
  ...{ 1146: 'notFound', 1049: 'notFound', 1054: 'notFound' },
  ...{
    1040: 'transient',
    1205: 'transient',
    1213: 'transient',
    1020: 'transient',
    1203: 'transient',
    1226: 'transient',
  },
};
/** Values that a column or a rule does not take. */
const DATA = new Set([
  ...[1048, 1062, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 1451, 1452, 1525, 1586, 1644, 1690],
  ...[3140, 3819, 4025],
]);

/** The connection was lost: another one may do. */
const isLost = (thrown: unknown): boolean => {
  if (!(thrown instanceof Error)) return false;
  const code = String(Reflect.get(thrown, 'code') ?? '');
  return (
    /CONNECTION_LOST|ECONNRESET|EPIPE|CONNECTION_KILLED|SERVER_SHUTDOWN/.test(code) ||
    /closed state/i.test(thrown.message)
  );
};

function failureOf(thrown: unknown, isSentWrite: boolean): SyncError {
  if (thrown instanceof SyncError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const number: unknown = Reflect.get(error, 'errno');
  const state: unknown = Reflect.get(error, 'sqlState');
  if (typeof number !== 'number' || number < 1000 || typeof state !== 'string' || isLost(error))
    return lostConnection('MySQL', error, isSentWrite);
  const kind = DATA.has(number) ? 'invalid' : (REFUSED[number] ?? 'fatal');
  const [, ...names] = /column (?:`[^`]*`\.)*`([^`]+)`|column '([^']+)'|Field '([^']+)'/i.exec(error.message) ?? [];
  const name = names
    .find((one) => one !== undefined)
    ?.split('.')
    .at(-1);
  return new SyncError(kind, `MySQL: ${error.message}`.slice(0, 500), {
    answer: error.message.slice(0, 500),
    ...(name !== undefined && kind === 'invalid' && { fields: { [name]: error.message.slice(0, 200) } }),
  });
}

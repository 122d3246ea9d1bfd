/** PostgreSQL 13 or newer, through the package `pg`. All values come as PostgreSQL writes them, in UTC. */

import type { Pool, PoolConfig } from 'pg';
import { SyncError, type SyncErrorKind } from '../../model/errors';
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
import { TransactionFeed } from './postgres-feed';
import { lostConnection, throughLost } from './server';
import { momentOfText, textOfMoment } from './times';

export interface PostgresOptions {
  connection: Pick<PoolConfig, 'host' | 'port' | 'database' | 'user' | 'password' | 'ssl'>;
  zone: string;
}

const SESSION = [
  "SET TimeZone = 'UTC'",
  "SET DateStyle = 'ISO, YMD'",
  "SET statement_timeout = '60s'",
  "SET lock_timeout = '20s'",
].join('; ');

const KINDS: Record<string, ColumnKind> = {
  ...{ int2: 'number', int4: 'number', int8: 'number', numeric: 'number', float4: 'number', float8: 'number' },
  ...{ bool: 'boolean', date: 'date', timestamp: 'datetime', timestamptz: 'datetime' },
  ...{ text: 'text', varchar: 'text', bpchar: 'text', citext: 'text', uuid: 'text', json: 'text', jsonb: 'text' },
  ...{ name: 'text', inet: 'text', xml: 'text' },
};

const LARGEST: Record<string, number> = { int2: 32_767, int4: 2_147_483_647 };

const CATALOGUE = `
  SELECT c.relname AS table_name, a.attname AS column_name, b.typname AS base, b.typtype AS kind,
    format_type(a.atttypid, a.atttypmod) AS declared, a.attnotnull OR t.typnotnull AS needed,
    a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL AS has_default,
    a.attgenerated <> '' OR a.attidentity = 'a' AS generated,
    pg_get_expr(d.adbin, d.adrelid) AS usual, a.attidentity <> '' AS identity,
    CASE WHEN b.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN a.atttypmod - 4 END AS longest,
    i.indkey[0] = a.attnum AS is_key,
    (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = b.oid) AS labels
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'SELECT')
  ORDER BY c.relname, a.attnum`;

export class Postgres implements Database {
  readonly product = 'PostgreSQL';
  private pool: Promise<Pool> | undefined;

  constructor(private readonly options: PostgresOptions) {}

  /** The driver is loaded only where a flow uses it. */
  private async open(): Promise<Pool> {
    const { Pool } = await import('pg');
    const pool = new Pool({
      ...this.options.connection,
      application_name: 'twinflow',
      ...{ max: 3, connectionTimeoutMillis: 15_000, idleTimeoutMillis: 30_000, allowExitOnIdle: true },
      // as PostgreSQL writes it
      types: { getTypeParser: () => (value: unknown) => value },
      // before anything else on this connection; if it fails, so does what follows
      onConnect: async (client) => {
        await client.query(SESSION);
      },
    });
    // a connection that is not in use was lost: the next query opens another one
    pool.on('error', () => undefined);
    return pool;
  }

  async about() {
    const sql = "SELECT current_user AS name, current_setting('server_version') AS version";
    const [row] = await this.rows(sql);
    return { server: `PostgreSQL ${row?.version}`, user: String(row?.name) };
  }

  async schemas(): Promise<string[]> {
    const rows = await this.rows(
      `SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
        AND has_schema_privilege(oid, 'USAGE') ORDER BY nspname <> 'public', nspname`,
    );
    return rows.map(({ name }) => String(name));
  }

  async tables(schema: string): Promise<Table[]> {
    const tables = new Map<string, { columns: Column[]; key?: Column }>();
    for (const row of await this.rows(CATALOGUE, [schema])) {
      const name = String(row.table_name);
      const table = tables.get(name) ?? { columns: [] };
      tables.set(name, table);
      const column = columnOf(row);
      if (!column) continue;
      table.columns.push(column);
      if (row.is_key === 't') table.key = column;
    }
    return [...tables].flatMap(([name, { columns, key }]) => (key ? [{ schema, name, columns, key }] : []));
  }

  quoted(name: string): string {
    return `"${name.replaceAll('"', '""')}"`;
  }

  place(index: number): string {
    return `$${index}`;
  }

  holds({ name }: Column, place: string): string {
    return `${this.quoted(name)}::text ILIKE ${place} ESCAPE '!'`;
  }

  async rows(sql: string, params: readonly Param[] = []): Promise<Row[]> {
    return (await this.query(sql, params)).rows;
  }

  async insert(table: Table, values: ReadonlyMap<Column, Stored>): Promise<Raw> {
    const { sql, params } = values.size === 0 ? { sql: 'DEFAULT VALUES', params: [] } : insertion(this, values);
    const key = this.quoted(table.key.name);
    const { rows } = await this.query(
      `INSERT INTO ${tableName(this, table)} ${sql} RETURNING ${key} AS id`,
      params,
      true,
    );
    return rows[0]?.id ?? null;
  }

  async update(sql: string, params: readonly Param[]): Promise<number> {
    return (await this.query(sql, params, true)).count;
  }

  private async query(sql: string, params: readonly Param[], isWrite = false): Promise<{ rows: Row[]; count: number }> {
    this.pool ??= this.open();
    const pool = await this.pool;
    try {
      // a connection that was lost while nobody used it is noticed here, and not by a write
      if (isWrite) await throughLost(() => pool.query('SELECT 1'), isLost);
      const ask = () => pool.query<Row>(sql, [...params]);
      const { rows, rowCount } = await (isWrite ? ask() : throughLost(ask, isLost));
      return { rows, count: rowCount ?? 0 };
    } catch (thrown) {
      throw failureOf(thrown, isWrite);
    }
  }

  moment(_column: Column, raw: Raw): number | undefined {
    return typeof raw === 'string' ? momentOfText(raw, this.options.zone) : undefined;
  }

  timeParam(column: Column, ms: number): Param {
    const hasZone = /with time zone/.test(column.declared);
    const { wall, fraction } = textOfMoment(ms, hasZone ? 'UTC' : this.options.zone);
    return `${wall}${fraction}${hasZone ? 'Z' : ''}`;
  }

  now(column: Column): Stored {
    // the zone was checked, and holds no quote
    const zone = this.options.zone.replace(/[^\w/+-]/g, '');
    return {
      sql: /with time zone/.test(column.declared) ? 'clock_timestamp()' : `clock_timestamp() AT TIME ZONE '${zone}'`,
    };
  }

  feed(table: Table, { updated }: Roles) {
    return new TransactionFeed(this, table, updated);
  }

  async close(): Promise<void> {
    await (await this.pool)?.end();
  }
}

function columnOf(row: Row): Column | undefined {
  const kind = row.kind === 'e' ? 'list' : KINDS[String(row.base)];
  if (!kind) return undefined;
  const isSequence = row.identity === 't' || /^nextval\(/.test(String(row.usual ?? ''));
  const labels: unknown = typeof row.labels === 'string' ? JSON.parse(row.labels) : undefined;
  return {
    ...{ name: String(row.column_name), kind, declared: String(row.declared) },
    ...{ nullable: row.needed !== 't', hasDefault: row.has_default === 't' },
    generated: row.generated === 't' || isSequence,
    ...(row.longest !== null && row.longest !== undefined && { maxLength: Number(row.longest) }),
    ...(/^int/.test(String(row.base)) && { integer: true }),
    ...(LARGEST[String(row.base)] !== undefined && { largest: LARGEST[String(row.base)] }),
    ...(Array.isArray(labels) && { values: labels.map(String) }),
  };
}

/** The connection was lost: another one may do. */
const isLost = (thrown: unknown): boolean => {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = String(Reflect.get(error, 'code') ?? '');
  return /^57P0|^08/.test(code) || /ECONNRESET|EPIPE/.test(code) || /terminated|closed/i.test(error.message);
};

function kindOf(code: string): SyncErrorKind {
  if (code.startsWith('28')) return 'auth';
  if (code === '42501' || code === '25006') return 'forbidden';
  if (code === '42P01' || code === '3F000' || code === '42703') return 'notFound';
  if (/^(22|23|44|P0)/.test(code)) return 'invalid';
  if (code === '3D000') return 'fatal';
  if (/^(08|40|53|55|57)/.test(code)) return 'transient';
  return 'fatal';
}

function failureOf(thrown: unknown, isWrite: boolean): SyncError {
  if (thrown instanceof SyncError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return lostConnection('PostgreSQL', error, isWrite);
  const kind = kindOf(code);
  const [named, detail]: unknown[] = [Reflect.get(error, 'column'), Reflect.get(error, 'detail')];
  const column = typeof named === 'string' ? named : /^Key \("?([^")]+)"?\)=/.exec(String(detail ?? ''))?.[1];
  const words = `PostgreSQL: ${error.message}${typeof detail === 'string' && kind === 'invalid' ? ` (${detail})` : ''}`;
  return new SyncError(kind, words.slice(0, 500), {
    answer: error.message.slice(0, 500),
    ...(column !== undefined && kind === 'invalid' && { fields: { [column]: error.message.slice(0, 200) } }),
    // the server ended the connection: nobody knows whether the statement was carried out
    ...(isWrite && code.startsWith('57P') && { uncertain: true }),
  });
}

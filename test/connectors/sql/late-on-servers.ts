/** The measurement on real servers: a table each, and transactions of their own. */

import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { sql } from '../../../lib/connectors/sql';
import type { MariaDbServer, PostgresServer } from '../../support/database-servers';
import { type LateFigures, measureLateCommits, type Transaction } from './late-commits';

const AT = '1970-01-01 00:00:00';

/** @see measureLateCommits */
export async function lateOnPostgres(
  { admin, port, login, password }: PostgresServer,
  rows: number,
): Promise<LateFigures> {
  await admin.query(`CREATE TABLE late (id bigserial PRIMARY KEY, title text, updated_at timestamptz NOT NULL DEFAULT now());
    GRANT SELECT ON late TO ${login}`);
  const connection = sql.connect(
    { database: 'postgres', host: '127.0.0.1', port: String(port), name: 'postgres', login, password },
    {},
  );
  const begin = async (): Promise<Transaction> => {
    const client = await admin.connect();
    await client.query('BEGIN');
    return {
      insert: async (title) => {
        const { rows: made } = await client.query('INSERT INTO late (title) VALUES ($1) RETURNING id::text', [title]);
        return String(made[0]?.id);
      },
      update: async (key, title) => {
        await client.query('UPDATE late SET title = $1, updated_at = now() WHERE id = $2', [title, key]);
      },
      commit: async () => {
        await client.query('COMMIT');
        client.release();
      },
    };
  };
  const later = async (time = AT) => {
    const query = `SELECT id::text AS key, title, to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS time
      FROM late WHERE updated_at > $1::timestamp AT TIME ZONE 'UTC' ORDER BY updated_at`;
    return (await admin.query<{ key: string; title: string; time: string }>(query, [time])).rows;
  };
  try {
    const scope = { projects: ['public'], types: ['late'] };
    return await measureLateCommits(connection, { scope, begin, later }, rows);
  } finally {
    await connection.close?.();
    await admin.query('DROP TABLE late');
  }
}

/** @see measureLateCommits */
export async function lateOnMariaDb(
  { admin, port, login, password }: MariaDbServer,
  rows: number,
): Promise<LateFigures> {
  await admin.query('CREATE DATABASE IF NOT EXISTS late');
  await admin.query(`CREATE TABLE late.late (id BIGINT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(100),
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), KEY (updated_at))`);
  await admin.query(`GRANT SELECT ON late.* TO ${login}@'127.0.0.1'`);
  const connection = sql.connect(
    { database: 'mysql', host: '127.0.0.1', port: String(port), schema: 'late', login, password, overlap: '2' },
    {},
  );
  const begin = async (): Promise<Transaction> => {
    const client = await admin.getConnection();
    await client.query("SET SESSION time_zone = '+00:00'");
    await client.beginTransaction();
    return {
      insert: async (title) => {
        const [{ insertId }] = await client.query<ResultSetHeader>('INSERT INTO late.late (title) VALUES (?)', [title]);
        return String(insertId);
      },
      update: async (key, title) => {
        await client.query('UPDATE late.late SET title = ? WHERE id = ?', [title, key]);
      },
      commit: async () => {
        await client.commit();
        client.release();
      },
    };
  };
  const later = async (time = AT) => {
    const client = await admin.getConnection();
    await client.query("SET SESSION time_zone = '+00:00'");
    const [found] = await client.query<RowDataPacket[]>(
      `SELECT CAST(id AS CHAR) AS \`key\`, title, DATE_FORMAT(updated_at, '%Y-%m-%d %H:%i:%s.%f') AS time
       FROM late.late WHERE updated_at > ? ORDER BY updated_at`,
      [time === AT ? '1971-01-01 00:00:00' : time],
    );
    client.release();
    return found.map(({ key, title, time: at }) => ({ key: String(key), title: String(title), time: String(at) }));
  };
  try {
    const scope = { projects: ['late'], types: ['late'] };
    return await measureLateCommits(connection, { scope, begin, later }, rows);
  } finally {
    await connection.close?.();
    await admin.query('DROP DATABASE late');
  }
}

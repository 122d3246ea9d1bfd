/**
 * Rows of databases whose transactions are committed late: how many are missed, or known in an old state, by Twinflow, and by a reader
 * that asks for what is later than the last time. Six writers, 450 rows, a poll every 40 ms.
 */

import type { LateFigures } from '../connectors/sql/late-commits';
import { lateOnMariaDb, lateOnPostgres } from '../connectors/sql/late-on-servers';
import { mariaDb, postgres, startMariaDb, startPostgres } from '../support/database-servers';

const ROWS = 450;

export interface SqlFigures {
  /** of all databases */
  missed: number;
  missedNaive: number;
  postgres: LateFigures | null;
  mariaDb: LateFigures | null;
}

/** @returns null if there is no database server */
export async function benchSql(say: (text: string) => void): Promise<SqlFigures | null> {
  let onPostgres: LateFigures | null = null;
  let onMariaDb: LateFigures | null = null;
  if ('missing' in postgres) say(`PostgreSQL: not measured, ${postgres.missing}`);
  else {
    const server = await startPostgres(postgres.there);
    onPostgres = await lateOnPostgres(server, ROWS).finally(() => server.stop());
  }
  if ('missing' in mariaDb) say(`MariaDB: not measured, ${mariaDb.missing}`);
  else {
    const server = await startMariaDb(mariaDb.there);
    onMariaDb = await lateOnMariaDb(server, ROWS).finally(() => server.stop());
  }
  const all = [onPostgres, onMariaDb].flatMap((figures) => figures ?? []);
  if (all.length === 0) return null;
  const sum = (of: (figures: LateFigures) => number) => all.reduce((total, figures) => total + of(figures), 0);
  return {
    missed: sum(({ missed, stale }) => missed + stale),
    missedNaive: sum(({ missedNaive }) => missedNaive),
    postgres: onPostgres,
    mariaDb: onMariaDb,
  };
}

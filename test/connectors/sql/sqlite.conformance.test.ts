/** SQLite passes the conformance suite. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Connection } from '../../../lib/connectors/connector';
import { sql } from '../../../lib/connectors/sql';
import { connectorConformance } from '../../conformance/connector';
import { type Client, databaseUnderTest, LACKS } from './under-test';

const NOW = "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))";

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE bugs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title VARCHAR(300) NOT NULL,
    note TEXT,
    external_id TEXT,
    estimate REAL,
    votes INTEGER,
    blocked BOOLEAN,
    due DATE,
    verified_at DATETIME,
    created_by TEXT,
    marker TEXT,
    created_at TEXT NOT NULL DEFAULT ${NOW},
    updated_at TEXT NOT NULL DEFAULT ${NOW}
  );
  CREATE INDEX bugs_updated ON bugs (updated_at);
  CREATE TRIGGER bugs_touched AFTER UPDATE OF title ON bugs WHEN new.updated_at = old.updated_at
  BEGIN UPDATE bugs SET updated_at = ${NOW} WHERE id = new.id; END;
  CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT NOT NULL, updated_at TEXT NOT NULL DEFAULT ${NOW});
  INSERT INTO tasks (id, title) VALUES ('one', 'A task');
`;

let folder: string;
let other: DatabaseSync;
const connect = (): Connection =>
  sql.connect(
    {
      ...{ database: 'sqlite', file: join(folder, 'app.sqlite'), overlap: '2' },
      ...{ creator: 'created_by', marker: 'marker' },
    },
    {},
  );

const client: Client = {
  run: async (statement, params = []) => other.prepare(statement).all(...params),
  insert: async (titles) =>
    titles.map((title) => {
      const [row] = other
        .prepare('INSERT INTO bugs (title, created_by) VALUES (?, ?) RETURNING id')
        .all(title, 'alice');
      return String(row?.id);
    }),
};

connectorConformance('SQLite', {
  lacks: { ...LACKS, list: 'it has no lists', credentialsDie: 'a file has no accounts' },
  async start() {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-sqlite-'));
    other = new DatabaseSync(join(folder, 'app.sqlite'));
    other.exec(SCHEMA);
    return databaseUnderTest('main', connect(), connect, client, {
      troubles: {
        poisonTitle: (title) => {
          const text = `'${title.replaceAll("'", "''")}'`;
          for (const event of ['INSERT', 'UPDATE'])
            other.exec(`CREATE TRIGGER poison_${event} BEFORE ${event} ON bugs WHEN new.title = ${text}
              BEGIN SELECT RAISE(ABORT, 'poison'); END`);
          return () => other.exec('DROP TRIGGER poison_INSERT; DROP TRIGGER poison_UPDATE');
        },
      },
    });
  },
  async stop() {
    other.close();
    rmSync(folder, { recursive: true });
  },
});

/** A real MariaDB passes the conformance suite. */

import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { Connection } from '../../../lib/connectors/connector';
import { sql } from '../../../lib/connectors/sql';
import { connectorConformance } from '../../conformance/connector';
import { type MariaDbServer, mariaDb, startMariaDb } from '../../support/database-servers';
import { type Client, databaseUnderTest, LACKS, SAMPLES } from './under-test';

const SCHEMA = [
  'CREATE DATABASE app CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
  'USE app',
  `CREATE TABLE bugs (
    id BIGINT AUTO_INCREMENT PRIMARY KEY,
    title VARCHAR(300) NOT NULL,
    note TEXT,
    external_id VARCHAR(100),
    estimate DOUBLE,
    votes INT,
    blocked TINYINT(1),
    due DATE,
    verified_at DATETIME(3),
    severity ENUM('low', 'high', 'it''s on fire'),
    created_by VARCHAR(100),
    marker VARCHAR(200),
    created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    KEY (updated_at)
  ) ENGINE = InnoDB`,
  'CREATE TABLE tasks (id VARCHAR(36) PRIMARY KEY, title VARCHAR(100) NOT NULL, updated_at DATETIME(3) NOT NULL)',
  "INSERT INTO tasks VALUES ('one', 'A task', '2026-01-01 00:00:00')",
  "GRANT SELECT, INSERT, UPDATE, DELETE ON app.* TO sync@'127.0.0.1'",
];

let server: MariaDbServer | undefined;

const running = (): MariaDbServer => {
  if (!server) throw new Error('MariaDB is not started');
  return server;
};

const connect = (): Connection => {
  const { port, login, password } = running();
  return sql.connect(
    {
      ...{ database: 'mysql', host: '127.0.0.1', port: String(port), schema: 'app', login, password },
      ...{ creator: 'created_by', marker: 'marker', overlap: '2' },
    },
    {},
  );
};

const client: Client = {
  async run(statement, params = []) {
    const [rows] = await running().admin.query<RowDataPacket[]>(statement.replace(/\bbugs\b/, 'app.bugs'), params);
    return Array.isArray(rows) ? rows : [];
  },
  async insert(titles) {
    const keys: string[] = [];
    for (const title of titles) {
      const text = 'INSERT INTO app.bugs (title, created_by) VALUES (?, ?)';
      const [{ insertId }] = await running().admin.query<ResultSetHeader>(text, [title, 'alice']);
      keys.push(String(insertId));
    }
    return keys;
  },
};

connectorConformance('MariaDB', {
  lacks: LACKS,
  ...('missing' in mariaDb ? { unavailable: mariaDb.missing } : {}),
  timeoutMs: 60_000,
  async start() {
    if ('missing' in mariaDb) throw new Error(mariaDb.missing);
    server = await startMariaDb(mariaDb.there);
    const { admin } = server;
    const one = await admin.getConnection();
    for (const statement of SCHEMA) await one.query(statement);
    one.release();
    return databaseUnderTest('app', connect(), connect, client, {
      samples: [...SAMPLES, { field: 'severity', values: [{ name: 'high' }, { name: "it's on fire" }] }],
      troubles: {
        credentialsDie: {
          'another password': async () => {
            await admin.query("ALTER USER sync@'127.0.0.1' IDENTIFIED BY 'another'");
            const [list] = await admin.query<RowDataPacket[]>(
              "SELECT id FROM information_schema.processlist WHERE user = 'sync'",
            );
            for (const { id } of list) await admin.query(`KILL CONNECTION ${Number(id)}`).catch(() => undefined);
            return async () => {
              await admin.query("ALTER USER sync@'127.0.0.1' IDENTIFIED BY 'secret'");
            };
          },
        },
        poisonTitle: async (title) => {
          const text = title.replaceAll("'", "''");
          for (const event of ['INSERT', 'UPDATE'])
            await admin.query(`CREATE TRIGGER app.poison_${event} BEFORE ${event} ON app.bugs FOR EACH ROW
              IF NEW.title = '${text}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'poison'; END IF`);
          return async () => {
            for (const event of ['INSERT', 'UPDATE']) await admin.query(`DROP TRIGGER app.poison_${event}`);
          };
        },
      },
    });
  },
  async stop() {
    await server?.stop();
  },
});

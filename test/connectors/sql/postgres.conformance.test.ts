/** A real PostgreSQL passes the conformance suite. */

import type { Connection } from '../../../lib/connectors/connector';
import { sql } from '../../../lib/connectors/sql';
import { connectorConformance } from '../../conformance/connector';
import { type PostgresServer, postgres, startPostgres } from '../../support/database-servers';
import { type Client, databaseUnderTest, LACKS, SAMPLES } from './under-test';

const SCHEMA = `
  CREATE TYPE severity AS ENUM ('low', 'high', 'it''s on fire');
  CREATE TABLE bugs (
    id bigserial PRIMARY KEY,
    title varchar(300) NOT NULL CHECK (title <> ''),
    note text,
    external_id text,
    estimate double precision,
    votes integer,
    blocked boolean,
    due date,
    verified_at timestamp(3) without time zone,
    severity severity,
    created_by text,
    marker text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE tasks (id uuid PRIMARY KEY, title text NOT NULL, updated_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO tasks VALUES ('6ce954b1-0001-4000-8000-000000000001', 'A task');
  GRANT USAGE ON SCHEMA public TO sync;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO sync;
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sync;
`;

let server: PostgresServer | undefined;

const running = (): PostgresServer => {
  if (!server) throw new Error('PostgreSQL is not started');
  return server;
};

const connect = (): Connection => {
  const { port, login, password } = running();
  return sql.connect(
    {
      ...{ database: 'postgres', host: '127.0.0.1', port: String(port), name: 'postgres', login, password },
      ...{ creator: 'created_by', marker: 'marker' },
    },
    {},
  );
};

const client: Client = {
  async run(statement, params = []) {
    let number = 0;
    const numbered = statement.replaceAll('?', () => `$${++number}`);
    return (await running().admin.query(numbered, params)).rows;
  },
  async insert(titles) {
    const keys: string[] = [];
    for (const title of titles) {
      const [row] = await client.run('INSERT INTO bugs (title, created_by) VALUES (?, ?) RETURNING id', [
        title,
        'alice',
      ]);
      keys.push(String(row?.id));
    }
    return keys;
  },
};

connectorConformance('PostgreSQL', {
  lacks: LACKS,
  ...('missing' in postgres ? { unavailable: postgres.missing } : {}),
  timeoutMs: 60_000,
  async start() {
    if ('missing' in postgres) throw new Error(postgres.missing);
    server = await startPostgres(postgres.there);
    await server.admin.query(SCHEMA);
    const { admin } = server;
    return databaseUnderTest('public', connect(), connect, client, {
      samples: [...SAMPLES, { field: 'severity', values: [{ name: 'high' }, { name: "it's on fire" }] }],
      troubles: {
        credentialsDie: {
          'another password': async () => {
            await admin.query("ALTER ROLE sync PASSWORD 'another'");
            await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sync'");
            return async () => {
              await admin.query("ALTER ROLE sync PASSWORD 'secret'");
            };
          },
        },
        poisonTitle: async (title) => {
          await admin.query(`
            CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF new.title = '${title.replaceAll("'", "''")}' THEN RAISE EXCEPTION 'poison'; END IF;
              RETURN new;
            END $$;
            CREATE TRIGGER poison BEFORE INSERT OR UPDATE ON bugs FOR EACH ROW EXECUTE FUNCTION poison()`);
          return async () => {
            await admin.query('DROP FUNCTION poison CASCADE');
          };
        },
      },
    });
  },
  async stop() {
    await server?.stop();
  },
});

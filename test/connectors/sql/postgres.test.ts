/** A real PostgreSQL: transactions that are committed late, tables without times, restored databases, refusals. */

import assert from 'node:assert/strict';
import type { Checkpoint, Connection, Scope } from '../../../lib/connectors/connector';
import { sql } from '../../../lib/connectors/sql';
import { SyncError } from '../../../lib/model/errors';
import { type PostgresServer, postgres, startPostgres } from '../../support/database-servers';
import { describeWith } from '../../support/need';
import { lateOnPostgres } from './late-on-servers';

const PLAIN: Scope = { projects: ['public'], types: ['plain'] };

async function poll(connection: Connection, since: Checkpoint | undefined, size = 50) {
  const found: string[] = [];
  let checkpoint: Checkpoint = since ?? {};
  for await (const page of connection.changes(PLAIN, since && JSON.parse(JSON.stringify(since)), size)) {
    assert.ok(page.entities.length <= size);
    found.push(...page.entities.map(({ fields }) => String(fields.title)));
    checkpoint = page.checkpoint;
  }
  return { found, checkpoint };
}

describeWith('sql: a real PostgreSQL', postgres, function (bin) {
  this.timeout(120_000);
  let server: PostgresServer;
  let connection: Connection;
  const open = (more: Record<string, string> = {}): Connection => {
    const { port, login, password } = server;
    const config = { database: 'postgres', host: '127.0.0.1', port: String(port), name: 'postgres', login, password };
    return sql.connect({ ...config, ...more }, {});
  };

  before(async () => {
    server = await startPostgres(bin);
    connection = open();
  });
  after(async () => {
    await connection.close?.();
    await server.stop();
  });
  beforeEach(async () => {
    await server.admin.query(`DROP TABLE IF EXISTS plain; CREATE TABLE plain (id serial PRIMARY KEY, code text UNIQUE, title text);
      GRANT SELECT, INSERT, UPDATE ON plain TO sync; GRANT USAGE ON SEQUENCE plain_id_seq TO sync`);
  });

  it('loses nothing to six writers with slow transactions', async () => {
    const figures = await lateOnPostgres(server, 120);
    assert.ok(figures.changes >= 120, JSON.stringify(figures));
    assert.deepEqual([figures.missed, figures.stale], [0, 0], JSON.stringify(figures));
  });

  it('reads a table without any time, from what is there on', async () => {
    await server.admin.query("INSERT INTO plain (title) SELECT 'old ' || n FROM generate_series(1, 120) n");
    assert.equal((await poll(connection, undefined, 7)).found.length, 120);
    const since = await connection.newest(PLAIN);
    assert.deepEqual((await poll(connection, since)).found, []);
    await server.admin.query("UPDATE plain SET title = 'changed' WHERE id = 7");
    const next = await poll(connection, since);
    assert.deepEqual(next.found, ['changed']);
    assert.deepEqual((await poll(connection, next.checkpoint)).found, []);
    await assert.rejects(poll(connection, connection.checkpointAt('2026-01-01T00:00:00Z')), /no column with the time/);
  });

  it('goes on after a bulk in one transaction, page by page, also while an old transaction is open', async () => {
    const since = await connection.newest(PLAIN);
    const old = await server.admin.connect();
    await old.query("BEGIN; INSERT INTO plain (title) VALUES ('late')");
    await server.admin.query("INSERT INTO plain (title) SELECT 'bulk' FROM generate_series(1, 2500)");
    const first = await poll(connection, since, 100);
    assert.equal(first.found.length, 2_500);
    await old.query('COMMIT');
    old.release();
    assert.ok((await poll(connection, first.checkpoint, 100)).found.includes('late'));
    // the first page only
    const pages = connection.changes(PLAIN, since, 100);
    const page = await pages[Symbol.asyncIterator]().next();
    assert.ok(!page.done);
    const rest = await poll(connection, page.value.checkpoint, 100);
    assert.equal(page.value.entities.length + rest.found.length, 2_501, 'none is read twice, none is lost');
  });

  it('stops if the database counts its transactions from further back: it was restored', async () => {
    const since = await connection.newest(PLAIN);
    const stored = JSON.parse(JSON.stringify(since));
    for (const position of Object.values<{ xid: string }>(stored.tables))
      position.xid = `${BigInt(position.xid) + 1_000_000n}`;
    await assert.rejects(poll(connection, stored), (thrown: unknown) => {
      assert.ok(thrown instanceof SyncError);
      assert.equal(thrown.kind, 'fatal');
      assert.match(thrown.message, /restored or replaced.*topic "start"/s);
      return true;
    });
  });

  it('says what is wrong, with the column and what to do', async () => {
    const create = async (fields: Record<string, string>, on = connection) => {
      const [result] = (await on.write?.(PLAIN, [{ kind: 'create', project: 'public', type: 'plain', fields }])) ?? [];
      return result;
    };
    await create({ code: 'A' });
    const twice = await create({ code: 'A' });
    assert.ok(twice && !twice.ok);
    assert.deepEqual([twice.error.kind, Object.keys(twice.error.detail.fields ?? {})], ['invalid', ['code']]);
    const nul = await create({ title: 'a\0b' });
    assert.ok(nul && !nul.ok && nul.error.detail.fields?.title);
    await server.admin.query('REVOKE INSERT ON plain FROM sync');
    const forbidden = await create({ title: 'x' });
    assert.ok(forbidden && !forbidden.ok);
    assert.equal(forbidden.error.kind, 'forbidden');
    const closed = open({ port: '1' });
    await assert.rejects(closed.identify(), /Nothing listens there/);
    await closed.close?.();
    const stranger = open({ password: 'wrong' });
    await assert.rejects(
      stranger.identify(),
      (thrown: unknown) => thrown instanceof SyncError && thrown.kind === 'auth',
    );
    await stranger.close?.();
  });
});

describeWith('sql: a PostgreSQL whose transaction numbers come round', postgres, function (bin) {
  this.timeout(120_000);

  it('is read as any other, across 2^32', async () => {
    const server = await startPostgres(bin, 2 ** 32 - 60);
    const { admin, port, login, password } = server;
    const config = { database: 'postgres', host: '127.0.0.1', port: String(port), name: 'postgres', login, password };
    const connection = sql.connect(config, {});
    try {
      await admin.query('CREATE TABLE plain (id serial PRIMARY KEY, title text); GRANT SELECT ON plain TO sync');
      await admin.query("INSERT INTO plain (title) VALUES ('first')");
      let since: Checkpoint | undefined = await connection.newest(PLAIN);
      const numbers: bigint[] = [];
      for (let n = 0; n < 100; n += 1) {
        const { rows } = await admin.query<{ xid: string }>(
          `INSERT INTO plain (title) VALUES ('${n}') RETURNING pg_current_xact_id()::text AS xid`,
        );
        numbers.push(BigInt(rows[0]?.xid ?? 0));
        if (n % 7 > 0) continue;
        const { found, checkpoint } = await poll(connection, since, 3);
        assert.equal(found.at(-1), String(n));
        since = checkpoint;
      }
      assert.ok((numbers[0] ?? 0n) < 2n ** 32n && (numbers.at(-1) ?? 0n) > 2n ** 32n, 'the numbers came round');
      assert.deepEqual((await poll(connection, since, 3)).found, ['99']);
    } finally {
      await connection.close?.();
      await server.stop();
    }
  });
});

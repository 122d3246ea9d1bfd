/** A real MariaDB: transactions that are committed late, also with times that a program sets in another zone. */

import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import { sql } from '../../../lib/connectors/sql';
import { SyncError } from '../../../lib/model/errors';
import { type MariaDbServer, mariaDb, startMariaDb } from '../../support/database-servers';
import { describeWith } from '../../support/need';
import { lateOnMariaDb } from './late-on-servers';

describeWith('sql: a real MariaDB', mariaDb, function (program) {
  this.timeout(120_000);
  let server: MariaDbServer;
  const open = (more: Record<string, string> = {}): Connection => {
    const { port, login, password } = server;
    return sql.connect({ database: 'mysql', host: '127.0.0.1', port: String(port), login, password, ...more }, {});
  };

  before(async () => {
    server = await startMariaDb(program);
  });
  after(async () => {
    await server.stop();
  });

  it('loses nothing to six writers with slow transactions', async () => {
    const figures = await lateOnMariaDb(server, 120);
    assert.ok(figures.changes >= 120, JSON.stringify(figures));
    assert.deepEqual([figures.missed, figures.stale], [0, 0], JSON.stringify(figures));
  });

  it('finds what was written long ago and is committed now, which no overlap covers', async () => {
    await server.admin.query('CREATE DATABASE slow');
    await server.admin.query(
      'CREATE TABLE slow.bugs (id INT PRIMARY KEY, title VARCHAR(50), updated_at DATETIME(6) NOT NULL, KEY (updated_at))',
    );
    await server.admin.query("GRANT SELECT ON slow.* TO sync@'127.0.0.1'");
    const connection = open({ overlap: '2', schema: 'slow' });
    const scope = { projects: ['slow'], types: ['bugs'] };
    await server.admin.query("INSERT INTO slow.bugs VALUES (1, 'start', '2026-01-01 00:00:00')");
    const since = await connection.newest(scope);
    const late = await server.admin.getConnection();
    await late.beginTransaction();
    await late.query("INSERT INTO slow.bugs VALUES (2, 'late', '2026-01-01 00:01:00')");
    await server.admin.query("INSERT INTO slow.bugs VALUES (3, 'quick', '2026-01-01 09:00:00')");
    const poll = async (from: typeof since) => {
      const titles: unknown[] = [];
      let checkpoint = from;
      for await (const page of connection.changes(scope, from && JSON.parse(JSON.stringify(from)), 50)) {
        titles.push(...page.entities.map(({ fields }) => fields.title));
        checkpoint = page.checkpoint;
      }
      return { titles, checkpoint };
    };
    const first = await poll(since);
    assert.ok(first.titles.includes('quick') && !first.titles.includes('late'));
    await late.commit();
    late.release();
    assert.ok((await poll(first.checkpoint)).titles.includes('late'));
    await connection.close?.();
  });

  it('names the column that cannot hold a text, and says so where the server has no encryption', async () => {
    await server.admin.query('CREATE DATABASE old');
    await server.admin.query(
      'CREATE TABLE old.bugs (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(50) CHARACTER SET latin1)',
    );
    await server.admin.query("GRANT ALL ON old.* TO sync@'127.0.0.1'");
    const connection = open({ schema: 'old' });
    const write = async (title: string) =>
      (await connection.write?.({ projects: ['old'], types: ['bugs'] }, [
        { kind: 'create', project: 'old', type: 'bugs', fields: { title } },
      ])) ?? [];
    const [fits] = await write('Grüße');
    assert.ok(fits?.ok && fits.entity.fields.title === 'Grüße');
    const [result] = await write('🚢');
    assert.ok(result && !result.ok);
    assert.deepEqual([result.error.kind, Object.keys(result.error.detail.fields ?? {})], ['invalid', ['title']]);
    await connection.close?.();
    const config = {
      database: 'mysql',
      host: '127.0.0.1',
      port: String(server.port),
      login: 'sync',
      password: 'secret',
    };
    const encrypted = sql.connect({ ...config, encrypted: true }, {});
    await assert.rejects(
      encrypted.identify(),
      (thrown: unknown) => thrown instanceof SyncError && thrown.kind === 'fatal' && /secure/.test(thrown.message),
    );
    await encrypted.close?.();
  });

  it('tells a refused account from a server that is not there', async () => {
    const stranger = open({ password: 'wrong' });
    await assert.rejects(
      stranger.identify(),
      (thrown: unknown) => thrown instanceof SyncError && thrown.kind === 'auth',
    );
    await stranger.close?.();
    const closed = open({ port: '1' });
    await assert.rejects(closed.identify(), /Nothing listens there/);
    await closed.close?.();
  });
});

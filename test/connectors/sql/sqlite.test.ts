/** SQLite files as other programs make them: odd names, odd times, no times at all, and writers that take long. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Checkpoint, Connection, Scope } from '../../../lib/connectors/connector';
import { sql } from '../../../lib/connectors/sql';
import { momentOfText } from '../../../lib/connectors/sql/times';
import { SyncError } from '../../../lib/model/errors';

const scopeOf = (...types: string[]): Scope => ({ projects: ['main'], types });

async function poll(connection: Connection, scope: Scope, since: Checkpoint | undefined, size = 50) {
  const found: string[] = [];
  let checkpoint: Checkpoint = since ?? {};
  for await (const page of connection.changes(scope, since && JSON.parse(JSON.stringify(since)), size)) {
    found.push(...page.entities.map(({ fields, key }) => String(fields.title ?? key)));
    checkpoint = page.checkpoint;
  }
  return { found, checkpoint };
}

describe('sql: SQLite files', () => {
  let folder: string;
  let other: DatabaseSync;
  let connection: Connection;
  const open = (more: Record<string, string> = {}): Connection =>
    sql.connect({ database: 'sqlite', file: join(folder, 'app.sqlite'), overlap: '2', ...more }, {});
  const has = (schema: string, more: Record<string, string> = {}): void => {
    other.exec(schema);
    connection = open(more);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-sqlite-'));
    other = new DatabaseSync(join(folder, 'app.sqlite'));
    other.exec('PRAGMA journal_mode = WAL');
  });
  afterEach(async () => {
    await connection?.close?.();
    other.close();
    rmSync(folder, { recursive: true });
  });

  it('has names and values with every kind of quote as data', async () => {
    const name = `a"b'c\`d; DROP TABLE safe; --`;
    const quoted = `"${name.replaceAll('"', '""')}"`;
    has(`CREATE TABLE safe (id INTEGER PRIMARY KEY); CREATE TABLE ${quoted} (id INTEGER PRIMARY KEY, ${quoted} TEXT)`);
    const scope = scopeOf(name);
    const value = `'); DROP TABLE safe; -- " \` $1 ? :x`;
    const [result] =
      (await connection.write?.(scope, [{ kind: 'create', project: 'main', type: name, fields: { [name]: value } }])) ??
      [];
    assert.ok(result?.ok, JSON.stringify(result));
    assert.equal(result.entity.fields[name], value);
    const query = { project: 'main', type: name, field: { id: name, values: [value] } };
    assert.deepEqual(await connection.find?.(query, 5), [result.entity]);
    assert.deepEqual(await connection.read(scope, [result.entity.id]), [result.entity]);
    for (const id of [`main.safe#1 OR 1=1`, `main.safe#`, `x#1`, `main.safe#1#1`, '%#%', `main.%E0%A4%A#1`])
      assert.deepEqual(await connection.read(scopeOf('safe'), [id]), [undefined], id);
    assert.ok((await connection.entityTypes('main')).some(({ id }) => id === 'safe'));
  });

  it('offers tables with a key of one column, and no contents of files', async () => {
    has(`CREATE TABLE one (id INTEGER PRIMARY KEY, photo BLOB, title TEXT, twice INTEGER AS (id * 2) STORED);
         CREATE TABLE two (a INTEGER, b INTEGER, PRIMARY KEY (a, b)); CREATE TABLE none (a TEXT)`);
    assert.deepEqual(await connection.entityTypes('main'), [{ id: 'one', name: 'one' }]);
    const fields = await connection.fields('main', 'one');
    assert.deepEqual(
      fields.map(({ id, type, readOnly = false }) => [id, type, readOnly]),
      [
        ['id', 'number', true],
        ['title', 'text', false],
        ['twice', 'number', true],
      ],
    );
  });

  for (const [what, declared, now, later] of [
    ['Julian days, as Fossil has them', 'REAL', 2_461_374.5, 2_461_374.75],
    ['seconds since 1970', 'INTEGER', 1_790_000_000, 1_790_000_500],
    ['milliseconds since 1970', 'INTEGER', 1_790_000_000_000, 1_790_000_500_000],
    ['texts with a blank', 'TEXT', '2026-05-01 10:00:00', '2026-05-01 10:20:00'],
  ] as const) {
    it(`reads by times that are ${what}`, async () => {
      has(`CREATE TABLE ticket (tkt_id INTEGER PRIMARY KEY, title TEXT, tkt_mtime ${declared})`, {
        updated: 'tkt_mtime',
      });
      const add = (title: string, at: string | number) =>
        other.prepare('INSERT INTO ticket (title, tkt_mtime) VALUES (?, ?)').run(title, at);
      add('old', now);
      await connection.close?.();
      connection = open({ updated: 'tkt_mtime' });
      const since = await connection.newest(scopeOf('ticket'));
      add('new', later);
      const first = await poll(connection, scopeOf('ticket'), since);
      assert.deepEqual(first.found.slice(-1), ['new']);
      const [entity] = (await connection.latest?.(scopeOf('ticket'), 1)) ?? [];
      assert.match(entity?.updatedAt ?? '', /^2026-/);
      assert.deepEqual(
        (await poll(connection, scopeOf('ticket'), connection.checkpointAt(entity?.updatedAt ?? ''))).found,
        ['new'],
      );
      // what Twinflow writes is a time of the same kind
      const { id = '' } = entity ?? {};
      await connection.write?.(scopeOf('ticket'), [{ kind: 'update', id, fields: { title: 'newer' } }]);
      const [row] = other.prepare('SELECT typeof(tkt_mtime) AS kind FROM ticket WHERE tkt_id = 2').all();
      assert.equal(row?.kind, typeof now === 'string' ? 'text' : declared.toLowerCase());
      assert.ok((await poll(connection, scopeOf('ticket'), first.checkpoint)).found.includes('newer'));
    });
  }

  it('compares the rows of a table without times, and begins with what is there', async () => {
    has('CREATE TABLE bugs (id INTEGER PRIMARY KEY, title TEXT)');
    const scope = scopeOf('bugs');
    other.exec("INSERT INTO bugs (title) VALUES ('one'), ('two'), ('three')");
    assert.deepEqual((await poll(connection, scope, undefined, 2)).found, ['one', 'two', 'three']);
    const since = await connection.newest(scope);
    assert.deepEqual((await poll(connection, scope, since)).found, []);
    other.exec("UPDATE bugs SET title = 'second' WHERE id = 2; INSERT INTO bugs (title) VALUES ('four')");
    const next = await poll(connection, scope, since);
    assert.deepEqual(next.found, ['second', 'four']);
    other.exec('DELETE FROM bugs WHERE id = 4');
    const gone = await poll(connection, scope, next.checkpoint);
    other.exec("INSERT INTO bugs (title) VALUES ('four')");
    assert.deepEqual((await poll(connection, scope, gone.checkpoint)).found, ['four']);
    await assert.rejects(
      poll(connection, scope, connection.checkpointAt('2026-01-01T00:00:00Z')),
      (thrown: unknown) => thrown instanceof SyncError && /no column with the time/.test(thrown.message),
    );
    other.exec(
      'WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) INSERT INTO bugs SELECT i, i FROM n',
    );
    await assert.rejects(poll(connection, scope, gone.checkpoint), /more than 5000 rows/);
  });

  it('loses nothing to a writer that sets the time, waits, and commits late', async () => {
    has('CREATE TABLE bugs (id INTEGER PRIMARY KEY, title TEXT, updated_at TEXT)');
    const scope = scopeOf('bugs');
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const put = (title: string, time: string) =>
      other.prepare('INSERT INTO bugs (title, updated_at) VALUES (?, ?)').run(title, time);
    put('start', at(-60_000));
    let checkpoint = await connection.newest(scope);
    put('quick', at(0));
    ({ checkpoint } = await poll(connection, scope, checkpoint));
    put('slow', at(-1_500));
    const found = await poll(connection, scope, checkpoint);
    assert.ok(found.found.includes('slow'));
  });

  it('reads a bulk of equal times once only, as soon as nothing of that time can come any more', async () => {
    has('CREATE TABLE bugs (id INTEGER PRIMARY KEY, title TEXT, updated_at TEXT)');
    const scope = scopeOf('bugs');
    other.exec(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO bugs SELECT i, i, '2026-01-01T00:00:00.000Z' FROM n",
    );
    const first = await poll(connection, scope, undefined, 100);
    assert.equal(first.found.length, 300);
    // a minute ago, by the stored position
    const stored = JSON.parse(JSON.stringify(first.checkpoint));
    for (const position of Object.values<{ top: { since: number } }>(stored.tables)) position.top.since -= 120_000;
    const second = await poll(connection, scope, stored, 100);
    assert.deepEqual((await poll(connection, scope, second.checkpoint, 100)).found, []);
    other.exec("INSERT INTO bugs (title, updated_at) VALUES ('next', '2026-01-01T00:00:01.000Z')");
    assert.ok((await poll(connection, scope, second.checkpoint, 100)).found.includes('next'));
  });

  it('waits for a lock without blocking, and says what is wrong with a file', async () => {
    has('CREATE TABLE bugs (id INTEGER PRIMARY KEY, title TEXT)');
    other.exec('BEGIN IMMEDIATE');
    const written = connection.write?.(scopeOf('bugs'), [
      { kind: 'create', project: 'main', type: 'bugs', fields: { title: 'patient' } },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    other.exec('COMMIT');
    assert.ok((await written)?.[0]?.ok);
    assert.throws(
      () => open({ file: join(folder, 'missing.sqlite') }),
      (thrown: unknown) => thrown instanceof SyncError && thrown.detail.fields?.file !== undefined,
    );
    assert.throws(() => open({ file: 'relative.sqlite' }), /not an absolute path/);
    assert.throws(() => open({ zone: 'Nowhere/Else' }), /time zone/);
  });

  it('names the column that a rule of the table refuses', async () => {
    has('CREATE TABLE bugs (id INTEGER PRIMARY KEY, code TEXT UNIQUE, title TEXT)');
    const create = (code: string) =>
      connection.write?.(scopeOf('bugs'), [{ kind: 'create', project: 'main', type: 'bugs', fields: { code } }]);
    await create('A');
    const [result] = (await create('A')) ?? [];
    assert.ok(result && !result.ok);
    assert.equal(result.error.kind, 'invalid');
    assert.ok(result.error.detail.fields?.code);
  });
});

describe('sql: times without a zone', () => {
  it('are those of the chosen zone, also around the change of summer time', () => {
    const zone = 'Europe/Berlin';
    for (const [text, utc] of [
      ['2026-01-15 12:00:00', '2026-01-15T11:00:00.000Z'],
      ['2026-07-15 12:00:00.5', '2026-07-15T10:00:00.500Z'],
      ['2026-03-29 03:30:00', '2026-03-29T01:30:00.000Z'],
      ['2026-10-25 04:00:00', '2026-10-25T03:00:00.000Z'],
      ['2026-07-15T12:00:00+05:00', '2026-07-15T07:00:00.000Z'],
      ['2026-07-15T12:00:00Z', '2026-07-15T12:00:00.000Z'],
    ])
      assert.equal(new Date(momentOfText(text ?? '', zone) ?? 0).toISOString(), utc, text);
    assert.equal(momentOfText('yesterday', zone), undefined);
  });
});

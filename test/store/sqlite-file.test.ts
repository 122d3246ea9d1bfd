/** What is special about a store in a file: who may open it, what happens when the disk is full, how it grows old. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createStore } from '../../lib/store/machine/store';
import { openSqliteStore } from '../../lib/store/sqlite';
import { Database } from '../../lib/store/sqlite/database';
import { asStoreError } from '../../lib/store/sqlite/errors';
import { SqliteRows } from '../../lib/store/sqlite/rows';
import { MIGRATIONS, type Migration, migrate } from '../../lib/store/sqlite/schema';
import type { Landing, Store } from '../../lib/store/store';
import {
  end,
  entity,
  FORWARD,
  INTEGRATION,
  intent,
  landing,
  NOON,
  names,
  part,
  SYSTEM1,
  SYSTEM2,
} from '../conformance/store/harness';

/** An account without any rights of its own. */
const NOBODY = 65_534;

/** As somebody who has rights to these paths and no others: root, who may write anything, becomes nobody for that time. */
async function withoutPrivileges(paths: string[], work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return work();
  for (const path of paths) chownSync(path, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe('SQLite store file', () => {
  let folder = '';
  let file = '';
  const opened: Store[] = [];

  const open = async (path = file): Promise<Store> => {
    const store = await openSqliteStore({ file: path });
    opened.push(store);
    return store;
  };

  const record = async (store: Store, ...ids: string[]) =>
    store.record(
      FORWARD,
      'jira',
      ids.map((id) => entity(id)),
      await store.sequence(),
      { ids },
    );

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-store-'));
    file = join(folder, 'store.db');
  });

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('belongs to one process', () => {
    it('is refused while it is open, and free after it was closed', async () => {
      const store = await open();
      await assert.rejects(open(), {
        name: 'StoreError',
        kind: 'locked',
        message: /store\.db is in use by another process.*second Node-RED/,
      });
      await record(store, '1');
      await store.close();
      assert.equal((await (await open()).counts(INTEGRATION))[0].waiting, 1);
    });

    it('is refused while another process has it, and free the moment that one is killed', async function () {
      this.timeout(30_000);
      const script = `require(${JSON.stringify(join(__dirname, 'open-sqlite.ts'))})
        .open(${JSON.stringify(file)}).then(() => { console.log('open'); setInterval(() => {}, 1000); });`;
      const holder = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        await once(holder.stdout, 'data');
        await assert.rejects(open(), { kind: 'locked' });
      } finally {
        holder.kill('SIGKILL');
        await once(holder, 'exit');
      }
      await record(await open(), '1');
    });

    it('can be read by other tools while it is open', async () => {
      const store = await open();
      await record(store, '1', '2');
      const reader = new DatabaseSync(file, { readOnly: true });
      assert.equal(reader.prepare('SELECT count(*) AS n FROM events').get()?.n, 2);
      reader.close();
    });

    it('says so when another tool locks it, and goes on when that is over', async function () {
      this.timeout(20_000);
      const store = await open();
      const tool = new DatabaseSync(file);
      tool.exec('BEGIN IMMEDIATE');
      await assert.rejects(record(store, '1'), {
        name: 'StoreError',
        kind: 'locked',
        message: /locked by another process/,
      });
      tool.exec('ROLLBACK');
      tool.close();
      assert.deepEqual(await record(store, '1'), { recorded: 1, known: 0 });
    });
  });

  describe('on a full disk', () => {
    /** A store whose file may grow by that many pages: SQLite then answers as on a full disk. */
    function limited(pages: number): Database {
      return Database.open(file, [
        ...MIGRATIONS,
        (db) => {
          const now = Number(db.prepare('PRAGMA page_count').get()?.page_count);
          db.exec(`PRAGMA max_page_count = ${now + pages}`);
        },
      ]);
    }

    it('refuses what does not fit, readably, and keeps all that was stored; counts included', async () => {
      const store = await createStore(new SqliteRows(limited(30)));
      opened.push(store);
      const big = (id: string) => entity(id, '1', { title: 'x'.repeat(10_000) });
      let stored = 0;
      const fill = async () => {
        for (; stored < 100; stored += 1) {
          const entities = [big(`${stored}-a`), big(`${stored}-b`)];
          await store.record(FORWARD, 'jira', entities, 0, { stored });
        }
      };
      await assert.rejects(fill(), {
        name: 'StoreError',
        kind: 'full',
        message: /disk is full: nothing could be stored in .*store\.db/,
      });
      assert.ok(stored > 1 && stored < 30, `${stored} batches fitted`);
      assert.deepEqual(await store.checkpoint(FORWARD), { stored: stored - 1 });
      assert.equal((await store.counts(INTEGRATION))[0].waiting, 2 * stored);

      // reading and finishing need no more room than there is: the backlog drains, and then there is room again
      for (let left = 2 * stored; left > 0; left -= 2) {
        const claimed = await store.claim(FORWARD, 2, NOON);
        await store.skip(claimed.map(({ seq }) => seq));
      }
      assert.deepEqual(await store.record(FORWARD, 'jira', [big('later')], 0, {}), { recorded: 1, known: 0 });
    });
  });

  describe('that is no store', () => {
    it('is left alone where it is no database', async () => {
      const text = 'A text file, certainly no database. '.repeat(50);
      writeFileSync(file, text);
      await assert.rejects(open(), { name: 'StoreError', kind: 'damaged', message: /store\.db is not a database/ });
      assert.equal(readFileSync(file, 'utf8'), text);
    });

    it("is left alone where it is another program's database", async () => {
      const other = new DatabaseSync(file);
      other.exec('CREATE TABLE songs (title TEXT); PRAGMA user_version = 1');
      other.close();
      await assert.rejects(open(), { kind: 'damaged', message: /database of another program/ });
      const after = new DatabaseSync(file);
      assert.equal(after.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n, 1);
      assert.equal(after.prepare('PRAGMA journal_mode').get()?.journal_mode, 'delete');
      after.close();
    });

    it('is refused where a newer Twinflow wrote it', async () => {
      await (await open()).close();
      const db = new DatabaseSync(file);
      db.exec('PRAGMA user_version = 99');
      db.close();
      await assert.rejects(open(), { kind: 'newer', message: /written by a newer Twinflow .*99/ });
    });

    it('says which folder is missing', async () => {
      await assert.rejects(open(join(folder, 'missing', 'store.db')), {
        name: 'StoreError',
        kind: 'readOnly',
        message: /missing.store\.db.* cannot be opened or created/,
      });
    });

    it('says that it may not be written', async () => {
      await (await open()).close();
      chmodSync(file, 0o400);
      await withoutPrivileges([folder, file], () =>
        assert.rejects(
          open().then((store) => record(store, '1')),
          { kind: 'readOnly' },
        ),
      );
    });

    it('calls it read-only where SQLite does', async () => {
      await (await open()).close();
      const db = new DatabaseSync(file, { readOnly: true });
      assert.throws(
        () => {
          try {
            db.exec('DELETE FROM events');
          } catch (error) {
            throw asStoreError(error, file);
          }
        },
        { name: 'StoreError', kind: 'readOnly', message: /store\.db or its folder may not be written/ },
      );
      db.close();
    });

    it('gives the lock back after each of these', async () => {
      writeFileSync(file, 'no database '.repeat(100));
      await assert.rejects(open(), { kind: 'damaged' });
      rmSync(file);
      await record(await open(), '1');
    });
  });

  describe('that an older version wrote', () => {
    const addNote: Migration = (db) =>
      db.exec(`ALTER TABLE events ADD COLUMN note TEXT NOT NULL DEFAULT 'kept'; UPDATE events SET attempts = 7`);
    const fails: Migration = (db) => {
      db.exec('DELETE FROM links; CREATE TABLE half (x)');
      throw new Error('a migration that fails');
    };
    const version = (db: DatabaseSync) => db.prepare('PRAGMA user_version').get()?.user_version;

    async function versionOne(): Promise<void> {
      const store = await open();
      await record(store, '1', '2');
      const [event] = await store.claim(FORWARD, 1, NOON);
      assert.ok(event);
      await store.openIntents([intent(event.seq)]);
      await store.land([landing(event, '9')]);
      await store.close();
    }

    it('is brought forward step by step, with its data', async () => {
      await versionOne();
      const db = new DatabaseSync(file);
      migrate(db, [
        ...MIGRATIONS,
        addNote,
        (next) => next.exec('CREATE TABLE third (x) STRICT'.replace('(x)', '(x TEXT)')),
      ]);
      assert.equal(version(db), MIGRATIONS.length + 2);
      assert.deepEqual(
        { ...db.prepare('SELECT entity, attempts, note FROM events').get() },
        { entity: '2', attempts: 7, note: 'kept' },
      );
      assert.equal(db.prepare('SELECT count(*) AS n FROM links').get()?.n, 1);
      migrate(db, [...MIGRATIONS, addNote, () => assert.fail('done already')]);
      db.close();
    });

    it('stays as it was where a step fails', async () => {
      await versionOne();
      const db = new DatabaseSync(file);
      assert.throws(() => migrate(db, [...MIGRATIONS, fails]), /a migration that fails/);
      assert.equal(version(db), MIGRATIONS.length);
      assert.equal(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'half'").get()?.n, 0);
      db.close();
      const store = await open();
      assert.deepEqual(names(await store.claim(FORWARD, 10, NOON)), ['2@1']);
      assert.ok(await store.linkOf(INTEGRATION, 1, '1'));
    });
  });

  describe('stays small', () => {
    it('keeps the write-ahead log within bounds while much is written', async function () {
      this.timeout(30_000);
      const store = await open();
      for (let batch = 0; batch < 60; batch += 1) {
        const entities = Array.from({ length: 50 }, (_, n) =>
          entity(`${batch}-${n}`, '1', { title: 'x'.repeat(5_000) }),
        );
        await store.record(FORWARD, 'jira', entities, 0, { batch });
      }
      const log = statSync(`${file}-wal`).size;
      assert.ok(log < 17_000_000, `the log has ${log} bytes`);
    });

    it('keeps a comment that has landed in about 400 bytes, with its text on both sides', async function () {
      this.timeout(30_000);
      const prose = readFileSync(join(__dirname, '../../docs/guarantees.md'), 'utf8');
      const size = () => {
        const db = new DatabaseSync(file);
        db.exec('VACUUM');
        db.close();
        return statSync(file).size;
      };
      const store = await open();
      const common = { integration: INTEGRATION, event: 0, delivery: 0 };
      await store.land([{ ...common, ends: [end(1, '1', '1'), end(2, '90', '1')] }]);
      const owner = await store.linkOf(INTEGRATION, 1, '1');
      await store.close();
      const before = size();
      const again = await open();
      const landings = Array.from({ length: 1_000 }, (_, n): Landing => {
        const from = (n * 97) % (prose.length - 300);
        const body = { format: 'markdown', content: prose.slice(from, from + 300) } as const;
        const [one, two] = [part('1', `${1_000_000 + n}`), part('90', `${300_000 + n}`)];
        const version = `2026-06-01T12:00:00.${100 + (n % 900)}+0000`;
        const ends: Landing['ends'] = [
          { system: SYSTEM1, ref: { ...one, key: one.id }, version, baseline: { body } },
          { system: SYSTEM2, ref: { ...two, key: two.id }, version, baseline: { notes: body } },
        ];
        return { ...common, ends, owner: owner?.id };
      });
      await again.land(landings);
      await again.close();
      const bytes = (size() - before) / landings.length;
      assert.ok(bytes < 430, `${bytes} bytes`);
    });

    it('uses the room of finished events again', async function () {
      this.timeout(30_000);
      const store = await open();
      const round = async (from: number) => {
        const entities = Array.from({ length: 50 }, (_, n) => entity(`${n}`, `${from}`, { title: 'x'.repeat(5_000) }));
        await store.record(FORWARD, 'jira', entities, 0, { from });
        await store.skip((await store.claim(FORWARD, 50, NOON)).map(({ seq }) => seq));
      };
      await round(0);
      await round(1);
      await store.close();
      const before = statSync(file).size;
      const again = await open();
      for (let n = 2; n < 20; n += 1) {
        const entities = Array.from({ length: 50 }, (_, i) => entity(`${i}`, `${n}`, { title: 'x'.repeat(5_000) }));
        await again.record(FORWARD, 'jira', entities, 0, { n });
        await again.skip((await again.claim(FORWARD, 50, NOON)).map(({ seq }) => seq));
      }
      await again.close();
      assert.ok(statSync(file).size <= before * 1.2, `${statSync(file).size} bytes after ${before}`);
    });
  });

  it('finds what may be claimed as fast behind many thousand events as behind a few', async function () {
    this.timeout(60_000);
    const store = await open();
    await record(store, 'creating');
    const [creating] = await store.claim(FORWARD, 1, NOON);
    assert.ok(creating);
    await store.openIntents([intent(creating.seq)]);
    const backward = { integration: INTEGRATION, side: 2 } as const;
    // the best of many, since other programs run on this machine too
    const claimTime = async () => {
      let best = Number.POSITIVE_INFINITY;
      for (let run = 0; run < 30; run += 1) {
        const start = performance.now();
        // all of them are new, and the open create may have made them
        assert.deepEqual(await store.claim(backward, 100, NOON), []);
        best = Math.min(best, performance.now() - start);
      }
      return best;
    };
    const fill = (from: number, to: number) => {
      const entities = Array.from({ length: to - from }, (_, n) => entity(`new-${from + n}`));
      return store.record(backward, 'redmine', entities, 0, {});
    };
    await fill(0, 10);
    const few = await claimTime();
    await fill(10, 30_000);
    const many = await claimTime();
    assert.ok(many < few * 5 + 1, `${many} ms with 30,000 events, ${few} ms with 10`);
  });
});

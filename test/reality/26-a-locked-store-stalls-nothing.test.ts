/** Another program that locks the store's file – a back-up, somebody with a database tool – must not stop Node-RED's flows. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSandbox } from '../../lib/connectors/sandbox';
import type { Entity } from '../../lib/model/entity';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';

const flow = { integration: 'i', side: 1 } as const;
const entity = (id: string): Entity => ({
  ...{ id, key: `#${id}`, type: 'bug', project: 'p', version: '1', updatedAt: '2026-01-02T03:04:05Z', fields: {} },
});

/** The longest time that the event loop stood still while the work was done, ms. */
async function stallDuring(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 5);
  try {
    await work();
    await sleep(20);
  } finally {
    clearInterval(beat);
  }
  return longest;
}

describe('a store whose file another program has locked', function () {
  this.timeout(30_000);
  let folder: string;
  let file: string;
  let store: Store;
  let other: DatabaseSync;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-locked-'));
    file = join(folder, 'store.sqlite');
    store = await openSqliteStore({ file });
    other = new DatabaseSync(file);
  });
  afterEach(async () => {
    other.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  it('does not stop the event loop for long, however often it is asked, and says what is wrong', async () => {
    other.exec('BEGIN IMMEDIATE');
    const said: unknown[] = [];
    const stall = await stallDuring(async () => {
      for (let tick = 0; tick < 3; tick++) {
        const calls = [1, 2, 3].map((id) => store.record(flow, 's', [entity(`${tick}-${id}`)], 1, undefined));
        for (const { status, ...rest } of await Promise.allSettled(calls)) if (status === 'rejected') said.push(rest);
      }
    });
    assert.ok(stall < 1_000, `it stood still for ${stall} ms`);
    assert.equal(said.length, 9);
    assert.match(
      JSON.stringify(said.map((one) => String(Reflect.get(Object(one), 'reason')))),
      /is locked by another process/,
    );
    other.exec('ROLLBACK');
  });

  it('goes on by itself when the lock is short, in the order in which it was asked', async () => {
    other.exec('BEGIN IMMEDIATE');
    const calls = [
      store.record(flow, 's', [entity('1')], 1, { at: 1 }),
      store.record(flow, 's', [entity('2')], 1, { at: 2 }),
      store.setCheckpoint(flow, { at: 3 }),
    ];
    const read = store.checkpoint(flow);
    await sleep(300);
    other.exec('ROLLBACK');
    await Promise.all(calls);
    assert.deepEqual(await read, { at: 3 });
    const [one] = await store.counts('i');
    assert.equal(one.waiting, 2);
  });

  it('that is a sandbox’s stops the event loop as little', async () => {
    const sandbox = join(folder, 'sandbox.sqlite');
    const space = openSandbox({ file: sandbox, space: 'one', template: 'jira' });
    const lock = new DatabaseSync(sandbox);
    lock.exec('BEGIN IMMEDIATE');
    const stall = await stallDuring(async () => {
      assert.throws(() => space.edit('sync', '1', {}));
    });
    lock.exec('ROLLBACK');
    lock.close();
    space.close();
    assert.ok(stall < 1_000, `it stood still for ${stall} ms`);
  });

  it('can be read by nobody else on the machine, its journals, lock and sandbox neither', function () {
    if (process.platform === 'win32') this.skip();
    const sandbox = join(folder, 'sandbox.sqlite');
    const space = openSandbox({ file: sandbox, space: 'one', template: 'jira' });
    for (const name of [file, `${file}-wal`, `${file}-shm`, `${file}.lock`, sandbox, `${sandbox}-wal`])
      assert.equal(statSync(name).mode & 0o777, 0o600, name);
    space.close();
  });
});

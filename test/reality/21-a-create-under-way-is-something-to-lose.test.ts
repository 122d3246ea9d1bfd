/**
 * 21: a new store without any link counted as one that has nothing to lose. A create that was under way may have made an item all
 * the same: after the store was set back or deleted, that item was not recognized and got a counterpart of its own.
 */

import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeAt } from '../../lib/store/open';
import type { Store } from '../../lib/store/store';
import { StoreKeeper } from '../../nodes/runtime/store-keeper';
import { BACKWARD, entity, FORWARD, intent, landing, NOON, SYSTEM1 } from '../conformance/store/harness';

describe('21: a store whose first create was under way', () => {
  let folder: string;
  let log: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-keeper-'));
    log = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const file = () => join(folder, 'twinflow.sqlite');
  const copy = () => join(folder, 'copy.sqlite');
  const open = () =>
    StoreKeeper.open(storeAt(file()), folder, {
      settings: {},
      log: { warn: (text) => log.push(text), error: (text) => log.push(text) },
    });

  /** Node-RED runs once, and ends. */
  async function run(work: (store: Store) => Promise<void>): Promise<void> {
    const { store, keeper } = await open();
    await work(store);
    await keeper.close();
  }

  async function claimed(store: Store) {
    await store.record(FORWARD, SYSTEM1, [entity('a')], await store.sequence(), {}, false);
    const [event] = await store.claim(FORWARD, 1, NOON, 0);
    assert.ok(event);
    return event;
  }

  const drop = (): void => {
    for (const end of ['', '-wal', '-shm']) rmSync(`${file()}${end}`, { force: true });
  };

  /** What the next Node-RED finds. */
  async function found(): Promise<string | undefined> {
    const { store, keeper } = await open();
    const inDoubt = (await store.doubt()) !== undefined;
    await keeper.close();
    assert.equal(inDoubt, keeper.doubt !== undefined);
    return keeper.doubt?.kind;
  }

  const begin = async (store: Store): Promise<void> => {
    const { seq } = await claimed(store);
    await store.openIntents([intent(seq)]);
  };

  it('is in doubt when it is set back to a copy of before: what was made is looked for', async () => {
    await run(async () => undefined);
    copyFileSync(file(), copy());
    await run(begin);
    drop();
    copyFileSync(copy(), file());
    assert.equal(await found(), 'behind');
    assert.match(log.join('\n'), /has been set back/);
  });

  it('is in doubt when its file has vanished, and the log says why', async () => {
    await run(begin);
    drop();
    assert.equal(await found(), 'vanished');
    assert.match(log.join('\n'), /is gone: there was one on .*, with a create under way\. A new one was begun/);
  });

  it('is not when nothing was begun, or all that was begun is known: a fresh start asks nothing', async () => {
    await run(async (store) => {
      await claimed(store);
      assert.deepEqual(await store.claim(BACKWARD, 1, NOON, 0), []);
    });
    drop();
    assert.equal(await found(), undefined);
    await run(async (store) => {
      const event = await claimed(store);
      await store.openIntents([intent(event.seq)]);
      await store.land([landing(event, '90')]);
    });
    assert.equal(await found(), undefined);
    assert.deepEqual(log, []);
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entity } from '../../lib/model/entity';
import { StoreError } from '../../lib/store/errors';
import { openSqliteStore } from '../../lib/store/sqlite';
import { LogOnDisk } from '../../lib/store/sqlite/log-on-disk';

const entity: Entity = {
  ...{ id: '1', key: 'A-1', type: 'bug', project: 'P', version: '1' },
  ...{ updatedAt: '2026-01-01T00:00:00.000Z', fields: {} },
};

describe('The log on the disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('what is claimed waits for the disk, and Node-RED does not wait with it', async () => {
    const store = await openSqliteStore({ file: join(folder, 'store.sqlite') });
    const flow = { integration: 'I', side: 1 } as const;
    await store.record(flow, 'S', [entity], await store.sequence(), undefined);
    let isClaimed = false;
    const claimed = store.claim(flow, 10, 0).then((events) => {
      isClaimed = true;
      return events;
    });
    // other calls are answered meanwhile, and know of it
    const [{ sent }] = await store.counts('I');
    assert.equal(sent, 1);
    assert.equal(isClaimed, false);
    assert.equal((await claimed).length, 1);
    await store.close();
  });

  it('where no loss of power is feared, nothing waits', async () => {
    const store = await openSqliteStore({ file: join(folder, 'store.sqlite'), outlivesPower: false });
    const flow = { integration: 'I', side: 1 } as const;
    await store.record(flow, 'S', [entity], await store.sequence(), undefined);
    const first = await Promise.race([
      store.claim(flow, 10, 0).then(() => 'claimed'),
      new Promise((resolve) => {
        setImmediate(() => resolve('later'));
      }),
    ]);
    assert.equal(first, 'claimed');
    await store.close();
  });

  it('calls that come together are all answered, also while the store is closed', async () => {
    const store = await openSqliteStore({ file: join(folder, 'store.sqlite') });
    const flows = ['I', 'J', 'K'].map((integration) => ({ integration, side: 1 }) as const);
    for (const flow of flows) await store.record(flow, 'S', [entity], await store.sequence(), undefined);
    const claims = flows.map((flow) => store.claim(flow, 10, 0));
    await store.counts('I');
    await store.close();
    const claimed = await Promise.all(claims);
    // the same entity in three integrations is sent in one of them at a time
    assert.deepEqual(
      claimed.map((events) => events.length),
      [1, 0, 0],
    );
  });

  it('a disk that cannot be written is an error that says so', async () => {
    const log = new LogOnDisk(join(folder, 'none.sqlite'), () => 1);
    const isExpected = (error: unknown): boolean =>
      error instanceof StoreError &&
      error.kind === 'failed' &&
      /could not be put on the disk.*Check the disk/.test(error.message);
    await assert.rejects(log.flush(), isExpected);
    await Promise.all([1, 2, 3].map(() => assert.rejects(log.flush(), isExpected)));
    log.close();
  });
});

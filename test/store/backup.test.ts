/** A copy of a store that is in use: of one moment, whole, private, and without a stall. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { openSqliteStore } from '../../lib/store/sqlite';
import { copyStore, inspectCopy, stageCopy, takeStaged } from '../../lib/store/sqlite/backup';
import { end, INTEGRATION } from '../conformance/store/harness';

describe('store: a copy', function () {
  this.timeout(30_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-copy-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const link = (number: number) => {
    const ends: [ReturnType<typeof end>, ReturnType<typeof end>] = [end(1, `${number}`, 'v'), end(2, `${number}`, 'w')];
    return { integration: INTEGRATION, event: 0, delivery: 0, ends };
  };

  it('is made while others write, holds what was there, and takes the place of another store', async () => {
    const [file, into] = [join(folder, 'store.db'), join(folder, 'copy')];
    const store = await openSqliteStore({ file });
    await store.land(Array.from({ length: 2_000 }, (_, number) => link(number)));
    let isDone = false;
    const copied = copyStore(file, into).finally(() => {
      isDone = true;
    });
    let written = 0;
    for (let number = 2_000; !isDone && written < 5_000; number += 1) {
      await store.land([link(number)]);
      written += 1;
      // the copy goes on between two writes
      await breathe();
    }
    await copied;
    const { links, newest } = inspectCopy(into);
    assert.ok(links >= 2_000 && links <= 2_000 + written, `${links}`);
    assert.ok(newest >= links);
    if (process.platform !== 'win32') assert.equal(statSync(into).mode & 0o077, 0);
    await store.close();

    const other = join(folder, 'other.db');
    await (await openSqliteStore({ file: other })).close();
    assert.equal(takeStaged(other), undefined);
    stageCopy(other, into);
    const aside = takeStaged(other);
    assert.ok(aside && existsSync(aside), readdirSync(folder).join());
    const restored = await openSqliteStore({ file: other });
    const [one] = await restored.counts(INTEGRATION);
    assert.equal(one.links, links);
    assert.ok(await restored.linkOf(INTEGRATION, 1, '1'));
    await restored.close();
  });
});

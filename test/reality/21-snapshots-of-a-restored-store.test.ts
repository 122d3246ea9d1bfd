/**
 * A copy of the store is restored. The changes that waited or were parked in it hold their entities as they were then: they must not
 * undo what has been synced since. That the store was set back is noticed although no link was made since.
 */

import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Workbench } from '../engine/workbench';
import { sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { addBugs, all, pair } from './shared-systems';

describe('21: what waited in a store that was set back', () => {
  let bench: Workbench;
  beforeEach(async () => {
    bench = await Workbench.start({ retries: 0 });
    bench.flow = ({ sync }) => {
      for (const how of Object.values(sync.mapped ?? {})) how.conflict = 'system1';
    };
  });
  afterEach(() => bench.stop());

  it('is read again: what people have done since is not undone', async () => {
    bench.one.save(undefined, { title: 'a', note: 'first' });
    await bench.sync();
    bench.two.refuses = () => ({ note: 'not now' });
    bench.one.save('one-1', { note: 'second' });
    await bench.sync();
    await bench.parked();
    // both got the third one after the copy was made
    bench.two.refuses = () => undefined;
    bench.two.asked.length = 0;
    bench.one.save('one-1', { note: 'third' });
    bench.two.save('two-1', { note: 'third' });
    await bench.store.setDoubt('9999');
    await bench.integration.commands.retry();
    await bench.wait();
    assert.deepEqual(bench.two.asked, [], 'nothing is written');
    await bench.sync();
    assert.deepEqual(
      [bench.one, bench.two].map((tracker) => tracker.valueOf('a', 'note')),
      ['third', 'third'],
    );
  });
});

describe('21: a copy that was made and restored in one run of Node-RED', function () {
  this.timeout(120_000);

  it('is noticed, though no link was made since', async () => {
    const red = await NodeRed.start();
    const trackers = sandboxes(red.userDir);
    try {
      addBugs(trackers.jira, 'one');
      await red.deploy(pair());
      await until('it has arrived', () => all(trackers.azure).length === 1, 30_000);
      await sleep(1_500);
      const [file, copy] = [join(red.userDir, 'twinflow.sqlite'), join(red.userDir, 'copy.sqlite')];
      const db = new DatabaseSync(file);
      db.exec(`VACUUM INTO '${copy}'`);
      db.close();
      const bug = all(trackers.jira)[0]?.id ?? '';
      trackers.jira.edit('bob', bug, { summary: 'one, edited' });
      const isThere = () => all(trackers.azure).some(({ fields }) => fields['System.Title'] === 'one, edited');
      await until('the edit has arrived', isThere, 20_000);
      await sleep(1_500);
      await red.kill('SIGTERM');
      for (const name of readdirSync(red.userDir).filter((one) => /^twinflow\.sqlite(-|$)/.test(one)))
        rmSync(join(red.userDir, name));
      copyFileSync(copy, file);
      await red.restart();
      await until('it is noticed', () => /twinflow\.sqlite has been set back/.test(red.log), 15_000);
      await sleep(4_000);
      assert.ok(isThere(), 'and stays');
      assert.equal(all(trackers.azure).length, 1);
    } finally {
      trackers.close();
      await red.stop();
    }
  });
});

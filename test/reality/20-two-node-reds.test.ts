/** 20: two separate Node-REDs on the same two systems made everything twice, each from what the other had made. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { addBugs, all, copyOf, pair, shareSandboxes, stay } from './shared-systems';

for (const ignoreOwn of [false, true]) {
  describe(`20: two separate Node-REDs on the same systems${ignoreOwn ? ', own changes ignored' : ''}`, function () {
    this.timeout(180_000);
    let one: NodeRed;
    let two: NodeRed;
    let folder = '';
    let trackers: ReturnType<typeof sandboxes>;

    before(async () => {
      one = await NodeRed.start();
      trackers = sandboxes(one.userDir);
      folder = mkdtempSync(join(tmpdir(), 'twinflow-second-'));
      shareSandboxes(one.userDir, folder);
      two = await NodeRed.start({ userDir: folder });
    });

    after(async () => {
      trackers?.close();
      await Promise.all([one?.stop(), two?.stop()]);
      rmSync(folder, { recursive: true, force: true });
    });

    it('every bug is there once: what the other one has made is recognised by its remote key', async () => {
      const counted = [trackers.jira, trackers.azure];
      addBugs(trackers.jira, 'Bug 1', 'Bug 2', 'Bug 3');
      await one.deploy(pair(ignoreOwn));
      await until('all have arrived', () => all(trackers.azure).length === 3, 20_000);
      await two.deploy(copyOf(pair(ignoreOwn)));
      await stay(counted, 3, 8);
      addBugs(trackers.jira, 'Bug 4');
      await stay(counted, 4, 25);
      const keys = new Set(all(trackers.jira).map(({ key }) => key));
      assert.ok(all(trackers.azure).every(({ fields }) => keys.has(String(fields['Custom.ExternalId']))));
    });
  });
}

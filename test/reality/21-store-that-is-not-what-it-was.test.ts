/** 21: after a restored, emptied or deleted store everything was made once more, without a word. */

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { addBugs, all, pair, stay } from './shared-systems';

const titles = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `Bug ${from + index}`);

describe('21: a store that is not what it was', function () {
  this.timeout(180_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  const start = async (count: number): Promise<void> => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    addBugs(trackers.jira, ...titles(1, count));
    await red.deploy(pair());
    await arrived(count);
  };
  const arrived = (count: number) =>
    until(`${count} have arrived`, () => all(trackers.azure).length >= count, 30_000).then(() => sleep(1_500));
  const counted = () => [trackers.jira, trackers.azure];
  const file = () => join(red.userDir, 'twinflow.sqlite');

  afterEach(async () => {
    trackers?.close();
    await red?.stop();
  });

  it('a copy of before is restored as the troubleshooting page says: 30 stay 30, and edits go on', async () => {
    await start(20);
    await red.kill('SIGTERM');
    const copy = join(red.userDir, 'copy.sqlite');
    copyFileSync(file(), copy);
    await red.restart();
    addBugs(trackers.jira, ...titles(21, 30));
    await arrived(30);
    await red.kill('SIGTERM');
    for (const name of readdirSync(red.userDir).filter((one) => /^twinflow\.sqlite-/.test(one)))
      rmSync(join(red.userDir, name));
    copyFileSync(copy, file());
    await red.restart();
    await stay(counted(), 30, 8);
    assert.match(red.log, /twinflow\.sqlite has been set back: it was further on 20/);
    const edited = all(trackers.jira).find(({ fields }) => fields.summary === 'Bug 25');
    trackers.jira.edit('bob', edited?.id ?? '', { summary: 'Bug 25 edited' });
    await until(
      'the edit is there',
      () => all(trackers.azure).some(({ fields }) => fields['System.Title'] === 'Bug 25 edited'),
      20_000,
    );
    await stay(counted(), 30, 2);
  });

  it('a file of 0 bytes is damaged and said to be; nothing is made, until it is deleted or restored', async () => {
    await start(12);
    await red.kill('SIGTERM');
    truncateSync(file(), 0);
    await red.restart();
    await stay(counted(), 12, 5);
    assert.match(red.log, /twinflow\.sqlite is empty \(0 bytes\)/);
    await red.kill('SIGTERM');
    rmSync(file());
    await red.restart();
    await stay(counted(), 12, 6);
    assert.match(red.log, /twinflow\.sqlite is gone: there was one on 20.* A new one was begun/);
  });

  it('deleted while Node-RED runs, then a full deploy: it is noticed, and 26 stay 26', async () => {
    await start(26);
    for (const name of readdirSync(red.userDir).filter((one) => /^twinflow\.sqlite(-|$)/.test(one)))
      rmSync(join(red.userDir, name));
    await until('it is noticed', () => /was deleted while Node-RED runs/.test(red.log), 15_000);
    await red.deploy(pair(), 'full');
    await stay(counted(), 26, 8);
    addBugs(trackers.jira, 'One more');
    await stay(counted(), 27, 5);
  });

  it('is noticed by either memory alone; one that cannot be read is reported', async () => {
    await start(3);
    await red.kill('SIGTERM');
    const side = join(red.userDir, '.twinflow-store.json');
    assert.ok(existsSync(side));
    writeFileSync(side, '{"store":');
    rmSync(file());
    await red.restart();
    await until('it is noticed', () => /is gone: there was one/.test(red.log), 15_000);
    assert.match(red.log, /\.twinflow-store\.json cannot be read/);
    await stay(counted(), 3, 4);
  });
});

/** Fields that a system changes without a sign (relations of Redmine's issues) are found by looking again, and at a price that falls. */

import assert from 'node:assert/strict';
import { Workbench } from './workbench';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('Fields that change without a poll showing it', function () {
  this.timeout(30_000);
  let bench: Workbench;
  beforeEach(async () => {
    bench = await Workbench.start();
    bench.one.silent = new Set(['note']);
    bench.one.save(undefined, { title: 'Crash', note: 'first' });
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'note'), 'first');
  });
  afterEach(() => bench.stop());

  it('are found within minutes of the last sign of life', async () => {
    bench.one.save('one-1', { note: 'second' });
    await bench.sync(3 * MINUTE);
    assert.equal(bench.two.valueOf('Crash', 'note'), 'second');
  });

  it('are found within a day when the item has been quiet, and within a week at last', async () => {
    await bench.wait(2 * DAY);
    bench.one.save('one-1', { note: 'second' });
    await bench.wait(7 * DAY);
    assert.equal(bench.two.valueOf('Crash', 'note'), 'second');
  });

  it('do not come back: what was found and written is no edit of the other side', async () => {
    bench.two.silent = new Set(['note']);
    bench.one.save('one-1', { note: 'second' });
    await bench.sync(2 * DAY);
    assert.equal(bench.two.asked.length, 2, 'the create and one update');
    assert.equal(bench.one.asked.length, 0);
  });

  it('are looked for ever more seldom while nothing happens, and only if a mapper reads them', async () => {
    const others = await Workbench.start();
    others.one.silent = new Set(['watchers']);
    others.one.save(undefined, { title: 'Crash', note: 'first' });
    await others.sync();
    for (const one of [bench, others]) {
      one.one.reads.splice(0);
      await one.wait(DAY);
    }
    const looks = bench.one.reads.length - others.one.reads.length;
    await others.stop();
    // after 2 and 10 minutes, 1 and 6 hours
    assert.ok(looks >= 3 && looks <= 5, `${looks} looks in a day`);
  });

  it('of items that were linked before a mapper read them are found, too', async () => {
    const other = await Workbench.start();
    other.one.save(undefined, { title: 'Crash', note: 'first' });
    await other.sync();
    other.one.silent = new Set(['note']);
    await other.redeploy({});
    other.one.save('one-1', { note: 'second' });
    await other.sync(3 * MINUTE);
    assert.equal(other.two.valueOf('Crash', 'note'), 'second');
    await other.stop();
  });
});

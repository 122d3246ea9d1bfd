/** Jira answers 500 to a bulk create whenever one certain title is in it: nothing arrived, and the requests never ended. */

import assert from 'node:assert/strict';
import { until } from '../support/wait';
import { JiraBench } from './jira-bench';

describe('A bulk create of Jira that one title breaks', function () {
  this.timeout(30_000);
  let bench: JiraBench;
  afterEach(() => bench.stop());

  it('is halved down to it: the others arrive, each once, it is parked with Jira’s words, and that costs few requests', async () => {
    bench = await JiraBench.start();
    const titles = Array.from({ length: 40 }, (_, n) => `Item ${n + 1}`);
    bench.jira.faults.poisoned.add('Item 17');
    for (const title of titles) bench.tracker.save(undefined, { title });
    await bench.poll(1);
    const good = titles.filter((title) => title !== 'Item 17').sort();
    await until('all others are there', () => bench.made().length === good.length && bench.failures.length > 0);
    assert.deepEqual(bench.made(), good);
    const { items } = await bench.integration.commands.parked(0, 10);
    assert.deepEqual(
      items.map(({ entity }) => bench.tracker.entities.get(entity.id)?.fields.title),
      ['Item 17'],
    );
    assert.match(items[0]?.error?.message ?? '', /HTTP 500.*Internal server error/);
    const creates = bench.jira.requests.filter((request) => request === 'POST /rest/api/3/issue/bulk').length;
    assert.ok(creates <= 16, `${creates} requests to create`);
    assert.equal(bench.integration.systems[2].pauseLeft(), 0, 'Jira itself is well');
  });

  it('a text with U+0000, which no database holds, breaks nothing', async () => {
    bench = await JiraBench.start();
    for (const title of ['One', 'Two\0', 'Three']) bench.tracker.save(undefined, { title });
    await bench.poll(1);
    await until('all three are there', () => bench.made().length === 3);
    assert.deepEqual(bench.made(), ['One', 'Three', 'Two']);
    assert.deepEqual(bench.failures, []);
  });
});

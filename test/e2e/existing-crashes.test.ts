/** Existing items are brought over in a real Node-RED that is killed again and again: once each at the end. */

import assert from 'node:assert/strict';
import type { BringOverView } from '../../lib/model/bring-over';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const PROJECT = '10000';
const BUG = '10101';
const ITEMS = 3_000;
const BATCH = 500;
const KILLS = 5;

describe('e2e/existing items through crashes', function () {
  this.timeout(240_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;
  let integration = '';

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    for (let at = 0; at < ITEMS; at += BATCH) {
      const bugs = Array.from({ length: BATCH }, (_, n) => ({
        ...{ kind: 'create' as const, project: PROJECT, type: BUG },
        fields: { summary: `Old bug ${at + n}`, priority: { name: 'Medium' } },
      }));
      for (const result of trackers.jira.write('alice', bugs)) assert.ok(result.ok);
    }
    const flow = example('sandbox-both-ways', { 'twinflow-poller': { interval: 1, unit: 'seconds', start: 'newest' } });
    integration = flow.find(({ type }) => type === 'twinflow-integration')?.id ?? '';
    await red.deploy(flow);
  });
  after(async () => {
    trackers?.close();
    await red?.stop();
  });

  const total = (): number => trackers.azure.list({ limit: 1 }).total;
  const view = async (): Promise<BringOverView | undefined> =>
    (await red.get<{ items: BringOverView[] }>(`/twinflow/existing?integration=${integration}`)).items[0];

  it(`${ITEMS} items arrive, each once, although Node-RED is killed ${KILLS} times in the middle`, async () => {
    await red.post('/twinflow/existing', { integration, side: 1, do: 'start', expected: ITEMS });
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const reached = Math.floor((ITEMS * kill) / (KILLS + 2));
      await until(`${reached} are there`, () => total() >= reached, 60_000, 10);
      await red.restart('SIGKILL');
    }
    const read = (await view())?.read ?? 0;
    assert.ok(read > 0 && read <= ITEMS, `it goes on at ${read}`);
    await until('all is read', async () => (await view())?.state === 'done', 90_000);
    await until('all are there', () => total() >= ITEMS, 90_000);
    const titles = trackers.azure.list({ limit: 10_000 }).entities.map(({ fields }) => fields['System.Title']);
    assert.deepEqual([titles.length, new Set(titles).size], [ITEMS, ITEMS]);
    assert.equal(trackers.jira.list({ limit: 1 }).total, ITEMS);
  });
});

/** HTTP requests per landed change between two real Redmine servers, all polls on both sides included. */

import { setTimeout as sleep } from 'node:timers/promises';
import { example } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { recordingProxy } from '../support/proxy';
import type { RedmineServer } from '../support/redmine';

const ALPHA = 1;
const LONGEST_MS = 20 * 60_000;

export interface RedmineFigures {
  changes: number;
  requestsPerLandedChange: number;
  requests: Record<string, number>;
}

async function total(server: RedmineServer): Promise<number> {
  const answer = await server
    .as('admin')
    .get<{ total_count: number }>(`/issues.json?project_id=${ALPHA}&status_id=*&limit=1`);
  return answer.total_count;
}

/** @param changes issues created on the first server, waiting as a backlog when the sync begins */
export async function benchRedmine(a: RedmineServer, b: RedmineServer, changes: number): Promise<RedmineFigures> {
  a.reset();
  b.reset();
  const [one, two] = [await recordingProxy(a.url), await recordingProxy(b.url)];
  const ends = [
    { url: one.url, key: a.key('sync') },
    { url: two.url, key: b.key('sync') },
  ];
  const flow = example('redmine-both-ways', {
    'twinflow-poller': { interval: 10, unit: 'seconds', start: 'newest' },
    debug: { active: false },
  }).map((node) => {
    const end = node.type === 'twinflow-system' ? ends.shift() : undefined;
    if (!end) return node;
    return { ...node, config: { ...(node.config as object), url: end.url }, credentials: { apiKey: end.key } };
  });
  const red = await NodeRed.start();
  try {
    await red.deploy(flow);
    await sleep(3_000);
    const before = await total(b);
    one.clear();
    two.clear();
    const alice = a.as('alice');
    for (let n = 0; n < changes; n += 1) {
      await alice.post('/issues.json', {
        issue: { project_id: ALPHA, tracker_id: 1, subject: `Backlog ${n}`, description: `Step ${n}`, priority_id: 3 },
      });
    }
    const end = Date.now() + LONGEST_MS;
    while ((await total(b)) < before + changes) {
      if (Date.now() > end) throw new Error('the backlog did not arrive');
      await sleep(1_000);
    }
    // the echoes are part of the price
    await sleep(25_000);
    const all = [...one.requests, ...two.requests];
    const requests: Record<string, number> = {};
    for (const { method } of all) requests[method] = (requests[method] ?? 0) + 1;
    return { changes, requestsPerLandedChange: Math.round((all.length / changes) * 1000) / 1000, requests };
  } finally {
    await red.stop();
    await one.stop();
    await two.stop();
    a.reset();
    b.reset();
  }
}

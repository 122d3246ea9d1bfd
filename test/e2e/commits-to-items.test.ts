/** Commits of a real git repository become items of a tracker, in a real Node-RED: each once, whatever is pushed, through a kill. */

import assert from 'node:assert/strict';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import type { Entity } from '../../lib/model/entity';
import { commitsToStories, STORY } from '../connectors/git/flow';
import { Repository } from '../connectors/git/repository';
import { sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

describe('e2e/commits: a real repository and a tracker', function () {
  this.timeout(120_000);
  let demo: Repository;
  let red: NodeRed;
  let tracker: SandboxSpace;
  let close: () => void;

  before(async () => {
    demo = new Repository();
    demo.commit('Before everything');
    demo.push();
    red = await NodeRed.start();
    const trackers = sandboxes(red.userDir);
    tracker = trackers.jira;
    close = () => trackers.close();
    await red.deploy(commitsToStories(demo.bare));
    await until('the repository was polled', () => red.log.includes('Started flows'));
  });
  after(async () => {
    close?.();
    await red?.stop();
    demo?.close();
  });

  const items = (): Entity[] =>
    tracker.list({ limit: 1000 }).entities.filter(({ type, fields }) => type === STORY && fields.customfield_10050);
  const titles = (): string[] =>
    items()
      .map(({ fields }) => String(fields.summary))
      .toSorted();
  const arrived = (...wanted: string[]) =>
    until(`${wanted.join(', ')} arrived`, () => wanted.every((one) => titles().includes(one)), 30_000);

  it('what was pushed before is not synced, what comes then is, with its message and work items', async () => {
    // the first poll has stored where it begins
    await until('polling has begun', async () => {
      const { items: all } = await red.get<{ items: { sides?: { begun?: boolean }[] }[] }>('/twinflow/operations');
      return all[0]?.sides?.[0]?.begun === true;
    });
    const sha = demo.commit('Mend the door\n\nFixes DEMO-7 and #3.', { date: '2020-01-01T00:00:00Z' });
    demo.push();
    await arrived('Mend the door');
    const [item] = items();
    assert.equal(item?.fields.customfield_10050, sha.slice(0, 10));
    assert.deepEqual(item?.fields.labels, ['DEMO-7', '3']);
    assert.match(JSON.stringify(item?.fields.description), /Fixes DEMO-7/);
  });

  it('each arrives once, through a kill in the middle, a rewritten branch and a late one', async () => {
    const start = demo.git('rev-parse', 'HEAD');
    const many = Array.from({ length: 60 }, (_, n) => `Many ${n}`);
    for (const one of many) demo.commit(one);
    demo.push();
    await until('some arrived', () => titles().length > 3, 30_000);
    await red.kill('SIGKILL');
    demo.git('checkout', '--quiet', '-b', 'late', start);
    demo.commit('Late');
    demo.push('late');
    await red.restart();
    await arrived(...many, 'Late');
    demo.git('checkout', '--quiet', 'main');
    demo.git('reset', '--quiet', '--hard', start);
    demo.commit('Rewritten');
    demo.push('main');
    await arrived('Rewritten');
    await until('the note was written', () => red.log.includes('branch "main" was rewritten'));
    assert.deepEqual(titles(), ['Mend the door', ...many, 'Late', 'Rewritten'].toSorted());
  });
});

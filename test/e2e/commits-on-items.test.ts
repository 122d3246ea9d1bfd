/** Commits of a real git repository arrive at the items that they name, in a real Node-RED: once each, through kills. */

import assert from 'node:assert/strict';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import type { Entity } from '../../lib/model/entity';
import { commitsToComments, STORY } from '../connectors/git/flow';
import { Repository } from '../connectors/git/repository';
import { sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

describe('e2e/commits: comments on the items that they name', function () {
  this.timeout(180_000);
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
    await red.deploy(commitsToComments(demo.bare));
    // the first poll has stored where it begins
    await until('polling has begun', async () => {
      const { items } = await red.get<{ items: { sides?: { begun?: boolean }[] }[] }>('/twinflow/operations');
      return items[0]?.sides?.[0]?.begun === true;
    });
  });
  after(async () => {
    close?.();
    await red?.stop();
    demo?.close();
  });

  const story = (summary: string): Entity => {
    const made = tracker.create('alice', { project: '10000', type: STORY, fields: { summary } });
    assert.ok('id' in made);
    return made;
  };
  const comments = ({ id }: Entity): string[] =>
    (tracker.partsOf(id) ?? []).map(({ fields: { text } }) =>
      typeof text === 'object' && text !== null && 'content' in text ? text.content : '',
    );
  const statusOf = ({ id }: Entity): unknown => tracker.get(id)?.fields.status;

  it('a commit comes to each item that it names, and a closing word closes it', async () => {
    const [door, window] = [story('Mend the door'), story('Mend the window')];
    const sha = demo.commit(`Oil the hinges\n\nFixes ${door.key}. See ${window.key} and DEMO-99999.`, {
      paths: ['door.txt'],
    });
    demo.push();
    await until('both have a comment', () => comments(door).length === 1 && comments(window).length === 1, 60_000);
    const [words = ''] = comments(door);
    assert.match(words, new RegExp(`\\*\\*Alice\\*\\* committed ${sha} to demo`));
    assert.match(words, /Oil the hinges/);
    assert.match(words, /door\.txt/);
    assert.deepEqual(statusOf(door), { id: '10003', name: 'Done' });
    assert.deepEqual(statusOf(window), { id: '10000', name: 'To Do' });
    const { items } = await red.get<{ items: { parked?: number }[] }>('/twinflow/operations');
    assert.equal(items[0]?.parked ?? 0, 0, 'an item that is not there parks nothing');
  });

  it('each comes once, through kills in the middle', async () => {
    const items = Array.from({ length: 5 }, (_, n) => story(`Item ${n}`));
    const keys = items.map(({ key }) => key).join(' ');
    for (let n = 0; n < 12; n++) demo.commit(`Part ${n} of ${keys}`);
    demo.push();
    const count = (): number => items.reduce((sum, item) => sum + comments(item).length, 0);
    for (const least of [1, 20]) {
      await until(`${least} arrived`, () => count() >= least, 60_000);
      await red.kill('SIGKILL');
      await red.restart();
    }
    demo.commit(`The last of ${keys}`);
    demo.push();
    await until(
      'all arrived',
      () => items.every((item) => comments(item).some((text) => text.includes('The last of'))),
      60_000,
    );
    await until('all arrived', () => count() >= 5 * 13, 60_000);
    for (const item of items)
      for (let n = 0; n < 12; n++)
        assert.equal(
          comments(item).filter((text) => text.includes(`Part ${n} of`)).length,
          1,
          `${item.key}, part ${n}`,
        );
  });
});

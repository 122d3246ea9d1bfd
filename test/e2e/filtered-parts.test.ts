/** A filter on comments and attachments in a real Node-RED: by text, author, name and size. */

import assert from 'node:assert/strict';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import { CREATED_BY } from '../../lib/mapping';
import type { TypePair } from '../../lib/model/config';
import { AUTHOR_LINE, words } from '../engine/comment-bench';
import { attach } from '../engine/file-bench';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const CONDITIONS = [
  { field: { id: 'text', name: 'Text', type: 'richtext' }, operator: 'containsNot', value: 'secret' },
  { field: { id: CREATED_BY, name: 'Author', type: 'user' }, operator: 'isNot', value: { login: 'bob' } },
  {
    mode: 'any',
    conditions: [
      { field: { id: 'size', name: 'Size', type: 'number' }, operator: 'isEmpty' },
      { field: { id: 'size', name: 'Size', type: 'number' }, operator: 'less', value: 20 },
    ],
  },
];

describe('e2e/sandbox: a filter on parts', function () {
  this.timeout(90_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir, 'discussion-');
    const flow = example('sandbox-bugs-with-discussion', { 'twinflow-poller': { interval: 1, unit: 'seconds' } });
    const pairs = flow
      .flatMap(({ typePairs }) => (Array.isArray(typePairs) ? (typePairs as TypePair[]) : []))
      .flatMap(({ parts = [] }) => parts.map(({ id }) => id));
    assert.ok(pairs.length >= 2);
    const filtered = { pairs, side: '1', mode: 'all', conditions: CONDITIONS, version: 2 };
    await red.deploy(flow.map((node) => (node.type === 'twinflow-filter' ? { ...node, ...filtered } : node)));
  });
  after(async () => {
    trackers?.close();
    await red?.stop();
  });

  const parts = (space: SandboxSpace, owner: string, type: string): string[] =>
    (space.partsOf(owner) ?? [])
      .filter((part) => part.type === type)
      .map(({ fields: { text, name } }) =>
        typeof text === 'object' && text && 'content' in text ? text.content.replace(AUTHOR_LINE, '') : String(name),
      );

  it('lets through what meets it, and leaves the rest where it is', async () => {
    const { jira, azure } = trackers;
    const bug = jira.create('alice', { project: '10000', type: '10101', fields: { summary: 'Cart loses items' } });
    const comment = (by: string, text: string) =>
      jira.create(by, { project: '10000', type: 'comment', owner: bug.id, fields: words(text) });
    comment('alice', 'A secret of ours');
    comment('bob', 'By Bob');
    await attach(jira, bug.id, 'long.log', 'far too long for the other side');
    await attach(jira, bug.id, 'short.log', 'short');
    comment('alice', 'For everybody');
    const item = await until('the bug arrives', () => azure.list().entities[0]);
    await until(
      'what passes is there',
      () => parts(azure, item.id, 'comment').length > 0 && parts(azure, item.id, 'attachment').length > 0,
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.deepEqual(parts(azure, item.id, 'comment'), ['For everybody']);
    assert.deepEqual(parts(azure, item.id, 'attachment'), ['short.log']);
    assert.equal(parts(jira, bug.id, 'comment').length, 3);
  });
});

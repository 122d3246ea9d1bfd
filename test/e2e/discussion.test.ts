/** The example with comments and files, as it is imported, in a real Node-RED. */

import assert from 'node:assert/strict';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import type { Entity } from '../../lib/model/entity';
import type { Fields } from '../../lib/model/values';
import { AUTHOR_LINE, words } from '../engine/comment-bench';
import { attach } from '../engine/file-bench';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';

describe('e2e/sandbox: bugs with their discussion', function () {
  this.timeout(90_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir, 'discussion-');
    await red.deploy(example('sandbox-bugs-with-discussion'));
  });

  after(async () => {
    trackers?.close();
    await red?.stop();
  });

  const partsOf = (space: SandboxSpace, owner: string, type: string): Entity[] =>
    (space.partsOf(owner) ?? []).filter((part) => part.type === type);
  const said = (space: SandboxSpace, owner: string): string[] =>
    partsOf(space, owner, 'comment').map(({ fields: { text } }) =>
      typeof text === 'object' && text && 'content' in text ? text.content.replace(AUTHOR_LINE, '') : '',
    );
  async function filesOf(space: SandboxSpace, owner: string): Promise<Record<string, string>> {
    const files: Record<string, string> = {};
    for (const { id, fields } of partsOf(space, owner, 'attachment')) {
      const held: Uint8Array[] = [];
      for await (const part of space.openFile(id)?.bytes ?? []) held.push(part);
      files[String(fields.name)] = Buffer.concat(held).toString();
    }
    return files;
  }

  it('has comments and files of both sides on both, once each', async () => {
    const { jira, azure } = trackers;
    const bug = jira.create('alice', { project: '10000', type: '10101', fields: { summary: 'Cart loses items' } });
    jira.create('alice', { project: '10000', type: 'comment', owner: bug.id, fields: words('Since Monday') });
    await attach(jira, bug.id, 'cart.log', 'nothing in it');
    const item = await until('the bug arrives', () => azure.list().entities[0]);
    await until('its comment', () => said(azure, item.id).length === 1);
    await until('its file', () => partsOf(azure, item.id, 'attachment').length === 1);
    azure.create('bob', {
      project: item.project,
      type: 'comment',
      owner: item.id,
      fields: words('On my machine, too'),
    });
    await attach(azure, item.id, 'screen.txt', 'a picture of it');
    await until('what Bob wrote', () => said(jira, bug.id).length === 2);
    await until('what Bob attached', () => partsOf(jira, bug.id, 'attachment').length === 2);
    for (const [space, owner] of [
      [jira, bug.id],
      [azure, item.id],
    ] as const) {
      assert.deepEqual(said(space, owner), ['Since Monday', 'On my machine, too']);
      assert.deepEqual(await filesOf(space, owner), {
        'cart.log': 'nothing in it',
        'screen.txt': 'a picture of it',
      });
    }
  });

  it('has relations of both sides on both, between the counterparts', async () => {
    const { jira, azure } = trackers;
    const to = (id: string) => [{ id }];
    const bugOf = (summary: string, more: Fields = {}) =>
      jira.create('alice', { project: '10000', type: '10101', fields: { summary, ...more } }).id;
    const first = bugOf('First');
    const second = bugOf('Second', { link_is_blocked_by: to(first) });
    const copyOf = (title: string) =>
      until(`"${title}" arrives`, () =>
        azure.list({ search: title }).entities.find((one) => azure.titleOf(one) === title),
      );
    const [one, two] = [(await copyOf('First')).id, (await copyOf('Second')).id];
    const related = (space: SandboxSpace, id: string, field: string): string =>
      [space.get(id)?.fields[field] ?? []]
        .flat()
        .map((each) => Object(each).id)
        .join();
    const forward = 'System.LinkTypes.Dependency-Forward';
    await until('the relation arrives', () => related(azure, one, forward) === two);
    azure.edit('bob', two, { 'System.LinkTypes.Related': to(one), 'System.LinkTypes.Dependency-Reverse': null });
    await until('what Bob has changed arrives', () => related(jira, first, 'link_relates_to') === second);
    await until('what Bob has removed is gone', () => related(jira, first, 'link_blocks') === '');
    assert.equal(related(azure, one, forward), '');
  });
});

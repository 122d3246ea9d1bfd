/**
 * A system node is given the address of another tracker, where the same ids are other entities: nothing there is touched, and
 * nothing is taken for gone, until somebody says that it is the same one.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { addBugs, all, between, spaces, system } from './shared-systems';

const HELD = /waits: its links were made at sandbox .*two.*, and the system "other" leads to sandbox .*other/;

describe('20: a system node that is given the address of another tracker', function () {
  this.timeout(120_000);
  let red: NodeRed;
  let one: SandboxSpace;
  let two: SandboxSpace;
  let other: SandboxSpace;

  beforeEach(async () => {
    red = await NodeRed.start();
    const [a, b, c] = spaces(red.userDir, 'one', 'two', 'other');
    assert.ok(a && b && c);
    [one, two, other] = [a, b, c];
  });
  afterEach(async () => {
    for (const space of [one, two, other]) space?.close();
    await red?.stop();
  });

  /** What is gone would be made once more. */
  const flow = (space: string): FlowNode[] => [
    system('A', 'one'),
    system('B', space),
    ...between('pair', 'A', 'B', { targetDeleted: 'create' }),
  ];
  const titles = (space: SandboxSpace): string[] =>
    all(space)
      .map(({ fields }) => String(fields.summary))
      .sort();
  const rename = (from: string, to: string): void => {
    const [bug] = all(one).filter(({ fields }) => fields.summary === from);
    one.edit('bob', bug?.id ?? '', { summary: to });
  };

  it('waits, says why, and touches nothing; given its address back it goes on', async () => {
    addBugs(one, 'a', 'b');
    addBugs(other, 'stranger');
    await red.deploy(flow('two'));
    await until('they have arrived', () => all(two).length === 2, 20_000);
    await sleep(1_500);
    await red.deploy(flow('other'));
    await until('it says that it waits', () => HELD.test(red.log), 10_000);
    rename('a', 'a, edited');
    addBugs(one, 'c');
    await sleep(4_000);
    assert.deepEqual(titles(other), ['stranger']);
    assert.deepEqual(titles(two), ['a', 'b']);
    await red.deploy(flow('two'));
    await until('it goes on', () => titles(two).join() === 'a, edited,b,c', 20_000);
    assert.equal(all(one).length, 3);
  });

  it('goes on with all links once somebody has said that it is the same tracker', async () => {
    addBugs(one, 'a');
    await red.deploy(flow('two'));
    await until('it has arrived', () => all(two).length === 1, 20_000);
    await sleep(1_500);
    await red.deploy(flow('other'));
    await until('it says that it waits', () => HELD.test(red.log), 10_000);
    await red.post('/twinflow/go-on', { integration: 'pair-integration' });
    addBugs(one, 'new');
    await until('it goes on', () => titles(other).includes('new'), 20_000);
    const said = red.log.length;
    await red.deploy(flow('other'));
    await sleep(2_000);
    assert.doesNotMatch(red.log.slice(said), /waits/, 'and is not asked again');
  });

  it('asks nobody where nothing is linked yet', async () => {
    await red.deploy(flow('two'));
    await sleep(2_000);
    await red.deploy(flow('other'));
    addBugs(one, 'a');
    await until('it has arrived', () => all(other).length === 1, 20_000);
    assert.doesNotMatch(red.log, HELD);
  });
});

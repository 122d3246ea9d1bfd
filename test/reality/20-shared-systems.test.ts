/** 20: two integrations over the same systems, or a ring of them, fed each other without end. */

import assert from 'node:assert/strict';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import { sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { addBugs, all, between, copyOf, pair, spaces, stay, system } from './shared-systems';

const SECONDS = 25;
const titles = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `Bug ${from + index}`);

describe('20: two integrations over the same systems', function () {
  this.timeout(180_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  beforeEach(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    addBugs(trackers.jira, ...titles(1, 10));
  });

  afterEach(async () => {
    trackers?.close();
    await red?.stop();
  });

  const counted = (): SandboxSpace[] => [trackers.jira, trackers.azure];

  for (const [name, except] of [
    ['the example imported a second time', []],
    ['a copy of its integration and tab on the same system nodes', ['twinflow-system']],
  ] as const) {
    it(`${name}: the copy is held and says so, and every bug is there once`, async () => {
      await red.deploy([...pair(), ...copyOf(pair(), [...except])]);
      await until('all have arrived', () => all(trackers.azure).length === 10, 20_000);
      addBugs(trackers.jira, 'One more');
      await stay(counted(), 11, SECONDS);
      assert.match(red.log, /waits: the integration ".*" already syncs the same projects and entity types/);
    });
  }

  it('a copy that is added later, and its tab disabled again: the first one goes on all the time', async () => {
    await red.deploy(pair(true));
    await until('all have arrived', () => all(trackers.azure).length === 10, 20_000);
    const copy = copyOf(pair(true));
    await red.deploy([...pair(true), ...copy], 'nodes');
    addBugs(trackers.jira, 'One more');
    await stay(counted(), 11, 8);
    await red.deploy([
      ...pair(true),
      ...copy.map((node) => (node.type === 'tab' ? { ...node, disabled: true } : node)),
    ]);
    addBugs(trackers.jira, 'Another');
    await stay(counted(), 12, 6);
    // the first one's tab is disabled: the copy takes over, and finds what is linked already
    await red.deploy([
      ...pair(true).map((node) => (node.type === 'tab' ? { ...node, disabled: true } : node)),
      ...copy,
    ]);
    addBugs(trackers.jira, 'A third');
    await stay(counted(), 13, 8);
  });
});

for (const ignoreOwn of [false, true]) {
  describe(`20: three systems in a ring${ignoreOwn ? ', own changes ignored' : ''}`, function () {
    this.timeout(180_000);
    let red: NodeRed;
    let trackers: SandboxSpace[] = [];

    before(async () => {
      red = await NodeRed.start();
      trackers = spaces(red.userDir, 'a', 'b', 'c');
    });

    after(async () => {
      for (const space of trackers) space.close();
      await red?.stop();
    });

    it('each bug is in each system once, wherever it was made, and an edit reaches all of them', async () => {
      const [a, b, c] = trackers as [SandboxSpace, SandboxSpace, SandboxSpace];
      addBugs(a, 'from a 1', 'from a 2', 'from a 3');
      addBugs(b, 'from b 1', 'from b 2');
      addBugs(c, 'from c');
      await red.deploy([
        system('sa', 'a', ignoreOwn),
        system('sb', 'b', ignoreOwn),
        system('sc', 'c', ignoreOwn),
        ...between('ab', 'sa', 'sb'),
        ...between('bc', 'sb', 'sc'),
        ...between('ca', 'sc', 'sa'),
      ]);
      const titled = (space: SandboxSpace, title: string) =>
        all(space).filter(({ fields }) => fields.summary === title).length;
      await until('all have arrived', () => trackers.every((space) => all(space).length >= 6), 20_000);
      await stay(trackers, 6, SECONDS);
      const edited = all(b).find(({ fields }) => fields.summary === 'from a 1');
      b.edit('bob', edited?.id ?? '', { summary: 'edited in b' });
      await until(
        'the edit is everywhere',
        () => trackers.every((space) => titled(space, 'edited in b') === 1),
        20_000,
      );
      assert.ok(trackers.every((space) => titled(space, 'from a 1') === 0));
      const revisions = () => trackers.map((space) => space.revision());
      await stay(trackers, 6, 3);
      const rest = revisions();
      await stay(trackers, 6, 4);
      assert.deepEqual(revisions(), rest, 'nobody writes any more');
    });
  });
}

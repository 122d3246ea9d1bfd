/**
 * The real engine between two organisations of Azure DevOps in trouble: one poisoned work item parks alone, one whose area is
 * out of sight is neither overwritten nor made twice, and what is empty at the source is empty on the other side.
 */

import assert from 'node:assert/strict';
import { Integration } from '../../lib/engine/integration';
import type { Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import { systemClock } from '../../lib/model/clock';
import type { IntegrationConfig } from '../../lib/model/config';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { Colleague, connectTo, FABRIKAM } from '../connectors/azure-devops/support';
import { until } from '../support/wait';
import { type StandIn, startAzureDevOps } from '../systems/azure-devops';

const SEVERITY = 'Microsoft.VSTS.Common.Severity';
const FIELDS = ['System.Title', 'System.Description', SEVERITY];
const fabrikam = { id: FABRIKAM, name: 'Fabrikam' };
const bug = { id: 'Bug', name: 'Bug' };
const config: IntegrationConfig = {
  id: 'integration',
  name: 'One ↔ Two',
  active: true,
  system1: 'one',
  system2: 'two',
  projectPairs: [{ one: fabrikam, two: fabrikam, direction: 'both' }],
  typePairs: [{ id: 'bugs', one: bug, two: bug, direction: 'both' }],
  retries: 0,
  targetDeleted: 'create',
  lostAfterMs: 600_000,
};

describe('reality 2: Azure DevOps in trouble, in the engine', function () {
  this.timeout(30_000);
  let one: StandIn;
  let two: StandIn;
  let store: Store;
  let integration: Integration;
  let readers: Reader[];
  let landed: number;
  let failures: string[];

  beforeEach(async () => {
    landed = 0;
    failures = [];
    one = await startAzureDevOps();
    two = await startAzureDevOps();
    await new Colleague(one, 'alice').create(['Old']);
    await new Colleague(two, 'bob').create(['Old']);
    store = await openSqliteStore({ file: ':memory:' });
    const systems = [
      new System('one', 'One', () => connectTo(one), systemClock),
      new System('two', 'Two', () => connectTo(two), systemClock),
    ] as const;
    integration = new Integration(config, systems, store, systemClock, {
      landed: () => void landed++,
      failed: (_event, error) => void failures.push(error.message),
    });
    await integration.start();
    const relevant = { fields: new Set(FIELDS), always: false };
    integration.declare('mapper', { 1: relevant, 2: relevant });
    const writer = integration.writer({ batchSize: 50 });
    readers = ([1, 2] as const).map((side) =>
      integration.reader(
        side,
        { pageSize: 100, window: 200, start: { kind: 'newest' } },
        (message) => {
          message.payload = Object.fromEntries(FIELDS.map((field) => [field, message.payload[field] ?? null]));
          message.sync.mapped = Object.fromEntries(FIELDS.map((field) => [field, { from: [field] }]));
          writer.accept(message).catch((error: unknown) => failures.push(String(error)));
        },
        () => undefined,
      ),
    );
    await poll();
  });

  afterEach(async () => {
    await integration.stop();
    await store.close();
    for (const standIn of [one, two]) await standIn.stop();
    assert.deepEqual([...one.violations, ...two.violations], []);
  });

  async function poll(): Promise<void> {
    for (const reader of readers) await reader.poll();
  }
  const titles = (standIn: StandIn) =>
    [...standIn.service.state.items.values()].map(({ fields }) => String(fields['System.Title'])).sort();
  const parked = async () => (await integration.commands.parked(0, 10)).items;

  for (const within of ['whole', 'element'] as const) {
    it(`one of twenty that breaks ${within === 'whole' ? 'the whole batch' : 'its part of the batch'} parks alone`, async () => {
      two.faults.poison = { title: 'Poison', status: 500, within };
      const names = Array.from({ length: 20 }, (_, index) => (index === 7 ? 'Poison' : `Bug ${index}`));
      await new Colleague(one, 'alice').create(names);
      await poll();
      await until('nineteen have landed', async () => landed >= 19);
      await until('one is parked', async () => (await parked()).length === 1);
      const [held] = await parked();
      assert.equal(held?.entity.key, String(names.indexOf('Poison') + 2));
      assert.deepEqual(titles(two), ['Old', ...names.filter((name) => name !== 'Poison')].sort());
    });
  }

  it('a counterpart that is no longer visible is not created again, whatever is set for deleted ones', async () => {
    const [id = ''] = await new Colleague(one, 'alice').create(['Here and there']);
    await poll();
    await until('it has landed', async () => landed === 1);
    const there = [...two.service.state.items.keys()].at(-1) ?? 0;
    two.faults.hidden.add(there);
    await new Colleague(one, 'alice').change(id, { 'System.Title': 'Changed here' });
    await poll();
    await until('it is parked', async () => (await parked()).length === 1);
    assert.match(failures.join(), /View work items in this node/);
    assert.equal(two.service.state.items.size, 2, 'no twin');
    // deleted is evidence: then the policy holds
    two.faults.hidden.clear();
    await new Colleague(two, 'bob').remove(String(there));
    const [held] = await parked();
    assert.ok(held);
    await integration.commands.retry([held.event]);
    await poll();
    await until('it is there again', async () => two.service.state.items.size === 3);
  });

  it('what was emptied at the source is empty on the other side, although its process has a default', async () => {
    const alice = new Colleague(one, 'alice');
    const [id = ''] = await alice.create(['No severity']);
    const item = one.service.state.item(Number(id));
    assert.ok(item);
    delete item.fields[SEVERITY];
    for (const { fields } of item.revisions) delete fields[SEVERITY];
    await alice.change(id, { 'System.Description': '<div><br></div>' });
    await poll();
    await until('it has landed', async () => landed === 1);
    const there = [...two.service.state.items.values()].at(-1);
    assert.equal(there?.fields['System.Title'], 'No severity');
    assert.equal(there?.fields[SEVERITY], undefined);
    await poll();
    await poll();
    assert.equal(landed, 1, 'and both sides rest');
  });
});

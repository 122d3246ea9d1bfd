/** The real engine between two organisations: changes land, both sides come to rest, and each change costs what is said. */

import assert from 'node:assert/strict';
import { Integration } from '../../../lib/engine/integration';
import type { Reader } from '../../../lib/engine/read/reader';
import { System } from '../../../lib/engine/system';
import { systemClock } from '../../../lib/model/clock';
import type { IntegrationConfig } from '../../../lib/model/config';
import { openSqliteStore } from '../../../lib/store/sqlite';
import type { Store } from '../../../lib/store/store';
import { until } from '../../support/wait';
import { type StandIn, startAzureDevOps } from '../../systems/azure-devops';
import { Colleague, compared, connectTo, FABRIKAM } from './support';

const FIELDS = [
  'System.Title',
  'System.Description',
  'System.State',
  'System.AssignedTo',
  'System.Tags',
  'System.AreaPath',
  'Microsoft.VSTS.Common.Severity',
  'Microsoft.VSTS.Scheduling.RemainingWork',
];

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
  retries: 1,
  lostAfterMs: 600_000,
};

describe(`Azure DevOps: in the engine (${compared})`, function () {
  this.timeout(30_000);
  let one: StandIn;
  let two: StandIn;
  let store: Store;
  let integration: Integration;
  let readers: Reader[];
  let landed = 0;
  const failures: string[] = [];

  before(async () => {
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
          const entries = FIELDS.filter((field) => field in message.payload).map((field) => [
            field,
            message.payload[field],
          ]);
          message.payload = Object.fromEntries(entries);
          message.sync.mapped = Object.fromEntries(FIELDS.map((field) => [field, { from: [field] }]));
          writer.accept(message).catch((error: unknown) => failures.push(String(error)));
        },
        () => undefined,
      ),
    );
    await poll();
  });

  after(async () => {
    await integration.stop();
    await store.close();
    for (const standIn of [one, two]) await standIn.stop();
    assert.deepEqual([...one.violations, ...two.violations], []);
  });

  async function poll(): Promise<void> {
    for (const reader of readers) await reader.poll();
  }

  /** Polls until `count` changes have landed, and then once more, so that echoes have come back. */
  async function sync(count: number): Promise<void> {
    landed = 0;
    await poll();
    await until(`${count} changes have landed (failures: ${failures.join('; ')})`, async () => landed >= count);
    await poll();
    assert.equal(landed, count);
    assert.deepEqual(failures, []);
  }

  /** Requests other than polls and what is asked once an hour, as `METHOD /path`. */
  const costs = (standIn: StandIn): string[] =>
    standIn.requests
      .splice(0)
      .filter(
        (request) =>
          !/workitemrevisions|workitemtype|workitemrelationtypes|fields|classificationnodes|_apis\/(projects|identities)/.test(
            request,
          ),
      )
      .map((request) => request.replace(/\d+$/, 'id'));

  const shown = (standIn: StandIn) =>
    [...standIn.service.state.items.values()]
      .map(({ fields }) => [fields['System.Title'], fields['System.State'], fields['System.Tags']].join('/'))
      .sort();

  it('creates forty in one request, and reads none of them again', async () => {
    await new Colleague(one, 'alice').create(Array.from({ length: 40 }, (_, number) => `Bug ${number}`));
    costs(one);
    costs(two);
    await sync(40);
    assert.deepEqual(shown(two), shown(one));
    assert.deepEqual(costs(one), ['POST /_apis/wit/workitemsbatch']);
    assert.deepEqual(costs(two), ['PATCH /_apis/wit/$batch']);
  });

  it('updates forty in two requests: one to read the targets, one to write', async () => {
    const alice = new Colleague(one, 'alice');
    for (const id of [...one.service.state.items.keys()].slice(-40)) {
      await alice.change(String(id), {
        'System.State': 'Active',
        'System.Tags': 'b; a',
        'System.AssignedTo': 'bob@example.com',
      });
    }
    costs(one);
    await sync(40);
    assert.deepEqual(shown(two), shown(one));
    assert.deepEqual(costs(one), ['POST /_apis/wit/workitemsbatch']);
    assert.deepEqual(costs(two), ['POST /_apis/wit/workitemsbatch', 'PATCH /_apis/wit/$batch']);
  });

  it('takes a change back the other way, one read and one write, and comes to rest', async () => {
    const last = [...two.service.state.items.keys()].at(-1);
    await new Colleague(two, 'bob').change(String(last), { 'System.Title': 'From the other side' });
    costs(two);
    await sync(1);
    assert.deepEqual(shown(two), shown(one));
    assert.deepEqual(costs(one), ['POST /_apis/wit/workitemsbatch', 'PATCH /_apis/wit/workitems/id']);
    const revisions = () => [one, two].map(({ service }) => service.state.watermark);
    const before = revisions();
    for (const _ of [1, 2, 3]) await poll();
    assert.deepEqual(revisions(), before);
    assert.equal(one.requests.filter((request) => !request.includes('workitemrevisions')).length, 0);
  });
});

import assert from 'node:assert/strict';
import type { ChangePage, Connection } from '../../lib/connectors/connector';
import type { Entity } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { SyncResult } from '../../lib/model/message';
import type { GroupSurvey, Survey } from '../../lib/plan';
import { startRuntime, stopRuntime, unload } from '../nodes/filter/harness';
import { CHAIN, priority2, status, title } from './chain';
import { Flow } from './flow';

async function surveyed(flow: Flow, ...args: Parameters<Flow['surveying']>): Promise<Survey> {
  const run = await flow.surveying(...args);
  await run.run(new AbortController().signal);
  return run.result();
}

function forward({ groups }: Survey): GroupSurvey {
  const found = groups.find(({ direction }) => direction === 'forward');
  assert.ok(found);
  return found;
}

const happening = ({ outcomes }: GroupSurvey) =>
  Object.fromEntries(Object.entries(outcomes).filter(([, count]) => count > 0));
const keysOf = (results: SyncResult[], outcome: SyncResult['outcome']) =>
  results.filter((result) => result.outcome === outcome).map(({ source }) => source.key);

describe('plan: survey', function () {
  this.timeout(60_000);
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  it('agrees with what the chain then does, in both directions', async () => {
    const flow = await Flow.deploy(CHAIN);
    const linked: Entity[] = [];
    for (const name of ['A', 'B', 'C', 'D']) {
      linked.push(await flow.create(1, { summary: name, priority: { name: 'High' } }));
    }
    await flow.sync(1);
    await flow.sync(2);
    const [a, b, c] = linked;
    assert.ok(a && b && c);
    const inAzure = (name: string) => flow.all(2).then((all) => all.find(({ fields }) => fields[title.id] === name));
    await flow.edit(1, a.id, { summary: 'A changed', priority: { name: 'Low' } });
    await flow.edit(1, b.id, { summary: 'B here' });
    await flow.edit(2, (await inAzure('B'))?.id ?? '', { [title.id]: 'B there' });
    await flow.edit(1, c.id, { [status.id]: { name: 'In Review' } });
    for (const name of ['New 1', 'New 2']) await flow.create(1, { summary: name, priority: { name: 'Medium' } });
    await flow.create(1, { summary: 'Filtered', priority: { name: 'Lowest' } });
    await flow.create(2, { [title.id]: 'From Azure', 'System.AreaPath': { name: 'Fabrikam' } });

    const before = [await flow.all(1), await flow.all(2)];
    const survey = await surveyed(flow, 'all');
    assert.deepEqual([await flow.all(1), await flow.all(2)], before, 'nothing was written');

    const there = forward(survey);
    assert.deepEqual(
      [there.type, there.targetType],
      [
        { id: '10101', name: 'Bug' },
        { id: 'Bug', name: 'Bug' },
      ],
    );
    assert.deepEqual([there.read, there.extent, there.conflicts], [7, 'all', 1]);
    assert.deepEqual(happening(there), { create: 2, update: 1, parked: 1, filtered: 1, nothing: 2 });
    assert.deepEqual(there.nothing, { unchanged: 1, same: 0, kept: 1 });
    const back = survey.groups.find(({ direction }) => direction === 'backward');
    assert.ok(back);
    const written = (group: GroupSurvey, id: string) => group.fields.find(({ field }) => field === id);
    assert.deepEqual(written(there, title.id), {
      ...{ field: title.id, name: 'Title' },
      ...{ created: 2, updated: 1, kept: 0, conflict: 1 },
    });
    assert.equal(written(there, priority2.id)?.updated, 1);
    assert.deepEqual(
      there.findings
        .filter(({ kind }) => kind === 'unresolved')
        .map(({ name, value, count, examples }) => [name, value, count, examples.map(({ key }) => key)]),
      [['State', '"In Review"', 1, [c.key]]],
    );

    const results = await flow.sync(1);
    assert.deepEqual(keysOf(results, 'created').length, there.outcomes.create);
    assert.deepEqual(
      keysOf(results, 'updated'),
      there.samples.update?.map(({ source }) => source.key),
    );
    const returning = await flow.sync(2);
    assert.equal(keysOf(returning, 'created').length, back.outcomes.create);
  });

  it('takes every entity for a new one before the first deploy, and keeps a few of each outcome, cut', async () => {
    const flow = await Flow.deploy(CHAIN);
    const long = 'x'.repeat(5_000);
    for (let n = 0; n < 25; n += 1) {
      await flow.create(1, { summary: `Bug ${n}`, description: { format: 'markdown', content: long } });
    }
    const group = forward(await surveyed(flow, 'all', { store: undefined }));
    assert.deepEqual([group.read, group.outcomes.create, group.samples.create?.length], [25, 25, 10]);
    const [plan] = group.samples.create ?? [];
    const description = plan?.fields.find(({ field }) => field === 'System.Description');
    assert.equal(Reflect.get(Object(description?.after), 'content').length, 501);
    assert.ok(plan?.fields.every(({ effect, warnings }) => effect === 'write' || warnings.length > 0));
  });

  it('looks at the ones that changed last, and says that there are more', async () => {
    const flow = await Flow.deploy(CHAIN);
    for (let n = 0; n < 30; n += 1) await flow.create(1, { summary: `Bug ${n}` });
    const newest = (await flow.all(1)).slice(-5).map(({ key }) => key);
    const untold: Connection = Object.create(flow.people[1], { latest: { value: undefined } });
    for (const connection of [flow.people[1], untold]) {
      const group = forward(await surveyed(flow, 5, { connections: [connection, flow.people[2]] }));
      assert.deepEqual([group.read, group.extent], [5, 'newest']);
      const keys = group.samples.create?.map(({ source }) => source.key) ?? [];
      assert.deepEqual(keys, newest.toReversed());
    }
    const all = forward(await surveyed(flow, 100));
    assert.deepEqual([all.read, all.extent], [30, 'all']);
  });

  it('reads pages, one at a time, and holds none of them', async () => {
    const flow = await Flow.deploy(CHAIN);
    const first = await flow.create(1, { summary: 'One of very many', priority: { name: 'High' } });
    let pages = 0;
    let unread = 0;
    const many: Connection = {
      ...flow.people[1],
      async *changes(): AsyncGenerator<ChangePage> {
        for (let page = 0; page < 60; page += 1) {
          pages += 1;
          unread += 1;
          assert.equal(unread, 1);
          const entities = Array.from({ length: 100 }, (_, n) => ({
            ...first,
            id: `${page * 100 + n}`,
            key: `X-${page}-${n}`,
          }));
          yield { entities, checkpoint: { page } };
          unread -= 1;
        }
      },
    };
    const run = await flow.surveying('all', { connections: [many, flow.people[2]] });
    await run.run(new AbortController().signal);
    const group = forward(run.result());
    assert.deepEqual([pages, group.read, group.outcomes.create], [60, 6_000, 6_000]);
    assert.deepEqual(run.progress(), { read: 6_000, group: 2, groups: 2 });
    assert.ok(JSON.stringify(run.result()).length < 100_000);
  });

  it('is ended between two pages by who asked for it, and reports what it has found so far', async () => {
    const flow = await Flow.deploy(CHAIN);
    const first = await flow.create(1, { summary: 'One of very many' });
    const ending = new AbortController();
    const endless: Connection = {
      ...flow.people[1],
      async *changes(): AsyncGenerator<ChangePage> {
        for (let page = 0; ; page += 1) {
          if (page === 3) ending.abort();
          yield { entities: [{ ...first, id: `${page}` }], checkpoint: { page } };
        }
      },
    };
    const run = await flow.surveying('all', { connections: [endless, flow.people[2]] });
    await assert.rejects(run.run(ending.signal), { name: 'AbortError' });
    const group = forward(run.result());
    assert.deepEqual([group.read, group.extent], [3, 'part']);
  });

  it('waits for a system that asks to, goes on behind the last page, and gives up where it does not come back', async () => {
    const flow = await Flow.deploy(CHAIN);
    for (let n = 0; n < 3; n += 1) await flow.create(1, { summary: `Bug ${n}` });
    const waited: number[] = [];
    const wait = async (ms: number) => void waited.push(ms);
    const { changes } = flow.people[1];
    let failures = 2;
    const asked: unknown[] = [];
    const busy = (): Connection => ({
      ...flow.people[1],
      async *changes(scope, since): AsyncGenerator<ChangePage> {
        asked.push(since);
        for await (const page of changes.call(flow.people[1], scope, since, 1)) {
          yield page;
          failures -= 1;
          if (failures >= 0) throw new SyncError('rateLimited', 'slow down', { retryAfterMs: 7_000 });
        }
      },
    });
    const group = forward(await surveyed(flow, 'all', { connections: [busy(), flow.people[2]], wait }));
    assert.deepEqual([group.read, group.fault, waited], [3, undefined, [7_000, 7_000]]);
    assert.equal(asked.length, 3);
    assert.ok(asked[1] !== undefined && asked[2] !== undefined);

    const away: Connection = {
      ...flow.people[1],
      changes() {
        throw new SyncError('transient', 'connection refused');
      },
    };
    const survey = await surveyed(flow, 'all', { connections: [away, flow.people[2]], wait });
    assert.deepEqual([forward(survey).fault, forward(survey).extent], ['connection refused', 'part']);
    assert.equal(survey.groups[1]?.fault, undefined, 'the other direction is looked at all the same');
    assert.ok(waited.length < 10);
  });
});

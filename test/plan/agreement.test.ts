import assert from 'node:assert/strict';
import { equalValues } from '../../lib/mapping/compare';
import type { Side } from '../../lib/model/entity';
import type { SyncResult } from '../../lib/model/message';
import type { Fields, Value } from '../../lib/model/values';
import type { EntityPlan } from '../../lib/plan';
import { startRuntime, stopRuntime, unload } from '../nodes/filter/harness';
import { Random } from '../simulation/random';
import { assigned, CHAIN, priority2, state } from './chain';
import { Flow } from './flow';

const ROUNDS = 12;

/** What a person might do to a bug of Jira, or of Azure DevOps. */
function edit(random: Random, side: Side): Fields {
  const word = `${random.pick(['Login', 'Search', 'Print', 'Export'])} ${random.pick(['fails', 'hangs', 'is slow'])}`;
  const text = { format: 'markdown' as const, content: random.pick(['*one*', 'two\n\nthree', '', '- a\n- b']) };
  const email = `${random.pick(['alice', 'bob', 'carol'])}@example.com`;
  const labels = random.pick<string[]>([[], ['web'], ['web', 'ui'], ['ui']]);
  const person = random.chance(0.2) ? null : { email };
  const changes: [string, Value][] =
    side === 1
      ? [
          ['summary', word],
          ['description', text],
          ['priority', { name: random.pick(['Highest', 'High', 'Medium', 'Low', 'Lowest']) }],
          ['status', { name: random.pick(['To Do', 'In Progress', 'In Review', 'Done']) }],
          ['assignee', person],
          ['labels', labels],
        ]
      : [
          ['System.Title', word],
          ['System.Description', text],
          [priority2.id, { name: random.pick(['1', '2', '3', '4']) }],
          [state.id, { name: random.pick(['New', 'Active', 'Resolved', 'Closed']) }],
          [assigned.id, person],
          ['System.Tags', labels],
        ];
  const some = changes.filter(() => random.chance(0.4));
  return Object.fromEntries(some.length > 0 ? some : changes.slice(0, 1));
}

/** What came of a planned entity, in the words of the plan. */
function assertAgrees(plan: EntityPlan, result: SyncResult | undefined, target: Fields | undefined): void {
  const { outcome } = plan;
  const told = JSON.stringify({ plan, result, target });
  if (outcome.kind === 'create') assert.equal(result?.outcome, 'created', told);
  else if (outcome.kind === 'update') {
    assert.equal(result?.outcome, 'updated', told);
    assert.deepEqual([...(result?.written ?? [])].sort(), [...outcome.fields].sort(), told);
  } else if (outcome.kind === 'nothing') assert.ok(result === undefined || result.outcome === 'unchanged', told);
  else assert.equal(result, undefined, told);
  if (target === undefined) return;
  for (const { field, after, effect } of plan.fields) {
    // what a create leaves out, the target fills in itself
    if (outcome.kind === 'create' && effect !== 'write') continue;
    assert.ok(equalValues(after, target[field] ?? null), `${field}: ${told}`);
  }
}

describe('plan: agreement with what the nodes then do', function () {
  this.timeout(120_000);
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  for (const seed of [1, 2, 3]) {
    it(`every outcome, every field that is written and every value is as planned (seed ${seed})`, async () => {
      const random = new Random(seed);
      const flow = await Flow.deploy(CHAIN, { parkFields: seed === 2 });
      const seen = new Set<string>();
      for (let round = 0; round < ROUNDS; round++) {
        for (const side of [1, 2] as const) {
          const own = await flow.all(side);
          if (own.length < 4 && random.chance(0.7)) {
            const area = { 'System.Title': 'New', 'System.AreaPath': { name: 'Fabrikam\\Web' } };
            const fresh: Fields = side === 1 ? { summary: 'New' } : area;
            await flow.create(side, { ...fresh, ...edit(random, side) });
          }
          const old = own.length > 0 ? random.pick(own) : undefined;
          if (old) await flow.edit(side, old.id, edit(random, side));
        }
        const side: Side = random.chance(0.5) ? 1 : 2;
        const plans: EntityPlan[] = [];
        for (const { id } of await flow.all(side)) plans.push(await flow.plan(side, id));
        const parkedBefore = await flow.parked(side);
        const results = await flow.sync(side);
        const parked = await flow.parked(side);
        for (const plan of plans) {
          const { id } = plan.source;
          // what waits for a person from an earlier round holds back what came after it
          if (parkedBefore.has(id)) continue;
          seen.add(plan.outcome.kind);
          assert.equal(parked.has(id), plan.outcome.kind === 'parked', JSON.stringify(plan, undefined, 1));
          const result = results.find(({ source }) => source.id === id);
          const target = result?.target ?? plan.target;
          const shown = target && (await flow.read(side === 1 ? 2 : 1, target.id)).fields;
          assertAgrees(plan, result, plan.outcome.kind === 'parked' ? undefined : shown);
        }
      }
      assert.ok(seen.has('create') && seen.has('update') && seen.has('nothing'), [...seen].join());
    });
  }
});

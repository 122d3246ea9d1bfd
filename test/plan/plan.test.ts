import assert from 'node:assert/strict';
import type { EntityPlan, FieldPlan } from '../../lib/plan';
import { startRuntime, stopRuntime, unload } from '../nodes/filter/harness';
import {
  area,
  assigned,
  CHAIN,
  description2,
  external,
  info,
  priority,
  priority2,
  severity,
  state,
  tags,
  title,
  VALUES,
} from './chain';
import { Flow } from './flow';

const of = (plan: EntityPlan, id: string): FieldPlan => {
  const found = plan.fields.find((one) => one.field === id);
  assert.ok(found, `${id} is planned`);
  return found;
};
const origins = (plan: EntityPlan, id: string) => of(plan, id).how.map(({ origin }) => origin);
const kinds = (plan: EntityPlan, id: string) => of(plan, id).warnings.map(({ kind }) => kind);

describe('plan: one entity', function () {
  this.timeout(60_000);
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  it('shows what a create writes, field by field, and how each value came about', async () => {
    const flow = await Flow.deploy(CHAIN, { backlinks: { 2: { key: 'Custom.ExternalLink' } } });
    const bug = await flow.create(1, {
      summary: 'Login fails',
      description: { format: 'markdown', content: 'It **fails**' },
      priority: { name: 'High' },
      assignee: { email: 'bob@example.com' },
      labels: ['web'],
    });
    const plan = await flow.plan(1, bug.id);

    assert.deepEqual(plan.outcome, { kind: 'create' });
    assert.equal(plan.source.key, bug.key);
    assert.deepEqual([of(plan, 'System.Title').before, of(plan, 'System.Title').after], [null, 'Login fails']);
    assert.deepEqual(of(plan, 'System.Title').sources, [
      { field: 'summary', name: 'Summary', type: 'text', value: 'Login fails' },
    ]);
    assert.deepEqual(of(plan, 'System.Title').how, [{ origin: 'mapped', step: 'fields', row: 0 }]);
    assert.deepEqual(of(plan, priority2.id).after, { id: '2', name: '2' });
    assert.deepEqual(origins(plan, priority2.id), ['mapped', 'table']);
    assert.deepEqual(origins(plan, assigned.id), ['mapped', 'email']);
    assert.deepEqual(origins(plan, area.id), ['default']);
    assert.deepEqual(origins(plan, external.id), ['constant']);
    assert.deepEqual(origins(plan, info.id), ['template']);
    assert.deepEqual(origins(plan, severity.id), ['expression']);
    assert.deepEqual(of(plan, 'Custom.ExternalLink').how, [{ origin: 'key' }]);
    assert.equal(of(plan, 'Custom.ExternalLink').after, bug.key);
    assert.equal(of(plan, state.id).effect, 'notNow');
    assert.deepEqual((await flow.all(2)).length, 0, 'nothing was written');
  });

  it('names the criterion that filters an entity out', async () => {
    const flow = await Flow.deploy(CHAIN);
    const bug = await flow.create(1, { summary: 'Typo', priority: { name: 'Lowest' } });
    const plan = await flow.plan(1, bug.id);
    assert.deepEqual(plan.outcome, {
      kind: 'filtered',
      step: 'filter',
      otherOutput: false,
      reason: 'Priority is not "Lowest": not met, it is "Lowest"',
    });
    assert.deepEqual(
      plan.criteria.map(({ condition, met }) => [condition.field.name, met]),
      [
        ['Priority', false],
        ['Summary', true],
      ],
    );
    assert.deepEqual(plan.criteria[0]?.value, { id: '5', name: 'Lowest' });
  });

  it('shows an update against what the target holds now, and leaves alone what has not changed', async () => {
    const flow = await Flow.deploy(CHAIN);
    const bug = await flow.create(1, { summary: 'One', priority: { name: 'High' } });
    await flow.sync(1);
    assert.deepEqual((await flow.plan(1, bug.id)).outcome, { kind: 'nothing', why: 'unchanged' });
    await flow.edit(1, bug.id, { summary: 'Two', status: { name: 'In Progress' } });
    const plan = await flow.plan(1, bug.id);
    assert.deepEqual(plan.outcome, { kind: 'update', fields: ['System.Title', 'System.State', info.id] });
    assert.deepEqual([of(plan, title.id).before, of(plan, title.id).after], ['One', 'Two']);
    assert.equal(of(plan, priority2.id).effect, 'unchanged');
    assert.deepEqual(of(plan, priority2.id).wanted, { id: '2', name: '2' });
    assert.ok(plan.target?.key);
  });

  it('shows conflicts and what decides them', async () => {
    const flow = await Flow.deploy(CHAIN);
    const bug = await flow.create(1, { summary: 'One', assignee: { email: 'bob@example.com' }, labels: ['a'] });
    await flow.sync(1);
    const [twin] = await flow.all(2);
    assert.ok(twin);
    await flow.edit(2, twin.id, {
      'System.AssignedTo': { email: 'carol@example.com' },
      'System.Tags': ['b'],
      'System.Description': { format: 'markdown', content: 'theirs' },
    });
    await flow.edit(1, bug.id, {
      assignee: { email: 'alice@example.com' },
      labels: ['c'],
      description: { format: 'markdown', content: 'ours' },
    });
    const plan = await flow.plan(1, bug.id);
    assert.equal(of(plan, assigned.id).effect, 'kept');
    assert.deepEqual(kinds(plan, assigned.id), ['conflict']);
    assert.equal(of(plan, tags.id).effect, 'write');
    assert.match(of(plan, tags.id).warnings[0]?.reason ?? '', /Changed on both sides; the source value is written/);
    assert.deepEqual(kinds(plan, description2.id), ['conflict']);

    await flow.edit(2, twin.id, { 'System.Title': 'Theirs' });
    await flow.edit(1, bug.id, { summary: 'Ours' });
    const parked = await flow.plan(1, bug.id);
    assert.equal(parked.outcome.kind, 'parked');
    assert.equal(of(parked, title.id).effect, 'conflict');
    assert.match(of(parked, title.id).warnings[0]?.reason ?? '', /needs your decision/);
  });

  it('shows the state after a step in the middle, and that nothing is mapped before the field mapper', async () => {
    const flow = await Flow.deploy(CHAIN);
    const bug = await flow.create(1, { summary: 'One', priority: { name: 'High' } });
    assert.deepEqual((await flow.plan(1, bug.id, 'filter')).outcome, { kind: 'unmapped' });
    const mapped = await flow.plan(1, bug.id, 'fields');
    assert.deepEqual(of(mapped, priority2.id).wanted, { name: 'High' });
    // the steps behind it have still to find the list's value, and to fill what is required
    assert.deepEqual(kinds(mapped, priority2.id), []);
    assert.ok(!mapped.fields.some(({ field }) => field === area.id));
    const valued = await flow.plan(1, bug.id, 'values');
    assert.deepEqual(of(valued, priority2.id).wanted, { id: '2', name: '2' });
  });

  it('says that an entity parks where a value has no counterpart and its row wants that', async () => {
    const noPairs = { ...VALUES, rows: [{ one: priority, two: priority2, sameName: false, pairs: [] }] };
    const flow = await Flow.deploy(CHAIN.map((step) => (step === VALUES ? noPairs : step)));
    const bug = await flow.create(2, { 'System.Title': 'One', 'System.AreaPath': { name: 'Fabrikam' } });
    const plan = await flow.plan(2, bug.id);
    assert.equal(plan.outcome.kind, 'parked');
    assert.ok('fields' in plan.outcome && plan.outcome.fields?.priority);
    // the target has a default for it, so nothing is missing
    assert.deepEqual(kinds(plan, 'priority'), ['unresolved']);
  });
});

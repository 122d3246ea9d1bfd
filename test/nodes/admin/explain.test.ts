import assert from 'node:assert/strict';
import { SyncError } from '../../../lib/model/errors';
import { deployedChain, type SavedNode } from '../../../lib/plan/drawn/deployed';
import type { Explanation } from '../../../lib/plan/explanation';
import { registerExplain } from '../../../nodes/admin/explain';
import { Workbench } from '../../engine/workbench';
import { JsonServer } from './json-host';

const text = (id: string) => ({ id, name: `The ${id}`, type: 'text' });
const NODES: SavedNode[] = [
  { id: 'p1', type: 'twinflow-poller', integration: 'integration', side: '1', wires: [['f']] },
  { id: 'p2', type: 'twinflow-poller', integration: 'integration', side: '2', wires: [['f']] },
  {
    ...{ id: 'f', type: 'twinflow-filter', integration: 'integration', name: 'Only good ones', wires: [['m']] },
    ...{ side: '1', mode: 'all', conditions: [{ field: text('title'), operator: 'isNot', value: 'Bad' }] },
  },
  {
    ...{ id: 'm', type: 'twinflow-field-mapper', integration: 'integration', wires: [['w']] },
    ...{ rows: ['title', 'priority', 'note'].map((id) => ({ one: text(id), two: text(id), direction: 'both' })) },
  },
  { id: 'w', type: 'twinflow-writer', integration: 'integration' },
];

describe('explaining an item', () => {
  let bench: Workbench;
  let server: JsonServer;
  let nodes: SavedNode[];
  let unused: boolean;

  beforeEach(async () => {
    bench = await Workbench.start({ retries: 0 });
    server = new JsonServer();
    nodes = NODES;
    unused = false;
    registerExplain(server.host, {
      integrations: () => [{ config: bench.integration.config, ready: Promise.resolve(bench.integration), unused }],
      chain: (id, side) => deployedChain(nodes, id, side),
    });
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
    await bench.stop();
  });

  async function explain(key: string, side?: 1 | 2): Promise<Explanation> {
    const { status, body } = await server.post('explain', { integration: 'integration', key, ...(side && { side }) });
    assert.equal(status, 200, JSON.stringify(body));
    const [first] = body.items as Explanation[];
    assert.ok(first);
    return first;
  }
  const verdict = ({ verdict: { step, code } }: Explanation): string => `${step}.${code}`;

  it('says that an item was not found in either system', async () => {
    const { body } = await server.post('explain', { integration: 'integration', key: '4711' });
    const items = body.items as Explanation[];
    assert.deepEqual(
      items.map((item) => [item.side, verdict(item), item.verdict.names]),
      [
        [1, 'item.notFound', { key: '4711', system: 'One' }],
        [2, 'item.notFound', { key: '4711', system: 'Two' }],
      ],
    );
    assert.equal((await server.post('explain', { integration: 'integration', key: ' ' })).status, 422);
    assert.equal((await server.post('explain', { integration: 'other', key: '1' })).status, 404);
  });

  it('says that an item was not polled yet, and what will become of it; then that it is in sync', async () => {
    const { id, url } = bench.one.save(undefined, { title: 'New', priority: 'Low' });
    const before = await explain(id);
    assert.equal(verdict(before), 'poll.notPolled');
    assert.ok(before.steps.some(({ step, code }) => step === 'merge' && code === 'create'));
    assert.deepEqual(before.fields.map(({ field, wanted }) => [field, wanted]).slice(0, 2), [
      ['title', 'New'],
      ['priority', 'Low'],
    ]);
    await bench.sync();
    const after = await explain(url ?? '');
    assert.equal(verdict(after), 'merge.nothing.unchanged');
    assert.deepEqual([after.entity?.key, after.counterpart?.key, after.from, after.to], [id, 'two-1', 'One', 'Two']);
  });

  it('says that an item has changed since the last poll, and that its values are in conflict', async () => {
    const { id } = bench.one.save(undefined, { title: 'A', priority: 'Low' });
    await bench.sync();
    await bench.wait();
    bench.one.save(id, { priority: 'High' });
    bench.two.save('two-1', { priority: 'Medium' });
    const said = await explain(id);
    assert.match(verdict(said), /^poll\.(changedSince|newVersion)$/);
    const field = said.fields.find(({ field }) => field === 'priority');
    assert.deepEqual([field?.base, field?.sourceBase, field?.before], ['Low', { priority: 'Low' }, 'Medium']);
    assert.ok(field?.warnings.some(({ kind }) => kind === 'conflict'));
  });

  it('says which filter left an item out, condition by condition', async () => {
    const { id } = bench.one.save(undefined, { title: 'Bad' });
    const said = await explain(id);
    assert.equal(verdict(said), 'filter.filteredBecause');
    assert.equal(said.verdict.names?.name, 'Only good ones');
    assert.match(String(said.verdict.names?.why), /Bad/);
    assert.deepEqual(
      said.criteria.map(({ condition, met, value }) => [condition.field.name, met, value]),
      [['The title', false, 'Bad']],
    );
  });

  it('says why a change is parked, how often it was tried, and what waits behind it', async () => {
    bench.two.refuses = () => ({ priority: 'cannot be blank' });
    const { id } = bench.one.save(undefined, { title: 'Crash' });
    await bench.sync();
    const said = await explain(id);
    assert.equal(verdict(said), 'queue.parked');
    assert.match(String(said.verdict.names?.why), /cannot be blank/);
    assert.equal(typeof said.parked, 'number');
  });

  it('says that a project or type is not synced, or that nothing polls', async () => {
    const { id } = bench.one.save(undefined, { title: 'Elsewhere' });
    const entity = bench.one.entities.get(id);
    assert.ok(entity);
    bench.one.entities.set(id, { ...entity, type: 'Epic' });
    assert.equal(verdict(await explain(id)), 'scope.noType');
    bench.one.entities.set(id, { ...entity, project: 'X' });
    assert.equal(verdict(await explain(id)), 'scope.noProject');
    bench.one.entities.set(id, entity);
    nodes = NODES.filter(({ type }) => type !== 'twinflow-poller');
    assert.equal(verdict(await explain(id)), 'flow.noPoller');
    unused = true;
    assert.equal(verdict(await explain(id)), 'integration.unused');
  });

  it('says what is known of a linked item that its system no longer shows, and of a paused system', async () => {
    const { id } = bench.one.save(undefined, { title: 'Gone' });
    await bench.sync();
    bench.one.entities.delete(id);
    const gone = await explain(id, 1);
    assert.deepEqual([verdict(gone), gone.counterpart?.key], ['item.notFound', 'two-1']);
    bench.integration.systems[1].troubled(new SyncError('transient', 'HTTP 503'), 'read');
    const paused = await explain(id, 1);
    assert.equal(verdict(paused), 'item.unreadable');
    assert.ok(paused.steps.some(({ code, names }) => code === 'paused' && names?.system === 'One'));
  });

  it('10: needs the permission to write, since the server reads what the account sees', async () => {
    server.denied = 'twinflow.write';
    assert.equal((await server.post('explain', { integration: 'integration', key: '1' })).status, 401);
    assert.deepEqual(server.asked, ['POST /twinflow/explain twinflow.write']);
  });
});

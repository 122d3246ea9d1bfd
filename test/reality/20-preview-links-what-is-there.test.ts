/** 20, 21: what is there already is linked, not created a second time; a preview shows it as the writer does it. */

import assert from 'node:assert/strict';
import type { Entity } from '../../lib/model/entity';
import { ReferenceBench, row } from './reference-bench';

describe('A preview of an entity whose counterpart is there without a link', () => {
  let bench: ReferenceBench;
  beforeEach(() => {
    bench = new ReferenceBench();
  });
  afterEach(() => bench.close());

  const count = (): number => bench.spaces[2].list({ limit: 500 }).entities.length;

  /** What is planned for the entity of side 1, and what then comes of it. */
  async function planned(id: string, entity: Entity) {
    const [plan, before] = [await bench.plan(id, 1, entity), bench.writes()];
    const there = count();
    assert.equal(bench.writes(), before, 'nothing is written');
    await bench.sync(id);
    const results = bench.results.filter(({ integration, source }) => integration === id && source.id === entity.id);
    return { plan, result: results[0], made: count() - there };
  }

  it('links and updates what names it by its key', async () => {
    await bench.start({ id: 'i', more: { backlinks: { 2: { key: 'remote' } } } });
    const here = bench.create(1, 'Here');
    const there = bench.create(2, 'There', { remote: here.key });
    const { plan, result, made } = await planned('i', here);
    assert.equal(plan.target?.id, there.id);
    assert.match(plan.warnings.join(), new RegExp(`${there.key} is its counterpart: it is linked`));
    assert.equal(made, 0);
    assert.deepEqual([result?.outcome, result?.target?.id], ['adopted', there.id]);
    assert.deepEqual(plan.outcome.kind === 'update' ? plan.outcome.fields : [], result?.written);
  });

  it('creates one where the key names an entity of another type', async () => {
    await bench.start({ id: 'i', more: { backlinks: { 2: { key: 'remote' } } } });
    const here = bench.create(1, 'Here');
    bench.create(2, 'There', { remote: here.key }, { type: 'Epic' });
    const { plan, result, made } = await planned('i', here);
    assert.deepEqual([plan.outcome, result?.outcome, made], [{ kind: 'create' }, 'created', 1]);
  });

  it('links what another integration has made that carries fewer fields', async () => {
    await bench.start({ id: 'first', rows: [row('title')] });
    const here = bench.create(1, 'Here');
    await bench.sync();
    await bench.start({ id: 'second', rows: [row('title'), row('parent')] });
    const { plan, result, made } = await planned('second', here);
    assert.equal(plan.target?.id, bench.named(2, 'Here').id);
    assert.deepEqual(plan.outcome, { kind: 'nothing', why: 'same' });
    assert.deepEqual([result?.outcome, result?.written, made], ['adopted', [], 0]);
  });

  it('leaves to another integration what that carries', async () => {
    await bench.start({ id: 'first' });
    const here = bench.create(1, 'Here');
    await bench.sync();
    await bench.start({ id: 'second' });
    const { plan, result, made } = await planned('second', here);
    assert.deepEqual(plan.outcome, {
      kind: 'skipped',
      reason: `other integrations keep it in sync with ${bench.named(2, 'Here').key}`,
    });
    assert.deepEqual([result, made], [undefined, 0]);
  });
});

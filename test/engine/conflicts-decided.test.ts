/** Conflicts that are parked, and that a person decides: field by field, or one side for all. */

import assert from 'node:assert/strict';
import type { Choice } from '../../lib/model/operations';
import { Workbench } from './workbench';

describe('Conflicts that a person decides', () => {
  let bench: Workbench;

  afterEach(() => bench.stop());

  /** A linked pair of which both sides were edited, and whose rows park that. */
  async function contested(one: object, two: object): Promise<{ one: string; two: string }> {
    bench = await Workbench.start({ retries: 0 });
    bench.flow = ({ sync }) => {
      for (const how of Object.values(sync.mapped ?? {})) how.conflict = 'park';
    };
    const { id } = bench.one.save(undefined, { title: 'Crash', priority: 'Low', note: 'a' });
    await bench.sync();
    const [made] = [...bench.two.entities.values()];
    assert.ok(made);
    bench.one.save(id, { ...one });
    bench.two.save(made.id, { ...two });
    await bench.sync();
    return { one: id, two: made.id };
  }

  const fields = ({ one, two }: { one: string; two: string }) =>
    [bench.one.entities.get(one)?.fields, bench.two.entities.get(two)?.fields] as const;
  const conflicts = async () =>
    (await bench.integration.commands.parked(0, 9)).items.filter(({ error }) => error.kind === 'conflict');
  const choice = (side: 1 | 2, from: string): Choice => ({ side, from: [from] });

  for (const parkedOn of [1, 2] as const) {
    for (const winner of [1, 2] as const) {
      it(`end with the value of side ${winner} on both, decided at the change of side ${parkedOn}`, async () => {
        const pair = await contested({ priority: 'High' }, { priority: 'Medium' });
        const found = await conflicts();
        const event = found.find(({ side }) => side === parkedOn) ?? found[0];
        assert.ok(event);
        const { commands } = bench.integration;
        assert.equal(await commands.decide([event.event], { priority: choice(winner, 'priority') }, 'Ann'), 1);
        for (let round = 0; round < 4; round += 1) await bench.sync();
        const wanted = winner === 1 ? 'High' : 'Medium';
        assert.deepEqual(
          fields(pair).map((all) => all?.priority),
          [wanted, wanted],
        );
        assert.deepEqual(await conflicts(), []);
        const words = bench.results.flatMap(({ warnings }) => warnings.map(({ reason }) => reason));
        assert.ok(
          words.some((word) => word.includes(`Ann has chosen the value of System ${winner}`)),
          words.join('\n'),
        );
      });
    }
  }

  it('are decided field by field', async () => {
    const pair = await contested({ priority: 'High', note: 'one' }, { priority: 'Medium', note: 'two' });
    const [event] = await conflicts();
    assert.ok(event);
    const choices = { priority: choice(1, 'priority'), note: choice(2, 'note') };
    await bench.integration.commands.decide([event.event], choices);
    for (let round = 0; round < 4; round += 1) await bench.sync();
    for (const all of fields(pair)) assert.deepEqual([all?.priority, all?.note], ['High', 'two']);
    assert.deepEqual(await conflicts(), []);
  });

  it('keep what is not in conflict of both sides', async () => {
    const pair = await contested({ priority: 'High', title: 'Crash at start' }, { priority: 'Medium', note: 'seen' });
    const events = (await conflicts()).map(({ event }) => event);
    await bench.integration.commands.decide(events, 2);
    for (let round = 0; round < 4; round += 1) await bench.sync();
    for (const all of fields(pair)) {
      assert.deepEqual([all?.priority, all?.title, all?.note], ['Medium', 'Crash at start', 'seen']);
    }
    assert.deepEqual(await conflicts(), []);
  });

  it('are parked again where a field is left without a decision, and other failures are passed over', async () => {
    await contested({ priority: 'High', note: 'one' }, { priority: 'Medium', note: 'two' });
    const [event] = await conflicts();
    assert.ok(event);
    await bench.integration.commands.decide([event.event], { priority: choice(1, 'priority') });
    await bench.wait();
    const [again] = await conflicts();
    assert.deepEqual(Object.keys(again?.error.fields ?? {}), ['note']);
    assert.equal(await bench.integration.commands.decide([987_654], 1), 0);
  });

  it('give a whole group of parked changes one value', async () => {
    bench = await Workbench.start({ retries: 0 });
    bench.two.refuses = ({ fields: sent }) =>
      sent.priority === 'Urgent' ? { priority: 'not in the list' } : undefined;
    for (const title of ['A', 'B', 'C']) bench.one.save(undefined, { title, priority: 'Urgent' });
    await bench.sync();
    const { commands } = bench.integration;
    const [cause] = await commands.failures();
    assert.equal(cause?.count, 3);
    const events = await commands.numbersOf(cause?.cause ?? '');
    assert.equal(await commands.correctAll(events, { priority: 'High' }), 3);
    await bench.wait();
    for (const title of ['A', 'B', 'C']) assert.equal(bench.two.valueOf(title, 'priority'), 'High');
  });
});

/** 3: what was not brought over by intent: by the row, by a person, or since two systems quarrel. Nothing goes without a word. */

import assert from 'node:assert/strict';
import type { MappedField } from '../../lib/model/message';
import { Workbench } from '../engine/workbench';

const FIRST = 'what the source had';

describe('A value that was passed over by intent', () => {
  let bench: Workbench;
  afterEach(() => bench.stop());

  const there = () => [...bench.two.entities.values()][0];
  const warnings = () => JSON.stringify(bench.results.map((result) => result.warnings));

  /** A row that goes by updates only; somebody writes into the new entity. */
  async function updateOnly(how: Partial<MappedField> = {}): Promise<void> {
    bench = await Workbench.start({ retries: 0 });
    bench.flow = ({ sync }) => Object.assign(sync.mapped?.note ?? {}, { syncWhen: 'update', ...how });
    bench.one.save(undefined, { title: 'a', note: FIRST });
    await bench.sync();
    assert.equal(there()?.fields.note ?? null, null);
    bench.two.save(there()?.id, { note: 'me too' });
    await bench.sync();
    await bench.sync();
  }

  it('at a create, by a row of updates only: the newest edit wins, and the result names what it replaces', async () => {
    await updateOnly();
    assert.equal(bench.one.valueOf('a', 'note'), 'me too');
    assert.match(warnings(), /replaces .*what the source had.*never synced to the source/);
  });

  it('at a create, by a row of updates only: its policy decides', async () => {
    await updateOnly({ conflict: 'system1' });
    assert.deepEqual([bench.one.valueOf('a', 'note'), there()?.fields.note], [FIRST, FIRST]);
    assert.match(warnings(), /the target value is kept/);
  });

  it('at a create, by a row of updates only: a person decides where the row parks conflicts', async () => {
    await updateOnly({ conflict: 'park' });
    assert.equal(bench.one.valueOf('a', 'note'), FIRST);
    assert.equal((await bench.parked()).error.kind, 'conflict');
  });

  it('at a create, by a row of updates only: the same value on both sides is in sync', async () => {
    bench = await Workbench.start({ retries: 0 });
    bench.flow = ({ sync }) => Object.assign(sync.mapped?.note ?? {}, { syncWhen: 'update', conflict: 'park' });
    bench.one.save(undefined, { title: 'a' });
    await bench.sync();
    bench.two.save(there()?.id, { note: 'first' });
    await bench.sync();
    assert.equal(bench.one.valueOf('a', 'note'), 'first');
  });

  it('by a person who skips the change: it is given up, and the result says so field by field', async () => {
    bench = await Workbench.start({ retries: 0 });
    bench.one.save(undefined, { title: 'a' });
    await bench.sync();
    bench.two.refuses = ({ fields }) => ('note' in fields ? { note: 'no' } : undefined);
    bench.one.save('one-1', { note: FIRST });
    await bench.sync();
    await bench.integration.commands.skip([(await bench.parked()).event], 'not for them');
    assert.match(warnings(), /"field":"note","reason":"[^}]*what the source had[^}]* is given up/);
    bench.two.refuses = () => undefined;
    bench.two.save(there()?.id, { note: 'me too' });
    await bench.sync();
    assert.equal(bench.one.valueOf('a', 'note'), 'me too');
  });

  it('since two systems keep changing it: it is reported, and the next value of either side goes across', async () => {
    bench = await Workbench.start({ retries: 0 });
    bench.one.save(undefined, { title: 'a', note: 'ABC' });
    await bench.sync();
    for (let turn = 0; turn < 4; turn += 1) {
      bench.two.save(there()?.id, { note: 'abc' });
      await bench.sync();
      bench.one.save('one-1', { note: 'ABC' });
      await bench.sync();
    }
    assert.match(warnings(), /Update loop stopped/);
    assert.notEqual(bench.one.valueOf('a', 'note'), there()?.fields.note);
    bench.two.save(there()?.id, { note: 'settled' });
    await bench.sync();
    assert.equal(bench.one.valueOf('a', 'note'), 'settled');
  });
});

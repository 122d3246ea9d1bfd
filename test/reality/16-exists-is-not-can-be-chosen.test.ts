/** A closed version or a locked person exists, but cannot be chosen: the row decides. What an entity has already stays. */

import assert from 'node:assert/strict';
import type { Field } from '../../lib/model/entity';
import type { LookupValue } from '../../lib/model/values';
import { type Tracker, Workbench } from '../engine/workbench';
import { declares } from './declares';

const OPEN: LookupValue = { id: '1', name: '2.0' };
const CLOSED: LookupValue = { id: '2', name: '1.0' };
const VERSION: Field = {
  ...{ id: 'note', name: 'Version', type: 'lookup' },
  values: [OPEN, { ...CLOSED, selectable: false }],
};

describe('A list value that can no longer be selected', () => {
  let bench: Workbench;
  let policy: 'park' | 'leave' | undefined;

  const titled = (tracker: Tracker) => [...tracker.entities.values()].find(({ fields }) => fields.title === 'a');

  beforeEach(async () => {
    policy = undefined;
    bench = await Workbench.start({ retries: 0 });
    declares(bench.two, [VERSION]);
    // as the default mapper hands it on
    bench.flow = ({ payload, sync }) => {
      const { note } = payload;
      const isClosed = JSON.stringify(note ?? null).includes('"1.0"');
      if (policy === undefined || !isClosed || sync.direction !== 'forward') return;
      delete payload.note;
      sync.unresolved = { note: { reason: 'cannot be chosen any more', value: note ?? null, policy, held: note } };
    };
  });
  afterEach(() => bench.stop());

  it('costs a create the field, and the result says so', async () => {
    bench.one.save(undefined, { title: 'a', note: CLOSED });
    await bench.sync();
    assert.deepEqual(bench.two.asked[0]?.fields, { title: 'a' });
    assert.match(JSON.stringify(bench.results[0]?.warnings), /1\.0.*can no longer be selected in Version/);
  });

  it('parks a create where the row says so', async () => {
    policy = 'park';
    bench.one.save(undefined, { title: 'a', note: CLOSED });
    await bench.sync();
    assert.deepEqual(bench.two.asked, []);
    assert.match((await bench.parked()).error.message, /cannot be chosen any more/);
  });

  it('is not judged again in an entity that has it, when something else changes', async () => {
    bench.one.save(undefined, { title: 'a', note: OPEN });
    await bench.sync();
    // both get the value while it can be chosen, then the version is closed
    policy = undefined;
    const there = titled(bench.two);
    assert.ok(there);
    bench.two.save(there.id, { note: CLOSED });
    await bench.sync();
    await bench.sync();
    assert.deepEqual(titled(bench.one)?.fields.note, CLOSED);
    policy = 'park';
    bench.two.asked.length = 0;
    bench.one.save('one-1', { priority: '1' });
    await bench.sync();
    assert.deepEqual(bench.two.asked[0]?.fields, { priority: '1' });
    assert.equal(bench.failures.length, 0);
  });

  it('that the target has already and the source is changed to is no reason to park', async () => {
    bench.one.save(undefined, { title: 'a' });
    await bench.sync();
    const there = titled(bench.two);
    assert.ok(there);
    policy = 'park';
    bench.two.entities.set(there.id, { ...there, fields: { ...there.fields, note: CLOSED } });
    bench.one.save('one-1', { note: CLOSED });
    await bench.sync();
    assert.equal(bench.failures.length, 0);
    assert.deepEqual(titled(bench.two)?.fields.note, CLOSED);
  });
});

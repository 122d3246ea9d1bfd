/** A value that the target never got must not be overwritten by somebody who edits the target without having seen it. */

import assert from 'node:assert/strict';
import type { Direction } from '../../lib/model/entity';
import type { MappedField, SyncMessage } from '../../lib/model/message';
import { Workbench } from '../engine/workbench';
import { declares } from './declares';

const LONG = 'The whole story, which is longer than the other side can hold.';

describe('A value that was left out', () => {
  let bench: Workbench;

  const entity = (side: 'one' | 'two', title = 'a') =>
    [...bench[side].entities.values()].find(({ fields }) => fields.title === title);

  async function start(options = {}): Promise<void> {
    bench = await Workbench.start({ retries: 0, ...options });
  }

  /** What the flow's nodes do to messages of one direction. */
  function inFlow(direction: Direction, change: (message: SyncMessage) => void, how: Partial<MappedField> = {}): void {
    bench.flow = (message) => {
      Object.assign(message.sync.mapped?.note ?? {}, how);
      if (message.sync.direction === direction) change(message);
    };
  }

  /** Somebody writes "me too" into the side that never got it. */
  async function editThere(): Promise<void> {
    const there = entity('two');
    assert.ok(there);
    bench.two.save(there.id, { note: 'me too' });
    await bench.sync();
    await bench.sync();
  }

  afterEach(() => bench.stop());

  const tooLong = () => declares(bench.two, [{ id: 'note', name: 'Note', type: 'text', maxLength: 20 }]);
  const ways: Record<string, () => void> = {
    'since it is too long': tooLong,
    'since it has no counterpart': () =>
      inFlow('forward', ({ payload, sync }) => {
        delete payload.note;
        sync.unresolved = { note: { reason: 'no counterpart', value: LONG } };
      }),
    'since a node took it out of the message': () => inFlow('forward', ({ payload }) => void delete payload.note),
    'since the target ignored it': () => Object.assign(bench.two.ignores, { note: 'a workflow forbids it' }),
  };
  for (const [why, prepare] of Object.entries(ways)) {
    it(`${why} is kept when somebody edits the other side, and the result says so`, async () => {
      await start();
      prepare();
      bench.one.save(undefined, { title: 'a', note: LONG });
      await bench.sync();
      assert.equal(entity('two')?.fields.note ?? null, null);
      bench.two.ignores = {};
      await editThere();
      assert.equal(entity('one')?.fields.note, LONG);
      assert.match(JSON.stringify(bench.results.map(({ warnings }) => warnings)), /never synced to the source/);
    });
  }

  it('and withheld after a refusal of an update is kept', async () => {
    await start({ parkFields: true });
    bench.one.save(undefined, { title: 'a' });
    await bench.sync();
    bench.two.refuses = ({ fields }) => ('note' in fields ? { note: 'too long' } : undefined);
    bench.one.save('one-1', { note: LONG, priority: '1' });
    await bench.sync();
    assert.equal(entity('two')?.fields.priority, '1');
    bench.two.refuses = () => undefined;
    await editThere();
    assert.equal(entity('one')?.fields.note, LONG);
  });

  it('is a conflict where the row parks conflicts', async () => {
    await start();
    tooLong();
    inFlow('forward', () => undefined, { conflict: 'park' });
    bench.one.save(undefined, { title: 'a', note: LONG });
    await bench.sync();
    await editThere();
    assert.equal(entity('one')?.fields.note, LONG);
    assert.equal((await bench.parked()).error.kind, 'conflict');
  });

  it('goes across as soon as it fits, and edits go both ways then', async () => {
    await start();
    tooLong();
    bench.one.save(undefined, { title: 'a', note: LONG });
    await bench.sync();
    bench.one.save('one-1', { note: 'short' });
    await bench.sync();
    assert.equal(entity('two')?.fields.note, 'short');
    await editThere();
    assert.equal(entity('one')?.fields.note, 'me too');
  });

  it('of a list is still there after somebody has edited the entries that did go across', async () => {
    await start();
    const list = { id: 'note', name: 'Tags', type: 'text' as const, multi: true };
    declares(bench.two, [{ ...list, entry: { without: '\\s', says: 'a tag has no blanks' } }]);
    bench.one.save(undefined, { title: 'a', note: ['ui', 'two words'] });
    await bench.sync();
    assert.deepEqual(entity('two')?.fields.note, ['ui']);
    bench.two.save(entity('two')?.id, { note: ['api'] });
    await bench.sync();
    await bench.sync();
    assert.deepEqual(entity('one')?.fields.note, ['two words', 'api']);
    assert.deepEqual(entity('two')?.fields.note, ['api']);
  });

  it('later for a reason that is new does not unsettle what both sides had in sync', async () => {
    await start();
    bench.one.save(undefined, { title: 'a', note: 'first' });
    await bench.sync();
    inFlow('forward', ({ payload, sync }) => {
      delete payload.note;
      sync.unresolved = { note: { reason: 'no counterpart any more', value: 'first' } };
    });
    bench.one.save('one-1', { priority: '1' });
    await bench.sync();
    await editThere();
    assert.equal(entity('one')?.fields.note, 'me too');
  });
});

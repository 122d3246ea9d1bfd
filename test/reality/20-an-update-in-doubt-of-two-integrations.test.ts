/**
 * 20: one integration for each way. The way there lost the answer to an update; the way back met the value that this had left, took it
 * for a person's edit, and an edit of the other side lost against it.
 */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { SyncError } from '../../lib/model/errors';
import { type Place, ReferenceBench, row } from './reference-bench';

/** What becomes of the updates of B. */
type Weather = 'fine' | 'answers are lost' | 'refused';

class Bench extends ReferenceBench {
  weather: Weather = 'fine';

  override connection(place: Place): Connection {
    const connection = super.connection(place);
    const write = connection.write?.bind(connection);
    if (place !== 2 || !write) return connection;
    connection.write = async (scope, operations) => {
      const { weather } = this;
      const isUpdate = operations.some(({ kind }) => kind === 'update');
      if (!isUpdate || weather === 'fine') return write(scope, operations);
      if (weather === 'answers are lost') await write(scope, operations);
      const uncertain = weather === 'answers are lost';
      const error = uncertain
        ? new SyncError('transient', 'connection reset', { uncertain })
        : new SyncError('invalid', 'not now');
      return operations.map(() => ({ ok: false as const, error }));
    };
    return connection;
  }
}

describe('20: one integration for each way, and an update of one of them without an answer', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });

  afterEach(async () => {
    await bench.close();
  });

  const rows = [row('title', { conflict: 'system2' })];
  const there = { id: 'there', direction: 'forward' as const, rows, more: { retries: 5 } };
  const back = { id: 'back', direction: 'backward' as const, rows, more: { retries: 5 } };

  /** "first" was synced; "second" has got to B, and nobody knows. */
  async function inDoubt(): Promise<string> {
    const { id } = bench.create(1, 'first');
    await bench.sync('there');
    bench.edit(1, id, { title: 'second' });
    bench.weather = 'answers are lost';
    poll('there');
    await bench.wait(1_000);
    bench.weather = 'refused';
    bench.named(2, 'second');
    return id;
  }

  const poll = (name: string): void => {
    for (const reader of bench.running.get(name)?.readers ?? []) void reader.poll().catch(() => undefined);
  };

  /** Somebody edits before the way there tries again, in vain; and the way back reads B. */
  async function edited(place: Place, id: string): Promise<void> {
    bench.edit(place, id, { title: 'third' });
    poll('there');
    // B pauses after a fault
    await bench.wait(5_000);
    await bench.sync('back');
  }

  async function ends(title: string): Promise<void> {
    bench.weather = 'fine';
    for (let round = 0; round < 6; round += 1) await bench.sync();
    bench.named(1, title);
    bench.named(2, title);
  }

  it('leaves the newer edit alone, where both were linked before', async () => {
    await bench.start(there, back);
    bench.create(2, 'joins both');
    await bench.sync();
    const id = await inDoubt();
    await edited(1, id);
    assert.equal(bench.named(1, 'third').id, id, 'what our own update had left is no edit of a person');
    await ends('third');
  });

  it('leaves the newer edit alone, where the way back meets the item only then', async () => {
    await bench.start(there);
    const id = await inDoubt();
    await bench.start(back);
    await edited(1, id);
    assert.equal(bench.named(1, 'third').id, id);
    await ends('third');
  });

  it('leaves the newer edit alone, where the way back has read the item before and not linked it', async () => {
    await bench.start(there, back);
    bench.onTheWay = (integration) => (integration === 'back' ? new Promise(() => undefined) : Promise.resolve());
    const { id } = bench.create(1, 'first');
    await bench.sync('there');
    await bench.sync('back');
    await bench.end();
    bench.onTheWay = async () => undefined;
    await bench.start(there, back);
    bench.edit(1, id, { title: 'second' });
    bench.weather = 'answers are lost';
    poll('there');
    await bench.wait(1_000);
    bench.weather = 'refused';
    bench.named(2, 'second');
    await edited(1, id);
    assert.equal(bench.named(1, 'third').id, id, 'what our own update had left is no edit of a person');
    await ends('third');
  });

  it('still brings back what a person has made of the value', async () => {
    await bench.start(there, back);
    const id = await inDoubt();
    await edited(2, bench.named(2, 'second').id);
    assert.equal(bench.named(1, 'third').id, id);
    await ends('third');
  });
});

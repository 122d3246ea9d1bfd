/** What becomes of the line of new parts where one leaves it, comes back into it, or is linked. */

import assert from 'node:assert/strict';
import type { Entity } from '../../../lib/model';
import type { Flow, Link, StoredEvent } from '../../../lib/store/store';
import { BACKWARD, type Bench, FORWARD, INTEGRATION, NOON, names, park, part, SYSTEM1 } from './harness';
import { all, linked, partLanding, read } from './parts';

const OTHER: Flow = { integration: 'other', side: 1 };

export function placesChecks(bench: Bench): void {
  const claimed = async (flow = FORWARD, ofLine = 1) => names(await bench.store.claim(flow, 10, NOON, 0, ofLine));
  const states = async () => {
    const [{ waiting, held, sent, parked, shown }] = await bench.store.counts(INTEGRATION);
    return { waiting, held, sent, parked, shown };
  };
  let owner: Link;
  const readNow = (...parts: Entity[]) => read(bench, owner, ...parts);
  /** New comments, of which the first ones are sent one after the other and parked. */
  async function parked(count: number, ...parts: Entity[]): Promise<StoredEvent[]> {
    owner = await linked(bench, '1', '90');
    await readNow(...parts);
    const events: StoredEvent[] = [];
    for (let n = 0; n < count; n += 1) {
      const event = await bench.claimOne(FORWARD);
      await bench.store.fail([park(event)]);
      events.push(event);
    }
    return events;
  }
  const [c1, c2, c3] = [part('1', 'c1'), part('1', 'c2'), part('1', 'c3')];
  const none = { waiting: 0, held: 0, sent: 0, parked: 0, shown: 0 };

  describe('in its line, a new part', () => {
    it('stands behind an older one that has come back meanwhile, when it was shown and is not the newest', async () => {
      const [first] = await parked(1, c1, c2);
      assert.ok(first);
      const second = await bench.claimOne(FORWARD);
      await readNow(c1, part('1', 'c2', '2'));
      await bench.store.unpark(INTEGRATION);
      await bench.store.show([second]);
      assert.deepEqual(await states(), { ...none, waiting: 1, held: 1 });
      assert.deepEqual(await claimed(), ['c1@1']);
    });

    it('stands behind an older one that has come back meanwhile, when it was shown and has changed', async () => {
      const [first] = await parked(1, c1, c2);
      assert.ok(first);
      await bench.store.show([await bench.claimOne(FORWARD)]);
      await bench.store.unpark(INTEGRATION);
      await readNow(c1, part('1', 'c2', '2'));
      assert.deepEqual(await states(), { ...none, waiting: 1, held: 1 });
      assert.deepEqual(await claimed(), ['c1@1']);
    });

    it('stands behind those that came before its change, when its parked version is skipped', async () => {
      const [first] = await parked(1, c1, c2, c3);
      assert.ok(first);
      await readNow(part('1', 'c1', '2'), c2, c3);
      await bench.store.skip([first.seq]);
      assert.deepEqual(await states(), { ...none, waiting: 1, held: 2 });
      const order: string[] = [];
      for (let left = 3; left > 0; left -= 1) {
        const event = await bench.claimOne(FORWARD);
        order.push(...names([event]));
        await bench.store.skip([event]);
      }
      assert.deepEqual(order, ['c2@1', 'c3@1', 'c1@2']);
    });

    it('is not taken along by a linked one, and a linked one takes no room of lines', async () => {
      const [first] = await parked(1, c1, c2, c3);
      assert.ok(first);
      await bench.store.land([partLanding({ ...first, seq: 0 }, 'd1', owner)]);
      const second = await bench.claimOne(FORWARD);
      assert.deepEqual(names([second]), ['c2@1']);
      // an edit of the linked one: what is held behind the second stays there
      await bench.store.skip([first.seq]);
      await readNow(part('1', 'c1', '2'), c2, c3);
      const [edit, ...more] = await bench.store.claim(FORWARD, 10, NOON, 0, 3);
      assert.ok(edit);
      assert.deepEqual([names([edit]), more], [['c1@2'], []]);
      assert.deepEqual(await bench.store.inTurn([edit]), [true]);
      await bench.store.recover(INTEGRATION);
      // room for one more: it is the line's, whether or not an edit is claimed, too
      assert.deepEqual(names(await bench.store.claim(FORWARD, 3, NOON, 0, 3)), ['c2@1', 'c3@1', 'c1@2']);
    });

    it('is not taken along by the edit of a linked one that was read before it, while an older one is sent', async () => {
      const [first] = await parked(1, c1, c2);
      assert.ok(first);
      await bench.store.land([partLanding({ ...first, seq: 0 }, 'd1', owner)]);
      await bench.store.skip([first.seq]);
      await readNow(part('1', 'c1', '2'), c2);
      await readNow(part('1', 'c1', '2'), c2, c3);
      assert.deepEqual(names(await bench.store.claim(FORWARD, 1, NOON)), ['c2@1']);
      assert.deepEqual(await claimed(FORWARD, 3), ['c1@2']);
    });

    it('stands in no line if it is linked already when it is read for the first time', async () => {
      const [first] = await parked(1, c1, c2);
      assert.ok(first);
      await bench.store.land([partLanding({ ...first, seq: 0 }, 'd1', owner)]);
      await bench.store.skip([first.seq]);
      assert.deepEqual(await claimed(), ['c2@1']);
      await readNow(part('1', 'c1', '2'), c2, c3);
      assert.deepEqual(await states(), { ...none, waiting: 1, held: 1, sent: 1 });
      assert.deepEqual(await claimed(), ['c1@2']);
    });

    it('goes only as far along as nobody else is at work on it', async () => {
      owner = await linked(bench, '1', '90');
      const at = await bench.store.sequence();
      await bench.store.record(OTHER, SYSTEM1, [c2], at, {});
      assert.deepEqual(await claimed(OTHER), ['c2@1']);
      await readNow(c1, c2, c3);
      assert.deepEqual(await claimed(FORWARD, 3), ['c1@1']);
    });

    it('is free when the one before it is no more, in whatever way that ends', async () => {
      const ways: Record<string, (event: StoredEvent) => Promise<unknown>> = {
        'it is not there any more': () => bench.store.recover(INTEGRATION).then(() => readNow(c2)),
        'its link ends': async (event) => {
          await bench.store.land([partLanding({ ...event, seq: 0 }, 'd1', owner)]);
          const link = await bench.store.linkOf(INTEGRATION, 1, 'c1');
          await bench.store.end([{ event: event.seq, delivery: event.delivery, link: link?.id ?? 0 }]);
        },
        'it ends without a link': (event) =>
          bench.store.end([{ event: event.seq, delivery: event.delivery, link: owner.id }]),
      };
      for (const [way, act] of Object.entries(ways)) {
        await bench.store.purge(INTEGRATION);
        owner = await linked(bench, '1', '90');
        await readNow(c1, c2);
        await act(await bench.claimOne(FORWARD));
        assert.deepEqual(await claimed(), ['c2@1'], way);
      }
    });

    it('is free on the other side, too, when the link of the one before it ends', async () => {
      const [first] = await parked(1, c1);
      assert.ok(first);
      const there = [all(owner, part('90', 'd1'), part('90', 'd2'))];
      await bench.store.recordParts(BACKWARD, 'redmine', there, await bench.store.sequence());
      await bench.store.unpark(INTEGRATION);
      const event = await bench.claimOne(FORWARD);
      await bench.store.land([partLanding({ ...event, seq: 0 }, 'd1', owner)]);
      const link = await bench.store.linkOf(INTEGRATION, 1, 'c1');
      await bench.store.end([{ event: event.seq, delivery: event.delivery, link: link?.id ?? 0 }]);
      assert.deepEqual(await claimed(BACKWARD), ['d2@1']);
    });
  });
}

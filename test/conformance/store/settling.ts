/** How an event goes on when it does not land: again, parked, skipped, recovered. */

import assert from 'node:assert/strict';
import type { ParkedFilter } from '../../../lib/store/store';
import {
  BACKWARD,
  type Bench,
  entity,
  FORWARD,
  failure,
  INTEGRATION,
  landing,
  NOON,
  names,
  park,
  retry,
} from './harness';

export function settlingChecks(bench: Bench): void {
  describe('settling', () => {
    it('charges an attempt only where it is asked to', async () => {
      await bench.record(FORWARD, entity('1'));
      await bench.store.fail([retry(await bench.claimOne(FORWARD), NOON, false)]);
      const second = await bench.claimOne(FORWARD);
      assert.equal(second.attempts, 0);
      assert.deepEqual(second.error, failure);
      await bench.store.fail([retry(second, NOON, true)]);
      assert.equal((await bench.claimOne(FORWARD)).attempts, 1);
    });

    it('retries with the newest snapshot: what was held joins the event', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.store.fail([retry(event)]);
      assert.deepEqual(await bench.states(FORWARD), [0, 0, 0, 1, 0]);
      const again = await bench.claimOne(FORWARD);
      assert.deepEqual([again.seq, again.entity.version], [event.seq, 'b']);
    });

    it('shows parked events, oldest first and in pages, with what went wrong and what was mapped', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'));
      await bench.record(BACKWARD, entity('8'));
      const [one, two] = await bench.claim(FORWARD);
      const eight = await bench.claimOne(BACKWARD);
      assert.ok(one && two);
      await bench.store.fail([park(eight), park(two, { subject: 'as mapped' }), park(one)]);
      assert.deepEqual(names(await bench.store.parked(INTEGRATION, 0, 2)), ['1@1', '2@1']);
      assert.deepEqual(names(await bench.store.parked(INTEGRATION, 2, 2)), ['8@1']);
      const parked = (await bench.store.parked(INTEGRATION, 1, 1))[0];
      assert.equal(parked?.state, 'parked');
      assert.deepEqual(parked?.error, failure);
      assert.deepEqual(parked?.mapped, { subject: 'as mapped' });
      assert.equal(parked?.sentAt, undefined);
      assert.deepEqual(await bench.store.parked('other', 0, 10), []);
    });

    it('sends unparked events again from the start, with the newest snapshot', async () => {
      await bench.record(FORWARD, entity('1', 'a'), entity('2', 'a'), entity('3', 'a'));
      for (const event of await bench.claim(FORWARD)) await bench.store.fail([retry(event)]);
      await bench.store.fail((await bench.claim(FORWARD)).map((event) => park(event, { subject: 'x' })));
      await bench.record(FORWARD, entity('1', 'b'));
      const [one] = await bench.store.parked(INTEGRATION, 0, 1);
      assert.ok(one);
      assert.equal(await bench.store.unpark(INTEGRATION, [one.seq, one.seq, 999_999]), 1);
      const again = await bench.claimOne(FORWARD);
      assert.deepEqual(
        [again.seq, again.entity.version, again.attempts, again.error, again.mapped],
        [one.seq, 'b', 0, undefined, undefined],
      );
      assert.equal(await bench.store.unpark('other'), 0);
      assert.equal(await bench.store.unpark(INTEGRATION), 2);
      assert.deepEqual(names(await bench.claim(FORWARD)), ['2@a', '3@a']);
    });

    it('finds parked events by side, and by a part of id, key, type or error', async () => {
      await bench.record(FORWARD, entity('17'), { ...entity('18'), type: 'Story' });
      await bench.record(BACKWARD, entity('9'));
      const other = { ...failure, message: '100% wrong_ Größe' };
      const [one, two] = await bench.claim(FORWARD);
      const nine = await bench.claimOne(BACKWARD);
      assert.ok(one && two);
      await bench.store.fail([park(one), park(two), { ...park(nine), error: other }]);
      const found = async (filter: ParkedFilter) => names(await bench.store.parked(INTEGRATION, 0, 10, filter));
      assert.deepEqual(await found({ side: 2 }), ['9@1']);
      assert.deepEqual(await found({ search: 'demo-1' }), ['17@1', '18@1']);
      assert.deepEqual(await found({ search: 'STORY' }), ['18@1']);
      assert.deepEqual(await found({ side: 1, search: 'priority is' }), ['17@1', '18@1']);
      assert.deepEqual(await found({ search: '0% wrong_ Größe' }), ['9@1']);
      assert.deepEqual(await found({ search: '%' }), ['9@1']);
      assert.deepEqual(names(await bench.store.parked(INTEGRATION, 1, 1, { side: 1 })), ['18@1']);
    });

    it('shows one event of an integration in whatever state it is', async () => {
      await bench.record(FORWARD, entity('1'));
      const event = await bench.claimOne(FORWARD);
      assert.deepEqual(await bench.store.event(INTEGRATION, event.seq), event);
      await bench.store.fail([park(event)]);
      assert.equal((await bench.store.event(INTEGRATION, event.seq))?.state, 'parked');
      assert.equal(await bench.store.event('other', event.seq), undefined);
      await bench.store.skip([event.seq]);
      assert.equal(await bench.store.event(INTEGRATION, event.seq), undefined);
    });

    it('keeps what a person corrected with the event until it is finished, over retries, parking and reopening', async () => {
      const corrections = {
        priority: { value: { name: 'High' }, instead: { name: 'Highest' } },
        title: { value: null },
      };
      await bench.record(FORWARD, entity('1', 'a'), entity('2', 'a'));
      const [one, two] = await bench.claim(FORWARD);
      assert.ok(one && two);
      await bench.store.fail([park(one), park(two)]);
      await bench.record(FORWARD, entity('1', 'b'));
      assert.equal(await bench.store.unpark(INTEGRATION, [one.seq], corrections), 1);
      const first = await bench.claimOne(FORWARD);
      assert.deepEqual([first.entity.version, first.corrections], ['b', corrections]);
      await bench.store.fail([retry(first)]);
      await bench.store.fail([park(await bench.claimOne(FORWARD))]);
      await bench.reopen();
      await bench.store.unpark(INTEGRATION);
      const again = await bench.claim(FORWARD);
      assert.deepEqual(
        again.map((event) => event.corrections),
        [corrections, undefined],
      );
      await bench.store.fail(again.map((event) => park(event)));
      await bench.store.unpark(INTEGRATION, [one.seq], {});
      const [last] = await bench.claim(FORWARD);
      assert.ok(last);
      assert.equal(last.corrections, undefined);
      await bench.store.land([landing(last, '9')]);
      await bench.record(FORWARD, entity('1', 'c'));
      assert.equal((await bench.claimOne(FORWARD)).corrections, undefined);
    });

    it('frees what was held behind a skipped event, parked or sent', async () => {
      await bench.record(FORWARD, entity('1', 'a'), entity('2', 'a'));
      const [one, two] = await bench.claim(FORWARD);
      assert.ok(one && two);
      await bench.record(FORWARD, entity('1', 'b'), entity('2', 'b'));
      await bench.store.fail([park(one)]);
      await bench.store.skip([one.seq, two.seq, 999_999]);
      assert.deepEqual(names(await bench.claim(FORWARD)), ['1@b', '2@b']);
    });

    it('passes over a sending that is no longer in flight', async () => {
      await bench.record(FORWARD, entity('1'));
      const first = await bench.claimOne(FORWARD);
      await bench.store.recover(INTEGRATION);
      await bench.store.fail([park(first)]);
      await bench.store.skip([{ seq: first.seq, delivery: first.delivery }]);
      assert.deepEqual(await bench.states(FORWARD), [1, 0, 0, 0, 0]);
      const second = await bench.claimOne(FORWARD);
      await bench.store.fail([retry(first)]);
      await bench.store.skip([{ seq: first.seq, delivery: first.delivery }]);
      assert.deepEqual(await bench.store.load([first, second]), [undefined, second]);
    });

    it('recovers what was sent, uncharged, of one integration only', async () => {
      await bench.record(FORWARD, entity('1'));
      await bench.record(BACKWARD, entity('2'));
      await bench.record({ integration: 'other', side: 1 }, entity('3'));
      for (const flow of [FORWARD, BACKWARD, { integration: 'other', side: 1 } as const]) await bench.claimOne(flow);
      assert.equal(await bench.store.recover(INTEGRATION), 2);
      assert.equal(await bench.store.recover(INTEGRATION), 0);
      const again = await bench.claimOne(FORWARD);
      assert.deepEqual([again.delivery, again.attempts], [2, 0]);
      assert.deepEqual(await bench.states({ integration: 'other', side: 1 }), [0, 0, 1, 0, 0]);
    });

    it('finds what was sent too long ago, longest first', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'), entity('3'));
      for (const at of [3_000, 1_000, 2_000]) await bench.store.claim(FORWARD, 1, at);
      assert.deepEqual(names(await bench.store.overdue(INTEGRATION, 3_000, 10)), ['2@1', '3@1']);
      assert.deepEqual(names(await bench.store.overdue(INTEGRATION, 9_000, 1)), ['2@1']);
      assert.deepEqual(await bench.store.overdue('other', 9_000, 10), []);
    });

    it('drops a held change that a refresh brought along, and calls one stale that a refresh overtook', async () => {
      await bench.record(FORWARD, entity('1', 'a'), entity('2', 'a'));
      const [one, two] = await bench.claim(FORWARD);
      assert.ok(one && two);
      await bench.record(FORWARD, entity('1', 'b'), entity('2', 'b'));
      const readAt = await bench.store.sequence();
      await bench.store.refresh([
        { seq: one.seq, entity: entity('1', 'b'), readAt },
        { seq: two.seq, entity: entity('2', 'c'), readAt },
        { seq: 999_999, entity: entity('3', 'c'), readAt },
      ]);
      assert.deepEqual(await bench.states(FORWARD), [0, 1, 2, 0, 0]);
      const [loaded] = await bench.store.load([two]);
      assert.ok(loaded);
      await bench.store.land([landing(loaded, '9')]);
      const held = await bench.claimOne(FORWARD);
      assert.deepEqual([held.entity.version, held.stale], ['b', true]);
    });

    it('does not refresh what is not sent', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.recover(INTEGRATION);
      await bench.store.refresh([{ seq: event.seq, entity: entity('1', 'z'), readAt: event.seq }]);
      assert.equal((await bench.claimOne(FORWARD)).entity.version, 'a');
    });
  });
}

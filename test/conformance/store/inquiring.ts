/** Questions of those who watch: they change nothing. */

import assert from 'node:assert/strict';
import { BACKWARD, type Bench, end, entity, FORWARD, failure, INTEGRATION, landing, names, park } from './harness';

export function inquiringChecks(bench: Bench): void {
  describe('inquiring', () => {
    it('lists why events are parked, in their order and in pages, without their snapshots', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'));
      await bench.record(BACKWARD, entity('8'));
      const [one, two] = await bench.claim(FORWARD);
      const eight = await bench.claimOne(BACKWARD);
      assert.ok(one && two);
      await bench.store.fail([park(eight), park(two), park(one)]);
      const page = await bench.store.parkedErrors(INTEGRATION, -1, 2);
      assert.deepEqual(page, [
        { seq: one.seq, side: 1, error: failure },
        { seq: two.seq, side: 1, error: failure },
      ]);
      assert.deepEqual(await bench.store.parkedErrors(INTEGRATION, two.seq, 10), [
        { seq: eight.seq, side: 2, error: failure },
      ]);
      assert.deepEqual(await bench.store.parkedErrors('other', -1, 10), []);
    });

    it('tells when the oldest change was made that is neither finished nor parked', async () => {
      const at = (id: string, hour: number) => ({ ...entity(id), updatedAt: `2026-06-01T${hour}:00:00.000Z` });
      assert.equal(await bench.store.oldestOpen(FORWARD), undefined);
      await bench.record(FORWARD, at('1', 10), at('2', 11), at('3', 12));
      await bench.record(BACKWARD, at('8', 13));
      assert.equal(await bench.store.oldestOpen(FORWARD), '2026-06-01T10:00:00.000Z');
      const [one, two] = await bench.claim(FORWARD);
      assert.ok(one && two);
      assert.equal(await bench.store.oldestOpen(FORWARD), '2026-06-01T10:00:00.000Z');
      await bench.store.fail([park(one)]);
      assert.equal(await bench.store.oldestOpen(FORWARD), '2026-06-01T11:00:00.000Z');
      await bench.store.skip([two.seq]);
      assert.equal(await bench.store.oldestOpen(FORWARD), '2026-06-01T12:00:00.000Z');
      assert.equal(await bench.store.oldestOpen(BACKWARD), '2026-06-01T13:00:00.000Z');
    });

    it('tells what is stored about an entity: its events, its known version, and who waits for it', async () => {
      assert.deepEqual(await bench.store.standing(FORWARD, '1'), { events: [], awaitedBy: 0 });
      await bench.record(FORWARD, entity('1', 'a'), entity('2', 'a'));
      const [one] = await bench.claim(FORWARD);
      assert.ok(one);
      await bench.record(FORWARD, entity('1', 'b'));
      const both = await bench.store.standing(FORWARD, '1');
      assert.deepEqual([names(both.events), both.known], [['1@a', '1@b'], 'b']);
      assert.deepEqual(
        both.events.map(({ state }) => state),
        ['sent', 'held'],
      );
      assert.deepEqual(await bench.store.standing(FORWARD, '9'), { events: [], awaitedBy: 0 });
      assert.equal((await bench.store.standing(BACKWARD, '1')).known, undefined);

      const common = { integration: INTEGRATION, event: 0, delivery: 0 };
      await bench.store.land([
        { ...common, ends: [end(1, '7', 'x'), end(2, '70', 'y')], awaits: { side: 1, entities: ['1', '2'] } },
      ]);
      assert.equal((await bench.store.standing(FORWARD, '1')).awaitedBy, 1);
      assert.deepEqual(await bench.store.standing(FORWARD, '7'), { events: [], known: 'x', awaitedBy: 0 });
    });

    it('finds links by a part of an id or a key of either end, the newest first, in portions', async () => {
      for (const [one, two] of [
        ['1', '100'],
        ['2', '200'],
        ['31', '300'],
        ['4', '310'],
      ] as const) {
        const ends: Parameters<typeof bench.store.land>[0][0]['ends'] = [end(1, one, 'v'), end(2, two, 'v')];
        await bench.store.land([{ integration: INTEGRATION, event: 0, delivery: 0, ends }]);
      }
      const find = async (text: string, before?: number, limit = 10, span = 100) => {
        const { links, next } = await bench.store.findLinks(INTEGRATION, text, before, limit, span);
        return { found: links.map(({ ends }) => `${ends[0].ref.id}-${ends[1].ref.id}`), next };
      };
      assert.deepEqual(await find(''), { found: ['4-310', '31-300', '2-200', '1-100'], next: undefined });
      assert.deepEqual(await find('31'), { found: ['4-310', '31-300'], next: undefined });
      assert.deepEqual(await find('demo-2'), { found: ['2-200'], next: undefined });
      const first = await find('', undefined, 2);
      assert.deepEqual(first.found, ['4-310', '31-300']);
      assert.deepEqual((await find('', first.next, 2)).found, ['2-200', '1-100']);
      const none = await find('demo-1', undefined, 10, 3);
      assert.deepEqual(none.found, []);
      assert.deepEqual(await find('demo-1', none.next, 10, 3), { found: ['1-100'], next: undefined });
      assert.deepEqual(await bench.store.findLinks('other', '', undefined, 10, 10), { links: [] });
    });

    it('makes an event of a linked entity on demand, and sends a parked one again', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'));
      const [one, two] = await bench.claim(FORWARD);
      assert.ok(one && two);
      await bench.store.land([landing(one, '100'), landing(two, '200')]);
      await bench.record(FORWARD, entity('2', 'b'));
      await bench.store.fail([park(await bench.claimOne(FORWARD))]);
      await bench.store.readAgain(FORWARD, ['1', '2', '9']);
      await bench.store.readAgain(BACKWARD, ['100']);
      const again = await bench.claim(FORWARD);
      assert.deepEqual(
        again.map(({ entity: { id }, stale, link }) => [id, stale, link?.ends[1].ref.id]),
        [
          ['2', false, '200'],
          ['1', true, '100'],
        ],
      );
      // both ends of a link are never sent together
      await bench.store.skip(again.map(({ seq }) => seq));
      const [back] = await bench.claim(BACKWARD);
      assert.deepEqual([back?.entity.id, back?.stale], ['100', true]);
    });

    it('ends a link on demand, with what waits of its ends, and makes no event of either before it changes', async () => {
      await bench.record(FORWARD, entity('1'));
      await bench.store.land([landing(await bench.claimOne(FORWARD), '100')]);
      const link = await bench.store.linkOf(INTEGRATION, 1, '1');
      assert.ok(link);
      await bench.record(FORWARD, entity('1', 'b'));
      const sent = await bench.claimOne(FORWARD);
      assert.equal(await bench.store.unlink(INTEGRATION, link.id), false);
      await bench.store.fail([park(sent)]);
      assert.equal(await bench.store.unlink('other', link.id), false);
      assert.equal(await bench.store.unlink(INTEGRATION, link.id), true);
      assert.equal(await bench.store.unlink(INTEGRATION, link.id), false);
      assert.equal(await bench.store.linkOf(INTEGRATION, 1, '1'), undefined);
      assert.deepEqual((await bench.store.counts(INTEGRATION))[0].parked, 0);
      await bench.record(FORWARD, entity('1', 'b'));
      assert.deepEqual(await bench.claim(FORWARD), []);
      await bench.record(FORWARD, entity('1', 'c'));
      assert.deepEqual(names(await bench.claim(FORWARD)), ['1@c']);
    });
  });
}

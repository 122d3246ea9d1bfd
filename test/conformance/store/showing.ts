/** What a dry run has shown: it waits until the dry run ends, folds newer changes, and blocks nothing. */

import assert from 'node:assert/strict';
import { BACKWARD, type Bench, entity, FORWARD, INTEGRATION, intent, landing, names, retry } from './harness';

export function showingChecks(bench: Bench): void {
  const shown = async () => (await bench.store.counts(INTEGRATION)).map((counts) => counts.shown);

  describe('showing', () => {
    it('sets what was shown aside, uncharged, until the dry run ends; reopening changes nothing', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'));
      await bench.record(BACKWARD, entity('3'));
      const [one, two] = await bench.claim(FORWARD);
      assert.ok(one && two);
      await bench.store.fail([retry(one)]);
      const [again] = await bench.claim(FORWARD);
      assert.ok(again);
      await bench.store.show([again, two, await bench.claimOne(BACKWARD)]);
      await bench.reopen();
      assert.deepEqual(await shown(), [2, 1]);
      assert.deepEqual([...(await bench.claim(FORWARD)), ...(await bench.claim(BACKWARD))], []);
      assert.equal(await bench.store.recover(INTEGRATION), 0);
      assert.equal((await bench.store.event(INTEGRATION, one.seq))?.state, 'shown');
      assert.equal(await bench.store.unshow('other'), 0);
      assert.equal(await bench.store.unshow(INTEGRATION), 3);
      const events = await bench.claim(FORWARD);
      assert.deepEqual(
        events.map(({ seq, delivery, attempts }) => [seq, delivery, attempts]),
        [
          [one.seq, 3, 1],
          [two.seq, 2, 0],
        ],
      );
      assert.deepEqual(names(await bench.claim(BACKWARD)), ['3@1']);
      assert.deepEqual(await shown(), [0, 0]);
    });

    it('shows an entity again when it has changed: the change folds into the event', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.show([event]);
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'a')), { recorded: 0, known: 1 });
      assert.deepEqual(await bench.claim(FORWARD), []);
      await bench.record(FORWARD, entity('1', 'b'));
      assert.deepEqual(await shown(), [0, 0]);
      const newer = await bench.claimOne(FORWARD);
      assert.deepEqual([newer.seq, newer.entity.version, newer.delivery], [event.seq, 'b', 2]);
    });

    it('shows at once what was held behind a change: only the newest is worth it', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.store.show([event]);
      assert.deepEqual(
        [await bench.states(FORWARD), await shown()],
        [
          [1, 0, 0, 0, 0],
          [0, 0],
        ],
      );
      const newer = await bench.claimOne(FORWARD);
      assert.deepEqual([newer.seq, newer.entity.version], [event.seq, 'b']);
    });

    it('passes over a sending that is no longer in flight', async () => {
      await bench.record(FORWARD, entity('1'));
      const first = await bench.claimOne(FORWARD);
      await bench.store.recover(INTEGRATION);
      const second = await bench.claimOne(FORWARD);
      await bench.store.show([first, { seq: 999_999, delivery: 1 }]);
      assert.deepEqual(await shown(), [0, 0]);
      await bench.store.show([second]);
      assert.deepEqual(await bench.store.load([second]), [undefined]);
      assert.deepEqual(await shown(), [1, 0]);
    });

    it('forgets a shown change that landed in another way, and keeps one that is newer', async () => {
      await bench.link('1', '91');
      await bench.link('2', '92');
      await bench.record(BACKWARD, entity('91', 'written'), entity('92', 'by a person'));
      await bench.store.show(await bench.claim(BACKWARD));
      await bench.record(FORWARD, entity('1', 'b'), entity('2', 'b'));
      const [one, two] = await bench.claim(FORWARD);
      assert.ok(one && two);
      await bench.store.land([landing(one, '91'), landing(two, '92')]);
      assert.deepEqual(await shown(), [0, 1]);
      await bench.store.unshow(INTEGRATION);
      const left = await bench.claimOne(BACKWARD);
      assert.deepEqual([names([left]), left.stale, left.link?.ends[0].ref.id], [['92@by a person'], true, '2']);
    });

    it('keeps the intent of a create that was begun before, which goes on holding back new entities', async () => {
      await bench.record(FORWARD, entity('1'));
      const event = await bench.claimOne(FORWARD);
      await bench.record(BACKWARD, entity('9'));
      await bench.store.openIntents([intent(event.seq)]);
      await bench.store.show([event]);
      await bench.record(BACKWARD, entity('10'));
      assert.deepEqual(names(await bench.claim(BACKWARD)), ['9@1']);
      await bench.store.unshow(INTEGRATION);
      assert.equal((await bench.claimOne(FORWARD)).intent?.marker, 'marker');
    });

    it('can be skipped and purged like any other event', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'));
      const events = await bench.claim(FORWARD);
      await bench.store.show(events);
      await bench.store.skip([events[0]?.seq ?? 0]);
      assert.deepEqual(await shown(), [1, 0]);
      await bench.store.purge(INTEGRATION);
      assert.deepEqual(await shown(), [0, 0]);
    });
  });
}

/** New parts of one owner and type go one after the other, in the order in which they were recorded. */

import assert from 'node:assert/strict';
import type { Entity } from '../../../lib/model';
import type { Link, StoredEvent } from '../../../lib/store/store';
import { BACKWARD, type Bench, entity, FORWARD, INTEGRATION, intent, NOON, names, park, part, retry } from './harness';
import { linked, partLanding, read } from './parts';

const comments = (...ids: string[]) => ids.map((id) => part('1', id));

export function linesChecks(bench: Bench): void {
  const claimed = async (now = NOON) => names(await bench.store.claim(FORWARD, 10, now));
  const counts = async () => {
    const [{ waiting, held, sent, retry, parked, shown }] = await bench.store.counts(INTEGRATION);
    return { waiting, held, sent, retry, parked, shown };
  };
  const none = { waiting: 0, held: 0, sent: 0, retry: 0, parked: 0, shown: 0 };
  let owner: Link;
  /** Three new comments, the first of which is sent. */
  async function three(): Promise<StoredEvent> {
    owner = await linked(bench, '1', '90');
    await read(bench, owner, ...comments('c1', 'c2', 'c3'));
    return bench.claimOne(FORWARD);
  }

  describe('new parts of one owner', () => {
    it('wait for each other until they have landed, also over a restart', async () => {
      const first = await three();
      assert.deepEqual(await counts(), { ...none, held: 2, sent: 1 });
      assert.deepEqual(await claimed(), []);
      await bench.store.land([partLanding(first, 'd1', owner)]);
      await bench.reopen();
      assert.deepEqual(await counts(), { ...none, held: 1, waiting: 1 });
      const second = await bench.claimOne(FORWARD);
      assert.equal(second.entity.id, 'c2');
      await bench.store.skip([second]);
      assert.deepEqual(await claimed(), ['c3@1']);
    });

    it('hold back neither those of another type or owner, nor linked ones, nor entities', async () => {
      await three();
      const other = await linked(bench, '2', '91');
      const file = part('1', 'f1', '1', 'File');
      await read(bench, owner, ...comments('c1', 'c2', 'c3'), file);
      await read(bench, other, part('2', 'e1'));
      await bench.record(FORWARD, entity('3'));
      assert.deepEqual(await claimed(), ['f1@1', 'e1@1', '3@1']);
    });

    it('are not held back by one that is parked or shown, but by one that is tried again', async () => {
      const first = await three();
      await bench.store.fail([retry(first, NOON + 10)]);
      assert.deepEqual(await claimed(), []);
      const [again] = await bench.store.claim(FORWARD, 10, NOON + 10);
      assert.ok(again);
      await bench.store.fail([park(again)]);
      const second = await bench.claimOne(FORWARD);
      await bench.store.show([second]);
      assert.deepEqual(await claimed(), ['c3@1']);
      assert.deepEqual(await counts(), { ...none, parked: 1, shown: 1, sent: 1 });
    });

    it('take their place again when they are unparked: younger ones that wait are held', async () => {
      const first = await three();
      await bench.store.fail([park(first)]);
      await bench.store.unpark(INTEGRATION);
      assert.deepEqual(await counts(), { ...none, waiting: 1, held: 2 });
      assert.deepEqual(await claimed(), ['c1@1']);
    });

    it('fold newer versions while they are held, and are free for all as soon as they have a link', async () => {
      const first = await three();
      const newer = part('1', 'c3', '2');
      assert.deepEqual(await read(bench, owner, ...comments('c1', 'c2'), newer), { recorded: 1, known: 2 });
      assert.deepEqual(await counts(), { ...none, held: 2, sent: 1 });
      // linked by a landing of the other side
      const found = partLanding({ ...first, seq: 0, entity: part('1', 'c3') }, 'd3', owner);
      assert.deepEqual(await bench.store.land([found]), [undefined]);
      const event = await bench.claimOne(FORWARD);
      assert.deepEqual([event.entity.version, event.link?.owner], ['2', owner.id]);
      assert.deepEqual(await counts(), { ...none, held: 1, sent: 2 });
    });

    it('go on when the first of them is found to be linked while it waits', async () => {
      const first = await three();
      await bench.store.recover(INTEGRATION);
      const found = partLanding({ ...first, seq: 0, entity: part('1', 'c1', 'other') }, 'd1', owner);
      assert.deepEqual(await bench.store.land([found]), [undefined]);
      assert.deepEqual(await claimed(), ['c1@1', 'c2@1']);
    });

    it('stay in order when a dry run ends that has shown them', async () => {
      const first = await three();
      await bench.store.show([first]);
      await bench.store.show([await bench.claimOne(FORWARD)]);
      await read(bench, owner, ...comments('c1', 'c2', 'c3', 'c4'));
      await bench.record(FORWARD, entity('5'));
      assert.deepEqual(await counts(), { ...none, shown: 2, waiting: 2, held: 1 });
      assert.equal(await bench.store.unshow(INTEGRATION), 2);
      assert.deepEqual(await counts(), { ...none, waiting: 2, held: 3 });
      await bench.reopen();
      assert.deepEqual(await counts(), { ...none, waiting: 2, held: 3 });
      const order: string[] = [];
      for (let left = 4; left > 0; left -= 1) {
        const events = await bench.claim(FORWARD);
        order.push(...names(events));
        await bench.store.skip(events);
      }
      assert.deepEqual(order, ['c1@1', '5@1', 'c2@1', 'c3@1', 'c4@1']);
    });

    it('stay behind one that is sent when a dry run ends', async () => {
      await bench.store.show([await three()]);
      const second = await bench.claimOne(FORWARD);
      await bench.store.unshow(INTEGRATION);
      assert.deepEqual(await counts(), { ...none, waiting: 1, held: 1, sent: 1 });
      await bench.store.recover(INTEGRATION);
      assert.deepEqual(await counts(), { ...none, waiting: 1, held: 2 });
      await bench.store.skip([second.seq]);
      assert.deepEqual(await claimed(), ['c1@1']);
    });

    it('go on when one that waits or is held is skipped', async () => {
      const first = await three();
      await bench.store.recover(INTEGRATION);
      await bench.store.skip([first.seq + 1]);
      assert.deepEqual(await claimed(), ['c1@1']);
      await bench.store.skip([first.seq]);
      assert.deepEqual(await claimed(), ['c3@1']);
    });

    describe('that are claimed together', () => {
      const NOBODY = { seq: 0, delivery: 1 };
      const together = (limit = 10, ofLine = 3, now = NOON) => bench.store.claim(FORWARD, limit, now, 0, ofLine);
      async function sent(...ids: string[]): Promise<StoredEvent[]> {
        owner = await linked(bench, '1', '90');
        await read(bench, owner, ...comments(...ids));
        return together();
      }

      it('are the first of their line and those right behind it, as many as may be, and no more until all of them are decided', async () => {
        const [first, second, third, ...more] = await sent('c1', 'c2', 'c3', 'c4');
        assert.deepEqual(
          [names([first, second, third].flatMap((one) => one ?? [])), more],
          [['c1@1', 'c2@1', 'c3@1'], []],
        );
        assert.ok(first && second && third);
        assert.deepEqual(await counts(), { ...none, sent: 3, held: 1 });
        await bench.store.land([partLanding(second, 'd2', owner)]);
        await bench.store.fail([park(first)]);
        assert.deepEqual(await together(), []);
        await bench.store.skip([third]);
        assert.deepEqual(names(await together()), ['c4@1']);
      });

      it('are as many of each line as there is room for, after all that may go anyway, the oldest line first', async () => {
        owner = await linked(bench, '1', '90');
        const other = await linked(bench, '2', '91');
        await read(bench, owner, ...comments('c1', 'c2', 'c3', 'c4'));
        await read(bench, other, part('2', 'e1'), part('2', 'e2'), part('2', 'e3'));
        await bench.record(FORWARD, entity('3'));
        assert.deepEqual(names(await together(6, 4)), ['c1@1', 'c2@1', 'c3@1', 'e1@1', 'e2@1', '3@1']);
      });

      it('end before one that is sent or tried again, and pass over one that is parked', async () => {
        const [first, second, third] = await sent('c1', 'c2', 'c3', 'c4', 'c5');
        assert.ok(first && second && third);
        await bench.store.fail([park(first), park(second), retry(third, NOON + 10)]);
        assert.deepEqual(await together(), []);
        await bench.store.unpark(INTEGRATION, [first.seq]);
        assert.deepEqual(names(await together()), ['c1@1']);
        await bench.store.fail([park({ ...first, delivery: 2 })]);
        assert.deepEqual(names(await together(10, 3, NOON + 10)), ['c3@1', 'c4@1', 'c5@1']);
        await bench.store.unpark(INTEGRATION, [first.seq]);
        // what is on its way ends the row, as does one that waits for its time
        assert.deepEqual(names(await together()), ['c1@1']);
      });

      it('are in turn as far as all before them are given too, whatever their order', async () => {
        const [first, second, third] = await sent('c1', 'c2', 'c3');
        assert.ok(first && second && third);
        assert.deepEqual(await bench.store.inTurn([third, first, second]), [true, true, true]);
        assert.deepEqual(await bench.store.inTurn([third, first]), [false, true]);
        assert.deepEqual(await bench.store.inTurn([second, NOBODY]), [false, false]);
        await bench.store.land([partLanding(first, 'd1', owner)]);
        assert.deepEqual(await bench.store.inTurn([third, second, first]), [true, true, false]);
        await bench.store.fail([park(second)]);
        assert.deepEqual(await bench.store.inTurn([third]), [true]);
        await bench.store.unpark(INTEGRATION, [second.seq]);
        assert.deepEqual(await bench.store.inTurn([third]), [false]);
      });

      it('are not in turn behind one that is tried again, or has yet to be; what stands in no line always is', async () => {
        const [first, second, third] = await sent('c1', 'c2', 'c3');
        assert.ok(first && second && third);
        await bench.record(FORWARD, entity('3'));
        await read(bench, owner, ...comments('c1', 'c2', 'c3'), part('1', 'f1', '1', 'File'));
        const others = await together();
        assert.deepEqual(names(others), ['3@1', 'f1@1']);
        await bench.store.fail([retry(first, NOON + 10)]);
        assert.deepEqual(await bench.store.inTurn([second, third, ...others]), [false, false, true, true]);
        await bench.store.fail([retry(second, NOON)]);
        // it stands behind the first again
        assert.deepEqual(await together(), []);
        assert.deepEqual(await bench.store.inTurn([third]), [false]);
        await bench.store.fail([retry(third, NOON)]);
        assert.deepEqual(names(await together(10, 3, NOON + 10)), ['c1@1', 'c2@1', 'c3@1']);
      });

      it('keep an edit or a deletion of one of them behind that one', async () => {
        const [first, second] = await sent('c1', 'c2');
        assert.ok(first && second);
        await read(bench, owner, part('1', 'c1', '2'));
        assert.deepEqual(await counts(), { ...none, sent: 2, held: 2 });
        assert.deepEqual(await bench.store.inTurn([first, second]), [true, true]);
        await bench.store.land([partLanding(first, 'd1', owner), partLanding(second, 'd2', owner)]);
        const next = await together();
        assert.deepEqual(
          next.map(({ entity: { id, version, deleted }, link }) => [id, version, deleted, link?.owner]),
          [
            ['c1', '2', undefined, owner.id],
            ['c2', 'deleted', true, owner.id],
          ],
        );
      });

      it('go in their line again after a restart, the oldest first', async () => {
        await sent('c1', 'c2', 'c3', 'c4');
        await bench.reopen();
        assert.equal(await bench.store.recover(INTEGRATION), 3);
        assert.deepEqual(await counts(), { ...none, waiting: 1, held: 3 });
        assert.deepEqual(names(await together(10, 2)), ['c1@1', 'c2@1']);
      });

      it('never are what a create that is under way may have made', async () => {
        owner = await linked(bench, '1', '90');
        const there = (...parts: Entity[]) =>
          bench.store
            .sequence()
            .then((at) =>
              bench.store.recordParts(BACKWARD, 'redmine', [{ link: owner.id, types: ['Comment'], parts }], at),
            );
        await there(part('90', 'd1'));
        await read(bench, owner, ...comments('c1'));
        const [create] = await together();
        assert.ok(create);
        await bench.store.openIntents([intent(create.seq)]);
        await there(part('90', 'd2'));
        assert.deepEqual(names(await bench.store.claim(BACKWARD, 10, NOON, 0, 3)), ['d1@1']);
      });
    });

    it('go one after the other, however many they are', async function () {
      this.timeout(20_000);
      owner = await linked(bench, '1', '90');
      const many = (count: number) => comments(...Array.from({ length: count }, (_, n) => `c${n}`));
      await read(bench, owner, ...many(300));
      assert.deepEqual(await counts(), { ...none, waiting: 1, held: 299 });
      for (let n = 0; n < 300; n += 1) {
        const event = await bench.claimOne(FORWARD);
        assert.equal(event.entity.id, `c${n}`);
        await bench.store.land([partLanding(event, `d${n}`, owner)]);
      }
      assert.deepEqual(await counts(), none);
    });
  });
}

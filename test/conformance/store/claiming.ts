/** What may be sent, in which order, and what must wait for something else. */

import assert from 'node:assert/strict';
import type { Entity } from '../../../lib/model';
import {
  BACKWARD,
  type Bench,
  entity,
  FORWARD,
  INTEGRATION,
  intent,
  landing,
  NOON,
  names,
  park,
  retry,
  SYSTEM1,
} from './harness';

export function claimingChecks(bench: Bench): void {
  describe('claiming', () => {
    it('hands out the oldest first, no more than asked for, none twice', async () => {
      await bench.record(FORWARD, entity('3'), entity('1'), entity('2'));
      assert.deepEqual(names(await bench.claim(FORWARD, 2)), ['3@1', '1@1']);
      assert.deepEqual(names(await bench.claim(FORWARD, 2)), ['2@1']);
      assert.deepEqual(await bench.claim(FORWARD), []);
    });

    it('marks what it hands out as sent, with time and number of the sending', async () => {
      await bench.record(FORWARD, entity('1'));
      const event = await bench.claimOne(FORWARD);
      const { seq, ...rest } = event;
      assert.ok(seq > 0);
      assert.deepEqual(rest, {
        flow: FORWARD,
        state: 'sent',
        entity: entity('1'),
        stale: false,
        delivery: 1,
        attempts: 0,
        sentAt: NOON,
      });
    });

    it('gives an event the link of its entity', async () => {
      await bench.link('1', '9');
      await bench.record(FORWARD, entity('1', 'b'));
      const { link } = await bench.claimOne(FORWARD);
      assert.deepEqual(link, await bench.store.linkOf(INTEGRATION, 1, '1'));
      assert.equal(link?.ends[1].ref.id, '9');
    });

    it('keeps a retry back until it is due', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'));
      const [first] = await bench.claim(FORWARD, 1);
      assert.ok(first);
      await bench.store.fail([retry(first, NOON + 1_000)]);
      assert.deepEqual(names(await bench.store.claim(FORWARD, 10, NOON + 999)), ['2@1']);
      const [again] = await bench.store.claim(FORWARD, 10, NOON + 1_000);
      assert.equal(again?.seq, first.seq);
      assert.equal(again?.delivery, 2);
      assert.equal(again?.dueAt, undefined);
    });

    it('puts a due retry before what was recorded after it', async () => {
      await bench.record(FORWARD, entity('1'));
      await bench.store.fail([retry(await bench.claimOne(FORWARD), NOON)]);
      await bench.record(FORWARD, entity('2'));
      assert.deepEqual(names(await bench.claim(FORWARD, 1)), ['1@1']);
    });

    it('passes a parked event by: only later events of its own entity wait', async () => {
      await bench.record(FORWARD, entity('1'));
      await bench.store.fail([park(await bench.claimOne(FORWARD))]);
      await bench.record(FORWARD, entity('1', '2'), entity('2'));
      assert.deepEqual(names(await bench.claim(FORWARD)), ['2@1']);
    });

    it('holds an event back while its counterpart is being written from, in either direction', async () => {
      await bench.link('1', '9');
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.record(BACKWARD, entity('9', 'b'), entity('10'));
      const back = await bench.claim(BACKWARD, 1);
      assert.deepEqual(names(back), ['9@b']);
      assert.deepEqual(await bench.claim(FORWARD), []);
      assert.deepEqual(names(await bench.claim(BACKWARD)), ['10@1']);
      await bench.store.skip(back.map(({ seq }) => seq));
      assert.deepEqual(names(await bench.claim(FORWARD)), ['1@b']);
    });

    describe('of urgent events', () => {
      const urgently = async (...entities: Entity[]) =>
        bench.store.record(FORWARD, SYSTEM1, entities, await bench.store.sequence(), undefined, true);
      const claim = (limit: number, urgent?: number) => bench.store.claim(FORWARD, limit, NOON, urgent);

      it('takes as many as requested, the oldest first, before the backlog, which has the rest', async () => {
        await bench.record(FORWARD, entity('1'), entity('2'), entity('3'));
        await urgently(entity('a'), entity('b'), entity('c'));
        assert.deepEqual(names(await claim(4, 2)), ['1@1', '2@1', 'a@1', 'b@1']);
        assert.deepEqual(names(await claim(4, 2)), ['3@1', 'c@1']);
      });

      it('takes no more than are asked for at all, and none before the backlog where nobody asks', async () => {
        await bench.record(FORWARD, entity('1'));
        await urgently(entity('a'), entity('b'));
        assert.deepEqual(names(await claim(1, 5)), ['a@1']);
        assert.deepEqual(names(await claim(1)), ['1@1']);
        assert.deepEqual(names(await claim(5)), ['b@1']);
      });

      it('takes an event of the backlog that was renewed urgently, once, and keeps it urgent in a retry', async () => {
        await bench.record(FORWARD, entity('1'), entity('2'));
        await urgently(entity('2', 'b'));
        const [first, ...more] = await claim(1, 1);
        assert.deepEqual([first?.entity.version, more], ['b', []]);
        assert.ok(first);
        await bench.store.fail([retry(first)]);
        assert.deepEqual(names(await claim(1, 1)), ['2@b']);
      });

      it('keeps the order of an entity: an urgent change waits for the one that is under way, then goes first', async () => {
        await bench.record(FORWARD, entity('1'), entity('2'), entity('3'));
        const [sent] = await claim(1);
        assert.ok(sent);
        await urgently(entity('1', 'b'));
        assert.deepEqual(names(await claim(1, 1)), ['2@1']);
        await bench.store.land([landing(sent, '9')]);
        assert.deepEqual(names(await claim(1, 1)), ['1@b']);
      });

      it('takes over the urgency of a change held behind one that is tried again', async () => {
        await bench.record(FORWARD, entity('1'), entity('2'));
        const [sent] = await bench.claim(FORWARD);
        assert.ok(sent);
        await bench.record(FORWARD, entity('0'));
        await urgently(entity('1', 'b'));
        await bench.store.recover(INTEGRATION);
        assert.deepEqual(names(await claim(1, 1)), ['1@b']);
      });

      it('holds back an urgent one that an open create may have made', async () => {
        await bench.record(BACKWARD, entity('1'));
        const creating = await bench.claimOne(BACKWARD);
        await bench.store.openIntents([intent(creating.seq)]);
        await urgently(entity('made?'));
        assert.deepEqual(await claim(5, 5), []);
      });

      it('leaves the checkpoint where it is when what is read lies ahead of it', async () => {
        await bench.record(FORWARD, entity('1'));
        const before = await bench.store.checkpoint(FORWARD);
        await urgently(entity('a'));
        assert.deepEqual(await bench.store.checkpoint(FORWARD), before);
        assert.deepEqual(await bench.record(FORWARD, entity('a')), { recorded: 0, known: 1 });
      });
    });

    it('finds what may go behind many that may not', async () => {
      const ids = Array.from({ length: 30 }, (_, n) => String(n));
      for (const id of ids) await bench.link(id, `9${id}`);
      await bench.record(BACKWARD, ...ids.map((id) => entity(`9${id}`, 'b')));
      await bench.claim(BACKWARD);
      await bench.record(FORWARD, ...ids.map((id) => entity(id, 'b')), entity('free'));
      assert.deepEqual(names(await bench.claim(FORWARD, 3)), ['free@1']);
    });

    it('holds back new entities of a side that an open create may have made', async () => {
      await bench.link('7', '70');
      await bench.record(BACKWARD, entity('before'));
      await bench.record(FORWARD, entity('1'));
      const creating = await bench.claimOne(FORWARD);
      await bench.store.openIntents([intent(creating.seq)]);
      await bench.record(BACKWARD, entity('made?'), entity('70', 'b'));
      await bench.record(FORWARD, entity('2'));
      assert.deepEqual(names(await bench.claim(BACKWARD)), ['before@1', '70@b'], 'older, or with a link: free');
      assert.deepEqual(names(await bench.claim(FORWARD)), ['2@1'], 'the side that the create reads from is free');
      await bench.store.land([landing(creating, 'made?', '1')]);
      assert.deepEqual(await bench.claim(BACKWARD), [], 'it was what the create made');
      assert.deepEqual(await bench.states(BACKWARD), [0, 0, 2, 0, 0]);
    });

    it('lets them go once the create has landed elsewhere', async () => {
      await bench.record(FORWARD, entity('1'));
      const creating = await bench.claimOne(FORWARD);
      await bench.store.openIntents([intent(creating.seq)]);
      await bench.record(BACKWARD, entity('by a person'));
      assert.deepEqual(await bench.claim(BACKWARD), []);
      await bench.store.land([landing(creating, '9')]);
      assert.deepEqual(names(await bench.claim(BACKWARD)), ['by a person@1']);
    });

    it('keeps holding them while the create is tried again: the first try may have made them', async () => {
      await bench.record(FORWARD, entity('1'));
      const first = await bench.claimOne(FORWARD);
      await bench.store.openIntents([intent(first.seq)]);
      await bench.store.fail([retry(first)]);
      await bench.record(BACKWARD, entity('made?'));
      const second = await bench.claimOne(FORWARD);
      assert.deepEqual(second.intent, intent(first.seq), 'the open intent comes along');
      await bench.store.openIntents([intent(second.seq, 'second')]);
      assert.deepEqual(await bench.claim(BACKWARD), []);
      const [loaded] = await bench.store.load([second]);
      assert.equal(loaded?.intent?.marker, 'second');
    });

    it('lets them go when the target certainly did not create it, and when the event is skipped', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'));
      const [refused, uncertain] = await bench.claim(FORWARD);
      assert.ok(refused && uncertain);
      await bench.store.openIntents([intent(refused.seq), intent(uncertain.seq)]);
      await bench.record(BACKWARD, entity('new'));
      await bench.store.fail([{ ...park(refused), notCreated: true }]);
      await bench.store.fail([park(uncertain)]);
      assert.deepEqual(await bench.claim(BACKWARD), [], 'the other one is still open');
      const [, parked] = await bench.store.parked(INTEGRATION, 0, 10);
      assert.equal(parked?.intent?.marker, 'marker');
      await bench.store.skip([uncertain.seq]);
      assert.deepEqual(names(await bench.claim(BACKWARD)), ['new@1']);
    });

    it('refuses an intent for an event that is gone, and stores none of that call', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'));
      const [gone, there] = await bench.claim(FORWARD);
      assert.ok(gone && there);
      await bench.store.skip([gone.seq]);
      await assert.rejects(bench.store.openIntents([intent(there.seq), intent(gone.seq)]), {
        name: 'StoreError',
        kind: 'notFound',
        message: new RegExp(String(gone.seq)),
      });
      const [loaded] = await bench.store.load([there]);
      assert.ok(loaded && !loaded.intent);
    });
  });
}

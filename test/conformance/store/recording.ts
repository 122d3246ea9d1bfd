/** What a poller reads becomes events: once per version, one per entity. */

import assert from 'node:assert/strict';
import { BACKWARD, type Bench, entity, FORWARD, landing, names, park, retry, SYSTEM1 } from './harness';

export function recordingChecks(bench: Bench): void {
  describe('recording', () => {
    it('makes an event of every entity that is new, and keeps the checkpoint with them', async () => {
      assert.equal(await bench.store.checkpoint(FORWARD), undefined);
      const readAt = await bench.store.sequence();
      const read = [entity('1'), entity('2')];
      const summary = await bench.store.record(FORWARD, SYSTEM1, read, readAt, { since: '2026-06-01', ids: [2] });
      assert.deepEqual(summary, { recorded: 2, known: 0 });
      assert.deepEqual(await bench.store.checkpoint(FORWARD), { since: '2026-06-01', ids: [2] });
      assert.equal(await bench.store.checkpoint(BACKWARD), undefined);
      assert.deepEqual(
        (await bench.claim(FORWARD)).map((event) => event.entity),
        read,
      );
    });

    it('passes over a version that was read before, also after its event is finished', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'a')), { recorded: 0, known: 1 });
      await bench.store.skip([(await bench.claimOne(FORWARD)).seq]);
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'a')), { recorded: 0, known: 1 });
    });

    it('keeps the two sides and the integrations apart', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      assert.deepEqual(await bench.record(BACKWARD, entity('1', 'a')), { recorded: 1, known: 0 });
      assert.deepEqual(await bench.record({ integration: 'other', side: 1 }, entity('1', 'a')), {
        recorded: 1,
        known: 0,
      });
    });

    it('folds a newer version into the waiting event, which keeps its place', async () => {
      await bench.record(FORWARD, entity('1', 'a'), entity('2', 'a'));
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'b')), { recorded: 1, known: 0 });
      assert.deepEqual(names(await bench.claim(FORWARD)), ['1@b', '2@a']);
    });

    it('takes the later of two versions in one page', async () => {
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'a'), entity('1', 'b')), { recorded: 2, known: 0 });
      assert.deepEqual(names(await bench.claim(FORWARD)), ['1@b']);
    });

    it('holds a change back while an event of the entity is sent, and folds further ones into it', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      await bench.claim(FORWARD);
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.record(FORWARD, entity('1', 'c'));
      assert.deepEqual(await bench.states(FORWARD), [0, 1, 1, 0, 0]);
      assert.deepEqual(await bench.claim(FORWARD), []);
    });

    it('folds into an event that waits for its retry: attempts and due time stay', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const sent = await bench.claimOne(FORWARD);
      await bench.store.fail([retry(sent, 5_000)]);
      await bench.record(FORWARD, entity('1', 'b'));
      assert.deepEqual(await bench.states(FORWARD), [0, 0, 0, 1, 0]);
      assert.deepEqual(await bench.store.claim(FORWARD, 10, 4_999), []);
      const [again] = await bench.store.claim(FORWARD, 10, 5_000);
      assert.equal(again?.entity.version, 'b');
      assert.equal(again?.seq, sent.seq);
      assert.equal(again?.attempts, 1);
    });

    it('does not fold into a parked event, which a person looks at', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      await bench.store.fail([park(await bench.claimOne(FORWARD))]);
      await bench.record(FORWARD, entity('1', 'b'));
      assert.deepEqual(await bench.states(FORWARD), [0, 1, 0, 0, 1]);
      assert.deepEqual(names(await bench.store.parked('jira-redmine', 0, 10)), ['1@a']);
    });

    it('takes a version that comes back as a change, while its event is unfinished and after', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      assert.equal(event.entity.version, 'a');
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.store.skip([event.seq]);
      await bench.store.skip([(await bench.claimOne(FORWARD)).seq]);
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'a')), { recorded: 1, known: 0 });
    });

    it('drops a held change that went back to what has landed', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.record(FORWARD, entity('1', 'a'));
      await bench.store.land([landing(event, '9')]);
      assert.deepEqual(await bench.states(FORWARD), [0, 0, 0, 0, 0]);
    });

    it('reads everything again after its versions were forgotten; links and unfinished events stay', async () => {
      await bench.link('1', '9');
      await bench.record(FORWARD, entity('2', 'a'));
      await bench.store.forgetSeen(FORWARD);
      const summary = await bench.record(FORWARD, entity('1', 'first'), entity('2', 'a'));
      assert.deepEqual(summary, { recorded: 1, known: 1 });
      assert.deepEqual(names(await bench.claim(FORWARD)).toSorted(), ['1@first', '2@a']);
      assert.equal((await bench.store.linkOf('jira-redmine', 1, '1'))?.ends[1].ref.id, '9');
    });

    it('trusts no version of another system that was read for the flow before', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      await bench.store.skip([(await bench.claimOne(FORWARD)).seq]);
      const readAt = await bench.store.sequence();
      const summary = await bench.store.record(FORWARD, 'another-jira', [entity('1', 'a')], readAt, {});
      assert.deepEqual(summary, { recorded: 1, known: 0 });
    });

    it('sets and forgets a checkpoint by itself', async () => {
      await bench.store.setCheckpoint(BACKWARD, { at: 17 });
      assert.deepEqual(await bench.store.checkpoint(BACKWARD), { at: 17 });
      await bench.store.setCheckpoint(BACKWARD, undefined);
      assert.equal(await bench.store.checkpoint(BACKWARD), undefined);
    });

    it('keeps how far existing items were brought over beside the checkpoint, until it is forgotten or the integration purged', async () => {
      await bench.store.setCheckpoint(BACKWARD, { at: 17 });
      await bench.store.setExisting(BACKWARD, { read: 100, checkpoint: { at: 3 } });
      await bench.record(BACKWARD, entity('1', 'a'));
      assert.deepEqual(await bench.store.existing(BACKWARD), { read: 100, checkpoint: { at: 3 } });
      assert.equal(await bench.store.existing(FORWARD), undefined);
      await bench.store.setExisting(BACKWARD, undefined);
      assert.equal(await bench.store.existing(BACKWARD), undefined);
      await bench.store.setExisting(BACKWARD, { read: 1 });
      await bench.store.purge('jira-redmine');
      assert.equal(await bench.store.existing(BACKWARD), undefined);
    });

    it('keeps any text as it is', async () => {
      const odd = entity("1'); DROP TABLE events;--", '\u{1F980} "v"', {
        title: 'Grüße, 世界\u2028 \\ \n "quoted" \u0000 end',
        __proto__x: null,
        tags: ['', 'a,b'],
      });
      await bench.record(FORWARD, odd);
      assert.deepEqual((await bench.claimOne(FORWARD)).entity, odd);
      assert.deepEqual(await bench.record(FORWARD, odd), { recorded: 0, known: 1 });
    });
  });
}

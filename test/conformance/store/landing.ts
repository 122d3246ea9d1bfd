/** How an event ends well: link, baselines and versions stored, echoes dropped, the next change of the entity free. */

import assert from 'node:assert/strict';
import { BACKWARD, type Bench, end, entity, FORWARD, INTEGRATION, intent, landing, names, park } from './harness';

export function landingChecks(bench: Bench): void {
  describe('landing', () => {
    it('stores link and baselines, closes the intent and ends the event', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.openIntents([intent(event.seq)]);
      assert.deepEqual(await bench.store.land([landing(event, '9', 'w')]), [undefined]);
      assert.deepEqual(await bench.states(FORWARD), [0, 0, 0, 0, 0]);
      const link = await bench.store.linkOf(INTEGRATION, 2, '9');
      assert.deepEqual(link?.ends, [end(1, '1', 'a'), end(2, '9', 'w')]);
      assert.equal((await bench.store.counts(INTEGRATION))[0].links, 1);
    });

    it('remembers what updates may have left in an end, until a landing has written that end', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      await bench.store.land([landing(await bench.claimOne(FORWARD), '9', 'w')]);
      const link = await bench.store.linkOf(INTEGRATION, 1, '1');
      assert.ok(link);
      await bench.store.intendUpdates([
        { link: link.id, side: 2, fields: { subject: { sent: 'first', over: 'old' }, state: { sent: 'Done' } } },
      ]);
      await bench.store.intendUpdates([{ link: link.id, side: 2, fields: { subject: { sent: 'second' } } }]);
      const [one, two] = (await bench.store.linkOf(INTEGRATION, 1, '1'))?.ends ?? [];
      assert.equal(one?.pending, undefined);
      assert.deepEqual(two?.pending, {
        subject: [{ sent: 'first', over: 'old' }, { sent: 'second' }],
        state: [{ sent: 'Done' }],
      });

      await bench.record(FORWARD, entity('1', 'b'));
      const unwritten = await bench.claimOne(FORWARD);
      assert.deepEqual(unwritten.link?.ends[1].pending, two?.pending);
      await bench.store.land([{ ...landing(unwritten, '9', 'w'), wrote: 1 }]);
      assert.deepEqual((await bench.store.linkOf(INTEGRATION, 1, '1'))?.ends[1].pending, two?.pending);

      await bench.record(FORWARD, entity('1', 'b2'));
      const settled = [{ side: 2 as const, fields: ['subject', 'unknown'] }];
      await bench.store.land([{ ...landing(await bench.claimOne(FORWARD), '9', 'w'), wrote: 1, settled }]);
      const [, partly] = (await bench.store.linkOf(INTEGRATION, 1, '1'))?.ends ?? [];
      assert.deepEqual(partly?.pending, { state: [{ sent: 'Done' }] });

      await bench.record(FORWARD, entity('1', 'c'));
      await bench.store.land([{ ...landing(await bench.claimOne(FORWARD), '9', 'x'), wrote: 2 }]);
      assert.equal((await bench.store.linkOf(INTEGRATION, 1, '1'))?.ends[1].pending, undefined);
    });

    it('passes over updates of a link that is not there', async () => {
      await bench.store.intendUpdates([{ link: 4711, side: 1, fields: { subject: { sent: 'lost' } } }]);
    });

    it('knows the versions of both ends: neither comes back as a change', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      await bench.store.land([landing(await bench.claimOne(FORWARD), '9', 'w')]);
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'a')), { recorded: 0, known: 1 });
      assert.deepEqual(await bench.record(BACKWARD, entity('9', 'w')), { recorded: 0, known: 1 });
      assert.deepEqual(await bench.record(BACKWARD, entity('9', 'x')), { recorded: 1, known: 0 });
    });

    it('makes an event of a target that was landed with an empty version, since others changed it too', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      await bench.store.land([landing(await bench.claimOne(FORWARD), '9', '')]);
      assert.deepEqual(await bench.record(BACKWARD, entity('9', 'w')), { recorded: 1, known: 0 });
    });

    it('drops the echo that was polled before the landing was stored', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.record(BACKWARD, entity('9', 'w'));
      await bench.store.land([landing(event, '9', 'w')]);
      assert.deepEqual(await bench.states(BACKWARD), [0, 0, 0, 0, 0]);
      assert.deepEqual(await bench.record(BACKWARD, entity('9', 'w')), { recorded: 0, known: 1 });
    });

    it("keeps a person's change that was polled before the landing was stored", async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.record(BACKWARD, entity('9', 'person'));
      await bench.store.land([landing(event, '9', 'w')]);
      const back = await bench.claimOne(BACKWARD);
      assert.deepEqual(names([back]), ['9@person']);
      assert.equal(back.link?.ends[0].ref.id, '1', 'the new link comes along');
    });

    it('frees the change that was held, and keeps knowing its version', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.store.land([landing(event, '9')]);
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'b')), { recorded: 0, known: 1 });
      const next = await bench.claimOne(FORWARD);
      assert.deepEqual(names([next]), ['1@b']);
      await bench.store.skip([next.seq]);
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'b')), { recorded: 0, known: 1 });
    });

    it('calls a snapshot stale that was read before the landing wrote its entity, and no other', async () => {
      await bench.link('1', '9');
      await bench.record(FORWARD, entity('1', 'b'));
      const before = await bench.store.sequence();
      const event = await bench.claimOne(FORWARD);
      await bench.store.record(BACKWARD, 'redmine', [entity('9', 'old'), entity('10', 'old')], before, {});
      await bench.store.land([landing(event, '9', 'w')]);
      const events = await bench.claim(BACKWARD);
      assert.deepEqual(
        events.map(({ entity: { id }, stale }) => [id, stale]),
        [
          ['9', true],
          ['10', false],
        ],
      );
      const readAt = await bench.store.sequence();
      const [stale] = events;
      assert.ok(stale);
      await bench.store.refresh([{ seq: stale.seq, entity: entity('9', 'w2'), readAt }]);
      const [fresh] = await bench.store.load([stale]);
      assert.equal(fresh?.stale, false);
      assert.equal(fresh?.entity.version, 'w2');
      assert.deepEqual(await bench.record(BACKWARD, entity('9', 'w2')), { recorded: 0, known: 1 });
    });

    it('does not call the source stale unless it was written too', async () => {
      for (const [wrote, stale] of [
        [2, false],
        [[1, 2], true],
      ] as const) {
        const id = `source-${stale}`;
        await bench.record(FORWARD, entity(id, 'a'));
        const event = await bench.claimOne(FORWARD);
        await bench.record(FORWARD, entity(id, 'b'));
        await bench.store.land([
          landing(event, `target-${stale}`, 'w', { wrote: typeof wrote === 'number' ? wrote : [...wrote] }),
        ]);
        const next = await bench.claimOne(FORWARD);
        assert.equal(next.stale, stale);
        await bench.store.skip([next.seq]);
      }
    });

    it('brings a link up to date without making a second one', async () => {
      await bench.link('1', '9');
      const { id } = (await bench.store.linkOf(INTEGRATION, 1, '1')) ?? {};
      await bench.record(FORWARD, entity('1', 'b', { title: 'New title' }));
      await bench.store.land([landing(await bench.claimOne(FORWARD), '9', 'w2')]);
      const link = await bench.store.linkOf(INTEGRATION, 2, '9');
      assert.equal(link?.id, id);
      assert.deepEqual(link?.ends[0].baseline, { title: 'New title' });
      assert.equal((await bench.store.counts(INTEGRATION))[1].links, 1);
    });

    it('refuses to link an entity twice: that landing has no effect, the others have theirs (invariant 2)', async () => {
      await bench.link('1', '9');
      await bench.record(FORWARD, entity('2', 'a'), entity('3', 'a'));
      const [second, third] = await bench.claim(FORWARD);
      assert.ok(second && third);
      const [refused, stored] = await bench.store.land([landing(second, '9', 'other'), landing(third, '10')]);
      assert.match(refused ?? '', /DEMO-2 and DEMO-9 .*linked/);
      assert.equal(stored, undefined);
      assert.equal(await bench.store.linkOf(INTEGRATION, 1, '2'), undefined);
      assert.equal((await bench.store.linkOf(INTEGRATION, 2, '9'))?.ends[1].version, 'first');
      assert.ok((await bench.store.load([second]))[0], 'its event is still sent');
      assert.deepEqual(await bench.record(BACKWARD, entity('9', 'other')), { recorded: 1, known: 0 });
    });

    it('refuses two landings of one call that contradict each other, the second of them', async () => {
      await bench.record(FORWARD, entity('1'), entity('2'));
      const [one, two] = await bench.claim(FORWARD);
      assert.ok(one && two);
      const [first, second] = await bench.store.land([landing(one, '9'), landing(two, '9')]);
      assert.equal(first, undefined);
      assert.ok(second);
    });

    it('puts a link in the place of one whose counterpart is gone', async () => {
      await bench.link('1', '9');
      await bench.record(FORWARD, entity('1', 'b'));
      const event = await bench.claimOne(FORWARD);
      assert.deepEqual(await bench.store.land([landing(event, '10', 'w', { replaces: event.link?.id })]), [undefined]);
      assert.equal(await bench.store.linkOf(INTEGRATION, 2, '9'), undefined);
      assert.equal((await bench.store.linkOf(INTEGRATION, 1, '1'))?.ends[1].ref.id, '10');
      assert.equal((await bench.store.counts(INTEGRATION))[0].links, 1);
    });

    it('lets an entity have counterparts in several integrations, and finds them all', async () => {
      await bench.link('1', '9');
      const other = { integration: 'other', side: 1 } as const;
      await bench.record(other, entity('1'));
      await bench.store.land([landing(await bench.claimOne(other), '55')]);
      const links = await bench.store.linksBySystem('jira', '1');
      assert.deepEqual(
        links.map(({ integration, ends }) => [integration, ends[1].ref.id]),
        [
          [INTEGRATION, '9'],
          ['other', '55'],
        ],
      );
      assert.deepEqual(await bench.store.linksBySystem('redmine', '1'), []);
      assert.equal((await bench.store.linksBySystem('redmine', '55')).length, 1);
    });

    it('stores the link of an event that is gone', async () => {
      await bench.record(FORWARD, entity('1'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.skip([event.seq]);
      assert.deepEqual(await bench.store.land([landing(event, '9')]), [undefined]);
      assert.equal((await bench.store.linkOf(INTEGRATION, 1, '1'))?.ends[1].ref.id, '9');
    });

    it('loses no newer change when a sending lands that was recovered meanwhile', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.store.recover(INTEGRATION);
      await bench.store.land([landing(event, '9')]);
      const again = await bench.claimOne(FORWARD);
      assert.deepEqual(names([again]), ['1@b']);
      assert.equal(again.link?.ends[1].ref.id, '9');
      await bench.store.land([landing(event, '9')]);
      assert.ok((await bench.store.load([again]))[0], 'the second sending is under way still');
    });

    it('ends an event that was recovered meanwhile and holds nothing newer', async () => {
      await bench.record(FORWARD, entity('1', 'a'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.openIntents([intent(event.seq)]);
      await bench.store.recover(INTEGRATION);
      await bench.store.land([landing(event, '9')]);
      assert.deepEqual(await bench.states(FORWARD), [0, 0, 0, 0, 0]);
    });

    it('leaves a parked event to the person who looks at it, also where its version lands otherwise', async () => {
      await bench.link('1', '9');
      await bench.record(BACKWARD, entity('9', 'p'));
      await bench.store.fail([park(await bench.claimOne(BACKWARD))]);
      await bench.record(FORWARD, entity('1', 'b'));
      await bench.store.land([landing(await bench.claimOne(FORWARD), '9', 'p')]);
      assert.deepEqual(await bench.states(BACKWARD), [0, 0, 0, 0, 1]);
    });

    it('gives baselines of every kind of value back as they were', async () => {
      const description = 'A long text that stands on both sides just the same, word by word';
      const one = {
        title: description,
        empty: null,
        blank: '',
        done: false,
        estimate: 1.5,
        big: 9_007_199_254_740_991,
        description: { format: 'markdown' as const, content: `# ${description}\n\n"quoted"` },
        priority: { id: '3', name: 'High' },
        nameless: { name: '' },
        assignee: { id: '7', name: 'Anna', login: 'anna', email: 'anna@example.org' },
        epic: { id: '12', key: 'DEMO-12', url: 'https://tracker.example.org/12' },
        labels: ['a', 'b'],
        none: [],
        versions: [{ id: '1', name: '1.0' }, { name: '2.0' }],
        '17': 'a numeric field id',
        long: { name: 'x'.repeat(1_000) },
      };
      const two = {
        17: 'a numeric field id',
        text: description,
        subject: description,
        description: one.description,
        other: { format: 'html' as const, content: one.description.content },
        looks: `8:markdown${one.description.content}`,
        people: [one.assignee],
      };
      await bench.record(FORWARD, entity('1'));
      const event = await bench.claimOne(FORWARD);
      const plain = landing(event, '9');
      await bench.store.land([
        {
          ...plain,
          ends: [
            { ...plain.ends[0], baseline: one },
            { ...plain.ends[1], baseline: two },
          ],
        },
      ]);
      await bench.reopen();
      const link = await bench.store.linkOf(INTEGRATION, 1, '1');
      assert.deepEqual(link?.ends[0].baseline, one);
      assert.deepEqual(link?.ends[1].baseline, two);
    });

    it('gives keys and addresses of every kind back as they were', async () => {
      const refs = [
        { id: '1', key: 'DEMO-1', url: 'https://a.example.org/browse/DEMO-1' },
        { id: '2', key: '2', url: 'https://a.example.org/issues/2?tab=all#top' },
        { id: '3', key: '#3', url: 'https://a.example.org/issues/3' },
        { id: '4', key: '', url: '' },
        { id: '5', key: 'five' },
      ];
      await bench.record(FORWARD, ...refs.map(({ id }) => entity(id)));
      for (const event of await bench.claim(FORWARD)) {
        const plain = landing(event, `9${event.entity.id}`);
        const ref = refs.find(({ id }) => id === event.entity.id);
        assert.ok(ref);
        const one = { ...plain.ends[0], ref: { ...ref, type: 'Bug', project: 'DEMO' } };
        await bench.store.land([{ ...plain, ends: [one, plain.ends[1]] }]);
        assert.deepEqual((await bench.store.linkOf(INTEGRATION, 1, ref.id))?.ends[0], one);
      }
    });
  });
}

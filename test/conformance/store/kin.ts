/** What integrations over shared systems know of each other. */

import assert from 'node:assert/strict';
import { DELETED_VERSION, refOf } from '../../../lib/model';
import type { Fields } from '../../../lib/model/values';
import type { Flow, Link, LinkEnd } from '../../../lib/store/store';
import { type Bench, end, entity, FORWARD, INTEGRATION, intent, names, part, SYSTEM1, SYSTEM2 } from './harness';

const OTHER: Flow = { integration: 'other', side: 1 };
const third = (id: string, version = '1', baseline: Fields = { title: `Title of ${id}` }): LinkEnd => ({
  ...end(1, id, version, baseline),
  system: 'third',
});

export function kinChecks(bench: Bench): void {
  const link = async (integration: string, one: LinkEnd, two: LinkEnd, more = {}): Promise<void> => {
    const landing = { integration, event: 0, delivery: 0, ends: [one, two] as [LinkEnd, LinkEnd], ...more };
    assert.deepEqual(await bench.store.land([landing]), [undefined]);
  };
  const recordIn = async (flow: Flow, system: string, ...ids: string[]): Promise<void> => {
    const entities = ids.map((id) => entity(id));
    await bench.store.record(flow, system, entities, await bench.store.sequence(), {});
  };

  describe('entities that several integrations link', () => {
    it('are found over all links, by whatever node of the same place, with the side that was made', async () => {
      await bench.store.setPlace(SYSTEM1, 'https://jira.example.org', INTEGRATION);
      await bench.store.setPlace('imported', 'https://jira.example.org', 'other');
      await link(INTEGRATION, end(1, '1', 'a'), end(2, '7', 'a'), { made: 2 });
      assert.equal(
        (await bench.store.kinOf('imported', '1', INTEGRATION)).length,
        0,
        'nobody else has stored anything',
      );
      assert.equal((await bench.store.kinOf('imported', '1', 'a new one')).length, 1);
      await link('other', end(2, '7', 'a'), third('9'));
      const kin = await bench.store.kinOf('imported', '1', INTEGRATION);
      assert.deepEqual(
        kin.map(({ integration, made, places }) => [integration, made, ...places]),
        [
          [INTEGRATION, 2, 'https://jira.example.org', SYSTEM2],
          ['other', undefined, SYSTEM2, 'third'],
        ],
      );
      assert.equal((await bench.store.linksBySystem('imported', '1')).length, 1);
      assert.deepEqual(await bench.store.kinOf('imported', '2', INTEGRATION), []);
      assert.deepEqual(await bench.store.integrationsKept(), [INTEGRATION, 'other']);
    });

    it('stay at the server that a node led to before, in integrations that are not at work at its new address', async () => {
      const [before, after] = ['https://test.example.org', 'https://jira.example.org'];
      await bench.store.setPlace(SYSTEM1, before, 'other');
      await link('other', end(1, '1', 'a'), end(2, '7', 'a'));
      await link(INTEGRATION, end(1, '2', 'a'), end(2, '8', 'a'));
      await bench.store.setPlace(SYSTEM1, after, INTEGRATION);
      const linked = async (node: string, id: string): Promise<number[]> => [
        (await bench.store.kinOf(node, id, INTEGRATION)).length,
        (await bench.store.linksBySystem(node, id)).length,
        (await bench.store.counterparts(node, [id], SYSTEM2)).flat().length,
      ];
      assert.equal(await bench.store.placeOf(SYSTEM1, INTEGRATION), after);
      assert.equal(await bench.store.placeOf(SYSTEM1, 'other'), before);
      assert.equal(await bench.store.placeOf('nobody', 'other'), undefined);
      assert.deepEqual(await linked(SYSTEM1, '1'), [0, 0, 0]);
      assert.deepEqual(await linked(SYSTEM1, '2'), [1, 1, 1], 'the server has another address');
      await bench.store.setPlace('test', before, 'third one');
      assert.deepEqual(await linked('test', '1'), [1, 1, 1]);
      assert.deepEqual(await linked('test', '2'), [0, 0, 0]);
      await bench.record(FORWARD, entity('1'));
      const creating = await bench.claimOne(FORWARD);
      assert.deepEqual(await bench.store.openIntents([{ ...intent(creating.seq), system: SYSTEM2 }]), [undefined]);
      await bench.store.setPlace(SYSTEM1, after, 'other');
      assert.deepEqual(await linked(SYSTEM1, '1'), [1, 1, 1], 'it is at work there as well');
    });

    it('are not claimed while one of them is sent in another integration', async () => {
      await link(INTEGRATION, end(1, '1', 'a'), end(2, '7', 'a'));
      await recordIn(OTHER, SYSTEM2, '7', '8');
      assert.deepEqual(names(await bench.claim(OTHER)), ['7@1', '8@1']);
      await bench.record(FORWARD, entity('1', '2'), entity('2', '2'));
      assert.deepEqual(names(await bench.claim(FORWARD)), ['2@2']);
      await bench.store.recover('other');
      await bench.store.skip((await bench.claim(OTHER)).map(({ seq }) => seq));
      assert.deepEqual(names(await bench.claim(FORWARD)), ['1@2']);
    });

    it('are not claimed without a link while any integration creates in their place', async () => {
      await recordIn(OTHER, 'third', '5');
      await bench.record(FORWARD, entity('1'));
      const creating = await bench.claimOne(FORWARD);
      await bench.store.openIntents([{ ...intent(creating.seq), system: 'third' }]);
      await recordIn(OTHER, 'third', '6');
      assert.deepEqual(names(await bench.claim(OTHER)), ['5@1']);
      await bench.store.skip([creating.seq]);
      assert.deepEqual(names(await bench.claim(OTHER)), ['6@1']);
    });

    it('are not created while another integration creates the counterpart of one, nor when it is there', async () => {
      await link('third one', end(1, '1', 'a'), end(2, '7', 'a'));
      await bench.record(FORWARD, entity('1', '2'));
      const first = await bench.claimOne(FORWARD);
      const target = { system: 'third', project: 'DEMO', type: 'Bug' };
      assert.deepEqual(await bench.store.openIntents([{ ...intent(first.seq), ...target }]), [undefined]);
      // its answer is lost: it is not known whether it is there
      const error = { kind: 'transient', message: 'reset', at: '' };
      const { seq, delivery } = first;
      await bench.store.fail([{ event: seq, delivery, to: 'retry', dueAt: 9e15, charge: false, error }]);
      await recordIn(OTHER, SYSTEM2, '7');
      const second = await bench.claimOne(OTHER);
      assert.deepEqual(await bench.store.openIntents([{ ...intent(second.seq), ...target }]), ['begun']);
      await bench.store.skip([seq]);
      await link(INTEGRATION, end(1, '1', '2'), third('9'));
      assert.deepEqual(await bench.store.openIntents([{ ...intent(second.seq), ...target }]), ['made']);
      assert.deepEqual(await bench.store.openIntents([{ ...intent(second.seq), ...target, type: 'Story' }]), [
        undefined,
      ]);
    });

    it('are in sync as of the newest landing of two integrations that link the same two', async () => {
      await link(INTEGRATION, end(1, '1', 'a', { title: 'old' }), end(2, '7', 'a', { subject: 'old' }));
      await link('other', end(2, '7', 'a', { subject: 'old' }), end(1, '1', 'a', { title: 'old' }));
      await recordIn(OTHER, SYSTEM2, '7');
      await link(INTEGRATION, end(1, '1', 'b', { title: 'New' }), end(2, '7', 'b', { subject: 'new' }), { wrote: 2 });
      const [event] = await bench.claim(OTHER);
      assert.deepEqual(
        event?.link?.ends.map(({ baseline }) => baseline),
        [{ subject: 'new' }, { title: 'New' }],
      );
      assert.equal(event?.stale, true, 'it was read before the other integration wrote it');
    });

    describe('whose updates may have arrived without a landing', () => {
      const [one, two] = [end(1, '1', 'a'), end(2, '7', 'a')];
      const idOf = async (integration: string): Promise<number> => {
        const links = await bench.store.linksBySystem(SYSTEM1, '1');
        return links.find((its) => its.integration === integration)?.id ?? -1;
      };
      /** Of the entities 1 and 7. */
      const inDoubt = async (integration: string): Promise<unknown[]> => {
        const links = await bench.store.linksBySystem(SYSTEM1, '1');
        const ends = links.find((its) => its.integration === integration)?.ends ?? [];
        return ['1', '7'].map((id) => ends.find(({ ref }) => ref.id === id)?.pending);
      };
      const subject = [{ sent: 'first', over: 'old' }];
      const intend = async (integration: string, side: 1 | 2 = 2): Promise<void> => {
        const fields = { subject: subject[0] ?? { sent: null }, state: { sent: 'Done' } };
        await bench.store.intendUpdates([{ link: await idOf(integration), side, fields }]);
      };
      const settled = (side: 1 | 2, ...fields: string[]) => ({ settled: [{ side, fields }] });

      it('are in doubt for all integrations that link the same two, whichever way round', async () => {
        await link(INTEGRATION, one, two);
        await link('other', two, one);
        await link('on', two, third('9'));
        await recordIn({ integration: 'other', side: 1 }, SYSTEM2, '7');
        const [read] = await bench.claim({ integration: 'other', side: 1 });
        assert.equal(read?.link?.ends[0].pending, undefined);
        await intend(INTEGRATION);
        const both = { subject, state: [{ sent: 'Done' }] };
        assert.deepEqual(await inDoubt(INTEGRATION), [undefined, both]);
        assert.deepEqual(await inDoubt('other'), [undefined, both]);
        const [again] = await bench.store.load([read ?? { seq: -1, delivery: 0 }]);
        assert.deepEqual(again?.link?.ends[0].pending, both, 'what was read of an event that is sent is outdated');
        const [on] = (await bench.store.linksBySystem('third', '9')).map(({ ends }) => ends);
        assert.deepEqual([on?.[0].pending, on?.[1].pending], [undefined, undefined], 'its other end is another entity');
        await intend('other');
        assert.deepEqual(await inDoubt(INTEGRATION), [{ subject, state: [{ sent: 'Done' }] }, both]);
      });

      it('are in doubt for an integration that links them later, too, but for an end that it has written', async () => {
        await link(INTEGRATION, one, two);
        await intend(INTEGRATION, 1);
        await intend(INTEGRATION, 2);
        const all = { subject, state: [{ sent: 'Done' }] };
        await link('other', two, one);
        assert.deepEqual(await inDoubt('other'), [all, all]);
        await link('third one', one, two, { wrote: 2 });
        assert.deepEqual(await inDoubt('third one'), [all, undefined]);
      });

      it('are in doubt no more, of fields for which a landing in any of the integrations accounts', async () => {
        await link(INTEGRATION, one, two);
        await link('other', two, one);
        await intend(INTEGRATION);
        await link('other', two, one, { wrote: 1, ...settled(1, 'subject', 'unknown') });
        assert.deepEqual(await inDoubt('other'), [undefined, undefined]);
        assert.deepEqual(await inDoubt(INTEGRATION), [undefined, { state: [{ sent: 'Done' }] }]);
        await intend('other');
        await link('other', two, one, settled(2, 'state'));
        assert.deepEqual(await inDoubt(INTEGRATION), [{ subject }, { state: [{ sent: 'Done' }] }]);
        await link(INTEGRATION, one, two, { wrote: [1, 2], settled: [...settled(1, 'subject').settled] });
        assert.deepEqual(await inDoubt('other'), [undefined, undefined]);
      });
    });

    it('are linked by nobody any longer where one integration has found both deleted', async () => {
      const comment = (owner: string, id: string, at: LinkEnd): LinkEnd => ({ ...at, ref: refOf(part(owner, id)) });
      await link(INTEGRATION, end(1, '1', 'a'), end(2, '7', 'a'));
      await link('other', end(2, '7', 'a'), end(1, '1', 'a'));
      const [own, its] = [await bench.store.linkOf(INTEGRATION, 1, '1'), await bench.store.linkOf('other', 1, '7')];
      const [one, two] = [comment('1', 'c1', end(1, 'c1', 'a')), comment('7', 'd1', end(2, 'd1', 'a'))];
      await link(INTEGRATION, one, two, { owner: own?.id });
      await link('other', two, one, { owner: its?.id });
      const nothing = (owner?: Link) => [{ link: owner?.id ?? -1, types: ['Comment'], present: [], parts: [] }];
      await bench.store.recordParts(OTHER, SYSTEM2, nothing(its), await bench.store.sequence());
      await bench.store.recordParts(FORWARD, SYSTEM1, nothing(own), await bench.store.sequence());
      const event = await bench.claimOne(FORWARD);
      await bench.store.end([{ event: event.seq, delivery: event.delivery, link: event.link?.id ?? -1 }]);
      assert.equal(await bench.store.linkOf('other', 1, 'd1'), undefined);
      assert.deepEqual(await bench.claim(OTHER), []);
    });

    it('are heard of again as deleted where an integration had kept a copy, once another has ended a link of them', async () => {
      const comment = (owner: string, id: string, at: LinkEnd): LinkEnd => ({ ...at, ref: refOf(part(owner, id)) });
      await link(INTEGRATION, end(1, '1', 'a'), end(2, '7', 'a'));
      await link('other', end(2, '7', 'a'), third('9'));
      const [own, its] = [await bench.store.linkOf(INTEGRATION, 1, '1'), await bench.store.linkOf('other', 1, '7')];
      const [one, two] = [comment('1', 'c1', end(1, 'c1', 'a')), comment('7', 'd1', end(2, 'd1', 'a'))];
      const three = comment('9', 'e1', third('e1'));
      await link(INTEGRATION, one, two, { owner: own?.id });
      await link('other', two, three, { owner: its?.id });
      const readIn = async (flow: Flow, system: string, owner?: Link) => {
        const readings = [{ link: owner?.id ?? -1, types: ['Comment'], present: [], parts: [] }];
        return bench.store.recordParts(flow, system, readings, await bench.store.sequence());
      };
      // the copy d1 is deleted; e1, which was made from it, is kept
      await readIn(OTHER, SYSTEM2, its);
      const kept = await bench.claimOne(OTHER);
      const deleted = { ...two, version: DELETED_VERSION };
      const { seq: event, delivery } = kept;
      await bench.store.land([{ integration: 'other', event, delivery, ends: [deleted, three] }]);
      assert.deepEqual(await readIn(OTHER, SYSTEM2, its), { recorded: 0, known: 1 });
      // then the original
      await readIn(FORWARD, SYSTEM1, own);
      const last = await bench.claimOne(FORWARD);
      assert.deepEqual(await bench.claim(OTHER), []);
      await bench.store.end([{ event: last.seq, delivery: last.delivery, link: last.link?.id ?? -1 }]);
      const [again, ...more] = await bench.claim(OTHER);
      assert.deepEqual([again?.entity.id, again?.entity.deleted, more.length], ['d1', true, 0]);
      assert.deepEqual(again?.entity.owner, part('7', 'd1').owner);
      await bench.store.end([{ event: again?.seq ?? -1, delivery: again?.delivery ?? 0, link: again?.link?.id ?? -1 }]);
      assert.equal(await bench.store.linkOf('other', 1, 'd1'), undefined);
    });

    it('are in sync over a third one, and not where that was in another state between', async () => {
      const [one, two] = [end(1, '1', 'a', { title: 'A' }), end(2, '7', 'a', { subject: 'a' })];
      await link(INTEGRATION, one, two, { wrote: 2 });
      await link('back', third('9', 'a', { name: '?' }), end(1, '1', 'a', { title: '?' }));
      await link(INTEGRATION, one, two, { wrote: 2 });
      await link('on', end(2, '7', 'a', { subject: 'other' }), third('9', 'a', { name: 'other' }), { wrote: 2 });
      const back = async () => (await bench.store.linkOf('back', 1, '9'))?.ends.map(({ baseline }) => baseline);
      assert.deepEqual(await back(), [{ name: '?' }, { title: '?' }]);
      await link('on', end(2, '7', 'a', { subject: 'a' }), third('9', 'a', { name: 'a' }), { wrote: 2 });
      assert.deepEqual(await back(), [{ name: 'a' }, { title: 'A' }]);
    });
  });
}

/** What integrations over shared systems know of each other. */

import assert from 'node:assert/strict';
import type { Fields } from '../../../lib/model/values';
import type { Flow, LinkEnd } from '../../../lib/store/store';
import { type Bench, end, entity, FORWARD, INTEGRATION, intent, names, SYSTEM1, SYSTEM2 } from './harness';

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

/** References to entities without counterpart: stored with the landing. They end when a link is stored, by any integration. */

import assert from 'node:assert/strict';
import type { Entity, Side } from '../../../lib/model';
import type { Landing, LinkEnd, StoredEvent } from '../../../lib/store/store';
import {
  BACKWARD,
  type Bench,
  end,
  entity,
  FORWARD,
  failure,
  INTEGRATION,
  landing,
  names,
  park,
  part,
  retry,
  SYSTEM1,
  SYSTEM2,
} from './harness';
import { linked, partLanding, read } from './parts';

export function awaitingChecks(bench: Bench): void {
  /** An entity of side 1 lands, and refers to others. */
  async function land(id: string, target: string, entities: string[]): Promise<void> {
    await bench.record(FORWARD, entity(id));
    const event = await bench.claimOne(FORWARD);
    await bench.store.land([landing(event, target, 'written', { awaits: { side: 1, entities } })]);
  }
  /** Another integration links an entity of side 1's system. */
  async function linkElsewhere(id: string, target: string, integration = 'epics', side: Side = 1): Promise<void> {
    const [one, two] = [end(1, id, '1'), end(2, target, '1')];
    const turned: Landing['ends'] = [
      { ...two, system: SYSTEM2 },
      { ...one, system: SYSTEM1 },
    ];
    const ends: Landing['ends'] = side === 1 ? [one, two] : turned;
    assert.deepEqual(await bench.store.land([{ integration, event: 0, delivery: 0, ends }]), [undefined]);
  }
  const third = (id: string): LinkEnd => ({ ...end(1, id, '1'), system: 'third' });
  async function linkTo(integration: string, one: LinkEnd, two: LinkEnd): Promise<void> {
    const ends: Landing['ends'] = [one, two];
    assert.deepEqual(await bench.store.land([{ integration, event: 0, delivery: 0, ends }]), [undefined]);
  }
  const woken = async () => names(await bench.claim(FORWARD));

  describe('what waits for the counterpart of another entity', () => {
    it('gets an event as soon as there is one, which is stale and has the present ref', async () => {
      await land('child', '90', ['parent']);
      assert.deepEqual(await woken(), []);
      await bench.link('parent', '91');
      const event = await bench.claimOne(FORWARD);
      assert.equal(event.entity.id, 'child');
      assert.equal(event.entity.key, 'DEMO-child');
      assert.equal(event.stale, true);
      assert.equal(event.link?.ends[1].ref.id, '90');
      await bench.store.land([landing(event, '90', 'again', { awaits: { side: 1, entities: [] } })]);
      assert.deepEqual(await woken(), []);
    });

    it('gets an event as soon as a part is linked that it knows by a name', async () => {
      const owner = await linked(bench, 'bug', '90');
      const waits = async (since: number) => {
        await bench.record(FORWARD, entity('bug', `edited ${since}`));
        const event = await bench.claimOne(FORWARD);
        const awaits = { side: 1 as const, entities: ['picture x.png of bug'], since };
        await bench.store.land([landing(event, '90', 'written', { awaits })]);
      };
      await waits(await bench.store.sequence());
      const attached: Entity[] = [];
      const attach = async (id: string, aliases: Landing['aliases']) => {
        attached.push(part('bug', id));
        await read(bench, owner, ...attached);
        const event = await bench.claimOne(FORWARD);
        await bench.store.land([partLanding(event, `copy of ${id}`, owner, { aliases })]);
      };
      await attach('one', [['picture y.png of bug'], ['picture x.png of 90']]);
      assert.deepEqual(await woken(), []);
      const before = await bench.store.sequence();
      await attach('two', [['picture x.png of bug'], ['picture x.png of 90']]);
      const [event] = await bench.claim(FORWARD);
      assert.equal(event?.entity.id, 'bug');
      assert.equal(event?.stale, true);
      await bench.store.land([landing(event as StoredEvent, '90', 'again')]);
      // it was linked while somebody looked for it
      await waits(before);
      assert.deepEqual(await woken(), ['bug@awaited']);
    });

    it('survives a restart, before the counterpart is there and after', async () => {
      await land('child', '90', ['parent']);
      await bench.reopen();
      await linkElsewhere('parent', '91');
      await bench.reopen();
      assert.deepEqual(await woken(), ['child@awaited']);
    });

    it('hears of a link of whichever integration, on whichever side', async () => {
      await land('child', '90', ['parent']);
      await linkElsewhere('parent', '91');
      assert.deepEqual(await woken(), ['child@awaited']);
      await land('other', '95', ['second']);
      await linkElsewhere('second', '92', 'turned', 2);
      assert.deepEqual(await woken(), ['other@awaited']);
    });

    it('does not hear of links to another system, or of other entities', async () => {
      await land('child', '90', ['parent']);
      const [one, two] = [end(1, 'parent', '1'), { ...end(2, '91', '1'), system: 'somewhere else' }];
      await bench.store.land([{ integration: 'elsewhere', event: 0, delivery: 0, ends: [one, two] }]);
      await linkElsewhere('stranger', 'parent');
      assert.deepEqual(await woken(), []);
    });

    it('hears of links by other nodes of the same places', async () => {
      await land('child', '90', ['parent']);
      await bench.store.setPlace('another node', 'the server', 'other');
      await bench.store.setPlace(SYSTEM1, 'the server', INTEGRATION);
      const [one, two] = [{ ...end(1, 'parent', '1'), system: 'another node' }, end(2, '91', '1')];
      await bench.store.land([{ integration: 'elsewhere', event: 0, delivery: 0, ends: [one, two] }]);
      assert.deepEqual(await woken(), ['child@awaited']);
      const [found] = await bench.store.counterparts(SYSTEM1, ['parent'], SYSTEM2);
      assert.deepEqual(
        found?.map(({ ref }) => ref.id),
        ['91'],
      );
    });

    it('hears of links over a third system, whichever of them comes last', async () => {
      const first = { one: end(1, 'parent', '1'), two: third('t1') };
      const second = { one: third('t1'), two: end(2, '91', '1') };
      await land('child', '90', ['parent']);
      await linkTo('on', first.one, first.two);
      assert.deepEqual(await woken(), []);
      await linkTo('back', second.one, second.two);
      assert.deepEqual(await woken(), ['child@awaited']);
      await bench.store.purge('on');
      await bench.store.purge('back');

      await land('second', '92', ['parent']);
      await linkTo('back', second.one, second.two);
      assert.deepEqual(await woken(), []);
      await linkTo('on', first.one, first.two);
      assert.deepEqual(await woken(), ['second@awaited']);
      // and where they are there already
      await land('other', '95', ['parent', 'nobody']);
      assert.deepEqual(await woken(), ['other@awaited']);
    });

    it('hears of links that join what is linked farther away, and not of what it is itself', async () => {
      const fourth = (id: string): LinkEnd => ({ ...end(1, id, '1'), system: 'fourth' });
      await land('child', '90', ['parent']);
      await linkTo('a', end(1, 'parent', '1'), third('t1'));
      await linkTo('c', fourth('f1'), end(2, '91', '1'));
      assert.deepEqual(await woken(), []);
      await linkTo('b', third('t1'), fourth('f1'));
      assert.deepEqual(await woken(), ['child@awaited']);
      const awaits = { system: SYSTEM2, toward: SYSTEM2, entities: ['lone'] };
      await bench.record(BACKWARD, entity('lone'));
      const { seq, delivery } = await bench.claimOne(BACKWARD);
      await bench.store.fail([{ event: seq, delivery, to: 'parked', error: failure, awaits }]);
      await linkTo('d', fourth('f2'), end(2, 'lone', '1'));
      assert.deepEqual(names(await bench.claim(BACKWARD)), []);
    });

    it('gets its event at once where the link was stored in between', async () => {
      await linkElsewhere('parent', '91');
      await land('child', '90', ['parent']);
      assert.deepEqual(await woken(), ['child@awaited']);
    });

    it('waits only for what its newest landing says; a landing that says nothing leaves that', async () => {
      await land('child', '90', ['first', 'second']);
      await bench.record(FORWARD, entity('child', '2'));
      await bench.store.land([landing(await bench.claimOne(FORWARD), '90')]);
      await linkElsewhere('first', '91');
      const event = await bench.claimOne(FORWARD);
      await bench.store.land([landing(event, '90', 'third', { awaits: { side: 1, entities: ['third'] } })]);
      await linkElsewhere('second', '92');
      assert.deepEqual(await woken(), []);
      await linkElsewhere('third', '93');
      assert.deepEqual(await woken(), ['child@awaited']);
    });

    it('gets one event however many references are over at once', async () => {
      await land('child', '90', ['first', 'second']);
      await linkElsewhere('first', '91');
      await linkElsewhere('second', '92');
      assert.deepEqual(await woken(), ['child@awaited']);
    });

    it('gets none where one waits or is to be tried again anyway, and one behind it where one is sent', async () => {
      await land('child', '90', ['first']);
      await bench.record(FORWARD, entity('child', '2'));
      await linkElsewhere('first', '91');
      const event = await bench.claimOne(FORWARD);
      assert.equal(event.entity.version, '2');
      await bench.store.fail([retry(event, 0, false)]);
      const again = await bench.claimOne(FORWARD);
      await bench.store.land([landing(again, '90', 'second', { awaits: { side: 1, entities: ['second'] } })]);

      await bench.record(FORWARD, entity('child', '3'));
      const sent = await bench.claimOne(FORWARD);
      await linkElsewhere('second', '92');
      assert.deepEqual(await woken(), []);
      assert.deepEqual(await bench.states(FORWARD), [0, 1, 1, 0, 0]);
      await bench.store.skip([sent.seq]);
      assert.deepEqual(await woken(), ['child@awaited']);
    });

    it('is tried again where it is parked, with the newest that is held behind it', async () => {
      await land('child', '90', ['first']);
      await bench.record(FORWARD, entity('child', '2'));
      await bench.store.fail([park(await bench.claimOne(FORWARD))]);
      await bench.record(FORWARD, entity('child', '3'));
      await linkElsewhere('first', '91');
      const event = await bench.claimOne(FORWARD);
      assert.deepEqual([event.entity.version, event.attempts, event.error], ['3', 0, undefined]);
      assert.deepEqual(await bench.states(FORWARD), [0, 0, 1, 0, 0]);
    });

    it('is tried again where it was parked before it had a counterpart itself', async () => {
      await bench.record(FORWARD, entity('child'));
      const event = await bench.claimOne(FORWARD);
      const awaits = { system: SYSTEM1, toward: SYSTEM2, entities: ['parent'] };
      await bench.store.fail([{ event: event.seq, delivery: event.delivery, to: 'parked', error: failure, awaits }]);
      await bench.reopen();
      assert.deepEqual(await woken(), []);
      await linkElsewhere('parent', '91');
      assert.deepEqual(await woken(), ['child@1']);
      assert.equal((await bench.store.parked(INTEGRATION, 0, 10)).length, 0);
    });

    it('is shown again in a dry run', async () => {
      await land('child', '90', ['first']);
      await bench.record(FORWARD, entity('child', '2'));
      await bench.store.show([await bench.claimOne(FORWARD)]);
      await linkElsewhere('first', '91');
      assert.deepEqual(await woken(), ['child@2']);
    });

    it('is forgotten with its integration, not with that of the link', async () => {
      await land('child', '90', ['parent']);
      await linkElsewhere('parent', '91');
      await bench.store.purge('epics');
      assert.deepEqual(await woken(), ['child@awaited']);
      await bench.store.purge(INTEGRATION);
      await linkElsewhere('parent', '91');
      assert.deepEqual(await woken(), []);
    });

    it('may be on either side', async () => {
      await bench.record(BACKWARD, entity('b1'));
      const event = await bench.claimOne(BACKWARD);
      await bench.store.land([landing(event, 'a1', 'written', { awaits: { side: 2, entities: ['b2'] } })]);
      await linkElsewhere('b2', 'a2');
      assert.deepEqual(names(await bench.claim(BACKWARD)), []);
      await linkElsewhere('a2', 'b2', 'other');
      assert.deepEqual(names(await bench.claim(BACKWARD)), ['b1@awaited']);
    });
  });

  describe('counterparts of an entity', () => {
    it('are those in one system, of all integrations, the oldest first, with their side', async () => {
      await bench.link('1', '90');
      await linkElsewhere('1', '91', 'epics');
      await linkElsewhere('1', '92', 'turned', 2);
      const [one, two] = await bench.store.counterparts(SYSTEM1, ['1', '2'], SYSTEM2);
      assert.deepEqual(
        one?.map(({ integration, side, ref }) => [integration, side, ref.key]),
        [
          [INTEGRATION, 2, 'DEMO-90'],
          ['epics', 2, 'DEMO-91'],
          ['turned', 1, 'DEMO-92'],
        ],
      );
      assert.deepEqual(two, []);
      assert.deepEqual(await bench.store.counterparts(SYSTEM2, ['1'], SYSTEM1), [[]]);
      const [back] = await bench.store.counterparts(SYSTEM2, ['90'], SYSTEM1);
      assert.deepEqual(
        back?.map(({ ref }) => ref.key),
        ['DEMO-1'],
      );
      assert.deepEqual(await bench.store.counterparts('unknown', ['1'], SYSTEM2), [[]]);
      assert.deepEqual(await bench.store.counterparts(SYSTEM1, ['1'], 'unknown'), [[]]);
    });

    it('are those that it is linked with over others, where none leads there directly', async () => {
      const found = async (system: string, id: string, toward: string) =>
        (await bench.store.counterparts(system, [id], toward))[0]?.map(({ integration, side, ref }) => [
          integration,
          side,
          ref.id,
        ]);
      await bench.store.setPlace('another node', 'the server', INTEGRATION);
      await bench.store.setPlace('third', 'the server', INTEGRATION);
      await linkTo('on', end(1, '1', '1'), { ...third('t1'), system: 'another node' });
      await linkTo('back', third('t1'), end(2, '90', '1'));
      await linkTo('further', end(2, '90', '1'), end(1, 'a9', '1'));
      assert.deepEqual(await found(SYSTEM1, '1', SYSTEM2), [['back', 2, '90']]);
      assert.deepEqual(await found(SYSTEM1, '1', SYSTEM1), [['further', 2, 'a9']], 'not itself');
      await linkTo('copies', third('t1'), end(2, '91', '1'));
      assert.deepEqual(await found(SYSTEM1, '1', SYSTEM2), [
        ['back', 2, '90'],
        ['copies', 2, '91'],
      ]);
      await linkTo('directly', end(1, '1', '1'), end(2, '92', '1'));
      assert.deepEqual(await found(SYSTEM1, '1', SYSTEM2), [['directly', 2, '92']]);
    });
  });

  describe('an entity that was moved', () => {
    it('has its new key, address, project and type in its link, and its counterpart has to show it again', async () => {
      await bench.link('1', '90');
      const link = await bench.store.linkOf(INTEGRATION, 1, '1');
      assert.ok(link);
      const ref = {
        id: '1',
        key: 'OTHER-7',
        url: 'https://tracker.example.org/browse/OTHER-7',
        type: 'Task',
        project: 'OTHER',
      };
      await bench.store.move([{ link: link.id, side: 1, ref, owes: [2] }]);
      await bench.reopen();
      const moved = await bench.store.linkOf(INTEGRATION, 1, '1');
      assert.deepEqual(moved?.ends, [{ ...link.ends[0], ref }, link.ends[1]]);
      assert.deepEqual(
        (await bench.store.owed(BACKWARD, 10, 1)).map((owed) => owed.link.ends[0].ref.key),
        ['OTHER-7'],
      );
    });

    it('is passed over where the link is gone, or its end is another entity', async () => {
      await bench.link('1', '90');
      const link = await bench.store.linkOf(INTEGRATION, 1, '1');
      assert.ok(link);
      const { id, key, type, project } = entity('2');
      await bench.store.move([
        { link: link.id, side: 1, ref: { id, key, type, project }, owes: [2] },
        { link: link.id + 1_000, side: 1, ref: { id, key, type, project }, owes: [2] },
      ]);
      assert.deepEqual((await bench.store.linkOf(INTEGRATION, 1, '1'))?.ends[0].ref, link.ends[0].ref);
      assert.deepEqual(await bench.store.owed(BACKWARD, 10, 1), []);
    });
  });
}

/** What readings, landings and endings of parts leave alone. */

import assert from 'node:assert/strict';
import type { Entity } from '../../../lib/model';
import type { Landing, Link } from '../../../lib/store/store';
import {
  BACKWARD,
  type Bench,
  end,
  entity,
  FORWARD,
  failure,
  INTEGRATION,
  NOON,
  names,
  part,
  SYSTEM1,
  SYSTEM2,
} from './harness';
import { all, linked, partLanding, read } from './parts';

export function sparedChecks(bench: Bench): void {
  const claimed = async (flow = FORWARD) => names(await bench.store.claim(flow, 10, NOON));
  const readBackward = async (owner: Link, ...parts: Entity[]) =>
    bench.store.recordParts(BACKWARD, 'redmine', [all(owner, ...parts)], await bench.store.sequence());
  /** Links two parts without an event. */
  async function join(owner: Link, one: string, two: string, more: Partial<Landing> = {}): Promise<Link | undefined> {
    const event = { seq: 0, delivery: 0, flow: FORWARD, entity: part('1', one) };
    const its = partLanding({ ...event, state: 'sent', stale: false, attempts: 0 }, two, owner, more);
    assert.deepEqual(await bench.store.land([its]), [undefined]);
    return bench.store.linkOf(INTEGRATION, 1, one);
  }

  describe('parts', () => {
    it('that were recorded since the reading began stay, and so do those of types that were not read', async () => {
      const owner = await linked(bench, '1', '90');
      const before = await bench.store.sequence();
      const file = part('1', 'f1', '1', 'File');
      const both = { ...all(owner, part('1', 'c1'), file), types: ['Comment', 'File'] };
      await bench.store.recordParts(FORWARD, SYSTEM1, [both], await bench.store.sequence());
      await bench.store.recordParts(FORWARD, SYSTEM1, [all(owner)], before);
      await bench.store.recordParts(FORWARD, SYSTEM1, [{ ...all(owner), types: ['Picture'] }], before + 10_000);
      assert.deepEqual(await claimed(), ['c1@1', 'f1@1']);
      await bench.store.recover(INTEGRATION);
      await read(bench, owner);
      assert.deepEqual(await claimed(), ['f1@1']);
    });

    it('have no parts that could be asked for', async () => {
      const owner = await linked(bench, '1', '90');
      await join(owner, 'c1', 'd1');
      await bench.store.askParts(FORWARD, ['c1']);
      assert.deepEqual(await bench.store.partsDue(FORWARD, 10, NOON), []);
      await bench.store.askParts(FORWARD, ['c1', '1']);
      assert.equal((await bench.store.partsDue(FORWARD, 10, NOON)).length, 1);
    });

    it('are passed over where what they are to belong to is a part itself', async () => {
      const owner = await linked(bench, '1', '90');
      const its = await join(owner, 'c1', 'd1');
      assert.ok(its);
      assert.deepEqual(await read(bench, its, part('c1', 'c2')), { recorded: 0, known: 0 });
      assert.deepEqual(await claimed(), []);
    });

    it('that were forgotten while a change was held behind them are new in the version that has landed, too', async () => {
      const owner = await linked(bench, '1', '90');
      await read(bench, owner, part('1', 'c1'));
      const event = await bench.claimOne(FORWARD);
      await read(bench, owner, part('1', 'c1', '2'));
      await bench.store.forgetSeen(FORWARD);
      await bench.store.land([partLanding(event, 'd1', owner)]);
      await bench.store.skip([await bench.claimOne(FORWARD)]);
      assert.deepEqual(await read(bench, owner, part('1', 'c1')), { recorded: 1, known: 0 });
    });

    it('keep the version that was known when what they refer to has arrived', async () => {
      const owner = await linked(bench, '1', '90');
      await join(owner, 'c1', 'd1', { awaits: { side: 1, entities: ['7'] } });
      await bench.link('7', '97');
      const event = await bench.claimOne(FORWARD);
      assert.deepEqual(names([event]), ['c1@awaited']);
      const landed = partLanding({ ...event, seq: 0, entity: part('1', 'c1', '2') }, 'd1', owner);
      assert.deepEqual(await bench.store.land([landed]), [undefined]);
      await bench.store.skip([event]);
      assert.deepEqual(await read(bench, owner, part('1', 'c1')), { recorded: 0, known: 1 });
    });

    it('that were parked take their place in line again when what they refer to has arrived', async () => {
      const owner = await linked(bench, '1', '90');
      await read(bench, owner, part('1', 'c1'), part('1', 'c2'));
      const { seq, delivery } = await bench.claimOne(FORWARD);
      const awaits = { system: SYSTEM1, toward: SYSTEM2, entities: ['7'] };
      await bench.store.fail([{ event: seq, delivery, to: 'parked', error: failure, awaits }]);
      const ends: Landing['ends'] = [end(1, '7', '1'), end(2, '97', '1')];
      await bench.store.land([{ integration: INTEGRATION, event: 0, delivery: 0, ends }]);
      assert.deepEqual(await claimed(), ['c1@1']);
    });

    it('keep what was held behind an event that ends without a link', async () => {
      const owner = await linked(bench, '1', '90');
      await join(owner, 'c1', 'd1');
      await read(bench, owner);
      const { seq, delivery } = await bench.claimOne(FORWARD);
      await read(bench, owner, part('1', 'c1', '2'));
      await bench.store.end([{ event: seq, delivery, link: owner.id }]);
      assert.deepEqual(await claimed(), ['c1@2']);
    });

    it('leave the known version of their owner where an event of that is open', async () => {
      const owner = await linked(bench, '1', '90');
      const record = async (version: string) =>
        bench.store.record(BACKWARD, 'redmine', [entity('90', version)], await bench.store.sequence(), undefined);
      await record('written by somebody');
      await join(owner, 'c1', 'd1', { ownerMoved: { side: 2, before: 'written by somebody', after: 'moved' } });
      await bench.store.skip((await bench.claim(BACKWARD)).map(({ seq }) => seq));
      assert.deepEqual(await record('moved'), { recorded: 1, known: 0 });
    });

    it('cannot be linked with an owner whose link they take the place of', async () => {
      const owner = await linked(bench, '1', '90');
      const event = { seq: 0, delivery: 0, flow: FORWARD, entity: part('1', 'c1') };
      const its = partLanding({ ...event, state: 'sent', stale: false, attempts: 0 }, 'd1', owner);
      const [refused] = await bench.store.land([{ ...its, replaces: owner.id }]);
      assert.match(refused ?? '', /is not linked any more/);
      assert.ok(await bench.store.linkOf(INTEGRATION, 1, '1'));
    });

    it('stand in line again, with those that came later behind them, when another link takes the place of theirs', async () => {
      const owner = await linked(bench, '1', '90');
      const its = await join(owner, 'c1', 'd1');
      await readBackward(owner, part('90', 'd1', '2'), part('90', 'd2'));
      await join(owner, 'c1', 'd9', { replaces: its?.id });
      assert.deepEqual(await claimed(BACKWARD), ['d1@2']);
    });
  });

  it('a link of another integration is never replaced', async () => {
    const ends: Landing['ends'] = [end(1, '1', '1'), end(2, '90', '1')];
    const landing = { integration: 'other', event: 0, delivery: 0, ends };
    await bench.store.land([landing]);
    const others = await bench.store.linkOf('other', 1, '1');
    assert.ok(others);
    await bench.store.land([{ ...landing, integration: INTEGRATION, replaces: others.id }]);
    assert.ok(await bench.store.linkOf('other', 1, '1'));
    assert.ok(await bench.store.linkOf(INTEGRATION, 1, '1'));
  });
}

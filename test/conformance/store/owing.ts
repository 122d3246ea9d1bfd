/** Ends of links that have yet to show their counterpart: stored with the link, done once, in nobody's way. */

import assert from 'node:assert/strict';
import type { Owed } from '../../../lib/store/store';
import {
  BACKWARD,
  type Bench,
  end,
  entity,
  FORWARD,
  failure,
  INTEGRATION,
  landing,
  NOON,
  names,
  park,
  SYSTEM1,
} from './harness';

const keys = (owed: readonly Owed[]): string[] =>
  owed.map(({ link, side }) => link.ends[side - 1 === 0 ? 0 : 1].ref.key);

export function owingChecks(bench: Bench): void {
  /** An entity of side 1 whose counterpart was created, and which has yet to show it. */
  async function owe(id: string, target: string): Promise<Owed> {
    await bench.record(FORWARD, entity(id));
    const event = await bench.claimOne(FORWARD);
    await bench.store.land([landing(event, target, 'written', { owes: [1] })]);
    const owed = (await bench.store.owed(FORWARD, 10, NOON)).find(({ link }) => link.ends[0].ref.id === id);
    assert.ok(owed, `${id} is owed`);
    return owed;
  }
  const due = async (now = NOON) => keys(await bench.store.owed(FORWARD, 10, now));
  const counts = async () => {
    const [one, two] = await bench.store.owedCounts(INTEGRATION);
    return [one.due, one.resting, two.due, two.resting];
  };

  describe('owed ends', () => {
    it('are stored with the link, on the side that was named, and survive a restart', async () => {
      const owed = await owe('1', '90');
      assert.equal(owed.side, 1);
      assert.equal(owed.attempts, 0);
      assert.equal(owed.link.ends[1].ref.key, 'DEMO-90');
      assert.deepEqual(owed.link.ends[0].baseline, { title: 'Title of 1' });
      assert.deepEqual(await bench.store.owed(BACKWARD, 10, NOON), []);
      await bench.reopen();
      assert.deepEqual(await due(), ['DEMO-1']);
      assert.deepEqual(await counts(), [1, 0, 0, 0]);
    });

    it('may be both ends of one link', async () => {
      const { link } = await owe('1', '90');
      await bench.store.land([{ integration: INTEGRATION, event: 0, delivery: 0, ends: link.ends, owes: [2] }]);
      assert.deepEqual(await counts(), [1, 0, 1, 0]);
      assert.deepEqual(keys(await bench.store.owed(BACKWARD, 10, NOON)), ['DEMO-90']);
    });

    it('are done once', async () => {
      const { link, side } = await owe('1', '90');
      await bench.store.settleOwed([{ link: link.id, side, to: 'done' }]);
      await bench.store.settleOwed([{ link: link.id, side, to: 'done' }]);
      await bench.reopen();
      assert.deepEqual(await due(), []);
      assert.deepEqual(await counts(), [0, 0, 0, 0]);
      assert.ok(await bench.store.linkOf(INTEGRATION, 1, '1'), 'the link stays');
    });

    it('make the version of our own write the known one, so that it is no change', async () => {
      const { link, side } = await owe('1', '90');
      await bench.store.settleOwed([{ link: link.id, side, to: 'done', version: { before: '1', after: '2' } }]);
      assert.deepEqual(await bench.record(FORWARD, entity('1', '2')), { recorded: 0, known: 1 });
      assert.deepEqual(await bench.record(FORWARD, entity('1', '3')), { recorded: 1, known: 0 });
    });

    it('leave a version open that may be more than our own write', async () => {
      const first = await owe('1', '90');
      await bench.store.settleOwed([
        { link: first.link.id, side: 1, to: 'done', version: { before: 'never seen', after: '2' } },
      ]);
      assert.deepEqual(await bench.record(FORWARD, entity('1', '2')), { recorded: 1, known: 0 });
      await bench.store.skip([(await bench.claimOne(FORWARD)).seq]);

      const second = await owe('2', '91');
      await bench.record(FORWARD, entity('2', 'edited'));
      await bench.store.settleOwed([
        { link: second.link.id, side: 1, to: 'done', version: { before: 'edited', after: 'ours' } },
      ]);
      assert.deepEqual(await bench.record(FORWARD, entity('2', 'ours')), { recorded: 1, known: 0 });
      assert.deepEqual(names(await bench.claim(FORWARD)), ['2@ours'], 'the open event takes the newer snapshot');
    });

    it('wait for their time, longest owed first, and tell of the last failure', async () => {
      const [one, two] = [await owe('1', '90'), await owe('2', '91')];
      await bench.store.settleOwed([
        { link: one.link.id, side: 1, to: 'retry', dueAt: NOON + 2_000, charge: true, error: failure },
        { link: two.link.id, side: 1, to: 'retry', dueAt: NOON + 1_000, charge: false, error: failure },
      ]);
      assert.deepEqual(await due(), []);
      assert.deepEqual(await due(NOON + 1_000), ['DEMO-2']);
      const both = await bench.store.owed(FORWARD, 10, NOON + 2_000);
      assert.deepEqual(keys(both), ['DEMO-2', 'DEMO-1']);
      assert.deepEqual(
        both.map(({ attempts, error }) => [attempts, error]),
        [
          [0, failure],
          [1, failure],
        ],
      );
      assert.deepEqual(keys(await bench.store.owed(FORWARD, 1, NOON + 2_000)), ['DEMO-2']);
    });

    it('rest when they have failed for good, without holding back the entity, until all are resumed', async () => {
      const { link, side } = await owe('1', '90');
      await bench.store.settleOwed([{ link: link.id, side, to: 'retry', dueAt: 0, charge: true, error: failure }]);
      await bench.store.settleOwed([{ link: link.id, side, to: 'rest', error: failure }]);
      assert.deepEqual(await due(NOON * 2), []);
      assert.deepEqual(await counts(), [0, 1, 0, 0]);
      assert.deepEqual((await bench.store.owedCounts(INTEGRATION))[0].error, failure);
      await bench.record(FORWARD, entity('1', '2'));
      const event = await bench.claimOne(FORWARD);
      await bench.store.land([landing(event, '90', 'again')]);
      assert.deepEqual(await counts(), [0, 1, 0, 0], 'a landing that owes nothing changes nothing');
      assert.equal(await bench.store.resumeOwed(INTEGRATION), 1);
      assert.equal(await bench.store.resumeOwed(INTEGRATION), 0);
      const [owed] = await bench.store.owed(FORWARD, 10, NOON);
      assert.equal(owed?.attempts, 0);
    });

    it('are not returned while one of the two entities is being written', async () => {
      await owe('1', '90');
      await bench.record(BACKWARD, entity('90', 'edited'));
      const event = await bench.claimOne(BACKWARD);
      assert.deepEqual(await due(), []);
      await bench.store.fail([park(event)]);
      assert.deepEqual(await due(), ['DEMO-1']);
    });

    it('end with their link, and with their integration', async () => {
      const { link } = await owe('1', '90');
      const ends: typeof link.ends = [link.ends[0], end(2, '92', 'made again')];
      await bench.store.land([{ integration: INTEGRATION, event: 0, delivery: 0, ends, replaces: link.id, owes: [1] }]);
      const [owed] = await bench.store.owed(FORWARD, 10, NOON);
      assert.equal(owed?.link.ends[1].ref.id, '92');
      assert.deepEqual(await counts(), [1, 0, 0, 0]);
      await bench.store.settleOwed([{ link: link.id, side: 1, to: 'rest', error: failure }]);
      assert.deepEqual(await counts(), [1, 0, 0, 0], 'the old link is not there any more');
      await bench.store.purge(INTEGRATION);
      assert.deepEqual(await counts(), [0, 0, 0, 0]);
      assert.deepEqual(await due(), []);
    });

    it('are not owed where the landing was refused', async () => {
      await owe('1', '90');
      await bench.record(FORWARD, entity('2'));
      const event = await bench.claimOne(FORWARD);
      const [refused] = await bench.store.land([landing(event, '90', 'written', { owes: [1] })]);
      assert.match(refused ?? '', /linked/);
      assert.deepEqual(await due(), ['DEMO-1']);
      assert.deepEqual(await bench.store.linksBySystem(SYSTEM1, '2'), []);
    });

    describe('of links that were there before', () => {
      const settleAll = async () => {
        const owed = await bench.store.owed(FORWARD, 10, NOON);
        await bench.store.settleOwed(owed.map(({ link, side }) => ({ link: link.id, side, to: 'done' })));
      };
      const earlier = (wish: string | undefined, limit = 10) => bench.store.oweEarlier(FORWARD, wish, limit);
      beforeEach(async () => {
        for (const id of ['1', '2', '3']) {
          await bench.record(FORWARD, entity(id));
          await bench.store.land([landing(await bench.claimOne(FORWARD), `9${id}`)]);
        }
      });

      it('are owed once, on the side that is named, some at a time, also over a restart', async () => {
        assert.equal(await earlier('key', 2), true);
        assert.deepEqual(await due(), ['DEMO-1', 'DEMO-2']);
        await settleAll();
        await bench.reopen();
        assert.equal(await earlier('key', 2), false);
        assert.deepEqual(await due(), ['DEMO-3']);
        await settleAll();
        assert.equal(await earlier('key', 2), false);
        await bench.reopen();
        assert.equal(await earlier('key'), false);
        assert.deepEqual(await counts(), [0, 0, 0, 0]);
      });

      it('are owed again for another wish, and for the same one after none', async () => {
        await earlier('key');
        await settleAll();
        await earlier('address');
        assert.deepEqual(await due(), ['DEMO-1', 'DEMO-2', 'DEMO-3']);
        await settleAll();
        await earlier(undefined);
        assert.deepEqual(await counts(), [0, 0, 0, 0]);
        await earlier('address');
        assert.deepEqual(await due(), ['DEMO-1', 'DEMO-2', 'DEMO-3']);
      });

      it('stay as they are where they are due, and are due again where they rest', async () => {
        await earlier('key');
        const [first, second] = await bench.store.owed(FORWARD, 10, NOON);
        assert.ok(first && second);
        const error = failure;
        await bench.store.settleOwed([
          { link: first.link.id, side: 1, to: 'retry', dueAt: NOON + 1, charge: true, error },
          { link: second.link.id, side: 1, to: 'rest', error },
        ]);
        await earlier('address');
        assert.deepEqual(await due(), ['DEMO-2', 'DEMO-3']);
        const [again] = (await bench.store.owed(FORWARD, 10, NOON + 1)).filter(({ attempts }) => attempts > 0);
        assert.equal(again?.link.id, first.link.id);
      });

      it('are those of the integration only, and none that landed since', async () => {
        const other = { integration: 'another', side: 1 as const };
        assert.equal(await bench.store.oweEarlier(other, 'key', 10), false);
        assert.deepEqual(await bench.store.owed(other, 10, NOON), []);
        await earlier('key');
        await settleAll();
        await bench.record(FORWARD, entity('4'));
        await bench.store.land([landing(await bench.claimOne(FORWARD), '94')]);
        assert.equal(await earlier('key'), false);
        assert.deepEqual(await counts(), [0, 0, 0, 0]);
      });
    });
  });
}

/** What survives: a close, a kill; and what does not: a purge. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  BACKWARD,
  type Bench,
  end,
  entity,
  FORWARD,
  INTEGRATION,
  intent,
  landing,
  NOON,
  names,
  park,
  retry,
} from './harness';

export function keepingChecks(bench: Bench): void {
  describe('keeping', () => {
    it('has everything after it was closed and opened again', async () => {
      await bench.link('linked', '90');
      await bench.record(FORWARD, entity('sent'), entity('retry'), entity('parked'));
      const [sent, second, third] = await bench.claim(FORWARD);
      assert.ok(sent && second && third);
      await bench.store.openIntents([intent(sent.seq)]);
      await bench.store.fail([retry(second, NOON + 5_000), park(third)]);
      await bench.record(FORWARD, entity('sent', '2'), entity('waiting'));
      const counts = await bench.store.counts(INTEGRATION);
      const link = await bench.store.linkOf(INTEGRATION, 1, 'linked');
      const [loaded] = await bench.store.load([sent]);

      await bench.reopen();
      assert.deepEqual(await bench.store.counts(INTEGRATION), counts);
      assert.deepEqual(await bench.states(FORWARD), [1, 1, 1, 1, 1]);
      assert.deepEqual(await bench.store.linkOf(INTEGRATION, 1, 'linked'), link);
      assert.deepEqual(await bench.store.load([sent]), [loaded]);
      assert.equal(loaded?.intent?.marker, 'marker');
      assert.deepEqual(await bench.store.checkpoint(FORWARD), { read: 2 });
      assert.deepEqual(await bench.record(FORWARD, entity('waiting')), { recorded: 0, known: 1 });
      assert.deepEqual(await bench.claim(BACKWARD), []);
    });

    it('reads what is sent as it is now, like a store that was just opened, whatever has changed since it was claimed', async () => {
      await bench.link('linked', '90');
      const link = await bench.store.linkOf(INTEGRATION, 1, 'linked');
      await bench.record(FORWARD, entity('linked', '2'), entity('new'));
      const sent = await bench.claim(FORWARD);
      const [linked, fresh] = sent;
      assert.ok(linked && fresh && link);
      const [one, two] = link.ends;
      const steps: Record<string, () => Promise<unknown>> = {
        'nothing yet': async () => undefined,
        'an update is begun': () =>
          bench.store.intendUpdates([{ link: link.id, side: 2, fields: { title: { sent: 'In doubt' } } }]),
        'its link has moved': () =>
          bench.store.move([{ link: link.id, side: 2, ref: { ...two.ref, key: 'DEMO-moved' }, owes: [] }]),
        'another event has landed on its link': () =>
          bench.store.land([
            {
              ...{ integration: INTEGRATION, event: 0, delivery: 0, wrote: [1, 2] },
              ends: [one, { ...two, baseline: { title: 'Landed' } }],
            },
          ]),
        'a create is begun': () => bench.store.openIntents([intent(fresh.seq)]),
        'it was read again': async () => {
          const readAt = await bench.store.sequence();
          await bench.store.refresh([{ seq: linked.seq, entity: entity('linked', '3'), readAt }]);
        },
        'it is linked by another landing': () =>
          bench.store.land([
            { integration: INTEGRATION, event: 0, delivery: 0, ends: [end(1, 'new', '0'), end(2, '91', '1')] },
          ]),
        'it is in doubt': () => bench.store.setDoubt('2026-06-01T12:00:00.000Z'),
      };
      for (const [what, step] of Object.entries(steps)) {
        await step();
        const loaded = await bench.store.load(sent);
        await bench.reopen();
        assert.deepEqual(loaded, await bench.store.load(sent), what);
      }
      await bench.store.fail([retry(linked)]);
      assert.deepEqual(await bench.store.load([linked]), [undefined]);
    });

    it('counts that it has gone on, if it has, so that a copy of before is distinguished', async () => {
      const { opened } = await bench.store.state();
      await bench.store.advance();
      const before = (await bench.store.state()).opened;
      assert.ok(before <= opened + 1);
      await bench.store.advance();
      assert.equal((await bench.store.state()).opened, before, 'nothing has happened since');
      await bench.record(FORWARD, entity('a'));
      await bench.store.advance();
      assert.equal((await bench.store.state()).opened, before + 1);
    });

    it('reports that a create was begun until its outcome is known', async () => {
      await bench.record(FORWARD, entity('a'));
      const event = await bench.claimOne(FORWARD);
      assert.equal((await bench.store.state()).begun, false);
      await bench.store.openIntents([intent(event.seq)]);
      assert.equal((await bench.store.state()).begun, true);
      await bench.reopen();
      assert.equal((await bench.store.state()).begun, true);
      await bench.store.land([landing(event, '90')]);
      assert.equal((await bench.store.state()).begun, false);
    });

    it('has every snapshot read again once it is in doubt, but those that are read from then on', async () => {
      await bench.link('linked', '90');
      await bench.record(FORWARD, entity('linked', '2'), entity('new'), entity('parked'));
      const parked = (await bench.claim(FORWARD)).find((event) => event.entity.id === 'parked');
      assert.ok(parked);
      await bench.store.fail([park(parked)]);
      await bench.store.recover(INTEGRATION);
      await bench.store.setDoubt('2026-06-01T12:00:00.000Z');
      await bench.reopen();
      assert.equal(await bench.store.doubt(), '2026-06-01T12:00:00.000Z');
      await bench.record(FORWARD, entity('new', '2'), entity('later'));
      await bench.store.unpark(INTEGRATION);
      const events = await bench.claim(FORWARD);
      assert.deepEqual(Object.fromEntries(events.map((event) => [event.entity.id, event.stale])), {
        ...{ linked: true, parked: true },
        ...{ new: false, later: false },
      });
      await bench.store.setDoubt(undefined);
      assert.equal(await bench.store.doubt(), undefined);
    });

    it('gives the links of an integration one after the other, and remembers what of their ends was left out', async () => {
      await bench.link('a', '90');
      await bench.link('b', '91');
      const [first, second, ...none] = await bench.store.linksAfter(INTEGRATION, 0, 10);
      assert.ok(first && second);
      assert.deepEqual(none, []);
      assert.deepEqual(await bench.store.linksAfter(INTEGRATION, 0, 1), [first]);
      assert.deepEqual(await bench.store.linksAfter(INTEGRATION, first.id, 10), [second]);
      assert.deepEqual(await bench.store.linksAfter(INTEGRATION, second.id, 10), []);
      assert.deepEqual(await bench.store.linksAfter('unknown', 0, 10), []);

      const [one, two] = first.ends;
      const ends: typeof first.ends = [{ ...one, leftOut: ['title'] }, two];
      await bench.store.land([{ integration: INTEGRATION, event: 0, delivery: 0, ends }]);
      await bench.reopen();
      const [left] = await bench.store.linksAfter(INTEGRATION, 0, 1);
      assert.deepEqual(
        left?.ends.map(({ leftOut }) => leftOut),
        [['title'], undefined],
      );
    });

    it('never gives out a number twice, also across restarts and beside events', async () => {
      let last = 0;
      for (let run = 0; run < 4; run += 1) {
        for (let n = 0; n < 3; n += 1) {
          const next = await bench.store.sequence();
          assert.ok(next > last, `${next} after ${last}`);
          await bench.record(FORWARD, entity(`${run}-${n}`));
          const event = await bench.claimOne(FORWARD);
          assert.ok(event.seq > next, `event ${event.seq} after ${next}`);
          last = event.seq;
        }
        await bench.reopen();
      }
      const numbers = new Set<number>();
      for (let n = 0; n < 25_000; n += 1) numbers.add(await bench.store.sequence());
      assert.equal(numbers.size, 25_000);
      assert.ok(Math.min(...numbers) > last);
    });

    it('answers about an integration of which it has nothing', async () => {
      const flow = { integration: 'unknown', side: 1 } as const;
      assert.deepEqual(await bench.claim(flow), []);
      assert.equal(await bench.store.checkpoint(flow), undefined);
      assert.deepEqual(await bench.states(flow), [0, 0, 0, 0, 0]);
      assert.equal(await bench.store.linkOf('unknown', 2, '1'), undefined);
      assert.deepEqual(await bench.store.linksOf('unknown', 2, ['1', '2']), [undefined, undefined]);
      assert.deepEqual(await bench.store.linksBySystem('unknown', '1'), []);
      await bench.store.purge('unknown');
    });

    it('purges an integration and nothing else', async () => {
      const other = { integration: 'other', side: 1 } as const;
      await bench.link('1', '9');
      await bench.record(FORWARD, entity('2'));
      await bench.store.fail([park(await bench.claimOne(FORWARD))]);
      await bench.record(FORWARD, entity('2', 'b'));
      await bench.record(other, entity('2'));
      await bench.store.purge(INTEGRATION);
      assert.deepEqual(await bench.states(FORWARD), [0, 0, 0, 0, 0]);
      assert.deepEqual(await bench.store.parked(INTEGRATION, 0, 10), []);
      assert.deepEqual(await bench.store.linksBySystem('jira', '1'), []);
      assert.equal(await bench.store.checkpoint(FORWARD), undefined);
      assert.deepEqual(names(await bench.claim(other)), ['2@1']);
      assert.deepEqual(await bench.record(FORWARD, entity('1', 'first')), { recorded: 1, known: 0 });
      await bench.reopen();
      assert.deepEqual(await bench.states(FORWARD), [1, 0, 0, 0, 0]);
    });

    it('refuses every call after it was closed', async () => {
      await bench.store.sequence();
      await bench.store.close();
      await assert.rejects(bench.store.counts(INTEGRATION), { name: 'StoreError', kind: 'closed' });
      await assert.rejects(bench.store.sequence(), { name: 'StoreError', kind: 'closed' });
      await bench.store.close();
      await bench.reopen();
    });
  });
}

/** Of a store that outlives its process. */
export function killingChecks(bench: Bench): void {
  describe('keeping when its process is killed', () => {
    it('has all that was acknowledged before a kill -9, and nothing by halves (invariant 1)', async function () {
      const { child } = bench;
      assert.ok(child, 'the test of the store does not say how another process opens it');
      this.timeout(60_000);
      await bench.store.close();
      let acknowledged = 0;
      for (const afterMs of [150, 60, 230, 110]) acknowledged = await killed(child, afterMs, acknowledged);
      assert.ok(acknowledged > 10, `only ${acknowledged} rounds were acknowledged`);

      const store = await bench.reopen();
      const [counts] = await store.counts(INTEGRATION);
      const { round } = (await store.checkpoint(FORWARD)) ?? {};
      assert.ok(typeof round === 'number' && round >= acknowledged, `checkpoint ${round} after ${acknowledged}`);
      for (let n = 1; n <= acknowledged; n += 1) {
        for (const id of [`${n}-0`, `${n}-1`, `${n}-2`]) {
          const link = await store.linkOf(INTEGRATION, 1, id);
          assert.equal(link?.ends[1].ref.id, `target-${id}`);
          assert.deepEqual(link?.ends[1].baseline, { title: `Title of target-${id}` });
        }
      }
      // the round that was under way: recorded whole or not at all, landed whole or not at all
      assert.equal((counts.waiting + counts.sent) % 3, 0);
      assert.equal(counts.links % 3, 0);
      assert.equal(counts.links + counts.waiting + counts.sent, round * 3);
      const seen = await bench.record(FORWARD, entity(`${round}-0`), entity(`${round + 1}-0`));
      assert.deepEqual(seen, { recorded: 1, known: 1 });
    });
  });
}

/** Runs a writer in a process of its own and kills it. @returns the last round that it said was stored */
async function killed(child: { module: string; argument: string }, afterMs: number, from: number): Promise<number> {
  const script = join(__dirname, 'writer-process.ts');
  const args = ['--import', 'tsx', script, child.module, child.argument];
  const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(writer, 'exit');
  const lines = createInterface(writer.stdout);
  lines.once('line', () => setTimeout(() => writer.kill('SIGKILL'), afterMs));
  let last = from;
  for await (const line of lines) last = Number(line);
  const [, signal] = await exit;
  assert.equal(signal, 'SIGKILL', 'the writer ended by itself');
  return last;
}

/** What has happened, as it is kept for people. */

import assert from 'node:assert/strict';
import type { JournalEntry, JournalFilter } from '../../../lib/store/store';
import { type Bench, entity, FORWARD, INTEGRATION, NOON } from './harness';

const HOUR = 3_600_000;
const ALL = { entries: 1_000, since: 0 };

/** @param minutes after noon */
const entry = (key: string, minutes: number, more: Partial<JournalEntry> = {}): JournalEntry => ({
  ...{ at: new Date(NOON + minutes * 60_000).toISOString(), integration: INTEGRATION, outcome: 'created' },
  ...{ side: 1, source: { key, type: 'Bug' }, ...more },
});

export function notingChecks(bench: Bench): void {
  describe('noting', () => {
    const keys = async (filter: JournalFilter, before?: number, limit = 10, span = 100) => {
      const { entries, next } = await bench.store.journal(filter, before, limit, span);
      return { keys: entries.map(({ source }) => source?.key), next };
    };

    beforeEach(() => bench.record(FORWARD, entity('1')));

    it('keeps what has happened, newest first, found by integration, outcome, key and words', async () => {
      await bench.store.note(
        [
          entry('DEMO-1', 0, { target: { key: 'RM-10', type: 'Bug' }, written: ['title'] }),
          entry('DEMO-2', 1, { outcome: 'parked', words: ['"Blocked" is no State'] }),
          entry('DEMO-3', 2, { outcome: 'action', by: 'Anna' }),
          { ...entry('DEMO-4', 3), integration: 'nothing is stored of it' },
        ],
        ALL,
      );
      assert.deepEqual(await keys({}), { keys: ['DEMO-3', 'DEMO-2', 'DEMO-1'], next: undefined });
      assert.deepEqual((await keys({ outcome: 'parked' })).keys, ['DEMO-2']);
      assert.deepEqual((await keys({ search: 'rm-1' })).keys, ['DEMO-1']);
      assert.deepEqual((await keys({ search: 'no state' })).keys, ['DEMO-2']);
      assert.deepEqual((await keys({ search: 'anna', integration: INTEGRATION })).keys, ['DEMO-3']);
      assert.deepEqual((await keys({ integration: 'other' })).keys, []);
      const { entries } = await bench.store.journal({ search: 'demo-1' }, undefined, 1, 10);
      assert.deepEqual(entries, [
        { number: 1, ...entry('DEMO-1', 0, { target: { key: 'RM-10', type: 'Bug' }, written: ['title'] }) },
      ]);
    });

    it('is read in portions', async () => {
      await bench.store.note(
        Array.from({ length: 6 }, (_, index) => entry(`DEMO-${index}`, index)),
        ALL,
      );
      const first = await keys({}, undefined, 2);
      assert.deepEqual(first.keys, ['DEMO-5', 'DEMO-4']);
      assert.deepEqual((await keys({}, first.next, 2)).keys, ['DEMO-3', 'DEMO-2']);
      const none = await keys({ search: 'demo-0' }, undefined, 2, 4);
      assert.deepEqual(none.keys, []);
      assert.deepEqual(await keys({ search: 'demo-0' }, none.next, 2, 4), { keys: ['DEMO-0'], next: undefined });
    });

    it('forgets what is too old, or too many, and what belongs to a forgotten integration', async () => {
      await bench.store.note(
        Array.from({ length: 6 }, (_, index) => entry(`DEMO-${index}`, index * 60)),
        { entries: 4, since: 0 },
      );
      assert.deepEqual((await keys({})).keys, ['DEMO-5', 'DEMO-4', 'DEMO-3', 'DEMO-2']);
      await bench.store.note([entry('DEMO-6', 400)], { entries: 100, since: NOON + 4 * HOUR });
      assert.deepEqual((await keys({})).keys, ['DEMO-6', 'DEMO-5', 'DEMO-4']);
      assert.deepEqual(
        (await bench.store.hours(0)).map(({ hour }) => new Date(hour).getUTCHours()),
        [16, 17, 18],
      );
      await bench.store.purge(INTEGRATION);
      assert.deepEqual([(await keys({})).keys, await bench.store.hours(0)], [[], []]);
    });

    it('counts by hour, across calls and a restart', async () => {
      await bench.store.note([entry('1', 0), entry('2', 59), entry('3', 60, { outcome: 'updated' })], ALL);
      await bench.reopen();
      await bench.store.note([entry('4', 61, { outcome: 'updated' })], ALL);
      const hours = await bench.store.hours(NOON + HOUR - 1);
      const at = (hour: number) => new Date(NOON + hour * HOUR).toISOString();
      assert.deepEqual(hours, [
        { integration: INTEGRATION, hour: at(0), outcome: 'created', count: 2 },
        { integration: INTEGRATION, hour: at(1), outcome: 'updated', count: 2 },
      ]);
      assert.equal((await bench.store.hours(NOON + HOUR)).length, 1);
    });
  });
}

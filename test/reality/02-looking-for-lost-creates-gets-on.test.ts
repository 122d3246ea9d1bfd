/**
 * A system that lets few requests through, and twenty creates of which nobody knows whether they arrived: each is looked for. What
 * was looked for is not looked for again, or the batch would meet the limit each time at the same place.
 */

import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import { Workbench } from '../engine/workbench';

const CREATES = 20;
const WINDOW_MS = 2_000;

describe('reality/02: creates of which nobody knows whether they arrived', () => {
  let bench: Workbench;
  beforeEach(async () => {
    bench = await Workbench.start();
  });
  afterEach(() => bench.stop());

  /** The two side lets `most` requests through in each window and says how long to wait. */
  function limit(most: number): { refusals: number } {
    const seen = { refusals: 0 };
    let since = 0;
    let count = 0;
    bench.two.onRequest = () => {
      const now = bench.clock.now();
      if (now - since >= WINDOW_MS) [since, count] = [now, 0];
      count += 1;
      if (count <= most) return;
      seen.refusals += 1;
      throw new SyncError('rateLimited', 'too many requests', { retryAfterMs: since + WINDOW_MS - now });
    };
    return seen;
  }

  for (const arrived of [true, false]) {
    it(`are all linked in the end where few requests go through, if they ${arrived ? 'arrived' : 'did not arrive'}`, async () => {
      for (let index = 0; index < CREATES; index++) bench.one.save(undefined, { title: `Bug ${index}` });
      bench.two.loses = arrived ? 'answers' : 'writes';
      await bench.sync(1_000);
      assert.ok(bench.two.asked.length > 0, 'they were sent');
      bench.two.loses = undefined;
      bench.two.found = 'own';
      const seen = limit(6);
      await bench.sync(180_000);
      assert.ok(seen.refusals > 0, 'the limit bit');
      const titles = [...bench.two.entities.values()].map(({ fields }) => fields.title);
      assert.deepEqual(titles.sort(), Array.from({ length: CREATES }, (_, index) => `Bug ${index}`).sort());
    });
  }
});

/**
 * 20: one integration for each way. A copy became internal before the way back had seen it, and was left out like a new internal comment:
 * its original stayed public, with what was edited missing.
 */

import assert from 'node:assert/strict';
import type { Fields } from '../../lib/model/values';
import { CommentBench } from './comment-bench';

const INTERNAL: Fields = { visibility: { id: 'internal', name: 'Internal' } };

describe('20: a copy that became internal before the way back had seen it', () => {
  let bench: CommentBench;

  afterEach(async () => {
    await bench.close();
  });

  it('hides its original', async () => {
    bench = new CommentBench(['A>B', 'B>A']);
    await bench.start();
    bench.bug('A', 'Crash');
    await bench.sync();
    await bench.rest();
    await bench.start('B>A');
    bench.comment('B', bench.only('B'), 'It hangs');
    await bench.sync();
    assert.deepEqual(bench.says('A'), ['It hangs']);
    bench.space('A').edit('bob', bench.idOf('A', 'It hangs'), INTERNAL);
    await bench.rest();
    await bench.start();
    await bench.sync();
    const shown = bench.comments('B').map(({ fields: { visibility } }) => visibility);
    assert.deepEqual(shown, [INTERNAL.visibility]);
    assert.deepEqual(bench.says('B'), ['It hangs']);
  });
});

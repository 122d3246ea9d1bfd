/**
 * 20: comments over three systems. A copy that was deleted in the middle took along the copy that had been made from it, as if it were
 * an original.
 */

import assert from 'node:assert/strict';
import { CommentBench, type Name, words } from './comment-bench';

describe('20: a comment that has gone from A over B to C', () => {
  let bench: CommentBench;

  async function start(pairs: string[], deletions: ConstructorParameters<typeof CommentBench>[1] = {}): Promise<void> {
    bench = new CommentBench(pairs, deletions);
    await bench.start();
    const bug = bench.bug('A', 'Crash');
    await bench.sync();
    bench.comment('A', bug, 'It hangs');
    await bench.sync();
    assert.deepEqual(all(), [['It hangs'], ['It hangs'], ['It hangs']]);
  }

  const all = (...names: Name[]): string[][] =>
    (names.length > 0 ? names : (['A', 'B', 'C'] as const)).map((name) => bench.says(name));

  async function remove(name: Name, content = 'It hangs'): Promise<void> {
    bench.space(name).remove('alice', bench.idOf(name, content));
    await bench.sync();
  }

  afterEach(async () => {
    await bench.close();
  });

  for (const pairs of [
    ['AB', 'BC'],
    ['AB', 'BC', 'CA'],
  ]) {
    describe(`by ${pairs.join(', ')}`, () => {
      it('stays in C where the copy in B is deleted, and goes there once the original is', async () => {
        await start(pairs);
        await remove('B');
        assert.deepEqual(all(), [['It hangs'], [], ['It hangs']]);
        await bench.sync();
        assert.deepEqual(all(), [['It hangs'], [], ['It hangs']]);
        await remove('A');
        assert.deepEqual(all(), [[], [], []]);
      });

      it('goes everywhere with the original, and nowhere else with a copy at the end', async () => {
        await start(pairs);
        await remove('C');
        assert.deepEqual(all(), [['It hangs'], ['It hangs'], []]);
        await remove('A');
        assert.deepEqual(all(), [[], [], []]);
      });
    });
  }

  it('goes along with the copy where the pair deletes both ways', async () => {
    await start(['AB', 'BC'], { BC: 'both' });
    await remove('B');
    assert.deepEqual(all(), [['It hangs'], [], []]);
  });

  it('stays in C where somebody has edited it there meanwhile', async () => {
    await start(['AB', 'BC']);
    await remove('B');
    bench.space('C').edit('alice', bench.idOf('C', 'It hangs'), words('It still hangs'));
    await bench.sync();
    await remove('A');
    assert.deepEqual(all(), [[], [], ['It still hangs']]);
  });

  it('goes from C with the copy in B, where the original was deleted before and B was kept for an edit', async () => {
    await start(['AB', 'BC']);
    // one step: the deletion meets an edit that was not synced yet
    bench.space('B').edit('alice', bench.idOf('B', 'It hangs'), words('No, it waits'));
    await remove('A');
    assert.deepEqual(all(), [[], ['No, it waits'], ['No, it waits']]);
    await remove('B', 'No, it waits');
    assert.deepEqual(all(), [[], [], []]);
  });
});

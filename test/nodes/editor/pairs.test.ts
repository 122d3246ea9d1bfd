import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { idlePairs, type Pair } from '../../../nodes/editor/pairs';

describe('idle pairs', () => {
  const pair = (one: string, two: string, direction: Pair['direction']): Pair => ({
    one: { id: one, name: one },
    two: { id: two, name: two },
    direction,
  });

  it('are those whose source an earlier pair of the same direction has', () => {
    assert.deepEqual(idlePairs([pair('A', 'X', 'both'), pair('A', 'Y', 'forward')]), [
      { name: 'A', direction: 'forward' },
    ]);
    assert.deepEqual(idlePairs([pair('A', 'X', 'both'), pair('B', 'X', 'both')]), [
      { name: 'X', direction: 'backward' },
    ]);
  });

  it('are none where the directions differ, or only the targets are the same', () => {
    assert.deepEqual(idlePairs([pair('A', 'X', 'backward'), pair('A', 'Y', 'forward')]), []);
    assert.deepEqual(idlePairs([pair('A', 'X', 'forward'), pair('B', 'X', 'forward')]), []);
  });
});

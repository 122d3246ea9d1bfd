import assert from 'node:assert/strict';
import { doubtOf, doubtWords, further, readWitness, type Witness } from '../../lib/store/witness';

const last: Witness = { store: 'a', opened: 5, newest: 70, begun: false, at: '2026-06-01T12:00:00.000Z' };

describe('The memory of a store outside of its file', () => {
  it('knows one that is as far, or further, and one that never held a link', () => {
    assert.equal(doubtOf({ ...last }, false, last), undefined);
    assert.equal(doubtOf({ ...last, opened: 6, newest: 90 }, false, last), undefined);
    assert.equal(doubtOf({ ...last, store: 'new', opened: 0, newest: 0 }, true, undefined), undefined);
    assert.equal(doubtOf({ ...last, store: 'new', opened: 0 }, true, { ...last, newest: 0 }), undefined);
  });

  it('has something to lose as soon as a create is under way: what it made may be there, and no link tells', () => {
    const begun = { ...last, newest: 0, begun: true };
    assert.equal(doubtOf({ ...begun, opened: 4, begun: false }, false, begun)?.kind, 'behind');
    const vanished = doubtOf({ ...begun, store: 'new', opened: 0, begun: false }, true, begun);
    assert.equal(vanished?.kind, 'vanished');
    assert.match(doubtWords(vanished, 'x'), /there was one on .*, with a create under way\. A new one/);
    assert.equal(doubtOf(begun, false, begun), undefined);
    assert.equal(doubtOf({ ...last, opened: 0 }, false, { ...last, newest: 0 }), undefined);
  });

  it('notices that it vanished, that it was set back, and that it is another one', () => {
    assert.equal(doubtOf({ ...last, store: 'new', opened: 0, newest: 0 }, true, last)?.kind, 'vanished');
    assert.equal(doubtOf({ ...last, opened: 4 }, false, last)?.kind, 'behind');
    assert.equal(doubtOf({ ...last, newest: 69 }, false, last)?.kind, 'behind');
    const other = doubtOf({ ...last, store: 'b' }, false, last);
    assert.ok(other);
    assert.match(
      doubtWords(other, '/data/x.sqlite'),
      /^The store \/data\/x\.sqlite is another one than on 2026-06-01T/,
    );
  });

  it('takes the newer of two, and nothing that is no memory', () => {
    const newer = { ...last, at: '2026-06-02T00:00:00.000Z' };
    assert.equal(further(last, newer), newer);
    assert.equal(further(undefined, last), last);
    for (const value of [undefined, null, 'x', {}, { ...last, opened: '5' }])
      assert.equal(readWitness(value), undefined);
    assert.deepEqual(readWitness({ ...last, more: 1 }), last);
    const { begun: _, ...older } = last;
    assert.deepEqual(readWitness(older), last);
  });
});

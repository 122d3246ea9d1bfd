/**
 * 01: a parent that the other side could not show yet was taken back before it could, and both sides stayed different: what the
 * other side showed meanwhile counted as in sync with nothing.
 */

import assert from 'node:assert/strict';
import { baselines, concerned } from '../../lib/merge/fields';
import { emptyPlan, type MergeInput } from '../../lib/merge/types';
import type { Fields } from '../../lib/model/values';

const ref = (id: string) => ({ id, key: id });
const [STAYED, NEW, THERE] = [ref('A-1'), ref('A-14'), ref('B-9')];

const inputOf = (source: { now: Fields; base: Fields }, target: { now: Fields; base: Fields }): MergeInput => ({
  direction: 'forward',
  wanted: {},
  mapped: { parent: { from: ['parent'], type: 'reference', conflict: 'newest' } },
  unresolved: { parent: { reason: 'waits for A-14', value: NEW } },
  source: { ...source, updatedAt: '2026-06-01T12:00:00.000Z' },
  target: { ...target, updatedAt: '2026-06-01T12:00:00.000Z' },
  references: { parent: { open: true } },
});

/** What is in sync after an update that had to leave the parent out. */
const landed = (source: Fields, target: Fields) =>
  baselines(inputOf({ now: { parent: NEW }, base: source }, { now: { parent: THERE }, base: target }), emptyPlan(), {
    after: { parent: THERE },
    ignored: {},
    created: false,
    exact: true,
  });

describe('01: a parent that has no counterpart yet, and is taken back', () => {
  it('is an edit after all: what was in sync before is remembered, and the other side is emptied', () => {
    const { source, target } = landed({ parent: STAYED }, { parent: THERE });
    assert.deepEqual([source.parent, target.parent], [STAYED, THERE]);
    const taken = inputOf({ now: { parent: null }, base: source }, { now: { parent: THERE }, base: target });
    assert.deepEqual(concerned(taken), [{ field: 'parent', why: 'changed' }]);
  });

  it('leaves the parent that somebody has given on the other side: nothing was in sync, so that is an edit to carry over', () => {
    const { source, target, foreign } = landed({}, {});
    assert.deepEqual([source.parent, target.parent, foreign], [null, null, true]);
  });
});

/** A field of rich text may hold what is no document of its format: it is merged with nothing, and stops nothing. */

import assert from 'node:assert/strict';
import { asStored, mergeTexts, respelled } from '../../lib/merge/values';
import type { RichText } from '../../lib/model/values';

const adf = (...paragraphs: string[]): RichText => ({
  format: 'adf',
  content: JSON.stringify({
    type: 'doc',
    version: 1,
    content: paragraphs.map((text) => ({ type: 'paragraph', content: [{ type: 'text', text }] })),
  }),
});
const torn = (text: RichText): RichText => ({ ...text, content: `${text.content.replace('"type"', '"ty')}\nand more` });

describe('reality 22: a text that is no document of its format', () => {
  const base = adf('one', 'two', 'three');
  const ours = adf('one', 'two', 'three', 'four');

  it('is not merged with one that is: both are kept for the conflict rule', () => {
    for (const [before, mine, theirs] of [
      [base, ours, torn(base)],
      [base, torn(ours), base],
      [torn(base), ours, adf('zero', 'one', 'two', 'three')],
    ] as const) {
      const merged = mergeTexts({ base: before, ours: mine, theirs, oursFirst: true, type: 'richtext' });
      assert.deepEqual(merged, { conflict: 'one of the texts is not a valid document of its format' });
    }
  });

  it('is not spelled like one that is', () => {
    assert.deepEqual(asStored(ours, torn(ours), base, 'richtext'), ours);
    assert.deepEqual(respelled(ours, torn(base)), ours);
    assert.deepEqual(respelled(torn(ours), base), torn(ours));
  });

  it('does not stand in the way where a text was emptied', () => {
    const merged = mergeTexts({ base: null, ours, theirs: adf('zero', 'one'), oursFirst: true, type: 'richtext' });
    assert.ok('value' in merged || !/no document/.test(merged.conflict), JSON.stringify(merged));
  });
});

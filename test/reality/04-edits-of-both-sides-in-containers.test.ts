import assert from 'node:assert/strict';
import { mergeValues } from '../../lib/merge/values';
import type { RichText, RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText } from '../../lib/richtext';
import { chance, containersOf, documentWith, MARKUPS } from '../richtext/edits';

/** The merge of a flow: the source's edit is written into what was in sync, then both edits are put together. */
function merged(base: RichText, format: RichTextFormat, here: [string, string], there: [string, string]): string {
  const before = convert(base, format).text;
  const after = { ...before, content: before.content.replace(...here) };
  const ours = mergeRichText({ target: base, before, after }).text;
  const theirs = { ...base, content: base.content.replace(...there) };
  const both = mergeValues({ base, ours, theirs, type: 'richtext', oursFirst: true });
  if (!('value' in both)) return `conflict: ${both.conflict}`;
  return typeof both.value === 'object' && both.value !== null && 'content' in both.value ? both.value.content : '';
}

describe('where both sides edited different places of a text with containers', () => {
  for (const format of MARKUPS) {
    it(`both words are in the ${format} text and every container is as it was`, () => {
      containersOf(format).forEach((container, index) => {
        const { target, words } = documentWith(format, container, chance(index + 1));
        const other = MARKUPS.find((one) => one !== format) ?? 'html';
        // the first word stands before the container, the one before the last within it
        const [first, within] = [words[0] ?? '', words.at(-4) ?? ''];
        const expected = target.content.replace(first, `${first}there`).replace(within, `${within}here`);
        const result = merged(target, other, [within, `${within}here`], [first, `${first}there`]);
        assert.equal(result, expected);
      });
    });
  }
});

describe('a long block of code', () => {
  it('of twenty thousand words keeps all but the one that was edited', () => {
    const lines = Array.from({ length: 2_000 }, (_, at) => `  step ${at} of the log says nothing new *here*`);
    const target: RichText = {
      format: 'jira-wiki',
      content: `{panel:bgColor=#ffffce}\n{noformat}\n${lines.join('\n')}\n{noformat}\n{panel}`,
    };
    const before = convert(target, 'html').text;
    const after = { ...before, content: before.content.replace('step 1234 of', 'step 1234 and 1235 of') };
    assert.equal(
      mergeRichText({ target, before, after }).text.content,
      target.content.replace('step 1234 of', 'step 1234 and 1235 of'),
    );
  });
});

describe('texts made to be slow to compare', () => {
  const CASES: [string, string, (content: string) => string][] = [
    ['a word ten thousand times', 'a '.repeat(10_000), (content) => content.replace(/a a$/, 'a b')],
    ['bold words without end', '*a* b '.repeat(4_000), (content) => content.replace(/b$/, 'c')],
    ['every second word new', 'one two '.repeat(5_000), (content) => content.replaceAll('two', 'three')],
    [
      'two thousand paragraphs, all new',
      Array.from({ length: 2_000 }, (_, at) => `p${at} x`).join('\n\n'),
      (content) => content.replaceAll('x', 'y'),
    ],
  ];
  for (const [name, content, edit] of CASES) {
    it(`${name}: merged within the time of a few conversions`, function () {
      this.timeout(60_000);
      const target: RichText = { format: 'textile', content: content.trim() };
      const before = convert(target, 'html').text;
      const after = {
        ...before,
        content: before.content.replace(/<p>([\s\S]*)<\/p>$/, (_, inner: string) => `<p>${edit(inner)}</p>`),
      };
      const start = process.cpuUsage();
      mergeRichText({ target, before, after });
      const { user } = process.cpuUsage(start);
      assert.ok(user < 8_000_000, `${user / 1000} ms`);
    });
  }
});

import assert from 'node:assert/strict';
import type { Dialect, RichText, RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText } from '../../lib/richtext';

const HARD: Dialect = { hardBreaks: true };
const text = (format: RichTextFormat, content: string, dialect?: Dialect): RichText => ({
  format,
  content,
  ...(dialect && { dialect }),
});

const LINES = 'one\ntwo\n\n- a\n  b\n\n> q\n> r\n\n| x |\n| - |\n| y |';

describe('reality 06: line ends are line ends', () => {
  for (const target of ['textile', 'jira-wiki', 'html', 'adf', 'text'] as const)
    it(`of Redmine's Markdown in ${target}, and back`, () => {
      const there = convert(text('markdown', LINES, HARD), target).text;
      const back = convert(there, 'markdown', { into: HARD }).text;
      if (target === 'text') assert.match(there.content, /one\ntwo\n\n- a\n {2}b\n\n> q\n> r/);
      else assert.equal(back.content, LINES);
      assert.deepEqual(back.dialect, HARD);
    });

  it('of Markdown whose line ends are blanks are blanks', () => {
    assert.equal(convert(text('markdown', 'one\ntwo'), 'textile').text.content, 'one two');
    assert.equal(convert(text('markdown', 'one\ntwo', HARD), 'textile').text.content, 'one\ntwo');
  });

  it('stay what they are between two dialects of Markdown, both ways', () => {
    const soft = convert(text('markdown', 'one\ntwo', HARD), 'markdown', { into: {} }).text;
    assert.equal(soft.content, 'one\\\ntwo');
    assert.equal(convert(text('markdown', 'one\ntwo'), 'markdown', { into: HARD }).text.content, 'one two');
    const alike = text('markdown', '- one\n- two\n\n*three*');
    assert.equal(convert(alike, 'markdown', { into: HARD }).text.content, alike.content, 'what reads the same stays');
  });

  it('an edit in another system leaves them alone', () => {
    const target = text('markdown', 'one\ntwo\n\nthird teh *x*\nfourth', HARD);
    const before = convert(target, 'jira-wiki').text;
    const after = { ...before, content: before.content.replace('teh', 'the') };
    assert.equal(mergeRichText({ target, before, after }).text.content, target.content.replace('teh', 'the'));
  });

  it('an edit there is the same lines here', () => {
    const before = text('markdown', 'one\ntwo', HARD);
    const target = convert(before, 'jira-wiki').text;
    const after = text('markdown', 'one\ntwo\nthree', HARD);
    assert.equal(mergeRichText({ target, before, after }).text.content, 'one\ntwo\nthree');
    // a baseline from before the dialect was known
    assert.equal(
      mergeRichText({ target, before: text('markdown', 'one\ntwo'), after }).text.content,
      'one\ntwo\nthree',
    );
  });

  it('an edit between two dialects of Markdown changes what was edited', () => {
    const before = text('markdown', 'one\ntwo\n\n__third__ teh', HARD);
    const target = text('markdown', 'one\\\ntwo\n\n__third__ teh', {});
    const after = { ...before, content: before.content.replace('teh', 'the') };
    assert.equal(mergeRichText({ target, before, after }).text.content, target.content.replace('teh', 'the'));
  });
});

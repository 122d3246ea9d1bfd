import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RichText, RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText, parse, render } from '../../lib/richtext';
import { blockKey } from '../../lib/richtext/merge/key';
import type { Block } from '../../lib/richtext/tree';
import { PAIRS } from './corpus';

/** Texts with much that other markups cannot hold. */
const DOCUMENTS: Record<Exclude<RichTextFormat, 'text'>, string> = {
  textile:
    'h2(note). Summary\n\n{{toc}}\n\np=. Centred *bold* and %{color:red}red% text with ABC(acronym).\n\n* one +ins+\n** nested\n* two [[Wiki|page]]\n* three\n\n|_. A|_. B|\n|\\2. merged|\n|x|y|\n\nbq. quoted text\n\nWith !{width:300px}shot.png(alt)! and "link":https://example.org.\n\n<pre><code class="ruby">\nputs 1\n</code></pre>\n\nlast',
  'jira-wiki':
    'h1. Title\n\n{panel:title=Hey|bgColor=#ffffce}\nSome *panel* text\n{panel}\n\nHello [~accountid:557058:abc] see {color:red}red{color} and :) and !pic.png|width=200!\n\n* a\n* b with [~bob]\n** nested\n* c\n\n{toc}\n\n||h1||h2||\n|a|{color:red}b{color}|\n|c|d|\n\n{code:java|title=X.java}\nint x;\n{code}\n\ntail',
  html: '<div><p style="text-align:center">Hi <a href="#" data-vss-mention="version:2.0,abc-1">@Bob Miller</a>,</p><div><br></div><ul><li>one</li><li>two <u>u</u></li></ul><table><tr><th>A</th><td colspan=2>B</td></tr><tr><td>1</td><td>2</td><td>3</td></tr></table><p><img src="https://example.org/a.png" width=200 height=100></p></div>',
  markdown:
    'Title\n=====\n\n*   item _one_\n*   item two\n    * nested\n\n[ref]: https://example.org/ref\n\nSee [link][ref] and H<sub>2</sub>O.\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n| 3 | 4 |\n\n<!-- hidden -->\n\nTail  \nline',
  adf: JSON.stringify(
    {
      version: 1,
      type: 'doc',
      content: [
        {
          type: 'paragraph',
          content: [
            { type: 'text', text: 'Hi ' },
            { type: 'mention', attrs: { id: '123', text: '@Bob Miller' } },
          ],
        },
        {
          type: 'panel',
          attrs: { panelType: 'note' },
          content: [{ type: 'paragraph', content: [{ type: 'text', text: 'inside' }] }],
        },
        {
          type: 'mediaSingle',
          attrs: { layout: 'center' },
          content: [{ type: 'media', attrs: { type: 'file', id: 'x', collection: '' } }],
        },
        {
          type: 'paragraph',
          content: [
            { type: 'status', attrs: { text: 'DONE', color: 'green', localId: 'q' } },
            { type: 'text', text: ' now' },
          ],
        },
        { type: 'paragraph', content: [{ type: 'text', text: 'tail' }] },
      ],
    },
    null,
    1,
  ),
};

const added: Block = { type: 'paragraph', children: [{ type: 'text', value: 'added words' }] };

/** The source of each block of a text that has a place. */
const slices = (text: RichText): string[] =>
  parse(text).children.flatMap(({ span }) => (span ? [text.content.slice(span.start, span.end)] : []));

/** The target after an edit of the other side's text. */
function edited(target: RichText, format: RichTextFormat, edit: (blocks: Block[]) => Block[]) {
  const before = convert(target, format).text;
  const after = render({ type: 'root', children: edit(parse(before).children) }, format).text;
  return mergeRichText({ target, before, after });
}

describe('an edit in the other system', () => {
  for (const [format, other] of PAIRS.filter(([from, to]) => from !== 'text' && to !== 'text')) {
    const target: RichText = { format, content: format === 'text' ? '' : DOCUMENTS[format] };

    it(`of nothing leaves the ${format} text as it is, whatever ${other} cannot hold`, () => {
      assert.equal(edited(target, other, (blocks) => blocks).text.content, target.content);
    });

    it(`adds a paragraph in ${other} and leaves every block of the ${format} text byte for byte`, () => {
      const merged = edited(target, other, (blocks) => [...blocks, added]);
      for (const slice of slices(target)) assert.ok(merged.text.content.includes(slice), slice);
      assert.equal(merged.converted, 1);
      assert.ok(merged.text.content.includes('added words'));
    });

    it(`puts a paragraph anywhere in ${other}, with the same outcome for the rest of the ${format} text`, () => {
      const count = parse(convert(target, other).text).children.length;
      for (let at = 0; at < count; at++) {
        const merged = edited(target, other, (blocks) => blocks.toSpliced(at, 0, added));
        // the title of a block of code is a line above it elsewhere: what is put between them parts the two
        const before = parse(convert(target, other).text).children[at - 1];
        const isParted = before !== undefined && JSON.stringify(before).includes('X.java');
        for (const slice of slices(target).filter((one) => !isParted || !one.includes('X.java')))
          assert.ok(merged.text.content.includes(slice), `${at}: ${slice}`);
        const places = slices(merged.text).map((slice) => slice.includes('added words'));
        assert.equal(places.filter(Boolean).length, 1);
      }
    });

    it(`removes a block in ${other} and leaves the others of the ${format} text byte for byte`, () => {
      const count = parse(convert(target, other).text).children.length;
      for (let at = 0; at < count; at++) {
        const merged = edited(target, other, (blocks) => blocks.toSpliced(at, 1));
        const kept = slices(target).filter((slice) => merged.text.content.includes(slice));
        assert.ok(kept.length >= slices(target).length - 2, `block ${at}: ${merged.text.content}`);
        assert.ok(merged.text.content.length < target.content.length);
      }
    });
  }

  it('of one item leaves the other items of a list as they are written', () => {
    const target: RichText = { format: 'jira-wiki', content: '* a {color:red}c{color}\n* b [~bob]\n** nested\n* c' };
    const before = convert(target, 'markdown').text;
    const after = { ...before, content: before.content.replace('- c', '- c2\n- d') };
    assert.equal(
      mergeRichText({ target, before, after }).text.content,
      '* a {color:red}c{color}\n* b [~bob]\n** nested\n* c2\n* d',
    );
  });

  it('of one cell leaves the other rows of a table as they are written', () => {
    const target: RichText = {
      format: 'textile',
      content: '|_. A|_. B|\n|%{color:red}x%|{background:#eee}. y|\n|z|w|',
    };
    const before = convert(target, 'markdown').text;
    const after = { ...before, content: before.content.replace('| w |', '| W |') };
    assert.equal(
      mergeRichText({ target, before, after }).text.content,
      '|_. A|_. B|\n|%{color:red}x%|{background:#eee}. y|\n|z|W|',
    );
  });

  it('of a word beside a mention and a picture leaves both what they were', () => {
    const target: RichText = {
      format: 'jira-wiki',
      content: 'Hello [~accountid:557058:abc] see !pic.png|width=200! end',
    };
    const before = convert(target, 'textile').text;
    const after = { ...before, content: before.content.replace('see', 'look at') };
    assert.equal(
      mergeRichText({ target, before, after }).text.content,
      'Hello [~accountid:557058:abc] look at !pic.png|width=200! end',
    );
  });

  it('of one item or cell leaves the other items and rows of ADF as they are, with what other markups cannot show', () => {
    const paragraph = (...content: object[]): object => ({ type: 'paragraph', content });
    const text = (value: string): object => ({ type: 'text', text: value });
    const status = { type: 'status', attrs: { text: 'DONE', color: 'green', localId: 'q' } };
    const item = (...content: object[]): object => ({ type: 'listItem', content: [paragraph(...content)] });
    const cell = (width: number, ...content: object[]): object => ({
      type: 'tableCell',
      attrs: { colwidth: [width] },
      content: [paragraph(...content)],
    });
    const task = (id: string, value: string): object => ({
      type: 'taskItem',
      attrs: { localId: id, state: 'TODO' },
      content: [text(value)],
    });
    const of = (items: object[], rows: object[][], tasks: object[]): string =>
      JSON.stringify({
        version: 1,
        type: 'doc',
        content: [
          { type: 'bulletList', content: items },
          { type: 'table', attrs: { layout: 'wide' }, content: rows.map((content) => ({ type: 'tableRow', content })) },
          { type: 'taskList', attrs: { localId: 'l' }, content: tasks },
        ],
      });
    const mention = { type: 'mention', attrs: { id: '123', text: '@Ann' } };
    const rows = [
      [cell(100, text('a')), cell(50, status)],
      [cell(100, text('x')), cell(50, text('y'))],
    ];
    const target: RichText = {
      format: 'adf',
      content: of([item(text('one '), status), item(text('two '), mention)], rows, [task('7', 'do'), task('8', 'let')]),
    };
    const before = convert(target, 'html').text;
    const after = {
      ...before,
      content: before.content.replace('two ', 'second ').replace('>y<', '>z<').replace('let', 'leave'),
    };
    assert.equal(
      mergeRichText({ target, before, after }).text.content,
      of(
        [item(text('one '), status), item(text('second '), mention)],
        [rows[0] ?? [], [cell(100, text('x')), cell(50, text('z'))]],
        [task('7', 'do'), task('8', 'leave')],
      ),
    );
  });

  it('keeps the line ends of the target', () => {
    const target: RichText = { format: 'textile', content: 'a\r\n\r\nb {{toc}}\r\n\r\nc' };
    const before = convert(target, 'markdown').text;
    const after = { ...before, content: before.content.replace(/c$/, 'C') };
    assert.equal(mergeRichText({ target, before, after }).text.content, 'a\r\n\r\nb {{toc}}\r\n\r\nC');
  });

  it('is converted as a whole where the texts have nothing in common', () => {
    const merged = mergeRichText({
      target: { format: 'textile', content: 'h1. Something else' },
      before: { format: 'markdown', content: '# Title' },
      after: { format: 'markdown', content: '**new**' },
    });
    assert.deepEqual(merged.text, { format: 'textile', content: '*new*' });
  });

  it('takes the text over as it is where both sides have the same format', () => {
    const merged = mergeRichText({
      target: { format: 'markdown', content: 'a' },
      before: { format: 'markdown', content: 'a' },
      after: { format: 'markdown', content: '*  b' },
    });
    assert.equal(merged.text.content, '*  b');
  });

  it('shows in the target what the source shows, whatever was edited', () => {
    const words = fc.array(fc.constantFrom('alpha', 'beta', 'gamma'), { minLength: 1, maxLength: 3 });
    const block = fc.oneof(
      words.map((text): Block => ({ type: 'paragraph', children: [{ type: 'text', value: text.join(' ') }] })),
      words.map((text): Block => ({ type: 'heading', depth: 2, children: [{ type: 'text', value: text.join(' ') }] })),
      fc.array(words, { minLength: 1, maxLength: 4 }).map(
        (items): Block => ({
          type: 'list',
          ordered: false,
          children: items.map((text) => ({
            type: 'listItem',
            children: [{ type: 'paragraph', children: [{ type: 'text', value: text.join(' ') }] }],
          })),
        }),
      ),
    );
    const document = fc.array(block, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(document, document, fc.nat(6), fc.constantFrom(...PAIRS), (one, two, cut, [format, other]) => {
        if (format === 'text' || other === 'text') return;
        const target = render({ type: 'root', children: one }, format).text;
        const now: Block[] = [...one.slice(0, cut), ...two, ...one.slice(cut + 1)];
        const before = convert(target, other).text;
        const after = render({ type: 'root', children: now }, other).text;
        const { text } = mergeRichText({ target, before, after });
        const shown = parse(convert(text, other).text).children.map(blockKey);
        assert.deepEqual(shown, parse(after).children.map(blockKey));
      }),
      { numRuns: 300 },
    );
  });
});

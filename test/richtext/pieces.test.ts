import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RichTextFormat } from '../../lib/model/values';
import { parse, render } from '../../lib/richtext';
import { compose, cut, linesOfCut } from '../../lib/richtext/pieces';
import { anyText, tameTree, wildTree } from './arbitrary';
import { casesOf, FORMATS } from './corpus';

const cutOf = (content: string, format: RichTextFormat) =>
  cut(content, format, (source) => parse({ format, content: source }));

/** The text of its own pieces. */
function again(content: string, format: RichTextFormat): string {
  const made = cutOf(content, format);
  const placed = linesOfCut(made).map(({ piece, own }) => ({ piece, base: own, ours: own, theirs: own }));
  return made.whole(compose(placed, made, 'ours'));
}

const piecesOf = (content: string, format: RichTextFormat): string[] =>
  cutOf(content, format).pieces.map(({ text }) => text);

describe('a text in its pieces', () => {
  for (const format of FORMATS) {
    it(`is made of them, byte for byte, in ${format}`, () => {
      for (const { name, text } of casesOf(format)) assert.equal(again(text.content, format), text.content, name);
      fc.assert(
        fc.property(fc.oneof(tameTree, wildTree), (tree) => {
          const { content } = render(tree, format).text;
          assert.equal(again(content, format), content);
        }),
        { numRuns: 100 },
      );
    });

    it(`is made of them whatever it is, in ${format}`, () => {
      fc.assert(
        fc.property(anyText, (content) => {
          // a text in which nothing is to be seen has no pieces
          if (piecesOf(content, format).length === 0) return;
          assert.equal(again(content, format), content);
        }),
        { numRuns: 200 },
      );
    });
  }

  it('are lines of paragraphs and code, items and rows', () => {
    assert.deepEqual(
      piecesOf('a\nb\n\n- c\n  - d\n\n| e | f |\n| - | - |\n| 1 | 2 |\n\n```\nx\n\ny\n```', 'markdown'),
      ['a', 'b', '- c', '  - d', '| e | f |', '| - | - |', '| 1 | 2 |', '```', 'x', 'y', '```'],
    );
  });

  it('of HTML are what stands between line breaks and edges of blocks; blank paragraphs are none', () => {
    const html =
      '<div>a <b>b</b><br>c</div><div><br></div><p>&nbsp;</p><ul><li>d<ul><li>e</li></ul></li><li></li></ul><table><tr><td>1</td><td></td></tr></table><pre>x\n  y</pre><hr><img src="a.png">';
    assert.deepEqual(piecesOf(html, 'html'), [
      'a <b>b</b>',
      'c',
      'd',
      'e',
      '<tr><td>1</td><td></td></tr>',
      'x',
      '  y',
      '<hr>',
      '<img src="a.png">',
    ]);
  });

  it('of ADF are lines, items, rows and nodes of which nothing is known', () => {
    const text = (value: string): object => ({ type: 'text', text: value });
    const paragraph = (...content: object[]): object => ({ type: 'paragraph', content });
    const document = {
      version: 1,
      type: 'doc',
      content: [
        paragraph(text('a'), { type: 'hardBreak' }, text('b')),
        paragraph(),
        { type: 'bulletList', content: [{ type: 'listItem', content: [paragraph(text('c'))] }] },
        { type: 'codeBlock', attrs: { language: 'c' }, content: [text('int x;\n\nint y;')] },
        { type: 'rule' },
        { type: 'hologram', attrs: { depth: 3 } },
      ],
    };
    assert.deepEqual(piecesOf(JSON.stringify(document), 'adf'), [
      '{"type":"text","text":"a"}',
      '{"type":"text","text":"b"}',
      '{"type":"text","text":"c"}',
      'int x;',
      'int y;',
      '{"type":"rule"}',
      '{"type":"hologram","attrs":{"depth":3}}',
    ]);
  });
});

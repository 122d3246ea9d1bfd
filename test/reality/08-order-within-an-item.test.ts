import assert from 'node:assert/strict';
import type { RichText } from '../../lib/model/values';
import { convert, parse, render } from '../../lib/richtext';
import type { Block } from '../../lib/richtext/tree';
import { MARKUPS } from '../richtext/edits';

/** What a text is, in order: its words and its blocks of code, by item. */
function outline(blocks: readonly Block[]): unknown[] {
  return blocks.map((block): unknown => {
    if (block.type === 'paragraph')
      return block.children.map((node) => (node.type === 'text' ? node.value : `<${node.type}>`)).join('');
    if (block.type === 'code') return { code: block.value };
    if (block.type === 'list') return block.children.map(({ children }) => outline(children));
    return 'children' in block ? { [block.type]: outline(block.children as Block[]) } : block.type;
  });
}

const paragraph = (value: string): Block => ({ type: 'paragraph', children: [{ type: 'text', value }] });
const code = (value: string): Block => ({ type: 'code', value });
const item = (...children: Block[]) => ({ type: 'listItem' as const, children });

/** Items in which text follows on code. */
const LIST: Block = {
  type: 'list',
  ordered: true,
  children: [
    item(paragraph('first run'), code('make\n\nmake test'), paragraph('then wait'), code('ls'), paragraph('and look')),
    item(code('begin'), paragraph('behind code')),
    item(paragraph('last'), code('end')),
  ],
};

describe('text and code in turns, within one item of a list', () => {
  it('is read from Jira in the order in which it stands', () => {
    const content =
      '# first run\n{code}\nmake\n\nmake test\n{code}\nthen wait\n{noformat}\nls\n{noformat}\nand look\n# last';
    assert.deepEqual(outline(parse({ format: 'jira-wiki', content }).children), [
      [['first run', { code: 'make\n\nmake test' }, 'then wait', { code: 'ls' }, 'and look'], ['last']],
    ]);
  });

  it('is read from Textile in the order in which it stands, on the line of the item or below it', () => {
    const content = '# first run <pre>\nmake\n\nmake test\n</pre> then wait\n<pre>ls</pre>\nand look\n# last';
    assert.deepEqual(outline(parse({ format: 'textile', content }).children), [
      [['first run', { code: 'make\n\nmake test' }, 'then wait', { code: 'ls' }, 'and look'], ['last']],
    ]);
  });

  it('does not tear a list of Textile where code stands between two items', () => {
    assert.deepEqual(
      outline(
        parse({ format: 'textile', content: '# one\n<pre>a\n\nb</pre>\n# two\n## three\n<pre>c</pre>\n# four' })
          .children,
      ),
      [[['one', { code: 'a\n\nb' }], ['two', [['three', { code: 'c' }]]], ['four']]],
    );
  });

  for (const format of MARKUPS) {
    it(`is written to ${format} in that order`, () => {
      const { text } = render({ type: 'root', children: [LIST] }, format);
      assert.deepEqual(outline(parse(text).children), outline([LIST]));
    });

    for (const other of MARKUPS.filter((one) => one !== format)) {
      it(`goes from ${format} to ${other} in that order`, () => {
        const there = convert(render({ type: 'root', children: [LIST] }, format).text, other).text;
        assert.deepEqual(outline(parse(there).children), outline([LIST]));
      });
    }
  }

  it('stays in order in a nested item, and beside a list within the item', () => {
    const nested: Block = {
      type: 'list',
      ordered: false,
      children: [item(paragraph('outer'), code('x'), paragraph('more'), { ...LIST, ordered: false })],
    };
    for (const format of MARKUPS) {
      const { text } = render({ type: 'root', children: [nested] }, format);
      assert.deepEqual(outline(parse(text).children), outline([nested]), format);
    }
  });
});

describe('a table of HTML in Markdown', () => {
  const cells = (content: string, hardBreaks = false): unknown => {
    const text: RichText = { format: 'markdown', content };
    return parse(hardBreaks ? { ...text, dialect: { hardBreaks: true } } : text).children.map((block) =>
      block.type === 'table'
        ? block.children.map((row) => row.children.map((cell) => outline(cell.children)))
        : outline([block])[0],
    );
  };

  it('keeps what stands between empty lines in its cells', () => {
    const content =
      'before\n\n<table>\n<tr>\n<td>\n\nfirst *cell*\n\n```js\nlet a;\n```\n\n</td>\n<td>second</td>\n</tr>\n</table>\n\nafter';
    assert.deepEqual(cells(content), ['before', [[['first <emphasis>', { code: 'let a;' }], ['second']]], 'after']);
  });

  it('keeps lists and cells that begin on the same line', () => {
    const content =
      '<table><tr><td>\n\n- one\n- two\n\n</td><td>\n\nright\n\n</td></tr>\n<tr><td>a</td><td>b</td></tr></table>';
    assert.deepEqual(cells(content), [
      [
        [[[['one'], ['two']]], ['right']],
        [['a'], ['b']],
      ],
    ]);
  });

  it('with an empty line between its rows is one table', () => {
    const content =
      '<table>\n  <thead><tr><th>A</th></tr></thead>\n\n  <tbody>\n  <tr><td>1</td></tr>\n\n  <tr><td>2</td></tr>\n  </tbody>\n</table>\n\ntail';
    assert.deepEqual(cells(content), [[[['A']], [['1']], [['2']]], 'tail']);
  });

  it('that has no end takes nothing else of the text away', () => {
    assert.match(
      JSON.stringify(parse({ format: 'markdown', content: '<table><tr><td>\n\nwords\n\n# more' })),
      /words.*more/,
    );
  });
});

import assert from 'node:assert/strict';
import type { RichText, RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText } from '../../lib/richtext';

type Node = Record<string, unknown>;

const text = (value: string, ...marks: Node[]): Node => ({
  type: 'text',
  text: value,
  ...(marks.length > 0 ? { marks } : {}),
});
const paragraph = (...content: Node[]): Node => ({ type: 'paragraph', content });
const media: Node = {
  type: 'mediaSingle',
  attrs: { layout: 'align-start', width: 40 },
  content: [{ type: 'media', attrs: { id: '7f1c', type: 'file', collection: 'jira-1', alt: 's.png', width: 640 } }],
};
const group: Node = {
  type: 'mediaGroup',
  content: [{ type: 'media', attrs: { id: '81aa', type: 'file', collection: 'jira-1', alt: 'log.txt' } }],
};
const inline: Node = { type: 'mediaInline', attrs: { id: '99bc', type: 'file', collection: 'jira-1', alt: 'i.png' } };
const item = (...content: Node[]): Node => ({ type: 'listItem', content });
const cell = (attrs: Node, ...content: Node[]): Node => ({ type: 'tableCell', attrs, content });
const document = (...content: Node[]): string => JSON.stringify({ version: 1, type: 'doc', content });

/** A document with a word that is corrected, and everything around it. */
const DOCUMENTS: Record<string, Node[]> = {
  'a list item': [
    {
      type: 'bulletList',
      content: [item(paragraph(text('press the buton here')), media), item(paragraph(text('two')), group)],
    },
  ],
  'a nested item': [
    {
      type: 'orderedList',
      attrs: { order: 3 },
      content: [
        item(paragraph(text('outer')), media, {
          type: 'bulletList',
          content: [
            item(paragraph(text('press the buton here'), inline), group),
            item(paragraph(text('other')), media),
          ],
        }),
      ],
    },
  ],
  'a table row': [
    {
      type: 'table',
      attrs: { layout: 'wide', isNumberColumnEnabled: true, localId: 't1' },
      content: [
        {
          type: 'tableRow',
          content: [
            cell({ colwidth: [120], background: '#deebff' }, paragraph(text('press the buton here'))),
            cell({ colspan: 2, colwidth: [80, 80] }, paragraph(text('see')), media),
          ],
        },
      ],
    },
  ],
  'a panel': [
    {
      type: 'panel',
      attrs: {
        panelType: 'custom',
        panelIcon: ':rocket:',
        panelIconId: '1f680',
        panelIconText: '🚀',
        panelColor: '#fedec8',
      },
      content: [paragraph(text('press the buton here')), media],
    },
  ],
  'a folded block': [
    {
      type: 'expand',
      attrs: { title: 'More', localId: 'e9' },
      content: [paragraph(text('press the buton here')), media],
    },
  ],
  'a folded block in a cell': [
    {
      type: 'table',
      content: [
        {
          type: 'tableRow',
          content: [
            cell(
              {},
              {
                type: 'nestedExpand',
                attrs: { title: 'Why' },
                content: [paragraph(text('press the buton here')), media],
              },
            ),
          ],
        },
      ],
    },
  ],
  'a quote': [{ type: 'blockquote', content: [paragraph(text('press the buton here')), media] }],
  columns: [
    {
      type: 'layoutSection',
      content: [
        { type: 'layoutColumn', attrs: { width: 33.3 }, content: [paragraph(text('press the buton here')), media] },
        { type: 'layoutColumn', attrs: { width: 66.6 }, content: [paragraph(text('right')), group] },
      ],
    },
  ],
  'a macro with a body': [
    {
      type: 'bodiedExtension',
      attrs: {
        extensionType: 'com.atlassian.confluence.macro.core',
        extensionKey: 'excerpt',
        parameters: { a: { value: 'b' } },
      },
      content: [paragraph(text('press the buton here')), media],
    },
  ],
  'a list of decisions': [
    {
      type: 'decisionList',
      attrs: { localId: 'd0' },
      content: [
        { type: 'decisionItem', attrs: { localId: 'd1', state: 'DECIDED' }, content: [text('press the buton here')] },
        { type: 'decisionItem', attrs: { localId: 'd2', state: 'UNDECIDED' }, content: [text('other')] },
      ],
    },
  ],
  'a list of tasks': [
    {
      type: 'taskList',
      attrs: { localId: 'l' },
      content: [
        { type: 'taskItem', attrs: { localId: 'k1', state: 'DONE' }, content: [text('press the buton here '), inline] },
        {
          type: 'taskList',
          attrs: { localId: 'l2' },
          content: [{ type: 'taskItem', attrs: { localId: 'k2', state: 'TODO' }, content: [text('other')] }],
        },
      ],
    },
  ],
};

const OTHERS: RichTextFormat[] = ['markdown', 'textile', 'jira-wiki', 'html', 'text'];

/** The target after an edit of the other side's text. */
function corrected(target: RichText, format: RichTextFormat, from: string | RegExp, to: string): string {
  const before = convert(target, format).text;
  const after = { format, content: before.content.replace(from, to) };
  assert.notEqual(after.content, before.content);
  return mergeRichText({ target, before, after }).text.content;
}

describe('a correction beside a screenshot in Jira Cloud', () => {
  for (const [name, nodes] of Object.entries(DOCUMENTS)) {
    for (const format of OTHERS) {
      const target: RichText = { format: 'adf', content: document(...nodes, paragraph(text('tail'))) };

      it(`changes one word in ${name} and no other node, when it comes from ${format}`, () => {
        assert.equal(corrected(target, format, 'buton', 'button'), target.content.replace('buton', 'button'));
      });

      it(`adds a word in ${name} and changes no other node, when it comes from ${format}`, () => {
        assert.equal(corrected(target, format, 'buton', 'red buton'), target.content.replace('buton', 'red buton'));
      });

      it(`removes a word in ${name} and changes no other node, when it comes from ${format}`, () => {
        assert.equal(corrected(target, format, ' buton', ''), target.content.replace(' buton', ''));
      });

      it(`keeps ${name} while a paragraph is put in front of it in ${format}`, () => {
        const before = convert(target, format).text;
        const after = { format, content: `Something new\n\n${before.content.replace('buton', 'button')}` };
        if (format === 'html') after.content = `<p>Something new</p>\n${before.content.replace('buton', 'button')}`;
        const { content } = mergeRichText({ target, before, after }).text;
        const corrected = nodes.map((node) => JSON.parse(JSON.stringify(node).replace('buton', 'button')) as Node);
        assert.equal(content, document(paragraph(text('Something new')), ...corrected, paragraph(text('tail'))));
      });
    }
  }
});

describe('a one-word edit within a container', () => {
  const CASES: [RichTextFormat, RichTextFormat, string][] = [
    [
      'jira-wiki',
      'markdown',
      'before\n\n{panel:title=Hey|borderStyle=dashed|bgColor=#ffffce}\nSome buton *bold*\n\n# one\n# two\n{panel}\n\nafter',
    ],
    [
      'jira-wiki',
      'textile',
      '{panel:title=Hey}\nSome buton\n{noformat}\nx {code} y\n{noformat}\n{panel}\n{info:icon=false}\nother\n{info}',
    ],
    ['jira-wiki', 'html', '||A||B||\n|{color:#ff0000}red{color}|a buton|\n|[^file.zip]|!s.png|thumbnail!|'],
    ['jira-wiki', 'adf', '* one {quote}a buton{quote}\n** two\n*# three'],
    [
      'markdown',
      'textile',
      '<details open>\n<summary>Log</summary>\n\nA buton\n\n```js\nlet a;\n```\n\n</details>\n\ntail',
    ],
    ['markdown', 'jira-wiki', '> [!WARNING]\n> A buton\n> and *more*\n\n1) one\n2) two'],
    ['markdown', 'html', '> quoted\n> > a buton\n\n<div align="center">\n\nmid\n\n</div>'],
    [
      'markdown',
      'adf',
      '<table><tr><td style="color:red" colspan="2">a buton</td></tr></table>\n\nend[^1]\n\n[^1]: note',
    ],
    ['textile', 'markdown', 'bq(note). A buton\n\n{{collapse(More)\n\nInside\n\n}}\n\n|{background:#eee}. x|y|'],
    [
      'textile',
      'html',
      '|_. A|_. B|\n|{background:#fee}. a buton|\\2=. z|\n\n<pre><code class="ruby">\nputs 1\n</code></pre>',
    ],
    ['textile', 'jira-wiki', '<notextile><b>x</b></notextile> and a buton\n\n* a\n** b %{color:red}c%'],
    [
      'html',
      'markdown',
      '<div class="panel panel-note" style="background-color:#fea" data-x="1"><p>A <b>buton</b></p></div><ul style="list-style:square"><li class="c">one</li></ul>',
    ],
    [
      'html',
      'textile',
      '<table border="1" style="width:50%"><tbody><tr style="height:3px"><td style="background:#eee;width:9%">a buton</td><td rowspan=2><details><summary>S</summary>x</details></td></tr></tbody></table>',
    ],
    ['html', 'jira-wiki', '<blockquote cite="x"><div>a buton<br>next &amp; more</div></blockquote><hr/><p>p</p>'],
  ];
  for (const [format, other, content] of CASES) {
    it(`in ${format}, made in ${other}, changes that word alone: ${content.slice(0, 30).replace(/\n/g, ' ')}`, () => {
      const target: RichText = { format, content };
      assert.equal(corrected(target, other, 'buton', 'button'), content.replace('buton', 'button'));
      assert.equal(corrected(target, other, 'buton', 'red, big buton'), content.replace('buton', 'red, big buton'));
    });
  }
});

import assert from 'node:assert/strict';
import { compileFieldRows } from '../../lib/mapping';
import type { RichTextFormat } from '../../lib/model/values';
import { convert, parse, render, richTextConverter } from '../../lib/richtext';
import { PAIRS } from './corpus';

const to = (format: RichTextFormat, from: RichTextFormat, content: string): string =>
  convert({ format: from, content }, format).text.content;

const losses = (format: RichTextFormat, from: RichTextFormat, content: string): string[] =>
  convert({ format: from, content }, format).losses.map(({ kind }) => kind);

describe('rich text conversion', () => {
  it('returns a text that has the format already byte for byte', () => {
    const text = { format: 'markdown' as const, content: '*  odd\r\n\r\n\r\n__x__  ' };
    assert.equal(convert(text, 'markdown').text, text);
  });

  it('reports in a sentence what the target cannot show, once per kind', () => {
    const table = '<table><tr><td colspan="2">w</td></tr><tr><td colspan="2">v</td></tr></table>';
    assert.deepEqual(
      convert({ format: 'html', content: table }, 'markdown').losses.find(({ kind }) => kind === 'merged-cells'),
      { kind: 'merged-cells', message: 'Merged cells are shown as one cell and empty ones.', count: 1 },
    );
    assert.deepEqual(losses('markdown', 'html', '<p>plain</p>'), []);
  });

  it('takes line ends of a Markdown paragraph for spaces, or for breaks if set so', () => {
    const text = { format: 'markdown' as const, content: 'a\nb' };
    assert.equal(convert(text, 'textile').text.content, 'a b');
    assert.equal(convert({ ...text, dialect: { hardBreaks: true } }, 'textile').text.content, 'a\nb');
  });

  it('writes formatting within a word so that Redmine shows it', () => {
    assert.equal(to('textile', 'html', 'H<sub>2</sub>O'), 'H<notextile></notextile>~2~<notextile></notextile>O');
    assert.equal(to('jira-wiki', 'html', 'H<sub>2</sub>O'), 'H{~}2{~}O');
  });

  it('carries a Jira mention between wiki markup and ADF', () => {
    assert.equal(to('jira-wiki', 'adf', to('adf', 'jira-wiki', '[~accountid:5b10]')), '[~accountid:5b10]');
  });

  it('keeps what merely looks like a macro a text, in every format', () => {
    const literal = '{{toc}} {{include(Page)}} {{{a}}} {{a}}{{b}} [[_TOC_]] {toc} {code}x{code}';
    for (const [from, to] of PAIRS) {
      const there = convert(render(parse({ format: 'text', content: literal }), from).text, to).text;
      assert.equal(render(parse(there), 'text').text.content, literal, `${from} → ${to}`);
      assert.doesNotMatch(JSON.stringify(parse(there)), /vendorInline|wikiLink/, `${from} → ${to}`);
    }
  });

  it('names the attachment that a picture shows as each system looks it up: Jira does not decode names', () => {
    assert.equal(to('jira-wiki', 'markdown', '![](big%20one.png) ![](%C3%BCber.png)'), '!big one.png! !über.png!');
    assert.equal(to('jira-wiki', 'markdown', '![](100%.png)'), '!100%.png!');
    assert.equal(to('textile', 'jira-wiki', '!big one.png|width=300!'), '!{width:300px}big%20one.png!');
    assert.equal(to('jira-wiki', 'textile', to('textile', 'jira-wiki', '!big one.png!')), '!big one.png!');
    assert.equal(to('jira-wiki', 'markdown', '![](https://x.example/a%20b.png)'), '!https://x.example/a%20b.png!');
  });

  it('carries Redmine macros and wiki links between its two markups', () => {
    assert.equal(to('markdown', 'textile', '{{child_pages}} and [[Page|text]]'), '{{child_pages}} and [[Page|text]]');
    assert.equal(to('textile', 'markdown', '{{child_pages}} and [[Page|text]]'), '{{child_pages}} and [[Page|text]]');
  });

  it('writes ADF that keeps to what its nodes may hold', () => {
    const adf: unknown = JSON.parse(to('adf', 'markdown', '- # heading in an item\n- > quote in an item'));
    assert.deepEqual(adf, {
      version: 1,
      type: 'doc',
      content: [
        {
          type: 'bulletList',
          content: [
            {
              type: 'listItem',
              content: [
                {
                  type: 'paragraph',
                  content: [{ type: 'text', text: 'heading in an item', marks: [{ type: 'strong' }] }],
                },
              ],
            },
            {
              type: 'listItem',
              content: [{ type: 'paragraph', content: [{ type: 'text', text: 'quote in an item' }] }],
            },
          ],
        },
      ],
    });
  });

  it('reads what is no ADF as the text it is, and says so', () => {
    const { text, losses: lost } = convert({ format: 'adf', content: 'not JSON' }, 'html');
    assert.equal(text.content, '<p>not JSON</p>');
    assert.match(lost[0]?.message ?? '', /is not JSON/);
  });

  it('reads an empty text as an empty tree in every format', () => {
    for (const format of ['text', 'html', 'markdown', 'textile', 'jira-wiki', 'adf'] as const)
      assert.deepEqual(parse({ format, content: '' }).children, [], format);
  });

  it('works in a field mapper: the text in the target format, and a warning for what is lost', () => {
    const rows = [
      {
        one: { id: 'd1', name: 'Description', type: 'richtext' as const, format: 'html' as const },
        two: { id: 'd2', name: 'Details', type: 'richtext' as const, format: 'jira-wiki' as const },
        direction: 'both' as const,
      },
    ];
    const map = compileFieldRows(rows, 'forward', richTextConverter);
    const mapped = map({ d1: { format: 'html', content: '<p>a <b>b</b></p>' } });
    assert.deepEqual(mapped.fields.d2, { format: 'jira-wiki', content: 'a *b*' });
    assert.deepEqual(mapped.unresolved, {});
    const lossy = map({ d1: { format: 'html', content: '<p align="center">c</p>' } });
    assert.equal(lossy.unresolved.d2?.lossy, true);
    assert.match(lossy.unresolved.d2?.reason ?? '', /is not shown in full: Text is left-aligned/);
  });
});

import assert from 'node:assert/strict';
import { fromStoredMarkdown, MARKDOWN, toStoredMarkdown } from '../../lib/connectors/azure-devops/rules';
import type { RichTextFormat } from '../../lib/model/values';
import { convert } from '../../lib/richtext';
import { unsafeHtml } from '../richtext/unsafe';

const to = (format: RichTextFormat, from: RichTextFormat, content: string): string =>
  convert({ format: from, content }, format).text.content;

const TARGETS: RichTextFormat[] = ['text', 'html', 'textile', 'jira-wiki', 'adf'];
const ADF = (...content: object[]): string => JSON.stringify({ version: 1, type: 'doc', content });
const squeeze = (text: string): string => text.replace(/[^\p{L}\p{N}]+/gu, ' ');

describe('reality 07: text that vanishes', () => {
  for (const name of ['script', 'style', 'textarea', 'title', 'plaintext', 'xmp', 'iframe', 'noembed', 'noframes']) {
    it(`nothing behind a line that begins with <${name}> in Markdown`, () => {
      const text = `Before\n\n<${name}>\nfirst words\n\nsecond *words*\n\n- last`;
      for (const target of TARGETS) {
        const made = to(target, 'markdown', text);
        for (const word of ['Before', 'first words', 'second', 'words', 'last'])
          assert.ok(made.includes(word), `${target}: ${word} in ${made}`);
        if (target === 'html') assert.deepEqual(unsafeHtml(made), []);
      }
    });
  }

  it('tags in a sentence are words, as GitHub shows them', () => {
    for (const name of ['style', 'script', 'title', 'textarea', 'plaintext', 'template', 'svg', 'object', 'link'])
      assert.equal(to('text', 'markdown', `use <${name}> here`), `use <${name}> here`, name);
    assert.equal(to('text', 'markdown', 'x <script>alert(1)</script> y'), 'x <script>alert(1)</script> y');
    assert.deepEqual(unsafeHtml(to('html', 'markdown', 'x <script>alert(1)</script> y <textarea>')), []);
  });

  it('comments without an end, CDATA, declarations and instructions are text', () => {
    for (const sign of ['<!-- open', '<![CDATA[ data', '<?php echo 1;', '<!DOCTYPE html>', '<!-- a --> <!-- b'])
      assert.match(to('text', 'markdown', `a\n\n${sign}\n\nlast words`), /last words/, sign);
    assert.match(to('text', 'markdown', 'a <![CDATA[ some data ]]> b'), /some data/);
    assert.equal(to('text', 'markdown', 'a\n\n<!-- a template asks -->\n\nb'), 'a\n\nb', 'a comment stays one');
  });

  it('Azure DevOps shows what a form control holds', () => {
    assert.equal(to('text', 'html', '<p>a</p><textarea>one\n two</textarea>'), 'a\n\none\n\u00a0two');
    assert.equal(squeeze(to('text', 'html', 'a<xmp>x <b> y</xmp>b<plaintext>c <i>d')), 'a x b y b c i d');
    assert.match(to('text', 'html', '<select><option>red</option><option>green</option></select>'), /red.*green/s);
  });

  it('a tag that Azure DevOps holds encoded in Markdown is the text that somebody typed', () => {
    const stored =
      'a &lt;div&gt; and List&lt;String&gt;, `&lt;b&gt;`\n\n&gt; quoted &lt;script&gt;\n\n&lt;div&gt; last';
    const text = { format: 'markdown' as const, content: fromStoredMarkdown(stored), dialect: MARKDOWN };
    assert.equal(
      convert(text, 'text').text.content,
      'a <div> and List<String>, <b>\n\n> quoted <script>\n\n<div> last',
    );
    assert.equal(toStoredMarkdown(text.content), stored);
    // in Redmine, where tags are alive, it is text, too; what is alive there is written as what it means here
    assert.equal(
      convert(text, 'markdown', { into: {} }).text.content,
      'a \\<div> and List\\<String>, `<b>`\n\n> quoted \\<script>\n\n\\<div> last',
    );
    const alive = { format: 'markdown' as const, content: 'H<sub>2</sub>O <b>bold</b> <ins>new</ins>' };
    const here = convert(alive, 'markdown', { into: MARKDOWN }).text;
    assert.equal(here.content, 'H<sub>2</sub>O **bold** <ins>new</ins>');
    assert.equal(convert(here, 'html').text.content, convert(alive, 'html').text.content);
  });

  it('a mention of Jira Cloud is written to a Data Center by its name', () => {
    const mention = { type: 'mention', attrs: { id: '557058:3f2a', text: '@Ann Lee' } };
    const text = ADF({ type: 'paragraph', content: [{ type: 'text', text: 'ask ' }, mention] });
    assert.equal(to('jira-wiki', 'adf', text), 'ask @Ann Lee');
    assert.equal(
      to('jira-wiki', 'adf', ADF({ type: 'paragraph', content: [{ type: 'mention', attrs: { id: '557058:3f2a' } }] })),
      '[~accountid:557058:3f2a]',
      'of whom no name is known',
    );
  });

  it('code pasted into Azure DevOps keeps its indentation', () => {
    const pasted =
      '<div style="color:#d4d4d4;font-family:Consolas, \'Courier New\', monospace;white-space:pre;"><div><span style="color:#c586c0">if</span> (a) {</div><div>    go();</div><br><div>}</div></div>';
    assert.equal(to('markdown', 'html', pasted), '```\nif (a) {\n    go();\n\n}\n```');
    assert.equal(
      to('text', 'html', '<p style="white-space: pre-wrap">a\n  b  c</p>'),
      'a\n\u00a0\u00a0b\u00a0\u00a0c',
      'other text keeps its lines',
    );
    assert.equal(to('text', 'html', '<p>a\n  b</p>'), 'a b');
  });
});

import assert from 'node:assert/strict';
import type { RichTextFormat } from '../../lib/model/values';
import { convert } from '../../lib/richtext';

const to = (format: RichTextFormat, from: RichTextFormat, content: string): string =>
  convert({ format: from, content }, format).text.content;

const markdown = (wiki: string): string => to('markdown', 'jira-wiki', wiki);

describe('reality 08: shapes of Jira wiki markup', () => {
  it('`-- nested` is an item within an item', () => {
    assert.equal(markdown('- one\n-- nested\n--- deeper\n- two'), '- one\n  - nested\n    - deeper\n- two');
    assert.equal(markdown('-# one\n- a\n-# b').includes('1. b'), true);
  });

  it('two dashes outside of a list stay what they are', () => {
    assert.equal(markdown('well -- said'), 'well – said');
    assert.equal(markdown('-- Ann'), '– Ann');
  });

  it('a heading needs no blank', () => {
    assert.equal(markdown('h1.Title\nbq.said'), '# Title\n\n> said');
    assert.equal(to('jira-wiki', 'text', 'h2.example.org'), 'h2\\.example.org');
  });

  it('two backslashes within a word are a line break, and a path is a path', () => {
    assert.equal(markdown('one\\\\two'), 'one\\\ntwo');
    assert.equal(to('text', 'jira-wiki', 'see \\\\server\\share'), 'see \\\\server\\share');
  });

  it('a macro in a cell may hold bars and empty lines', () => {
    const table = '||what||how||\n|run|{code:bash}\na | b\n\nc || d\n{code}|\n|log|{noformat}x | y{noformat} and more|';
    const html = to('html', 'jira-wiki', table);
    assert.equal(html.match(/<tr>/g)?.length, 3);
    assert.equal(html.match(/<t[dh]>/g)?.length, 6);
    assert.match(html, /a \| b\n\nc \|\| d/);
    assert.match(html, /x \| y/);
    const back = to('jira-wiki', 'html', html);
    assert.equal(to('html', 'jira-wiki', back), html);
  });

  it('a panel in a cell ends where it does', () => {
    const html = to('html', 'jira-wiki', '|a|{panel:title=T}\none\n\ntwo | three\n{panel}|b|\n|c|d|e|');
    assert.equal(html.match(/<tr>/g)?.length, 2);
    assert.equal(html.match(/<td>/g)?.length, 6);
    assert.match(html, /two \| three/);
  });

  it('a macro that has no end is text, and the row ends with its line', () => {
    assert.equal(to('html', 'jira-wiki', '|{code}|b|\n|c|d|').match(/<td>/g)?.length, 4);
  });
});

describe('reality 08: brackets in code-like text', () => {
  for (const format of ['markdown', 'textile'] as const)
    it(`\`[[ -f x ]]\` in ${format} is no link to a wiki page`, () => {
      const text = 'if [[ -f x ]]; then';
      assert.equal(to('text', format, text), text);
      assert.equal(to('text', format, to(format, 'text', text)), text);
    });
});

import assert from 'node:assert/strict';
import { equalValues } from '../../lib/mapping/compare';
import type { Dialect, RichText, RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText, withQuietMentions } from '../../lib/richtext';

const J = '\u2060';
const IDS: Dialect = { mentions: 'ids' };
const to = (format: RichTextFormat, from: RichTextFormat, content: string, into?: Dialect): string =>
  convert({ format: from, content }, format, { into }).text.content;
const doc = (...content: object[]): string =>
  JSON.stringify({ version: 1, type: 'doc', content: [{ type: 'paragraph', content }] });

describe('reality 09: a mention nobody asked for', () => {
  it('a person without a counterpart is a name that mentions nobody', () => {
    const text = doc(
      { type: 'text', text: 'ask ' },
      { type: 'mention', attrs: { id: '557058:1', text: '@Bob Lee' } },
      { type: 'text', text: ' or @alice' },
    );
    assert.equal(to('markdown', 'adf', text), `ask @${J}Bob Lee or @${J}alice`);
    assert.equal(to('textile', 'adf', text), 'ask &#64;Bob Lee or &#64;alice');
    assert.equal(to('jira-wiki', 'adf', text), 'ask @Bob Lee or @alice', 'only [~name] mentions there');
  });

  it('neither does a literal @bob of the same markup, wherever Redmine would find it', () => {
    const from = '@bob and (@bob) `@bob` é@bob\n\n> @bob';
    assert.equal(to('markdown', 'markdown', from), from.replaceAll('@', `@${J}`));
    assert.equal(to('textile', 'textile', 'x @bob y\n* @bob'), 'x &#64;bob y\n* &#64;bob');
    assert.equal(to('textile', 'textile', 'run @bob@ and @x y@, @bob'), `run @${J}bob@ and @${J}x y@, &#64;bob`);
    assert.equal(
      to('textile', 'markdown', 'see `@bob`'),
      to('textile', 'textile', to('textile', 'markdown', 'see `@bob`')),
    );
  });

  it('inline code of Textile, whose sign is an @, is written so that it mentions nobody', () => {
    assert.equal(
      to('textile', 'markdown', 'run `npm install` as `bob`'),
      'run <code>npm install</code> as <code>bob</code>',
    );
    assert.equal(to('textile', 'markdown', '`*x*` or `(a)`'), '@*x*@ or @(a)@');
    assert.equal(to('textile', 'textile', 'x <code>a @bob</code>'), `x <code>a @${J}bob</code>`);
    for (const text of ['run `npm install` as `bob`', '`a @bob`', '`a|b`', '`bob </code>`'])
      assert.equal(to('markdown', 'textile', to('textile', 'markdown', text)), to('markdown', 'markdown', text));
  });

  it('e-mail addresses, addresses of pages and code that never mentions stay as they are', () => {
    for (const text of [
      'mail bob@example.org or a.b_c@example.org',
      'see https://example.org/@bob/x and <https://example.org/@bob>',
      '```\n@Override\n```',
      '~~~ java\n@Test\n~~~',
      'a @ b',
    ])
      assert.equal(to('markdown', 'markdown', text), text);
    assert.equal(to('markdown', 'text', 'ann.lee@example.org'), 'ann.lee\\@example.org');
    assert.equal(to('markdown', 'text', 'joe@bob'), `joe\\@${J}bob`, 'behind a backslash Redmine finds bob');
    assert.equal(to('textile', 'textile', '<pre>\n@Override\n</pre>'), '<pre>\n@Override\n</pre>');
    assert.equal(to('textile', 'html', '<pre>@Test\nx</pre>'), '<pre>\n@Test\nx\n</pre>');
  });

  it('Azure DevOps’ Markdown is kept from @<id> alone', () => {
    const id = '8c8c7d32-6b1b-47f4-b2e9-30b477b5ab3d';
    assert.equal(to('markdown', 'html', `hi @bob, @&lt;${id}&gt;`, IDS), `hi @bob, @${J}<${id}>`);
  });

  it('vanishes in every other system, and does not add up', () => {
    const quiet = to('markdown', 'text', 'ask @bob, `@x`');
    for (const format of ['text', 'html', 'jira-wiki', 'adf'] as const)
      assert.ok(!to(format, 'markdown', quiet).includes(J), format);
    assert.equal(to('markdown', 'markdown', quiet), quiet);
    assert.equal(to('markdown', 'textile', to('textile', 'markdown', quiet)), quiet);
    const loud = to('textile', 'textile', 'a @bob b @x@');
    assert.equal(to('textile', 'textile', loud), loud);
    assert.ok(equalValues({ format: 'textile', content: loud }, { format: 'textile', content: 'a @bob b @x@' }));
    const own: RichText = { format: 'textile', content: '@bob' };
    assert.equal(withQuietMentions({ format: 'textile', content: '&#64;bob &#64;eve' }, own).content, '@bob &#64;eve');
    assert.equal(to('text', 'textile', to('textile', 'markdown', '`@bob` x')), '@bob x');
  });

  it('is nobody’s edit', () => {
    const own: RichText = { format: 'markdown', content: 'ask @bob' };
    const shown: RichText = { format: 'markdown', content: `ask @${J}bob` };
    assert.ok(equalValues(own, shown, 'richtext'));
    const target: RichText = { format: 'jira-wiki', content: 'ask @bob\n\nteh end' };
    const before: RichText = { format: 'markdown', content: `ask @${J}bob\n\nteh end` };
    const after: RichText = { format: 'markdown', content: 'ask @bob\n\nthe end' };
    assert.equal(mergeRichText({ target, before, after }).text.content, 'ask @bob\n\nthe end');
  });

  it('people whom the target mentions by its own stay mentioned, also in an edited paragraph', () => {
    const target: RichText = { format: 'markdown', content: 'ask @alice about teh @bob' };
    const before: RichText = { format: 'jira-wiki', content: 'ask @alice about teh @bob' };
    const after: RichText = { format: 'jira-wiki', content: 'ask @alice about the @bob, @carol' };
    assert.equal(mergeRichText({ target, before, after }).text.content, `ask @alice about the @bob, @${J}carol`);
    assert.equal(
      withQuietMentions({ format: 'markdown', content: `@${J}alice @dave` }, target).content,
      `@alice @${J}dave`,
    );
  });

  it('Jira’s own sign for a person is text where it was text', () => {
    assert.equal(to('jira-wiki', 'text', '[~bob] @bob'), '\\[\\~bob\\] @bob');
  });

  it('takes no time', () => {
    for (const one of ['@', '@a ', '```@', '://@', '<pre>@', '@@a', '@\u2060'])
      for (const format of ['markdown', 'textile'] as const) {
        const start = performance.now();
        withQuietMentions({ format, content: one.repeat(60_000) }, { format, content: one.repeat(60_000) });
        assert.ok(performance.now() - start < 3_000, `${one} ${performance.now() - start} ms`);
      }
  });
});

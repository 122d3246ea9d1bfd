/** The author line in front of a comment's copy: on, through a system and its writer, and off again. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { equalValues } from '../../lib/mapping/compare';
import type { Frame, RichText, RichTextFormat } from '../../lib/model/values';
import { convert, parse, render, withFrame, withoutFrame } from '../../lib/richtext';
import { putOn, takeOff } from '../../lib/richtext/frame';
import { lineOf } from '../../lib/richtext/frame/line';
import { lineIn } from '../../lib/richtext/frame/pattern';
import { type Paragraph, paragraph, type Tree, text as words } from '../../lib/richtext/tree';
import { anyText, tameTree, wildTree } from './arbitrary';
import { canon } from './canon';
import { FORMATS } from './corpus';

const FRAME: Frame = {
  url: 'https://redmine.example.org/issues/41?a=1&b=2#note-7',
  by: 'Ann Lee',
  at: '2026-11-29T10:32:05.000Z',
  of: 'Redmine A',
};
const textOf = (format: RichTextFormat, content: string): RichText => convert({ format: 'text', content }, format).text;
const off = (text: RichText, own?: RichText, frame = FRAME): RichText => withoutFrame(text, frame, own);
const content = ({ format, content: words }: RichText): RichText => ({ format, content: words });

describe('The author line', function () {
  this.timeout(120_000);

  for (const [format, line] of [
    ['text', 'Ann Lee wrote on 2026-11-29 10:32 UTC: (https://redmine.example.org/issues/41?a=1&b=2#note-7)\n\nHello'],
    [
      'markdown',
      '[**Ann Lee** wrote on 2026-11-29 10:32 UTC:](https://redmine.example.org/issues/41?a=1\\&b=2#note-7)\n\nHello',
    ],
    [
      'html',
      '<p><a href="https://redmine.example.org/issues/41?a=1&amp;b=2#note-7"><strong>Ann Lee</strong> wrote on 2026-11-29 10:32 UTC:</a></p>\n<p>Hello</p>',
    ],
  ] as const) {
    it(`is one line in front of the text in ${format}`, () => {
      assert.equal(withFrame({ ...textOf(format, 'Hello'), frame: FRAME }).content, line);
    });
  }

  it('says what is known', () => {
    const words = (frame: Frame) => withFrame({ format: 'text', content: '', frame }).content.trim();
    assert.equal(words({ by: 'Ann Lee' }), 'Ann Lee wrote:');
    assert.equal(words({ of: 'Redmine A' }), 'Comment from Redmine A:');
    assert.equal(words({ of: 'Redmine A', at: FRAME.at }), 'Comment from Redmine A, 2026-11-29 10:32 UTC:');
    assert.equal(words({ at: 'yesterday', by: ' \n' }), 'Comment from the other system:');
  });

  for (const format of FORMATS) {
    it(`is written in ${format} as any other text is, whatever it says`, () => {
      const word = fc.oneof(fc.stringMatching(/^[A-Za-z0-9]{1,8}$/), fc.string({ unit: 'grapheme', maxLength: 8 }));
      const name = fc.array(word, { maxLength: 3 }).map((all) => all.join(' '));
      const sign = fc.constantFrom(
        '.',
        ':',
        '=',
        '?',
        '#',
        '%',
        '-',
        '/',
        '/#',
        '_',
        '~',
        '*',
        '--',
        '//',
        '&',
        '@',
        ')',
      );
      const place = fc.array(fc.tuple(sign, fc.stringMatching(/^[A-Za-z0-9]{1,5}$/)), { maxLength: 6 });
      const url = fc
        .tuple(fc.constantFrom('https://', 'http://', '/', 'HTTPS://'), place)
        .map(([scheme, parts]) => `${scheme}host${parts.flat().join('')}`);
      const at = fc.date({ noInvalidDate: true, min: new Date(0) }).map((time) => time.toISOString());
      const frames = fc.record(
        { by: name, of: name, url, at: fc.oneof(at, fc.constant('then')), edited: fc.constant(true as const) },
        { requiredKeys: [] },
      );
      const dialect = fc.constantFrom(undefined, { hardBreaks: true }, { mentions: 'ids' as const, plainTags: true });
      fc.assert(
        fc.property(frames, dialect, (frame, own) => {
          const text: RichText = { format, content: 'Hello', ...(own && { dialect: own }) };
          const write = (line: Paragraph): string =>
            render({ type: 'root', children: [line] }, format, { into: own ?? {} }).text.content;
          assert.equal(lineIn(frame, text, write), write(lineOf(frame)));
        }),
        { numRuns: 3_000 },
      );
    });

    const runs = 2_000;
    it(`comes off again in ${format}, and leaves the text byte for byte`, () => {
      fc.assert(
        fc.property(fc.oneof(tameTree, wildTree), (tree) => {
          const { text } = render(tree, format);
          const framed = withFrame({ ...text, frame: FRAME });
          assert.notEqual(framed.content, text.content);
          assert.equal(off(framed).content, text.content);
          const edited = render({ ...tree, children: [...tree.children, paragraph([words('edited')])] }, format).text;
          assert.equal(off(withFrame({ ...edited, frame: FRAME }), text).content, edited.content);
        }),
        { numRuns: runs },
      );
    });

    it(`comes off in ${format} whatever stands in the text`, () => {
      fc.assert(
        fc.property(anyText, (any) => {
          const text: RichText = { format, content: any };
          const framed = withFrame({ ...text, frame: FRAME });
          // what is no document is refused by the system, and not framed
          if (framed.content === any) return;
          if (format === 'adf') assert.ok(equalValues(content(off(framed)), text));
          else assert.equal(off(framed).content, any);
        }),
        { numRuns: runs },
      );
    });

    it(`comes off in ${format} after a system has read and written the text in its own way`, () => {
      fc.assert(
        fc.property(tameTree, (tree) => {
          const { text } = render(tree, format);
          const stored = render(parse(withFrame({ ...text, frame: FRAME })), format).text;
          assert.equal(canon(parse(off(stored))), canon(parse(render(parse(text), format).text)));
        }),
        { numRuns: 300 },
      );
    });

    it(`leads to an address of the same server as well in ${format}`, () => {
      const frame = { ...FRAME, url: '/twinflow/sandbox/#one%201/1/2' };
      const text = textOf(format, 'Hello');
      assert.equal(off(withFrame({ ...text, frame }), text, frame).content, text.content);
      assert.match(withFrame({ ...text, frame }).content, /sandbox/);
    });

    it(`is recognized in ${format} by its address, whatever has become of its words`, () => {
      const text = textOf(format, 'Hello');
      const other = withFrame({ ...text, frame: { ...FRAME, by: 'Somebody *else*', at: undefined } });
      assert.equal(off(other).content, text.content);
      const elsewhere = withFrame({ ...text, frame: { ...FRAME, url: 'https://redmine.example.org/issues/42' } });
      assert.equal(off(elsewhere).content, elsewhere.content);
    });

    it(`is data in ${format}: a name is escaped, cut, on one line, and mentions nobody`, () => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string({ unit: 'grapheme' }),
            fc.constantFrom('@bob', '](x)', '*a*', '"x":y', '|', ']', '</a><script>', 'a\nb', '!x!', '\\'),
          ),
          (by) => {
            const text = textOf(format, 'Hello');
            const frame = { ...FRAME, by };
            const framed = withFrame({ ...text, frame });
            assert.equal(off(framed, undefined, frame).content, text.content, framed.content);
          },
        ),
        { numRuns: 500 },
      );
      const long = withFrame({ ...textOf(format, 'Hello'), frame: { ...FRAME, by: 'x'.repeat(5_000) } });
      assert.ok(long.content.length < 1_000);
      const tagged = withFrame({ ...textOf(format, 'Hello'), frame: { ...FRAME, by: '@bob' } }).content;
      if (format === 'markdown' || format === 'textile') assert.doesNotMatch(tagged, /@bob/);
    });

    it(`of a text that itself begins with such a line is taken off once in ${format}`, () => {
      const text = withFrame({ ...textOf(format, 'Hello'), frame: { ...FRAME, by: 'Mallory' } });
      const framed = withFrame({ ...text, frame: FRAME });
      assert.ok(equalValues(content(off(framed, text)), text));
      // somebody has deleted the line: what is left is the text
      assert.ok(equalValues(content(off(text, text)), text));
    });

    it(`in a quote, or further down, is none in ${format}`, () => {
      const line = parse(withFrame({ ...textOf(format, ''), frame: FRAME })).children;
      const reply = parse(textOf(format, 'I agree')).children;
      for (const children of [
        [{ type: 'quote' as const, children: line }, ...reply],
        [...reply, ...line],
      ]) {
        const { text } = render({ type: 'root', children }, format);
        assert.equal(off(text).content, text.content, text.content);
      }
    });
  }

  it('is recognized without an address by its words alone', () => {
    const frame: Frame = { by: 'Ann Lee', at: FRAME.at };
    for (const format of FORMATS) {
      const text = textOf(format, 'Hello');
      const framed = withFrame({ ...text, frame });
      assert.equal(off(framed, undefined, frame).content, text.content);
      assert.equal(off(text, undefined, frame).content, text.content);
    }
  });

  it('is recognized as a card, in a wrapper, with other words around its bold, with the text on its next line', () => {
    const url = FRAME.url ?? '';
    const card = (node: object) => JSON.stringify({ type: 'doc', version: 1, content: [node, { type: 'rule' }] });
    const rule = '{"type":"doc","version":1,"content":[{"type":"rule"}]}';
    const cases: [RichTextFormat, string, string][] = [
      [
        'adf',
        card({
          type: 'paragraph',
          content: [
            { type: 'inlineCard', attrs: { url } },
            { type: 'text', text: ' ' },
          ],
        }),
        rule,
      ],
      ['adf', card({ type: 'blockCard', attrs: { url } }), rule],
      ['jira-wiki', `[${url}|${url}|smart-link]\n\nHello`, 'Hello'],
      ['jira-wiki', `[Ann|${url}]:\r\nHello`, 'Hello'],
      ['markdown', `**[Ann Lee](${url})**:\nHello`, 'Hello'],
      ['markdown', `<${url}>\r\n\r\nHello`, 'Hello'],
      [
        'html',
        `<div><p><a href="${url.replace('&', '&amp;')}">Ann</a>:</p><div>Hello</div></div>`,
        '<div><div>Hello</div></div>',
      ],
      ['html', `<div><a href="${url}">Ann</a>:<br>Hello</div>`, '<div>Hello</div>'],
      ['html', `<div><b><a href="${url}" target="_blank" rel="noopener">Ann</a></b></div>Hello`, 'Hello'],
      ['textile', `"Ann":${url}\r\n\r\nHello`, 'Hello'],
    ];
    for (const [format, stored, left] of cases) assert.equal(off({ format, content: stored }).content, left, stored);
  });

  it('is no line with a word of a person in it', () => {
    const url = FRAME.url ?? '';
    for (const [format, stored] of [
      ['markdown', `[This](${url}) is wrong\n\nHello`],
      ['html', `<p><a href="${url}">This</a> is wrong</p>`],
      ['textile', `"This":${url} is wrong`],
      ['text', `See ${url}\n\nHello`],
    ] as const)
      assert.equal(off({ format, content: stored }).content, stored);
  });

  it('costs little, whatever the text', () => {
    for (const format of FORMATS) {
      for (const begin of ['[', '<a>', '"', '*', '{', '<div>', `[${FRAME.url}](`]) {
        const start = performance.now();
        off({ format, content: `${FRAME.url}${begin.repeat(50_000)}` });
        off({ format, content: begin.repeat(50_000) });
        assert.ok(performance.now() - start < 1_000, `${format} ${begin}`);
      }
    }
  });

  it('is written once for a comment, and not looked for in an answer that shows what was sent', () => {
    for (const format of FORMATS) {
      const asked: string[] = [];
      const tools = {
        parse: (text: RichText) => {
          asked.push('parse');
          return parse(text);
        },
        render: (tree: Tree, text: RichText) => {
          asked.push('render');
          return render(tree, text.format).text.content;
        },
      };
      const frame = { ...FRAME };
      const own = textOf(format, 'Hello');
      const sent = putOn({ ...own, frame }, tools);
      assert.deepEqual(putOn({ ...own, frame }, tools), sent);
      assert.deepEqual(takeOff(sent, frame, own, tools), { ...own, frame });
      assert.deepEqual(asked, ['render']);
      // another text is read, and the line written again in another format
      assert.equal(takeOff({ ...sent, content: `${sent.content} ` }, frame, own, tools).frame, frame);
      putOn({ ...textOf(format === 'html' ? 'text' : 'html', 'Hello'), frame }, tools);
      assert.deepEqual([asked[1], asked.at(-1)], ['parse', 'render']);
    }
  });

  it('never leads to an address that runs code', () => {
    const framed = withFrame({ format: 'html', content: 'Hello', frame: { ...FRAME, url: 'javascript:alert(1)' } });
    assert.doesNotMatch(framed.content, /javascript/);
  });
});

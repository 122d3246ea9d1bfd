import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mergeValues } from '../../lib/merge/values';
import type { RichText, RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText } from '../../lib/richtext';
import { anyText } from './arbitrary';
import { FORMATS, PAIRS } from './corpus';
import { unsafeIn } from './unsafe';

/** one text may take this long, on a slow and busy machine */
const LONGEST_MS = 2000;

/** What people with bad intent, or a bad paste, put into a text; and what it may hide behind. */
const DANGEROUS = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<a href="javascript:alert(1)">',
  "<a href='jav\tascript:alert(1)'>",
  '<a href="&#106;avascript&colon;alert(1)">',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>">',
  '<p style="background:url(javascript:alert(1))" onclick="x()">',
  '<math><mtext><style><img src=x onerror=alert(1)>',
  '<object data="data:text/html,x">',
  '<form action="javascript:x"><button>',
  '<base href="//evil.example/">',
  '</p>',
  '</a>',
  '<!--',
  '-->',
  '<![CDATA[',
  '[a](javascript:alert(1))',
  '[a](<javascript:alert(1)>)',
  '![a](javascript:alert(1))',
  '<javascript:alert(1)>',
  '[a][r]\n\n[r]: javascript:alert(1)',
  '"a":javascript:alert(1)',
  '"a":javascript://x%0aalert(1)',
  '!javascript:alert(1)!',
  '!x.png!:javascript:alert(1)',
  '[a|javascript:alert(1)]',
  '[javascript:alert(1)]',
  '[a|data:text/html,<script>x</script>]',
  '!data:image/svg+xml;base64,PHN2Zz4=!',
  '{"type":"text","text":"a","marks":[{"type":"link","attrs":{"href":"javascript:x"}}]}',
  'vbscript:x',
  '`',
  '```\n',
  '<pre>',
  '</pre>',
  '{code}',
  '{noformat}',
  '@',
  '\\',
  '"',
  "'",
  '>',
  '<',
  '&lt;script&gt;',
  '&#60;script&#62;',
  '\n',
  '\n\n',
  ' ',
  '|',
  '* ',
  'words',
];

const dangerous = fc
  .array(fc.constantFrom(...DANGEROUS), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''));
/** The same in a text of ADF: in words, in addresses and in nodes of which nothing is known. */
const dangerousAdf = fc.array(fc.constantFrom(...DANGEROUS), { minLength: 1, maxLength: 4 }).map((parts) => {
  const [text = 'x', href = 'javascript:x'] = [parts.join(' '), parts[0]];
  const content = [
    {
      type: 'text',
      text,
      marks: [
        { type: 'link', attrs: { href } },
        { type: 'textColor', attrs: { color: href } },
      ],
    },
    { type: 'inlineCard', attrs: { url: href } },
    { type: 'mention', attrs: { id: text, text } },
    { type: 'status', attrs: { text, color: href } },
    { type: 'emoji', attrs: { shortName: `:${text}:`, text } },
  ];
  const media = { type: 'media', attrs: { type: 'external', url: href, alt: text } };
  return JSON.stringify({
    version: 1,
    type: 'doc',
    content: [
      { type: 'paragraph', content },
      { type: 'mediaSingle', content: [media] },
      { type: 'embedCard', attrs: { url: href } },
      { type: 'codeBlock', attrs: { language: href }, content: [{ type: 'text', text }] },
      { type: 'expand', attrs: { title: text }, content: [{ type: 'paragraph', content }] },
      { type: 'panel', attrs: { panelType: 'custom', panelColor: href }, content: [] },
    ],
  });
});

const soon = <T>(work: () => T): T => {
  const start = performance.now();
  const result = work();
  assert.ok(performance.now() - start < LONGEST_MS, 'takes too long');
  return result;
};

describe('texts of bad intent', function () {
  // seconds alone, minutes on a machine that is busy
  this.timeout(120_000);

  for (const from of FORMATS) {
    const texts = from === 'adf' ? dangerousAdf : dangerous;
    it(`bring nothing from ${from} into any other format that runs`, () => {
      fc.assert(
        fc.property(texts, (content) => {
          for (const to of FORMATS.filter((format) => format !== from)) {
            const { text } = soon(() => convert({ format: from, content }, to));
            assert.deepEqual(unsafeIn(text), [], `${to}: ${text.content}`);
            const onward = FORMATS.filter((format) => format !== to && format !== 'text');
            for (const next of onward) {
              const twice = convert(text, next).text;
              assert.deepEqual(unsafeIn(twice), [], `${to} → ${next}: ${twice.content}`);
            }
          }
        }),
        { numRuns: 50 },
      );
    });
  }

  it('bring nothing into the other side by an edit', () => {
    fc.assert(
      fc.property(dangerous, dangerous, dangerous, fc.constantFrom(...PAIRS), (before, after, words, [from, to]) => {
        if (from === 'adf' || from === 'text') return;
        const [old, now] = [before, after].map((content): RichText => ({ format: from, content: `one\n\n${content}` }));
        if (!old || !now) return;
        const target = convert({ format: 'text', content: `one\n\n${words}` }, to).text;
        const { text } = soon(() => mergeRichText({ target, before: old, after: now }));
        assert.deepEqual(unsafeIn(text), [], text.content);
      }),
      { numRuns: 200 },
    );
  });

  it('do not become a link by words that are put beside each other', () => {
    const old = '[a|javascript:alert(1)]';
    const now = '"a":javascript://x%0aalert(1)';
    for (const [to, words] of [
      ['textile', now],
      ['jira-wiki', old],
    ] as const) {
      const [before, after] = to === 'textile' ? [old, now] : [now, old];
      const html = (content: string): RichText => ({ format: 'html', content: `one\n\n${content}` });
      const target = convert({ format: 'text', content: `one\n\n${before}` }, to).text;
      const { text } = mergeRichText({ target, before: html(before), after: html(after) });
      assert.deepEqual(unsafeIn(text), [], `${to}: ${text.content}`);
      assert.ok(convert(text, 'text').text.content.includes(words), text.content);
    }
  });

  it('bring nothing that runs into a text by a merge of two that have nothing of the kind', () => {
    const words = fc
      .array(fc.constantFrom(...DANGEROUS), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(words, words, words, fc.constantFrom(...FORMATS), (one, two, three, format) => {
        if (format === 'text') return;
        const [base, ours, theirs] = [one, two, three].map(
          (content) => convert({ format: 'html', content: `<p>one</p>${content}<p>last</p>` }, 'adf').text,
        );
        if (!base || !ours || !theirs) return;
        const texts = [base, ours, theirs].map((text) => convert(text, format).text);
        const [was, mine, there] = texts;
        if (!was || !mine || !there) return;
        const result = soon(() => mergeValues({ base: was, ours: mine, theirs: there, oursFirst: true }));
        const value = 'value' in result ? result.value : (result.decided?.('ours')?.value ?? null);
        if (typeof value !== 'object' || value === null || !('content' in value)) return;
        assert.deepEqual(unsafeIn({ format, content: value.content }), [], value.content);
      }),
      { numRuns: 150 },
    );
  });
});

describe('texts of no sense', function () {
  this.timeout(120_000);

  for (const format of FORMATS) {
    it(`are spliced into ${format}, and merged, without a fault and soon`, () => {
      const texts = fc.record({
        target: anyText,
        before: anyText,
        after: anyText,
        other: fc.constantFrom<RichTextFormat>(...FORMATS),
      });
      fc.assert(
        fc.property(texts, ({ target, before, after, other }) => {
          const there: RichText = { format, content: target };
          const { text } = soon(() =>
            mergeRichText({
              target: there,
              before: { format: other, content: before },
              after: { format: other, content: after },
            }),
          );
          assert.equal(text.format, format);
          const result = soon(() =>
            mergeValues({ base: convert(there, format).text, ours: text, theirs: there, oursFirst: true }),
          );
          assert.ok('value' in result || 'conflict' in result);
        }),
        { numRuns: 120 },
      );
    });
  }

  it('that were made to be slow are cut, compared and merged soon', () => {
    const made: [RichTextFormat, string][] = [
      ['html', '<p>a</p>'],
      ['html', '<ul><li>'],
      ['html', '<b><br>'],
      ['markdown', '- a\n'],
      ['markdown', '> a\n\n'],
      ['textile', '* a\n'],
      ['jira-wiki', '{panel}\n'],
      ['jira-wiki', '|a'],
    ];
    for (const [format, seed] of made) {
      const content = seed.repeat(Math.ceil(8_000 / seed.length));
      const [base, ours, theirs] = ['x', 'y', 'z'].map(
        (end): RichText => ({ format, content: `${content}\n\n${end}` }),
      );
      if (!base || !ours || !theirs) return;
      const start = performance.now();
      const result = mergeValues({ base, ours, theirs, oursFirst: true });
      assert.ok('value' in result || 'conflict' in result);
      assert.ok(performance.now() - start < 10_000, `${format}: ${seed}`);
    }
  });
});

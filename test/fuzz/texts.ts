/** Texts that nobody would write but somebody may file: what parsers take longest for, by format, from a seed. */

import type { RichText, RichTextFormat } from '../../lib/model/values';
import { casesOf } from '../richtext/corpus';

export type Random = () => number;

/** mulberry32: the same numbers for the same seed, everywhere. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

export const FUZZED = ['html', 'markdown', 'textile', 'jira-wiki', 'adf'] as const satisfies RichTextFormat[];

const COMMON = [
  ' ',
  '\n',
  '\n\n',
  '\t',
  'a',
  'word ',
  '1',
  '.',
  '-',
  '*',
  '_',
  '@',
  '&',
  '<',
  '>',
  '"',
  "'",
  '\\',
  '|',
  '\u00a0',
  'é',
  '😀',
  '\u2060',
  '@bob ',
  'https://a.example/b ',
  'x@y.example ',
];

const SIGNS: Record<Exclude<(typeof FUZZED)[number], 'adf'>, string[]> = {
  html: [
    '<b>',
    '</b>',
    '<i>',
    '<a href="x">',
    '</a>',
    '<div>',
    '</div>',
    '<p>',
    '<span style="color:red">',
    '</span>',
    '<table>',
    '<tr>',
    '<td>',
    '</table>',
    '<ul>',
    '<li>',
    '</ul>',
    '<pre>',
    '</pre>',
    '<!--',
    '-->',
    '<![CDATA[',
    '<script>',
    '</script>',
    '<style>',
    '<svg>',
    '<math>',
    '<font>',
    '<nobr>',
    '<a a=1 b=2 ',
    'x=',
    '<select>',
    '<option>',
    '<textarea>',
    '<template>',
    '<form>',
    '<p style="mso-list:l0 level1 lfo1">',
    '&amp;',
    '&lt;',
    '&#',
    '&nbsp;',
    '<img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">',
    '<details>',
    '<summary>',
    '<input type=checkbox>',
    '<h1>',
    '<br>',
    '</p>',
    '<plaintext>',
  ],
  markdown: [
    '[',
    ']',
    '(',
    ')',
    '![',
    '](x)',
    '][',
    '[a]: b\n',
    '[^1]',
    '[^1]: ',
    '`',
    '``',
    '```\n',
    '~~~',
    '~',
    '~~',
    '**',
    '***',
    '__',
    '> ',
    '>',
    '- ',
    '* ',
    '+ ',
    '1. ',
    '1) ',
    '- [ ] ',
    '# ',
    '| ',
    '|-',
    '| - |\n',
    '\n- - !a|',
    '    ',
    '  \n',
    '\\\n',
    '<a ',
    '<b>',
    '</b>',
    '<!--',
    '-->',
    '<script>',
    '<details>',
    '<table>',
    '&amp;',
    '&#',
    'www.',
    'http://',
    'a@b.c',
    '{{',
    '}}',
    '[[',
    ']]',
    '---\n',
    '===\n',
    '!',
    '<javascript:alert(1)>',
    '[a](javascript:alert(1))',
  ],
  textile: [
    '* ',
    '** ',
    '# ',
    '#* ',
    'h1. ',
    'bq. ',
    'p. ',
    'p=. ',
    '|',
    '|_. ',
    '|\\2. ',
    '"',
    '":',
    '":https://x ',
    '!',
    '!x.png!',
    '@',
    '_',
    '__',
    '*',
    '**',
    '-',
    '--',
    '+',
    '^',
    '~',
    '%',
    '%{color:red}',
    '??',
    '<pre>',
    '</pre>',
    '<code>',
    '</code>',
    '<notextile>',
    '{{',
    '}}',
    '{{collapse(x)\n',
    '[[',
    ']]',
    '[1]',
    'fn1. ',
    '> ',
    '==',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '&#64;',
    '&amp;',
    'table. ',
    '"a":javascript:alert(1) ',
  ],
  'jira-wiki': [
    '* ',
    '** ',
    '# ',
    '- ',
    '-- ',
    'h1. ',
    'bq. ',
    '|',
    '||',
    '{',
    '}',
    '{{',
    '}}',
    '{code}',
    '{code:java}',
    '{noformat}',
    '{quote}',
    '{panel:title=x}',
    '{panel}',
    '{color:red}',
    '{color}',
    '{info}',
    '{expand}',
    '[',
    ']',
    '[a|',
    '[~bob]',
    '[^a]',
    '!',
    '!x.png|width=2!',
    '*',
    '_',
    '-',
    '--',
    '---',
    '----\n',
    '+',
    '^',
    '~',
    '??',
    '\\',
    '\\\\',
    '{*}',
    '{anchor:x}',
    '(!)',
    ':)',
    '&#42;',
    '{toc}',
    '[javascript:alert(1)]',
  ],
};

const repeat = (part: string, size: number): string =>
  part.repeat(Math.max(1, Math.ceil(size / Math.max(1, part.length)))).slice(0, size);

/** One text in a format, of about that many characters. */
export function hostileText(random: Random, format: (typeof FUZZED)[number], size: number): RichText {
  if (format === 'adf') return { format, content: hostileDocument(random, size) };
  const signs = [...SIGNS[format], ...SIGNS[format], ...COMMON];
  const some = (most: number): string =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(random, signs)).join('');
  const content = (): string => {
    switch (Math.floor(random() * 7)) {
      case 0:
        return repeat(some(5), size);
      case 1:
        return some(3) + repeat(some(4), size) + some(3);
      case 2: {
        const [open, close] = [some(2), some(2)];
        return repeat(open, size / 2) + repeat(close, size / 2);
      }
      case 3: {
        let text = '';
        while (text.length < size) text += some(8);
        return text;
      }
      case 4: {
        // long runs of one sign among others
        let text = '';
        while (text.length < size) text += some(4) + repeat(pick(random, signs), Math.min(size / 4, 20_000 * random()));
        return text;
      }
      case 5: {
        const line = some(6);
        let text = '';
        for (let depth = 0; text.length < size; depth++)
          text += `${repeat(pick(random, [' ', '>', '*', '#', '-']), depth % 60)} ${line}\n`;
        return text;
      }
      default: {
        // what people write, put together wrongly
        let text = '';
        const cases = casesOf(format);
        while (text.length < size) {
          const { content: whole } = pick(random, cases).text;
          const at = Math.floor(random() * whole.length);
          text += whole.slice(at, at + 1 + random() * whole.length) + some(3);
        }
        return text;
      }
    }
  };
  return { format, content: content().slice(0, size) };
}

const MARKS = [
  { type: 'strong' },
  { type: 'em' },
  { type: 'code' },
  { type: 'link', attrs: { href: 'https://x.example' } },
  { type: 'link', attrs: { href: 'javascript:alert(1)' } },
  { type: 'textColor', attrs: { color: '#ff0000' } },
  { type: 'subsup', attrs: { type: 'sub' } },
];
const BLOCKS = [
  'paragraph',
  'bulletList',
  'orderedList',
  'listItem',
  'blockquote',
  'panel',
  'table',
  'tableRow',
  'tableCell',
  'expand',
  'taskList',
  'taskItem',
  'codeBlock',
  'heading',
  'layoutSection',
  'bodiedExtension',
  'mediaSingle',
  'unknown',
];

function hostileDocument(random: Random, size: number): string {
  if (random() < 0.1)
    return repeat(
      pick(random, ['[', '{"type":"doc"', '{"a":', ' ', '"', '{"type":"doc","version":1,"content":[']),
      size,
    );
  const nodes: unknown[] = [];
  const words = (): string =>
    repeat(pick(random, [...SIGNS.markdown, ...SIGNS['jira-wiki'], ...COMMON]), 1 + random() * 60);
  const leaf = (): unknown =>
    pick<() => unknown>(random, [
      () => ({ type: 'text', text: words(), marks: MARKS.filter(() => random() < 0.2) }),
      () => ({ type: 'text', text: words() }),
      () => ({ type: 'hardBreak' }),
      () => ({ type: 'mention', attrs: { id: '1', text: '@a' } }),
      () => ({ type: 'inlineCard', attrs: { url: 'javascript:alert(1)' } }),
    ])();
  let left = size;
  while (left > 0) {
    const depth = random() < 0.2 ? Math.floor(random() * 300) : Math.floor(random() * 6);
    let node: unknown = { type: 'paragraph', content: Array.from({ length: 1 + Math.floor(random() * 12) }, leaf) };
    const kind = pick(random, BLOCKS);
    for (let level = 0; level < depth; level++)
      node = { type: random() < 0.5 ? kind : pick(random, BLOCKS), content: [node] };
    nodes.push(node);
    left -= JSON.stringify(node).length;
  }
  return JSON.stringify({ version: 1, type: 'doc', content: nodes });
}

/** The text as somebody might edit it: a stretch replaced, doubled or taken out. */
export function edited(random: Random, text: RichText): RichText {
  const at = Math.floor(random() * text.content.length);
  const end = Math.min(text.content.length, at + Math.floor(random() * 40));
  const stretch = pick(random, ['', 'edited ', text.content.slice(at, end).repeat(2)]);
  return { ...text, content: text.content.slice(0, at) + stretch + text.content.slice(end) };
}

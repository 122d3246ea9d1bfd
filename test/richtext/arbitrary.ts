/** Trees for property tests: what people write in work items, with the signs of every markup among the words. */

import fc from 'fast-check';
import type { Block, Inline, ListItem, Table, TableCell, Tree } from '../../lib/richtext/tree';

const WORDS = [
  'the',
  'login',
  'fails',
  'when',
  'Ünïcode',
  '日本',
  'a_b_c',
  '2*3*4',
  'x^2',
  '~5',
  '-5',
  '+49',
  '#12',
  '# x',
  '* y',
  '- z',
  '1. a',
  'h1. t',
  'bq. q',
  '> q',
  '|x|',
  '||',
  '{x}',
  '{{x}}',
  '[x]',
  '[x](y)',
  '[[x',
  '!x',
  '!x!',
  '@bob',
  'a@b',
  '"q"',
  '<b>',
  '</b>',
  '<script>',
  '&amp;',
  '&',
  '&lt;',
  '\\',
  '\\*',
  '`',
  '``',
  '--',
  '---',
  '...',
  '(c)',
  ':)',
  '(/)',
  '*bold*',
  '_em_',
  '-del-',
  '+ins+',
  '^sup^',
  '~sub~',
  '@code@',
  '%x%',
  '??c??',
  '==x==',
  '**',
  '__',
  '$&',
  '😀',
  'C:\\temp\\new',
  'p. x',
  'table.',
  'fn1. x',
  'ABC(def)',
  'x[1]',
  "don't",
  '100%',
  ';)',
  ':smile:',
  '~~s~~',
  'foo:bar',
  '=',
  '===',
  '\\\\server\\share',
];

const word = fc.constantFrom(...WORDS);
export const anyWords = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(' '));
const plainWords = fc
  .array(fc.constantFrom('the', 'login', 'fails', 'again', 'Ünïcode', '日本'), { minLength: 1, maxLength: 4 })
  .map((w) => w.join(' '));
const url = fc.constantFrom(
  'https://example.org/',
  'https://example.org/a_b/c?d=e&f=g#h',
  'mailto:a@example.org',
  'http://x.test/(1)',
  'https://example.org/x*y~z',
);

/** @param words what texts are made of */
const inlineOf = (
  words: fc.Arbitrary<string>,
  depth: number,
  glued: boolean,
  within = false,
  linked = false,
): fc.Arbitrary<Inline[]> => {
  const leaf: fc.Arbitrary<Inline> = fc.oneof(
    { weight: 6, arbitrary: words.map((value): Inline => ({ type: 'text', value })) },
    { weight: within && !glued ? 0 : 1, arbitrary: words.map((value): Inline => ({ type: 'inlineCode', value })) },
  );
  if (depth <= 0) return fc.array(leaf, { minLength: 1, maxLength: 3 });
  const inner = inlineOf(words, depth - 1, glued, true, linked);
  const branch: fc.Arbitrary<Inline> = fc.oneof(
    fc.record({
      type: fc.constantFrom(
        'strong' as const,
        'emphasis' as const,
        'delete' as const,
        'underline' as const,
        'subscript' as const,
        'superscript' as const,
      ),
      children: inner,
    }),
    linked && !glued
      ? leaf
      : fc.record({
          type: fc.constant('colour' as const),
          color: fc.constantFrom('#ff0000', '#00ff7f'),
          children: glued ? inner : inlineOf(words, depth - 1, glued, true, true),
        }),
    linked
      ? leaf
      : fc.record({ type: fc.constant('link' as const), url, children: inlineOf(words, depth - 1, glued, true, true) }),
  );
  return fc.array(fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 2, arbitrary: branch }), {
    minLength: 1,
    maxLength: 4,
  });
};

const spaced = (nodes: Inline[]): Inline[] =>
  nodes.flatMap((node, at) => (at === 0 ? [node] : [{ type: 'text' as const, value: ' ' }, node]));

const image: fc.Arbitrary<Inline> = fc.record({
  type: fc.constant('image' as const),
  url: fc.constantFrom('https://example.org/a.png', 'https://example.org/b%20c.png'),
  alt: plainWords,
});

/** @param glued true where formatted words may touch others */
const anyInlines = (words: fc.Arbitrary<string>, glued: boolean): fc.Arbitrary<Inline[]> =>
  glued ? inlineOf(words, 2, true) : inlineOf(words, 2, false).map(spaced);

export const arbitraryBlocks = (words: fc.Arbitrary<string>, glued: boolean): fc.Arbitrary<Block[]> => {
  const inlines = anyInlines(words, glued);
  const lines = fc.oneof(
    { weight: 4, arbitrary: inlines },
    { weight: 2, arbitrary: fc.tuple(inlines, inlines).map(([a, b]): Inline[] => [...a, { type: 'break' }, ...b]) },
    { weight: 1, arbitrary: image.map((node) => [node]) },
  );
  const paragraph: fc.Arbitrary<Block> = lines.map((children) => ({ type: 'paragraph', children }));
  const list = (depth: number): fc.Arbitrary<Block> =>
    fc.record({
      type: fc.constant('list' as const),
      ordered: fc.boolean(),
      children: fc.array(
        fc.tuple(inlines, depth > 0 ? fc.option(list(depth - 1), { freq: 3 }) : fc.constant(null)).map(
          ([children, nested]): ListItem => ({
            type: 'listItem',
            children: [{ type: 'paragraph', children }, ...(nested ? [nested] : [])],
          }),
        ),
        { minLength: 1, maxLength: 3 },
      ),
    });
  const code: fc.Arbitrary<Block> = fc.record({
    type: fc.constant('code' as const),
    language: fc.constantFrom('ruby', 'java', undefined),
    value: fc.array(words, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n')),
  });
  const table: fc.Arbitrary<Table> = fc.integer({ min: 1, max: 3 }).chain((columns) =>
    fc.array(fc.array(inlines, { minLength: columns, maxLength: columns }), { minLength: 2, maxLength: 3 }).map(
      (rows): Table => ({
        type: 'table',
        children: rows.map((cells, index) => ({
          type: 'tableRow',
          children: cells.map(
            (children): TableCell => ({
              type: 'tableCell',
              ...(index === 0 ? { header: true } : {}),
              children: [{ type: 'paragraph', children }],
            }),
          ),
        })),
      }),
    ),
  );
  const block: fc.Arbitrary<Block> = fc.oneof(
    { weight: 4, arbitrary: paragraph },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('heading' as const),
        depth: fc.constantFrom(1 as const, 2 as const, 3 as const),
        children: inlines,
      }),
    },
    { weight: 2, arbitrary: list(2) },
    { weight: 1, arbitrary: code },
    { weight: 1, arbitrary: table },
    { weight: 1, arbitrary: fc.constant<Block>({ type: 'rule' }) },
    {
      weight: 1,
      arbitrary: fc
        .array(inlines, { minLength: 1, maxLength: 2 })
        .map(
          (parts): Block => ({ type: 'quote', children: parts.map((children) => ({ type: 'paragraph', children })) }),
        ),
    },
  );
  return fc.array(block, { minLength: 1, maxLength: 4 });
};

const tree = (children: Block[]): Tree => ({ type: 'root', children });

/** Trees whose texts are full of signs. */
export const wildTree: fc.Arbitrary<Tree> = arbitraryBlocks(anyWords, true).map(tree);
/** Trees of plain words: what every markup can hold. */
export const tameTree: fc.Arbitrary<Tree> = arbitraryBlocks(plainWords, false).map(tree);
/** Texts that no markup should choke on. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc
    .array(
      fc.oneof(
        word,
        fc.constantFrom(
          '\n',
          '\n\n',
          '    ',
          '\t',
          '|',
          '*',
          '{code}',
          '<pre>',
          '</pre>',
          '<ul><li>',
          '</div>',
          '[a|b]',
          '![',
          '](',
          '```',
          '> ',
          '{panel}',
        ),
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join('')),
);

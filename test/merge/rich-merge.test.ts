import assert from 'node:assert/strict';
import fc from 'fast-check';
import { baselines, planUpdate } from '../../lib/merge/fields';
import { keepRichText } from '../../lib/merge/rich-text';
import type { MergeInput, MergePlan } from '../../lib/merge/types';
import { mergeValues } from '../../lib/merge/values';
import type { FallbackPolicy } from '../../lib/model/config';
import type { RichText, RichTextFormat, Value } from '../../lib/model/values';
import { convert, parse, render } from '../../lib/richtext';
import { plainInline } from '../../lib/richtext/tree';
import { anyText } from '../richtext/arbitrary';

const FORMATS: RichTextFormat[] = ['html', 'markdown', 'textile', 'jira-wiki', 'adf'];

const rich = (format: RichTextFormat, content: string): RichText => ({ format, content });

function merged(base: RichText, ours: RichText, theirs: RichText, oursFirst = true): string {
  const result = mergeValues({ base, ours, theirs, oursFirst, type: 'richtext' });
  if ('conflict' in result) assert.fail(`${result.conflict}: ${base.content} / ${ours.content} / ${theirs.content}`);
  return typeof result.value === 'object' && result.value !== null && 'content' in result.value
    ? result.value.content
    : assert.fail('no rich text');
}

const mergedHtml = (base: string, ours: string, theirs: string): string =>
  merged(rich('html', base), rich('html', ours), rich('html', theirs));

/** A description in a markup of each system, whose row says `merge`, synced turn by turn. */
class Pair {
  readonly now: [RichText, RichText];
  private readonly base: [Value, Value];
  fallback: FallbackPolicy = 'newest';

  constructor(one: RichText, format: RichTextFormat) {
    const two = convert(one, format).text;
    this.now = [one, two];
    this.base = [one, two];
  }

  edit(side: 1 | 2, change: (content: string) => string): void {
    const text = this.now[side - 1 ? 1 : 0];
    this.now[side - 1 ? 1 : 0] = { ...text, content: change(text.content) };
  }

  sync(from: 1 | 2): MergePlan {
    const [source, target] = from === 1 ? ([0, 1] as const) : ([1, 0] as const);
    const input: MergeInput = {
      direction: from === 1 ? 'forward' : 'backward',
      wanted: { body: convert(this.now[source], this.now[target].format).text },
      mapped: { body: { from: ['body'], type: 'richtext', conflict: 'merge', fallback: this.fallback } },
      unresolved: {},
      source: { now: { body: this.now[source] }, base: { body: this.base[source] }, updatedAt: '2026-01-02' },
      target: { now: { body: this.now[target] }, base: { body: this.base[target] }, updatedAt: '2026-01-01' },
    };
    const kept = { ...input, wanted: keepRichText(input) };
    const plan = planUpdate(kept);
    const { body } = plan.write;
    if (typeof body === 'object' && body !== null && 'content' in body) this.now[target] = body;
    const after = { body: this.now[target] };
    const next = baselines(kept, plan, { after, ignored: {}, exact: true, created: false });
    this.base[source] = next.source.body ?? null;
    this.base[target] = next.target.body ?? null;
    return plan;
  }

  /** Nothing more is written, whichever side starts. */
  rests(): void {
    for (const side of [1, 2, 1] as const) assert.deepEqual(this.sync(side).write, {});
  }
}

/** The words of a text's paragraphs and items. */
function wordsOf(text: RichText): string[] {
  return parse(text).children.flatMap((block) => {
    if (block.type === 'paragraph') return [plainInline(block.children)];
    if (block.type !== 'list') return [];
    return block.children.flatMap(({ children }) =>
      children.flatMap((inner) => (inner.type === 'paragraph' ? [plainInline(inner.children)] : [])),
    );
  });
}

const words = (count: number): string[] => Array.from({ length: count }, (_, n) => `words ${n}`);

type Shape = 'paragraphs' | 'list';
const inBlocks = (lines: readonly string[], format: RichTextFormat, shape: Shape): RichText => {
  const paragraphs = lines.map((value) => ({
    type: 'paragraph' as const,
    children: [{ type: 'text' as const, value }],
  }));
  const items = paragraphs.map((paragraph) => ({ type: 'listItem' as const, children: [paragraph] }));
  return render(
    {
      type: 'root',
      children: shape === 'list' ? [{ type: 'list', ordered: false, children: items }] : paragraphs,
    },
    format,
  ).text;
};

interface Edit {
  at: number;
  what: 'insert' | 'change' | 'remove';
}

/** Edits of every second of twelve lines. */
function edited(lines: readonly string[], edits: readonly Edit[], odd: number, word: string): string[] {
  const result = lines.map((line): string[] => [line]);
  edits.forEach(({ at, what }, n) => {
    const index = 2 * at + odd;
    if (what === 'insert') result[index]?.push(`${word} ${n}`);
    else result[index] = what === 'change' ? [`${word} ${n}`] : [];
  });
  return result.flat();
}

const someEdits = fc.array(
  fc.record({ at: fc.nat(5), what: fc.constantFrom('insert' as const, 'change' as const, 'remove' as const) }),
  { maxLength: 3 },
);
const shapes = fc.constantFrom<Shape>('paragraphs', 'list');
const formats = fc.constantFrom(...FORMATS);

describe('Rich text that both sides edited (policy merge)', function () {
  // seconds alone, minutes on a machine that is busy
  this.timeout(120_000);

  it('keeps two paragraphs apart that both appended', () => {
    const of = (content: string): RichText => rich('markdown', content);
    assert.equal(
      merged(of('# Log\n\nfirst'), of('# Log\n\nfirst\n\nours'), of('# Log\n\nfirst\n\ntheirs')),
      '# Log\n\nfirst\n\nours\n\ntheirs',
    );
  });

  it('keeps what both added to one list in that list, and a paragraph behind it out of it', () => {
    const of = (content: string): RichText => rich('jira-wiki', content);
    assert.equal(
      merged(of('* a\n* b'), of('* a\n* b\n* ours'), of('* a\n* b\n* theirs')),
      '* a\n* b\n* ours\n* theirs',
    );
    assert.equal(
      merged(of('* a\n* b'), of('* a\n* b\n\nours'), of('* a\n* b\n* theirs')),
      '* a\n* b\n* theirs\n\nours',
    );
    assert.equal(
      mergedHtml(
        '<ul><li>a</li><li>b</li></ul>',
        '<ul><li>a</li><li>b</li><li>ours</li></ul>',
        '<ul><li>theirs</li><li>b</li></ul>',
      ),
      '<ul><li>theirs</li><li>b</li><li>ours</li></ul>',
    );
  });

  it('does not mix two blocks of code that both added', () => {
    const of = (content: string): RichText => rich('markdown', content);
    assert.equal(
      merged(of('a\n\nb'), of('a\n\n```\nours\n```\n\nb'), of('a\n\n```\ntheirs\n```\n\nb')),
      'a\n\n```\nours\n```\n```\ntheirs\n```\n\nb',
    );
  });

  it('merges lines of one block of code', () => {
    const of = (content: string): RichText => rich('textile', content);
    assert.equal(
      merged(of('<pre>\na\n\nb\nc\n</pre>'), of('<pre>\nours\n\nb\nc\n</pre>'), of('<pre>\na\n\nb\ntheirs\n</pre>')),
      '<pre>\nours\n\nb\ntheirs\n</pre>',
    );
    assert.equal(
      mergedHtml('<pre>a\n\nb\nc</pre>', '<pre>ours\n\nb\nc</pre>', '<pre>a\n\nb\ntheirs</pre>'),
      '<pre>ours\n\nb\ntheirs</pre>',
    );
  });

  it('leaves the HTML whole where an item goes that another follows', () => {
    assert.equal(
      mergedHtml(
        '<p>x</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>',
        '<p>x</p>\n<ul>\n<li>b</li>\n</ul>',
        '<p>x</p>\n<ul>\n<li>a</li>\n<li>theirs</li>\n</ul>',
      ),
      '<p>x</p>\n<ul>\n<li>theirs</li>\n</ul>',
    );
  });

  it('merges lines that a line break parts, and table rows', () => {
    assert.equal(
      mergedHtml('<div>a<br>b<br>c</div>', '<div>ours<br>b<br>c</div>', '<div>a<br>b<br>theirs</div>'),
      '<div>ours<br>b<br>theirs</div>',
    );
    const row = (...cells: string[]): string => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
    const table = (...rows: string[]): string => `<table><tbody>${rows.join('')}</tbody></table>`;
    assert.equal(
      mergedHtml(
        table(row('1', ''), row('2', '')),
        table(row('1', 'ours'), row('2', '')),
        table(row('1', ''), row('2', 'theirs'), row('3', '')),
      ),
      table(row('1', 'ours'), row('2', 'theirs'), row('3', '')),
    );
  });

  it('merges ADF by list items and table rows', () => {
    const paragraph = (text: string): object => ({ type: 'paragraph', content: [{ type: 'text', text }] });
    const list = (...items: string[]): object => ({
      type: 'bulletList',
      content: items.map((item) => ({ type: 'listItem', content: [paragraph(item)] })),
    });
    const table = (...rows: string[][]): object => ({
      type: 'table',
      attrs: { layout: 'wide' },
      content: rows.map((cells) => ({
        type: 'tableRow',
        content: cells.map((cell) => ({ type: 'tableCell', attrs: {}, content: [paragraph(cell)] })),
      })),
    });
    const of = (...content: object[]): RichText => rich('adf', JSON.stringify({ version: 1, type: 'doc', content }));
    const base = of(list('a', 'b', 'c'), table(['1', '2'], ['3', '4']));
    const ours = of(list('a', 'ours', 'c', 'more'), table(['1', 'ours'], ['3', '4']));
    const theirs = of(list('theirs', 'b', 'c', 'and more'), table(['1', '2'], ['3', 'theirs']));
    assert.equal(
      merged(base, ours, theirs),
      of(list('theirs', 'ours', 'c', 'more', 'and more'), table(['1', 'ours'], ['3', 'theirs'])).content,
    );
  });

  it('does not lose how a block looks, where that alone was changed', () => {
    assert.equal(
      mergedHtml('<p>a</p><p>b</p>', '<h2>a</h2><p>b</p>', '<p>a</p><p>theirs</p>'),
      '<h2>a</h2><p>theirs</p>',
    );
    const task = (state: string, text: string): object => ({
      type: 'taskItem',
      attrs: { localId: text, state },
      content: [{ type: 'text', text }],
    });
    const of = (...content: object[]): RichText =>
      rich('adf', JSON.stringify({ version: 1, type: 'doc', content: [{ type: 'taskList', attrs: {}, content }] }));
    assert.equal(
      merged(
        of(task('TODO', 'a'), task('TODO', 'b')),
        of(task('DONE', 'a'), task('TODO', 'b')),
        of(task('TODO', 'new'), task('TODO', 'a'), task('TODO', 'b')),
      ),
      of(task('TODO', 'new'), task('DONE', 'a'), task('TODO', 'b')).content,
    );
  });

  it('collides where both changed one paragraph, and says so', () => {
    const pair = new Pair(rich('markdown', 'one\n\ntwo'), 'jira-wiki');
    pair.fallback = 'system2';
    pair.edit(1, (text) => text.replace('one', 'ours'));
    pair.edit(2, (text) => text.replace('one', 'theirs'));
    assert.match(
      pair.sync(1).warnings[0]?.reason ?? '',
      /Changed on both sides, and both sides changed the same lines; the target value is kept/,
    );
    pair.sync(2);
    assert.deepEqual(
      pair.now.map(({ content }) => content),
      ['theirs\n\ntwo', 'theirs\n\ntwo'],
    );
    pair.rests();
  });

  it('does not turn code into text where one side takes away the fences and the other works on the code', () => {
    const of = (content: string): RichText => rich('markdown', content);
    const [base, ours, theirs] = [of('a\n\n```\nx\ny\n```\n\nz'), of('a\n\nz'), of('a\n\n```\nx\n<b>\ny\n```\n\nz')];
    const result = mergeValues({ base, ours, theirs, oursFirst: true });
    assert.ok('conflict' in result);
    assert.equal(result.decided?.('ours'), undefined);
  });

  it('leaves everything as it is written that nobody edited, in either markup', () => {
    const jira = 'h2. Steps\n\n{color:red}first{color} [~ann]\n\n* a +b+\n* {color:#00ff00}c{color}\n\n{toc}\n\nlast';
    const pair = new Pair(rich('jira-wiki', jira), 'markdown');
    pair.edit(2, (text) => text.replace('Steps', 'Steps to take').replace(/$/, '\n\nfrom two'));
    pair.edit(1, (text) => text.replace('* a +b+', '* a +b+\n* new').replace('last', 'last words'));
    pair.sync(1);
    pair.sync(2);
    assert.equal(
      pair.now[0].content,
      'h2. Steps to take\n\n{color:red}first{color} [~ann]\n\n* a +b+\n* new\n* {color:#00ff00}c{color}\n\n{toc}\n\nlast words\n\nfrom two',
    );
    assert.deepEqual(wordsOf(pair.now[1]), ['first @ann', 'a b', 'new', 'c', '{toc}', 'last words', 'from two']);
    pair.rests();
  });

  it('brings an edit of the target back that the source has not seen, when another edit of the source comes first', () => {
    const pair = new Pair(rich('html', '<p>one</p><p>two</p><p>three</p>'), 'markdown');
    pair.edit(2, (text) => text.replace('three', 'theirs'));
    pair.edit(1, (text) => text.replace('one', 'ours'));
    pair.sync(1);
    assert.equal(pair.now[1].content, 'ours\n\ntwo\n\ntheirs');
    pair.sync(2);
    assert.equal(pair.now[0].content.replaceAll('\n', ''), '<p>ours</p><p>two</p><p>theirs</p>');
    pair.rests();
  });

  it('property: edits of different blocks both survive, in any two markups, and come to rest after one round', () => {
    fc.assert(
      fc.property(someEdits, someEdits, shapes, formats, formats, (ones, twos, shape, left, right) => {
        const lines = words(12);
        const [one, two] = [edited(lines, ones, 0, 'one'), edited(lines, twos, 1, 'two')];
        const pair = new Pair(inBlocks(lines, left, shape), right);
        pair.now[0] = inBlocks(one, left, shape);
        pair.now[1] = inBlocks(two, right, shape);
        assert.deepEqual(pair.sync(1).warnings, []);
        pair.sync(2);
        const gone = lines.filter((line) => !one.includes(line) || !two.includes(line));
        const wanted = [...new Set([...one, ...two])].filter((line) => !gone.includes(line));
        for (const text of pair.now) assert.deepEqual(wordsOf(text).sort(), [...wanted].sort());
        assert.deepEqual(wordsOf(pair.now[0]), wordsOf(pair.now[1]));
        pair.rests();
      }),
      { numRuns: 150 },
    );
  });

  it('property: an edit of one side alone is taken as it is; equal edits are that edit', () => {
    fc.assert(
      fc.property(someEdits, shapes, formats, (edits, shape, format) => {
        const base = inBlocks(words(12), format, shape);
        const edit = inBlocks(edited(words(12), edits, 0, 'new'), format, shape);
        if (edit.content === '') return;
        assert.equal(merged(base, edit, base), edit.content);
        assert.equal(merged(base, base, edit), edit.content);
        assert.equal(merged(base, edit, edit), edit.content);
      }),
      { numRuns: 200 },
    );
  });

  it('property: whichever side merges, the result is one', () => {
    fc.assert(
      fc.property(someEdits, someEdits, shapes, formats, (ones, twos, shape, format) => {
        const base = inBlocks(words(12), format, shape);
        const [one, two] = [ones, twos].map((edits, odd) =>
          inBlocks(edited(words(12), edits, odd, `new${odd}`), format, shape),
        );
        if (!one || !two) return;
        assert.equal(merged(base, one, two, true), merged(base, two, one, false));
      }),
      { numRuns: 200 },
    );
  });

  it('property: any three texts are merged, or collide, without a fault and soon', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, formats, (base, ours, theirs, format) => {
        const start = performance.now();
        const [one, two, three] = [base, ours, theirs].map((content) => rich(format, content));
        if (!one || !two || !three) return;
        const result = mergeValues({ base: one, ours: two, theirs: three, oursFirst: true, type: 'richtext' });
        if ('value' in result && result.value !== null) assert.ok(typeof result.value === 'object');
        assert.ok(performance.now() - start < 2000);
      }),
      { numRuns: 500 },
    );
  });
});

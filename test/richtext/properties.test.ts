import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RichTextFormat } from '../../lib/model/values';
import { convert, parse, render } from '../../lib/richtext';
import { anyText, tameTree, wildTree } from './arbitrary';
import { canon } from './canon';
import { FORMATS, PAIRS } from './corpus';

const MARKUPS = FORMATS.filter((format) => format !== 'text');
/** one text may take this long, on a slow and busy machine */
const LONGEST_MS = 2000;

describe('rich text of any content', () => {
  for (const format of MARKUPS) {
    it(`keeps what every markup can hold exactly, written as ${format} and read again`, () => {
      fc.assert(
        fc.property(tameTree, (tree) => {
          assert.equal(canon(parse(render(tree, format).text)), canon(tree));
        }),
        { numRuns: 150 },
      );
    });

    it(`is the same after one turn through ${format}, whatever signs stand among the words`, () => {
      fc.assert(
        fc.property(wildTree, (tree) => {
          const once = parse(render(tree, format).text);
          assert.equal(canon(parse(render(once, format).text)), canon(once));
        }),
        { numRuns: 150 },
      );
    });

    it(`reads anything as ${format} without a fault and soon`, () => {
      fc.assert(
        fc.property(anyText, (content) => {
          const start = performance.now();
          for (const to of FORMATS) {
            const { text } = convert({ format, content }, to);
            assert.equal(typeof text.content, 'string');
          }
          assert.ok(performance.now() - start < LONGEST_MS);
        }),
        { numRuns: 150 },
      );
    });
  }

  for (const [from, to] of PAIRS.filter((pair) => !pair.includes('text'))) {
    it(`goes from ${from} to ${to} and back without a change, for what both can hold`, () => {
      fc.assert(
        fc.property(tameTree, (tree) => {
          const text = render(tree, from).text;
          const there = convert(text, to).text;
          assert.equal(canon(parse(convert(there, from).text)), canon(tree));
        }),
        { numRuns: 40 },
      );
    });
  }
});

describe('texts made to be slow', () => {
  const SEEDS: [RichTextFormat, string][] = [
    ['html', '<div>'],
    ['html', '<p><b>'],
    ['html', '<font color=a><p>'],
    ['html', '<table><tr><td>'],
    ['html', '<a href="x">'],
    ['html', '<!--'],
    ['markdown', '*a_ '],
    ['markdown', '>'],
    ['markdown', '[a]('],
    ['markdown', '![['],
    ['markdown', '- a\n'],
    ['markdown', '<div>\n\n'],
    ['textile', '*a '],
    ['textile', '"a":'],
    ['textile', '@a '],
    ['textile', '((('],
    ['textile', '|a'],
    ['textile', '<pre>'],
    ['textile', '{{collapse(x)\n'],
    ['textile', '#* a\n'],
    ['jira-wiki', '{{'],
    ['jira-wiki', '{panel:x}\n'],
    ['jira-wiki', '{quote}'],
    ['jira-wiki', '*a '],
    ['jira-wiki', '[^'],
    ['jira-wiki', '|a'],
    ['adf', '['],
    ['adf', '{"type":"doc","content":['],
  ];
  for (const [format, seed] of SEEDS) {
    it(`${format}: ${JSON.stringify(seed)} twenty thousand characters long`, function () {
      this.timeout(20_000);
      const content = seed.repeat(Math.ceil(20_000 / seed.length));
      const start = performance.now();
      const { text } = convert({ format, content }, format === 'textile' ? 'markdown' : 'textile');
      assert.equal(typeof text.content, 'string');
      assert.ok(performance.now() - start < 10_000);
    });
  }

  it('passes a text beyond the largest on as plain text, and says so', () => {
    const content = '*a* '.repeat(200_000);
    const { text, losses } = convert({ format: 'textile', content }, 'html');
    assert.ok(text.content.startsWith('<p>*a* *a*'));
    assert.deepEqual(
      losses.map(({ kind }) => kind),
      ['degraded'],
    );
    assert.match(losses[0]?.message ?? '', /has more than 500000 characters/);
  });

  it('reads nesting beyond any sense as text', () => {
    const deep = `${'<div>'.repeat(5000)}x`;
    assert.match(convert({ format: 'html', content: deep }, 'markdown').losses[0]?.message ?? '', /nested deeper/);
    const quotes = `${'>'.repeat(5000)} x`;
    assert.match(convert({ format: 'markdown', content: quotes }, 'html').losses[0]?.message ?? '', /nested deeper/);
    const json = `{"type":"doc","version":1,"content":[${'{"type":"panel","content":['.repeat(3000)}${']}'.repeat(3000)}]}`;
    assert.equal(typeof convert({ format: 'adf', content: json }, 'html').text.content, 'string');
  });
});

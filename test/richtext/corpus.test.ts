import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RichTextFormat } from '../../lib/model/values';
import { convert, mergeRichText, parse, render } from '../../lib/richtext';
import { blockKeys } from '../../lib/richtext/merge/key';
import { casesOf, FORMATS, PAIRS, partsOf } from './corpus';
import { PUBLISHED, publishedScores } from './score';
import { UNSAFE } from './unsafe';

/** Pairs with their exact output. `TWINFLOW_GOLDEN=write` writes it again; read it before you commit it. */
const GOLDEN: [RichTextFormat, RichTextFormat][] = [
  ['markdown', 'textile'],
  ['textile', 'markdown'],
  ['html', 'markdown'],
  ['html', 'textile'],
  ['html', 'jira-wiki'],
  ['markdown', 'html'],
  ['markdown', 'adf'],
  ['jira-wiki', 'html'],
  ['jira-wiki', 'markdown'],
  ['adf', 'jira-wiki'],
  ['adf', 'markdown'],
];

/** Cases that a format reads but has no way to write. */
const READ_ONLY = new Set([
  'markdown: html table',
  'markdown: html block of a table with attributes',
  'markdown: html paragraph aligned',
  // macros of Confluence, which Jira need not have
  'jira-wiki: status',
  'jira-wiki: statuses of each colour',
  'jira-wiki: table with a mention and a status',
  'jira-wiki: note, tip and warning',
  'jira-wiki: expand',
  'jira-wiki: table with a panel in a cell',
  // nodes of Confluence, which Jira may refuse
  'adf: tip panel',
  'adf: expand in an expand',
]);

describe('the corpus', () => {
  for (const [from, to] of GOLDEN) {
    it(`goes from ${from} to ${to} word for word as laid down`, () => {
      const file = `golden/${from}-to-${to}.txt`;
      const made = casesOf(from).map(({ name, text }) => ({ name, content: convert(text, to).text.content }));
      if (process.env.TWINFLOW_GOLDEN === 'write')
        writeFileSync(
          join(__dirname, 'corpus', file),
          made.map(({ name, content }) => `=== ${name}\n${content}\n`).join(''),
        );
      assert.deepEqual(made, partsOf(file));
    });
  }

  for (const [from, to] of PAIRS) {
    it(`comes back byte for byte from ${to} where the ${from} text was not touched`, () => {
      for (const { name, text } of casesOf(from)) {
        const there = convert(text, to).text;
        const stored = { ...there, content: `${there.content.replaceAll('\n', '\r\n')}  \r\n` };
        assert.equal(mergeRichText({ target: text, before: there, after: there }).text.content, text.content, name);
        assert.equal(mergeRichText({ target: text, before: there, after: stored }).text.content, text.content, name);
      }
    });
  }

  it('loses no word in any pair, and fares as docs/rich-text.md says', function () {
    this.timeout(120_000);
    const { table, lost } = publishedScores();
    assert.deepEqual(lost, []);
    assert.ok(readFileSync(PUBLISHED, 'utf8').includes(table), 'npx tsx test/richtext/score.ts --write');
  });

  for (const format of FORMATS) {
    it(`is the same content when ${format} is read, written and read again`, () => {
      for (const { name, text } of casesOf(format)) {
        const tree = parse(text);
        const written = render(tree, format).text;
        const again = render(parse(written), format).text;
        assert.equal(again.content, written.content, name);
        const keys = [tree, parse(written)].map(({ children }) => blockKeys(children).join('\n'));
        if (format !== 'text' && !READ_ONLY.has(`${format}: ${name}`)) assert.equal(keys[1], keys[0], name);
      }
    });

    it(`brings nothing that a browser would run from ${format} into HTML`, () => {
      for (const { name, text } of casesOf(format)) {
        const { content } = render(parse(text), 'html').text;
        assert.doesNotMatch(content, UNSAFE, name);
      }
    });

    it(`brings no unsafe address from ${format} into another format`, () => {
      for (const { name, text } of casesOf(format)) {
        if (!name.includes('unsafe') && !name.includes('script')) continue;
        for (const to of FORMATS.filter((other) => other !== 'text' && other !== format)) {
          const html = render(parse(convert(text, to).text), 'html').text.content;
          assert.doesNotMatch(html, UNSAFE, `${name} → ${to}`);
        }
      }
    });
  }
});

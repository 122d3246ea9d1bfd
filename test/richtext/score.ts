/**
 * Prints how well each pair of formats fares on the corpus, as the table in docs/rich-text.md:
 * `npx tsx test/richtext/score.ts` (with --write it puts the table there).
 *
 * exact: there and back without help gives the same content. readable: not the same, but every word is to be read in the
 * target. lost: a word is missing in the target. kept: with the text last in sync at hand, an untouched text comes back
 * byte for byte.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convert, mergeRichText, parse, type Tree } from '../../lib/richtext';
import { flatten } from '../../lib/richtext/inline';
import { blockKeys } from '../../lib/richtext/merge/key';
import type { Block } from '../../lib/richtext/tree';
import { casesOf, PAIRS } from './corpus';
import { EDIT_PAIRS, tallyOf } from './edits';

/** The words that people see in a tree. */
function words(tree: Tree): string[] {
  const found: string[] = [];
  const visit = (block: Block): void => {
    if ('title' in block && block.title) found.push(block.title);
    if (block.type === 'paragraph' || block.type === 'heading')
      for (const { node } of flatten(block.children)) {
        if (node.type === 'text' || node.type === 'inlineCode') found.push(node.value);
        else if (node.type === 'status') found.push(node.text);
        else if (node.type === 'wikiLink') found.push(node.text ?? node.page);
      }
    else if (block.type === 'code') found.push(block.value);
    else if ('children' in block)
      for (const child of block.children)
        if (child.type === 'tableRow') for (const cell of child.children) cell.children.forEach(visit);
        else if (child.type === 'listItem') child.children.forEach(visit);
        else visit(child);
  };
  tree.children.forEach(visit);
  return found.join(' ').match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Where the table is published. */
export const PUBLISHED = join(__dirname, '../../docs/rich-text.md');

export interface Score {
  exact: number;
  readable: number;
  lost: string[];
  kept: number;
  total: number;
}

/** The score of one pair. */
export function score(from: (typeof PAIRS)[number][0], to: (typeof PAIRS)[number][0]): Score {
  const result: Score = { exact: 0, readable: 0, lost: [], kept: 0, total: 0 };
  for (const { name, text } of casesOf(from)) {
    result.total++;
    const there = convert(text, to).text;
    const tree = parse(text);
    const seen = words(parse(there)).join(' ');
    const same =
      blockKeys(tree.children).join('\n') === blockKeys(parse(convert(there, from).text).children).join('\n');
    if (same) result.exact++;
    else if (words(tree).every((word) => seen.includes(word))) result.readable++;
    else result.lost.push(name);
    if (mergeRichText({ target: text, before: there, after: there }).text.content === text.content) result.kept++;
  }
  return result;
}

/** The table of the documentation, and the cases in which words are lost. */
export function publishedScores(): { table: string; lost: string[] } {
  const losing: string[] = [];
  const rows = PAIRS.map(([from, to]) => {
    const { exact, readable, lost, kept, total } = score(from, to);
    losing.push(...lost.map((name) => `${from} → ${to}: ${name}`));
    return `| ${from} → ${to} | ${total} | ${exact} | ${readable} | ${lost.length} | ${Math.round((100 * kept) / total)} % |`;
  });
  const head = [
    '| pair | cases | exact | readable | lost | untouched text kept |',
    '| --- | --: | --: | --: | --: | --: |',
  ];
  return { table: [...head, ...rows].join('\n'), lost: losing };
}

/** The table of edits in place. */
export function publishedEdits(): string {
  const sum = { edits: 0, exact: 0, reshaped: 0, lost: 0 };
  const rows = EDIT_PAIRS.map(([from, to]) => {
    const { tally } = tallyOf(from, to);
    const lost = tally.lost + tally.mediaLost;
    const edits = tally.exact + tally.reshaped + lost;
    sum.edits += edits;
    sum.exact += tally.exact;
    sum.reshaped += tally.reshaped;
    sum.lost += lost;
    return `| ${from} in ${to} | ${edits} | ${tally.exact} | ${tally.reshaped} | ${lost} |`;
  });
  const head = [
    '| edit made in … of a text in … | edits | exact | reshaped | lost |',
    '| --- | --: | --: | --: | --: |',
  ];
  return [...head, ...rows, `| all | ${sum.edits} | ${sum.exact} | ${sum.reshaped} | ${sum.lost} |`].join('\n');
}

if (require.main === module) {
  const { table, lost } = publishedScores();
  console.log(table);
  const edits = publishedEdits();
  console.log(edits);
  for (const one of lost) console.log(`words are lost in ${one}`);
  if (process.argv.includes('--write')) {
    const text = readFileSync(PUBLISHED, 'utf8');
    const put = (all: string, name: string, made: string): string =>
      all.replace(new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`), `$1\n${made}\n\n$2`);
    writeFileSync(PUBLISHED, put(put(text, 'score', table), 'edits', edits));
  }
}

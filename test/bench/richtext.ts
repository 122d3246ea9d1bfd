/**
 * Rich text: how long a text of 48 kB, the largest that people keep in an issue, takes to be read, and to be merged. The text
 * is a specification as people write it: headings, paragraphs, nested lists, tables, code, quotes, links. Prints JSON.
 */

import { mergeValues } from '../../lib/merge/values';
import type { RichText } from '../../lib/model/values';
import { convert, mergeRichText, parse } from '../../lib/richtext';

const SIZE = 48_000;
const ROUNDS = 15;

const WORDS = (
  'the service answers with an error when a user who has no access opens page that was moved yesterday in order to test ' +
  'it again after restart of node so we wait for their reply before next release and then close this issue'
).split(' ');

/** Numbers that look like chance, always the same. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A specification of about 48 kB. */
function specification(seed: number): string {
  const next = chance(seed);
  const some = (count: number): string => Array.from({ length: count }, () => WORDS[next(WORDS.length)]).join(' ');
  const sentence = (): string => `${some(8 + next(12)).replace(/^./, (first) => first.toUpperCase())}.`;
  const parts: string[] = [];
  let size = 0;
  const add = (part: string): void => {
    parts.push(part);
    size += part.length + 2;
  };
  for (let section = 1; size < SIZE; section++) {
    add(`## ${section}. ${some(4)}`);
    add(
      `${sentence()} ${sentence()} **${some(2)}** ${some(6)} \`option_${section}\` ${some(5)} [${some(2)}](https://example.org/${section}).`,
    );
    add(`${sentence()} _${some(3)}_ ${sentence()} ${sentence()}`);
    add([`- ${sentence()}`, `- [ ] ${some(6)}`, `- [x] ${some(5)}`, `  - ${sentence()}`, `  - ${some(7)}`].join('\n'));
    if (section % 3 === 0)
      add(
        [
          '| field | value | note |',
          '| --- | --: | --- |',
          ...Array.from({ length: 4 }, () => `| ${some(2)} | ${next(900)} | ${some(5)} |`),
        ].join('\n'),
      );
    if (section % 4 === 0)
      add(`\`\`\`js\nconst limit = ${next(99)};\nif (limit > 3) {\n  // ${some(5)}\n  run(limit);\n}\n\`\`\``);
    if (section % 5 === 0) add(`> ${sentence()}\n> ${sentence()}`);
    if (section % 6 === 0) add(`1. ${sentence()}\n2. ${sentence()}\n3. ${some(4)}`);
  }
  return parts.join('\n\n');
}

/** The middle one of several rounds, in milliseconds. */
function median(run: (round: number) => void): number {
  const times = Array.from({ length: ROUNDS }, (_, round) => {
    const start = performance.now();
    run(round);
    return performance.now() - start;
  });
  return Math.round((times.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0) * 10) / 10;
}

const markdown = (content: string): RichText => ({ format: 'markdown', content });

// each round has a text of its own: nothing can be remembered from the one before
const texts = Array.from({ length: ROUNDS }, (_, round) => specification(round + 1));
for (const text of texts.slice(0, 6)) parse(markdown(`${text}\n\nwarm`));
const read48kMs = median((round) => parse(markdown(texts[round] ?? '')));

/** One side edits an item of the last list and adds a paragraph, the other one edits the first heading. */
const cases = texts.map((text, round) => {
  const base = markdown(`${text}\n\nround ${round}`);
  const source = convert(base, 'html').text;
  const at = source.content.lastIndexOf('<li>') + '<li>'.length;
  const now: RichText = {
    format: 'html',
    content: `${source.content.slice(0, at)}Edited ${source.content.slice(at)}\n<p>Added at the end</p>`,
  };
  return { base, source, now, theirs: markdown(base.content.replace('## 1. ', '## 1. Changed ')) };
});

const merge48kMs = median((round) => {
  const one = cases[round];
  if (!one) return;
  const { text } = mergeRichText({ target: one.base, before: one.source, after: one.now });
  const both = mergeValues({ base: one.base, ours: text, theirs: one.theirs, type: 'richtext', oursFirst: true });
  const shown = 'value' in both ? JSON.stringify(both.value) : '';
  if (!shown.includes('Edited') || !shown.includes('Added at the end') || !shown.includes('Changed'))
    throw new Error('the merge has lost an edit');
});

console.log(JSON.stringify({ read48kMs, merge48kMs }));

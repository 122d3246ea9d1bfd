import assert from 'node:assert/strict';
import { FORMATS, history, mentionsIn, random, textOf } from './mentions-histories';

/** `TWINFLOW_MENTION_HISTORIES=2000 npx mocha test/richtext/mentions-come-back.test.ts` for more. */
const RUNS = Number(process.env.TWINFLOW_MENTION_HISTORIES ?? 240);
const WAYS = ['native', 'some', 'names'] as const;

describe('mentions come back as what they were', function () {
  this.timeout(600_000);
  const kinds = Object.keys(FORMATS);
  const pairs = kinds.flatMap((from) => kinds.map((to) => [from, to] as const));
  const each = Math.max(1, Math.ceil(RUNS / pairs.length));
  for (const [from, to] of pairs) {
    it(`${from} → ${to} → ${from}`, () => {
      for (let run = 0; run < each; run++) {
        const seed = run * 1000 + pairs.findIndex((pair) => pair[0] === from && pair[1] === to);
        const next = random(seed);
        const made = textOf(from, next);
        if (made.mentioned === 0) continue;
        const way = WAYS[next(3)] ?? 'names';
        const { a, words, links } = made;
        const told = `seed ${seed}, ${way}\n${a.content}`;
        assert.equal(mentionsIn(a, from, 'A').length, made.mentioned, `generator, ${told}`);
        const rest = history(from, to, way, made, (content) => content);
        assert.equal(rest.back.content, a.content, `nothing edited, ${told}\n--- B\n${rest.b.content}`);
        const place = words[next(words.length)] ?? '';
        const { b, edited, back } = history(from, to, way, made, (content) =>
          content.replace(new RegExp(`\\b${place}\\b`), next(2) ? 'edited' : `edited ${place}`),
        );
        const shown = `${told}\n--- B\n${b.content}\n--- edited\n${edited.content}\n--- back\n${back.content}`;
        assert.deepEqual(mentionsIn(back, from, 'A'), mentionsIn(a, from, 'A'), shown);
        if (edited.content !== b.content) assert.ok(back.content.includes('edited'), shown);
        for (const link of links) assert.ok(back.content.includes(link), `${link}, ${shown}`);
      }
    });
  }
});

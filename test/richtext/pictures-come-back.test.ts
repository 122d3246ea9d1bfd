import assert from 'node:assert/strict';
import { mentionsIn } from './mentions-histories';
import { FORMATS, pictured, pictureHistory, random, shownIn } from './pictures-histories';

/** `npm run histories:pictures` for 2,000. */
const RUNS = Number(process.env.TWINFLOW_PICTURE_HISTORIES ?? 240);

describe('pictures come back as what they were', function () {
  this.timeout(600_000);
  const kinds = Object.keys(FORMATS);
  const pairs = kinds.flatMap((from) => kinds.map((to) => [from, to] as const));
  const each = Math.max(1, Math.ceil(RUNS / pairs.length));
  for (const [from, to] of pairs) {
    it(`${from} → ${to} → ${from}`, () => {
      for (let run = 0; run < each; run++) {
        const seed = run * 1000 + pairs.findIndex((pair) => pair[0] === from && pair[1] === to);
        const next = random(seed);
        const made = pictured(from, next);
        if (made.pictures === 0) continue;
        const { a, words, links } = made;
        const [soon, later] = [next(4), next(3)];
        const early = (file: number): boolean => file < soon;
        const late = (file: number): boolean => early(file) || file < soon + later;
        const told = `seed ${seed}, ${soon}, ${later}\n${a.content}`;
        const all = shownIn(a, from, 'A', false);
        assert.equal(all.length, made.pictures, `generator, ${told}`);
        const rest = pictureHistory(from, to, made, early, late, (content) => content);
        const resting = `${told}\n--- B, early\n${rest.early.content}\n--- B\n${rest.b.content}`;
        const there = (isThere: (file: number) => boolean): string[] => all.filter((file) => isThere(Number(file)));
        assert.deepEqual(shownIn(rest.early, to, 'B', false), there(early), `early, ${resting}`);
        assert.deepEqual(shownIn(rest.b, to, 'B', false), there(late), `late, ${resting}`);
        assert.equal(rest.back.content, a.content, `nothing edited, ${resting}`);
        if (words.length === 0) continue;
        const place = words[next(words.length)] ?? '';
        const { b, edited, back } = pictureHistory(from, to, made, early, late, (content) =>
          content.replace(new RegExp(`\\b${place}\\b`), next(2) ? 'edited' : `edited ${place}`),
        );
        const shown = `${resting}\n--- edited\n${edited.content}\n--- back\n${back.content}`;
        assert.deepEqual(shownIn(back, from, 'A'), shownIn(a, from, 'A'), shown);
        assert.deepEqual(mentionsIn(back, from, 'A'), mentionsIn(a, from, 'A'), shown);
        if (edited.content !== b.content) assert.ok(back.content.includes('edited'), shown);
        for (const link of links) assert.ok(back.content.includes(link), `${link}, ${shown}`);
      }
    });
  }
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { EDIT_PAIRS, type Tally, tallyOf } from './edits';
import { PUBLISHED } from './score';

const all: Tally = { exact: 0, reshaped: 0, lost: 0, mediaLost: 0 };

describe('an edit in place', () => {
  const published = readFileSync(PUBLISHED, 'utf8');

  for (const [from, to] of EDIT_PAIRS) {
    it(`made in ${from} loses no word, container or picture of the ${to} text, and fares as docs/rich-text.md says`, function () {
      this.timeout(120_000);
      const { tally, failures } = tallyOf(from, to);
      assert.deepEqual(failures, []);
      const row = new RegExp(`^\\| ${from} in ${to} \\| (\\d+) \\| (\\d+) \\|`, 'm').exec(published);
      assert.ok(row, 'npx tsx test/richtext/score.ts --write');
      const made = tally.exact + tally.reshaped;
      assert.ok(tally.exact / made >= Number(row[2]) / Number(row[1]), `${tally.exact} of ${made} are exact`);
      for (const outcome of ['exact', 'reshaped', 'lost', 'mediaLost'] as const) all[outcome] += tally[outcome];
    });
  }

  it('is tried with three thousand edits, nearly all of which change nothing else', function () {
    if (all.exact === 0) this.skip(); // where the pairs were not run
    assert.ok(all.exact + all.reshaped >= 3_000, JSON.stringify(all));
    assert.ok(all.exact / (all.exact + all.reshaped) > 0.97, JSON.stringify(all));
    assert.deepEqual([all.lost, all.mediaLost], [0, 0]);
  });
});

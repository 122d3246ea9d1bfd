import assert from 'node:assert/strict';
import type { Fields, Value } from '../../lib/model/values';
import { simulate } from './run';

const RUNS = 12;

/** An automation that makes another state of each state that we write. */
const restate =
  (change: (state: string) => string) =>
  (fields: Fields): Fields | undefined => {
    const state: Value | undefined = fields.state;
    return typeof state === 'string' && change(state) !== state ? { state: change(state) } : undefined;
  };

/** "Edit 7", "Edit 7 b", "Edit 7 c", "Edit 7" … */
const next = (state: string): string => {
  const [, value = state, letter = 'a'] = /^(.*?)(?: ([bc]))?$/.exec(state) ?? [];
  return `${value}${{ a: ' b', b: ' c', c: '' }[letter] ?? ''}`;
};

describe('Systems that undo what we write (invariants 4 and 7)', function () {
  this.timeout(60_000);

  const quarrels = {
    'upper case here, lower case there': [(s: string) => s.toUpperCase(), (s: string) => s.toLowerCase()],
    'three values that come round': [next, next],
    'a value that grows with every write': [(s: string) => `${s}!`, (s: string) => `${s}!`],
  } as const;
  for (const [name, [one, two]] of Object.entries(quarrels)) {
    it(`${name}: come to rest, and the other fields are in sync`, async () => {
      for (let seed = 1; seed <= RUNS; seed += 1) {
        const report = await simulate(seed, { shape: 'pair', automation: { 1: restate(one), 2: restate(two) } });
        assert.deepEqual(report.loops, [], `seed ${seed}`);
        const others = [...report.diverged, ...report.lostEdits].filter((text) => !text.includes('.state '));
        assert.deepEqual(others, [], `seed ${seed}`);
        assert.deepEqual(report.duplicates, [], `seed ${seed}`);
      }
    });
  }
});

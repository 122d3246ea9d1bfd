/** The digest of a history: the same for the same history, and for no other. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../lib/store/store';
import { openMemoryStore } from '../store/memory';
import { Digest } from './digest';
import { simulate } from './run';
import { spoilt } from './spoilt';

const SEEDS = [1, 2, 3, 4, 5, 6];
/** for the command: as many as are shared out between two processes */
const [FIRST, RUNS] = [101, 60];

const digests = async (options?: Parameters<typeof simulate>[1]): Promise<string[]> => {
  const all: string[] = [];
  for (const seed of SEEDS) all.push((await simulate(seed, options)).digest);
  return all;
};

describe('The digest of a history', function () {
  this.timeout(300_000);

  it('is the same each time that it is played, and another one for each seed', async () => {
    const first = await digests();
    assert.deepEqual(await digests(), first);
    assert.equal(new Set(first).size, SEEDS.length);
    for (const digest of first) assert.match(digest, /^[0-9a-f]{16}$/);
  });

  it('is another one where the engine does something else', async () => {
    const sound = await digests();
    const broken = await digests({
      spoil: (store) =>
        spoilt(store, {
          land: async (landings) =>
            store.land(
              landings.map(({ ends: [one, two], ...landing }) => ({
                ...landing,
                ends: [
                  { ...one, baseline: {} },
                  { ...two, baseline: {} },
                ] as const,
              })),
            ),
        }),
    });
    assert.notDeepEqual(broken, sound);
  });

  it("is the same over the other rows of the store: no rule is SQLite's doing", async () => {
    assert.deepEqual(await digests({ open: openMemoryStore }), await digests());
  });

  it('does not depend on how many promises are waited for, where answers come apart', async () => {
    const slow = (store: Store): Store =>
      new Proxy(store, {
        get: (object, name, receiver) => {
          const method: unknown = Reflect.get(object, name, receiver);
          if (typeof method !== 'function') return method;
          return async (...args: unknown[]): Promise<unknown> => {
            const answer: unknown = await Reflect.apply(method, object, args);
            for (let more = 0; more < 7; more += 1) await undefined;
            return answer;
          };
        },
      });
    const apart = await digests({ apart: true });
    assert.deepEqual(await digests({ apart: true, spoil: slow }), apart);
    assert.notDeepEqual(apart, await digests());
  });

  it('does not tell in which order properties were set', () => {
    const [one, two, other] = [new Digest(), new Digest(), new Digest()];
    one.add('is', { a: 1, b: { c: [2, 3], d: null } });
    two.add('is', { b: { d: null, c: [2, 3] }, a: 1 });
    other.add('is', { a: 1, b: { c: [3, 2], d: null } });
    const digest = one.end();
    assert.equal(two.end(), digest);
    assert.notEqual(other.end(), digest);
  });

  it('is the same in one process and in several, and the command keeps a line for each seed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'twinflow-digest-'));
    const play = (jobs: number): { result: unknown; lines: string } => {
      const file = join(folder, `${jobs}`);
      const args = ['--runs', `${RUNS}`, '--seed', `${FIRST}`, '--jobs', `${jobs}`, '--json', '--digest-file', file];
      const command = ['--disable-warning=ExperimentalWarning', '--import', 'tsx', join(__dirname, 'cli.ts'), ...args];
      const { digest } = JSON.parse(execFileSync(process.execPath, command, { encoding: 'utf8' })) as {
        digest: unknown;
      };
      return { result: digest, lines: readFileSync(file, 'utf8') };
    };
    try {
      const [alone, together] = [play(1), play(2)];
      assert.deepEqual(together, alone);
      assert.match(String(alone.result), /^[0-9a-f]{16}$/);
      const seeds = alone.lines
        .trim()
        .split('\n')
        .map((line) => Number(line.split(' ')[0]));
      assert.deepEqual(
        seeds,
        Array.from({ length: RUNS }, (_, index) => FIRST + index),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Entities that refer to others, in the simulation. */

import assert from 'node:assert/strict';
import type { Store } from '../../lib/store/store';
import { faultsOf, type RunOptions, simulate } from './run';
import type { Shape } from './shapes';
import { spoilt } from './spoilt';

const RUNS = 15;
const MOST_RUNS = 10;

describe('References between entities', function () {
  this.timeout(300_000);

  for (const shape of ['pair', 'beside', 'twice', 'split', 'ring', 'overlap'] satisfies Shape[]) {
    it(`${shape}: each names the counterpart of what was named on the other side, ${RUNS} times`, async () => {
      for (let seed = 1; seed <= RUNS; seed += 1) {
        const found = faultsOf(await simulate(seed, { shape, references: true }));
        assert.deepEqual(found, [], `seed ${seed}`);
      }
    });
  }

  it('lists in which both sides wait for a counterpart are put together (seed 5074)', async () => {
    assert.deepEqual(faultsOf(await simulate(5074)), []);
  });

  it('are not those of another system in a ring with no way back', async () => {
    for (let seed = 1; seed <= RUNS; seed += 1) {
      const { wrongReferences } = await simulate(seed, { shape: 'wheel', references: true });
      assert.deepEqual(wrongReferences, [], `seed ${seed}`);
    }
  });

  const mutants: Record<string, RunOptions> = {
    'a reference is written with the source’s own id': { ownIds: true },
    'what waits for a counterpart is forgotten': {
      spoil: (store: Store) =>
        spoilt(store, { land: (landings) => store.land(landings.map(({ awaits: _, ...landing }) => landing)) }),
    },
    'counterparts are looked for in one’s own integration only': {
      spoil: (store: Store) => spoilt(store, { counterparts: async (_system, ids) => ids.map(() => []) }),
    },
  };
  for (const [name, options] of Object.entries(mutants)) {
    it(`are seen to be wrong where ${name}`, async () => {
      for (let seed = 1; seed <= MOST_RUNS; seed += 1) {
        const { wrongReferences } = await simulate(seed, { ...options, shape: 'beside', references: true });
        if (wrongReferences.length > 0) return;
      }
      assert.fail(`${MOST_RUNS} histories went by without a fault`);
    });
  }
});

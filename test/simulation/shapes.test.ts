/** Several integrations over shared systems. */

import assert from 'node:assert/strict';
import { faultsOf, simulate } from './run';
import type { Shape } from './shapes';

const RUNS = 40;
const SHAPES: readonly Shape[] = ['beside'];

describe('Several integrations over shared systems', function () {
  this.timeout(300_000);

  for (const shape of SHAPES) {
    it(`${shape}: nothing is lost, doubled or written without end, ${RUNS} times`, async () => {
      for (let seed = 1; seed <= RUNS; seed += 1) {
        const found = faultsOf(await simulate(seed, { shape }));
        assert.deepEqual(found, [], `npm run simulate -- --shape ${shape} --runs 1 --seed ${seed}`);
      }
    });
  }
});

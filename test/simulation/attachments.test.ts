/** Attachments in random histories: crashes in the middle of uploads, lost answers, equal names and sizes, deletions on the way. */

import assert from 'node:assert/strict';
import { faultsOf, simulate } from './run';

const SHOWN = {
  lost: 'a store that is lost',
  restored: 'a store that is set back',
  ring: 'three systems in a ring',
  split: 'one integration for each way',
  twice: 'two integrations for the same items',
};

describe('simulation: attachments', function () {
  this.timeout(120_000);

  it('are there once on both sides, with their own bytes, whatever crashes', async () => {
    let crashes = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const report = await simulate(seed, { shape: 'pair', files: true, comments: seed % 4 === 0 });
      assert.deepEqual(faultsOf(report), [], `seed ${seed}`);
      crashes += report.crashes;
    }
    assert.ok(crashes > 50, `${crashes} crashes`);
  });

  for (const shape of ['lost', 'restored', 'ring', 'split', 'twice'] as const)
    it(`are there once with ${SHOWN[shape]}`, async () => {
      for (let seed = 100; seed < 106; seed += 1) {
        const report = await simulate(seed, { shape, files: true });
        assert.deepEqual(faultsOf(report), [], `seed ${seed}`);
      }
    });
});

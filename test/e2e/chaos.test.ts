/** A short run of `npm run chaos`, so that it keeps working; the long ones are run by hand. */

import assert from 'node:assert/strict';
import { chaos } from '../chaos/run';

describe('e2e/chaos: killed again and again between two HTTP systems', function () {
  this.timeout(180_000);

  it('1, 2, 4, 5: both sides are equal in the end, nothing is lost or doubled', async () => {
    const { details, ...report } = await chaos(4, 1);
    assert.deepEqual(details, []);
    assert.ok(report.created > 10 && report.updated > 10, `people did too little: ${JSON.stringify(report)}`);
    assert.deepEqual([report.kills, report.duplicates, report.lost, report.differences], [4, 0, 0, 0]);
  });
});

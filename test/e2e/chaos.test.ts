/** Short runs of `npm run chaos`, so that it keeps working; the long ones are run by hand. */

import assert from 'node:assert/strict';
import { chaos } from '../chaos/run';

describe('e2e/chaos: killed again and again', function () {
  this.timeout(240_000);

  it('1, 2, 4, 5: between two HTTP systems, items, comments and files are equal in the end, nothing is lost or doubled', async () => {
    const { details, ...report } = await chaos('azure-devops', 4, 1, {
      updated: 10,
      said: 10,
      reworded: 3,
      attached: 5,
    });
    assert.deepEqual(details, []);
    assert.ok(report.created > 5, `people did too little: ${JSON.stringify(report)}`);
    assert.deepEqual([report.kills, report.duplicates, report.lost, report.differences], [4, 0, 0, 0]);
  });

  it('1, 2, 4, 5, 13: between two sandboxes, items, comments and files are', async () => {
    const { details, ...report } = await chaos('sandbox', 4, 1, { said: 10, attached: 5 });
    assert.deepEqual(details, []);
    assert.deepEqual([report.kills, report.duplicates, report.lost, report.differences], [4, 0, 0, 0]);
  });
});

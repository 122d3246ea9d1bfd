/** A short run of `npm run chaos -- --systems ring`, so that it keeps working; the long ones are run by hand. */

import assert from 'node:assert/strict';
import { chaos } from '../chaos/run';
import { describeWith } from '../support/need';
import { redmine } from '../support/redmine';

describeWith('e2e/a ring of a real Redmine, Jira and Azure DevOps, killed again and again', redmine('a'), function () {
  this.timeout(600_000);

  it('1, 2, 4, 5: items, comments and files are equal in all three in the end, nothing is lost or doubled', async () => {
    const { details, ...report } = await chaos('ring', 2, 1, { created: 6, said: 10, attached: 4 });
    assert.deepEqual(details, []);
    assert.deepEqual([report.kills, report.duplicates, report.lost, report.differences], [2, 0, 0, 0]);
  });
});

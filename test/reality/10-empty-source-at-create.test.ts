/** What a create says of fields that are empty at the source: the target's defaults must not fill them without a word. */

import assert from 'node:assert/strict';
import { planCreate } from '../../lib/merge/fields';

describe('reality 10: an empty source field at create', () => {
  it('is passed to the target, and is not written as a value', () => {
    const plan = planCreate(
      { title: 'A', severity: null, tags: [] },
      { title: { from: ['summary'] }, severity: { from: ['priority'] }, tags: { from: ['labels'] } },
      {},
    );
    assert.deepEqual(plan.write, { title: 'A' });
    assert.deepEqual(plan.empty, ['severity', 'tags']);
  });

  it('is not reported if its row is for updates only, nothing feeds it, or its value has no counterpart', () => {
    const plan = planCreate(
      { title: 'A', late: null, constant: null, unknown: null },
      {
        title: { from: ['summary'] },
        late: { from: ['x'], syncWhen: 'update' },
        constant: { from: [] },
        unknown: { from: ['y'] },
      },
      { unknown: { reason: 'no counterpart', value: { name: 'P9' } } },
    );
    assert.equal(plan.empty, undefined);
  });
});

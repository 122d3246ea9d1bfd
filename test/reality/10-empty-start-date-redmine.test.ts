/** Redmine gives a new issue today as its start date: with an older due date it refuses the create. On the real server. */

import assert from 'node:assert/strict';
import { connectAs, scope, server } from '../connectors/redmine/server';
import { describeWith } from '../support/need';

describeWith('An empty start date in a new issue of Redmine', server, (redmine) => {
  before(() => redmine.reset());
  after(() => redmine.reset());

  it('stays empty, also with a due date of last year', async () => {
    const { connection } = connectAs(redmine, 'sync');
    const fields = { subject: 'Without a start', start_date: null, due_date: '2020-01-31' };
    const results = await connection.write?.(scope, [{ kind: 'create', project: '1', type: '1', fields }]);
    const [result] = results ?? [];
    if (!result?.ok) assert.fail(result?.error.message);
    assert.equal(result.entity.fields.start_date ?? null, null);
    assert.equal(result.ignored, undefined);
    const declared = await connection.fields('1', '1');
    assert.equal(declared.find(({ id }) => id === 'start_date')?.hasDefault, true);
    await connection.close?.();
  });
});

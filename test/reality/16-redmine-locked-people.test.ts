/** A locked person stays a member, and on the issues; nobody can be given an issue who is locked. On the real server. */

import assert from 'node:assert/strict';
import { connectAs, scope, server } from '../connectors/redmine/server';
import { describeWith } from '../support/need';

describeWith('16: a locked member of a Redmine project', server, (redmine) => {
  before(() => redmine.reset());
  after(() => redmine.reset());

  it('can no longer be selected, as far as the account can see', async () => {
    const admin = redmine.as('admin');
    const { users } = await admin.get<{ users: { id: number; login: string }[] }>('/users.json');
    const alice = users.find(({ login }) => login === 'alice');
    assert.ok(alice);
    await admin.put(`/users/${alice.id}.json`, { user: { status: 3 } });
    for (const [user, selectable] of [
      ['admin', false],
      ['sync', undefined],
    ] as const) {
      const { connection } = connectAs(redmine, user);
      const fields = await connection.fields(scope.projects[0] ?? '', '1');
      const people = fields.find(({ id }) => id === 'assigned_to')?.values ?? [];
      assert.equal(people.find(({ id }) => id === String(alice.id))?.selectable, selectable, user);
      assert.ok(people.filter(({ id }) => id !== String(alice.id)).every((one) => one.selectable === undefined));
      await connection.close?.();
    }
  });
});

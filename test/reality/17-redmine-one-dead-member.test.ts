/** A project that Redmine does not show any more is named, stops no other, and nothing of it is missed once it is back. */

import assert from 'node:assert/strict';
import type { ChangePage, Checkpoint, Connection } from '../../lib/connectors/connector';
import { SyncError } from '../../lib/model/errors';
import { connectAs, scope, server } from '../connectors/redmine/server';
import { describeWith } from '../support/need';

const BETA = '2';

describeWith('reality 17: a project that Redmine does not show', server, (redmine) => {
  const open: Connection[] = [];
  const connect = (): Connection => {
    const { connection } = connectAs(redmine, 'sync');
    open.push(connection);
    return connection;
  };
  before(() => redmine.reset());
  after(async () => {
    for (const connection of open) await connection.close?.();
    redmine.reset();
  });

  const poll = async (connection: Connection, since: Checkpoint | undefined) => {
    const pages: ChangePage[] = [];
    for await (const page of connection.changes(scope, since, 50)) pages.push(page);
    const last = pages.at(-1);
    return {
      ids: pages.flatMap(({ entities }) => entities.map(({ id }) => id)),
      missing: last?.missing ?? [],
      checkpoint: JSON.parse(JSON.stringify(last?.checkpoint)) as Checkpoint,
    };
  };

  it('a permission is taken away: nothing is gone, the others go on, and it is read from where it was left', async function () {
    this.timeout(60_000);
    const admin = redmine.as('admin');
    const make = async (project_id: number, subject: string): Promise<string> => {
      const { issue } = await redmine
        .as('admin')
        .post<{ issue: { id: number } }>('/issues.json', { issue: { project_id, tracker_id: 1, subject } });
      return String(issue.id);
    };
    const { memberships } = await admin.get<{
      memberships: { id: number; user?: { id: number; name: string }; roles: { id: number }[] }[];
    }>(`/projects/${BETA}/memberships.json`);
    const { id: syncId } = await connect()
      .identify()
      .then(({ user }) => user);
    const own = memberships.find(({ user }) => String(user?.id) === syncId);
    assert.ok(own, 'the account is a member');

    const connection = connect();
    const first = await poll(connection, await connection.newest(scope));
    await admin.put(`/projects/${BETA}.json`, { project: { is_public: false } });
    await admin.delete(`/memberships/${own.id}.json`);
    const [hidden, seen] = [await make(2, 'Hidden'), await make(1, 'Seen')];

    // the same process does not look at once, and keeps in mind that it did not
    const second = await poll(connection, first.checkpoint);
    assert.ok(second.ids.includes(seen) && !second.ids.includes(hidden));
    const third = await poll(connect(), second.checkpoint);
    assert.match(third.missing.map(({ why }) => why).join(), /no longer has the project "2", or does not show it/);
    const [result] = await connection.read(scope, [hidden]);
    assert.ok(result instanceof SyncError, 'out of sight is not gone');

    const later = await make(2, 'Hidden later');
    const fourth = await poll(connect(), third.checkpoint);
    assert.ok(!fourth.ids.includes(later));
    const roles = own.roles.map(({ id }) => id);
    await admin.post(`/projects/${BETA}/memberships.json`, {
      membership: { user_id: Number(syncId), role_ids: roles },
    });
    const back = await poll(connect(), fourth.checkpoint);
    assert.ok(back.ids.includes(hidden) && back.ids.includes(later), back.ids.join());
    assert.deepEqual(back.missing, []);
    assert.ok(!('away' in back.checkpoint));
  });
});

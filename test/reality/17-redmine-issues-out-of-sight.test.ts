/**
 * A project stays visible, and its issues do not: a Redmine role loses the permission View Issues, or shows fewer trackers or
 * only the account's own issues. Redmine answers every list with 200 and nothing. Real server.
 */

import assert from 'node:assert/strict';
import type { ChangePage, Checkpoint, Connection, Scope } from '../../lib/connectors/connector';
import { SyncError } from '../../lib/model/errors';
import { connectAs, scope, server } from '../connectors/redmine/server';
import { describeWith } from '../support/need';
import { changeRole, type RoleChange } from '../support/redmine-roles';

/** The role of the account in both projects, as seeded. */
const MANAGER = 3;

describeWith('reality 17: issues of a visible project that Redmine does not show', server, function (redmine) {
  this.timeout(60_000);
  const open: Connection[] = [];
  const connect = (): Connection => {
    const { connection } = connectAs(redmine, 'sync');
    open.push(connection);
    return connection;
  };
  beforeEach(() => redmine.reset());
  after(async () => {
    for (const connection of open) await connection.close?.();
    redmine.reset();
  });

  /** One poll by a new process. @returns also what was read before it stopped */
  async function poll(since: Checkpoint | undefined, within: Scope = scope) {
    const pages: ChangePage[] = [];
    let error: SyncError | undefined;
    try {
      for await (const page of connect().changes(within, since, 50)) pages.push(page);
    } catch (thrown) {
      assert.ok(thrown instanceof SyncError);
      error = thrown;
    }
    const last = pages.at(-1);
    return {
      ids: pages.flatMap(({ entities }) => entities.map(({ id }) => id)),
      missing: (last?.missing ?? []).map(({ kind, id, why }) => `${kind} ${id}: ${why}`),
      checkpoint: JSON.parse(JSON.stringify(last?.checkpoint ?? since)) as Checkpoint,
      error,
    };
  }

  const make = async (tracker_id: number, more: object = {}): Promise<string> => {
    const issue = { project_id: 1, tracker_id, subject: `of tracker ${tracker_id}`, ...more };
    return String((await redmine.as('admin').post<{ issue: { id: number } }>('/issues.json', { issue })).issue.id);
  };
  const change = (role: RoleChange) => changeRole(redmine, MANAGER, role);
  const start = async (within: Scope = scope) => poll(await connect().newest(within), within);

  it('the permission is taken away: every project is named, nothing is gone, and it goes on where it was left', async () => {
    const known = await make(1);
    const first = await start();
    assert.deepEqual(first.missing, []);
    await change({ viewIssues: false });
    const hidden = await make(1);

    const second = await poll(first.checkpoint);
    assert.deepEqual(second.ids, []);
    assert.match(second.missing.join('\n'), /project 1: .*no issues of project "Alpha".*View Issues/);
    assert.match(second.missing.join('\n'), /project 2: .*no issues of project "Beta".*View Issues/);
    assert.equal(second.error?.kind, 'forbidden');
    for (const result of await connect().read(scope, [known, hidden]))
      assert.ok(result instanceof SyncError && result.kind === 'forbidden', 'out of sight is not gone');
    assert.equal((await poll(second.checkpoint)).error?.kind, 'forbidden', 'it stays so');

    await change({ viewIssues: true });
    const back = await poll(second.checkpoint);
    assert.ok(back.ids.includes(hidden), back.ids.join());
    assert.deepEqual([back.missing, back.error], [[], undefined]);
  });

  it('the permission is taken away for one tracker: that is named, and the others go on', async () => {
    const first = await start();
    await change({ trackers: [2, 3] });
    const [hidden, seen] = [await make(1), await make(2)];
    const second = await poll(first.checkpoint);
    assert.ok(second.ids.includes(seen) && !second.ids.includes(hidden));
    assert.match(second.missing.join('\n'), /project 1: .*tracker "Bug" in project "Alpha"/);
    const third = await poll(second.checkpoint);
    assert.equal(third.missing.length, 2, third.missing.join('\n'));
    await change({});
    const back = await poll(third.checkpoint);
    assert.ok(back.ids.includes(hidden), back.ids.join());
    assert.deepEqual(back.missing, []);
  });

  it('only its own issues are left: that is named, and those of others come once they are shown again', async () => {
    const first = await start();
    await change({ visibility: 'own' });
    const hidden = await make(1);
    const second = await poll(first.checkpoint);
    assert.ok(!second.ids.includes(hidden));
    assert.match(second.missing.join('\n'), /project 1: .*issues of other people in project "Alpha"/);
    await change({ visibility: 'all' });
    const back = await poll(second.checkpoint);
    assert.ok(back.ids.includes(hidden), back.ids.join());
    assert.deepEqual(back.missing, []);
  });

  it('private issues of others come once the role shows them, and a role that never did is no news', async () => {
    await change({ visibility: 'default' });
    const first = await start();
    assert.deepEqual(first.missing, []);
    await change({ visibility: 'all' });
    const second = await poll(first.checkpoint);
    await change({ visibility: 'default' });
    const hidden = await make(1, { is_private: true });
    const third = await poll(second.checkpoint);
    assert.ok(!third.ids.includes(hidden));
    assert.match(third.missing.join('\n'), /private issues of other people in project "Alpha"/);
    await change({ visibility: 'all' });
    assert.ok((await poll(third.checkpoint)).ids.includes(hidden));
  });

  it('a tracker that a project never had is no news', async () => {
    await redmine.as('admin').put('/projects/2.json', { project: { tracker_ids: [1] } });
    const first = await start();
    assert.deepEqual([first.missing, (await poll(first.checkpoint)).missing], [[], []]);
  });

  it('issue tracking is switched off in a project: that is what is named', async () => {
    const first = await start();
    await redmine.as('admin').put('/projects/2.json', { project: { enabled_module_names: ['wiki'] } });
    assert.match(
      (await poll(first.checkpoint)).missing.join('\n'),
      /project 2: Issue tracking is switched off .*"Beta"/,
    );
  });
});

/** One dead member decided for all: a project or type that was gone stopped polling; one issue's edit screen spoke for its type. */

import assert from 'node:assert/strict';
import type { ChangePage, Checkpoint, Connection } from '../../lib/connectors/connector';
import { asSyncError, SyncError } from '../../lib/model/errors';
import {
  BUG,
  connect,
  DEMO,
  type Deployment,
  edit,
  make,
  SUPP,
  scope,
  start,
  TASK,
  written,
} from '../connectors/jira/server';
import type { Jira, JiraOptions } from '../systems/jira';

describe('One dead member of a scope of Jira', () => {
  let jira: Jira;
  let ahead = 0;
  const open: Connection[] = [];
  const begin = async (options: JiraOptions = {}) => {
    ahead = 0;
    jira = await start({ now: () => Date.now() + ahead, ...options });
    const connection = connect(jira);
    open.push(connection);
    return connection;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close?.()));
    await jira.stop();
  });

  /** As another process, so that nothing is remembered. */
  const again = async () => {
    const connection = connect(jira);
    open.push(connection);
    return connection;
  };
  const poll = async (connection: Connection, since: Checkpoint | undefined) => {
    const pages: ChangePage[] = [];
    for await (const page of connection.changes(scope, since, 50)) pages.push(JSON.parse(JSON.stringify(page)));
    return {
      ids: pages.flatMap(({ entities }) => entities.map(({ id }) => id)),
      missing: pages.at(-1)?.missing,
      checkpoint: pages.at(-1)?.checkpoint,
    };
  };

  for (const deployment of ['cloud', 'datacenter'] as Deployment[]) {
    it(`a project that is gone is reported and left out, and the others are read (${deployment})`, async () => {
      const connection = await begin({ deployment });
      const since = await connection.newest(scope);
      // what it remembers of a minute ago does not count
      await connection.entityTypes(SUPP);
      jira.site.hidden.add(SUPP);
      const bug = make(jira, 'Meanwhile');
      const { ids, missing } = await poll(connection, since);
      assert.deepEqual(ids, [bug.id]);
      const why = 'Jira no longer has the project 10201, or does not show it to this account';
      assert.deepEqual(missing, [{ kind: 'project', id: SUPP, why }]);
      assert.ok(await connection.newest(scope));
      assert.ok((await connection.latest?.(scope, 5))?.some(({ id }) => id === bug.id));
    });
  }

  it('a project that is back is read from where it was left, however long that is ago', async () => {
    const connection = await begin();
    const since = await connection.newest(scope);
    jira.site.hidden.add(SUPP);
    const first = await poll(connection, since);
    const hidden = make(jira, 'While nobody could look', { project: SUPP });
    for (let day = 0; day < 3; day++) {
      ahead += 86_400_000;
      make(jira, `Day ${day}`);
    }
    const second = await poll(connection, first.checkpoint);
    assert.equal(second.ids.length, 3);
    jira.site.hidden.delete(SUPP);
    const third = await poll(await again(), second.checkpoint);
    assert.ok(third.ids.includes(hidden.id));
    assert.equal(third.missing, undefined);
    const fourth = await poll(await again(), third.checkpoint);
    assert.ok(!fourth.ids.includes(hidden.id), 'once');
  });

  it('an issue type that was deleted is reported and left out', async () => {
    const connection = await begin();
    const since = await connection.newest(scope);
    jira.site.withoutTypes.add(TASK);
    const bug = make(jira, 'Still a bug');
    const { ids, missing } = await poll(connection, since);
    assert.deepEqual(ids, [bug.id]);
    assert.deepEqual(
      missing?.map(({ kind, id }) => `${kind} ${id}`),
      ['type 10003'],
    );
  });

  it('polling stops with a reason where nothing is left, and loses nothing by that', async () => {
    const connection = await begin();
    const since = await connection.newest(scope);
    for (const project of [DEMO, SUPP]) jira.site.hidden.add(project);
    const bug = make(jira, 'Hidden');
    const error = asSyncError(await poll(connection, since).catch((thrown: unknown) => thrown));
    assert.equal(error.kind, 'forbidden');
    assert.match(error.message, /Nothing left to read: Jira no longer has the project 10200.*10201/);
    jira.site.hidden.clear();
    assert.ok((await poll(await again(), since)).ids.includes(bug.id));
  });

  it('an issue of a project that was archived or hidden is not gone', async () => {
    const connection = await begin();
    const [bug, other] = [make(jira, 'Archived with its project', { project: SUPP }), make(jira, 'Deleted')];
    jira.site.remove(other);
    jira.site.archived.add(SUPP);
    const [read, gone] = await connection.read(scope, [bug.id, other.id]);
    assert.ok(read instanceof SyncError);
    assert.match(read.message, /The project Support is archived, so it need not be gone/);
    assert.ok(gone instanceof SyncError, 'nobody has seen where it was');
    jira.site.archived.clear();
    jira.site.hidden.add(SUPP);
    const [hidden] = await (await again()).read(scope, [bug.id]);
    assert.ok(hidden instanceof SyncError);
    jira.site.hidden.clear();
    assert.deepEqual(await (await again()).read(scope, [other.id]), [undefined]);
  });

  it('an issue behind a security level is not visible, and the others are read', async () => {
    const connection = await begin();
    const since = await connection.newest(scope);
    const [shown, secret] = [make(jira, 'Shown'), make(jira, 'Secret')];
    edit(jira, secret.id, { security: { id: '10901' } }, 'alice');
    assert.deepEqual((await poll(connection, since)).ids, [shown.id]);
    assert.deepEqual(await connection.read(scope, [secret.id]), [undefined]);
  });

  it("an issue that nothing can be edited in does not decide what the type's edit screen has", async () => {
    const connection = await begin();
    const locked = make(jira, 'Locked');
    locked.status = '10305';
    edit(jira, make(jira, 'Newer than the seed').id, { labels: ['x'] });
    ahead += 5_000;
    jira.site.comment(jira.person('bob'), locked);
    const fields = new Map((await connection.fields(DEMO, BUG)).map((field) => [field.id, field]));
    for (const id of ['summary', 'description', 'labels', 'customfield_10010']) {
      assert.deepEqual([fields.get(id)?.readOnly, fields.get(id)?.createOnly], [undefined, undefined], id);
    }
    assert.equal(fields.get('customfield_10025')?.readOnly, undefined, 'on the edit screen only');
    const result = await connection.write?.(scope, [{ kind: 'update', id: locked.id, fields: { summary: 'No' } }]);
    assert.ok(result?.[0] && !result[0].ok);
    assert.match(result[0].error.detail.fields?.summary ?? '', /cannot be set/);
    const bug = make(jira, 'Open');
    written(
      (
        await connection.write?.(scope, [
          { kind: 'update', id: bug.id, fields: { customfield_10025: [{ name: 'Test' }] } },
        ])
      )?.[0],
    );
  });
});

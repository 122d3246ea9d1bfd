/**
 * Jira as real sites are: `parent` without a schema, or not listed; sprints of boards that a team manages itself; tokens
 * without the scopes of Jira Software; customers of a service project; people who hide their addresses.
 */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { asSyncError } from '../../lib/model/errors';
import type { Fields } from '../../lib/model/values';
import {
  BUG,
  configOf,
  connect,
  DEMO,
  type Deployment,
  EPIC,
  make,
  refused,
  STORY,
  SUBTASK,
  scope,
  start,
  written,
} from '../connectors/jira/server';
import { readNow } from '../support/delivered';
import type { Jira, JiraOptions } from '../systems/jira';

const TEAM = '10202';

describe('Jira as real sites are', () => {
  let jira: Jira;
  const open: Connection[] = [];
  const begin = async (options: JiraOptions = {}, config = {}) => {
    jira = await start(options);
    const connection = connect(jira, config);
    open.push(connection);
    return connection;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close?.()));
    await jira.stop();
    assert.deepEqual(jira.violations ?? [], []);
  });
  const create = async (connection: Connection, project: string, type: string, fields: Fields) =>
    (await connection.write?.(scope, [{ kind: 'create', project, type, fields: { summary: 'New', ...fields } }]))?.[0];

  for (const deployment of ['cloud', 'datacenter'] as Deployment[]) {
    it(`knows a sub-task's parent, though GET /field does not say what it is (${deployment})`, async () => {
      const connection = await begin({ deployment });
      const field = (await connection.fields(DEMO, SUBTASK)).find(({ id }) => id === 'parent');
      assert.deepEqual([field?.type, field?.required, field?.readOnly], ['reference', true, undefined]);
      const { entity } = written(await create(connection, DEMO, SUBTASK, { parent: { id: '20002' } }));
      const [read] = await readNow(connection, scope, [entity.id]);
      const parent = read?.fields.parent;
      assert.equal(typeof parent === 'object' && parent && 'id' in parent ? parent.id : parent, '20002');
    });
  }

  it("knows a story's epic on Cloud, and that epics have none", async () => {
    const connection = await begin();
    const epic = make(jira, 'Epic', { type: EPIC });
    const { entity } = written(await create(connection, DEMO, STORY, { parent: { id: epic.id } }));
    assert.ok(entity.fields.parent);
    assert.equal(
      (await connection.fields(DEMO, EPIC)).some(({ id }) => id === 'parent'),
      false,
    );
  });

  it('offers and writes the sprints of a board that a team manages itself, and passes over boards without', async () => {
    const connection = await begin();
    const sprints = await connection.lookupValues?.(TEAM, BUG, 'customfield_10020', '');
    assert.deepEqual(sprints, [{ id: '4', name: 'TEAM Sprint 1' }]);
    const result = await create(connection, TEAM, BUG, { customfield_10020: { name: 'TEAM Sprint 1' } });
    assert.deepEqual(written(result).entity.fields.customfield_10020, { id: '4', name: 'TEAM Sprint 1' });
  });

  describe('a token without the scopes of Jira Software', () => {
    const scoped = async () => {
      const connection = await begin({ softwareScopes: false });
      await connection.close?.();
      const gateway = connect(jira, {
        ...configOf(jira),
        url: jira.gatewayUrl,
        apiKey: jira.person('sync').scopedToken,
      });
      open.push(gateway);
      return gateway;
    };

    it('is reported as such where sprints are asked for, and is no dead token', async () => {
      const connection = await scoped();
      const error = asSyncError(
        await connection.lookupValues?.(DEMO, BUG, 'customfield_10020', '').catch((thrown: unknown) => thrown),
      );
      assert.equal(error.kind, 'forbidden');
      assert.match(error.message, /scopes read:board-scope:jira-software, read:sprint:jira-software/);
    });

    it('still writes a sprint by its number; by name the change alone fails, and says why', async () => {
      const connection = await scoped();
      const result = await create(connection, DEMO, BUG, { customfield_10020: { id: '2', name: 'Sprint 2' } });
      assert.deepEqual(written(result).entity.fields.customfield_10020, { id: '2', name: 'Sprint 2' });
      const error = refused(await create(connection, DEMO, BUG, { customfield_10020: { name: 'Sprint 2' } }));
      assert.equal(error.kind, 'invalid');
      assert.match(error.detail.fields?.customfield_10020 ?? '', /"Sprint 2" cannot be looked up.*scopes/);
    });

    it('says nothing about credentials that are dead', async () => {
      const connection = await scoped();
      await connection.fields(DEMO, BUG);
      jira.faults.credentials = 'refused';
      const error = asSyncError(
        await connection.lookupValues?.(DEMO, BUG, 'customfield_10020', '').catch((thrown: unknown) => thrown),
      );
      assert.equal(error.kind, 'auth');
    });
  });

  it('takes customers of a service project as reporters, and no apps and nobody who has left', async () => {
    const connection = await begin();
    const erin = await connection.users?.({ email: 'erin@example.com' });
    assert.deepEqual(
      erin?.map(({ name }) => name),
      ['Erin Evans'],
    );
    const { entity } = written(await create(connection, '10203', BUG, { reporter: { email: 'erin@example.com' } }));
    const { reporter } = entity.fields;
    assert.equal(typeof reporter === 'object' && reporter && 'name' in reporter ? reporter.name : '', 'Erin Evans');
    assert.deepEqual(await connection.users?.({ name: 'Automation for Jira' }), []);
    assert.deepEqual(await connection.users?.({ email: 'dave@example.com' }), []);
    assert.deepEqual(await connection.users?.({ email: 'erin@example.com', project: DEMO }), [], 'given no work');
  });

  it('takes the beginning of a hidden address for nobody; together with the name that is shown, for that person', async () => {
    const connection = await begin();
    assert.deepEqual(await connection.users?.({ email: 'carol@example.co' }), []);
    assert.deepEqual(await connection.users?.({ email: 'carol@example.com' }), []);
    const assigned = async (assignee: Fields[string]) => create(connection, DEMO, BUG, { assignee });
    const { entity } = written(await assigned({ email: 'carol@example.com', name: 'Carol Clark' }));
    assert.deepEqual(entity.fields.assignee, { id: jira.person('carol').accountId, name: 'Carol Clark' });
    assert.match(refused(await assigned({ email: 'carol@example.co', name: 'Somebody Else' })).message, /nobody/);
  });
});

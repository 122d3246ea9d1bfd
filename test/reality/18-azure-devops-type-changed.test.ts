/**
 * A work item that was given another type, or moved to another project, which the integration does not sync: it is neither
 * read nor overwritten any more, and that is said.
 */

import assert from 'node:assert/strict';
import type { Connection, Scope } from '../../lib/connectors/connector';
import { CONTOSO, type Colleague, FABRIKAM, freshStandIn, poll } from '../connectors/azure-devops/support';
import type { StandIn } from '../systems/azure-devops';

const bugs: Scope = { projects: [FABRIKAM], types: ['Bug'] };
const both: Scope = { projects: [FABRIKAM, CONTOSO], types: ['Bug', 'Task'] };

describe('reality 18: a work item of Azure DevOps that is something else now', () => {
  let standIn: StandIn;
  let connection: Connection;
  let alice: Colleague;
  let id: string;

  freshStandIn(async (fresh) => {
    ({ standIn, connection, alice } = fresh);
    [id = ''] = await alice.create(['A bug']);
  });

  const update = async (scope: Scope) => {
    const [result] =
      (await connection.write?.(scope, [{ kind: 'update', id, fields: { 'System.Title': 'Ours' } }])) ?? [];
    assert.ok(result);
    return result;
  };
  const title = () => standIn.service.state.item(Number(id))?.fields['System.Title'];

  it('another type: not read, not written, and reported', async () => {
    const { checkpoint } = await poll(connection, undefined, bugs);
    await alice.change(id, { 'System.WorkItemType': 'Task' });
    assert.deepEqual((await poll(connection, checkpoint, bugs)).ids, []);
    const result = await update(bugs);
    assert.ok(!result.ok);
    assert.equal(result.error.kind, 'invalid');
    assert.match(
      result.error.message,
      new RegExp(`Work item ${id} is of type Task in project Fabrikam now.*was not written`),
    );
    assert.equal(title(), 'A bug');
  });

  it('another project: not read, not written, and reported', async () => {
    const { checkpoint } = await poll(connection, undefined, bugs);
    await alice.change(id, {
      'System.TeamProject': 'Contoso',
      'System.AreaPath': 'Contoso',
      'System.IterationPath': 'Contoso',
    });
    assert.deepEqual((await poll(connection, checkpoint, bugs)).ids, []);
    const result = await update(bugs);
    assert.ok(!result.ok && /in project Contoso now/.test(result.error.message));
  });

  it('where the integration syncs the new type as well, it is read and written', async () => {
    const { checkpoint } = await poll(connection, undefined, both);
    await alice.change(id, { 'System.WorkItemType': 'Task' });
    const { entities } = await poll(connection, checkpoint, both);
    assert.deepEqual(
      entities.map(({ type }) => type),
      ['Task'],
    );
    assert.ok((await update(both)).ok);
    assert.equal(title(), 'Ours');
  });
});

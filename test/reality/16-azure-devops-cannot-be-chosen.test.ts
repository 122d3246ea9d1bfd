/** In Azure DevOps, too, something may stand in a work item and still not be chosen: a person who left, a state left over. */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { Colleague, createBug, FABRIKAM, freshStandIn, one, refused, write } from '../connectors/azure-devops/support';
import { PEOPLE, type StandIn } from '../systems/azure-devops';
import { TYPES } from '../systems/azure-devops/process';

const gregory = PEOPLE.find(({ gone }) => gone);

describe('reality 16: what exists in Azure DevOps and cannot be chosen', () => {
  let standIn: StandIn;
  let connection: Connection;

  freshStandIn((fresh) => {
    ({ standIn, connection } = fresh);
  });

  it('somebody who has left is read, is nobody to be assigned, and stays where they are', async () => {
    const { id } = await createBug(connection, {});
    const item = standIn.service.state.item(Number(id));
    assert.ok(item && gregory);
    item.fields['System.AssignedTo'] = gregory;
    for (const revision of item.revisions) revision.fields['System.AssignedTo'] = gregory;
    const [entity] = await connection.read(one, [id]);
    assert.ok(entity && !(entity instanceof Error));
    assert.equal((entity.fields['System.AssignedTo'] as { login: string }).login, 'gregory@example.com');
    assert.deepEqual(await connection.users?.({ email: 'gregory@example.com' }), []);
    assert.ok(!(await connection.users?.({ project: FABRIKAM }))?.some(({ name }) => name === 'Gregory Gone'));
    // read in a field is not: can be chosen
    const error = await refused(connection, {
      kind: 'create',
      project: FABRIKAM,
      type: 'Bug',
      fields: { 'System.Title': 'New', 'System.AssignedTo': { email: 'gregory@example.com' } },
    });
    assert.match(error.detail.fields?.['System.AssignedTo'] ?? '', /there is nobody "gregory@example.com"/);
    const result = await write(connection, { kind: 'update', id, fields: { 'System.Title': 'Still his' } });
    assert.ok(result.ok);
    assert.equal((result.entity.fields['System.AssignedTo'] as { login: string }).login, 'gregory@example.com');
  });

  it('somebody who was there a moment ago and is refused is asked about again', async () => {
    const bob = PEOPLE.find(({ uniqueName }) => uniqueName === 'bob@example.com');
    assert.ok(bob);
    const [id = ''] = await new Colleague(standIn, 'alice').create(['For Bob']);
    const assign = () =>
      write(connection, { kind: 'update', id, fields: { 'System.AssignedTo': { email: 'bob@example.com' } } });
    assert.ok((await assign()).ok);
    const { resolve } = leave('bob@example.com');
    try {
      await write(connection, { kind: 'update', id, fields: { 'System.AssignedTo': null } });
      const first = await assign();
      assert.ok(!first.ok && /unknown identity/.test(first.error.message));
      const second = await assign();
      assert.ok(!second.ok && /there is nobody/.test(second.error.message), 'said without a request');
    } finally {
      resolve();
    }
  });

  it('a state without incoming transitions is listed, and cannot be chosen', async () => {
    const bug = TYPES.find(({ name }) => name === 'Bug');
    assert.ok(bug);
    const { states, transitions } = bug;
    bug.states = [...states, { name: 'Parked', category: 'Removed' }];
    bug.transitions = { ...transitions, Parked: ['Parked', 'New'] };
    try {
      const state = (await connection.fields(FABRIKAM, 'Bug')).find(({ id }) => id === 'System.State');
      assert.deepEqual(
        state?.values?.filter(({ selectable }) => selectable === false),
        [{ name: 'Parked', selectable: false }],
      );
      assert.deepEqual(await connection.lookupValues?.(FABRIKAM, 'Bug', 'System.State', 'park'), []);
    } finally {
      Object.assign(bug, { states, transitions });
    }
  });

  it('iterations of the past can be chosen: Azure DevOps closes none', async () => {
    const field = (await connection.fields(FABRIKAM, 'Bug')).find(({ id }) => id === 'System.IterationPath');
    assert.ok(field?.values?.every(({ selectable }) => selectable !== false));
  });
});

/** Takes somebody out of the organisation. */
function leave(uniqueName: string): { resolve: () => void } {
  const person = PEOPLE.find((one) => one.uniqueName === uniqueName);
  assert.ok(person);
  person.gone = true;
  return {
    resolve: () => {
      person.gone = undefined;
    },
  };
}

/** A project or type that is gone from Azure DevOps stops its own pair, not the polling of all others of that side. */

import assert from 'node:assert/strict';
import type { Connection, Scope } from '../../lib/connectors/connector';
import {
  CONTOSO,
  type Colleague,
  connectTo,
  FABRIKAM,
  freshStandIn,
  one,
  poll,
  rejected,
} from '../connectors/azure-devops/support';
import type { StandIn } from '../systems/azure-devops';

const GONE = '11111111-2222-4333-8444-555555555555';

describe('reality 17: one dead member of an Azure DevOps scope', () => {
  let standIn: StandIn;
  let connection: Connection;
  let alice: Colleague;

  freshStandIn((fresh) => {
    ({ standIn, connection, alice } = fresh);
  });

  it('a project that is gone: the others are polled, listed, and start where they are', async () => {
    const within: Scope = { ...one, projects: [FABRIKAM, GONE] };
    const ids = await alice.create(['One', 'Two']);
    const { ids: polled, checkpoint } = await poll(connection, undefined, within);
    assert.deepEqual(polled, ids);
    const missing: string[] = [];
    for await (const page of connection.changes(within, checkpoint, 50))
      missing.push(...(page.missing ?? []).map(({ kind, id }) => `${kind} ${id}`));
    assert.deepEqual(missing, [`project ${GONE}`], 'it is named');
    assert.ok(await connection.newest(within));
    assert.equal((await connection.latest?.(within, 5))?.length, 2);
    const [id = ''] = await alice.create(['Three']);
    assert.deepEqual((await poll(connection, checkpoint, within)).ids, [id]);
  });

  it('a project that goes while it is polled, and comes back: nothing of either is missed', async () => {
    const within: Scope = { ...one, projects: [FABRIKAM, CONTOSO] };
    let { checkpoint } = await poll(connection, undefined, within);
    const { projects } = standIn.service.state;
    const [contoso] = projects.splice(1, 1);
    assert.ok(contoso);
    const fresh = connectTo(standIn);
    const [here = ''] = await alice.create(['Meanwhile']);
    const second = await poll(fresh, checkpoint, within);
    assert.deepEqual(second.ids, [here]);
    ({ checkpoint } = second);
    projects.push(contoso);
    const [back = ''] = await alice.create(['Back'], 'Bug', 'Contoso');
    const again = connectTo(standIn);
    assert.deepEqual((await poll(again, checkpoint, within)).ids, [back]);
    await fresh.close?.();
    await again.close?.();
  });

  it('where none is there it says so', async () => {
    const error = await rejected(poll(connection, undefined, { ...one, projects: [GONE] }));
    assert.equal(error.kind, 'notFound');
  });

  it('a type that no process has: the others are polled, also from a token', async () => {
    const within: Scope = { projects: [FABRIKAM], types: ['Bug', 'Task'] };
    await alice.create(['A bug']);
    const { checkpoint } = await poll(connection, undefined, within);
    const fabrikam = standIn.service.state.project('Fabrikam');
    const contoso = standIn.service.state.project('Contoso');
    assert.ok(fabrikam && contoso);
    for (const project of [fabrikam, contoso]) project.gone.add('task');
    const [id = ''] = await alice.create(['Another bug']);
    const second = await poll(connection, checkpoint, within);
    assert.deepEqual(second.ids, [id]);
    const from = standIn.requests.length;
    await poll(connection, second.checkpoint, within);
    assert.equal(standIn.requests.length - from, 1, 'a poll that finds nothing is one request again');
    for (const project of [fabrikam, contoso]) project.gone.add('bug');
    const other = connectTo(standIn);
    const error = await rejected(poll(other, checkpoint, within));
    assert.equal(error.kind, 'notFound');
    assert.match(error.message, /No process has the work item type Bug, Task any longer/);
    await other.close?.();
  });

  it('one work item whose project is not visible stops neither a read nor a poll', async () => {
    const ids = await alice.create(['Here', 'There']);
    const item = standIn.service.state.item(Number(ids[1]));
    assert.ok(item);
    // moved to a project that this account does not see
    item.fields['System.TeamProject'] = 'Secret';
    for (const revision of item.revisions) revision.fields['System.TeamProject'] = 'Secret';
    const results = await connection.read(one, ids);
    assert.ok(results[0] && !(results[0] instanceof Error));
    assert.ok(results[1] instanceof Error && results[1].kind === 'forbidden');
    assert.deepEqual((await poll(connection, undefined, one)).ids, [ids[0]]);
  });
});

/**
 * What it looks like when an Azure DevOps token dies (a sign-in page with 203 for those who read, 401 for those who write, as
 * https://github.com/microsoft/azure-devops-auth-samples/issues/52 has it), and when a permission is taken away: a hole in
 * the answer and TF401232, the same as for what was never there.
 */

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { azureDevops } from '../../lib/connectors/azure-devops';
import type { Connection } from '../../lib/connectors/connector';
import { SyncError } from '../../lib/model/errors';
import {
  type Colleague,
  connectTo,
  FABRIKAM,
  freshStandIn,
  one,
  poll,
  rejected,
  write,
} from '../connectors/azure-devops/support';
import type { StandIn } from '../systems/azure-devops';

describe('reality 11: dead tokens and lost permissions of Azure DevOps', () => {
  let standIn: StandIn;
  let connection: Connection;
  let alice: Colleague;

  freshStandIn((fresh) => {
    ({ standIn, connection, alice } = fresh);
  });

  it('a token that dies between two polls: the poll says so, and what changed meanwhile comes afterwards', async () => {
    const { checkpoint } = await poll(connection, undefined, one);
    standIn.faults.deadFor = 'sync@example.com';
    const ids = await alice.create(['Meanwhile']);
    for (const how of ['page', '401', '401-html', 'redirect'] as const) {
      standIn.faults.credentialsDead = how;
      const error = await rejected(poll(connection, checkpoint, one));
      assert.equal(error.kind, 'auth', how);
    }
    standIn.faults.credentialsDead = undefined;
    assert.deepEqual((await poll(connection, checkpoint, one)).ids, ids);
  });

  it('the page advises what to do: tokens for all organisations have ended', async () => {
    standIn.faults.credentialsDead = 'page';
    assert.match((await rejected(connection.projects())).message, /make one for this organisation/);
  });

  it('why a sign-in failed is reported where only a header says it', async () => {
    const server: Server = createServer((_request, response) => {
      const words = encodeURIComponent('Access Denied: The Personal Access Token used has expired.');
      response.writeHead(401, { 'X-TFS-ServiceError': words }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fabrikam`;
    const other = azureDevops.connect({ url, auth: 'pat', token: 'a-token-of-last-year' }, {});
    const error = await rejected(other.projects());
    assert.equal(error.kind, 'auth');
    assert.match(error.message, /The Personal Access Token used has expired/);
    await other.close?.();
    server.close();
  });

  it('a work item whose area is not visible is not gone: neither read, nor written, nor made again', async () => {
    const [id = ''] = await alice.create(['In a secret area']);
    await connection.read(one, [id]);
    standIn.faults.hidden.add(Number(id));
    const [result] = await connection.read(one, [id]);
    assert.ok(result instanceof SyncError);
    assert.equal(result.kind, 'forbidden');
    assert.match(result.message, /View work items in this node/);
    const written = await write(connection, { kind: 'update', id, fields: { 'System.Title': 'x' } });
    assert.ok(!written.ok && written.error.kind === 'forbidden');
  });

  it('one that is announced and not shown comes when it is shown, however late, and is asked for less and less', async () => {
    const now = Date.now();
    standIn.service.now = () => now - 3_600_000;
    const { checkpoint } = await poll(connection, undefined, one);
    const [hidden = ''] = await alice.create(['Hidden']);
    standIn.service.now = () => now - 1_800_000;
    await alice.create(Array.from({ length: 30 }, (_, index) => `Other ${index}`));
    standIn.service.now = () => now;
    standIn.faults.feedShowsHidden = true;
    standIn.faults.hidden.add(Number(hidden));
    let last = await poll(connection, checkpoint, one);
    assert.equal(last.ids.length, 30);
    for (let count = 0; count < 5; count++) last = await poll(connection, last.checkpoint, one);
    const from = standIn.requests.length;
    last = await poll(connection, last.checkpoint, one);
    assert.ok(!standIn.requests.slice(from).includes('POST /_apis/wit/workitemsbatch'), 'not asked for in each poll');
    standIn.faults.hidden.clear();
    // another process does not know how often it was asked for
    const other = connectTo(standIn);
    const late = await poll(other, last.checkpoint, one);
    assert.deepEqual(late.ids, [hidden]);
    assert.ok(!('owed' in late.checkpoint));
    await other.close?.();
  });

  it('people are looked for among the members of teams only where identities are refused, not where the token is dead', async () => {
    standIn.faults.credentialsDead = '401';
    assert.equal((await rejected(connection.users?.({ email: 'alice@example.com' }))).kind, 'auth');
    standIn.faults.credentialsDead = undefined;
    const from = standIn.requests.length;
    assert.equal((await connection.users?.({ email: 'alice@example.com' }))?.length, 1);
    assert.ok(standIn.requests.slice(from).some((request) => request.endsWith('/identities')));
  });

  it('Test connection names what the flow will need and the token or account lacks', async () => {
    standIn.faults.lacking.add('write');
    standIn.faults.lacking.add('identities');
    const { missing } = await connection.identify();
    assert.ok(missing.some((line) => /may not write work items in Fabrikam, Contoso/.test(line)));
    assert.ok(missing.some((line) => /Identity \(read\)/.test(line)));
    assert.equal(missing.length, 2);
    standIn.faults.lacking.clear();
    standIn.faults.lacking.add('batch');
    standIn.faults.lacking.add('recyclebin');
    standIn.faults.lacking.add('reporting');
    const more = (await connection.identify()).missing;
    assert.ok(more.some((line) => /several work items in one request/.test(line)));
    assert.ok(more.some((line) => /recycle bin/.test(line)));
    assert.ok(more.some((line) => /feed of revisions/.test(line)));
  });

  it('Test connection tries the options of the system form: rules bypassed, no notifications, new areas, tags', async () => {
    const needy = connectTo(standIn, { bypassRules: true, suppressNotifications: true, missingPaths: 'create' });
    assert.deepEqual((await needy.identify()).missing, []);
    for (const scope of ['bypass', 'suppress', 'nodes', 'tags'] as const) standIn.faults.lacking.add(scope);
    const { missing } = await needy.identify();
    for (const words of [
      /Bypass rules on work item updates/,
      /Suppress notifications for work item updates/,
      /Create child nodes/,
      /Create tag definition/,
    ])
      assert.ok(
        missing.some((line) => words.test(line)),
        String(words),
      );
    // without these options they are not needed
    const { missing: plain } = await connection.identify();
    assert.ok(!plain.some((line) => /Bypass|Suppress|child nodes/.test(line)));
    await needy.close?.();
  });

  it('nothing is written by Test connection', async () => {
    await connection.identify();
    assert.equal(standIn.service.state.items.size, 0);
    assert.ok((await connection.entityTypes(FABRIKAM)).length > 0);
  });
});

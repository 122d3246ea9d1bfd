/** Access: tokens of both kinds, sign-in pages, rate limits, who we are and what is missing. */

import assert from 'node:assert/strict';
import { Budget } from '../../../lib/budget/request-budget';
import { azureDevops } from '../../../lib/connectors/azure-devops';
import { identityHostOf } from '../../../lib/connectors/azure-devops/api';
import type { Connection, ConnectorConfig } from '../../../lib/connectors/connector';
import { SECRET_NAMES } from '../../../lib/connectors/connector';
import { systemClock } from '../../../lib/model/clock';
import { SyncError } from '../../../lib/model/errors';
import { type StandIn, type StandInOptions, startAzureDevOps } from '../../systems/azure-devops';
import { Colleague, compared, connectTo, FABRIKAM, personOf, poll, rejected, scope } from './support';

describe(`Azure DevOps: access (${compared})`, () => {
  let standIn: StandIn;
  const open: Connection[] = [];

  async function start(config: ConnectorConfig = {}, options: StandInOptions = {}): Promise<Connection> {
    standIn = await startAzureDevOps(options);
    const connection = connectTo(standIn, config);
    open.push(connection);
    return connection;
  }

  const entra = (secret = 'right-secret'): ConnectorConfig => ({
    auth: 'entra',
    clientId: 'client',
    clientSecret: secret,
    tokenUrl: standIn.tokenUrl,
    token: '',
  });

  afterEach(async () => {
    for (const connection of open.splice(0)) await connection.close?.();
    await standIn.stop();
    assert.deepEqual(standIn.violations, []);
  });

  for (const signIn of ['page', '401', 'redirect'] as const) {
    it(`calls a wrong token wrong where the answer is ${signIn}, and does not repeat it`, async () => {
      const connection = await start({ token: 'not-the-token' }, { signIn });
      const error = await rejected(connection.identify());
      assert.equal(error.kind, 'auth');
      assert.ok(!error.message.includes('not-the-token'));
      assert.equal((await rejected(connection.projects())).kind, 'auth');
    });
  }

  it('signs in as a service principal, once for many requests', async () => {
    await start();
    const connection = connectTo(standIn, entra());
    open.push(connection);
    const { user } = await connection.identify();
    assert.equal(user.email, 'sync@example.com');
    await connection.entityTypes(FABRIKAM);
    assert.equal(standIn.tokensIssued, 1);
  });

  it('gets a new access token where the old one was revoked', async () => {
    await start({}, { signIn: '401' });
    const connection = connectTo(standIn, entra());
    open.push(connection);
    await connection.projects();
    standIn.revokeAccessTokens();
    assert.ok((await connection.entityTypes(FABRIKAM)).length > 0);
    assert.equal(standIn.tokensIssued, 2);
  });

  it('says what Entra says of a wrong secret, without the secret', async () => {
    await start();
    const connection = connectTo(standIn, entra('wrong-secret'));
    open.push(connection);
    const error = await rejected(connection.identify());
    assert.equal(error.kind, 'auth');
    assert.match(error.message, /AADSTS7000215/);
    assert.ok(!JSON.stringify([error.message, error.detail]).includes('wrong-secret'));
  });

  it('waits as long as the service asks where too much was asked for', async () => {
    const connection = await start();
    standIn.throttle({ retryAfter: 42 });
    const error = await rejected(connection.projects());
    assert.equal(error.kind, 'rateLimited');
    assert.equal(error.detail.retryAfterMs, 42_000);
    assert.match(error.message, /TF400733/);
  });

  it('takes the time of the reset where there is no Retry-After', async () => {
    const connection = await start();
    await connection.projects();
    standIn.throttle({ reset: Math.floor(Date.now() / 1000) + 90 });
    const error = await rejected(connection.entityTypes(FABRIKAM));
    assert.equal(error.kind, 'rateLimited');
    const wait = error.detail.retryAfterMs ?? 0;
    assert.ok(wait > 80_000 && wait <= 92_000, String(wait));
  });

  /** As in a flow: the system's budget lets requests out. */
  async function budgeted(): Promise<{ connection: Connection; budget: Budget }> {
    standIn = await startAzureDevOps();
    const budget = new Budget(systemClock, { maxWaitMs: 5_000 });
    const token = personOf('sync').token;
    const connection = azureDevops.connect({ url: standIn.url, auth: 'pat', token }, { http: { gate: budget } });
    open.push(connection);
    return { connection, budget };
  }

  it('has the next request held back where a good answer asks for a pause', async () => {
    const { connection, budget } = await budgeted();
    standIn.nextHeaders = { 'Retry-After': '30', 'X-RateLimit-Delay': '1.5', 'X-RateLimit-Remaining': '0' };
    assert.equal((await connection.projects()).length, 2);
    const asked = standIn.requests.length;
    assert.ok(budget.closedFor() > 28_000);
    const error = await rejected(connection.entityTypes(FABRIKAM));
    assert.equal(error.kind, 'rateLimited');
    assert.ok((error.detail.retryAfterMs ?? 0) > 28_000);
    assert.equal(standIn.requests.length, asked, 'nothing was sent');
  });

  it('has a short pause waited for', async () => {
    const { connection } = await budgeted();
    standIn.nextHeaders = { 'Retry-After': '1' };
    await connection.projects();
    const from = performance.now();
    await connection.entityTypes(FABRIKAM);
    assert.ok(performance.now() - from > 900);
  });

  it('reports a URL that is not an organization’s', async () => {
    await start();
    const url = standIn.url.replace('fabrikam', 'no-such');
    const connection = azureDevops.connect({ url, auth: 'pat', token: personOf('sync').token }, {});
    open.push(connection);
    const error = await rejected(connection.identify());
    assert.equal(error.kind, 'fatal');
    assert.match(error.message, /no organisation or collection/);
  });

  it('knows the host of people', () => {
    assert.equal(identityHostOf('https://dev.azure.com/fabrikam/'), 'https://vssps.dev.azure.com/fabrikam/');
    assert.equal(identityHostOf('https://fabrikam.visualstudio.com/'), 'https://fabrikam.vssps.visualstudio.com/');
    assert.equal(identityHostOf('https://tfs.example.com/tfs/Main/'), 'https://tfs.example.com/tfs/Main/');
  });

  it('finds people among the members of teams where identities may not be read, and says so', async () => {
    const connection = await start({}, { denyIdentities: true });
    const [alice] = (await connection.users?.({ email: 'ALICE@example.com' })) ?? [];
    assert.deepEqual(alice, new Colleague(standIn, 'alice').user);
    assert.deepEqual(await connection.users?.({ email: 'nobody@nowhere.invalid' }), []);
    const { missing } = await connection.identify();
    assert.match(missing.join(' '), /may not read identities/);
  });

  it('lists people for a drop-down, and those of a project', async () => {
    const connection = await start();
    assert.equal((await connection.users?.({}))?.length, 4);
    assert.deepEqual(
      (await connection.users?.({ search: 'arch', project: FABRIKAM }))?.map(({ name }) => name),
      ['Alice Archer'],
    );
  });

  it('offers types that people can create, without disabled and hidden ones', async () => {
    const connection = await start();
    const types = await connection.entityTypes(FABRIKAM);
    assert.deepEqual(
      types.map(({ id }) => id),
      ['Bug', 'User Story', 'Task', 'Feature', 'Epic', 'comment', 'attachment'],
    );
  });

  it('describes fields as they are', async () => {
    const connection = await start();
    const fields = new Map((await connection.fields(FABRIKAM, 'Bug')).map((field) => [field.id, field]));
    const of = (id: string) => fields.get(id);
    assert.deepEqual(of('System.Title'), {
      id: 'System.Title',
      name: 'Title',
      type: 'text',
      required: true,
      maxLength: 255,
      length: { unit: 'utf16' },
    });
    assert.deepEqual(
      of('System.State')?.values?.map(({ name }) => name),
      ['New', 'Active', 'Resolved', 'Closed'],
    );
    assert.equal(of('System.State')?.required, undefined);
    assert.deepEqual([of('System.Tags')?.type, of('System.Tags')?.multi], ['text', true]);
    assert.equal(of('Microsoft.VSTS.Scheduling.RemainingWork')?.type, 'duration');
    assert.deepEqual(
      [of('Custom.Builds')?.type, of('Custom.Builds')?.integer, of('Custom.Builds')?.custom],
      ['number', true, true],
    );
    // a list of suggestions is no closed list
    assert.equal(of('Custom.Platform')?.type, 'text');
    assert.equal(of('System.ChangedDate')?.readOnly, true);
    assert.equal(of('System.Parent')?.type, 'reference');
    assert.equal(of('System.Parent')?.readOnly, undefined);
    assert.equal(of('System.History'), undefined);
    const iterations = of('System.IterationPath')?.values?.map(({ name }) => name);
    assert.ok(iterations?.includes('Fabrikam\\Release 1\\Sprint 2'));
    assert.equal(fields.get('Microsoft.VSTS.Scheduling.StoryPoints'), undefined);
    const found = await connection.lookupValues?.(FABRIKAM, 'Bug', 'System.AreaPath', 'serv');
    assert.deepEqual(
      found?.map(({ name }) => name),
      ['Fabrikam\\Services'],
    );
  });

  it('goes on after a fault of the service', async () => {
    const connection = await start();
    await new Colleague(standIn, 'alice').create(['One']);
    standIn.fail({ status: 503, body: { message: 'VS402392: The service is unavailable.' } });
    assert.equal((await poll(connection, undefined)).ids.length, 1);
    standIn.fail({ status: 500, body: { message: 'TF30042: The database is full.' } });
    const [error] = await connection.read(scope, ['1']);
    assert.ok(error instanceof SyncError);
    assert.equal(error.kind, 'transient');
    assert.match(error.message, /TF30042/);
  });
});

describe('Azure DevOps: configuration', () => {
  const connect = (config: ConnectorConfig) => () =>
    azureDevops.connect({ url: 'https://dev.azure.com/fabrikam', ...config }, {});
  const refusal = (config: ConnectorConfig, field: string) =>
    assert.throws(
      connect(config),
      (error: unknown) =>
        error instanceof SyncError && error.kind === 'invalid' && Object.hasOwn(error.detail.fields ?? {}, field),
    );

  it('needs what the kind of sign-in needs, and names it', () => {
    refusal({ auth: 'pat' }, 'token');
    refusal({ auth: 'entra', tenant: 't', clientId: 'c' }, 'clientSecret');
    refusal({ auth: 'entra', clientId: 'c', clientSecret: 's' }, 'tenant');
    refusal({ auth: 'pat', token: 't', url: 'ftp://x' }, 'url');
    refusal({ auth: 'pat', token: 't', apiVersion: '4.1' }, 'apiVersion');
    assert.doesNotThrow(connect({ auth: 'pat', token: 't' }));
  });

  it('keeps its secrets where Node-RED keeps credentials', () => {
    const names: readonly string[] = SECRET_NAMES;
    const secrets = azureDevops.config.filter(({ type }) => type === 'secret').map(({ name }) => name);
    assert.deepEqual(
      secrets.filter((name) => !names.includes(name)),
      [],
    );
    assert.ok(secrets.includes('token') && secrets.includes('clientSecret'));
  });
});

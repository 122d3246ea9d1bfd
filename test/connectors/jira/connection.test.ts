/** Signing in to Jira, what it tells of itself and of people, history, and refusals in words. */

import assert from 'node:assert/strict';
import type { Connection, ConnectorConfig } from '../../../lib/connectors/connector';
import { SECRET_NAMES } from '../../../lib/connectors/connector';
import { jira as connector } from '../../../lib/connectors/jira';
import { asSyncError, type SyncError } from '../../../lib/model/errors';
import { readNow } from '../../support/delivered';
import { CLIENT, CLOUD_ID, type Jira, type JiraOptions } from '../../systems/jira';
import {
  assertContract,
  BUG,
  checked,
  configOf,
  connect,
  DEMO,
  edit,
  make,
  poll,
  requestsOf,
  SUBTASK,
  scope,
  start,
} from './server';

async function thrown(work: () => Promise<unknown>): Promise<SyncError> {
  try {
    await work();
  } catch (error) {
    return asSyncError(error);
  }
  return assert.fail('was not refused');
}

describe(`Connecting to Jira (${checked('cloud')})`, function () {
  this.timeout(20_000);
  let jira: Jira;
  const open: Connection[] = [];

  const begin = async (options: JiraOptions = {}, config: ConnectorConfig = {}) => {
    jira = await start(options);
    return link(config);
  };
  const link = (config: ConnectorConfig = {}) => {
    const connection = connect(jira, config);
    open.push(connection);
    return connection;
  };

  afterEach(async () => {
    for (const connection of open.splice(0)) await connection.close?.();
    await jira.stop();
    assertContract(jira);
  });

  it('reports account, product and time zone of the account', async () => {
    const connection = await begin({ timeZone: 'Asia/Kolkata' });
    assert.deepEqual(await connection.identify(), {
      user: { id: jira.person('sync').accountId, name: 'Sync Account', email: 'sync@example.com' },
      server: 'Jira Cloud',
      timeZone: 'Asia/Kolkata',
      missing: [],
    });
    const center = await start({ deployment: 'datacenter' });
    const other = connect(center);
    const { user, server } = await other.identify();
    assert.deepEqual([user.login, user.id, server], ['sync', 'JIRAUSER10100', 'Jira Data Center 9.12.5']);
    await other.close?.();
    await center.stop();
  });

  it('says which permissions are missing, and where', async () => {
    const connection = await begin({ withheld: { sync: ['TRANSITION_ISSUES', 'USER_PICKER'] } });
    const { missing } = await connection.identify();
    assert.match(missing[0] ?? '', /change statuses \(Transition issues\) in Demo, Support/);
    assert.match(missing[1] ?? '', /browse users and groups/);
  });

  it('says that the deployment is another one, that the address is no Jira, that the token is wrong', async () => {
    await begin();
    const { url } = jira;
    const swapped = link({ deployment: 'datacenter', url, auth: 'pat', token: 'x' });
    assert.match((await thrown(() => swapped.identify())).message, /check URL and deployment/);
    const lost = link({ url: `${url}/wiki` });
    assert.equal((await thrown(() => lost.identify())).kind, 'fatal');
    const wrong = link({ apiKey: 'not-the-token' });
    const refusal = await thrown(() => wrong.identify());
    assert.equal(refusal.kind, 'auth');
    assert.ok(!JSON.stringify([refusal.message, refusal.detail]).includes('not-the-token'));
  });

  it('uses a scoped token through the gateway, and links to the site', async () => {
    await begin();
    const { scopedToken } = jira.person('sync');
    const connection = link({ url: `${jira.url}/ex/jira/${CLOUD_ID}`, apiKey: scopedToken });
    const [entity] = (await poll(connection, undefined)).entities;
    assert.equal(entity?.url, `${jira.url}/browse/${entity?.key}`);
    const direct = link({ apiKey: scopedToken });
    assert.equal((await thrown(() => direct.identify())).kind, 'auth');
  });

  it('signs in as an OAuth 2.0 client, with one token for all requests', async () => {
    await begin();
    const oauth = {
      url: jira.gatewayUrl,
      auth: 'oauth',
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      tokenUrl: `${jira.url}/oauth/token`,
    };
    const connection = link(oauth);
    assert.equal((await connection.identify()).user.email, 'sync@example.com');
    await poll(connection, undefined);
    assert.equal(jira.requests.filter((request) => request === 'POST /oauth/token').length, 1);
    const wrong = link({ ...oauth, clientSecret: 'wrong-secret' });
    const refusal = await thrown(() => wrong.identify());
    assert.equal(refusal.kind, 'auth');
    assert.ok(!refusal.message.includes('wrong-secret'));
  });

  it('refuses a configuration that cannot work, by input', async () => {
    await begin();
    const problems = (config: ConnectorConfig) => {
      try {
        connector.connect(config, {});
      } catch (error) {
        return Object.keys(asSyncError(error).detail.fields ?? {});
      }
      return [];
    };
    const url = 'https://example.atlassian.net';
    assert.deepEqual(problems({ deployment: 'cloud', url, auth: 'apiToken' }), ['email', 'apiKey']);
    assert.deepEqual(problems({ deployment: 'cloud', url, auth: 'pat', token: 'x' }), ['auth']);
    assert.deepEqual(problems({ deployment: 'datacenter', url, auth: 'basic', login: 'me' }), ['password']);
    assert.deepEqual(problems({ deployment: 'cloud', url: 'jira', auth: 'apiToken' }), ['url', 'email', 'apiKey']);
    const secrets = connector.config.filter(({ type }) => type === 'secret').map(({ name }) => name);
    assert.deepEqual(
      secrets.filter((name) => !SECRET_NAMES.some((one) => one === name)),
      [],
    );
  });

  it('lists fields page by page, and says where each can be written', async () => {
    const connection = await begin({ metaCap: 7 });
    const fields = new Map((await connection.fields(DEMO, BUG)).map((field) => [field.id, field]));
    assert.equal(fields.get('summary')?.required, true);
    assert.equal(fields.get('summary')?.maxLength, 255);
    assert.equal(fields.get('description')?.format, 'adf');
    assert.equal(fields.get('customfield_10028')?.readOnly, true, 'on no screen');
    assert.equal(fields.get('customfield_10025')?.readOnly, undefined, 'on the edit screen only');
    assert.equal(fields.get('reporter')?.required, undefined, 'Jira fills it in');
    assert.deepEqual([fields.get('timeoriginalestimate')?.type, fields.get('timetracking')], ['duration', undefined]);
    assert.deepEqual(
      fields.get('customfield_10013')?.values?.map(({ name }) => name),
      ['Hardware', 'Hardware / Display', 'Hardware / Keyboard', 'Software', 'Software / Display', 'Software / Network'],
    );
    for (const id of ['votes', 'watches', 'customfield_10027']) assert.equal(fields.has(id), false, id);
    const subtask = await connection.fields(DEMO, SUBTASK);
    assert.equal(subtask.find(({ id }) => id === 'parent')?.required, true);
  });

  it('keeps metadata for a minute', async () => {
    const connection = await begin();
    await connection.fields(DEMO, BUG);
    assert.deepEqual(await requestsOf(jira, () => connection.fields(DEMO, BUG)), []);
  });

  it('finds people by an address that is shown, by name, by what is typed, and who may be assigned', async () => {
    const connection = await begin();
    const names = async (query: Parameters<NonNullable<Connection['users']>>[0]) =>
      (await connection.users?.(query))?.map(({ name }) => name);
    assert.deepEqual(await names({ email: 'ALICE@example.com' }), ['Alice Adams']);
    assert.deepEqual(await names({ email: 'carol@example.com' }), [], 'hidden: a search by beginnings proves nothing');
    assert.deepEqual(await names({ email: 'alice@example' }), [], 'no near misses');
    assert.deepEqual(await names({ name: 'bob brown' }), ['Bob Brown']);
    assert.deepEqual(await names({ name: 'Bob' }), []);
    assert.deepEqual(await names({ search: 'ca' }), ['Carol Clark']);
    assert.equal((await names({}))?.length, 4, 'no customers, nobody who has left, and no app');
    assert.deepEqual(await names({ email: 'bob@example.com', project: DEMO }), ['Bob Brown']);
  });

  it('reports the newest of a long history', async () => {
    const connection = await begin();
    const { id } = make(jira, 'Edited often');
    for (let count = 1; count <= 230; count++) edit(jira, id, { summary: `Edit ${count}` }, 'alice');
    const revisions = (await connection.history?.(id)) ?? [];
    assert.equal(revisions.length, 100);
    assert.deepEqual(revisions[0]?.fields.summary, { old: 'Edit 229', new: 'Edit 230' });
    assert.equal(revisions[0]?.by?.name, 'Alice Adams');
    assert.deepEqual(revisions.at(-1)?.fields.summary, { old: 'Edit 130', new: 'Edit 131' });
  });

  it('reports old and new values of fields of each kind', async () => {
    const connection = await begin();
    const { id } = make(jira, 'Changing');
    edit(jira, id, {
      assignee: { accountId: jira.person('alice').accountId },
      priority: { name: 'High' },
      labels: ['a', 'b'],
      duedate: '2026-05-01',
      customfield_10010: 3,
      customfield_10019: '2026-05-01T10:00:00.000+0000',
    });
    const [revision] = (await connection.history?.(id)) ?? [];
    assert.deepEqual(revision?.fields, {
      priority: { old: { id: '3', name: 'Medium' }, new: { id: '2', name: 'High' } },
      labels: { old: null, new: ['a', 'b'] },
      assignee: { old: null, new: { id: jira.person('alice').accountId, name: 'Alice Adams' } },
      duedate: { old: null, new: '2026-05-01' },
      customfield_10010: { old: null, new: 3 },
      customfield_10019: { old: null, new: '2026-05-01T10:00:00.000Z' },
    });
  });

  it('waits as long as a refusal for too many requests says', async () => {
    const connection = await begin({ rateLimit: { requests: 3, perMs: 60_000 } });
    const refusal = await thrown(async () => {
      for (let count = 0; count < 5; count++) await readNow(connection, scope, ['20000']);
    });
    assert.equal(refusal.kind, 'rateLimited');
    assert.ok((refusal.detail.retryAfterMs ?? 0) > 50_000 && (refusal.detail.retryAfterMs ?? 0) <= 60_000);
  });
});

describe(`Connecting to Jira (${checked('datacenter')})`, function () {
  this.timeout(20_000);
  let jira: Jira;
  let connection: Connection;

  before(async () => {
    jira = await start({ deployment: 'datacenter' });
    connection = connect(jira, {
      ...configOf(jira),
      auth: 'basic',
      login: 'sync',
      password: jira.person('sync').password,
    });
  });
  after(async () => {
    await connection.close?.();
    await jira.stop();
  });

  it('takes login and password as well as a personal access token', async () => {
    assert.equal((await connection.identify()).user.login, 'sync');
    const token = connect(jira);
    assert.equal((await token.identify()).user.login, 'sync');
    await token.close?.();
  });

  it('knows people by login and key', async () => {
    assert.deepEqual(await connection.users?.({ login: 'alice' }), [
      { id: 'JIRAUSER10101', name: 'Alice Adams', login: 'alice', email: 'alice@example.com' },
    ]);
    const [result] =
      (await connection.write?.(scope, [
        { kind: 'create', project: DEMO, type: BUG, fields: { summary: 'By key', assignee: { id: 'JIRAUSER10102' } } },
      ])) ?? [];
    assert.ok(result?.ok);
    assert.deepEqual(result.entity.fields.assignee, {
      id: 'JIRAUSER10102',
      name: 'Bob Brown',
      login: 'bob',
      email: 'bob@example.com',
    });
  });

  it('reads an epic link, which is a key, as the entity that it means', async () => {
    const issue = make(jira, 'In an epic', { fields: { customfield_10026: 'DEMO-1' } });
    const [entity] = await readNow(connection, scope, [issue.id]);
    assert.deepEqual(entity?.fields.customfield_10026, {
      id: '20000',
      key: 'DEMO-1',
      url: `${jira.url}/browse/DEMO-1`,
    });
  });

  it('never uses the key of an epic as its id if the epic cannot be read now, and is not delayed by one forever', async () => {
    const issue = make(jira, 'In an epic', { fields: { customfield_10026: 'DEMO-2' } });
    // a connection that has not met the epic yet
    const fresh = connect(jira);
    jira.faults.poisoned.add('DEMO-2');
    const epicOf = async () => (await readNow(fresh, scope, [issue.id]))[0]?.fields.customfield_10026;
    await assert.rejects(epicOf(), { kind: 'transient' });
    jira.faults.poisoned.clear();
    assert.deepEqual(await epicOf(), { id: '20001', key: 'DEMO-2', url: `${jira.url}/browse/DEMO-2` });
    await fresh.close?.();

    const other = connect(jira);
    jira.faults.poisoned.add('DEMO-2');
    const again = async () => (await readNow(other, scope, [issue.id]))[0]?.fields.customfield_10026;
    for (let n = 0; n < 3; n += 1) await assert.rejects(again(), { kind: 'transient' });
    assert.deepEqual(await again(), { id: 'DEMO-2', key: 'DEMO-2', url: `${jira.url}/browse/DEMO-2` });
    jira.faults.poisoned.clear();
    await other.close?.();
  });

  it('reads rich text as wiki markup with plain line ends', async () => {
    const issue = make(jira, 'Wiki', { fields: { description: 'h1. Title\r\n* item' } });
    const [entity] = await readNow(connection, scope, [issue.id]);
    assert.deepEqual(entity?.fields.description, { format: 'jira-wiki', content: 'h1. Title\n* item' });
  });

  it('reads back what it wrote although the node that answers searches is behind', async () => {
    const lagging = await start({ deployment: 'datacenter', indexLagMs: 60_000 });
    for (const issue of lagging.site.all()) lagging.site.backdate(issue, issue.updated);
    const writer = connect(lagging);
    const ids = [make(lagging, 'One').id, make(lagging, 'Two').id];
    const results =
      (await writer.write?.(
        scope,
        ids.map((id) => ({ kind: 'update', id, fields: { summary: `New ${id}` } })),
      )) ?? [];
    assert.deepEqual(
      results.map((result) => result.ok && result.entity.fields.summary),
      ids.map((id) => `New ${id}`),
    );
    await writer.close?.();
    await lagging.stop();
  });
});

/** Who changed an issue last (`updatedBy`): an option of Jira Cloud's form, at no further request. */

import assert from 'node:assert/strict';
import type { Connection, ConnectorConfig } from '../../../lib/connectors/connector';
import { jira as connector } from '../../../lib/connectors/jira';
import { documentOfText } from '../../../lib/connectors/jira/adf';
import { issueOf } from '../../../lib/connectors/jira/shapes';
import type { Entity } from '../../../lib/model/entity';
import type { Fields } from '../../../lib/model/values';
import { readNow } from '../../support/delivered';
import type { Jira, JiraOptions } from '../../systems/jira';
import type { Issue } from '../../systems/jira/issue';
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
  scope,
  start,
  written,
} from './server';

const MINUTE = 60_000;
const ON: ConnectorConfig = { changelog: true };

let jira: Jira;
let connection: Connection;
/** the server's clock */
let clock = 0;

const open = async (config: ConnectorConfig = ON, options: JiraOptions = {}) => {
  clock = Date.parse('2026-03-02T09:00:00.123Z');
  jira = await start({ now: () => clock, ...options });
  connection = connect(jira, config);
  clock += 10 * MINUTE;
};
const close = async () => {
  await connection.close?.();
  await jira.stop();
  if (jira.site.isCloud) assertContract(jira);
};
const pass = (ms: number) => {
  clock += ms;
};
/** An issue that Bob made, a minute ago. */
const issueOfBob = (): Issue => {
  const issue = make(jira, 'Made by Bob', { by: 'bob' });
  pass(MINUTE);
  return issue;
};
const comment = (issue: Issue, by: string) => jira.site.comment(jira.person(by), issue);
const transition = (issue: Issue, by: string) =>
  jira.site.transition(jira.person(by), issue, { transition: { id: '11' } });
const read = async (id: string): Promise<Entity> => {
  const [entity] = await readNow(connection, scope, [id]);
  assert.ok(entity);
  return entity;
};
const changer = (entity: Entity | undefined): string | undefined => entity?.updatedBy?.name;
/** Who is said to have changed each entity that a poll finds. */
const polled = async (work: () => unknown): Promise<(string | undefined)[]> => {
  const { checkpoint } = await poll(connection, await connection.newest(scope));
  await work();
  pass(5_000);
  return (await poll(connection, checkpoint)).entities.map(changer);
};

describe(`Who changed an issue last, where it is asked for (${checked('cloud')})`, function () {
  this.timeout(20_000);
  beforeEach(() => open());
  afterEach(close);

  it('is the person who made the last change, with id and name as everywhere', async () => {
    const issue = issueOfBob();
    const { accountId } = jira.person('alice');
    assert.deepEqual(await polled(() => edit(jira, issue.id, { summary: 'Changed' }, 'alice')), ['Alice Adams']);
    assert.deepEqual((await read(issue.id)).updatedBy, {
      id: accountId,
      name: 'Alice Adams',
      email: 'alice@example.com',
    });
  });

  it('is who moved the issue on, where the last change was one of status', async () => {
    const issue = issueOfBob();
    edit(jira, issue.id, { summary: 'Changed' }, 'alice');
    pass(MINUTE);
    assert.deepEqual(await polled(() => transition(issue, 'carol')), ['Carol Clark']);
  });

  it('is the creator of a new issue', async () => {
    assert.deepEqual(await polled(() => make(jira, 'New', { by: 'alice' })), ['Alice Adams']);
  });

  it('is nobody where only a comment was added, whether the issue was changed before or not', async () => {
    const untouched = issueOfBob();
    const changed = issueOfBob();
    edit(jira, changed.id, { summary: 'Changed' }, 'alice');
    pass(MINUTE);
    const names = await polled(() => {
      comment(untouched, 'carol');
      pass(10);
      comment(changed, 'carol');
    });
    assert.deepEqual(names, [undefined, undefined]);
  });

  it('is still known if the log and the update time are some milliseconds apart', async () => {
    const issue = issueOfBob();
    edit(jira, issue.id, { summary: 'Changed' }, 'alice');
    const [entry] = issue.log;
    assert.ok(entry);
    entry.at -= 400;
    assert.equal(changer(await read(issue.id)), 'Alice Adams');
    entry.at -= 1_000;
    assert.equal(changer(await read(issue.id)), undefined);
  });

  it('is the last of many: the 41st change pushes the first out of what Jira sends', async () => {
    const issue = issueOfBob();
    for (let n = 1; n <= 60; n++) {
      edit(jira, issue.id, { summary: `Change ${n}` }, n === 60 ? 'carol' : 'alice');
      pass(2_000);
    }
    assert.equal(changer(await read(issue.id)), 'Carol Clark');
  });

  it('is our account where we wrote: a create, an update, a change of status – and a poll reads none of them again', async () => {
    const write = async (operation: Parameters<NonNullable<Connection['write']>>[1][number]) =>
      written((await connection.write?.(scope, [operation]))?.[0]).entity.id;
    const updates: Fields[] = [{ summary: 'Update' }, { status: { name: 'In Progress' } }];
    for (const fields of updates) {
      const issue = issueOfBob();
      assert.deepEqual(await polled(() => write({ kind: 'update', id: issue.id, fields })), ['Sync Account']);
      assert.equal(changer(await read(issue.id)), 'Sync Account', 'read by id');
    }
    const create = { kind: 'create' as const, project: DEMO, type: BUG, fields: { summary: 'Create' } };
    assert.deepEqual(await polled(() => write(create)), ['Sync Account']);

    const { checkpoint } = await poll(connection, await connection.newest(scope));
    await write({ kind: 'update', id: await write(create), fields: { summary: 'Again' } });
    pass(5_000);
    assert.deepEqual(await requestsOf(jira, () => poll(connection, checkpoint)), ['POST search/jql']);
  });

  it('is the person who changed what we had written, before the poll met it', async () => {
    const issue = issueOfBob();
    const names = await polled(async () => {
      await connection.write?.(scope, [{ kind: 'update', id: issue.id, fields: { summary: 'Ours' } }]);
      pass(3_000);
      edit(jira, issue.id, { summary: 'Hers' }, 'alice');
    });
    assert.deepEqual(names, ['Alice Adams']);
  });

  it('is the person whose change came between our write and the look at what it left', async () => {
    const issue = issueOfBob();
    // otherwise its place is looked up first
    await read(issue.id);
    const names = await polled(async () => {
      jira.onRequest = (_method, path) => {
        if (!path.endsWith('/bulkfetch')) return;
        jira.onRequest = undefined;
        pass(100);
        edit(jira, issue.id, { summary: 'Hers' }, 'alice');
      };
      await connection.write?.(scope, [{ kind: 'update', id: issue.id, fields: { status: { name: 'In Progress' } } }]);
      assert.equal(jira.onRequest, undefined, 'it was read back');
    });
    assert.deepEqual(names, ['Alice Adams']);
  });

  it('is known of items that are looked up by key, and of the newest ones', async () => {
    const issue = issueOfBob();
    edit(jira, issue.id, { summary: 'Changed' }, 'alice');
    assert.equal(changer(await connection.byKey?.(jira.site.keyOf(issue))), 'Alice Adams');
    assert.equal(changer((await connection.latest?.(scope, 1))?.[0]), 'Alice Adams');
  });

  it('costs no request more than not to ask, and makes no other version', async () => {
    const without = connect(jira);
    const { checkpoint } = await poll(without, await without.newest(scope));
    // each has asked for the fields once
    for (const one of [without, connection]) await one.latest?.(scope, 1);
    const issue = issueOfBob();
    edit(jira, issue.id, { summary: 'Changed' }, 'alice');
    pass(5_000);
    const versions: (string | undefined)[] = [];
    for (const one of [without, connection]) {
      const requests = await requestsOf(jira, async () => {
        versions.push((await poll(one, checkpoint)).entities[0]?.version);
      });
      assert.deepEqual(requests, ['POST search/jql', 'POST issue/bulkfetch']);
    }
    assert.ok(versions[0]);
    assert.equal(versions[0], versions[1]);
    await without.close?.();
  });

  it('does not stop a poll where changelogs are larger than an answer may be: fewer are asked for, at last none', async () => {
    const issues = Array.from({ length: 8 }, () => issueOfBob());
    const [calm, busy] = issues;
    assert.ok(calm && busy);
    // an issue takes some KB, forty changes of this text, before and after, 160
    for (let n = 0; n < 40; n++)
      edit(jira, busy.id, { description: documentOfText(`${n} ${'x'.repeat(2_000)}`) }, 'alice');
    edit(jira, calm.id, { summary: 'Changed' }, 'alice');
    const narrow = connector.connect({ ...configOf(jira), ...ON }, { http: { retries: 0, maxBytes: 100_000 } });
    const entities = await readNow(
      narrow,
      scope,
      issues.map(({ id }) => id),
    );
    await narrow.close?.();
    assert.deepEqual(entities.map(changer), [
      'Alice Adams',
      undefined,
      ...Array.from({ length: 6 }, () => 'Bob Brown'),
    ]);
  });
});

describe('Who changed an issue last, where it is not asked for', function () {
  this.timeout(20_000);
  afterEach(close);

  it('is not given: the option is off unless chosen, and Jira is asked for no changelog', async () => {
    await open({});
    const issue = issueOfBob();
    assert.deepEqual(await polled(() => edit(jira, issue.id, { summary: 'Changed' }, 'alice')), [undefined]);
    const update = { kind: 'update' as const, id: issue.id, fields: { summary: 'Ours' } };
    assert.deepEqual(await polled(() => connection.write?.(scope, [update])), [undefined]);
    assert.deepEqual(
      jira.requests.filter((request) => /changelog|myself/.test(request)),
      [],
    );
    assert.deepEqual(jira.site.logsSent, []);
  });

  it('is not given by Data Center, whatever the option says: it would send whole changelogs', async () => {
    await open(ON, { deployment: 'datacenter' });
    const issue = issueOfBob();
    assert.deepEqual(await polled(() => edit(jira, issue.id, { summary: 'Changed' }, 'alice')), [undefined]);
    assert.deepEqual(jira.site.logsSent, []);
    const asked = connector.config.find(({ name }) => name === 'changelog');
    assert.deepEqual(asked?.visibleIf, { name: 'deployment', value: 'cloud' });
    assert.equal(asked?.default, false);
  });
});

describe('What is kept of a changelog', () => {
  it('is author and time of the newest entry, in whatever order they come', () => {
    const entry = (name: string, created: string) => ({
      id: '1',
      author: { displayName: name },
      created,
      items: [{ field: 'description', fromString: 'long' }],
    });
    const histories = [
      entry('Alice', '2026-03-02T10:00:00.000+0100'),
      entry('Bob', '2026-03-02T09:30:00.000+0000'),
      entry('Carol', '2026-03-02T09:10:00.000+0000'),
    ];
    const { lastChange } = issueOf({ id: '1', key: 'DEMO-1', changelog: { histories } });
    assert.deepEqual(lastChange, { author: { displayName: 'Bob' }, created: '2026-03-02T09:30:00.000+0000' });
    assert.equal(issueOf({ id: '1', key: 'DEMO-1', changelog: { histories: [] } }).lastChange, null);
    assert.ok(!('lastChange' in issueOf({ id: '1', key: 'DEMO-1' })));
  });
});

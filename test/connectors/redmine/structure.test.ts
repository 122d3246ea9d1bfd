import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Connection } from '../../../lib/connectors/connector';
import { SECRET_NAMES } from '../../../lib/connectors/form';
import { redmine as connector } from '../../../lib/connectors/redmine';
import { SyncError } from '../../../lib/model/errors';
import { findNow, readNow } from '../../support/delivered';
import { failure } from '../../support/failure';
import { describeWith } from '../../support/need';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { type Counted, connectAs, connectTo, poll, scope, server } from './server';

describe("Redmine's form", () => {
  const problems = (config: Record<string, string>): Record<string, string> => {
    try {
      connector.connect(config, {});
    } catch (error) {
      if (error instanceof SyncError && error.kind === 'invalid') return error.detail.fields ?? {};
    }
    return assert.fail('was taken');
  };

  it('is checked before anything is sent', () => {
    assert.deepEqual(Object.keys(problems({ url: 'nonsense', apiKey: 'k' })), ['url']);
    assert.deepEqual(Object.keys(problems({ url: 'https://x.example' })), ['apiKey']);
    assert.deepEqual(Object.keys(problems({ url: 'https://x.example', auth: 'login', login: 'joe' })), ['password']);
  });

  it('has only names of secrets that Node-RED knows', () => {
    const secrets = connector.config.filter(({ type }) => type === 'secret').map(({ name }) => name);
    assert.deepEqual(
      secrets.filter((name) => !SECRET_NAMES.some((known) => known === name)),
      [],
    );
  });
});

describeWith('Redmine metadata and people, on the real server', server, (redmine) => {
  let admin: Counted;
  let sync: Counted;
  let bob: Counted;
  before(() => {
    redmine.reset();
    admin = connectAs(redmine, 'admin');
    sync = connectAs(redmine, 'sync');
    bob = connectAs(redmine, 'bob');
  });
  after(async () => {
    for (const { connection } of [admin, sync, bob]) await connection.close?.();
    redmine.reset();
  });

  const fieldOf = async (connection: Connection, id: string) => {
    const field = (await connection.fields('1', '1')).find((one) => one.id === id);
    assert.ok(field, id);
    return field;
  };

  describe('identity', () => {
    it('is the user and the product; an administrator lacks nothing', async () => {
      const { user, server: product, missing } = await admin.connection.identify();
      assert.equal(user.login, 'admin');
      assert.match(product, /^Redmine 5\.0/);
      assert.deepEqual(missing, []);
    });

    it('says what an ordinary account cannot see', async () => {
      const { missing } = await sync.connection.identify();
      assert.equal(missing.length, 1);
      assert.match(missing[0] ?? '', /^The account is no administrator.*lists of values.*e-mail addresses/);
    });

    it('says what the roles do not allow, and where', async () => {
      const line = await recordingProxy(redmine.url);
      const body = JSON.stringify({ role: { id: 4, name: 'Reader', permissions: ['view_issues', 'add_issues'] } });
      line.interfere = (_method, path) => (path.startsWith('/roles/') ? { status: 200, body } : undefined);
      const reader = connectTo(line.url, redmine.key('bob')).connection;
      const { missing } = await reader.identify();
      assert.ok(missing.includes("The account's roles do not let it change issues in the projects Alpha, Beta."));
      assert.ok(!missing.some((sentence) => sentence.includes('create issues')));
      await reader.close?.();
      await line.stop();
    });

    it('signs in with login and password as well', async () => {
      const config = { url: redmine.url, auth: 'login', login: 'alice', password: 'alice-password' };
      const connection = connector.connect(config, {});
      assert.equal((await connection.identify()).user.login, 'alice');
      await connection.close?.();
    });

    it('distinguishes rejected credentials, a server without REST and a wrong URL', async () => {
      const stranger = connectTo(redmine.url, 'not-the-key-of-anybody').connection;
      assert.ok(!inspect(await failure(stranger.identify(), 'auth')).includes('not-the-key-of-anybody'));
      await stranger.close?.();
      const elsewhere = connectTo(`${redmine.url}/projects/alpha`, redmine.key('sync')).connection;
      assert.match((await failure(elsewhere.identify(), 'fatal')).message, /[Cc]heck the URL/);
      await elsewhere.close?.();
      const line: RecordingProxy = await recordingProxy(redmine.url);
      line.interfere = () => ({ status: 403 });
      const closed = connectTo(line.url, redmine.key('sync')).connection;
      assert.match((await failure(closed.identify(), 'forbidden')).message, /REST web service is switched off/);
      await closed.close?.();
      await line.stop();
    });
  });

  describe('fields', () => {
    it('are typed and listed in full for an administrator', async () => {
      assert.deepEqual(await fieldOf(admin.connection, 'cf_3'), {
        id: 'cf_3',
        name: 'Severity',
        type: 'lookup',
        custom: true,
        values: ['Critical', 'Major', 'Minor', 'Cosmetic'].map((name) => ({ name })),
      });
      const kinds = ['cf_1', 'cf_2', 'cf_4', 'cf_6'].map(async (id) => (await fieldOf(admin.connection, id)).type);
      assert.deepEqual(await Promise.all(kinds), ['text', 'url', 'number', 'date']);
      assert.equal((await fieldOf(admin.connection, 'cf_5')).multi, true);
    });

    it('tell numbers and dates also to an account that may not see definitions', async () => {
      assert.deepEqual(await fieldOf(sync.connection, 'cf_4'), {
        ...{ id: 'cf_4', name: 'Story points', type: 'number', custom: true, integer: true },
      });
      const kinds = ['cf_1', 'cf_3', 'cf_6'].map(async (id) => (await fieldOf(sync.connection, id)).type);
      assert.deepEqual(await Promise.all(kinds), ['text', 'text', 'date']);
      assert.equal((await fieldOf(sync.connection, 'cf_5')).multi, true);
    });

    it('have the lists of their project', async () => {
      const names = async (id: string) => (await fieldOf(sync.connection, id)).values?.map(({ name }) => name);
      assert.deepEqual(await names('category'), ['Backend', 'Frontend']);
      assert.deepEqual(await names('fixed_version'), ['1.0', '2.0']);
      assert.deepEqual((await names('assigned_to'))?.sort(), ['Alice Adams', 'Bob Brown', 'Sync Robot']);
    });

    it('hold the markup that the form says', async () => {
      const textile = connectAs(redmine, 'sync', { textFormatting: 'textile' }).connection;
      assert.equal((await fieldOf(textile, 'description')).format, 'textile');
      assert.equal((await fieldOf(sync.connection, 'description')).format, 'markdown');
      await textile.close?.();
    });

    it('are asked for once within a minute, also by many at a time', async () => {
      const fresh = connectAs(redmine, 'sync');
      await Promise.all([1, 2, 3].map(() => fresh.connection.fields('1', '1')));
      const once = fresh.requests.length;
      assert.ok(once <= 11, fresh.requests.join('\n'));
      await fresh.connection.fields('alpha', '1');
      assert.equal(fresh.requests.length, once);
      await fresh.connection.close?.();
    });
  });

  describe('reading', () => {
    it("shows closed, private and other projects' issues, in the order asked", async () => {
      const alice = redmine.as('alice');
      await alice.put('/issues/3.json', { issue: { status_id: 5, is_private: true } });
      const { issue } = await alice.post<{ issue: { id: number } }>('/issues.json', {
        issue: { project_id: 2, tracker_id: 2, subject: 'In Beta' },
      });
      const read = await readNow(sync.connection, scope, [String(issue.id), '3', '4040404', '1']);
      assert.deepEqual(
        read.map((entity) => entity?.key),
        [String(issue.id), '3', undefined, '1'],
      );
      assert.equal(read[0]?.project, '2');
      assert.equal(read[0]?.url, `${redmine.url}/issues/${issue.id}`);
      assert.deepEqual([read[1]?.fields.is_private, read[1]?.fields.status], [true, { id: '5', name: 'Closed' }]);
    });

    it('polls no subprojects, closed issues included, in one request for all projects and trackers', async () => {
      const { project } = await redmine.as('admin').post<{ project: { id: number } }>('/projects.json', {
        project: {
          name: 'Child',
          identifier: 'child',
          parent_id: 1,
          tracker_ids: [1],
          enabled_module_names: ['issue_tracking'],
        },
      });
      await redmine
        .as('admin')
        .post('/issues.json', { issue: { project_id: project.id, tracker_id: 1, subject: 'Below' } });
      admin.requests.length = 0;
      const projects = new Set<string>();
      const ids: string[] = [];
      for await (const page of admin.connection.changes(scope, undefined, 100)) {
        for (const entity of page.entities) {
          projects.add(entity.project);
          ids.push(entity.id);
        }
      }
      assert.deepEqual([...projects].sort(), ['1', '2']);
      assert.ok(ids.includes('3'), 'the closed one');
      assert.equal(admin.requests.filter((request) => request === 'GET /issues.json').length, 1);
      const fresh = connectAs(redmine, 'admin').connection;
      assert.equal((await fresh.projects()).find(({ id }) => id === String(project.id))?.parent, '1');
      await fresh.close?.();
    });
  });

  it('stops where the real server is restored from a backup', async () => {
    const one = connectAs(redmine, 'sync').connection;
    await redmine.as('alice').put('/issues/1.json', { issue: { subject: 'Changed after the back-up' } });
    const before = await poll(one, undefined);
    assert.deepEqual((await poll(one, before.checkpoint)).ids, []);
    redmine.reset();
    const error = await failure(poll(one, before.checkpoint), 'fatal');
    assert.match(error.message, /issue 1 was updated at .*backup may have been restored/);
    await one.close?.();
  });

  describe('people', () => {
    const find = async (connection: Connection, query: Parameters<NonNullable<Connection['users']>>[0]) =>
      (await connection.users?.(query))?.map(({ login }) => login);

    it('are found by an administrator by mail address, login, name and part of it, exactly or not at all', async () => {
      const { connection } = admin;
      assert.deepEqual(await find(connection, { email: `Alice@${redmine.name}.example` }), ['alice']);
      assert.deepEqual(await find(connection, { login: 'BOB' }), ['bob']);
      assert.deepEqual(await find(connection, { name: 'alice adams' }), ['alice']);
      assert.deepEqual(await find(connection, { search: 'ad' }), ['admin', 'alice']);
      assert.deepEqual(await find(connection, { name: 'Alice' }), []);
      assert.deepEqual(await find(connection, { email: `lice@${redmine.name}.example` }), []);
      assert.deepEqual(await find(connection, { login: 'admin', project: '1' }), []);
      assert.deepEqual(await find(connection, {}), ['admin', 'alice', 'bob', 'sync']);
    });

    it('are found by others among the members they see, without hidden mail addresses', async () => {
      const { connection } = sync;
      assert.deepEqual(await find(connection, { login: 'alice' }), ['alice']);
      assert.deepEqual(await find(connection, { name: 'Bob Brown', project: '1' }), ['bob']);
      assert.deepEqual(await find(connection, { email: `alice@${redmine.name}.example` }), []);
      assert.deepEqual(await find(connection, { search: 'ad' }), ['alice']);
    });

    it('appear in entities with login, and with the mail address where it may be seen', async () => {
      const [seen] = await readNow(admin.connection, scope, ['1']);
      assert.deepEqual(seen?.createdBy, {
        ...{ id: '6', name: 'Alice Adams', login: 'alice', email: `alice@${redmine.name}.example` },
      });
      const [shy] = await readNow(sync.connection, scope, ['1']);
      assert.deepEqual(shy?.createdBy, { id: '6', name: 'Alice Adams', login: 'alice' });
      assert.equal(seen?.version, shy?.version, 'the version is the same for all');
    });
  });

  describe('history', () => {
    it('reports who changed which fields when, newest first, in canonical values', async () => {
      const alice = redmine.as('alice');
      const { issue } = await alice.post<{ issue: { id: number } }>('/issues.json', {
        issue: { project_id: 1, tracker_id: 1, subject: 'Old', custom_fields: [{ id: 5, value: ['API'] }] },
      });
      const path = `/issues/${issue.id}.json`;
      await alice.put(path, {
        issue: { subject: 'New', estimated_hours: 1.5, assigned_to_id: 7, notes: 'with a note' },
      });
      await alice.put(path, { issue: { notes: 'only a note' } });
      const custom_fields = [
        { id: 5, value: ['Database', 'Operations'] },
        { id: 4, value: '8' },
      ];
      await redmine.as('bob').put(path, { issue: { status_id: 2, custom_fields } });
      const [second, first, ...rest] = (await admin.connection.history?.(String(issue.id))) ?? [];
      assert.deepEqual(rest, []);
      assert.deepEqual([first?.by?.login, second?.by?.login], ['alice', 'bob']);
      assert.deepEqual(first?.fields.subject, { old: 'Old', new: 'New' });
      assert.deepEqual(first?.fields.estimated_hours, { old: null, new: 5400 });
      assert.match(JSON.stringify(first?.fields.assigned_to?.new), /"login":"bob"/);
      assert.deepEqual(second?.fields.status, { old: { id: '1', name: 'New' }, new: { id: '2', name: 'In Progress' } });
      assert.deepEqual(second?.fields.cf_4, { old: null, new: 8 });
      const came = second?.fields.cf_5?.new;
      assert.deepEqual(Array.isArray(came) && came.map((one) => (one as { name: string }).name).sort(), [
        'Database',
        'Operations',
      ]);
    });
  });

  describe('finding', () => {
    it('finds nothing by a marker alone, since none can be stored', async () => {
      assert.deepEqual(await sync.connection.find?.({ project: '1', type: '1', marker: 'anything' }, 5), []);
    });

    it('finds by subject exactly, by lists, and by fields that Redmine cannot search', async () => {
      const alice = redmine.as('alice');
      const custom_fields = [
        { id: 2, value: 'https://example.com/42' },
        { id: 3, value: 'Major' },
      ];
      const post = (subject: string) =>
        alice.post<{ issue: { id: number } }>('/issues.json', {
          issue: { project_id: 1, tracker_id: 1, subject, custom_fields },
        });
      const exact = String((await post('Needle 42')).issue.id);
      await post('Needle 42 and more');
      const find = async (connection: Connection, id: string, value: string | { name: string }) =>
        (await findNow(connection, { project: '1', type: '1', field: { id, values: [value] } }, 5))?.map(
          (entity) => entity.id,
        );
      assert.deepEqual(await find(sync.connection, 'subject', 'Needle 42'), [exact]);
      assert.equal((await find(admin.connection, 'cf_3', { name: 'Major' }))?.length, 2);
      assert.deepEqual((await find(admin.connection, 'cf_2', 'https://example.com/42'))?.[0], exact);
      assert.deepEqual((await find(sync.connection, 'cf_2', 'https://example.com/42'))?.[0], exact);
    });
  });
});

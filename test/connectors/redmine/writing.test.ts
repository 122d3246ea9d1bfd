import assert from 'node:assert/strict';
import type { Connection, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Entity } from '../../../lib/model/entity';
import type { SyncError, SyncErrorKind } from '../../../lib/model/errors';
import type { Fields } from '../../../lib/model/values';
import { describeWith } from '../../support/need';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { type Counted, connectAs, connectTo, poll, scope, server } from './server';

describeWith('Redmine writes, on the real server', server, (redmine) => {
  let admin: Counted;
  let sync: Counted;
  let bob: Counted;

  before(function () {
    this.timeout(20_000);
    redmine.reset();
    admin = connectAs(redmine, 'admin');
    sync = connectAs(redmine, 'sync');
    bob = connectAs(redmine, 'bob');
  });
  after(async () => {
    for (const { connection } of [admin, sync, bob]) await connection.close?.();
    redmine.reset();
  });

  async function write(connection: Connection, ...operations: WriteOperation[]): Promise<WriteResult[]> {
    assert.ok(connection.write);
    return connection.write(scope, operations);
  }
  const creation = (fields: Fields): WriteOperation => ({
    kind: 'create',
    project: '1',
    type: '1',
    fields: { subject: 'A write', ...fields },
  });
  async function create(connection: Connection, fields: Fields = {}): Promise<Entity> {
    const [result] = await write(connection, creation(fields));
    return entityOf(result);
  }
  function entityOf(result: WriteResult | undefined): Entity {
    if (!result?.ok) assert.fail(result?.error.message);
    return result.entity;
  }
  function errorOf(result: WriteResult | undefined, kind: SyncErrorKind): SyncError {
    if (!result || result.ok) assert.fail('the write should have failed');
    assert.equal(result.error.kind, kind, result.error.message);
    return result.error;
  }
  const ignoredOf = (result: WriteResult | undefined) => (result?.ok ? result.ignored : undefined);

  describe('what Redmine leaves out without a word', () => {
    it('names a status that the workflow forbids, with those that it allows', async () => {
      const { id } = await create(sync.connection);
      entityOf((await write(sync.connection, { kind: 'update', id, fields: { status: { name: 'Rejected' } } }))[0]);
      const [result] = await write(bob.connection, {
        kind: 'update',
        id,
        fields: { status: { name: 'New' }, subject: 'Changed all the same' },
      });
      const entity = entityOf(result);
      assert.equal(entity.fields.subject, 'Changed all the same');
      assert.deepEqual(entity.fields.status, { id: '6', name: 'Rejected' });
      assert.deepEqual(Object.keys(ignoredOf(result) ?? {}), ['status']);
      assert.match(ignoredOf(result)?.status ?? '', /from Rejected to New; it allows no other status/);
      const other = await create(sync.connection);
      const [refused] = await write(bob.connection, {
        kind: 'update',
        id: other.id,
        fields: { status: { name: 'Rejected' } },
      });
      assert.match(
        ignoredOf(refused)?.status ?? '',
        /from New to Rejected; it allows In Progress, Resolved, Feedback, Closed$/,
      );
    });

    it('creates with a status that is no initial one, by a second step', async () => {
      sync.requests.length = 0;
      const [result] = await write(sync.connection, creation({ status: { name: 'Feedback' } }));
      assert.deepEqual(entityOf(result).fields.status, { id: '4', name: 'Feedback' });
      assert.equal(ignoredOf(result), undefined);
      assert.deepEqual(
        sync.requests.filter((request) => !request.startsWith('GET')),
        ['POST /issues.json', `PUT /issues/${entityOf(result).id}.json`],
      );
    });

    it('names fields that are calculated from subtasks', async () => {
      const parent = await create(sync.connection);
      await create(sync.connection, { parent: { id: parent.id }, priority: { name: 'Low' } });
      const [result] = await write(sync.connection, {
        kind: 'update',
        id: parent.id,
        fields: { priority: { name: 'High' } },
      });
      assert.deepEqual(Object.keys(ignoredOf(result) ?? {}), ['priority']);
    });

    it('is not deceived by blanks, line ends, order, rounding and what a later write of the batch changed', async () => {
      const { id } = await create(admin.connection);
      const results = await write(
        admin.connection,
        { kind: 'update', id, fields: { subject: 'First', done_ratio: 10 } },
        {
          kind: 'update',
          id,
          fields: {
            subject: '  Second ',
            description: { format: 'html', content: 'a\r\nb\n' },
            estimated_hours: 1000,
            cf_5: [{ name: 'Database' }, { name: 'API' }],
            cf_1: ' X ',
          },
        },
      );
      assert.deepEqual(results.map(ignoredOf), [undefined, undefined]);
      const { fields } = entityOf(results[1]);
      assert.deepEqual([fields.subject, fields.done_ratio, fields.estimated_hours], ['Second', 10, 1000]);
      const dialect = { hardBreaks: true, mentions: 'names' };
      assert.deepEqual(fields.description, { format: 'markdown', content: 'a\nb\n', dialect });
    });

    it('says of fields that Redmine sets itself that they cannot be written', async () => {
      const [result] = await write(sync.connection, creation({ author: { login: 'alice' }, id: 4711 }));
      assert.deepEqual(Object.keys(ignoredOf(result) ?? {}), ['author', 'id']);
      assert.notEqual(entityOf(result).id, '4711');
    });
  });

  describe('what Redmine refuses', () => {
    it('names the field of a message', async () => {
      const fields = { start_date: '2026-02-02', due_date: '2026-01-01' };
      const error = errorOf((await write(sync.connection, creation(fields)))[0], 'invalid');
      assert.match(error.detail.fields?.due_date ?? '', /greater than start date/);
      const parent = await redmine.as('alice').post<{ issue: { id: number } }>('/issues.json', {
        issue: { project_id: 2, tracker_id: 1, subject: 'elsewhere' },
      });
      const foreign = creation({ parent: { id: String(parent.issue.id) }, cf_4: 3 });
      assert.ok(errorOf((await write(sync.connection, foreign))[0], 'invalid').detail.fields?.parent);
    });

    it('refuses before anything is sent what the lists do not have, telling what they have', async () => {
      await sync.connection.fields('1', '1');
      sync.requests.length = 0;
      const error = errorOf(
        (
          await write(
            sync.connection,
            creation({ priority: { name: 'Urgently' }, category: { name: 'Middle' }, cf_4: 'many', cf_99: 'x' }),
          )
        )[0],
        'invalid',
      );
      assert.deepEqual(Object.keys(error.detail.fields ?? {}), ['priority', 'category', 'cf_4', 'cf_99']);
      assert.equal(
        error.detail.fields?.priority,
        'Priority has no value "Urgently"; it has Low, Normal, High, Urgent, Immediate',
      );
      assert.ok(sync.requests.every((request) => request.startsWith('GET')));
    });

    it('takes a name for what it says, also where it comes with the id of another system', async () => {
      const { fields } = await create(sync.connection, {
        priority: { id: '1', name: 'Urgent' },
        category: { name: 'backend' },
      });
      assert.deepEqual(fields.priority, { id: '4', name: 'Urgent' });
      assert.deepEqual(fields.category, { id: '1', name: 'Backend' });
    });

    it('does not create with another tracker than the one asked for', async () => {
      const operation: WriteOperation = { kind: 'create', project: '1', type: '99', fields: { subject: 'x' } };
      assert.match(
        errorOf((await write(sync.connection, operation))[0], 'notFound').message,
        /no tracker with the id "99"/,
      );
    });

    it('lets a person be nobody but a member, found by login, mail address or name', async () => {
      const { fields } = await create(admin.connection, { assigned_to: { email: `ALICE@${redmine.name}.example` } });
      assert.equal((fields.assigned_to as { login?: string }).login, 'alice');
      const error = errorOf(
        (await write(admin.connection, creation({ assigned_to: { login: 'admin' } })))[0],
        'invalid',
      );
      assert.match(error.detail.fields?.assigned_to ?? '', /no member "admin"; it has .*Alice Adams/);
    });

    it('answers notFound for an issue that there is not, and lets its neighbours pass', async () => {
      const { id } = await create(sync.connection);
      const results = await write(
        sync.connection,
        { kind: 'update', id: '999999', fields: { subject: 'x' } },
        { kind: 'update', id, fields: { subject: 'neighbour' } },
      );
      errorOf(results[0], 'notFound');
      assert.equal(entityOf(results[1]).fields.subject, 'neighbour');
    });
  });

  describe('a line that breaks', () => {
    let line: RecordingProxy;
    let far: Connection;
    beforeEach(async () => {
      line = await recordingProxy(redmine.url);
      far = connectTo(line.url, redmine.key('sync')).connection;
    });
    afterEach(async () => {
      await far.close?.();
      await line.stop();
    });

    it('leaves a create uncertain whose answer was lost, and sends it once', async () => {
      line.interfere = (method) => (method === 'POST' ? 'lose' : undefined);
      const subject = `Lost ${Date.now()}`;
      const [result] = await write(far, creation({ subject, cf_1: subject }));
      assert.equal(errorOf(result, 'transient').detail.uncertain, true);
      assert.equal(line.writes().length, 1);
      const found = await far.find?.({ project: '1', type: '1', field: { id: 'cf_1', values: [subject] } }, 5);
      assert.equal(found?.length, 1, 'it was created all the same, and is found');
    });

    it('leaves a create uncertain whose answer is not an issue', async () => {
      line.interfere = (method) => (method === 'POST' ? { status: 201, body: '{"issue":{}}' } : undefined);
      assert.equal(errorOf((await write(far, creation({})))[0], 'fatal').detail.uncertain, true);
    });

    it('repeats an update whose answer was lost', async () => {
      const { id } = await create(far);
      let lost = 0;
      line.interfere = (method) => (method === 'PUT' && lost++ === 0 ? 'lose' : undefined);
      const [result] = await write(far, { kind: 'update', id, fields: { subject: 'Arrived' } });
      assert.equal(entityOf(result).fields.subject, 'Arrived');
    });

    it('stops a batch where the credentials or the rate are refused: the rest was certainly not sent', async () => {
      const { id } = await create(far);
      line.clear();
      line.interfere = (method) => (method === 'PUT' ? { status: 429, headers: { 'Retry-After': '9' } } : undefined);
      const operations = Array.from(
        { length: 6 },
        (_, i): WriteOperation => ({ kind: 'update', id, fields: { subject: `${i}` } }),
      );
      const results = await write(far, ...operations);
      for (const result of results) assert.equal(errorOf(result, 'rateLimited').detail.retryAfterMs, 9_000);
      assert.equal(line.writes().length, 1);
      assert.equal(errorOf(results[5], 'rateLimited').detail.uncertain, false);
    });

    it('says of a create that cannot be read back that it was made', async () => {
      line.interfere = (method, path) =>
        method === 'GET' && /issue_id=|\/issues\/\d+/.test(path) ? { status: 500, body: '{}' } : undefined;
      const [result] = await write(far, creation({ status: { name: 'Closed' } }));
      const error = errorOf(result, 'transient');
      assert.match(error.message, /^Issue \d+ was written, but could not be read back/);
      assert.equal(error.detail.uncertain, true);
    });
  });

  it('costs one request for each change, and one in a hundred to read them, from poll to read-back', async function () {
    this.timeout(60_000);
    const alice = redmine.as('alice');
    for (let i = 0; i < 10; i++) await create(sync.connection, { subject: `Change ${i}` });
    const from = connectAs(redmine, 'sync');
    const to = connectAs(redmine, 'sync');
    const since = await from.connection.newest(scope);
    const count = 60;
    const ids: number[] = [];
    for (let i = 0; i < count; i++) {
      const issue = {
        project_id: 1,
        tracker_id: 1,
        subject: `Many ${i}`,
        custom_fields: [{ id: 4, value: String(i) }],
      };
      ids.push((await alice.post<{ issue: { id: number } }>('/issues.json', { issue })).issue.id);
    }
    from.requests.length = 0;
    const read = await poll(from.connection, since);
    assert.deepEqual([...new Set(read.ids)].sort(), ids.map(String).sort());
    const updates = read.entities.map(
      ({ id, fields }): WriteOperation => ({
        kind: 'update',
        id,
        fields: {
          description: { format: 'markdown', content: String(fields.subject) },
          priority: { name: 'High' },
          cf_4: 1,
        },
      }),
    );
    for (const result of await write(to.connection, ...updates)) entityOf(result);
    const [polled, written] = [from.requests.length, to.requests.length];
    // a connection's first acquaintance with the server costs some requests once
    // – and so does, every five minutes, whether projects, trackers and what the role shows are all there
    assert.ok(polled <= 10, `polling: ${polled} requests: ${from.requests}`);
    assert.ok(written <= count + 15, `writing ${count}: ${written} requests`);
    to.requests.length = 0;
    for (const result of await write(to.connection, ...updates)) entityOf(result);
    assert.equal(to.requests.length, count + 1, 'then one for each, and one for all');
    await from.connection.close?.();
    await to.connection.close?.();
  });
});

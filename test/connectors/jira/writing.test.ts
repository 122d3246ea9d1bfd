/** Writing to Jira: what it costs, ways through a workflow, screens, and refusals that name their fields. */

import assert from 'node:assert/strict';
import type { Connection, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Fields } from '../../../lib/model/values';
import { findNow, readNow } from '../../support/delivered';
import type { Jira } from '../../systems/jira';
import {
  adf,
  assertContract,
  BUG,
  checked,
  connect,
  DEMO,
  type Deployment,
  make,
  refused,
  requestsOf,
  STORY,
  SUBTASK,
  scope,
  start,
  written,
} from './server';

const creation = (fields: Fields, type: string = BUG): WriteOperation => ({
  kind: 'create',
  project: DEMO,
  type,
  fields: { summary: 'Made', ...fields },
});

for (const deployment of ['cloud', 'datacenter'] as const satisfies Deployment[]) {
  describe(`Writing to Jira (${checked(deployment)})`, function () {
    this.timeout(20_000);
    const isCloud = deployment === 'cloud';
    let jira: Jira;
    let connection: Connection;

    before(async () => {
      jira = await start({ deployment });
      connection = connect(jira);
      // metadata and people are known from here on
      await write([creation({ status: { name: 'In Progress' }, assignee: { email: 'alice@example.com' } })]);
    });
    after(async () => {
      await connection.close?.();
      await jira.stop();
      assertContract(jira);
    });

    const write = async (operations: WriteOperation[]) => (await connection.write?.(scope, operations)) ?? [];
    const create = async (fields: Fields = {}) => written((await write([creation(fields)]))[0]).entity;
    const update = async (id: string, fields: Fields) => (await write([{ kind: 'update', id, fields }]))[0];

    it('creates sixty issues with two requests, and reads them back', async () => {
      const operations = Array.from({ length: 60 }, (_, index) => creation({ summary: `Of sixty ${index}` }));
      const requests = await requestsOf(jira, async () => {
        const results = await write(operations);
        assert.deepEqual(
          results.map((result) => written(result).entity.fields.summary),
          operations.map(({ fields }) => fields.summary),
        );
      });
      const read = isCloud ? 'POST issue/bulkfetch' : 'POST search';
      assert.deepEqual(requests, ['POST issue/bulk', 'POST issue/bulk', read]);
    });

    it('changes any number of fields of an issue with one request', async () => {
      const { id } = await create();
      let exact: boolean | undefined;
      const requests = await requestsOf(jira, async () => {
        const fields = {
          summary: 'Changed',
          labels: ['a'],
          customfield_10010: 5,
          assignee: { email: 'alice@example.com' },
        };
        exact = written(await update(id, fields)).exact;
      });
      // the answer is the very state that the write made; Data Center has none
      assert.deepEqual(requests, isCloud ? [`PUT issue/${id}`] : [`PUT issue/${id}`, `GET issue/${id}`]);
      assert.equal(exact, isCloud ? true : undefined);
    });

    it('changes a status with one request and one to read it back, once the way is known', async () => {
      const { id } = await create();
      const requests = await requestsOf(jira, async () => {
        assert.deepEqual(written(await update(id, { status: { name: 'In Progress' } })).entity.fields.status, {
          id: '10301',
          name: 'In Progress',
        });
      });
      assert.deepEqual(requests, [
        `POST issue/${id}/transitions`,
        isCloud ? 'POST issue/bulkfetch' : `GET issue/${id}`,
      ]);
    });

    it('goes the whole way through the workflow, with the field that a transition requires', async () => {
      const entity = await create();
      const result = written(await update(entity.id, { status: { name: 'Done' }, resolution: { name: 'Duplicate' } }));
      assert.equal(result.ignored, undefined);
      assert.deepEqual(result.entity.fields.status, { id: '10303', name: 'Done' });
      assert.deepEqual(result.entity.fields.resolution, { id: '10602', name: 'Duplicate' });
      // and back, by which the workflow takes the resolution away
      const back = written(await update(entity.id, { status: { name: 'In Review' } }));
      assert.deepEqual(
        [back.entity.fields.status, back.entity.fields.resolution],
        [{ id: '10302', name: 'In Review' }, null],
      );
    });

    it('plans the way by other issues before it takes a step', async () => {
      const { id } = await create();
      for (const name of ['In Progress', 'In Review', 'Done', 'Locked']) {
        const isOver = name === 'Done' || name === 'Locked';
        await create({ status: { name }, ...(isOver ? { resolution: { name: 'Done' } } : {}) });
      }
      const requests = await requestsOf(jira, async () => {
        const error = refused(await update(id, { status: { name: 'Archived' } }));
        assert.equal(error.kind, 'invalid');
        assert.match(
          error.detail.fields?.status ?? '',
          /Archived cannot be reached from To Do.*In Progress \(by "Start"\)/,
        );
      });
      assert.ok(!requests.some((request) => /^POST issue\/\d+\/transitions/.test(request)), requests.join('\n'));
      assert.equal(jira.site.find(id)?.status, '10300', 'the issue has not been moved');
    });

    it('names the field that a transition lacks', async () => {
      const { id } = await create();
      const error = refused(await update(id, { status: { name: 'Done' } }));
      assert.equal(error.kind, 'invalid');
      assert.match(error.detail.fields?.resolution ?? '', /Resolution is required/);
      assert.match(error.message, /"Approve" from In Review to Done/);
      assert.match(error.message, /it was taken back to To Do$/);
      assert.equal(jira.site.find(id)?.status, '10300');
    });

    it('creates in a later status, and says so where it cannot be reached', async () => {
      const entity = await create({ status: { name: 'Done' }, resolution: { name: 'Done' } });
      assert.deepEqual(entity.fields.status, { id: '10303', name: 'Done' });
      const [result] = await write([creation({ status: { name: 'Archived' } })]);
      const { ignored } = written(result);
      assert.match(ignored?.status ?? '', /^The issue was created with its first status/);
    });

    it('refuses a status that the workflow does not have, naming those it has', async () => {
      const { id } = await create();
      const error = refused(await update(id, { status: { name: 'Nirvana' } }));
      assert.match(error.detail.fields?.status ?? '', /To Do, In Progress, In Review, Done/);
    });

    it('sets a field that only the edit screen has, after the create', async () => {
      const entity = await create({ customfield_10025: [{ name: 'Field' }] });
      assert.deepEqual(entity.fields.customfield_10025, [{ id: '100251', name: 'Field' }]);
    });

    it('creates sub-tasks under their parent', async () => {
      const [result] = await write([creation({ parent: { id: '20002' } }, SUBTASK)]);
      const { parent } = written(result).entity.fields;
      assert.ok(parent !== null && typeof parent === 'object' && 'key' in parent);
      assert.deepEqual([parent.id, parent.key], ['20002', 'DEMO-3']);
      const error = refused((await write([creation({}, SUBTASK)]))[0]);
      assert.match(error.detail.fields?.parent ?? '', /parent issue key or id not specified/);
    });

    it("passes on the system's own words by field, with nothing written", async () => {
      const { id, version } = await create();
      const value = isCloud ? adf('x'.repeat(33_000)) : { format: 'jira-wiki' as const, content: 'x'.repeat(33_000) };
      const error = refused(await update(id, { summary: 'Not taken', description: value }));
      assert.equal(error.kind, 'invalid');
      assert.match(error.detail.fields?.description ?? '', /exceeds the allowed limit of 32,767 characters/);
      assert.equal((await readNow(connection, scope, [id]))[0]?.version, version);
    });

    it('distinguishes what failed in a batch whose requests go together', async () => {
      const results = await write([
        creation({ customfield_10018: 'not a url' }),
        creation({ summary: 'Good' }),
        creation({ labels: ['has blanks'] }),
        creation({ customfield_10018: 'neither' }),
      ]);
      assert.deepEqual(
        results.map((result) => result.ok || Object.keys(result.error.detail.fields ?? {})),
        [['customfield_10018'], true, ['labels'], ['customfield_10018']],
      );
    });

    it('reads cascading selects as "Parent / Child", each child under its own parent', async () => {
      for (const [name, id] of [
        ['Software / Display', '20011'],
        ['Hardware / Display', '20001'],
        ['Hardware', '20000'],
      ] as const) {
        assert.deepEqual((await create({ customfield_10013: { name } })).fields.customfield_10013, { id, name });
      }
      const error = refused((await write([creation({ customfield_10013: { name: 'Software / Keyboard' } })]))[0]);
      assert.match(error.detail.fields?.customfield_10013 ?? '', /Software \/ Network/);
    });

    it('keeps the sprints that are over, and reads the one that is not', async () => {
      const issue = make(jira, 'Was in a sprint');
      issue.values.customfield_10020 = [1];
      const before = (await readNow(connection, scope, [issue.id]))[0];
      assert.deepEqual(before?.fields.customfield_10020, { id: '1', name: 'Sprint 1' });
      written(await update(issue.id, { customfield_10020: { name: 'Sprint 3' } }));
      assert.deepEqual(jira.site.find(issue.id)?.values.customfield_10020, [1, 3]);
      assert.deepEqual(
        (await connection.lookupValues?.(DEMO, BUG, 'customfield_10020', 'sprint'))?.map(({ name }) => name),
        ['Sprint 2', 'Sprint 3'],
      );
    });

    it('counts estimates in seconds, and says where Jira rounds them to minutes by silence: within half a minute', async () => {
      const entity = await create({ timeoriginalestimate: 5415 });
      assert.equal(entity.fields.timeoriginalestimate, 5400);
      assert.equal(entity.fields.timeestimate, 5400, 'what remains is the whole estimate at first');
    });

    it('does not pause everything for too many writes to one issue', async () => {
      const [{ id }, other] = [await create(), await create()];
      const headers = { 'RateLimit-Reason': 'jira-per-issue-on-write', 'Retry-After': '5' };
      jira.interfere(new RegExp(`^PUT .*/${id}\\b`), () => ({ status: 429, body: {}, headers }));
      const [first, second] = await write(
        [id, other.id].map((one) => ({ kind: 'update', id: one, fields: { summary: 'Often' } })),
      );
      assert.equal(refused(first).kind, 'conflict');
      assert.ok(second?.ok);
    });

    it('stops at a refusal for too many requests, and says when to go on', async () => {
      const { id } = await create();
      const other = (await create()).id;
      jira.interfere(
        /^PUT /,
        () => ({
          status: 429,
          body: {},
          headers: { 'X-RateLimit-Reset': new Date(Date.now() + 30_000).toISOString() },
        }),
        8,
      );
      const slow = connect(jira, { concurrency: '1' });
      const results =
        (await slow.write?.(scope, [
          { kind: 'update', id, fields: { summary: 'One' } },
          { kind: 'update', id: other, fields: { summary: 'Two' } },
        ])) ?? [];
      jira.interfere(/^PUT /, () => ({ status: 500 }), 0);
      const errors = results.map((result) => refused(result));
      assert.deepEqual(
        errors.map(({ kind }) => kind),
        ['rateLimited', 'rateLimited'],
      );
      assert.ok((errors[0]?.detail.retryAfterMs ?? 0) > 25_000 && (errors[0]?.detail.retryAfterMs ?? 0) <= 31_000);
      assert.match(errors[1]?.message ?? '', /^Not sent/);
      await slow.close?.();
    });
  });
}

describe(`Writing to Jira Cloud (${checked('cloud')})`, function () {
  this.timeout(20_000);
  let jira: Jira;
  let connection: Connection;

  before(async () => {
    // searches show nothing that the tests write
    jira = await start({ indexLagMs: 0 });
    connection = connect(jira);
  });
  after(async () => {
    await connection.close?.();
    await jira.stop();
    assertContract(jira);
  });

  it('reads a new issue once where its first status is the wanted one, and shows it as it is', async () => {
    const operation = creation({ summary: 'Begins right', status: { name: 'To Do' } });
    await connection.write?.(scope, [operation]);
    let result: WriteResult | undefined;
    const requests = await requestsOf(jira, async () => {
      [result] = (await connection.write?.(scope, [operation])) ?? [];
    });
    assert.deepEqual(requests, ['POST issue/bulk', 'POST issue/bulkfetch']);
    const { entity } = written(result);
    assert.deepEqual(await readNow(connection, scope, [entity.id]), [entity]);
  });

  it('finds a create whose answer was lost, although the index has none of it', async () => {
    const lagging = await start({ indexLagMs: 3_600_000, now: Date.now });
    for (const issue of lagging.site.all()) lagging.site.backdate(issue, issue.updated);
    const writer = connect(lagging);
    try {
      const since = new Date(Date.now() - 60_000).toISOString();
      const operation = { ...creation({ summary: 'Lost answer', customfield_10017: 'OTHER-77' }), marker: 'intent-1' };
      await writer.write?.(scope, [operation]);
      const other = connect(lagging);
      const query = { project: DEMO, type: BUG };
      for (const criterion of [
        { marker: 'intent-1' },
        { createdBySelfSince: since },
        { field: { id: 'customfield_10017', values: ['OTHER-77'] } },
      ]) {
        const found = await findNow(other, { ...query, ...criterion }, 10);
        assert.deepEqual(
          found?.map(({ fields }) => fields.summary),
          ['Lost answer'],
          JSON.stringify(criterion),
        );
      }
      assert.deepEqual(await other.find?.({ ...query, marker: 'intent-2' }, 10), []);
      await other.close?.();
    } finally {
      await writer.close?.();
      await lagging.stop();
      assertContract(lagging);
    }
  });

  it('looks for a way step by step where there is no other issue to learn from, and comes back where there is none', async () => {
    const alone = await start();
    const explorer = connect(alone);
    try {
      const { id } = make(alone, 'Alone', { type: STORY });
      const [found] = await (explorer.write?.(scope, [
        { kind: 'update', id, fields: { status: { name: 'In Review' } } },
      ]) ?? []);
      assert.deepEqual(written(found).entity.fields.status, { id: '10302', name: 'In Review' });
      const fields = { status: { name: 'Archived' }, resolution: { name: 'Done' } };
      const [lost] = await (explorer.write?.(scope, [{ kind: 'update', id, fields }]) ?? []);
      const error = refused(lost);
      assert.match(error.detail.fields?.status ?? '', /Archived cannot be reached from In Review/);
      assert.equal(alone.site.find(id)?.status, '10302', error.message);
      const steps = alone.requests.filter((request) => request.startsWith('POST') && request.endsWith('/transitions'));
      assert.ok(steps.length < 12, 'bounded');
    } finally {
      await explorer.close?.();
      await alone.stop();
      assertContract(alone);
    }
  });

  it('takes a parent away, and moves to another one', async () => {
    const [result] = await (connection.write?.(scope, [creation({ parent: { id: '20000' } }, STORY)]) ?? []);
    const { id } = written(result).entity;
    const [moved] = await (connection.write?.(scope, [
      { kind: 'update', id, fields: { parent: { key: 'DEMO-2', id: '20001' } } },
    ]) ?? []);
    assert.equal(jira.site.find(id)?.values.parent, '20001');
    assert.ok(moved?.ok);
    await connection.write?.(scope, [{ kind: 'update', id, fields: { parent: null } }]);
    assert.equal(jira.site.find(id)?.values.parent, null);
  });

  it('wraps plain text for a rich text field into paragraphs', async () => {
    const [result] = await (connection.write?.(scope, [
      creation({ description: { format: 'text', content: 'one\ntwo\n\nthree' } }),
    ]) ?? []);
    const { id } = written(result).entity;
    assert.deepEqual(jira.site.find(id)?.values.description, {
      version: 1,
      type: 'doc',
      content: [
        {
          type: 'paragraph',
          content: [{ type: 'text', text: 'one' }, { type: 'hardBreak' }, { type: 'text', text: 'two' }],
        },
        { type: 'paragraph', content: [{ type: 'text', text: 'three' }] },
      ],
    });
  });
});

for (const deployment of ['cloud', 'datacenter'] as const satisfies Deployment[]) {
  describe(`Mails about writes to Jira (${checked(deployment)})`, function () {
    this.timeout(20_000);

    const quietly = async (withheld: string[]) => {
      const jira = await start({ deployment, withheld: { sync: withheld } });
      const quiet = connect(jira, { notify: false });
      const ids = ['One', 'Two', 'Three'].map((summary) => make(jira, summary).id);
      const requests: string[][] = [];
      for (const id of ids) {
        requests.push(
          await requestsOf(jira, async () => {
            const operation: WriteOperation = { kind: 'update', id, fields: { summary: 'Hush' } };
            const [result] = (await quiet.write?.(scope, [operation])) ?? [];
            written(result);
            assert.equal(jira.site.find(id)?.values.summary, 'Hush');
          }),
        );
      }
      const { missing } = await quiet.identify();
      await quiet.close?.();
      await jira.stop();
      assertContract(jira);
      const puts = requests.map((some) => some.filter((one) => one.startsWith('PUT')).length);
      return { mails: jira.site.mails.length, puts, missing };
    };

    it('are not sent, where that is chosen and the account may', async () => {
      assert.deepEqual(await quietly(['ADMINISTER']), { mails: 0, puts: [1, 1, 1], missing: [] });
    });

    it('are sent where the account may not keep Jira from it: the writes arrive, and the test of the connection says so', async () => {
      const { mails, puts, missing } = await quietly(['ADMINISTER', 'ADMINISTER_PROJECTS']);
      assert.equal(mails, 3);
      assert.deepEqual(puts, deployment === 'cloud' ? [1, 1, 1] : [2, 1, 1]);
      assert.match(missing[0] ?? '', /keep Jira from mailing watchers \(Administer projects\) in Demo, Support/);
    });
  });
}

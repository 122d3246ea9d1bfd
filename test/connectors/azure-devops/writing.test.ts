/** Writing: nobody's edit is overwritten, refusals say which field and what is allowed, and nothing is made twice. */

import assert from 'node:assert/strict';
import { MARKDOWN } from '../../../lib/connectors/azure-devops/rules';
import type { Connection, ConnectorConfig, WriteOperation } from '../../../lib/connectors/connector';
import type { Fields } from '../../../lib/model/values';
import { findNow, readNow } from '../../support/delivered';
import type { StandIn, StandInOptions } from '../../systems/azure-devops';
import {
  CONTOSO,
  type Colleague,
  compared,
  createBug,
  FABRIKAM,
  refused,
  rejected,
  scope,
  standIns,
  write,
  written,
} from './support';

const update = (id: string, fields: Fields): WriteOperation => ({ kind: 'update', id, fields });
const create = (fields: Fields, type = 'Bug', project = FABRIKAM): WriteOperation => ({
  kind: 'create',
  project,
  type,
  fields: { 'System.Title': 'New', ...fields },
});

describe(`Azure DevOps: writing (${compared})`, () => {
  let standIn: StandIn;
  let connection: Connection;
  let alice: Colleague;
  const fresh = standIns();

  async function start(config: ConnectorConfig = {}, options: StandInOptions = {}): Promise<void> {
    ({ standIn, connection, alice } = await fresh(options, config));
  }

  describe('updates', () => {
    it('answer conflict where somebody changed the work item since it was read, and change nothing', async () => {
      await start();
      const [id = ''] = await alice.create(['Read']);
      await readNow(connection, scope, [id]);
      await alice.change(id, { 'System.Title': "Alice's" });
      const error = await refused(connection, update(id, { 'System.Title': 'Ours' }));
      assert.equal(error.kind, 'conflict');
      assert.match(error.message, new RegExp(`Work item ${id} was not written`));
      const [entity] = await readNow(connection, scope, [id]);
      assert.equal(entity?.fields['System.Title'], "Alice's");
      // read again, it can be written
      assert.equal((await written(connection, update(id, { 'System.Title': 'Ours' }))).version, '3');
    });

    it('answer conflict for one of several, and write the others in the same request', async () => {
      await start();
      const ids = await alice.create(['One', 'Two', 'Three']);
      await readNow(connection, scope, ids);
      await alice.change(ids[1] ?? '', { 'System.Title': "Alice's" });
      const from = standIn.requests.length;
      const results = await connection.write?.(
        scope,
        ids.map((id) => update(id, { 'System.Title': 'Ours' })),
      );
      assert.deepEqual(
        results?.map((result) => (result.ok ? result.exact : result.error.kind)),
        [true, 'conflict', true],
      );
      assert.deepEqual(standIn.requests.slice(from), ['PATCH /_apis/wit/$batch']);
    });

    it('that are two of one work item follow each other', async () => {
      await start();
      const { id } = await createBug(connection, {});
      const results = await connection.write?.(scope, [
        update(id, { 'System.Title': 'First' }),
        update(id, { 'Custom.ExternalId': 'EXT-1' }),
      ]);
      const last = results?.[1];
      assert.ok(last?.ok);
      assert.equal(last.entity.fields['System.Title'], 'First');
      assert.equal(last.entity.fields['Custom.ExternalId'], 'EXT-1');
    });

    it('replace tags, clear fields, and leave what is empty alone', async () => {
      await start();
      const { id } = await createBug(connection, { 'System.Tags': ['a', 'b'], 'Custom.ExternalId': 'X' });
      const tagged = await written(connection, update(id, { 'System.Tags': ['c'] }));
      assert.deepEqual(tagged.fields['System.Tags'], ['c']);
      const cleared = await written(
        connection,
        update(id, { 'System.Tags': null, 'Custom.ExternalId': null, 'System.AssignedTo': null }),
      );
      assert.equal(cleared.fields['System.Tags'], null);
      assert.equal(cleared.fields['Custom.ExternalId'], null);
    });

    it('move a child to another parent and take it away from it', async () => {
      await start();
      const [first = '', second = ''] = await alice.create(['P1', 'P2'], 'Feature');
      const { id, fields } = await createBug(connection, { 'System.Parent': { id: first } });
      const parentOf = (value: unknown) => (value as { id: string } | null)?.id;
      assert.equal(parentOf(fields['System.Parent']), first);
      const moved = await written(connection, update(id, { 'System.Parent': { id: second } }));
      assert.equal(parentOf(moved.fields['System.Parent']), second);
      const orphan = await written(connection, update(id, { 'System.Parent': null }));
      assert.equal(orphan.fields['System.Parent'], null);
      assert.equal((await refused(connection, update(id, { 'System.Parent': { id: '999999' } }))).kind, 'notFound');
    });
  });

  describe('refusals', () => {
    it('name each field that the process refuses, in words', async () => {
      await start();
      const error = await refused(
        connection,
        create({
          'Microsoft.VSTS.Common.Severity': { name: 'Terrible' },
          'Microsoft.VSTS.Common.Priority': { name: '9' },
        }),
      );
      assert.equal(error.kind, 'invalid');
      assert.deepEqual(Object.keys(error.detail.fields ?? {}).sort(), [
        'Microsoft.VSTS.Common.Priority',
        'Microsoft.VSTS.Common.Severity',
      ]);
      assert.match(error.detail.fields?.['Microsoft.VSTS.Common.Severity'] ?? '', /not in the field's list.*TF401320/);
    });

    it('of a state say which states may follow', async () => {
      await start();
      const { id } = await createBug(connection, { 'System.State': { name: 'Closed' } });
      const error = await refused(connection, update(id, { 'System.State': { name: 'Resolved' } }));
      assert.equal(error.kind, 'invalid');
      assert.match(error.detail.fields?.['System.State'] ?? '', /allows Active after Closed/);
      const unknown = await refused(connection, create({ 'System.State': { name: 'Parked' } }));
      assert.ok(unknown.detail.fields?.['System.State']);
    });

    it('within a batch say the same as alone', async () => {
      await start();
      const bug = await createBug(connection, { 'System.State': { name: 'Closed' } });
      const results = await connection.write?.(scope, [
        update(bug.id, { 'System.State': { name: 'Resolved' } }),
        create({}),
        create({ 'Microsoft.VSTS.Common.Severity': { name: 'Terrible' } }),
      ]);
      const [first, second, third] = results ?? [];
      assert.ok(first && !first.ok && second?.ok && third && !third.ok);
      assert.match(first.error.detail.fields?.['System.State'] ?? '', /allows Active after Closed/);
      assert.ok(third.error.detail.fields?.['Microsoft.VSTS.Common.Severity']);
    });

    for (const [what, fields, problem] of [
      ['a fraction in a whole number', { 'Custom.Builds': 1.5 }, /whole numbers/],
      ['a tag with a comma', { 'System.Tags': ['a,b'] }, /no comma/],
      ['no point in time', { 'Custom.ReviewedAt': 'tomorrow' }, /point in time/],
      ['no day', { 'Microsoft.VSTS.Scheduling.TargetDate': 'tomorrow' }, /a date \(YYYY-MM-DD\)/],
      ['wiki text', { 'System.Description': { format: 'jira-wiki', content: 'h1. x' } }, /HTML or Markdown/],
      [
        'an area that there is not',
        { 'System.AreaPath': { name: 'Fabrikam\\Nowhere' } },
        /no area "Fabrikam\\Nowhere"/,
      ],
      [
        'a person of an unknown address',
        { 'System.AssignedTo': { email: 'dave@example.com' } },
        /nobody "dave@example.com"/,
      ],
    ] satisfies [string, Fields, RegExp][]) {
      it(`of ${what} need no request`, async () => {
        await start();
        await createBug(connection, {});
        const before = standIn.requests.filter((request) => /\$batch|\$Bug/.test(request)).length;
        const error = await refused(connection, create(fields));
        const [field = ''] = Object.keys(fields);
        assert.equal(error.kind, 'invalid');
        assert.match(error.detail.fields?.[field] ?? '', problem);
        assert.equal(standIn.requests.filter((request) => /\$batch|\$Bug/.test(request)).length, before);
      });
    }
  });

  describe('batches', () => {
    it('are one request for a hundred creates', async () => {
      await start();
      await createBug(connection, {});
      const from = standIn.requests.length;
      const results = await connection.write?.(
        scope,
        Array.from({ length: 150 }, (_, i) => create({ 'System.Title': `Bug ${i}` })),
      );
      assert.ok(results?.every((result) => result.ok));
      assert.deepEqual(standIn.requests.slice(from), ['PATCH /_apis/wit/$batch', 'PATCH /_apis/wit/$batch']);
    });

    it('that roll back as a whole are sent again without those that are to blame', async () => {
      await start({}, { batchAllOrNothing: true });
      const results = await connection.write?.(scope, [
        create({ 'System.Title': 'Good 1' }),
        create({ 'Microsoft.VSTS.Common.Severity': { name: 'Terrible' } }),
        create({ 'System.Title': 'Good 2' }),
      ]);
      assert.deepEqual(
        results?.map(({ ok }) => ok),
        [true, false, true],
      );
      const ids = [...standIn.service.state.items.values()].map(({ fields }) => fields['System.Title']);
      assert.deepEqual(ids, ['Good 1', 'Good 2']);
    });

    it('carry the options of the system', async () => {
      await start({ bypassRules: true, suppressNotifications: true });
      const { fields } = await createBug(connection, {
        'System.State': { name: 'Closed' },
        'System.CreatedDate': '2020-02-02T02:02:02Z',
        'System.CreatedBy': { email: 'carol@example.com' },
      });
      assert.equal(fields['System.CreatedDate'], '2020-02-02T02:02:02Z');
      assert.deepEqual(fields['System.State'], { name: 'Closed' });
      const query = standIn.queries.at(-1);
      assert.equal(query?.get('bypassRules'), 'true');
      assert.equal(query?.get('suppressNotifications'), 'true');
    });
  });

  describe('creates', () => {
    it('in a state that nothing can begin in take a second step, and show its result', async () => {
      await start();
      const result = await write(connection, create({ 'System.State': { name: 'Resolved' } }));
      assert.ok(result.ok);
      assert.deepEqual(result.entity.fields['System.State'], { name: 'Resolved' });
      assert.equal(result.entity.version, '2');
      assert.equal(result.exact, true);
    });

    it('whose second step fails stay, and say so', async () => {
      await start();
      await createBug(connection, {});
      const changing = write(connection, create({ 'System.State': { name: 'Resolved' } }));
      // somebody is quicker than the second step
      const { writes } = standIn;
      const original = writes.create.bind(writes);
      writes.create = (...given) => {
        const shown = original(...given);
        writes.update(
          shown.id,
          [{ op: 'add', path: '/fields/System.Title', value: 'Quick' }],
          new URLSearchParams(),
          given[4],
          given[5],
        );
        return shown;
      };
      const result = await changing;
      assert.ok(result.ok);
      assert.match(
        result.ignored?.['System.State'] ?? '',
        /was created as New.*The process allows Active, Resolved, Closed after New/,
      );
    });

    it('whose answer is lost are uncertain, and found by their marker', async () => {
      await start();
      await createBug(connection, {});
      standIn.loseNextAnswer = true;
      const error = await refused(connection, { ...create({}), marker: 'flow:1:42' } as WriteOperation);
      assert.equal(error.kind, 'transient');
      assert.equal(error.detail.uncertain, true);
      const found = await connection.find?.({ project: FABRIKAM, type: 'Bug', marker: 'flow:1:42' }, 2);
      assert.equal(found?.length, 1);
      assert.deepEqual(await connection.find?.({ project: FABRIKAM, type: 'Task', marker: 'flow:1:42' }, 2), []);
    });

    it('that were certainly not made are not uncertain', async () => {
      await start();
      await createBug(connection, {});
      standIn.throttle({ retryAfter: 60 });
      const error = await refused(connection, create({}));
      assert.equal(error.kind, 'rateLimited');
      assert.notEqual(error.detail.uncertain, true);
    });
  });

  describe('areas and iterations', () => {
    it('that are missing are made, parents first, where the system node says so', async () => {
      await start({ missingPaths: 'create' });
      const { fields } = await createBug(connection, {
        'System.AreaPath': { name: 'Fabrikam\\Plant\\Hall 1' },
        'System.IterationPath': { name: 'Release 3\\Sprint 1' },
      });
      const nameOf = (value: unknown) => (value as { name: string } | null)?.name;
      assert.equal(nameOf(fields['System.AreaPath']), 'Fabrikam\\Plant\\Hall 1');
      assert.equal(nameOf(fields['System.IterationPath']), 'Fabrikam\\Release 3\\Sprint 1');
      const error = await refused(connection, create({ 'System.AreaPath': { name: 'Fabrikam\\what?' } }));
      assert.match(error.detail.fields?.['System.AreaPath'] ?? '', /cannot be the name/);
    });

    it('that are missing are refused by default, by field: a change that is tried in vain is parked', async () => {
      await start();
      for (const [field, name] of [
        ['System.AreaPath', 'Fabrikam\\Plant'],
        ['System.IterationPath', 'Fabrikam\\Release 9'],
      ] as const) {
        const error = await refused(connection, create({ [field]: { name } }));
        assert.equal(error.kind, 'invalid');
        assert.match(error.detail.fields?.[field] ?? '', /Plant|Release 9/);
        assert.notEqual(error.detail.uncertain, true);
      }
    });

    it('are found by id where they were renamed since', async () => {
      await start();
      const list = (await connection.fields(FABRIKAM, 'Bug')).find(({ id }) => id === 'System.AreaPath')?.values ?? [];
      const web = list.find(({ name }) => name === 'Fabrikam\\Web');
      const { fields } = await createBug(connection, {
        'System.AreaPath': { id: web?.id, name: 'Fabrikam\\Internet' },
      });
      assert.deepEqual(fields['System.AreaPath'], web);
    });
  });

  describe('long texts', () => {
    it('become Markdown where Markdown is written, and stay it', async () => {
      await start({ longText: 'markdown' });
      const markdown = (content: string) => ({ format: 'markdown' as const, content, dialect: MARKDOWN });
      const { id, fields } = await createBug(connection, { 'System.Description': markdown('**one**') });
      assert.deepEqual(fields['System.Description'], markdown('**one**'));
      const text = markdown('> a < b, c > d\n\n`<div>` &amp; **two**');
      const changed = await written(connection, update(id, { 'System.Description': text }));
      assert.deepEqual(changed.fields['System.Description'], text);
      // HTML is no Markdown: what the service does with tags is the service's
      const html = await written(
        connection,
        update(id, { 'System.Description': { format: 'html', content: '<b>three</b>' } }),
      );
      assert.deepEqual(html.fields['System.Description'], markdown('three'));
      assert.equal(
        (await connection.fields(FABRIKAM, 'Bug')).find((one) => one.id === 'System.Description')?.format,
        'markdown',
      );
    });

    it('are HTML on a server', async () => {
      await start({ apiVersion: '7.0', longText: 'markdown' }, { markdown: false });
      const error = await refused(
        connection,
        create({ 'System.Description': { format: 'markdown', content: '**one**' } }),
      );
      assert.match(error.detail.fields?.['System.Description'] ?? '', /does not know Markdown/);
      assert.equal(
        (await connection.fields(FABRIKAM, 'Bug')).find((one) => one.id === 'System.Description')?.format,
        'html',
      );
    });
  });

  describe('finding', () => {
    it('answers where a query would have too many hits', async () => {
      await start({}, { queryLimit: 30 });
      // long ago
      standIn.service.now = () => Date.parse('2020-01-01T00:00:00Z');
      for (let batch = 0; batch < 4; batch++) {
        await connection.write?.(
          scope,
          Array.from(
            { length: 10 },
            (_, i) => ({ ...create({ 'System.Title': `${i}` }), marker: `old-${batch}-${i}` }) as WriteOperation,
          ),
        );
      }
      standIn.service.now = () => Date.now();
      const made = await createBug(connection, {}, 'new');
      const found = await findNow(connection, { project: FABRIKAM, type: 'Bug', marker: 'new' }, 2);
      assert.deepEqual(
        found?.map(({ id }) => id),
        [made.id],
      );
    });

    it('takes quotes for text, and refuses what cannot be searched', async () => {
      await start();
      const value = "O'Brien' OR [System.Id] > 0 --";
      const made = await createBug(connection, { 'Custom.ExternalId': value });
      await createBug(connection, { 'Custom.ExternalId': 'other' });
      const query = { project: FABRIKAM, type: 'Bug' };
      const ids = async (id: string, wanted: string | number | boolean) =>
        (await findNow(connection, { ...query, field: { id, values: [wanted] } }, 10))?.map((one) => one.id);
      assert.deepEqual(await ids('Custom.ExternalId', value), [made.id]);
      assert.deepEqual(await ids('Custom.ExternalId', value.toLowerCase()), []);
      assert.deepEqual(await ids('System.Id', Number(made.id)), [made.id]);
      const field = { id: 'System.Description', values: [{ format: 'html' as const, content: 'x' }] };
      assert.equal((await rejected(connection.find?.({ ...query, field }, 10))).kind, 'invalid');
      assert.deepEqual(
        await connection.find?.(
          { project: CONTOSO, type: 'Bug', field: { id: 'Custom.ExternalId', values: [value] } },
          10,
        ),
        [],
      );
    });
  });
});

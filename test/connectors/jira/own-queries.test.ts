import assert from 'node:assert/strict';
import type { Connection, OwnQueries } from '../../../lib/connectors/connector';
import type { SyncError } from '../../../lib/model/errors';
import type { Jira, JiraOptions } from '../../systems/jira';
import { assertContract, checked, connect, type Deployment, edit, make, requestsOf, scope, start } from './server';

for (const deployment of ['cloud', 'datacenter'] satisfies Deployment[])
  describe(`Jira: JQL as a filter (${checked(deployment)})`, () => {
    let jira: Jira;
    let connection: Connection;
    let jql: OwnQueries;

    async function begin(options: JiraOptions = {}): Promise<void> {
      jira = await start({ deployment, indexLagMs: 0, ...options });
      connection = connect(jira);
      jql = connection.queries ?? assert.fail();
    }
    beforeEach(() => begin());
    afterEach(async () => {
      await connection.close?.();
      await jira.stop();
      assertContract(jira);
    });

    const labelled = (count: number, label = 'sync'): string[] =>
      Array.from({ length: count }, (_, at) => make(jira, `Issue ${at}`, { fields: { labels: [label] } }).id);
    const among = async (query: string, ids: string[]): Promise<string[]> => [...(await jql.among(query, ids))].sort();
    const refused = async (asked: Promise<unknown>): Promise<string> => {
      const error = await asked.then(
        () => assert.fail('it should have been refused'),
        (thrown: SyncError) => thrown,
      );
      assert.equal(error.kind, 'invalid', error.message);
      return error.message;
    };

    it('counts what is found in the scope, and shows the first', async () => {
      labelled(7);
      const { count, first } = await jql.check(scope, 'labels = sync ORDER BY created');
      assert.deepEqual([count, first.length], [7, 5]);
      assert.match(`${first[0]?.key} ${first[0]?.title}`, /^DEMO-\d+ Issue \d$/);
      assert.deepEqual(await jql.check(scope, 'labels = nobody'), { count: 0, first: [] });
    });

    it('asks for many issues in few requests, and only for those', async () => {
      const ids = [...labelled(60), ...labelled(60, 'other')];
      labelled(10);
      let found: string[] = [];
      const asked = await requestsOf(jira, async () => {
        found = await among('labels = sync', ids);
      });
      assert.deepEqual(found, ids.slice(0, 60).sort());
      assert.ok(asked.length <= 3, asked.join());
    });

    it('an OR of the administrator lets nothing in that was not asked for, nor does a bracket', async () => {
      const [one = '', two = ''] = labelled(2);
      const other = make(jira, 'Other').id;
      assert.deepEqual(await among('labels = nobody OR labels = sync', [one, other]), [one]);
      assert.match(await refused(jql.among('labels = nobody) OR (labels = sync', [one])), /closes a bracket/);
      assert.match(await refused(jql.among('summary ~ "open', [one])), /does not close the text/);
      assert.deepEqual(await among('NOT (labels = nobody)', [two]), [two]);
    });

    it("refuses fields, values and words that Jira does not know, in Jira's words, with and without issues to ask for", async () => {
      const [id = ''] = labelled(1);
      for (const query of ['nonsense = 1', 'status = Nonsense', 'labels = sync AND', 'frobnicate(labels)'])
        for (const asked of [() => jql.check(scope, query), () => jql.among(query, [id])])
          assert.match(
            await refused(asked()),
            /^The system refuses the JQL: (Field 'nonsense'|The value 'Nonsense'|Error in the JQL Query)/,
          );
      assert.match(await refused(jql.check(scope, '  ')), /empty/);
      assert.match(await refused(jql.check(scope, 'ORDER BY created')), /empty|no condition/);
    });

    it('issues that are gone leave the others as they are', async () => {
      const [one = '', gone = ''] = labelled(2);
      jira.site.remove(jira.site.find(gone) ?? assert.fail());
      assert.deepEqual(await among('labels = sync', [one, gone, '999999']), [one]);
      assert.deepEqual(await among('labels = sync', ['999999']), []);
    });

    if (deployment === 'cloud')
      it('judges an issue by what it is now, also while the index still has what it was', async () => {
        await connection.close?.();
        await jira.stop();
        await begin({ indexLagMs: 3_600_000 });
        const [id = ''] = labelled(1);
        assert.deepEqual(await among('labels = sync', [id]), [id]);
        edit(jira, id, { labels: ['done'] });
        assert.deepEqual(await among('labels = sync', [id]), []);
      });
  });

/** 20: what looks for counterparts before creates asked for each alone: four requests to Jira for each issue that was made. */

import assert from 'node:assert/strict';
import { connectTo, createBug, FABRIKAM } from '../connectors/azure-devops/support';
import { assertContract, BUG, connect, DEMO, requestsOf, scope, start, written } from '../connectors/jira/server';
import { findNow } from '../support/delivered';
import { startAzureDevOps } from '../systems/azure-devops';

const names = (count: number, from = 1): string[] => Array.from({ length: count }, (_, index) => `${from + index}`);

describe('20: looking for the counterparts of a batch', function () {
  this.timeout(30_000);

  it('asks Azure DevOps once for 200, and finds those that are there', async () => {
    const azure = await startAzureDevOps();
    const connection = connectTo(azure);
    const find = (values: string[]) =>
      findNow(connection, { project: FABRIKAM, type: 'Bug', field: { id: 'Custom.ExternalId', values } }, 1_000);
    try {
      const there = [
        await createBug(connection, { 'Custom.ExternalId': '17' }),
        await createBug(connection, { 'Custom.ExternalId': "O'Brien" }),
      ];
      await createBug(connection, { 'Custom.ExternalId': '1017' });
      azure.requests.splice(0);
      assert.deepEqual(
        (await find([...names(200), "O'Brien"]))?.map(({ id }) => id),
        there.map(({ id }) => id),
      );
      assert.deepEqual(azure.requests.length, 2, azure.requests.join('\n'));
      azure.requests.splice(0);
      assert.deepEqual(await find(names(200, 2_000)), []);
      assert.deepEqual(azure.requests.length, 1, azure.requests.join('\n'));
    } finally {
      await connection.close?.();
      await azure.stop();
      assert.deepEqual(azure.violations, []);
    }
  });

  it('asks Jira three times for 200: its index twice, and once for what is newer than that', async () => {
    const jira = await start();
    const connection = connect(jira);
    const field = (values: string[]) => ({ id: 'customfield_10017', values });
    const find = (values: string[]) => findNow(connection, { project: DEMO, type: BUG, field: field(values) }, 1_000);
    const create = (key: string) => ({
      ...{ kind: 'create' as const, project: DEMO, type: BUG },
      fields: { summary: `From ${key}`, customfield_10017: key },
    });
    try {
      const made = (await connection.write?.(scope, names(100).map(create))) ?? [];
      const ids = made.map((result) => written(result).entity.id);
      const requests = await requestsOf(jira, async () => assert.deepEqual(await find(names(200, 1_000)), []));
      assert.deepEqual(requests, ['POST search/jql', 'POST search/jql', 'POST issue/bulkfetch']);
      assert.deepEqual(
        (await find(['17', '99', '5000']))?.map(({ id }) => id),
        [ids[16], ids[98]],
      );
    } finally {
      await connection.close?.();
      await jira.stop();
      assertContract(jira);
    }
  });

  it('overlooks nothing that the index of Jira takes up while it is asked', async () => {
    let now = Date.now();
    const jira = await start({ indexLagMs: 60_000, now: () => now });
    for (const issue of jira.site.all()) jira.site.backdate(issue, issue.updated - 3_600_000);
    const [maker, connection] = [connect(jira), connect(jira)];
    const fields = { summary: 'Made by another one', customfield_10017: 'OTHER-88' };
    try {
      const query = { project: DEMO, type: BUG, field: { id: 'customfield_10017', values: ['OTHER-88', 'OTHER-89'] } };
      // what fields there are is known from here on
      assert.deepEqual(await findNow(connection, query, 10), []);
      await maker.write?.(scope, [{ kind: 'create', project: DEMO, type: BUG, fields }]);
      let searches = 0;
      jira.onRequest = (_method, path) => {
        searches += path.endsWith('/search/jql') ? 1 : 0;
        if (searches === 2) now += 120_000;
      };
      const found = await findNow(connection, query, 10);
      assert.deepEqual(
        found?.map((entity) => entity.fields.summary),
        ['Made by another one'],
      );
    } finally {
      await Promise.all([maker.close?.(), connection.close?.()]);
      await jira.stop();
    }
  });
});

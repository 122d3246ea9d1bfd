/** Relations of bugs between Jira and Azure DevOps in a real Node-RED, as auto map pairs them. */

import assert from 'node:assert/strict';
import { azureDevops } from '../../lib/connectors/azure-devops';
import { jira as jiraConnector } from '../../lib/connectors/jira';
import { proposeFields } from '../../lib/mapping';
import { choiceOf } from '../../lib/mapping/fields';
import { FABRIKAM, personOf } from '../connectors/azure-devops/support';
import { azureWrites, jiraWrites, startVendors, type Vendors } from '../support/jira-azure-devops';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { targetOf } from '../systems/azure-devops/links';

const QUICK = { 'twinflow-poller': { interval: 1, unit: 'seconds' } };
const SUCCESSOR = 'System.LinkTypes.Dependency-Forward';
const BUG = '10002';
const DEMO = '10200';

/** The rows that auto map proposes for relations. */
async function proposedRows({ jira, azure }: Vendors): Promise<object[]> {
  const settings = { deployment: 'cloud', url: jira.url, auth: 'apiToken', email: 'sync@example.com' };
  const one = jiraConnector.connect({ ...settings, apiKey: jira.person('sync').apiToken }, {});
  const two = azureDevops.connect({ url: azure.url, auth: 'pat', token: personOf('sync').token }, {});
  const proposals = proposeFields(await one.fields(DEMO, BUG), await two.fields(FABRIKAM, 'Bug'));
  await Promise.all([one.close?.(), two.close?.()]);
  return proposals
    .filter((pair) => pair.one.id.startsWith('relation_'))
    .map((pair) => ({ one: choiceOf(pair.one), two: choiceOf(pair.two), direction: pair.direction }));
}

const withRows = (flow: FlowNode[], rows: object[]): FlowNode[] =>
  flow.map((node) =>
    node.type === 'twinflow-field-mapper' && Array.isArray(node.rows)
      ? { ...node, rows: [...node.rows, ...rows] }
      : node,
  );

describe('e2e/relations: bugs of Jira and Azure DevOps in a real Node-RED', function () {
  this.timeout(120_000);
  let red: NodeRed;
  let vendors: Vendors;

  before(async () => {
    vendors = await startVendors();
    const { azure } = vendors;
    // numbers that mean others on the two sides
    const stranger = [{ op: 'add', path: '/fields/System.Title', value: 'A stranger' }];
    azure.writes.create('Fabrikam', 'Task', stranger, new URLSearchParams(), personOf('carol'), azure.service.now());
    const rows = await proposedRows(vendors);
    assert.equal(rows.length, 5, JSON.stringify(rows));
    red = await NodeRed.start();
    await red.deploy(withRows(vendors.flow(QUICK), rows));
    await until(
      'both sides have been polled',
      () =>
        vendors.jira.requests.filter((one) => one.endsWith('/search/jql')).length > 1 &&
        azure.requests.some((one) => /reporting/i.test(one)),
      60_000,
    );
  });
  after(async () => {
    await red?.stop();
    assert.deepEqual(vendors.azure.violations, []);
    assert.deepEqual(vendors.jira.violations, []);
    await vendors?.stop();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(red.log.slice(-4000));
  });

  const issue = (summary: string) => vendors.issue(summary) ?? assert.fail(summary);
  const item = (title: string) => vendors.item(title) ?? assert.fail(title);
  const link = (one: string, type: string, other: string): void => {
    const { site } = vendors.jira;
    site.issueLinks.push({ id: String(site.nextIssueLink++), type, from: issue(one).id, to: issue(other).id });
    for (const name of [one, other]) site.touch(vendors.jira.person('alice'), issue(name));
  };
  const inJira = () =>
    vendors.jira.site.issueLinks
      .map(({ type, from, to }) => {
        const nameOf = (id: string) => String(vendors.jira.site.find(id)?.values.summary);
        return `${nameOf(from)} ${vendors.jira.site.linkTypes.find(({ id }) => id === type)?.outward} ${nameOf(to)}`;
      })
      .sort();
  const inAzure = () =>
    vendors
      .items()
      .flatMap(({ fields, relations }) =>
        relations.flatMap((relation) => {
          const other = vendors.azure.service.state.items.get(targetOf(relation) ?? 0);
          const words = { [SUCCESSOR]: 'blocks', 'System.LinkTypes.Duplicate-Reverse': 'duplicates' }[relation.rel];
          return other && words ? [`${fields['System.Title']} ${words} ${other.fields['System.Title']}`] : [];
        }),
      )
      .sort();
  const agree = (what: string, ...wanted: string[]) =>
    until(what, () => inJira().join() === wanted.join() && inAzure().join() === wanted.join(), 30_000, 200);

  it('come with new bugs, are added and removed on both sides, and rest', async () => {
    for (const summary of ['A', 'B', 'C']) vendors.createIssue({ summary });
    link('A', '10000', 'B');
    link('C', '10002', 'A');
    await agree('both relations are there', 'A blocks B', 'C duplicates A');
    const { azure } = vendors;
    const by = [new URLSearchParams(), personOf('carol'), azure.service.now()] as const;
    const index = item('A').relations.findIndex(({ rel }) => rel === SUCCESSOR);
    azure.writes.update(item('A').id, [{ op: 'remove', path: `/relations/${index}` }], ...by);
    await agree('one is gone', 'C duplicates A');
    const url = `${azure.url}/_apis/wit/workItems/${item('C').id}`;
    const adding = { op: 'add', path: '/relations/-', value: { rel: SUCCESSOR, url } };
    azure.writes.update(item('B').id, [adding], ...by);
    await agree('another one is there', 'B blocks C', 'C duplicates A');
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const writes = jiraWrites(vendors.jira).length + azureWrites(azure).length;
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    assert.equal(jiraWrites(vendors.jira).length + azureWrites(azure).length, writes, 'both sides rest');
  });

  it('wait for the other end, also if Node-RED is killed meanwhile', async () => {
    const late = vendors.jira.site.create(vendors.jira.person('alice'), {
      fields: { project: { key: 'DEMO' }, issuetype: { name: 'Task' }, summary: 'Late' },
    });
    link('A', '10000', 'Late');
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    assert.equal(vendors.item('Late'), undefined);
    await red.restart('SIGKILL');
    vendors.jira.site.move(vendors.jira.person('alice'), late, DEMO, BUG);
    await agree('the relation to the late one is there', 'A blocks Late', 'B blocks C', 'C duplicates A');
  });
});

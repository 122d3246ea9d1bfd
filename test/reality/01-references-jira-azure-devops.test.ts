/**
 * Epics of Jira and features of Azure DevOps with the bugs under them, each type in an integration of its own, between strict
 * stand-ins of both in a real Node-RED: ids of one are numbers of the other's strangers.
 */

import assert from 'node:assert/strict';
import { personOf } from '../connectors/azure-devops/support';
import { startVendors, type Vendors } from '../support/jira-azure-devops';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const FABRIKAM = '6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c';
const TYPES = { bugs: ['10002', 'Bug'], epics: ['10000', 'Feature'] } as const;
type Name = keyof typeof TYPES;

const choice = (id: string) => ({ id, name: id });
const row = (one: string, two: string, type: string) => ({
  ...{ one: { id: one, name: one, type }, two: { id: two, name: two, type }, direction: 'both' },
});

function flow({ jira, azure }: Vendors, polled: Name[]): FlowNode[] {
  const z = 'tab';
  const jiraConfig = { deployment: 'cloud', url: jira.url, auth: 'apiToken', email: 'sync@example.com' };
  const azureConfig = { url: azure.url, auth: 'pat', apiVersion: '7.1', longText: 'html', missingPaths: 'refuse' };
  const nodes: FlowNode[] = [
    { id: z, type: 'tab', label: 'References' },
    {
      ...{ id: 'side-one', type: 'twinflow-system', name: 'Jira', kind: 'jira', config: jiraConfig },
      credentials: { apiKey: jira.person('sync').apiToken },
    },
    {
      ...{ id: 'side-two', type: 'twinflow-system', name: 'Azure DevOps', kind: 'azure-devops', config: azureConfig },
      credentials: { token: personOf('sync').token },
    },
  ];
  for (const name of ['bugs', 'epics'] as const) {
    const [one, two] = TYPES[name];
    const common = { z, integration: `int-${name}`, pairs: 'all' };
    nodes.push({
      ...{
        id: `int-${name}`,
        type: 'twinflow-integration',
        name,
        active: true,
        system1: 'side-one',
        system2: 'side-two',
        retries: 0,
      },
      projectPairs: [{ one: choice('10200'), two: choice(FABRIKAM), direction: 'both' }],
      typePairs: [{ id: name, one: choice(one), two: choice(two), direction: 'both' }],
    });
    for (const side of polled.includes(name) ? ['1', '2'] : []) {
      const schedule = { schedule: 'interval', interval: 1, unit: 'seconds', start: 'newest' };
      const wires = [[`${name} fields`]];
      nodes.push({ ...common, ...schedule, id: `${name} poller ${side}`, type: 'twinflow-poller', side, wires });
    }
    const rows = [
      row('summary', 'System.Title', 'text'),
      ...(name === 'bugs' ? [row('parent', 'System.Parent', 'reference')] : []),
    ];
    nodes.push({ ...common, id: `${name} fields`, type: 'twinflow-field-mapper', rows, wires: [[`${name} writer`]] });
    nodes.push({ ...common, id: `${name} writer`, type: 'twinflow-writer', batchSize: 20, wires: [['out']] });
  }
  return [
    ...nodes,
    { id: 'out', type: 'debug', z, active: true, console: true, complete: 'payload', tosidebar: false, wires: [] },
    { id: 'faults', type: 'catch', z, scope: null, wires: [['fault']] },
    { id: 'fault', type: 'debug', z, active: true, console: true, complete: 'error', tosidebar: false, wires: [] },
  ];
}

describe('01: parents between Jira and Azure DevOps', function () {
  this.timeout(120_000);
  let red: NodeRed;
  let vendors: Vendors;
  const item = (title: string) => vendors.item(title);
  const titleOf = (id: unknown) => vendors.items().find((one) => String(one.id) === String(id))?.fields['System.Title'];
  const parentInAzure = (title: string) => titleOf(item(title)?.fields['System.Parent']);
  const parentInJira = (summary: string) => {
    const id = vendors.issue(summary)?.values.parent;
    return typeof id === 'string' ? vendors.jira.site.find(id)?.values.summary : undefined;
  };

  before(async () => {
    vendors = await startVendors();
    red = await NodeRed.start();
  });
  after(async () => {
    await red?.stop();
    await vendors?.stop();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(red.log.slice(-4000));
  });

  it('a bug waits for its epic, which another integration brings after a restart, and is put under the feature', async () => {
    await red.deploy(flow(vendors, ['bugs']));
    await until('the pollers have begun', async () => {
      const { items } = await red.get<{ items: { sides: { lastPoll?: object }[] }[] }>('/twinflow/operations');
      return items.some(({ sides }) => sides.every(({ lastPoll }) => lastPoll !== undefined));
    });
    const epic = vendors.createIssue({ summary: 'The epic', issuetype: { name: 'Epic' } });
    vendors.createIssue({ summary: 'The bug', parent: { id: epic.id } });
    await until('the bug is there', () => item('The bug'), 30_000);
    assert.equal(item('The bug')?.fields['System.Parent'], undefined);
    await until('it is told', () =>
      red.log.includes(`waits for DEMO-${epic.number}, which has no counterpart in Azure DevOps yet`),
    );
    await red.restart('SIGKILL');
    await red.deploy(flow(vendors, ['bugs', 'epics']));
    await until('the epics’ poller has begun', async () => {
      const { items } = await red.get<{ items: { sides: { lastPoll?: object }[] }[] }>('/twinflow/operations');
      return items.every(({ sides }) => sides.every(({ lastPoll }) => lastPoll !== undefined));
    });
    vendors.editIssue(epic, { summary: 'The epic, edited' });
    await until('the bug is under the feature', () => parentInAzure('The bug') === 'The epic, edited', 30_000);
    assert.equal(parentInJira('The bug'), 'The epic, edited');
  });

  it('and back: a bug of Azure DevOps is created under the epic, and moves to another one', async () => {
    const first = item('The epic, edited');
    const second = vendors.createIssue({ summary: 'Second epic', issuetype: { name: 'Epic' } });
    const feature = await until('the second epic is there', () => item('Second epic'), 30_000);
    const url = (id: unknown) => `${vendors.azure.url}/_apis/wit/workItems/${String(id)}`;
    const link = (id: unknown) => ({
      ...{ op: 'add' as const, path: '/relations/-' },
      value: { rel: 'System.LinkTypes.Hierarchy-Reverse', url: url(id) },
    });
    const by = () => [new URLSearchParams(), personOf('carol'), vendors.azure.service.now()] as const;
    const title = { op: 'add' as const, path: '/fields/System.Title', value: 'From Azure DevOps' };
    const { id } = vendors.azure.writes.create('Fabrikam', 'Bug', [title, link(first?.id)], ...by());
    await until('it is under the epic', () => parentInJira('From Azure DevOps') === 'The epic, edited', 30_000);
    vendors.azure.writes.update(Number(id), [{ op: 'remove', path: '/relations/0' }, link(feature.id)], ...by());
    await until('it is under the second', () => parentInJira('From Azure DevOps') === 'Second epic', 30_000);
    assert.equal(vendors.jira.site.find(second.id)?.values.summary, 'Second epic');
  });
});

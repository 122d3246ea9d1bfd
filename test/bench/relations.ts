/**
 * HTTP requests per relation between Jira and Azure DevOps, all polls and readings of both sides included, between stand-ins of both.
 * The least there can be is 1 towards Jira, which takes one link in a request, and near 0 towards Azure DevOps.
 */

import { personOf as azurePerson } from '../connectors/azure-devops/support';
import { startVendors, type Vendors } from '../support/jira-azure-devops';
import { type FlowNode, NodeRed } from '../support/node-red';
import { targetOf } from '../systems/azure-devops/links';
import { LATENCY_MS, quietFlow, rounded, settled, wait } from './vendors';

/** Per relation that landed. */
export interface RelationFigures {
  relation: { jiraToAzureDevops: number; azureDevopsToJira: number };
  relationRemoved: { jiraToAzureDevops: number; azureDevopsToJira: number };
}

const SUCCESSOR = 'System.LinkTypes.Dependency-Forward';
const end = (id: string, name: string) => ({ id: `relation_${id}`, name, type: 'reference', multi: true });
const ROWS = [
  { one: end('10000_outward', 'blocks'), two: end(SUCCESSOR, 'Successor'), direction: 'both' },
  {
    one: end('10000_inward', 'is blocked by'),
    two: end('System.LinkTypes.Dependency-Reverse', 'Predecessor'),
    direction: 'both',
  },
];

const related = (flow: FlowNode[]): FlowNode[] =>
  flow.map((node) =>
    node.type === 'twinflow-field-mapper' && Array.isArray(node.rows)
      ? { ...node, rows: [...node.rows, ...ROWS] }
      : node,
  );

/** @param relations of each direction, between pairs of bugs */
export async function benchVendorRelations(relations: number): Promise<RelationFigures> {
  const vendors: Vendors = await startVendors({
    jira: { latencyMs: LATENCY_MS },
    azure: { contract: false, latencyMs: LATENCY_MS },
  });
  const red = await NodeRed.start();
  const { jira, azure } = vendors;
  const { site } = jira;
  const alice = jira.person('alice');
  try {
    await red.deploy(related(quietFlow(vendors)));
    await settled(vendors);
    for (let n = 0; n < 2 * relations; n += 1) vendors.createIssue({ summary: `Related ${n}` });
    await wait('the issues are in Azure DevOps', () => vendors.items().length >= 2 * relations);
    await settled(vendors);
    const pairs = Array.from({ length: relations }, (_, n) => {
      const [one, two] = [`Related ${2 * n}`, `Related ${2 * n + 1}`];
      const [from, to] = [vendors.issue(one), vendors.issue(two)];
      const [item, other] = [vendors.item(one)?.id ?? 0, vendors.item(two)?.id ?? 0];
      if (!from || !to) throw new Error(`${one} is not there`);
      return { from, to, item, other };
    });
    const links = () =>
      vendors.items().reduce((sum, { relations: all }) => sum + all.filter(({ rel }) => rel === SUCCESSOR).length, 0);
    const cost = async (what: string, act: (pair: (typeof pairs)[number]) => void, done: () => boolean) => {
      const before = jira.requests.length + azure.requests.length;
      for (const pair of pairs) act(pair);
      await wait(what, done);
      return rounded(((await settled(vendors)) - before) / relations);
    };
    const patch = (id: number, op: { op: string; path: string; value?: unknown }) =>
      azure.writes.update(id, [op], new URLSearchParams(), azurePerson('carol'), azure.service.now());
    const added = await cost(
      'the relations are in Azure DevOps',
      ({ from, to }) => {
        site.issueLinks.push({ id: String(site.nextIssueLink++), type: '10000', from: from.id, to: to.id });
        for (const one of [from, to]) site.touch(alice, one);
      },
      () => links() >= relations,
    );
    const removedThere = await cost(
      'they are gone from Jira',
      ({ item, other }) => {
        const list = azure.service.state.items.get(item)?.relations ?? [];
        const index = list.findIndex((one) => one.rel === SUCCESSOR && targetOf(one) === other);
        patch(item, { op: 'remove', path: `/relations/${index}` });
      },
      () => site.issueLinks.length === 0,
    );
    const addedThere = await cost(
      'the relations are in Jira',
      ({ item, other }) => {
        const url = `${azure.url}/_apis/wit/workItems/${other}`;
        patch(item, { op: 'add', path: '/relations/-', value: { rel: SUCCESSOR, url } });
      },
      () => site.issueLinks.length >= relations,
    );
    const removed = await cost(
      'they are gone from Azure DevOps',
      ({ from, to }) => {
        site.issueLinks.splice(
          site.issueLinks.findIndex((one) => one.from === from.id && one.to === to.id),
          1,
        );
        for (const one of [from, to]) site.touch(alice, one);
      },
      () => links() === 0,
    );
    return {
      relation: { jiraToAzureDevops: added, azureDevopsToJira: addedThere },
      relationRemoved: { jiraToAzureDevops: removed, azureDevopsToJira: removedThere },
    };
  } finally {
    await red.stop();
    await vendors.stop();
  }
}

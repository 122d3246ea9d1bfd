/**
 * The example "Bugs between Jira and Azure DevOps" between stand-ins of both, and people who work there past the
 * integration: what they do is no request, so every request that is noted is the integration's.
 */

import { personOf as azurePerson } from '../connectors/azure-devops/support';
import { type StandIn, type StandInOptions, startAzureDevOps } from '../systems/azure-devops';
import type { Item } from '../systems/azure-devops/state';
import { type Jira, type JiraOptions, startJira } from '../systems/jira';
import type { Issue } from '../systems/jira/site';
import type { Json } from '../systems/jira/values';
import { example } from './examples';
import type { FlowNode } from './node-red';

export const NAME = 'jira-azure-devops';
export const PRIORITY = 'Microsoft.VSTS.Common.Priority';
export const REPRO = 'Microsoft.VSTS.TCM.ReproSteps';
export const TARGET_DATE = 'Microsoft.VSTS.Scheduling.TargetDate';

type Who = 'alice' | 'bob' | 'carol';

export interface Vendors {
  jira: Jira;
  azure: StandIn;
  /** The example, with addresses and tokens in it. @param urls where the systems are reached, if not directly */
  flow(set?: Record<string, Record<string, unknown>>, urls?: { jira?: string; azure?: string }): FlowNode[];
  createIssue(fields: Json, who?: Who): Issue;
  editIssue(issue: Issue, fields: Json, who?: Who): void;
  createItem(fields: Record<string, unknown>, who?: Who): number;
  editItem(id: number, fields: Record<string, unknown>, who?: Who): void;
  issues(): Issue[];
  items(): Item[];
  issue(summary: string): Issue | undefined;
  item(title: string): Item | undefined;
  stop(): Promise<void>;
}

const patch = (fields: Record<string, unknown>) =>
  Object.entries(fields).map(([field, value]) => ({ op: 'add' as const, path: `/fields/${field}`, value }));

/** What changes something in Jira: searches and reads of many are POSTs there. */
export const jiraWrites = ({ requests }: Jira): string[] =>
  requests.filter((one) => !/^GET |\/search\/jql$|\/bulkfetch$/.test(one));

/** The same for Azure DevOps. */
export const azureWrites = ({ requests }: StandIn): string[] =>
  requests.filter((one) => !/^GET |\/workitemsbatch$|\/wiql$/i.test(one));

export async function startVendors(options: { jira?: JiraOptions; azure?: StandInOptions } = {}): Promise<Vendors> {
  const jira = await startJira(options.jira);
  const azure = await startAzureDevOps(options.azure);
  const { site } = jira;
  const find = (id: string): Issue => {
    const issue = site.find(id);
    if (!issue) throw new Error(`there is no issue ${id}`);
    return issue;
  };
  const by = (who: Who) => [new URLSearchParams(), azurePerson(who), azure.service.now()] as const;
  const vendors: Vendors = {
    jira,
    azure,
    flow(set = {}, urls = {}) {
      return example(NAME, set).map((node) => {
        const config = typeof node.config === 'object' ? node.config : {};
        if (node.kind === 'jira') {
          const credentials = { apiKey: jira.person('sync').apiToken };
          return { ...node, config: { ...config, url: urls.jira ?? jira.url }, credentials };
        }
        if (node.kind !== 'azure-devops') return node;
        const credentials = { token: azurePerson('sync').token };
        return { ...node, config: { ...config, url: urls.azure ?? azure.url }, credentials };
      });
    },
    createIssue: (fields, who = 'alice') =>
      site.create(jira.person(who), { fields: { project: { key: 'DEMO' }, issuetype: { name: 'Bug' }, ...fields } }),
    editIssue: (issue, fields, who = 'alice') => site.edit(jira.person(who), find(issue.id), { fields }),
    createItem: (fields, who = 'carol') => Number(azure.writes.create('Fabrikam', 'Bug', patch(fields), ...by(who)).id),
    editItem(id, fields, who = 'carol') {
      azure.writes.update(id, patch(fields), ...by(who));
    },
    issues: () => site.all(),
    items: () => [...azure.service.state.items.values()].filter(({ deleted }) => !deleted),
    issue: (summary) => site.all().find(({ values }) => values.summary === summary),
    item: (title) => vendors.items().find(({ fields }) => fields['System.Title'] === title),
    async stop() {
      await Promise.all([jira.stop(), azure.stop()]);
    },
  };
  return vendors;
}

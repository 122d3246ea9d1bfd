/**
 * The example "Bugs between Jira and Azure DevOps" between stand-ins of both, with users who work there outside of the
 * integration. Their actions are not requests, so every recorded request is the integration's.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { personOf as azurePerson } from '../connectors/azure-devops/support';
import { type StandIn, type StandInOptions, startAzureDevOps } from '../systems/azure-devops';
import type { Item } from '../systems/azure-devops/state';
import { type Jira, type JiraOptions, startJira } from '../systems/jira';
import type { Issue, Json } from '../systems/jira/issue';
import { textIn } from '../systems/jira/values';
import { example } from './examples';
import type { FlowNode } from './node-red';
import { until } from './wait';

export const NAME = 'jira-azure-devops';
export const PRIORITY = 'Microsoft.VSTS.Common.Priority';
export const REPRO = 'Microsoft.VSTS.TCM.ReproSteps';
export const TARGET_DATE = 'Microsoft.VSTS.Scheduling.TargetDate';

type Who = 'alice' | 'bob' | 'carol';

export interface Vendors {
  jira: Jira;
  azure: StandIn;
  /** The example, with URLs and tokens in it. @param urls the systems' URLs, if they are not reached directly */
  flow(set?: Record<string, Record<string, unknown>>, urls?: { jira?: string; azure?: string }): FlowNode[];
  createIssue(fields: Json, who?: Who): Issue;
  editIssue(issue: Issue, fields: Json, who?: Who): void;
  createItem(fields: Record<string, unknown>, who?: Who): number;
  editItem(id: number, fields: Record<string, unknown>, who?: Who): void;
  /** Comments in Jira. @returns the comment's own id */
  sayInJira(issue: Issue, words: string | Json, who?: Who): string;
  /** Comments in Azure DevOps. */
  sayInAzure(item: number, html: string, who?: Who): string;
  attachInJira(issue: Issue, name: string, bytes: Uint8Array, who?: Who): void;
  attachInAzure(item: number, name: string, bytes: Uint8Array, who?: Who): void;
  /** The attachments of a work item. */
  filesOf(item: Item): Filed[];
  detachInAzure(item: number, file: Filed, who?: Who): void;
  issues(): Issue[];
  items(): Item[];
  issue(summary: string): Issue | undefined;
  item(title: string): Item | undefined;
  stop(): Promise<void>;
}

/** A comment as a user sees it. */
export interface Said {
  id: string;
  /** its text, without the author line of a copy */
  words: string;
  /** as stored */
  source: string;
  isCopy: boolean;
}

/** The author line that copies begin with, as text. */
const LINE = /^[^\n]{0,200} wrote on [-\d]{10} [:\d]{5} UTC:\s*/;

/** The example, with the comments of its bugs. */
export const withComments = (flow: FlowNode[]): FlowNode[] =>
  flow.map((node) => {
    if (node.type !== 'twinflow-integration' || !Array.isArray(node.typePairs)) return node;
    const comment = { id: 'comment', name: 'Comment' };
    const parts = [{ id: 'comments', role: 'comment', one: comment, two: comment, direction: 'both' }];
    return { ...node, typePairs: node.typePairs.map((pair: object) => ({ ...pair, parts })) };
  });

/** The example, with the attachments of its bugs. */
export const withAttachments = (flow: FlowNode[]): FlowNode[] =>
  flow.map((node) => {
    if (node.type !== 'twinflow-integration' || !Array.isArray(node.typePairs)) return node;
    const attachment = { id: 'attachment', name: 'Attachment' };
    const parts = [{ id: 'files', role: 'attachment', one: attachment, two: attachment, direction: 'both' }];
    return { ...node, typePairs: node.typePairs.map((pair: object) => ({ ...pair, parts })) };
  });

/** An attachment as it is stored. */
export interface Filed {
  id: string;
  name: string;
  sha256: string;
}

export const filesIn = (issue: Issue): Filed[] =>
  issue.attachments.map(({ id, name, stored }) => ({ id, name, sha256: stored.sha256 }));

/** The comments of an issue, in order; those by Twinflow's account are copies. */
export const saidIn = (issue: Issue): Said[] =>
  issue.comments.map(({ id, by, body }) => {
    const source = typeof body === 'string' ? body : JSON.stringify(body);
    const text = typeof body === 'string' ? body : textIn(body);
    return { id, source, isCopy: by === 'sync', words: text.replace(LINE, '').trim() };
  });

/** The same for a work item. */
export const saidOf = ({ comments }: Item): Said[] =>
  comments
    .filter(({ deleted }) => !deleted)
    .map(({ id, by, text }) => {
      const words = text
        .replace(/<br\s*\/?>|<\/(?:p|div)>/gi, '\n')
        .replace(/<[^>]*>/g, '')
        .replaceAll('&nbsp;', ' ')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&')
        .trim();
      const isCopy = by.uniqueName.startsWith('sync');
      return { id: String(id), source: text, isCopy, words: words.replace(LINE, '').trim() };
    });

const patch = (fields: Record<string, unknown>) =>
  Object.entries(fields).map(([field, value]) => ({ op: 'add' as const, path: `/fields/${field}`, value }));

/** Requests that change something in Jira: searches and bulk reads are POSTs there. */
export const jiraWrites = ({ requests }: Jira): string[] =>
  requests.filter((one) => !/^GET |\/search\/jql$|\/bulkfetch$|\/comment\/list$/.test(one));

/** The same for Azure DevOps. */
export const azureWrites = ({ requests }: StandIn): string[] =>
  requests.filter((one) => !/^GET |\/workitemsbatch$|\/wiql$/i.test(one));

/** Longer than two polls, and than backlinks linger for more to come. */
const QUIET_MS = 6_500;

/** Nobody writes any more. @param ms at most */
export async function quiet({ jira, azure }: Vendors, ms = 60_000): Promise<void> {
  const writes = () => jiraWrites(jira).length + azureWrites(azure).length;
  let last = writes();
  await until(
    'nothing is written any more',
    async () => {
      await sleep(QUIET_MS);
      const now = writes();
      const isSame = now === last;
      last = now;
      return isSame;
    },
    ms,
  );
}

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
    sayInJira(issue, words, who = 'alice') {
      const body = typeof words === 'string' ? site.text(words) : words;
      return site.comment(jira.person(who), find(issue.id), body).id;
    },
    sayInAzure(item, html, who = 'carol') {
      return String(azure.comments.add('Fabrikam', item, { text: html }, new URLSearchParams(), azurePerson(who)).id);
    },
    attachInJira(issue, name, bytes, who = 'alice') {
      site.attach(jira.person(who), find(issue.id), name, jira.files.keep(bytes));
    },
    attachInAzure(item, name, bytes, who = 'carol') {
      const id = randomUUID();
      azure.service.state.attachments.set(id, { name, stored: azure.files.keep(bytes), isChunked: false });
      const url = `${azure.url}/_apis/wit/attachments/${id}`;
      const attributes = { comment: '', resourceSize: bytes.length };
      const value = { rel: 'AttachedFile', url, attributes };
      azure.writes.update(item, [{ op: 'add', path: '/relations/-', value }], ...by(who));
    },
    filesOf: ({ relations }) =>
      relations.flatMap(({ url, attributes }): Filed[] => {
        const id = /attachments\/([0-9a-f-]{36})/.exec(url)?.[1];
        const { stored } = (id && azure.service.state.attachments.get(id)) || {};
        return id && stored ? [{ id, name: String(attributes.name), sha256: stored.sha256 }] : [];
      }),
    detachInAzure(item, file, who = 'carol') {
      const { relations = [] } = azure.service.state.item(item) ?? {};
      const index = relations.findIndex(({ url }) => url.includes(file.id));
      azure.writes.update(item, [{ op: 'remove', path: `/relations/${index}` }], ...by(who));
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

/** "Test connection": the account, and what it or its token lacks for a two-way sync. */

import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { Identity } from '../connector';
import { compactUser } from '../kit/people';
import { isRefused, toldOr } from '../kit/probe';
import { type AzureDevOpsApi, PATCH_TYPE } from './api';
import type { WriteRules } from './batch';
import type { Metadata, ProjectInfo } from './metadata';
import type { People } from './people';
import { isJson, listOf, mailOf, textOf } from './shapes';

/** The anonymous user: a public organization's answer to a token that it does not know. */
const ANONYMOUS = /^a{8}-(a{4}-){3}a{12}$|^0{8}-/;

/** Maximum number of projects in which writing is tried. */
const MOST_TRIED = 10;
/** Namespaces of permissions and bits in them: https://learn.microsoft.com/azure/devops/organizations/security/namespace-reference */
const TAGGING = 'bb50f182-8e5e-40b8-bc21-e8752a1e7ae2/2';
/** creating child nodes */
const AREAS = '83e28ad4-2d72-4ceb-97b0-c7726d5502c3/4';
/** adding, changing and deleting comments of work items */
const COMMENTING = '83e28ad4-2d72-4ceb-97b0-c7726d5502c3/512';
const ITERATIONS = 'bf7bfa03-b2b7-47db-8113-fa2e002cc5b1/4';

/** The settings of the system node. */
type Asked = WriteRules & {
  createPaths: boolean;
  /** Whether the server has comments of their own. */
  hasComments(project: string): Promise<boolean>;
};

export async function identify(
  api: AzureDevOpsApi,
  metadata: Metadata,
  people: People,
  settings: Asked,
): Promise<Identity> {
  const data = await connectionData(api);
  const me = isJson(data.authenticatedUser) ? data.authenticatedUser : {};
  const id = textOf(me.id);
  if (id === undefined || ANONYMOUS.test(id)) {
    const words = 'Azure DevOps sees an anonymous visitor: the token is wrong, expired or of another organisation';
    throw new SyncError('auth', words);
  }
  const properties = isJson(me.properties) ? me.properties : {};
  const login = textOf(isJson(properties.Account) ? properties.Account.$value : properties.Account);
  const name = textOf(me.customDisplayName) ?? textOf(me.providerDisplayName);
  const user = compactUser({ id, name, login, email: mailOf(login) });

  const projects = await metadata.projects();
  const missing: string[] = [];
  if (projects.length === 0) missing.push('The account sees no project: add it to the projects to be synchronised.');
  else append(missing, await lacking(api, metadata, projects, settings));
  if (login) await people.find({ login });
  if (people.denied) {
    missing.push(
      'The token may not read identities (scope "Identity (read)"): people are looked for among the members of teams only.',
    );
  }
  const hosted =
    textOf(data.deploymentType) === 'hosted' ||
    /(^|\.)(dev\.azure|visualstudio)\.com$/.test(new URL(api.baseUrl).hostname);
  return { user, server: hosted ? 'Azure DevOps Services' : 'Azure DevOps Server', missing };
}

/** The id of the own account, as in the authors of comments and revisions; undefined if it is not reported. */
export async function selfOf(api: AzureDevOpsApi): Promise<string | undefined> {
  const { authenticatedUser } = await connectionData(api);
  return isJson(authenticatedUser) ? textOf(authenticatedUser.id) : undefined;
}

async function connectionData(api: AzureDevOpsApi) {
  try {
    return await api.json('GET', '_apis/connectionData', { preview: true });
  } catch (thrown) {
    const { message, detail } = asSyncError(thrown);
    if (detail.status !== 404) throw thrown;
    const words = 'There is no organisation or collection of Azure DevOps at this address';
    throw new SyncError('fatal', `${words}: it looks like https://dev.azure.com/organisation (${message})`, detail);
  }
}

/** Tries, without changing anything, the calls of a flow. */
async function lacking(
  api: AzureDevOpsApi,
  metadata: Metadata,
  projects: ProjectInfo[],
  { bypassRules, suppressNotifications, createPaths, hasComments }: Asked,
): Promise<string[]> {
  const [first] = projects;
  if (!first) return [];
  const lines: string[] = [];
  const needs = async (call: () => Promise<unknown>, words: string) => {
    if (await isRefused(call)) lines.push(words);
  };
  // asks the server to validate a create without carrying it out. Rules of the process do not matter here
  const create = async (project: string, options: Record<string, boolean> = {}): Promise<void> => {
    const [type] = await metadata.types(await metadata.project(project));
    if (!type) return;
    await api.send('POST', `${project}/_apis/wit/workitems/$${encodeURIComponent(type.name)}`, {
      query: { validateOnly: true, ...options },
      body: [{ op: 'add', path: '/fields/System.Title', value: 'Twinflow: test of the connection' }],
      contentType: PATCH_TYPE,
    });
  };
  const feed = { fields: 'System.Id', $maxPageSize: 1, startDateTime: new Date(api.rest.now()).toISOString() };
  await needs(
    () => api.json('GET', `${first.id}/_apis/wit/reporting/workitemrevisions`, { query: feed }),
    'The account or its token may not read the feed of revisions (scope "Work items (read)"): changes cannot be polled.',
  );
  await needs(
    () => api.json('GET', '_apis/wit/recyclebin', { query: { ids: 1 } }),
    'The account may not look into the recycle bin: deleted work items are not told from hidden ones, and changes for them are parked.',
  );
  const unwritable: string[] = [];
  for (const { id, name } of projects.slice(0, MOST_TRIED))
    if (await isRefused(() => create(id))) unwritable.push(name);
  if (unwritable.length > 0) {
    lines.push(
      `The account or its token may not write work items in ${unwritable.join(', ')} (scope "Work items (read & write)", permission "Edit work items in this node"): only reading will work.`,
    );
  }
  if (unwritable.includes(first.name)) return lines;
  await needs(
    // an empty batch: the service rejects either its content or its URL
    () => api.send('PATCH', '_apis/wit/$batch', { body: [] }),
    'The token may not write several work items in one request ($batch): each is written alone.',
  );
  for (const [permission, options] of [
    ['Bypass rules on work item updates', bypassRules && { bypassRules }],
    ['Suppress notifications for work item updates', suppressNotifications && { suppressNotifications }],
  ] as const) {
    const words = `The account lacks the permission "${permission}", which the system node asks for.`;
    if (options) await needs(() => create(first.id, options), words);
  }
  if (await lacks(api, TAGGING, `/${first.id}`)) {
    lines.push(
      'The account lacks the permission "Create tag definition": only tags that are there already can be set.',
    );
  }
  if (await lacksInAreas(api, first.id, COMMENTING)) {
    lines.push('The account lacks the permission "Edit work item comments in this node": comments can be read only.');
  }
  if (!(await toldOr(true, () => hasComments(first.id)))) {
    lines.push(
      'This server has no resource for comments of work items (Azure DevOps Server before 2019 Update 1): comments are not synced.',
    );
  }
  if (createPaths && (await lacksChildNodes(api, first.id))) {
    lines.push('The account lacks the permission "Create child nodes": missing areas and iterations cannot be made.');
  }
  return lines;
}

/** For the root of a project's areas. */
const lacksInAreas = (api: AzureDevOpsApi, project: string, permission: string): Promise<boolean> =>
  toldOr(false, async () => {
    const path = `${project}/_apis/wit/classificationnodes`;
    const nodes = listOf(await api.json('GET', path, { query: { $depth: 0 } }));
    const root = nodes.find(({ structureType }) => structureType === 'area');
    return root !== undefined && lacks(api, permission, `vstfs:///Classification/Node/${textOf(root.identifier)}`);
  });

const lacksChildNodes = (api: AzureDevOpsApi, project: string): Promise<boolean> =>
  toldOr(false, async () => {
    const path = `${project}/_apis/wit/classificationnodes`;
    for (const { structureType, identifier } of listOf(await api.json('GET', path, { query: { $depth: 0 } }))) {
      const token = `vstfs:///Classification/Node/${textOf(identifier)}`;
      if (await lacks(api, structureType === 'area' ? AREAS : ITERATIONS, token)) return true;
    }
    return false;
  });

/** https://learn.microsoft.com/rest/api/azure/devops/security/permissions/has-permissions; false if it is not
 * reported */
const lacks = (api: AzureDevOpsApi, permission: string, tokens: string): Promise<boolean> =>
  toldOr(false, async () => {
    const { value } = await api.json('GET', `_apis/permissions/${permission}`, { query: { tokens } });
    return Array.isArray(value) && value.includes(false);
  });

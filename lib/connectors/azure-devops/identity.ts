/** "Test connection": who we are, and what the account or its token lacks for a two-way sync. */

import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { UserValue } from '../../model/values';
import type { Identity } from '../connector';
import { type AzureDevOpsApi, PATCH_TYPE } from './api';
import type { Settings } from './config';
import type { Metadata, ProjectInfo } from './metadata';
import type { People } from './people';
import { compact, isJson, listOf, mailOf, textOf } from './shapes';

/** Who is nobody: what a public organisation answers to a token that it does not know. */
const ANONYMOUS = /^a{8}-(a{4}-){3}a{12}$|^0{8}-/;

/** Projects in which writing is tried. */
const MOST_TRIED = 10;
/** Namespaces of permissions and bits in them: https://learn.microsoft.com/azure/devops/organizations/security/namespace-reference */
const TAGGING = { namespace: 'bb50f182-8e5e-40b8-bc21-e8752a1e7ae2', create: 2 };
const AREAS = { namespace: '83e28ad4-2d72-4ceb-97b0-c7726d5502c3', createChildren: 4 };
const ITERATIONS = { namespace: 'bf7bfa03-b2b7-47db-8113-fa2e002cc5b1', createChildren: 4 };

export async function identify(
  api: AzureDevOpsApi,
  metadata: Metadata,
  people: People,
  settings: Pick<Settings, 'bypassRules' | 'suppressNotifications' | 'createPaths'>,
): Promise<Identity> {
  const data = await connectionData(api);
  const me = isJson(data.authenticatedUser) ? data.authenticatedUser : {};
  const id = textOf(me.id);
  if (id === undefined || ANONYMOUS.test(id)) {
    throw new SyncError(
      'auth',
      'Azure DevOps sees an anonymous visitor: the token is wrong, expired or of another organisation',
    );
  }
  const properties = isJson(me.properties) ? me.properties : {};
  const login = textOf(isJson(properties.Account) ? properties.Account.$value : properties.Account);
  const name = textOf(me.customDisplayName) ?? textOf(me.providerDisplayName);
  const user: UserValue = compact({ id, name, login, email: mailOf(login) });

  const projects = await metadata.projects();
  const missing: string[] = [];
  if (projects.length === 0) missing.push('The account sees no project: add it to the projects to be synchronised.');
  else append(missing, await new Permissions(api, metadata).missing(projects, settings));
  if (login) await people.find({ login });
  if (!people.mayReadIdentities) {
    missing.push(
      'The token may not read identities (scope "Identity (read)"): people are looked for among the members of teams only.',
    );
  }
  const hosted =
    textOf(data.deploymentType) === 'hosted' ||
    /(^|\.)(dev\.azure|visualstudio)\.com$/.test(new URL(api.baseUrl).hostname);
  return { user, server: hosted ? 'Azure DevOps Services' : 'Azure DevOps Server', missing };
}

async function connectionData(api: AzureDevOpsApi) {
  try {
    return await api.json('GET', '_apis/connectionData', { preview: true });
  } catch (thrown) {
    if (thrown instanceof SyncError && thrown.detail.status === 404) {
      const words = 'There is no organisation or collection of Azure DevOps at this address';
      throw new SyncError(
        'fatal',
        `${words}: it looks like https://dev.azure.com/organisation (${thrown.message})`,
        thrown.detail,
      );
    }
    throw thrown;
  }
}

/** Tries, without changing anything, what a flow will do. */
class Permissions {
  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly metadata: Metadata,
  ) {}

  async missing(
    projects: ProjectInfo[],
    { bypassRules, suppressNotifications, createPaths }: Parameters<typeof identify>[3],
  ): Promise<string[]> {
    const [first] = projects;
    if (!first) return [];
    const lines: string[] = [];
    const refuses = async (words: string, call: () => Promise<unknown>) => {
      if (await this.refused(call)) lines.push(words);
    };
    const feed = { fields: 'System.Id', $maxPageSize: 1, startDateTime: new Date(this.api.serverNow()).toISOString() };
    await refuses(
      'The account or its token may not read the feed of revisions (scope "Work items (read)"): changes cannot be polled.',
      () => this.api.json('GET', `${first.id}/_apis/wit/reporting/workitemrevisions`, { query: feed }),
    );
    await refuses(
      'The account may not look into the recycle bin: deleted work items are not told from hidden ones, and changes for them are parked.',
      () => this.api.json('GET', '_apis/wit/recyclebin', { query: { ids: 1 } }),
    );

    const unwritable: string[] = [];
    for (const { id, name } of projects.slice(0, MOST_TRIED))
      if (await this.refused(() => this.create(id, {}))) unwritable.push(name);
    if (unwritable.length > 0) {
      const where = unwritable.join(', ');
      lines.push(
        `The account or its token may not write work items in ${where} (scope "Work items (read & write)", permission "Edit work items in this node"): only reading will work.`,
      );
    }
    if (unwritable.includes(first.name)) return lines;

    // a batch of nothing: the service refuses it as such, or its address
    await refuses('The token may not write several work items in one request ($batch): each is written alone.', () =>
      this.api.send('PATCH', '_apis/wit/$batch', { body: [] }),
    );
    if (bypassRules)
      await refuses(
        'The account lacks the permission "Bypass rules on work item updates", which the system node asks for.',
        () => this.create(first.id, { bypassRules }),
      );
    if (suppressNotifications)
      await refuses(
        'The account lacks the permission "Suppress notifications for work item updates", which the system node asks for.',
        () => this.create(first.id, { suppressNotifications }),
      );
    if (await this.lacks(TAGGING.namespace, TAGGING.create, [`/${first.id}`]))
      lines.push(
        'The account lacks the permission "Create tag definition": only tags that are there already can be set.',
      );
    if (createPaths && (await this.lacksChildNodes(first.id)))
      lines.push('The account lacks the permission "Create child nodes": missing areas and iterations cannot be made.');
    return lines;
  }

  /** Asks the server to judge a create without making it (`validateOnly`). What the process refuses does not matter here. */
  private async create(project: string, options: Record<string, boolean>): Promise<void> {
    const [type] = await this.metadata.types(await this.metadata.project(project));
    if (!type) return;
    await this.api.send('POST', `${project}/_apis/wit/workitems/$${encodeURIComponent(type.name)}`, {
      query: { validateOnly: true, ...options },
      body: [{ op: 'add', path: '/fields/System.Title', value: 'Twinflow: test of the connection' }],
      contentType: PATCH_TYPE,
    });
  }

  private async lacksChildNodes(project: string): Promise<boolean> {
    try {
      const path = `${project}/_apis/wit/classificationnodes`;
      const roots = listOf(await this.api.json('GET', path, { query: { $depth: 0 } }));
      for (const { structureType, identifier } of roots) {
        const { namespace, createChildren } = structureType === 'area' ? AREAS : ITERATIONS;
        const token = `vstfs:///Classification/Node/${textOf(identifier)}`;
        if (await this.lacks(namespace, createChildren, [token])) return true;
      }
    } catch (thrown) {
      this.pass(thrown);
    }
    return false;
  }

  /** https://learn.microsoft.com/rest/api/azure/devops/security/permissions/has-permissions; false where it is not told */
  private async lacks(namespace: string, bits: number, tokens: string[]): Promise<boolean> {
    try {
      const query = { tokens: tokens.join(',') };
      const { value } = await this.api.json('GET', `_apis/permissions/${namespace}/${bits}`, { query });
      return Array.isArray(value) && value.includes(false);
    } catch (thrown) {
      this.pass(thrown);
      return false;
    }
  }

  private async refused(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call();
      return false;
    } catch (thrown) {
      this.pass(thrown);
      const { kind, status } = kindOf(thrown);
      return kind === 'forbidden' || kind === 'auth' || status === 404 || status === 405;
    }
  }

  /** Only what concerns this one right is an answer. */
  private pass(thrown: unknown): void {
    const { kind, status } = kindOf(thrown);
    if (kind === 'rateLimited' || (kind === 'transient' && status === undefined)) throw thrown;
  }
}

function kindOf(thrown: unknown): { kind: SyncError['kind']; status: number | undefined } {
  if (!(thrown instanceof SyncError)) throw thrown;
  return { kind: thrown.kind, status: thrown.detail.status };
}

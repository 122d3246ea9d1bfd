/** "Test connection": who we are, and what the account or its token lacks for a two-way sync. */

import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { UserValue } from '../../model/values';
import type { Identity } from '../connector';
import { type AzureDevOpsApi, PATCH_TYPE } from './api';
import type { Metadata } from './metadata';
import type { People } from './people';
import { compact, isJson, mailOf, textOf } from './shapes';

/** Who is nobody: what a public organisation answers to a token that it does not know. */
const ANONYMOUS = /^a{8}-(a{4}-){3}a{12}$|^0{8}-/;

export async function identify(api: AzureDevOpsApi, metadata: Metadata, people: People): Promise<Identity> {
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
  const [first] = projects;
  if (!first) missing.push('The account sees no project: add it to the projects to be synchronised.');
  else append(missing, await writing(api, metadata, first.id));
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

/** Asks the server to judge a create without making it (`validateOnly`). What the process refuses does not matter here. */
async function writing(api: AzureDevOpsApi, metadata: Metadata, project: string): Promise<string[]> {
  const [type] = await metadata.types(await metadata.project(project));
  if (!type) return [];
  try {
    await api.send('POST', `${project}/_apis/wit/workitems/$${encodeURIComponent(type.name)}`, {
      query: { validateOnly: true },
      body: [{ op: 'add', path: '/fields/System.Title', value: 'Twinflow: test of the connection' }],
      contentType: PATCH_TYPE,
    });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof SyncError)) throw thrown;
    if (thrown.kind !== 'forbidden' && thrown.kind !== 'auth') return [];
    return [
      'The account or its token may not write work items (scope "Work items (read & write)"): only reading will work.',
    ];
  }
}

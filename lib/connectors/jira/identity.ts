/** "Test connection": the account, and what it lacks for a two-way sync. */

import { asSyncError, SyncError } from '../../model/errors';
import type { Identity } from '../connector';
import { isJson, textOf } from '../kit/json';
import type { JiraApi } from './api';
import type { Metadata } from './metadata';
import { userOf } from './people';

/** https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/#built-in-permissions */
const NEEDED: Record<string, string> = {
  BROWSE_PROJECTS: 'see issues (Browse projects)',
  CREATE_ISSUES: 'create issues (Create issues)',
  EDIT_ISSUES: 'change issues (Edit issues)',
  TRANSITION_ISSUES: 'change statuses (Transition issues)',
  ASSIGN_ISSUES: 'assign issues (Assign issues)',
  // required by some fields and links
  MODIFY_REPORTER: 'set reporters (Modify reporter)',
  SCHEDULE_ISSUES: 'set due dates (Schedule issues)',
  RESOLVE_ISSUES: 'set resolutions and fix versions (Resolve issues)',
  LINK_ISSUES: 'link issues, and add web links to counterparts (Link issues)',
  ADD_COMMENTS: 'add comments (Add comments)',
  CREATE_ATTACHMENTS: 'attach files (Create attachments)',
};
/** An account that may change or delete all comments may do so with its own. A permission that only other users' comments need is reported as such. */
const COMMENTS = {
  EDIT: ['change', 'Edit'],
  DELETE: ['delete', 'Delete'],
} as const;
const COMMENT_KEYS = Object.keys(COMMENTS).flatMap((verb) => [`${verb}_ALL_COMMENTS`, `${verb}_OWN_COMMENTS`]);
/** Either is enough.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put */
const QUIET = ['ADMINISTER_PROJECTS', 'ADMINISTER'];
/** Beyond this number, projects are not checked one by one. */
const MOST_ASKED = 10;

export async function identify(api: JiraApi, metadata: Metadata): Promise<Identity> {
  const [me, server] = [await self(metadata), await metadata.serverInfo()];
  checkDeployment(api, textOf(server.deploymentType));
  const projects = await metadata.projects();
  const missing: string[] = [];
  if (projects.length === 0) {
    missing.push('The account sees no project: give it a role in the projects to be synchronised.');
  }
  if (projects.length > MOST_ASKED) {
    for (const words of await lackingIn(api, undefined)) missing.push(`The account may in no project ${words}.`);
  } else {
    const where = new Map<string, string[]>();
    for (const { id, name } of projects) {
      for (const words of await lackingIn(api, id)) where.set(words, [...(where.get(words) ?? []), name]);
    }
    for (const [words, names] of where) missing.push(`The account may not ${words} in ${names.join(', ')}.`);
  }
  const global = await permissions(api, undefined, ['USER_PICKER']);
  if (!global.has('USER_PICKER')) {
    missing.push('The account may not browse users and groups: people cannot be looked up for user fields.');
  }
  const timeZone = textOf(me.timeZone);
  return {
    user: userOf(me) ?? {},
    server: api.isCloud
      ? 'Jira Cloud'
      : `Jira ${textOf(server.deploymentType) === 'Server' ? '' : 'Data Center '}${textOf(server.version) ?? ''}`.trim(),
    ...(timeZone && { timeZone }),
    missing,
  };
}

function checkDeployment(api: JiraApi, type: string | undefined): void {
  if (type === undefined || (type === 'Cloud') === api.isCloud) return;
  const [is, chosen] = api.isCloud ? ['Jira Data Center or Server', 'Cloud'] : ['Jira Cloud', 'Data Center'];
  throw new SyncError('fatal', `There is ${is} at this address, but the deployment chosen is ${chosen}`, {
    fields: { deployment: `the server is ${is}` },
  });
}

async function self(metadata: Metadata) {
  try {
    return await metadata.myself();
  } catch (thrown) {
    const { message, detail } = asSyncError(thrown);
    if (detail.status !== 404) throw thrown;
    const words = 'There is no Jira at this address, or not of this deployment: check URL and deployment';
    throw new SyncError('fatal', `${words} (${message})`, detail);
  }
}

async function lackingIn(api: JiraApi, projectId: string | undefined): Promise<string[]> {
  const keys = [...Object.keys(NEEDED), ...COMMENT_KEYS, ...(api.site.notify ? [] : QUIET)];
  const granted = await permissions(api, projectId, keys);
  const lacking = Object.entries(NEEDED).flatMap(([key, words]) => (granted.has(key) ? [] : [words]));
  for (const [verb, [does, name]] of Object.entries(COMMENTS)) {
    if (granted.has(`${verb}_ALL_COMMENTS`)) continue;
    if (!granted.has(`${verb}_OWN_COMMENTS`)) lacking.push(`${does} its own comments (${name} own comments)`);
    lacking.push(`${does} other people's comments (${name} all comments)`);
  }
  const isLoud = !api.site.notify && !QUIET.some((key) => granted.has(key));
  return isLoud ? [...lacking, 'keep Jira from mailing watchers (Administer projects)'] : lacking;
}

async function permissions(api: JiraApi, projectId: string | undefined, keys: string[]): Promise<Set<string>> {
  const { permissions: given } = await api.object('mypermissions', { permissions: keys.join(','), projectId });
  const list = isJson(given) ? given : {};
  return new Set(keys.filter((key) => isJson(list[key]) && list[key].havePermission === true));
}

/** "Test connection": the account, and what it lacks for a two-way sync. */

import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { Identity } from '../connector';
import { compactUser } from '../kit/people';
import type { Metadata, ProjectInfo } from './metadata';

const NEEDED: Record<string, string> = {
  add_issues: 'create issues',
  edit_issues: 'change issues',
  manage_subtasks: 'set parent tasks',
  add_issue_notes: 'add notes (comments)',
  edit_issue_notes: 'change or delete notes of other people',
  view_private_notes: 'see private notes of other people, so that deletions of notes are not found',
  set_notes_private: 'set notes as private, so that no internal comment arrives',
};
/** If there are more projects, they are summarized. */
const MOST_NAMED = 5;

export async function identify(metadata: Metadata): Promise<Identity> {
  // a key may just have been revoked: no cached answer may report success
  const me = await self(metadata);
  const projects = await metadata.projects(0);
  const trackers = await metadata.trackers();
  const missing: string[] = [];
  if (projects.length === 0) {
    missing.push('The account sees no project: add it as a member to the projects to be synchronised.');
  }
  const silent = projects.filter(({ tracksIssues }) => !tracksIssues);
  if (silent.length > 0) missing.push(`Issue tracking is switched off in ${names(silent)}.`);
  if (!me.admin) {
    const tracking = projects.filter(({ tracksIssues }) => tracksIssues);
    append(missing, await permissions(metadata, me.roles, tracking));
    missing.push(
      'The account is no administrator, so it cannot see the definitions of custom fields (lists of values, required) nor hidden ' +
        'e-mail addresses: lists appear as text, and people are matched by login or name.',
    );
  }
  const modern = trackers.some(({ standardFields }) => standardFields !== undefined);
  if (!modern) missing.push('Redmine before 5.0 can add notes by its API, but neither change nor delete them.');
  return {
    user: compactUser(me),
    // the API does not report its version; trackers list their standard fields since 5.0
    server: modern ? 'Redmine 5.0 or newer' : 'Redmine before 5.0',
    missing,
  };
}

async function self(metadata: Metadata) {
  try {
    return await metadata.myself(0);
  } catch (thrown) {
    if (!(thrown instanceof SyncError)) throw thrown;
    const { kind, message, detail } = thrown;
    if (kind === 'forbidden' && !detail.answer) {
      const words =
        "Redmine's REST web service is switched off: an administrator enables it in Administration → Settings → API";
      throw new SyncError('forbidden', `${words} (${message})`, detail);
    }
    if (detail.status === 404) {
      const words = 'There is no Redmine at this URL. Check the URL, including the path of Redmine on its server';
      throw new SyncError('fatal', `${words} (${message})`, detail);
    }
    throw thrown;
  }
}

/** What the roles do not permit, one sentence per permission. */
async function permissions(
  metadata: Metadata,
  roles: Map<string, string[]>,
  projects: ProjectInfo[],
): Promise<string[]> {
  const granted = new Map<string, string[]>();
  for (const id of new Set([...roles.values()].flat()))
    granted.set(id, (await metadata.role(id, 0))?.permissions ?? []);
  const outside = projects.filter(({ id }) => !roles.has(id));
  const sentences =
    outside.length > 0 ? [`The account is no member of ${names(outside)}, and can hardly write there.`] : [];
  for (const [permission, words] of Object.entries(NEEDED)) {
    const without = projects.filter(({ id }) => {
      const own = roles.get(id);
      return own !== undefined && !own.some((role) => granted.get(role)?.includes(permission));
    });
    if (without.length > 0) sentences.push(`The account's roles do not let it ${words} in ${names(without)}.`);
  }
  return sentences;
}

function names(projects: ProjectInfo[]): string {
  const some = projects.slice(0, MOST_NAMED).map(({ name }) => name);
  const rest = projects.length - some.length;
  return `${some.length > 1 ? 'the projects' : 'the project'} ${some.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

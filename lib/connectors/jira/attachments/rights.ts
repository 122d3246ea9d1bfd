/** Why a file was not attached or deleted. Jira's status says little, so its settings and the account's permissions are requested. */

import { asSyncError, SyncError } from '../../../model/errors';
import { isJson } from '../../kit/json';
import type { JiraApi } from '../api';
import type { AttachmentRequests } from './requests';

export type FileVerb = 'attached' | 'deleted';

/** Permissions of which one is needed, with its name in Jira's permission schemes. */
const NEEDED: Record<FileVerb, readonly (readonly [key: string, name: string])[]> = {
  attached: [['CREATE_ATTACHMENTS', 'Create attachments']],
  deleted: [
    ['DELETE_ALL_ATTACHMENTS', 'Delete all attachments'],
    ['DELETE_OWN_ATTACHMENTS', 'Delete own attachments'],
  ],
};

/**
 * The words of old versions, which answer 404 to a file that is too large
 * (https://github.com/bobcarroll/jira-client/issues/119). Cloud answers 413.
 */
const TOO_LARGE = /exceeds its maximum permitted size/i;

export const isTooLarge = ({ detail }: SyncError): boolean =>
  detail.status === 413 || (detail.status === 404 && TOO_LARGE.test(detail.answer ?? ''));

/**
 * @param about `The file "a.txt" for issue 7`
 * @param issue its id
 * @param isOwn the account has added the attachment itself
 */
export async function explained(
  api: JiraApi,
  requests: AttachmentRequests,
  error: SyncError,
  about: string,
  { verb, issue, isOwn }: { verb: FileVerb; issue: string; isOwn: boolean },
): Promise<SyncError> {
  const { kind, detail, message } = error;
  if (kind !== 'forbidden' && kind !== 'notFound' && kind !== 'invalid') return error;
  const said = detail.answer ?? message;
  try {
    if (!(await requests.settings()).enabled) {
      const words = `${about} was not ${verb}: attachments are switched off in Jira's settings`;
      return new SyncError('forbidden', `${words} (${said})`, detail);
    }
    if (kind === 'invalid') return new SyncError('invalid', `${about} was not ${verb}: ${said}`, detail);
    // the last one is enough for what is its own
    const all = NEEDED[verb];
    const wanted = isOwn ? all : all.slice(0, 1);
    const query = { permissions: wanted.map(([key]) => key).join(','), issueId: issue };
    const { permissions } = await api.object('mypermissions', query);
    const given = isJson(permissions) ? permissions : {};
    const has = ([key]: readonly [string, string]): boolean => isJson(given[key]) && given[key].havePermission === true;
    const why = wanted.some(has) ? 'Jira refuses it' : `the account lacks the permission "${wanted.at(-1)?.[1]}" there`;
    return new SyncError('forbidden', `${about} was not ${verb}: ${why} (${said})`, detail);
  } catch (thrown) {
    const { kind: other } = asSyncError(thrown);
    return other === 'auth' || other === 'rateLimited' ? asSyncError(thrown) : error;
  }
}

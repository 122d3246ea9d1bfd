/**
 * Why a comment was rejected. Jira answers 400 both for an invalid comment and for a missing permission, in the account's
 * language. So Twinflow requests the account's permissions.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
 */

import { asSyncError, SyncError } from '../../../model/errors';
import { isJson } from '../../kit/json';
import type { JiraApi } from '../api';

export type CommentVerb = 'create' | 'edit' | 'delete';

interface Right {
  key: string;
  /** its name in Jira's permission schemes */
  name: string;
}

const OWN: Record<CommentVerb, Right> = {
  create: { key: 'ADD_COMMENTS', name: 'Add comments' },
  edit: { key: 'EDIT_OWN_COMMENTS', name: 'Edit own comments' },
  delete: { key: 'DELETE_OWN_COMMENTS', name: 'Delete own comments' },
};
const ALL: Record<CommentVerb, Right> = {
  create: OWN.create,
  edit: { key: 'EDIT_ALL_COMMENTS', name: 'Edit all comments' },
  delete: { key: 'DELETE_ALL_COMMENTS', name: 'Delete all comments' },
};
const DONE: Record<CommentVerb, string> = { create: 'added', edit: 'changed', delete: 'deleted' };

/**
 * @param issue its id
 * @param isOwn the account wrote the comment itself
 */
export async function explained(
  api: JiraApi,
  error: SyncError,
  verb: CommentVerb,
  issue: string,
  isOwn: () => Promise<boolean>,
): Promise<SyncError> {
  const { kind, detail, message } = error;
  if (detail.status === 413) {
    const words = `The comment of issue ${issue} was not ${DONE[verb]}: Jira takes no more comments for it (5,000 on Cloud)`;
    return new SyncError('invalid', `${words}. ${detail.answer ?? ''}`.trim(), detail);
  }
  if (kind !== 'invalid' && kind !== 'forbidden') return error;
  const { comment, commentLevel, ...fields } = detail.fields ?? {};
  if (comment !== undefined || commentLevel !== undefined) {
    const named = {
      ...fields,
      ...(comment !== undefined && { text: comment }),
      ...(commentLevel !== undefined && { visibility: commentLevel }),
    };
    return new SyncError(kind, message, { ...detail, fields: named });
  }
  try {
    const own = await isOwn();
    const wanted = own ? [OWN[verb], ALL[verb]] : [ALL[verb]];
    const keys = [...new Set(wanted.map(({ key }) => key))];
    const { permissions } = await api.object('mypermissions', { permissions: keys.join(','), issueId: issue });
    const given = isJson(permissions) ? permissions : {};
    const has = ({ key }: Right): boolean => isJson(given[key]) && given[key].havePermission === true;
    if (wanted.some(has)) return error;
    const whose = verb === 'create' ? 'comments' : own ? 'its own comments' : "other people's comments";
    const [lacking] = wanted;
    const words = `The comment of issue ${issue} was not ${DONE[verb]}: the account may not do that with ${whose} there`;
    const text = `${words}; it lacks the permission "${lacking?.name}". Jira says: ${detail.answer ?? message}`;
    return new SyncError('forbidden', text, detail);
  } catch (thrown) {
    const { kind: other } = asSyncError(thrown);
    return other === 'auth' || other === 'rateLimited' ? asSyncError(thrown) : error;
  }
}

/** Redmine's lists of issues, with the filters of the query form: if one issue cannot be shown, the others are
 * (kit/overlap/unshown.ts). */

import { type Narrowing, ShownLists } from '../kit/overlap/unshown';
import { BEYOND, type Filter, filterQuery, PAGE, type RedmineApi } from './api';
import { type RawIssue, versionOf } from './shapes';

export type IssueLists = ShownLists<RawIssue, Filter[], string>;

export const keyOf = (issue: RawIssue) => ({ id: issue.id, at: issue.updatedOn, version: versionOf(issue) });

/** Bounds are in whole seconds, and the times compared with them may have fractions. */
function narrowed(filters: Filter[], { from, until, ids }: Narrowing): Filter[] {
  const found = [...filters];
  const filter = (field: string, operator: string, ...values: string[]) => found.push({ field, operator, values });
  const end = until && `${new Date(Date.parse(until) + 1000).toISOString().slice(0, 19)}Z`;
  if (from !== undefined && end !== undefined) filter('updated_on', '><', from, end);
  else if (from !== undefined) filter('updated_on', '>=', from);
  else if (end !== undefined) filter('updated_on', '<=', end);
  if (ids === undefined) return found;
  if (!('low' in ids)) filter('issue_id', '=', ids.join(','));
  else if (ids.high === undefined) filter('issue_id', '>=', String(ids.low));
  else filter('issue_id', '><', String(ids.low), String(ids.high));
  return found;
}

export function issueLists(api: RedmineApi): IssueLists {
  return new ShownLists({
    ...{ product: 'Redmine', things: 'issues', page: PAGE, key: keyOf, narrow: narrowed },
    ...{ oldestFirst: 'updated_on:asc,id:asc', newestFirst: 'updated_on:desc,id:desc' },
    rows: (filters, sort, offset, limit) => api.issues({ ...filterQuery(filters), sort, offset, limit }),
    count: (filters) => api.issues({ ...filterQuery(filters), offset: BEYOND, limit: 1 }),
  });
}

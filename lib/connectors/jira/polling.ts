/**
 * Reads changes with the kit's poll of an index (kit/overlap/indexed.ts). Jira provides a search by `updated >= T`,
 * sorted by `updated`, from an index that is "a few seconds to minutes" behind
 * (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/). It rejects a search that names a project
 * or issue type which is deleted, archived or not visible.
 */

import { SyncError } from '../../model/errors';
import type { Scope } from '../connector';
import type { RowPage } from '../kit/overlap/index-feed';
import { IndexedPoller } from '../kit/overlap/indexed';
import { absentOf, Members } from '../kit/overlap/members';
import type { Timed } from '../kit/overlap/order';
import { FETCH, type JiraApi } from './api';
import { among, since } from './jql';
import type { Metadata } from './metadata';
import type { IssueReader } from './reading';
import { millisecondsOf, type RawIssue } from './shapes';

/** Ids and times per search; Jira may return fewer. */
const ROWS = 1_000;
const MINUTE = 60_000;

export function issuePoller(api: JiraApi, metadata: Metadata, reader: IssueReader): IndexedPoller<RawIssue> {
  const rows = async (scope: Scope, condition: string, order: string, token?: string): Promise<RowPage> => {
    const jql = `${among('project', scope.projects)} AND ${among('issuetype', scope.types)}${condition} ORDER BY updated ${order}, key ${order}`;
    const { issues, ...page } = await api.search({ jql, fields: ['updated'], size: ROWS, token });
    return { ...page, rows: issues.map(rowOf) };
  };
  return new IndexedPoller({
    ...{ product: 'Jira', thing: 'issue', things: 'issues', page: FETCH, rowOf },
    ...{ lagMs: 10 * MINUTE, leastLagMs: 2 * MINUTE },
    // an index may compare by the minute, and show times newer than those used for sorting
    ...{ resolutionMs: MINUTE, toleranceMs: 10 * MINUTE },
    // Data Center: until its index has the last change of that second
    settleMs: api.isCloud ? 2_000 : MINUTE,
    members: new Members('type', async ({ projects, types }) => {
      metadata.typeIds.forget();
      const known = types.length > 0 ? await metadata.typeIds() : undefined;
      return {
        projects: await metadata.outOfSight(projects),
        types: absentOf('Jira', 'issue type', types, (id) => known?.has(id) === true),
      };
    }),
    search: (scope, from, token) =>
      rows(scope, from === undefined ? '' : ` AND ${since('updated', from)}`, 'ASC', token),
    newest: (scope, token) => rows(scope, '', 'DESC', token),
    read: (ids) => reader.issues(ids),
    times: async (ids) => {
      const { found, errors } = await api.issues(ids, { fields: ['updated'] });
      return { found: found.map(rowOf), errors };
    },
    show: (issues) => reader.entities(issues),
    takeOwn: (id, at) => reader.takeOwn(id, at),
  });
}

function rowOf({ id, fields }: RawIssue): Timed {
  const at = millisecondsOf(fields.updated);
  if (Number.isNaN(at)) throw new SyncError('fatal', `Jira shows issue ${id} without an update time`);
  return { id, at };
}

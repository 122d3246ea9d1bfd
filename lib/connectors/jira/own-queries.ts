/**
 * JQL of an administrator as a filter. Cloud's index lags behind writes, so a search is told which issues it has to see as they are
 * (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/: fifty at most). On Data Center the index answers that a
 * poll has just read.
 */

import type { EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { OwnQueries, QueryHits, Scope } from '../connector';
import { type ClosedQuery, closedQuery, inItsWords, type QuerySyntax, upTo } from '../kit/closed-query';
import { textOf } from '../kit/json';
import { portions } from '../kit/portions';
import type { JiraApi } from './api';
import { among } from './jql';

const SYNTAX: QuerySyntax = { language: 'JQL', quotes: '"\'', escape: 'backslash' };
/** Issues that a search of Cloud reconciles; of Data Center, ids in one query. */
const MOST = { cloud: 50, dataCenter: 100 };
const FIRST = 5;

export function jqlQueries(api: JiraApi): OwnQueries {
  const found = async (jql: string, ids: readonly EntityId[]): Promise<EntityId[]> => {
    const all: EntityId[] = [];
    let token: string | undefined;
    do {
      const request = { jql: `(${jql}) AND ${among('id', ids)}`, fields: ['updated'], size: ids.length, token };
      const page = await api.search({ ...request, ...(api.isCloud && { reconcile: ids }) });
      for (const { id } of page.issues) if (ids.includes(id)) all.push(id);
      token = page.next;
    } while (token !== undefined);
    return all;
  };

  /** An id that is not there makes Jira refuse the whole query. */
  const foundOfThose = async (jql: string, ids: readonly EntityId[]): Promise<EntityId[]> => {
    try {
      return await found(jql, ids);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'invalid') throw error;
      const { found: shown, errors } = await api.issues([...ids], { fields: ['updated'] });
      const [failed] = errors.values();
      if (failed) throw failed;
      const there = shown.map(({ id }) => id).filter((id) => ids.includes(id));
      if (there.length === ids.length) throw error;
      return there.length === 0 ? [] : found(jql, there);
    }
  };

  return inItsWords({
    language: 'JQL',
    example: 'labels = sync AND priority in (High, Highest)',
    async check(scope: Scope, query: string): Promise<QueryHits> {
      const { text } = condition(query);
      const within = [among('project', scope.projects), among('issuetype', scope.types)];
      const jql = [`(${text})`, ...within].join(' AND ');
      const page = await api.search({ jql, fields: ['summary'], size: FIRST });
      const first = page.issues
        .slice(0, FIRST)
        .map(({ key, fields }) => ({ key, title: textOf(fields.summary) ?? '' }));
      if (page.next === undefined) return { count: page.issues.length, first };
      return { ...(await api.count(jql)), first };
    },
    async among(query: string, ids: readonly EntityId[]): Promise<ReadonlySet<EntityId>> {
      const { text } = condition(query);
      const issues = ids.filter((id) => /^\d{1,18}$/.test(id));
      const all = new Set<EntityId>();
      const most = api.isCloud ? MOST.cloud : MOST.dataCenter;
      for (const some of portions(issues, { most, characters: Number.POSITIVE_INFINITY }))
        for (const id of await foundOfThose(text, some)) all.add(id);
      return all;
    },
  });
}

/** The conditions alone: an order says nothing about what is found. */
function condition(query: string): ClosedQuery {
  const closed = closedQuery(query, SYNTAX);
  const order = /\border\s+by\b/i.exec(closed.bare);
  const alone = order ? upTo(closed, order.index) : closed;
  if (alone.text === '') throw new SyncError('invalid', 'The JQL has no condition.', { fields: { query: 'is empty' } });
  return alone;
}

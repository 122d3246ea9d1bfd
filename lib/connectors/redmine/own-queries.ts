/**
 * Filters of Redmine as a filter: parameters as its API takes them (`status_id=open&cf_3=High`), the address of a list of issues, or a
 * saved query (`query_id=5`). Redmine queries its database.
 *
 * Redmine passes over filters that it does not know, or that a project, an account or a custom field does not have, and then finds
 * everything. So each filter proves that Redmine applies it: the issues with any value and those with none cannot both be all.
 *
 * A saved query takes no further filter (https://www.redmine.org/projects/redmine/repository/svn/entry/trunk/app/helpers/queries_helper.rb,
 * `retrieve_query`), so all its issues are read.
 */

import type { EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { OwnQueries, QueryHits, Scope } from '../connector';
import { inItsWords } from '../kit/closed-query';
import { Cache } from '../kit/metadata';
import { portions } from '../kit/portions';
import { BEYOND, type Filter, filterQuery, PAGE, type RedmineApi } from './api';
import { type RedmineQuery, redmineQuery } from './query-text';

/** Issues of a saved query. */
const MOST_SAVED = 5_000;
const PROVEN_MS = 600_000;
const FIRST = 5;
const TRIES = 3;
/** Filters that every Redmine has for every account. */
const ALWAYS = new Set(['status_id', 'tracker_id', 'priority_id', 'subject', 'created_on', 'updated_on', 'project_id']);

type Parameters = Record<string, string | string[]>;

export function redmineQueries(api: RedmineApi): OwnQueries {
  const proofs = new Cache<boolean>(PROVEN_MS, 500);
  const within = (project: string | undefined): Parameters => (project === undefined ? {} : { project_id: project });

  const count = async (filters: Filter[], project: string | undefined): Promise<number> =>
    (await api.issueNames({ ...filterQuery(filters), ...within(project), offset: String(BEYOND), limit: '1' })).total;

  /** @returns false = Redmine passes over the filter */
  const applies = async (field: string, project: string | undefined): Promise<boolean> => {
    const of = (operator: string): Promise<number> => count([{ field, operator, values: [''] }], project);
    try {
      const [all, some, none] = [await count([], project), await of('*'), await of('!*')];
      return all === 0 || some !== all || none !== all;
    } catch (thrown) {
      const error = asSyncError(thrown);
      // what Redmine checks or breaks on is not passed over
      if (error.kind === 'invalid' || error.detail.status === 500) return true;
      throw error;
    }
  };

  const proven = async (query: string): Promise<RedmineQuery> => {
    const read = redmineQuery(query);
    for (const field of read.fields.filter((one) => !ALWAYS.has(one))) {
      const isProven = await proofs.remember(`${read.project ?? ''} ${field}`, () => applies(field, read.project));
      if (isProven) continue;
      const why = field.startsWith('cf_') ? 'it is not there, or not marked "Used as a filter"' : 'it is not there';
      const where = read.project === undefined ? 'for all projects' : `in project ${read.project}`;
      const words = `Redmine passes over the filter "${field}" and would find everything: ${why} (${where}).`;
      throw new SyncError('invalid', words, { fields: { query: words } });
    }
    return read;
  };

  /** All issues of a saved query. Pages move while issues change: it is read again until nothing has moved. */
  const saved = async (parameters: Parameters): Promise<Set<EntityId>> => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const found = new Set<EntityId>();
      const totals = new Set<number>();
      for (let offset = 0; ; offset += PAGE) {
        const page = { sort: 'id:desc', offset: String(offset), limit: String(PAGE) };
        const { ids, total } = await api.issueNames({ ...parameters, ...page });
        if (total > MOST_SAVED) {
          const words = `The saved query finds ${total} issues. Up to ${MOST_SAVED} can be used: enter its filters instead.`;
          throw new SyncError('invalid', words, { fields: { query: words } });
        }
        for (const id of ids) found.add(id);
        totals.add(total);
        if (ids.length === 0 || offset + PAGE >= total) break;
      }
      if (totals.size === 1 && totals.has(found.size)) return found;
    }
    throw new SyncError('transient', 'The issues of the saved query change faster than Redmine shows them');
  };

  /** @param scope only these projects and trackers */
  const counted = async (read: RedmineQuery, scope: Scope): Promise<QueryHits> => {
    const few = { sort: 'id:desc', limit: String(FIRST) };
    const shown = ({ total, issues }: Awaited<ReturnType<typeof api.issueNames>>): QueryHits => ({
      count: total,
      first: issues.map(({ id, subject }) => ({ key: id, title: subject })),
    });
    if (read.kind === 'saved') return { ...shown(await api.issueNames({ ...read.parameters, ...few })), about: true };
    if (read.kind === 'filters') {
      const named = new Set(read.fields);
      const also = [
        { field: 'project_id', operator: '=', values: scope.projects },
        { field: 'tracker_id', operator: '=', values: scope.types },
      ].filter(({ field }) => !named.has(field));
      const query = { ...filterQuery([...read.filters, ...also]), ...within(read.project), ...few };
      return shown(await api.issueNames(query));
    }
    const { tracker_id = scope.types.join('|') } = read.parameters;
    const hits: QueryHits = { count: 0, first: [] };
    for (const project of read.project === undefined ? scope.projects : [read.project]) {
      const only = read.project === undefined ? { subproject_id: '!*' } : {};
      const query = { ...only, ...read.parameters, tracker_id, project_id: project, ...few };
      const some = shown(await api.issueNames(query));
      hits.count += some.count;
      hits.first = [...hits.first, ...some.first].slice(0, FIRST);
    }
    return hits;
  };

  return inItsWords({
    language: 'Redmine filters',
    example: 'status_id=open&priority_id=4|5',
    check: async (scope, query) => counted(await proven(query), scope),
    async among(query: string, ids: readonly EntityId[]): Promise<ReadonlySet<EntityId>> {
      const read = await proven(query);
      const wanted = ids.filter((id) => /^\d{1,18}$/.test(id));
      if (read.kind === 'saved') {
        const all = await saved(read.parameters);
        return new Set(wanted.filter((id) => all.has(id)));
      }
      const found = new Set<EntityId>();
      for (const some of portions(wanted, { most: PAGE, characters: 1_500 })) {
        const issue = { field: 'issue_id', operator: '=', values: [some.join(',')] };
        const query =
          read.kind === 'filters'
            ? filterQuery([...read.filters, issue])
            : { ...read.parameters, issue_id: some.join(',') };
        const page = await api.issueNames({ ...query, ...within(read.project), limit: String(PAGE) });
        for (const id of page.ids) if (some.includes(id)) found.add(id);
      }
      return found;
    },
  });
}

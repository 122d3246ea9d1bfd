/**
 * Conditions in WIQL as a filter: what comes after WHERE, or a whole query as Azure DevOps shows it
 * (https://learn.microsoft.com/azure/devops/boards/queries/wiql-syntax). Queries use the tables of the database, so they are up to date.
 */

import type { EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { OwnQueries, QueryHits, Scope } from '../connector';
import { closedQuery, inItsWords, type QuerySyntax, upTo } from '../kit/closed-query';
import { portions } from '../kit/portions';
import type { Metadata } from './metadata';
import type { WorkItemReader } from './reading';
import { textOf } from './shapes';
import { list, type Wiql } from './wiql';

const SYNTAX: QuerySyntax = { language: 'WIQL condition', quotes: '\'"', escape: 'twice' };
/** Work items in one query, which may have 32,000 characters. */
const MOST = 500;
const MOST_COUNTED = 20_000;
const FIRST = 5;

const refused = (why: string): SyncError => new SyncError('invalid', why, { fields: { query: why } });

export function wiqlQueries(metadata: Metadata, reader: WorkItemReader, wiql: Wiql): OwnQueries {
  return inItsWords({
    language: 'WIQL condition',
    example: "[System.Tags] CONTAINS 'sync' AND [Microsoft.VSTS.Common.Priority] <= 2",
    async check(scope: Scope, query: string): Promise<QueryHits> {
      const projects = await Promise.all(scope.projects.map((id) => metadata.project(id)));
      const conditions = [
        `(${condition(query)})`,
        `[System.TeamProject] IN ${list(projects.map(({ name }) => name))}`,
        `[System.WorkItemType] IN ${list(scope.types)}`,
      ];
      const ids = await wiql.found(conditions, MOST_COUNTED);
      if (ids === undefined) return { count: MOST_COUNTED, about: true, first: [] };
      const { items } = await reader.deliver(ids.slice(0, FIRST));
      const first = ids.slice(0, FIRST).flatMap((id) => {
        const item = items.get(id);
        return item ? [{ key: id, title: textOf(item.fields['System.Title']) ?? '' }] : [];
      });
      return { count: ids.length, first, ...(ids.length >= MOST_COUNTED && { about: true }) };
    },
    async among(query: string, ids: readonly EntityId[]): Promise<ReadonlySet<EntityId>> {
      const text = condition(query);
      const all = new Set<EntityId>();
      const items = ids.filter((id) => /^\d{1,10}$/.test(id));
      for (const some of portions(items, { most: MOST, characters: 10_000 })) {
        const found = await wiql.found([`(${text})`, `[System.Id] IN (${some.join(', ')})`], some.length);
        for (const id of found ?? []) if (some.includes(id)) all.add(id);
      }
      return all;
    },
  });
}

/** Of a whole query its conditions. @throws SyncError invalid */
function condition(query: string): string {
  let closed = closedQuery(query, SYNTAX);
  if (/^\s*select\b/i.test(closed.bare)) {
    if (!/\bfrom\s+workitems\b/i.test(closed.bare))
      throw refused('Only queries of work items can be used (FROM WorkItems), not those of links or trees.');
    const where = /\bwhere\b/i.exec(closed.bare);
    if (!where) throw refused('The query has no WHERE: it finds everything.');
    const start = where.index + where[0].length;
    const order = /\border\s+by\b/i.exec(closed.bare);
    closed = upTo(closed, order?.index ?? closed.text.length);
    closed = closedQuery(closed.text.slice(start), SYNTAX);
  }
  const { text, bare } = closed;
  const other = /\b(order\s+by|asof|mode|from|select|where)\b/i.exec(
    bare.replace(/\[[^\]]*\]/g, (name) => ' '.repeat(name.length)),
  );
  if (other) throw refused(`Enter the conditions of the query alone, without ${other[0].toUpperCase()}.`);
  return text;
}

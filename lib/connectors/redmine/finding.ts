/**
 * Looks for issues by a field's value and by who created them when. Redmine queries its database, no index that lags. It
 * holds no hidden marker; the query narrows, and what is returned was compared exactly.
 */

import type { Entity } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { isEmpty, type Value } from '../../model/values';
import type { FindQuery } from '../connector';
import { isShown } from '../kit/compare';
import { type Filter, filterQuery, PAGE, type RedmineApi } from './api';
import type { Metadata } from './metadata';
import type { IssueReader } from './reading';

/** So many issues are looked through where Redmine cannot search for the value. */
const MOST_COMPARED = 2_000;

export async function findIssues(
  api: RedmineApi,
  metadata: Metadata,
  reader: IssueReader,
  query: FindQuery,
  limit: number,
): Promise<Entity[]> {
  const { field, createdBySelfSince } = query;
  // no marker was ever stored here: nothing can be found by it, whatever else is asked for
  if (query.marker !== undefined || (!field && createdBySelfSince === undefined)) return [];
  if (field && isEmpty(field.value)) return [];
  const { project, tracker } = await metadata.tracker(query.project, query.type);
  const filters: Filter[] = [
    { field: 'project_id', operator: '=', values: [project.id] },
    { field: 'tracker_id', operator: '=', values: [tracker.id] },
  ];
  let since = Number.NEGATIVE_INFINITY;
  if (createdBySelfSince !== undefined) {
    since = Math.floor(Date.parse(createdBySelfSince) / 1000) * 1000;
    if (Number.isNaN(since))
      throw new SyncError('invalid', `"${createdBySelfSince}" is not a point in time (ISO 8601)`);
    filters.push({ field: 'author_id', operator: '=', values: ['me'] });
    const from = `${new Date(since).toISOString().slice(0, 19)}Z`;
    filters.push({ field: 'created_on', operator: '>=', values: [from] });
  }
  if (field) append(filters, await fieldFilter(metadata, project.id, tracker.id, field));

  const found: Entity[] = [];
  for (let offset = 0; offset < MOST_COMPARED; ) {
    const { issues, total } = await api.issues({ ...filterQuery(filters), sort: 'id:asc', offset, limit: PAGE });
    offset += issues.length;
    const entities = await reader.entities(issues.filter((issue) => Date.parse(issue.createdOn) >= since));
    append(
      found,
      entities.filter((entity) => !field || isShown(entity.fields[field.id], field.value)),
    );
    if (found.length >= limit || issues.length === 0 || offset >= total) return found.slice(0, limit);
  }
  throw new SyncError(
    'invalid',
    `Too many issues of ${project.name} to look through for a value of ${field?.id}: mark the field "Used as a filter" in Redmine`,
    field ? { fields: { [field.id]: 'cannot be searched for' } } : {},
  );
}

async function fieldFilter(
  metadata: Metadata,
  project: string,
  type: string,
  { id, value }: { id: string; value: Value },
): Promise<Filter[]> {
  const text = searchText(value);
  if (text === undefined) return [];
  if (id === 'subject') return [{ field: 'subject', operator: '~', values: [text] }];
  if (!id.startsWith('cf_')) return [];
  const definition = (await metadata.customFields(project, type)).find((one) => `cf_${one.id}` === id);
  if (!definition) {
    throw new SyncError('invalid', `Project and tracker have no field "${id}"`, { fields: { [id]: 'does not exist' } });
  }
  // Redmine ignores a filter that a field is not meant for: then all are looked through
  const searchable = definition.filter && definition.holds === 'value' && definition.type !== 'boolean';
  return searchable ? [{ field: id, operator: '=', values: [text] }] : [];
}

function searchText(value: Value): string | undefined {
  const one = Array.isArray(value) ? value[0] : value;
  if (typeof one === 'string' || typeof one === 'number') return String(one);
  return typeof one === 'object' && one !== null && 'name' in one ? one.name : undefined;
}

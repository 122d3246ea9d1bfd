/**
 * Searches issues by a field's value and by who created them when. Redmine queries its database, not an index that
 * lags. It has no hidden marker; the query narrows the candidates, and results were compared exactly.
 */

import type { Entity } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { plainPart } from '../../model/same-text';
import { isEmpty } from '../../model/values';
import type { FindQuery, FindResult } from '../connector';
import { isSearched } from '../kit/compare';
import { portions } from '../kit/portions';
import { firstOf, textOfValue } from '../kit/wanted';
import { type Filter, PAGE, type RedmineApi } from './api';
import { issueLists } from './lists';
import type { Metadata } from './metadata';
import type { IssueReader } from './reading';

/** Maximum number of issues that are checked if Redmine cannot search for the value. */
const MOST_COMPARED = 2_000;
/** Maximum number of values in one request, which are part of its URL: servers accept about 8 kB, and blanks and
 * slashes count three times. */
const VALUES = { most: 50, characters: 1_500 };

export async function findIssues(
  api: RedmineApi,
  metadata: Metadata,
  reader: IssueReader,
  query: FindQuery,
  limit: number,
): Promise<FindResult[]> {
  const { field, createdBySelfSince } = query;
  // no marker was ever stored here, so none can be found, whatever the other conditions
  if (query.marker !== undefined || (!field && createdBySelfSince === undefined)) return [];
  const values = field?.values.filter((value) => !isEmpty(value)) ?? [];
  if (field && values.length === 0) return [];
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
  const alternatives = field ? await fieldFilters(metadata, project.id, tracker.id, { ...field, values }) : [[]];

  const lists = issueLists(api);
  const found = new Map<string, Entity>();
  const unseen: SyncError[] = [];
  const isWanted = (entity: Entity): boolean => !field || isSearched(entity.fields[field.id], { ...field, values });
  for (const alternative of alternatives) {
    for (let offset = 0; ; ) {
      const page = await lists.page([...filters, ...alternative], 'id:asc', offset, PAGE);
      offset += page.taken;
      append(unseen, page.failed);
      const young = page.rows.filter((issue) => Date.parse(issue.createdOn) >= since);
      for (const entity of (await reader.entities(young)).filter(isWanted)) found.set(entity.id, entity);
      if (found.size >= limit) return [...[...found.values()].slice(0, limit), ...unseen];
      if (page.taken === 0 || offset >= page.total) break;
      if (offset >= MOST_COMPARED) throw tooMany(project.name, field?.id);
    }
  }
  return [...found.values(), ...unseen];
}

const tooMany = (project: string, field: string | undefined): SyncError =>
  new SyncError(
    'invalid',
    `Too many issues of ${project} to look through for a value of ${field}: mark the field "Used as a filter" in Redmine`,
    field ? { fields: { [field]: 'cannot be searched for' } } : {},
  );

/**
 * The filters of each request: between them they let through every issue that has one of the values. A filter takes several
 * values of a text or list (SQL IN, https://www.redmine.org/projects/redmine/repository/entry/trunk/app/models/query.rb), of
 * all else the first.
 */
async function fieldFilters(
  metadata: Metadata,
  project: string,
  type: string,
  { id, values, how }: NonNullable<FindQuery['field']>,
): Promise<Filter[][]> {
  const isAnyCase = how === 'ignoreCase' || how === 'inside';
  const texts = values.map((value) => {
    const text = textOfValue(firstOf(value));
    return how === undefined ? text : text?.trim();
  });
  const known = texts.filter((text) => text !== undefined);
  // values that cannot be searched are compared with all issues
  if (known.length < texts.length) return [[]];
  const parts = isAnyCase ? known.map(plainPart) : known;
  // Redmine leaves out words of one letter
  if (isAnyCase && parts.some((part) => part.length < 2)) return [[]];
  if (id === 'subject') return parts.map((text) => [{ field: 'subject', operator: '~', values: [text] }]);
  if (!id.startsWith('cf_')) return [[]];
  const definition = (await metadata.customFields(project, type)).find((one) => `cf_${one.id}` === id);
  if (!definition) {
    throw new SyncError('invalid', `Project and tracker have no field "${id}"`, { fields: { [id]: 'does not exist' } });
  }
  // Redmine ignores a filter that does not apply to a field: then all issues are compared
  if (!definition.filter || definition.holds !== 'value' || definition.type === 'boolean') return [[]];
  // "contains", in any case; only equal texts have a filter that takes several
  if (isAnyCase && (definition.type === 'text' || definition.type === 'url'))
    return parts.map((text) => [{ field: id, operator: '~', values: [text] }]);
  const together = ['text', 'lookup', 'url'].includes(definition.type) ? VALUES : { ...VALUES, most: 1 };
  return portions(known, together).map((some) => [{ field: id, operator: '=', values: some }]);
}

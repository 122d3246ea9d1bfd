/**
 * Finds the result of a create whose answer was lost. Markers are links, and links cannot be queried by their URL. So
 * candidates are queried (created by the own account, with a hyperlink), and their links are read. Queries use the
 * tables of the database, not the search index.
 */

import chunk = require('lodash/chunk');

import type { Entity, EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { Value } from '../../model/values';
import type { FindQuery, FindResult } from '../connector';
import { isSearched } from '../kit/compare';
import { userOfValue } from '../kit/people';
import { portions } from '../kit/portions';
import { beginOf } from '../kit/zone';
import { MOST_READ } from './api';
import { type FieldInfo, SHORT_TEXT } from './field-types';
import { hasMarker } from './hyperlinks';
import type { Metadata } from './metadata';
import type { WorkItemReader } from './reading';
import { isoOf } from './shapes';
import { hoursOf } from './values';
import { quoted, type Wiql } from './wiql';

/** Maximum number of candidates whose links are read, newest first. */
const MOST_MARKED = 2_000;
/** Number of matches that are compared exactly, per wanted one: a query ignores case. */
const SPARE = 200;
/** A query may have 32,000 characters (https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits). */
const VALUES = { most: 500, characters: 20_000 };

export async function findWorkItems(
  metadata: Metadata,
  reader: WorkItemReader,
  wiql: Wiql,
  query: FindQuery,
  limit: number,
): Promise<FindResult[]> {
  const { project, type } = await metadata.type(query.project, query.type);
  const marked = query.marker !== undefined;
  const conditions = [`[System.TeamProject] = ${quoted(project.name)}`, `[System.WorkItemType] = ${quoted(type.name)}`];
  if (marked || query.createdBySelfSince !== undefined) conditions.push('[System.CreatedBy] = @Me');
  if (marked) conditions.push('[System.HyperLinkCount] > 0');
  if (query.createdBySelfSince !== undefined) {
    const since = isoOf(query.createdBySelfSince) ?? query.createdBySelfSince;
    conditions.push(`[System.CreatedDate] >= ${quoted(since)}`);
  }
  const { field } = query;
  const info = field && (await metadata.fields(project.id, type.name)).find(({ id }) => id === field.id);
  const asked = (value: Value): Value => (field?.how && typeof value === 'string' ? value.trim() : value);
  const literals = field?.values.map((value) => literal(info, field.id, asked(value))) ?? [];
  const condition = field?.how === 'inside' ? containing : among;
  const alternatives = field ? portions(literals, VALUES).map((some) => [condition(`[${field.id}]`, some)]) : [[]];
  // the first one created after the time is the result of an attempt; among marked ones the newest are more likely
  const order = `[System.CreatedDate] ${marked ? 'DESC' : 'ASC'}, [System.Id] ${marked ? 'DESC' : 'ASC'}`;
  const ids: EntityId[] = [];
  const most = marked ? MOST_MARKED : limit + SPARE;
  for (const one of alternatives) {
    const some = await wiql.ids([...conditions, ...one], order, most);
    // what lies beyond may be what is looked for
    if (field?.how && some.length >= most) {
      const why = `More than ${most - 1} work items may have the value: choose a field with a value of its own`;
      throw new SyncError('invalid', why, { fields: { [field.id]: 'cannot be searched for' } });
    }
    append(ids, some);
  }

  const found: Entity[] = [];
  const unseen: SyncError[] = [];
  for (const some of chunk(ids, MOST_READ)) {
    if (found.length >= limit) break;
    const { items, failed } = await reader.deliver(some);
    append(unseen, [...failed.values()]);
    for (const item of some.flatMap((id) => items.get(id) ?? [])) {
      if (query.marker !== undefined && !hasMarker(item, query.marker)) continue;
      const entity = await reader.described(item);
      if (entity instanceof SyncError) unseen.push(entity);
      else if (!field || isWanted(entity.fields[field.id], field)) found.push(entity);
      if (found.length === limit) break;
    }
  }
  return [...found, ...unseen];
}

const among = (field: string, literals: string[]): string =>
  literals.length === 1 ? `${field} = ${literals[0]}` : `${field} IN (${literals.join(', ')})`;

/** A text within a short text, in any case. */
const containing = (field: string, literals: string[]): string =>
  `(${literals.map((literal) => `${field} CONTAINS ${literal}`).join(' OR ')})`;

const isWanted = (shown: Value | undefined, field: NonNullable<FindQuery['field']>): boolean =>
  field.how === undefined ? field.values.some((value) => holds(shown, value)) : isSearched(shown, field);

function literal(info: FieldInfo | undefined, id: string, value: Value): string {
  if (!info || !/^[\w.]+$/.test(id))
    throw new SyncError('invalid', `There is no field ${id}`, { fields: { [id]: 'is unknown' } });
  const long = info.type === 'richtext' || info.multi || (info.type === 'text' && info.maxLength !== SHORT_TEXT);
  if (long || Array.isArray(value)) {
    const why = 'is a long text or a list: Azure DevOps finds words in it, not the whole value';
    throw new SyncError('invalid', `${info.name} ${why}`, { fields: { [id]: why } });
  }
  if (value === null) return "''";
  if (typeof value === 'number') return String(info.type === 'duration' ? hoursOf(value) : value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') {
    return quoted(info.type === 'date' ? new Date(beginOf(value, info.zone ?? '')).toISOString() : value);
  }
  const { login, email, name = '', id: number } = userOfValue(value);
  return info.type === 'reference' ? String(Number(number)) : quoted(login ?? email ?? name);
}

function holds(shown: Value | undefined, wanted: Value): boolean {
  if (typeof shown !== 'object' || typeof wanted !== 'object') return shown === wanted;
  const [a, b] = [userOfValue(shown), userOfValue(wanted)];
  return (['id', 'login', 'email', 'name'] as const).some((key) => b[key] !== undefined && a[key] === b[key]);
}

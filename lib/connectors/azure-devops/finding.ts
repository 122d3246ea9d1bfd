/**
 * Finding what a create may have made although its answer was lost. Markers are links, and links cannot be queried by their
 * address; so candidates are queried (made by our own account, with a hyperlink), and their links are read. Queries are
 * answered from the tables that writes go to, not from the search index.
 */

import type { Entity } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { Value } from '../../model/values';
import type { FindQuery } from '../connector';
import { MOST_READ } from './api';
import { beginOf } from './days';
import { type FieldInfo, SHORT_TEXT } from './field-types';
import { hasMarker } from './marker';
import type { Metadata } from './metadata';
import type { WorkItemReader } from './reading';
import { isoOf, textOf } from './shapes';
import { hoursOf } from './values';
import { quoted, type Wiql } from './wiql';

/** Candidates whose links are read, newest first. */
const MOST_MARKED = 2_000;
/** Hits that are compared exactly, for each that is wanted: a query does not tell upper from lower case. */
const SPARE = 200;

export async function findWorkItems(
  metadata: Metadata,
  reader: WorkItemReader,
  wiql: Wiql,
  query: FindQuery,
  limit: number,
): Promise<Entity[]> {
  const { project, type } = await metadata.type(query.project, query.type);
  const conditions = [`[System.TeamProject] = ${quoted(project.name)}`, `[System.WorkItemType] = ${quoted(type.name)}`];
  if (query.marker !== undefined || query.createdBySelfSince !== undefined) {
    conditions.push('[System.CreatedBy] = @Me');
  }
  if (query.marker !== undefined) conditions.push('[System.HyperLinkCount] > 0');
  if (query.createdBySelfSince !== undefined) {
    const since = isoOf(query.createdBySelfSince);
    if (since === undefined) {
      throw new SyncError('invalid', `"${query.createdBySelfSince}" is not a point in time (ISO 8601)`);
    }
    conditions.push(`[System.CreatedDate] >= ${quoted(since)}`);
  }
  if (query.field) {
    const info = (await metadata.fields(project.id, type.name)).find(({ id }) => id === query.field?.id);
    conditions.push(`[${query.field.id}] = ${literal(info, query.field.id, query.field.value)}`);
  }
  // what was made first after the time is what an attempt made; of marked ones the newest are likelier
  const marked = query.marker !== undefined;
  const order = `[System.CreatedDate] ${marked ? 'DESC' : 'ASC'}, [System.Id] ${marked ? 'DESC' : 'ASC'}`;
  const ids = await wiql.ids(conditions, order, marked ? MOST_MARKED : limit + SPARE);

  const found: Entity[] = [];
  let unseen: SyncError | undefined;
  for (let at = 0; at < ids.length && found.length < limit; at += MOST_READ) {
    const some = ids.slice(at, at + MOST_READ);
    const { items, failed } = await reader.deliver(some, marked);
    for (const error of failed.values()) unseen ??= error;
    for (const id of some) {
      const item = items.get(id);
      if (!item || (query.marker !== undefined && !hasMarker(item, query.marker))) continue;
      const entity = await reader.entity(item);
      if (query.field && !holds(entity.fields[query.field.id], query.field.value)) continue;
      found.push(entity);
      if (found.length === limit) break;
    }
  }
  // what was not delivered may be what is looked for
  if (found.length === 0 && unseen) throw unseen;
  return found;
}

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
  if ('login' in value || 'email' in value) return quoted(textOf(value.login) ?? textOf(value.email) ?? '');
  const name = 'name' in value ? textOf(value.name) : undefined;
  return info.type === 'reference' ? String(Number('id' in value ? value.id : Number.NaN)) : quoted(name ?? '');
}

function holds(shown: Value | undefined, wanted: Value): boolean {
  if (typeof shown !== 'object' || shown === null || typeof wanted !== 'object' || wanted === null)
    return shown === wanted;
  const [a, b]: [Map<string, unknown>, Map<string, unknown>] = [
    new Map(Object.entries(shown)),
    new Map(Object.entries(wanted)),
  ];
  return ['id', 'login', 'email', 'name'].some((key) => b.get(key) !== undefined && a.get(key) === b.get(key));
}

/**
 * Finds entities that are not known by id: the result of a create whose answer was lost, a counterpart by a field's value, a user's key.
 * The file's requests narrow the candidates; the exact comparison is done here.
 */

import type { Entity, ProjectId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { FindQuery, FindResult } from '../connector';
import { isSearched } from '../kit/compare';
import { type Json, textOf } from '../kit/json';
import { isSameText } from '../kit/people';
import type { Api, DeclaredListing } from './api';
import type { Entities } from './entities';
import type { ConnectorFile, DeclaredType } from './format';
import { valueAt } from './path';
import { timeOf } from './values';

/** More candidates than this are no answer. */
const MOST_CANDIDATES = 20_000;
/** Clocks show whole seconds, and a create may have begun in the previous one. */
const SECOND_MS = 1_000;

export interface FindContext {
  file: ConnectorFile;
  api: Api;
  entities: Entities;
  /** the account's login or id, as {self} */
  self(): Promise<{ id?: string; login?: string }>;
}

export async function findEntities(context: FindContext, query: FindQuery, limit: number): Promise<FindResult[]> {
  const { file, entities } = context;
  const type = file.types.find(({ id }) => id === query.type);
  if (!type) throw new SyncError('notFound', `${context.api.product} has no item type "${query.type}"`);
  const { field } = query;
  if (field?.values.length === 0) return [];
  if (field?.how && !type.fields.some(({ id }) => id === field.id)) {
    const why = `${type.name} has no field "${field.id}" that could be searched`;
    throw new SyncError('invalid', why, { fields: { [field.id]: 'cannot be searched for' } });
  }
  const found: Entity[] = [];
  const failed: SyncError[] = [];
  const self = query.createdBySelfSince === undefined ? undefined : await context.self();
  for (const item of await candidates(context, type, query)) {
    if (entities.isOther(type, item) || entities.isGone(type, item)) continue;
    try {
      if (query.marker !== undefined && !hasMarker(type, item, query.marker)) continue;
      const entity = entities.entity(type, item, query.project);
      if (entity.project === query.project && isMeant(entity, query, self)) found.push(entity);
    } catch (thrown) {
      failed.push(asSyncError(thrown));
    }
  }
  return [...found.slice(0, limit), ...failed];
}

const hasMarker = ({ create }: DeclaredType, item: Json, marker: string): boolean =>
  create?.marker !== undefined && textOf(valueAt(item, create.marker.shown ?? create.marker.property)) === marker;

function isMeant(
  entity: Entity,
  { field, createdBySelfSince }: FindQuery,
  self?: { id?: string; login?: string },
): boolean {
  if (field && !isSearched(entity.fields[field.id], field)) return false;
  if (createdBySelfSince === undefined) return true;
  const { createdBy, createdAt } = entity;
  const isOwn = createdBy?.id === undefined ? createdBy?.login === self?.login : createdBy.id === self?.id;
  if (createdBy !== undefined && !isOwn) return false;
  return createdAt === undefined || Date.parse(createdAt) >= Date.parse(createdBySelfSince) - SECOND_MS;
}

/** The entity with a key as a user types it: in any case, with blanks around it. */
export async function findByKey({ file, api, entities }: FindContext, typed: string): Promise<Entity | undefined> {
  const key = typed.trim();
  for (const type of file.types) {
    const list = type.find?.key;
    if (!list || key === '') continue;
    for (const one of new Set([key, key.toUpperCase()])) {
      const { items } = await api.whole(list, { key: one, ...projectOf(file) }, MOST_CANDIDATES);
      const shown = items
        .filter((item) => !entities.isOther(type, item) && !entities.isGone(type, item))
        .map((item) => entities.entity(type, item, undefined));
      const found = shown.find((entity) => isSameText(entity.key, key));
      if (found) return found;
    }
  }
  return undefined;
}

const projectOf = ({ projects }: ConnectorFile) => (projects.by === 'one' ? { project: projects.id } : {});

async function candidates({ api, self }: FindContext, type: DeclaredType, query: FindQuery): Promise<Json[]> {
  const { find } = type;
  const vars = { project: query.project };
  if (query.marker !== undefined) {
    // a type without a place for markers has none
    if (!find?.marker) return [];
    return (await api.whole(find.marker, { ...vars, marker: query.marker }, MOST_CANDIDATES)).items;
  }
  if (query.createdBySelfSince !== undefined && find?.own) {
    const { id, login } = await self();
    const since = new Date(Date.parse(query.createdBySelfSince) - SECOND_MS);
    const own = { ...vars, self: login ?? id, since: `${since.toISOString().slice(0, 19)}Z` };
    return newerThan(api, type, find.own, own, since.getTime());
  }
  if (find?.everything) return everything(api, type, find.everything, query.project);
  throw new SyncError(
    'invalid',
    `${api.product} cannot be searched for ${type.name} by this: its connector file declares no way`,
  );
}

/** Entries of a list whose newest come first, down to a time. */
async function newerThan(
  api: Api,
  type: DeclaredType,
  list: DeclaredListing,
  vars: Record<string, string | undefined>,
  since: number,
): Promise<Json[]> {
  const { createdAt, time } = type.item;
  const size = list.page && 'max' in list.page ? list.page.max : MOST_CANDIDATES;
  const items: Json[] = [];
  for (;;) {
    const page = await api.some(list, vars, items.length, size);
    append(items, page.items);
    const last = createdAt === undefined ? undefined : timeOf(valueAt(page.items.at(-1), createdAt), time);
    const isOlder = last !== undefined && last < since;
    if (!page.more || page.items.length === 0 || isOlder) return items;
    if (items.length >= MOST_CANDIDATES) throw tooMany(api, type);
  }
}

async function everything(api: Api, type: DeclaredType, list: DeclaredListing, project: ProjectId): Promise<Json[]> {
  const { items } = await api.whole(list, { project }, MOST_CANDIDATES + 1);
  if (items.length > MOST_CANDIDATES) throw tooMany(api, type);
  return items;
}

const tooMany = (api: Api, { name }: DeclaredType): SyncError =>
  new SyncError(
    'fatal',
    `${api.product} has more than ${MOST_CANDIDATES} entries of ${name}: too many to search one by one`,
  );

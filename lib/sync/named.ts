/**
 * Entities that name each other: by the fields that show a counterpart's key or address to people. What another Node-RED, or a
 * store that is lost, has made is recognised by them and linked, not made again.
 *
 * A key may have been copied with its entity (a duplicate of an issue, a template): then it names somebody else's counterpart.
 * So only what nobody else is linked to is taken, of the pair's type and project, and which itself names no other one; of
 * several that name one entity the oldest is the one that was made for it.
 */

import type { Connection, FindQuery } from '../connectors/connector';
import type { IntegrationConfig } from '../model/config';
import type { Entity, Side } from '../model/entity';
import { SyncError } from '../model/errors';
import type { FieldId, Value } from '../model/values';
import type { Store } from '../store/store';
import { type Showing, showingOf } from './counterpart';

const MOST = 20;

type Asked = Pick<Connection, 'find' | 'byKey' | 'keepsMarkers'>;

/** A system as far as it is searched. */
export interface SearchedSystem {
  readonly id: string;
  connection(): Asked;
  /** @throws SyncError */
  call<T>(use: (connection: Asked) => Promise<T>): Promise<T>;
}

/** The integration that asks; of one that is only planned, what is known of it. */
export interface NameAsking {
  readonly config: IntegrationConfig;
  readonly store: Pick<Store, 'linksBySystem'>;
  system(side: Side): SearchedSystem;
}

/** An entity that is about to be created in the target. */
export interface Nameless {
  entity: Entity;
  side: Side;
  target: { project: string; type: string };
  /** what its create would have been marked by, where the store may have forgotten one */
  marker?: string;
  /** a link of it whose counterpart is gone */
  replaces?: number;
}

/** Are the counterparts that were made in the target of this direction recognised without a link? */
export function canTell(integration: NameAsking, side: Side): boolean {
  const { config } = integration;
  const target = integration.system(other(side)).connection();
  const [own, theirs] = [showingOf(config, side), showingOf(config, other(side))];
  const isShown = (theirs.key !== undefined || theirs.url !== undefined) && target.find !== undefined;
  const showsBack = own.back && own.key !== undefined && target.byKey !== undefined;
  return target.keepsMarkers === true || isShown || showsBack;
}

/** True where a copied or outdated key of the source has to be set right once it has a counterpart of its own. */
export function namesAnother(config: IntegrationConfig, side: Side, entity: Entity): boolean {
  const { key, url } = showingOf(config, side);
  return textOf(entity, key) !== '' || textOf(entity, url) !== '';
}

/**
 * @returns entities of the target that name the source or that the source names, the likeliest first
 * @throws SyncError – a system can't be asked: nothing may be created then
 */
export async function named(integration: NameAsking, one: Nameless): Promise<Entity[]> {
  const { config } = integration;
  const [own, theirs] = [showingOf(config, one.side), showingOf(config, other(one.side))];
  const [source, target] = [integration.system(one.side), integration.system(other(one.side))];
  const pointed = await pointedAt(target, one.entity, own);
  if (pointed && fits(one, pointed, own, theirs) && (await isFirst(source, one.entity, own, theirs, pointed))) {
    return [pointed];
  }
  if (one.marker !== undefined) {
    const marked = await search(target, { ...one.target, marker: one.marker });
    if (marked.length > 0) return marked;
  }
  const found = await search(target, { ...one.target, ...nameOf(one.entity, theirs) });
  return found.filter((entity) => fits(one, entity, own, theirs)).sort(older);
}

/** Nobody else is linked to it, in whatever integration. */
export async function isFree(integration: NameAsking, one: Nameless, entity: Entity): Promise<boolean> {
  const links = await integration.store.linksBySystem(integration.system(other(one.side)).id, entity.id);
  return links.every(({ id }) => id === one.replaces);
}

/** The side whose end was made from the other one, as far as their times tell. */
export function madeSide({ entity, side }: Nameless, found: Entity): Side | undefined {
  if (!entity.createdAt || !found.createdAt) return undefined;
  return Date.parse(found.createdAt) > Date.parse(entity.createdAt) ? other(side) : side;
}

const other = (side: Side): Side => (side === 1 ? 2 : 1);

function textOf(entity: Entity, field: FieldId | undefined): string {
  const value: Value | undefined = field === undefined ? null : entity.fields[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

/** What the source names. */
async function pointedAt(target: SearchedSystem, entity: Entity, { key, url }: Showing): Promise<Entity | undefined> {
  const address = textOf(entity, url);
  const name = textOf(entity, key) || (address.split(/[?#]/)[0]?.split('/').at(-1) ?? '');
  if (name === '' || !target.connection().byKey) return undefined;
  return target.call(async (connection) => connection.byKey?.(name)).catch(nothing);
}

/** Of the pair's type and project; and where either names anything, it names the other one. */
function fits({ entity, target }: Nameless, found: Entity, own: Showing, theirs: Showing): boolean {
  if (found.type !== target.type || found.project !== target.project) return false;
  // some systems store texts in another case
  const agree = (text: string, name = ''): boolean => text === '' || text.toLowerCase() === name.trim().toLowerCase();
  return (
    agree(textOf(found, theirs.key), entity.key) &&
    agree(textOf(found, theirs.url), entity.url) &&
    agree(textOf(entity, own.key), found.key) &&
    agree(textOf(entity, own.url), found.url)
  );
}

/** Where what is named does not say whose it is: of all that name it, the oldest is not the copy. */
async function isFirst(
  source: SearchedSystem,
  entity: Entity,
  own: Showing,
  theirs: Showing,
  pointed: Entity,
): Promise<boolean> {
  if (textOf(pointed, theirs.key) !== '' || textOf(pointed, theirs.url) !== '') return true;
  const { project, type } = entity;
  const all = await search(source, { project, type, ...nameOf(pointed, own) });
  return all.every((one) => one.id === entity.id || older(entity, one) < 0);
}

/** What is looked for where an entity is to be named. */
function nameOf({ key, url }: Entity, showing: Showing): Pick<FindQuery, 'field'> {
  if (showing.key) return { field: { id: showing.key, value: key } };
  return showing.url && url ? { field: { id: showing.url, value: url } } : {};
}

async function search(system: SearchedSystem, query: FindQuery): Promise<Entity[]> {
  if ((!query.field && !query.marker) || !system.connection().find) return [];
  return (await system.call(async (connection) => connection.find?.(query, MOST)).catch(nothing)) ?? [];
}

/** What cannot be looked for has no such field: nothing names anybody by it. */
function nothing(error: unknown): undefined {
  if (error instanceof SyncError && (error.kind === 'invalid' || error.kind === 'notFound')) return undefined;
  throw error;
}

function older(one: Entity, two: Entity): number {
  const [a, b] = [one.createdAt ?? '', two.createdAt ?? ''];
  if (a !== b) return a < b ? -1 : 1;
  return one.id.length - two.id.length || (one.id < two.id ? -1 : 1);
}

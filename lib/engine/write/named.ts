/**
 * Entities that name each other: by the fields that show a counterpart's key or address to people. What another Node-RED, or a
 * store that is lost, has made is recognised by them and linked, not made again.
 *
 * A key may have been copied with its entity (a duplicate of an issue, a template): then it names somebody else's counterpart.
 * So only what nobody else is linked to is taken, of the pair's type and project, and which itself names no other one; of
 * several that name one entity the oldest is the one that was made for it.
 *
 * No create goes without this search. That a source names nothing does not tell that nobody has made its counterpart: another
 * Node-RED shows it seconds after the create, or later, or never, if it ended in between or may not write there. Only the target
 * itself tells, and it is asked just before the create. That costs little since a batch is asked for together.
 */

import type { FindQuery } from '../../connectors/connector';
import type { BacklinkSettings, IntegrationConfig } from '../../model/config';
import type { Entity, Side } from '../../model/entity';
import { otherSide, SIDES } from '../../model/sides';
import type { FieldId, Value } from '../../model/values';
import { backlinksOf } from '../backlink-fields';
import { delivered, hidden } from './found';
import {
  ask,
  isSameText,
  MOST,
  type NameAsking,
  NamedBatch,
  type Nameless,
  nameIn,
  noSuchField,
  older,
  type SearchedSystem,
} from './named-batch';
import { originsOf } from './origin';

/** Are the counterparts that were made in the target of this direction recognised without a link? */
export function canTell(integration: NameAsking, side: Side): boolean {
  const { config } = integration;
  const target = integration.systems[otherSide(side)].connection();
  const [own, theirs] = [backlinksOf(config, side), backlinksOf(config, otherSide(side))];
  const isShown = (theirs.key !== undefined || theirs.url !== undefined) && target.find !== undefined;
  const showsBack = own.back === true && own.key !== undefined && target.byKey !== undefined;
  return target.keepsMarkers === true || isShown || showsBack;
}

/** True if a copied or outdated key of the source has to be set right once it has a counterpart of its own. */
export function namesAnother(config: IntegrationConfig, side: Side, entity: Entity): boolean {
  const { key, url } = backlinksOf(config, side);
  return textOf(entity, key) !== '' || textOf(entity, url) !== '';
}

/** True if no field shows keys or addresses, in neither system: nothing can be found by them. */
export const isNamedNowhere = ({ config }: NameAsking, { marker }: Pick<Nameless, 'marker'>): boolean =>
  marker === undefined && SIDES.every((side) => !showsNames(backlinksOf(config, side)));

const showsNames = ({ key, url }: BacklinkSettings): boolean => Boolean(key) || Boolean(url);

/**
 * @param batch of which it is one, to be looked for together
 * @returns entities of the target that name the source or that the source names, the likeliest first
 * @throws SyncError – a system can't be asked, or does not show an entity that may be the one: nothing may be created then
 */
export async function named(
  integration: NameAsking,
  one: Nameless,
  batch: NamedBatch = new NamedBatch(integration, [one]),
): Promise<Entity[]> {
  const { config } = integration;
  const [own, theirs] = [backlinksOf(config, one.side), backlinksOf(config, otherSide(one.side))];
  const [source, target] = [integration.systems[one.side], integration.systems[otherSide(one.side)]];
  const pointed = await pointedAt(target, one.entity, own);
  if (pointed && fits(one, pointed, own, theirs) && (await isFirst(source, one.entity, own, theirs, pointed))) {
    return [pointed];
  }
  if (one.marker !== undefined) {
    const marked = await search(target, { ...one.target, marker: one.marker });
    if (marked.found.length > 0) return marked.found.sort(older);
    if (marked.unseen) throw hidden(target.name, 'it was made before', marked.unseen);
    const origins = await originsOf(integration, one);
    if (origins.length > 0) return origins;
  }
  const { found, unseen } = delivered(await batch.of(one));
  const fitting = found.filter((entity) => fits(one, entity, own, theirs)).sort(older);
  if (fitting.length === 0 && unseen) throw hidden(target.name, 'it has a counterpart', unseen);
  return fitting;
}

/** Nobody else is linked to it, in whatever integration. */
export async function isFree(integration: NameAsking, one: Nameless, entity: Entity): Promise<boolean> {
  const links = await integration.store.linksBySystem(integration.systems[otherSide(one.side)].id, entity.id);
  return links.every(({ id }) => id === one.replaces);
}

/** The side whose end was made from the other one, as far as their times tell. */
export function madeSide({ entity, side }: Nameless, found: Entity): Side | undefined {
  if (!entity.createdAt || !found.createdAt) return undefined;
  return Date.parse(found.createdAt) > Date.parse(entity.createdAt) ? otherSide(side) : side;
}

function textOf(entity: Entity, field: FieldId | undefined): string {
  const value: Value | undefined = field === undefined ? null : entity.fields[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

/** What the source names. */
async function pointedAt(
  target: SearchedSystem,
  entity: Entity,
  { key, url }: BacklinkSettings,
): Promise<Entity | undefined> {
  const address = textOf(entity, url);
  const name = textOf(entity, key) || (address.split(/[?#]/)[0]?.split('/').at(-1) ?? '');
  if (name === '' || !target.connection().byKey) return undefined;
  return target.call(async (connection) => connection.byKey?.(name)).catch(noSuchField);
}

/** Of the pair's type and project; and where either names anything, it names the other one. */
function fits({ entity, target }: Nameless, found: Entity, own: BacklinkSettings, theirs: BacklinkSettings): boolean {
  if (found.type !== target.type || found.project !== target.project) return false;
  const agree = (text: string, name = ''): boolean => text === '' || isSameText(text, name);
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
  own: BacklinkSettings,
  theirs: BacklinkSettings,
  pointed: Entity,
): Promise<boolean> {
  if (textOf(pointed, theirs.key) !== '' || textOf(pointed, theirs.url) !== '') return true;
  const { project, type } = entity;
  const name = nameIn(pointed, own);
  const field = name && { id: name.field, values: [name.text] };
  const all = await search(source, { project, type, ...(field && { field }) });
  if (all.unseen) throw hidden(source.name, `another one names ${pointed.key}, too`, all.unseen);
  return all.found.every((one) => one.id === entity.id || older(entity, one) < 0);
}

async function search(system: SearchedSystem, query: FindQuery): Promise<ReturnType<typeof delivered>> {
  if (!query.field && !query.marker) return delivered([]);
  return delivered((await ask(system, query, MOST)) ?? []);
}

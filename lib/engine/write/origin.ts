/**
 * What an entity was made for, as the marker tells that its create left in it: after the store was lost or set back, a counterpart
 * of ours may be met before what it was made for, and must not get a counterpart of its own.
 */

import type { Connection } from '../../connectors/connector';
import type { Entity, EntityId, Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { otherSide } from '../../model/sides';
import { writeScope } from '../routing';
import { delivered, hidden } from './found';
import { ask, MOST, type NameAsking, type Nameless, older } from './named-batch';

/** What a create is marked by, in systems that can hold it: unique for a source entity of an integration. */
export const markerFor = (integration: string, side: Side, id: EntityId): string => `${integration}:${side}:${id}`;

/**
 * @returns entities of the target; of copies, which have taken over the marker of their original, none
 * @throws SyncError – a system can't be asked, or does not show an entity that may be the one
 */
export async function originsOf(integration: NameAsking, one: Nameless): Promise<Entity[]> {
  const { config, systems } = integration;
  const { entity, side } = one;
  const [source, target] = [systems[side], systems[otherSide(side)]];
  if (!source.connection().markersOf) return [];
  const [markers = []] = (await source.call(async (connection) => connection.markersOf?.([entity.id]))) ?? [];
  const prefix = markerFor(config.id, otherSide(side), '');
  const ids = markers.flatMap((marker) => (marker.startsWith(prefix) ? marker.slice(prefix.length) : []));
  if (ids.length === 0) return [];
  const origins: Entity[] = [];
  const scope = writeScope(config, otherSide(side));
  const read: Connection['read'] = (...given) => target.call(async (connection) => connection.read(...given));
  for (const found of await read(scope, ids)) {
    if (found instanceof SyncError) throw hidden(target.name, 'what it was made for is there', found);
    if (found?.type !== one.target.type || found.project !== one.target.project) continue;
    const { project, type } = entity;
    const marked = delivered((await ask(source, { project, type, marker: `${prefix}${found.id}` }, MOST)) ?? []);
    if (marked.unseen) throw hidden(source.name, 'it is a copy', marked.unseen);
    if (marked.found.every((copy) => copy.id === entity.id || older(entity, copy) < 0)) origins.push(found);
  }
  return origins;
}

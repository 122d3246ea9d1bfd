/** The owners of parts that are written: what is created belongs to the counterpart of its owner. */

import type { ReadResult } from '../../connectors/connector';
import type { IntegrationConfig } from '../../model/config';
import type { Entity, EntityId, Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { SyncMessage } from '../../model/message';
import { atSide } from '../../model/sides';
import type { Link, Links } from '../../store/store';
import type { Change, Way } from './change';

/** Links of the entities' owners, by the owners' ids. */
export async function ownerLinks(
  store: Pick<Links, 'linksOf'> | undefined,
  { id }: Pick<IntegrationConfig, 'id'>,
  side: Side,
  entities: readonly Pick<Entity, 'owner'>[],
): Promise<ReadonlyMap<EntityId, Link>> {
  const ids = [...new Set(entities.flatMap(({ owner }) => owner?.id ?? []))];
  const links = ids.length === 0 ? [] : ((await store?.linksOf(id, side, ids)) ?? []);
  return new Map(ids.flatMap((owner, index): [EntityId, Link][] => (links[index] ? [[owner, links[index]]] : [])));
}

/** A part goes where its owner's counterpart is. @param link its owner's */
export function owned(
  message: SyncMessage,
  link: Link,
  side: Side,
): { message: SyncMessage; owner: Required<Change>['owner'] } {
  const { ref } = atSide(link.ends, side);
  const { sync } = message;
  const target = { ...sync.target, project: ref.project };
  return { message: { ...message, sync: { ...sync, target } }, owner: { link: link.id, ref } };
}

/** @returns those whose owner is linked, with its counterpart; and those whose owner is not, any more */
export async function withOwners(
  { store, config }: { store: Pick<Links, 'linksOf'>; config: IntegrationConfig },
  { side, targetSide }: Pick<Way, 'side' | 'targetSide'>,
  changes: Change[],
): Promise<{ owned: Change[]; orphans: Change[] }> {
  if (!changes.some(({ event }) => event.entity.owner)) return { owned: changes, orphans: [] };
  const entities = changes.map(({ event }) => event.entity);
  const links = await ownerLinks(store, config, side, entities);
  const withOwner: Change[] = [];
  const orphans: Change[] = [];
  for (const change of changes) {
    const { owner } = change.event.entity;
    const link = owner && links.get(owner.id);
    if (!owner) withOwner.push(change);
    else if (!link) orphans.push(change);
    else withOwner.push({ ...change, ...owned(change.message, link, targetSide) });
  }
  return { owned: withOwner, orphans };
}

/**
 * Where a part's counterpart is gone, and its owner is there, somebody has deleted it.
 * @param present the counterparts, in order
 * @param read entities of the target by their ids, in order
 */
export async function withDeletedThere<One extends Pick<Change, 'owner' | 'isDeletedThere' | 'event'>>(
  changes: One[],
  present: readonly ReadResult[],
  read: (ids: EntityId[]) => Promise<ReadResult[]>,
): Promise<One[]> {
  const isGone = ({ owner, event }: One, index: number): boolean =>
    owner !== undefined && event.link !== undefined && !event.entity.deleted && present[index] === undefined;
  const ids = [...new Set(changes.filter(isGone).flatMap(({ owner }) => owner?.ref.id ?? []))];
  if (ids.length === 0) return changes;
  const found = await read(ids);
  const there = new Set(ids.filter((_id, index) => found[index] && !(found[index] instanceof SyncError)));
  return changes.map((change, index) =>
    isGone(change, index) && there.has(change.owner?.ref.id ?? '') ? { ...change, isDeletedThere: true } : change,
  );
}

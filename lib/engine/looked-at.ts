/**
 * Linked items that are looked at beside the polls: those whose parts are synced, and those with mapped fields that their system
 * changes without a sign (relations). Both are read by the part reader, as often as the store says.
 */

import { applies, directionFrom, type EntityTypeId, type Side } from '../model/entity';
import { atSide } from '../model/sides';
import type { SyncContext } from './context';
import { ownerTypes } from './routing';

type Looking = Pick<SyncContext, 'config' | 'systems' | 'relevance'>;

/** Whether a mapper reads fields of the side's items that change without moving their version in a poll. */
export function hasSilentFields({ systems, relevance }: Omit<Looking, 'config'>, side: Side): boolean {
  const silent = systems[side].silentFields;
  const read = relevance.of(side)?.fields;
  return silent !== undefined && read !== undefined && [...read].some((field) => silent.has(field));
}

/** Types of a side's items that are looked at. */
export function lookedAt(engine: Looking, side: Side): EntityTypeId[] {
  const { config } = engine;
  const owners = ownerTypes(config, side);
  if (!hasSilentFields(engine, side)) return owners;
  const synced = config.typePairs.filter(({ direction }) => applies(direction, directionFrom(side)));
  return [...new Set([...owners, ...synced.map((pair) => atSide(pair, side).id)])];
}

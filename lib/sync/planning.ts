/**
 * What a change does to its target: the decisions that the writer carries out, and that a plan shows without carrying
 * them out. Pure.
 */

import type { IntegrationConfig } from '../model/config';
import type { Side } from '../model/entity';
import type { SyncMessage } from '../model/message';
import type { Fields } from '../model/values';
import { type MergeInput, type MergePlan, planCreate, planUpdate } from './merge';
import { keepRichText } from './rich-text';

/** The target's field that receives the other side's key, if the integration has one. */
export const remoteKeyField = (config: IntegrationConfig, side: Side): string | undefined =>
  (side === 1 ? config.remoteKeyField1 : config.remoteKeyField2) || undefined;

/**
 * What a create writes, the source's key included.
 * @param side the target's
 * @param key of the source entity
 */
export function planNew(config: IntegrationConfig, side: Side, { sync, payload }: SyncMessage, key: string): MergePlan {
  const plan = planCreate(payload, sync.mapped ?? {}, sync.unresolved ?? {});
  const field = remoteKeyField(config, side);
  if (field && !(field in plan.write)) plan.write[field] = key;
  return plan;
}

/**
 * What an update writes into the target as it is now.
 * @returns also the wanted fields as they are merged: rich texts are spliced into what the target shows
 */
export function planChange(input: MergeInput): { wanted: Fields; plan: MergePlan } {
  const wanted = keepRichText(input);
  return { wanted, plan: planUpdate({ ...input, wanted }) };
}

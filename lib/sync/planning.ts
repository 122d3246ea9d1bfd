/**
 * What a change does to its target: the decisions that the writer carries out, and that a plan shows without carrying
 * them out. Pure.
 */

import type { IntegrationConfig } from '../model/config';
import type { EntityRef, Side } from '../model/entity';
import type { SyncMessage } from '../model/message';
import type { Fields } from '../model/values';
import { showingOf, shownFields } from './counterpart';
import { type MergeInput, type MergePlan, planCreate, planUpdate } from './merge';
import { withKept } from './references';
import { keepRichText } from './rich-text';

/**
 * What a create writes, the source's key and address included where they are wanted and no row maps their fields.
 * @param side the target's
 * @param source the source entity
 */
export function planNew(
  config: IntegrationConfig,
  side: Side,
  { sync, payload }: SyncMessage,
  source: EntityRef,
): MergePlan {
  const plan = planCreate(payload, sync.mapped ?? {}, sync.unresolved ?? {});
  return { ...plan, write: { ...shownFields(showingOf(config, side), source), ...plan.write } };
}

/**
 * What an update writes into the target as it is now.
 * @returns also the wanted fields as they are merged: rich texts are spliced into what the target shows, and lists keep the
 *   references that the source cannot show
 */
export function planChange(input: MergeInput): { wanted: Fields; plan: MergePlan } {
  const wanted = keepRichText(input);
  const plan = planUpdate({ ...input, wanted });
  return { wanted, plan: { ...plan, write: withKept(plan.write, input.references) } };
}

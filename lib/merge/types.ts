/** Input and output of a merge. Pure. */

import type { Direction } from '../model/entity';
import type { MappedField, Unresolved } from '../model/message';
import type { Unlanded } from '../model/unlanded';
import type { FieldId, Fields } from '../model/values';
import type { Mentions } from './mentions';
import type { References } from './references';

export interface MergeInput {
  direction: Direction;
  /** target fields as mapped */
  wanted: Fields;
  mapped: Record<FieldId, MappedField>;
  unresolved: Record<FieldId, Unresolved>;
  source: SideState;
  target: SideState;
  /** for fields whose values name other items */
  references?: References;
  /** for rich text fields: how the target shows the users that the source mentions */
  mentions?: Mentions;
}

export interface SideState {
  now: Fields;
  /** when last in sync */
  base: Fields;
  /** values that one of Twinflow's updates may have left there without landing */
  pending?: Record<FieldId, Unlanded[]>;
  /** fields whose value never reached the other side, or not completely */
  leftOut?: readonly FieldId[];
  updatedAt: string;
}

export interface Warning {
  field: FieldId;
  reason: string;
}

export interface MergePlan {
  /** target fields to write */
  write: Fields;
  /** target fields that both sides changed and whose row parks */
  conflicts: FieldId[];
  /** target fields that already show the wanted value */
  same: FieldId[];
  /** target fields that need no action; their sync state does not change */
  left: FieldId[];
  /** target fields that keep their current value although the source differs: the other side won */
  kept: FieldId[];
  /** some of `kept`: their value was never synced to the side of this change */
  untaken: FieldId[];
  /**
   * target fields in which the changes of both sides were merged → the value that the source wants there. The merged
   * value is in `write`, unless the target shows it already. The target's own event syncs it back to the source.
   */
  merged: Fields;
  /** target fields that the two systems keep changing back and forth: they stay unchanged and count as in sync */
  stopped: FieldId[];
  /** for a create: target fields with an empty source that a default of the target must not fill */
  empty?: FieldId[];
  warnings: Warning[];
}

export const emptyPlan = (): MergePlan => ({
  write: {},
  conflicts: [],
  same: [],
  left: [],
  kept: [],
  untaken: [],
  merged: {},
  stopped: [],
  warnings: [],
});

/** A target field that an update has to check. */
export interface Concern {
  field: FieldId;
  /**
   * `changed`: a user changed the source. `own`: the source shows what one of Twinflow's updates may have left there.
   * That is no change, unless the target shows such a value, too. `unlanded`: the source is unchanged, but one of
   * Twinflow's updates may have left another value in the target. `arrived`: an item that the text names has a counterpart by now.
   * `always`: the row writes on every event.
   */
  why: 'changed' | 'own' | 'unlanded' | 'arrived' | 'always';
}

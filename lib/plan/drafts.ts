/** What is known of an entity while it is planned, and what follows from that alone. Pure. */

import { isSystemFault } from '../engine/retry-policy';
import type { Change, Decided } from '../engine/write/change';
import type { Rules } from '../engine/write/decide';
import type { LookUps } from '../engine/write/look-up';
import { fitFramed } from '../merge/frames';
import type { Mentions } from '../merge/mentions';
import type { References } from '../merge/references';
import type { IntegrationConfig } from '../model/config';
import { directionFrom, type Entity, type Side, targetSide } from '../model/entity';
import type { SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import type { Frame } from '../model/values';
import type { Link, StoredEvent } from '../store/store';
import type { Passed } from './chain';
import type { TargetFields } from './checks';
import type { PlanOutcome } from './types';

/** An entity on its way, before the target is looked at. */
export interface Draft {
  entity: Entity;
  event: StoredEvent;
  /** absent if no pair leads the entity to the other side */
  passed?: Passed;
  /** the entity has a shape that no connector should make, or a step is broken: its change would fail as well */
  broken?: SyncError;
  /** steps are left that it has not been through */
  partial: boolean;
  /** nothing that is mapped has changed: the engine would not even send it */
  unchanged: boolean;
  /** of fields whose values name other entities */
  references?: References;
  /** of texts that mention people */
  mentions?: Mentions;
  /** why others carry the change */
  elsewhere?: string;
  /** the link whose counterpart is gone and is created again */
  replaces?: number;
  /** its counterpart is there already: it is linked, not created */
  joined?: string;
  /** what the creates of its batch are looked up with */
  lookUps?: LookUps;
  /** of a part whose owner is linked: the owner's counterpart, and their link */
  owner?: Change['owner'];
  ownerLink?: Link;
  /** its counterpart is gone while its owner's is there: somebody has deleted it */
  isDeletedThere?: boolean;
}

export function wayFrom(side: Side): Rules['way'] {
  const direction = directionFrom(side);
  return { direction, side, targetSide: targetSide(direction) };
}

/** @param frame the author line of a comment */
export const changeOf = (draft: Draft, message: SyncMessage, frame: Frame | undefined): Change => {
  const { event, references, mentions, replaces, owner, isDeletedThere } = draft;
  return {
    ...{ seq: event.seq, delivery: event.delivery, event, message, references, mentions, replaces },
    ...(frame && { frame }),
    ...(owner && { owner }),
    ...(isDeletedThere && { isDeletedThere }),
    asMapped: message.payload,
    notes: [],
  };
};

/** As the writer takes it: without what the target declares that it cannot hold. */
export function fitting(message: SyncMessage, declared: TargetFields, frame: Frame | undefined): SyncMessage {
  const { mapped = {}, unresolved = {} } = message.sync;
  const fitted = fitFramed({ fields: message.payload, mapped, unresolved }, declared, frame);
  return { ...message, payload: fitted.fields, sync: { ...message.sync, unresolved: fitted.unresolved } };
}

/** A change as the store would hold it: nothing is stored. */
export const eventOf = (
  config: IntegrationConfig,
  side: Side,
  entity: Entity,
  link: Link | undefined,
): StoredEvent => ({
  seq: 0,
  flow: { integration: config.id, side },
  state: 'sent',
  entity,
  stale: false,
  delivery: 0,
  attempts: 0,
  ...(link && { link }),
});

export function failed(error: SyncError, step?: string): PlanOutcome {
  const where = step === undefined ? {} : { step };
  if (isSystemFault(error)) return { kind: 'waits', reason: error.message, ...where };
  const { fields } = error.detail;
  return { kind: 'parked', reason: error.message, ...(fields && { fields }), ...where };
}

/** Of an update. */
export function outcomeOf({ plan, change }: Decided): PlanOutcome {
  const { unresolved = {} } = change.message.sync;
  const fields = Object.keys(plan.write);
  if (fields.length > 0) return { kind: 'update', fields };
  const lost = plan.warnings.some(({ field }) => unresolved[field] !== undefined && !unresolved[field].lossy);
  const kept = lost || [plan.kept, plan.left, plan.stopped].some(({ length }) => length > 0);
  return { kind: 'nothing', why: kept ? 'kept' : 'same' };
}

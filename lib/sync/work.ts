/**
 * One change on its way into its target: what is known of it, and what follows from that alone. Pure.
 */

import { type Direction, type Entity, type EntityId, type Side, sourceSide, targetSide } from '../model/entity';
import { SyncError } from '../model/errors';
import type { SyncMessage, SyncResult } from '../model/message';
import type { FieldId, Fields } from '../model/values';
import type { LinkEnd, StoredEvent } from '../store/store';
import { type Owing, owingOf } from './counterpart';
import type { Integration } from './integration';
import type { MergeInput, MergePlan } from './merge';
import { type References, withoutKept } from './references';
import type { System } from './system';

export interface Job {
  message: SyncMessage;
  seq: number;
  delivery: number;
}

/** The way that all changes of a batch go. */
export interface Way {
  integration: string;
  direction: Direction;
  side: Side;
  targetSide: Side;
  source: System;
  target: System;
  /** ends that have yet to show their counterpart after a create */
  owing: Owing;
}

export function wayOf(integration: Integration, direction: Direction): Way {
  const [side, other] = [sourceSide(direction), targetSide(direction)];
  return {
    integration: integration.config.id,
    direction,
    side,
    targetSide: other,
    source: integration.system(side),
    target: integration.system(other),
    owing: owingOf(integration.config, direction),
  };
}

export interface Work extends Job {
  event: StoredEvent;
  plan: MergePlan;
  /** an earlier attempt's create was found in the target */
  adopted?: boolean;
  /** the target before the write; undefined for a create */
  target?: Entity;
  /** target fields as they are to be, once the target has been read: rich texts are spliced into what it shows */
  wanted?: Fields;
  /** target fields as the flow mapped them, without a person's corrections */
  asMapped: Fields;
  /** of fields whose values name other entities */
  references?: References;
  /** entities without counterpart for which the source's entity waits; undefined = not known */
  awaits?: EntityId[];
  /** what the result says besides what the merge says */
  notes: SyncResult['warnings'];
  /** fields that the target refuses, and that are left out of this update */
  withheld?: Record<FieldId, string>;
  /** the source shows another counterpart than the one that is made: that is set right */
  renames?: boolean;
  /** the link whose counterpart is gone and is created again */
  replaces?: number;
}

/** One end of the change's link. @throws SyncError – it has none, which only a mistake of ours can bring about */
export function endOf(work: Pick<Work, 'event'>, side: Side): LinkEnd {
  const end = work.event.link?.ends[side - 1];
  if (!end) throw new SyncError('fatal', `${work.event.entity.key} has no link`);
  return end;
}

/** @param target the target as it is now; undefined where it was not read, or is not there yet */
export function mergeInputOf(
  way: Pick<Way, 'direction' | 'side' | 'targetSide'>,
  work: Pick<Work, 'event' | 'message' | 'wanted' | 'references'>,
  target: Entity | undefined,
): MergeInput {
  const { sync, payload } = work.message;
  const [own, theirs] = work.event.link ? [endOf(work, way.side), endOf(work, way.targetSide)] : [];
  const { entity } = work.event;
  return {
    direction: way.direction,
    wanted: work.wanted ?? payload,
    mapped: sync.mapped ?? {},
    unresolved: sync.unresolved ?? {},
    source: { now: entity.fields, base: own?.baseline ?? {}, pending: own?.pending, updatedAt: entity.updatedAt },
    target: {
      now: withoutKept(target?.fields ?? {}, work.references),
      base: theirs?.baseline ?? {},
      pending: theirs?.pending,
      updatedAt: target?.updatedAt ?? '',
    },
    references: work.references,
  };
}

/** What a person has to decide before the change can be written: conflicts and values of rows that park. */
export function mustPark({ message, plan }: Pick<Work, 'message' | 'plan'>): SyncError | undefined {
  const fields: Record<FieldId, string> = {};
  for (const field of plan.conflicts) fields[field] = 'both sides changed it, and its row parks conflicts';
  for (const [field, unresolved] of Object.entries(message.sync.unresolved ?? {})) {
    if (unresolved.policy === 'park') fields[field] = unresolved.reason;
  }
  if (Object.keys(fields).length === 0) return undefined;
  const text = Object.entries(fields).map(([field, why]) => `${field}: ${why}`);
  return new SyncError(plan.conflicts.length ? 'conflict' : 'invalid', text.join('; '), { fields });
}

export function targetGone(way: Pick<Way, 'targetSide'>, work: Pick<Work, 'event'>): SyncError {
  const { key } = endOf(work, way.targetSide).ref;
  return new SyncError('notFound', `its counterpart ${key} is not there any more, or the account may not see it`);
}

/** The error with the entity in front, so that a Catch node or a log line can be understood alone. */
export function nameEntity(error: SyncError, work: Work, target: string): SyncError {
  const { key, type } = work.event.entity;
  const open = Object.entries(error.kind === 'invalid' ? (work.message.sync.unresolved ?? {}) : {});
  // "Title is required" is understood only with why there is no title
  const why = open.filter(([field]) => !(field in (error.detail.fields ?? {}))).map(([, { reason }]) => reason);
  const text = `${type} ${key} → ${target}: ${[error.message, ...why].join('; ')}`;
  return new SyncError(error.kind, text, { ...error.detail, cause: error });
}

/**
 * One change on its way into its target: what is known of it, and what follows from that alone. Pure.
 */

import type { DeclaredFields } from '../mapping/fit';
import type { IntegrationConfig } from '../model/config';
import { type Direction, type Entity, type EntityId, type Side, sourceSide, targetSide } from '../model/entity';
import { SyncError } from '../model/errors';
import type { SyncMessage, SyncResult } from '../model/message';
import type { FieldId, Fields } from '../model/values';
import type { LinkEnd, StoredEvent } from '../store/store';
import { type Owing, owingOf } from './counterpart';
import type { Integration } from './integration';
import { concerned, type MergeInput, type MergePlan } from './merge';
import { typeName } from './pairs';
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
  /** what the target declares of its fields, where it can be asked */
  declared?: DeclaredFields;
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
    source: {
      now: entity.fields,
      base: own?.baseline ?? {},
      pending: own?.pending,
      leftOut: own?.leftOut,
      updatedAt: entity.updatedAt,
    },
    target: {
      now: withoutKept(target?.fields ?? {}, work.references),
      base: theirs?.baseline ?? {},
      pending: theirs?.pending,
      leftOut: theirs?.leftOut,
      updatedAt: target?.updatedAt ?? '',
    },
    references: work.references,
  };
}

/**
 * What a person has to decide before the change can be written: conflicts and values of rows that park.
 * @param merge of an update: what it does not touch, or the target has already, is not judged again; undefined for a create
 */
export function mustPark(
  { message, plan }: Pick<Work, 'message' | 'plan'>,
  merge: MergeInput | undefined,
): SyncError | undefined {
  const fields: Record<FieldId, string> = {};
  for (const field of plan.conflicts) fields[field] = 'both sides changed it, and its row parks conflicts';
  const { mapped = {}, unresolved: all = {} } = message.sync;
  const touched = merge && new Set(concerned(merge).map(({ field }) => field));
  for (const [field, unresolved] of Object.entries(all)) {
    if (unresolved.policy !== 'park' || plan.same.includes(field)) continue;
    const isTouched = !(field in mapped) || (touched ? touched.has(field) : mapped[field]?.syncWhen !== 'update');
    if (isTouched) fields[field] = unresolved.reason;
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
interface Names {
  type?: string;
  target: string;
}

export function nameEntity(error: SyncError, work: Work, names: Names): SyncError {
  const { key, type } = work.event.entity;
  const { fields = {} } = error.detail;
  const all = Object.entries(error.kind === 'invalid' ? (work.message.sync.unresolved ?? {}) : {});
  // "Title is required" is understood only with why there is no title. Where another value was written, that was no cause
  const why = all.filter(([field, { lossy, reason }]) => !lossy && fields[field] !== reason && !isIdle(work, field));
  const reasons = why.map(([, { reason }]) => reason);
  const known = why.flatMap(([field, { reason }]) =>
    field in fields ? [[field, `${reason} (${fields[field]})`]] : [],
  );
  const text = `${names.type ?? type} ${key} → ${names.target}: ${[...reasons, error.message].join('; ')}`;
  const detail = known.length > 0 ? { fields: { ...fields, ...Object.fromEntries(known) } } : {};
  return new SyncError(error.kind, text, { ...error.detail, ...detail, cause: error });
}

/** A field that this change was not to write. */
const isIdle = ({ event, message }: Work, field: FieldId): boolean =>
  message.sync.mapped?.[field]?.syncWhen === (event.link ? 'create' : 'update');

/** What people call the entity's type and the target. */
export const namesIn = (
  { source, target }: Pick<Way, 'source' | 'target'>,
  config: IntegrationConfig,
  work: Work,
): Names => ({
  type: typeName(config, work.event.flow.side, work.event.entity.type),
  target: source.name === target.name ? `${target.name} (system ${work.event.flow.side === 1 ? 2 : 1})` : target.name,
});

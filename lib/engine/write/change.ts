/** One change and everything known about it, with what follows from that alone. Pure. */

import type { PartVerb } from '../../connectors/connector';
import type { DeclaredFields } from '../../mapping/fit';
import { differs, isOwn } from '../../merge/fields';
import { frameIn } from '../../merge/frames';
import type { Mentions, MentionsTold } from '../../merge/mentions';
import { type References, withoutKept } from '../../merge/references';
import type { MergeInput, MergePlan } from '../../merge/types';
import type { IntegrationConfig } from '../../model/config';
import { DIGEST } from '../../model/content';
import {
  type Direction,
  type Entity,
  type EntityId,
  type EntityRef,
  type EntityTypeId,
  type Side,
  sourceSide,
  targetSide,
} from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { SyncMessage, SyncResult } from '../../model/message';
import { atSide, eachSide, type Sides } from '../../model/sides';
import type { FieldId, Fields, Frame } from '../../model/values';
import type { LinkEnd, StoredEvent } from '../../store/store';
import { type Owing, owingOf } from '../backlink-fields';
import type { SyncContext } from '../context';
import type { Exposure } from '../exposure';
import type { FileLink } from '../files';
import { hasSilentFields, lookedAt } from '../looked-at';
import { typeName } from '../routing';
import type { System } from '../system';

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
  /** types of each side whose parts are read */
  owners: Sides<readonly EntityTypeId[]>;
  /** in the target, parts may come, and fields may change, without moving their owner's version */
  isSilent: boolean;
  /** what can be done to the target's parts; absent: everything */
  verbs?: ReadonlySet<PartVerb>;
}

export function wayOf(context: Pick<SyncContext, 'config' | 'systems' | 'relevance'>, direction: Direction): Way {
  const { config, systems } = context;
  const [side, other] = [sourceSide(direction), targetSide(direction)];
  return {
    integration: config.id,
    direction,
    side,
    targetSide: other,
    source: systems[side],
    target: systems[other],
    owing: owingOf(config, direction),
    ...abilitiesOf(systems[other], hasSilentFields(context, other)),
    owners: eachSide((one) => lookedAt(context, one)),
  };
}

/** Of a system that cannot be connected to, nothing is written. @param hasSilent mapped fields change without a sign */
function abilitiesOf(system: System, hasSilent: boolean): Pick<Way, 'isSilent' | 'verbs'> {
  try {
    const { silentParts, partVerbs: verbs } = system.connection();
    return { isSilent: hasSilent || (silentParts?.size ?? 0) > 0, ...(verbs && { verbs }) };
  } catch {
    return { isSilent: hasSilent };
  }
}

/** As it is to be decided upon. What is learnt later makes another one of it. */
export interface Change extends Readonly<Job> {
  /** as mapped, with a person's corrections, counterparts in the place of references, and what the target can hold */
  readonly message: SyncMessage;
  readonly event: StoredEvent;
  /** target fields as the flow mapped them, without a person's corrections */
  readonly asMapped: Fields;
  /** warnings of the result in addition to the merge's */
  readonly notes: SyncResult['warnings'];
  /** what the target declares of its fields, if it can be asked */
  readonly declared?: DeclaredFields;
  /** of fields whose values name other entities */
  readonly references?: References;
  /** of rich text fields: how the target shows the people whom they mention */
  readonly mentions?: Mentions;
  /** entities without counterpart for which the source's entity waits; undefined = not known */
  readonly awaits?: EntityId[];
  /** of these, attachments: the sequence before they were looked for */
  readonly awaitsSince?: number;
  /** an earlier attempt's create was found in the target */
  readonly adopted?: boolean;
  /** the counterpart as a look-up has just found it: it need not be read again */
  readonly found?: Entity;
  /** the source shows another counterpart than the one that is made: that is set right */
  readonly renames?: boolean;
  /** the link whose counterpart is gone and is created again */
  readonly replaces?: number;
  /** of a comment: who may see it at its source, and whether the target tells that apart */
  readonly exposure?: Exposure;
  /** the author line that belongs in front of what is written of a comment */
  readonly frame?: Frame;
  /** of an attachment: why the target does not take its file, if it does not, and what takes its place */
  readonly file?: { readonly problem?: string; readonly link?: FileLink };
  /** of a part: its owner's link, and the owner's counterpart */
  readonly owner?: { readonly link: number; readonly ref: EntityRef };
  /** a part whose owner is there in the target, while its counterpart is not: somebody has deleted that */
  readonly isDeletedThere?: boolean;
  /** a part that was deleted had been made from another one, by whatever integration */
  readonly isCopy?: boolean;
}

/** A change with what becomes of its target. */
export interface Decided {
  readonly change: Change;
  readonly plan: MergePlan;
  /** the target before the write; undefined for a create, and where it need not be read */
  readonly target?: Entity;
  /** target fields as they are to be, once the target has been read: rich texts are spliced into what it shows */
  readonly wanted?: Fields;
  /** source fields → what of their texts stands for mentions of the target */
  readonly shown?: MentionsTold['shown'];
  /** fields that the target refuses, and that are left out of this update */
  readonly withheld?: Record<FieldId, string>;
  /** fields of another part that says what was edited, since the target does not let the one that is there be edited */
  readonly addition?: Fields;
  /** what an earlier attempt has added, for an earlier edit */
  readonly addedBefore?: Entity;
}

/**
 * The change was sent as new, and an event of its counterpart, in progress at the same time, has linked them since. If it has written
 * it, what both have in common is newer than what was read of the source, which would be taken for edited back. The same is true of
 * an update of the source that another integration has in doubt. If it has told that the source is a copy, what was mapped of it has
 * an author line in it.
 * @param event as it is stored now
 */
export function isOutdated(
  { message }: Pick<Change, 'message'>,
  { link, stale, flow, error }: Pick<StoredEvent, 'link' | 'stale' | 'flow' | 'error'>,
): boolean {
  if (!link || message.sync.kind !== 'create') return false;
  // one that is created again is sent as new, and linked
  const { baseline, pending } = atSide(link.ends, flow.side);
  return stale || (error?.kind !== 'notFound' && (pending !== undefined || frameIn(baseline) !== undefined));
}

/** One end of the change's link. @throws SyncError – it has none, which only a mistake of ours can bring about */
export function endOf({ event }: Pick<Change, 'event'>, side: Side): LinkEnd {
  const end = event.link && atSide(event.link.ends, side);
  if (!end) throw new SyncError('fatal', `${event.entity.key} has no link`);
  return end;
}

/** Fields of an entity that somebody else than Twinflow has changed since it was last in sync. */
export const editedSince = ({ baseline, pending }: LinkEnd, { fields }: Entity): FieldId[] =>
  Object.keys(baseline).filter(
    (field) => field !== DIGEST && differs(baseline, fields, field) && !isOwn(pending, field, fields[field] ?? null),
  );

/**
 * @param target the target as it is now; undefined if it was not read, or is not there yet
 * @param wanted default: as mapped
 */
export function mergeInputOf(
  way: Pick<Way, 'direction' | 'side' | 'targetSide'>,
  change: Pick<Change, 'event' | 'message' | 'references' | 'mentions'>,
  target: Entity | undefined,
  wanted?: Fields,
): MergeInput {
  const { event, message, references, mentions } = change;
  const { sync, payload } = message;
  const [own, theirs] = event.link ? [endOf(change, way.side), endOf(change, way.targetSide)] : [];
  const { entity } = event;
  return {
    direction: way.direction,
    wanted: wanted ?? payload,
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
      now: withoutKept(target?.fields ?? {}, references),
      base: theirs?.baseline ?? {},
      pending: theirs?.pending,
      leftOut: theirs?.leftOut,
      updatedAt: target?.updatedAt ?? '',
    },
    references,
    ...(mentions && { mentions }),
  };
}

interface Names {
  type?: string;
  target: string;
}

/** The error with the entity in front, so that a Catch node or a log line can be understood alone. */
export function nameEntity(error: SyncError, change: Change, names: Names): SyncError {
  const { key, type } = change.event.entity;
  const { fields = {} } = error.detail;
  const all = Object.entries(error.kind === 'invalid' ? (change.message.sync.unresolved ?? {}) : {});
  // "Title is required" is understood only with why there is no title. If another value was written, that was no cause
  const why = all.filter(([field, { lossy, reason }]) => !lossy && fields[field] !== reason && !isIdle(change, field));
  const reasons = why.map(([, { reason }]) => reason);
  const known = why.flatMap(([field, { reason }]) =>
    field in fields ? [[field, `${reason} (${fields[field]})`]] : [],
  );
  const text = `${names.type ?? type} ${key} → ${names.target}: ${[...reasons, error.message].join('; ')}`;
  const detail = known.length > 0 ? { fields: { ...fields, ...Object.fromEntries(known) } } : {};
  return new SyncError(error.kind, text, { ...error.detail, ...detail, cause: error });
}

/** A field that this change was not to write. */
const isIdle = ({ event, message }: Change, field: FieldId): boolean =>
  message.sync.mapped?.[field]?.syncWhen === (event.link ? 'create' : 'update');

/** Display names of the entity's type and the target. */
export const namesIn = (
  { side, targetSide, source, target }: Pick<Way, 'side' | 'targetSide' | 'source' | 'target'>,
  config: IntegrationConfig,
  { event }: Change,
): Names => ({
  type: typeName(config, side, event.entity.type),
  target: source.name === target.name ? `${target.name} (system ${targetSide})` : target.name,
});

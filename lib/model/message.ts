/** The message that travels from poller to writer. Plain JSON. */

import type { ApplyWhen, ConflictPolicy, FallbackPolicy, MentionPolicy, SyncWhen, UnresolvedPolicy } from './config';
import type { Direction, EntityRef, EntityTypeId, ProjectId } from './entity';
import type { SyncErrorKind } from './errors';
import type { FieldId, Fields, FieldType, UserValue, Value } from './values';

export type ChangeKind = 'create' | 'update' | 'delete';

/**
 * A value that no table and no list of the target has; a person whom the target does not know; an entity that has no
 * counterpart there yet, and one that no integration brings there; a list value that can no longer be chosen; a text that is
 * too long.
 */
export type UnresolvedCode = 'noCounterpart' | 'noUser' | 'awaited' | 'notSynced' | 'notSelectable' | 'tooLong';

/** Why a field has no value for the target, and the source value that has no counterpart. */
export interface Unresolved {
  reason: string;
  value: Value;
  /** what the reason says, for forms that speak another language; absent if only the reason says it */
  code?: UnresolvedCode;
  /** further words for that sentence: `count` and `most` of a text that is too long */
  names?: Record<string, string>;
  /** what the default mapper's row says: absent = leave the target's field alone and warn */
  policy?: UnresolvedPolicy;
  /** the payload has a value for the field, but a part of the source value is lost in it: write it, warn */
  lossy?: boolean;
  /** only these entries of a list are lost: a default takes their place among the others */
  entries?: true;
  /**
   * the whole mapped value, with values that can no longer be chosen: an entity that has it already keeps it, and nothing is
   * wrong then
   */
  held?: Value;
}

/** How a target field came to its value: what the writer needs for the three-way merge. */
export interface MappedField {
  /** source fields the value was made from; none for a constant */
  from: FieldId[];
  conflict?: ConflictPolicy;
  /** if `conflict` is `merge` and the changes collide; default `newest` */
  fallback?: FallbackPolicy;
  syncWhen?: SyncWhen;
  applyWhen?: ApplyWhen;
  /** of rich text; default `new` */
  mentions?: MentionPolicy;
  /** the target field's type */
  type?: FieldType;
  /** the source's own list entries or people, ids included, until a value mapper has replaced them by the target's */
  source?: Value;
  /** the value is the target's own already – an expression has looked it up – and no value mapper is to replace it */
  settled?: true;
  /**
   * entities of the source's system that the payload's value names: the writer puts their counterparts in their
   * place. Other entities in the payload are the target's own
   */
  refers?: Value;
  /** what the default mapper's row says of an entity that no integration brings to the target; absent = leave and warn */
  otherwise?: { policy: UnresolvedPolicy; value?: Value };
  /** a person has corrected the value of a change that had been parked: it is written whatever else would decide */
  corrected?: true;
  /** a person has decided which side wins a conflict: `conflict` says so, instead of the row */
  decided?: true;
}

export interface SyncHeader {
  /** id of the integration */
  integration: string;
  direction: Direction;
  /** `<event>.<delivery>`: one durable change event, and which sending of it this is */
  event: string;
  /** as far as known when the message was sent; the writer decides by the link */
  kind: ChangeKind;
  entity: EntityRef & {
    updatedAt: string;
    updatedBy?: UserValue /** of a part: a comment's author */;
    createdBy?: UserValue;
  };
  /** source fields that differ from what was last in sync; every field of a new entity */
  changed: FieldId[];
  /** id of the entity-type pair, and where the entity goes */
  pair: string;
  target: { type: EntityTypeId; project: ProjectId };
  /**
   * present once a field mapper has turned the payload into target fields. It also has an entry for a field that is
   * unresolved and so not in the payload.
   */
  mapped?: Record<FieldId, MappedField>;
  /** target fields that could not be given a value */
  unresolved?: Record<FieldId, Unresolved>;
}

/** The message between poller and writer. Other properties that a user's nodes add travel along untouched. */
export type SyncMessage = {
  topic: string;
  payload: Fields;
  sync: SyncHeader;
};

/**
 * Whether a node works on the message. "All pairs" are all pairs of items: their parts (comments, attachments) have other fields,
 * and go by rows of their own unless a node has chosen them. What was deleted has no fields to filter or map: it passes.
 */
export const isFor = (pairs: 'all' | ReadonlySet<string>, { pair, entity, kind }: SyncHeader): boolean =>
  kind !== 'delete' &&
  // an earlier node may have broken the entity; the check of damaged messages reports that
  (pairs === 'all' ? entity?.owner === undefined : pairs.has(pair));

/** What a dry run would have done with a change, had it been allowed to write. */
export interface DryRun {
  /** `parked`: it would have waited for a person, or been tried again until then; `failed` says why */
  outcome: 'created' | 'updated' | 'deleted' | 'unchanged' | 'adopted' | 'skipped' | 'parked';
  /** where the entity is, or would have been created */
  target: { type: EntityTypeId; project: ProjectId };
  /** target fields that would have been written; all fields of an entity that would have been created, `before` null */
  changes: Record<FieldId, { before: Value; after: Value }>;
  /**
   * target fields that both sides changed and that the other side keeps, or a person would have to decide: what is there,
   * and what this change wanted
   */
  conflicts: Record<FieldId, { present: Value; wanted: Value; decision: 'kept' | 'parked' }>;
  /** of an item that would have been created or linked: how many parts it has that would go through the flow after it */
  parts?: { type: EntityTypeId; name: string; count: number }[];
  failed?: { kind: SyncErrorKind; message: string; fields?: Record<FieldId, string> };
}

/** What became of a change event, as the writer reports it on its output. */
export interface SyncResult {
  /** `dryRun`: nothing was written; the change waits until the dry run ends */
  outcome: 'created' | 'updated' | 'deleted' | 'unchanged' | 'adopted' | 'skipped' | 'dryRun';
  integration: string;
  direction: Direction;
  source: EntityRef;
  target?: EntityRef;
  /** target fields that were written */
  written: FieldId[];
  /** fields that were not taken over, and why; never silent. A field '' stands for the change as a whole */
  warnings: { field: FieldId; reason: string }[];
  /** present where `outcome` is `dryRun` */
  dryRun?: DryRun;
}

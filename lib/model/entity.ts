/** Entities, and what a system says about their structure. */

import type { Dialect, FieldId, Fields, FieldType, ListValue, RichTextFormat, UserValue } from './values';

export type ProjectId = string;
export type EntityTypeId = string;
export type EntityId = string;

export interface Project {
  id: ProjectId;
  name: string;
  /** id of the project this one is a child of */
  parent?: ProjectId;
}

/** What parts are to the entity that they belong to. */
export type PartRole = (typeof PART_ROLES)[number];
export const PART_ROLES = ['comment', 'attachment', 'worklog', 'step'] as const;

/** The field that says who sees a comment, in every system that knows such; its ids are these two and nothing else. */
export const VISIBILITY: FieldId = 'visibility';
export const PUBLIC = 'public';
export const INTERNAL = { id: 'internal', name: 'Internal' } as const;

/** The field that holds what a comment says, in every system. */
export const COMMENT_TEXT: FieldId = 'text';

export interface EntityType {
  id: EntityTypeId;
  name: string;
  /** types whose entities have parts of this type: comments of issues; absent: it stands for itself */
  partOf?: EntityTypeId[];
  /** of parts */
  role?: PartRole;
  /** what can be done to entities of this type at most, whoever asks; absent: everything */
  access?: TypeAccess;
}

/** `read`: they are made elsewhere and cannot be changed (commits); `create`: they can be added, and stay as they are (test results). */
export type TypeAccess = 'read' | 'create';

/** A field as the system declares it for one project and entity type. Drives every drop-down and the checks before deploy. */
export interface Field {
  id: FieldId;
  name: string;
  type: FieldType;
  multi?: boolean;
  /** must have a value when an entity is created */
  required?: boolean;
  /** never writable by us (id, created, calculated …) */
  readOnly?: boolean;
  /** writable on create only */
  createOnly?: boolean;
  custom?: boolean;
  /** where a create gives it nothing, the system puts in a value of its own: a create with an explicit null keeps it empty */
  hasDefault?: boolean;
  /** the longest text it holds, counted as `length` says */
  maxLength?: number;
  /** what `maxLength` counts; absent: characters of the content as it is stored */
  length?: LengthRule;
  /** what its value, or each entry of its list, must satisfy beyond its type */
  entry?: EntryRule;
  /** the markup that a richtext field holds */
  format?: RichTextFormat;
  /** how the system reads that markup */
  dialect?: Dialect;
  /** the complete list of a lookup or user field, if it is short enough to be listed */
  values?: ListValue[];
  /** number fields only: no fractions */
  integer?: boolean;
}

/** How a system counts the length of a text. */
export interface LengthRule {
  /** `characters` are Unicode code points, `utf16` JavaScript's units, `bytes` those of UTF-8 */
  unit?: 'characters' | 'utf16' | 'bytes';
  /** of a rich text: its words alone (`text`), or the content with its markup */
  of?: 'text' | 'markup';
}

/**
 * What only a connector knows of the values that its system takes. Plain JSON, so that forms, previews and plans check
 * it, too. The patterns are the connector's own, never a system's words, and must not backtrack.
 */
export interface EntryRule {
  /** longest entry, in characters (code points) */
  maxLength?: number;
  /** no entry may contain a match of this regular expression (flag `u`) */
  without?: string;
  /** each entry must match this regular expression as a whole (flag `u`) */
  pattern?: string;
  /** the rule for people: "a label has no blanks" */
  says: string;
}

/** The entity that a part belongs to. */
export interface OwnerRef {
  id: EntityId;
  key: string;
  type: EntityTypeId;
}

/**
 * What identifies an entity. `id` is stable and unique in its system, also among parts, and enough to find the entity by; `key`
 * is what people read (DEMO-17).
 */
export interface EntityRef {
  id: EntityId;
  key: string;
  url?: string;
  type: EntityTypeId;
  project: ProjectId;
  /** of a part (a comment, an attachment): its project is its owner's */
  owner?: OwnerRef;
}

/**
 * One entity as its system shows it now. `version` differs whenever anything in the entity differs, and is opaque:
 * versions are compared for equality only.
 */
export interface Entity extends EntityRef {
  version: string;
  /** ISO 8601, by the system's own clock */
  createdAt?: string;
  updatedAt: string;
  createdBy?: UserValue;
  updatedBy?: UserValue;
  fields: Fields;
  /** a part that its owner has no more; what it held is not known */
  deleted?: true;
}

/** The version of a part that its owner has no more. */
export const DELETED_VERSION = 'deleted';

/** An entity that is gone: its names are all that is left of it. */
export const asDeleted = (entity: Entity): Entity => ({
  ...entity,
  version: DELETED_VERSION,
  fields: {},
  deleted: true,
});

/** Only what identifies an entity. */
export function refOf({ id, key, url, type, project, owner }: EntityRef): EntityRef {
  const ref: EntityRef = url === undefined ? { id, key, type, project } : { id, key, url, type, project };
  if (owner !== undefined) ref.owner = owner;
  return ref;
}

export type Side = 1 | 2;
export type Direction = 'forward' | 'backward';
export type DirectionSetting = Direction | 'both';

/** The side a direction reads from. */
export const sourceSide = (direction: Direction): Side => (direction === 'forward' ? 1 : 2);
/** The side a direction writes to. */
export const targetSide = (direction: Direction): Side => (direction === 'forward' ? 2 : 1);
/** The direction that reads from this side. */
export const directionFrom = (side: Side): Direction => (side === 1 ? 'forward' : 'backward');
/** True if a setting of a row or pair includes the direction. */
export const applies = (setting: DirectionSetting, direction: Direction): boolean =>
  setting === 'both' || setting === direction;

/** What an admin configures: an integration, its pairs, and the rows of the mappers. Plain JSON, as saved in a flow. */

import type { DirectionSetting, EntityTypeId, LengthRule, ProjectId } from './entity';
import type { FieldId, FieldType, LookupValue, UserValue, Value } from './values';

/** A project or entity type as chosen in a form; the name is kept so that a form reads well while the system is away. */
export interface Choice<Id extends string = string> {
  id: Id;
  name: string;
}

export interface ProjectPair {
  one: Choice<ProjectId>;
  two: Choice<ProjectId>;
  direction: DirectionSetting;
}

export interface TypePair {
  /** stable within the integration; mapper nodes refer to it */
  id: string;
  one: Choice<EntityTypeId>;
  two: Choice<EntityTypeId>;
  direction: DirectionSetting;
}

export interface IntegrationConfig {
  /** the integration's node id: the key of everything that is stored for it */
  id: string;
  name: string;
  active: boolean;
  /** ids of the two system nodes; the same one twice is allowed (two projects of one system) */
  system1: string;
  system2: string;
  projectPairs: ProjectPair[];
  typePairs: TypePair[];
  /**
   * A text field on each side that receives the other side's entity key, if chosen. It shows people where an entity
   * comes from, and is the marker by which a create whose answer was lost is found again.
   */
  remoteKeyField1?: FieldId;
  remoteKeyField2?: FieldId;
  /** a text or address field on each side that receives the other side's address */
  remoteUrlField1?: FieldId;
  remoteUrlField2?: FieldId;
  /** a link to the other side, where the side's system has a place of its own for such */
  remoteLink1?: boolean;
  remoteLink2?: boolean;
  /** the side's entities from which others are created are given the same, by a write of their own. Preset: off */
  remoteBack1?: boolean;
  remoteBack2?: boolean;
  /** how often an event that fails for its own fault is tried again before it is parked; preset 3 */
  retries: number;
  /**
   * an update of which the target refuses some fields for good is written without them, instead of being parked; the
   * fields stay unsynced until the entity's next change. Preset: off
   */
  parkFields?: boolean;
  /** what becomes of a change whose counterpart is gone; preset: park */
  targetDeleted?: TargetDeletedPolicy;
  /** milliseconds after which a message that never reached a writer counts as lost in the flow; preset 10 minutes */
  lostAfterMs: number;
}

export type TargetDeletedPolicy = 'park' | 'create' | 'ignore';
/** What decides where both sides changed a field: the whole value of one of them, or a person. */
export type FallbackPolicy = 'system1' | 'system2' | 'newest' | 'park';
/** `merge`: lists and texts of several lines take the changes of both; where that can't be, the row's fallback decides. */
export type ConflictPolicy = FallbackPolicy | 'merge';
export type SyncWhen = 'both' | 'create' | 'update';
export type ApplyWhen = 'changed' | 'always';

/** A field as chosen in a mapper form: the type is kept, so that mapping needs no request. */
export interface FieldChoice {
  id: FieldId;
  name: string;
  type: FieldType;
  multi?: boolean;
  maxLength?: number;
  length?: LengthRule;
  integer?: boolean;
  format?: import('./values').RichTextFormat;
  dialect?: import('./values').Dialect;
}

/**
 * How a target field's value is made where the automatic conversion is not enough.
 * - `automatic`: said where the other direction has a transform, and this one goes without
 * - `template`: a text with source fields in it, `{{summary}} ({{entity.key}})`; in a rich text field it is Markdown
 * - `jsonata`: an expression of Node-RED's own language over the source's fields
 */
export type Transform =
  | { kind: 'automatic' }
  | { kind: 'template'; template: string; fields?: FieldChoice[] }
  | { kind: 'jsonata'; expression: string; fields?: FieldChoice[] };

/** One row of the field mapper: a System 1 field, a System 2 field, and how and when the value goes across. */
export interface FieldRow {
  one?: FieldChoice;
  two?: FieldChoice;
  direction: DirectionSetting;
  /** for a row with no source field: the value the target receives */
  constant?: Value;
  syncWhen?: SyncWhen;
  applyWhen?: ApplyWhen;
  /** preset: `newest` for a row in both directions, otherwise the source wins */
  conflict?: ConflictPolicy;
  /** where `conflict` is `merge` and the changes collide; preset `newest` */
  fallback?: FallbackPolicy;
  /**
   * By direction; none in either = automatic conversion. A row with a transform for one direction only goes that way
   * only. `fields` of a transform are the fields it reads, as its form knows them: names, and types for their words
   */
  transform?: { forward?: Transform; backward?: Transform };
}

/** One pair of a value table. Names are what is compared; ids, where known, win over names. */
export interface ValuePair {
  one: LookupValue;
  two: LookupValue;
  direction: DirectionSetting;
}

/**
 * A sheet (Excel, OpenDocument, CSV) with one pair in each row: uploaded, then kept by the server under an id; or a file on
 * the server's disk, read again whenever it changes.
 */
export interface SheetSource {
  from: { kind: 'upload'; id: string; name: string } | { kind: 'path'; path: string };
  /** name of the sheet in the workbook; '' = the first one */
  sheet: string;
  /** heads of the columns with System 1's and System 2's values */
  one: string;
  two: string;
  /** false: the sheet is for the way forward only; preset true (columns swapped on the way back) */
  backward?: boolean;
}

/** One row of the value mapper: the fields it applies to, and its table. */
export interface ValueRow {
  one: FieldChoice;
  two: FieldChoice;
  pairs: ValuePair[];
  /** further pairs from a sheet; those in `pairs` come first */
  sheet?: SheetSource;
  /** compare names without regard to case; preset true */
  ignoreCase?: boolean;
  /** use a value of the same name where the table has none; preset true */
  sameName?: boolean;
}

/**
 * People have another e-mail domain in the other system: `corp.example` of System 1 is `corp.onmicrosoft.example` of System
 * 2. `*.` in front stands for any sub-domain; on both sides, for the same one.
 */
export interface DomainRule {
  one: string;
  two: string;
  direction: DirectionSetting;
}

/** What happens to a field whose value has no counterpart in the target. */
export type UnresolvedPolicy = 'default' | 'leave' | 'park';
/** What happens to a field whose source is empty; `clear`: the target is emptied, too. */
export type EmptyPolicy = 'default' | 'clear' | 'leave' | 'park';

/** One row of the default mapper, for one target field in one direction. */
export interface DefaultRow {
  field: FieldChoice;
  /** the side the field is on */
  side: 1 | 2;
  /** the default; people may be given by login, e-mail address or name alone */
  value?: Value | UserValue;
  /** when the source has no value; preset: `default` if a value is given, else `clear` */
  empty?: EmptyPolicy;
  /** when a lookup value or a user has no counterpart; preset: `default` if a value is given, else `leave` */
  unresolved?: UnresolvedPolicy;
}

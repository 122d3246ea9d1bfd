/** What an admin configures: an integration, its pairs, and the rows of the mappers. Plain JSON, as saved in a flow. */

import type { DirectionSetting, EntityTypeId, LengthRule, PartRole, ProjectId, Side } from './entity';
import type { SameHow } from './same-text';
import { atSide, type Sides } from './sides';
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
  /** what of their parts is synced: comments of bugs and comments of issues */
  parts?: PartPair[];
  /** looks for what is there already before an item is created. Default: nothing is looked for */
  lookUp?: LookUpRule;
}

/** A field of each side whose texts are the same in items that belong together. */
export interface LookUpField {
  one: FieldChoice;
  two: FieldChoice;
  how: SameHow;
}

/** Stands for a field: the item's key, or its address. */
export const ITEM_KEY: FieldId = '@key';
export const ITEM_URL: FieldId = '@url';

/** What happens to a new item, by what is found in the target. In the order in which forms offer them. */
export const FOUND_NONE = ['create', 'skip', 'park'] as const;
export const FOUND_ONE = ['adopt', 'create', 'skip', 'park'] as const;
/** `adopt` takes the oldest */
export const FOUND_SEVERAL = ['park', 'adopt', 'create', 'skip'] as const;
/**
 * Fields that differ when an existing item is adopted. `rows`: as the conflict rules of the rows say; a whole side wins; the side
 * that changed last wins; or the change is parked. An empty field never replaces a value.
 */
export const ADOPTED_FIELDS = ['rows', 'source', 'target', 'newest', 'park'] as const;

/** What is looked for in the target before an item is created, and what becomes of that. */
export interface LookUpRule {
  /** all of them have to be the same. The first one is searched for, the others are compared */
  fields: LookUpField[];
  none: (typeof FOUND_NONE)[number];
  one: (typeof FOUND_ONE)[number];
  several: (typeof FOUND_SEVERAL)[number];
  differing: (typeof ADOPTED_FIELDS)[number];
}

/** Parts of a type pair's items: their types, and the way that they go. */
export interface PartPair extends Omit<TypePair, 'parts' | 'lookUp'> {
  role: PartRole;
  /** default: `original` */
  deletions?: DeletionPolicy;
  /** copies of comments begin with a line that says who wrote the original, and when. Default: on */
  authorLine?: boolean;
  /** what becomes of internal comments. Default: `leaveOut` */
  internal?: InternalPolicy;
  /** what becomes of edits that the target does not allow. Default: `auto` */
  edits?: EditPolicy;
  /** what becomes of files that the target does not take. Default: `leaveOut` */
  refused?: RefusedFilePolicy;
}

/**
 * Files that the target does not take: too large, empty, or of a kind that is not allowed. `leaveOut`: they are not synced; `link`: a
 * small text file with a link to the original takes their place.
 */
export type RefusedFilePolicy = (typeof REFUSED_FILE_POLICIES)[number];
/** In the order in which forms offer them. */
export const REFUSED_FILE_POLICIES = ['leaveOut', 'link'] as const;

/**
 * Edits of parts in a target where they cannot be made. `auto`: systems that can only append get the new text as another part;
 * elsewhere the change fails as any other does. `add`: as another part, also where the account may not edit. `report`: never.
 */
export type EditPolicy = (typeof EDIT_POLICIES)[number];
/** In the order in which forms offer them. */
export const EDIT_POLICIES = ['auto', 'add', 'report'] as const;

/**
 * Comments that not everybody may see. `leaveOut`: they are not synced; `keep`: they are, if the target can keep them internal;
 * `public`: they are, and a target that cannot keep them internal shows them to everybody.
 */
export type InternalPolicy = (typeof INTERNAL_POLICIES)[number];
/** In the order in which forms offer them. */
export const INTERNAL_POLICIES = ['leaveOut', 'keep', 'public'] as const;

/**
 * What becomes of the counterpart of a part that was deleted. `original`: deleting an original deletes its copy, deleting a
 * copy leaves the original; `both`: either deletes the other one; `none`: nothing is ever deleted.
 */
export type DeletionPolicy = (typeof DELETION_POLICIES)[number];
/** In the order in which forms offer them. */
export const DELETION_POLICIES = ['original', 'both', 'none'] as const;

/** How the items of a side point at their counterparts. */
export interface BacklinkSettings {
  /**
   * A text field that receives the counterpart's key. It shows people where an item comes from, and is the marker by
   * which a create whose answer was lost is found again.
   */
  key?: FieldId;
  /** a text or address field that receives the counterpart's address */
  url?: FieldId;
  /** a link to the counterpart, if the side's system has a place of its own for such. Default: off */
  link?: boolean;
  /** items from which others are created are given the same, by a write of their own. Default: off */
  back?: boolean;
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
  /** what the items of each side show of their counterparts; none: nothing */
  backlinks?: Partial<Sides<BacklinkSettings>>;
  /** how often an event that fails for its own fault is retried before it is parked; default 3 */
  retries: number;
  /**
   * an update of which the target refuses some fields for good is written without them, instead of being parked; the
   * fields stay unsynced until the entity's next change. Default: off
   */
  parkFields?: boolean;
  /** what becomes of a change whose counterpart is gone; default: park */
  targetDeleted?: TargetDeletedPolicy;
  /** milliseconds after which a message that never reached a writer counts as lost in the flow; default 10 minutes */
  lostAfterMs: number;
}

/** Id of a side's system node. */
export const systemOf = ({ system1, system2 }: Pick<IntegrationConfig, 'system1' | 'system2'>, side: Side): string =>
  atSide([system1, system2], side);

export type TargetDeletedPolicy = 'park' | 'create' | 'ignore';
/** What decides where both sides changed a field: the whole value of one of them, or a person. */
export type FallbackPolicy = (typeof FALLBACK_POLICIES)[number];
/** In the order in which forms offer them. */
export const FALLBACK_POLICIES = ['newest', 'system1', 'system2', 'park'] as const;
/** `merge`: lists and texts of several lines take the changes of both; if that can't be, the row's fallback decides. */
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

/**
 * What becomes of people whom a text mentions, if the target knows them: they are mentioned (`real`), but not by what comes in a
 * backlog (`new`), or shown by name (`names`).
 */
export const MENTION_POLICIES = ['real', 'new', 'names'] as const;
export type MentionPolicy = (typeof MENTION_POLICIES)[number];

/** One row of the field mapper: a System 1 field, a System 2 field, and how and when the value goes across. */
export interface FieldRow {
  one?: FieldChoice;
  two?: FieldChoice;
  direction: DirectionSetting;
  /** for a row with no source field: the value the target receives */
  constant?: Value;
  syncWhen?: SyncWhen;
  applyWhen?: ApplyWhen;
  /** default: `newest` for a row in both directions, otherwise the source wins */
  conflict?: ConflictPolicy;
  /** if `conflict` is `merge` and the changes collide; default `newest` */
  fallback?: FallbackPolicy;
  /** of rich text; default `new` */
  mentions?: MentionPolicy;
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
  /** false: the sheet is for the forward direction only; default true (columns swapped backward) */
  backward?: boolean;
}

/** One row of the value mapper: the fields it applies to, and its table. */
export interface ValueRow {
  one: FieldChoice;
  two: FieldChoice;
  pairs: ValuePair[];
  /** further pairs from a sheet; those in `pairs` come first */
  sheet?: SheetSource;
  /** compare names without regard to case; default true */
  ignoreCase?: boolean;
  /** use a value of the same name if the table has none; default true */
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
  /** the default; people may be given by login, email or name alone */
  value?: Value | UserValue;
  /** when the source has no value; default: `default` if a value is given, else `clear` */
  empty?: EmptyPolicy;
  /** when a lookup value or a user has no counterpart; default: `default` if a value is given, else `leave` */
  unresolved?: UnresolvedPolicy;
}

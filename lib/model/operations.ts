/** Running integrations and parked changes, as the sidebar and other tools receive them. Plain JSON. */

import type { Entity, EntityRef, Side } from './entity';
import type { FieldId, Fields, Value } from './values';

export interface SystemView {
  id: string;
  name: string;
  /** ISO 8601; absent while it is not paused */
  pausedUntil?: string;
  /** why it is paused */
  why?: string;
}

/** How a system's requests are shared out, by all flows that use it. */
export interface RequestsView {
  /** sent within the last hour */
  lastHour: number;
  /** under way, and waiting for their turn */
  out: number;
  waiting: number;
  /** how many a second are sent at most: as set, or as learned from refusals; absent = no known limit */
  perSecond?: number;
  /** what the system itself reports: units that are left until `resetAt` (ISO 8601) */
  quotas?: { name: string; limit: number; left: number; resetAt: string }[];
}

export interface SideView {
  system: SystemView;
  /** events by state, and links; `shown`: by a dry run, whose end they wait for */
  counts: {
    waiting: number;
    held: number;
    sent: number;
    retry: number;
    parked: number;
    shown: number;
    links: number;
  };
  /** entities that cannot be shown their counterparts, or not yet; absent if there are none */
  unshown?: { due: number; resting: number; why?: string };
  /** linked entities that are no longer synced: their types changed, moved out of the pairs, gone */
  diverged?: { count: number; first: string[] };
  /** projects and types that the system did not show at the last poll: what and why, a sentence for each */
  missing?: string[];
  polling: boolean;
  /** it was read before: the poller's Start counts no more */
  begun: boolean;
  /** the last poll that came to its end since the last deploy */
  lastPoll?: { at: string; read: number; recorded: number };
  /** when the next poll is due by the schedule, ISO 8601; absent if it is polled on demand only */
  nextPoll?: string;
  /** when the oldest change that is not finished and not parked was made, ISO 8601: the lag is its age */
  oldest?: string;
  requests: RequestsView;
}

/** A deployed integration. */
export interface IntegrationState {
  id: string;
  name: string;
  active: boolean;
  /** System 1, System 2; absent while it starts or cannot start */
  sides?: [SideView, SideView];
  starting?: boolean;
  /** why it cannot start */
  fault?: string;
  /** a writer of it only reports what it would do */
  dryRun?: boolean;
  /** it waits: another one does the same, or the store was lost, or a system has another server */
  held?: 'same' | 'store' | 'moved';
  /** no poller and no writer uses it, as on a disabled tab */
  unused?: boolean;
}

/** Target field → the value that a person wants written instead of the mapped one. */
export type Corrections = Record<FieldId, Correction>;

export type Correction =
  | {
      value: Value;
      /** the mapped value that it stands in for, absent if the field had none: another one is newer, and is written itself */
      instead?: Value;
    }
  /** of a conflict: the value of this side wins, whatever it is by then */
  | { side: Side; by?: string; value?: undefined };

/** Which side's value a conflict ends with. */
export interface Choice {
  side: Side;
  /** the source fields that the field is made from: the counterpart's own change is decided by them */
  from: FieldId[];
}

/** What people know a part (a comment, an attachment) by: its type, the key of its owner, its author, its first words. */
export interface AboutPart {
  type: string;
  owner: string;
  by?: string;
  words?: string;
}

/** A parked change in a list. */
export interface ParkedView {
  event: number;
  side: Side;
  /** where it was to go: the name of the target's system */
  to: string;
  entity: EntityRef;
  /** what people call the entity's type */
  typeName: string;
  /** of a part */
  part?: AboutPart;
  /** the linked entity; absent if it was to be created */
  counterpart?: EntityRef;
  error: {
    /** a SyncErrorKind */
    kind: string;
    message: string;
    /** target field → what is wrong */
    fields?: Record<FieldId, string>;
    /** what the system answered */
    answer?: string;
    /** id of the node in which it happened, if it was one before the writer */
    node?: string;
    at: string;
  };
  /** how often it was tried since it was last retried by hand */
  attempts: number;
  /** fields that a person has corrected before */
  corrected: FieldId[];
}

/**
 * The one thing that a person can do about a cause. `mapping`: change the row that maps the field, or the node that
 * failed; `value`: change the value in the source; `permission`: give the account more; `decide`: choose one of both
 * values; `counterpart`: restore it, or skip; `signIn`: correct the system node; `retry`: wait and retry; `look`: read
 * the system's answer.
 */
export type Advice = 'mapping' | 'value' | 'permission' | 'decide' | 'counterpart' | 'signIn' | 'retry' | 'look';

/** Parked changes that fail for the same reason. */
export interface CauseView {
  /** identifies it while it lasts */
  cause: string;
  /** of the source */
  side: Side;
  /** a SyncErrorKind */
  kind: string;
  /** target fields that are wrong */
  fields: FieldId[];
  /** of the oldest change */
  message: string;
  /** id of the node in which it happens, if it is one before the writer */
  node?: string;
  advice: Advice;
  count: number;
  /** when the first and the last of them failed, ISO 8601 */
  first: string;
  last: string;
}

/** Two linked items. */
export interface LinkView {
  /** the link's number */
  link: number;
  /** of side 1 and side 2 */
  ends: [EntityRef, EntityRef];
  /** the side whose item was created from the other one; absent if unknown */
  made?: Side;
}

/** A link with everything that the store knows of it. */
export interface LinkDetail extends LinkView {
  /** what people call the project and the type of each item */
  places: [{ project: string; type: string }, { project: string; type: string }];
  /** comments and files that are linked as well */
  parts: { ends: [EntityRef, EntityRef]; isFile: boolean; made?: Side }[];
  /** there are more parts */
  moreParts: boolean;
  /** fields of each side whose values never reached the other side completely */
  leftOut: [FieldId[], FieldId[]];
  /** the result of a write is unknown */
  inDoubt: boolean;
  /** unfinished changes of both items: an EventState, and the last failure */
  open: { event: number; side: Side; state: string; attempts: number; why?: string }[];
}

/** A row of a mapper in the deployed flow. */
export interface MappingRow {
  /** the mapper's node */
  node: string;
  /** what people call the node */
  name: string;
  /** place among its rows; absent if the node makes the field without a row */
  row?: number;
  /** the target field */
  field: FieldId;
}

/** A parked change with everything that is needed to understand it. */
export interface ParkedDetail extends ParkedView {
  /** the source entity as it was read */
  source: Entity;
  /** target fields as mapped; absent if it failed before it was mapped */
  mapped?: Fields;
  corrections: Corrections;
  /** a create of which it is not known whether it reached the target was begun at this time (ISO 8601) */
  undecidedSince?: string;
  /** a later change of the entity waits behind it */
  laterWaits: boolean;
  /** how many entities refer to this one and wait for its counterpart */
  awaitedBy: number;
  /** where it goes, to ask the target's system for its fields */
  target: { system: string; project: string; type: string };
}

/** What people see of running integrations and parked changes, as the sidebar and other tools are told it. Plain JSON. */

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
  /** entities that cannot be shown their counterparts, or not yet; absent where there are none */
  unshown?: { due: number; resting: number; why?: string };
  /** linked entities that are not kept in sync any more: their types changed, moved out of the pairs, gone */
  diverged?: { count: number; first: string[] };
  polling: boolean;
  /** it was read before: the poller's Start counts no more */
  begun: boolean;
  /** the last poll that came to its end since the last deploy */
  lastPoll?: { at: string; read: number; recorded: number };
}

/** Target field → the value that a person wants written instead of the mapped one. */
export type Corrections = Record<FieldId, Correction>;

export interface Correction {
  value: Value;
  /** the mapped value that it stands in for, absent where the field had none: another one is newer, and is written itself */
  instead?: Value;
}

/** A parked change in a list. */
export interface ParkedView {
  event: number;
  side: Side;
  /** where it was to go: the name of the target's system */
  to: string;
  entity: EntityRef;
  /** the linked entity; absent where it was to be created */
  counterpart?: EntityRef;
  error: {
    /** a SyncErrorKind */
    kind: string;
    message: string;
    /** target field → what is wrong */
    fields?: Record<FieldId, string>;
    /** what the system answered */
    answer?: string;
    /** id of the node in which it happened, where it was one before the writer */
    node?: string;
    at: string;
  };
  /** how often it was tried since it was last retried by hand */
  attempts: number;
  /** fields that a person has corrected before */
  corrected: FieldId[];
}

/** A parked change with everything that is needed to understand it. */
export interface ParkedDetail extends ParkedView {
  /** the source entity as it was read */
  source: Entity;
  /** target fields as mapped; absent where it failed before it was mapped */
  mapped?: Fields;
  corrections: Corrections;
  /** a create of which it is not known whether it reached the target was begun at this time (ISO 8601) */
  undecidedSince?: string;
  /** where it goes, to ask the target's system for its fields */
  target: { system: string; project: string; type: string };
}

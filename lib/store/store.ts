/**
 * The contract of the store: what must survive a kill -9. One store per Node-RED.
 *
 * Every call is one transaction: done completely or not at all when its promise settles. All calls take batches, since
 * the engine's cost per change is the number of transactions, not of rows.
 *
 * An event is in one of these states:
 *   waiting  ready to be claimed, in the order of `seq`
 *   held     an earlier event of the same entity is unfinished; becomes waiting when that one is finished
 *   sent     claimed; its message is on its way through the flow
 *   retry    failed for a reason that may pass; becomes waiting at `dueAt`
 *   parked   failed for good; waits for a person and holds back (only) later events of its own entity
 * A finished event (landed or skipped) is deleted. For each entity of a flow at most one event is waiting/sent/retry/
 * parked and at most one more is held: a new change folds into the waiting or held event, which takes the newer snapshot
 * and keeps its place.
 */

import type { Checkpoint } from '../connectors/connector';
import type { Entity, EntityId, EntityRef, Side } from '../model/entity';
import type { Fields } from '../model/values';

/** One side of one integration: what a poller reads. */
export interface Flow {
  integration: string;
  side: Side;
}

/** One end of a link. `baseline` holds the mapped fields' values when both ends were last in sync. */
export interface LinkEnd {
  system: string;
  ref: EntityRef;
  version: string;
  baseline: Fields;
}

export interface Link {
  id: number;
  integration: string;
  /** ends[0] is side 1, ends[1] is side 2 */
  ends: [LinkEnd, LinkEnd];
}

/** A create that was begun: whether it reached the target is not known until the event has landed. */
export interface Intent {
  event: number;
  /** ISO 8601, the target system's clock where known, else ours: nothing we created is older */
  since: string;
  marker?: string;
  /** what is created, to recognise it by */
  project: string;
  type: string;
  fields: Fields;
}

export interface StoredError {
  kind: string;
  message: string;
  /** field id → what is wrong */
  fields?: Record<string, string>;
  answer?: string;
  at: string;
}

export type EventState = 'waiting' | 'held' | 'sent' | 'retry' | 'parked';

export interface StoredEvent {
  seq: number;
  flow: Flow;
  state: EventState;
  /** the entity as it was read; `stale` = our own later write to it has landed since, so it must be read again */
  entity: Entity;
  stale: boolean;
  /** how many times its message was sent; a message of an earlier sending is not accepted any more */
  delivery: number;
  /** attempts that count towards parking */
  attempts: number;
  sentAt?: number;
  dueAt?: number;
  error?: StoredError;
  /** target fields as mapped when it was parked, for the person who looks at it */
  mapped?: Fields;
  link?: Link;
  intent?: Intent;
}

/** An event that has landed. */
export interface Landing {
  event: number;
  /** created or brought up to date; both ends with the versions and baselines that now hold */
  ends: [LinkEnd, LinkEnd];
  /** the side that was written, if any: snapshots of it that were read before this landing are stale */
  wrote?: Side;
}

export type Failure =
  | { event: number; to: 'retry'; dueAt: number; charge: boolean; error: StoredError }
  | { event: number; to: 'parked'; error: StoredError; mapped?: Fields };

export interface RecordSummary {
  /** new or folded events */
  recorded: number;
  /** entities whose version was known: read before, or our own write */
  known: number;
}

export interface FlowCounts {
  waiting: number;
  held: number;
  sent: number;
  retry: number;
  parked: number;
  links: number;
}

export interface Store {
  /**
   * A number larger than all given out or recorded before, also across restarts. Taken *before* a system is read, it
   * tells whether what was read is older than a landing.
   */
  sequence(): Promise<number>;

  /** Undefined until the first `record` or `setCheckpoint`. */
  checkpoint(flow: Flow): Promise<Checkpoint | undefined>;
  /** For a start time, a reset. Undefined forgets it. */
  setCheckpoint(flow: Flow, checkpoint: Checkpoint | undefined): Promise<void>;

  /**
   * Records what was read and how far, in one transaction. An entity whose version equals the one last recorded or
   * landed for this flow is known and makes no event. `system` is the side's system node id; `readAt` the sequence
   * taken before the page was requested.
   */
  record(flow: Flow, system: string, entities: Entity[], readAt: number, checkpoint: Checkpoint): Promise<RecordSummary>;

  /** Forgets which versions were read, so that everything is read again as if new; links stay. */
  forgetSeen(flow: Flow): Promise<void>;

  /**
   * Marks up to `limit` events as sent, oldest first, and returns them with link and intent. Events due for retry come
   * in first. Never returned: an event whose entity's counterpart (by link) has an event that is sent; an event of an
   * entity without link while an intent towards this flow's side, opened before the event was recorded, is open (the
   * entity may be what that create made).
   */
  claim(flow: Flow, limit: number, now: number): Promise<StoredEvent[]>;

  /** Takes newer snapshots of sent events; `undefined` entity = gone. Marks their versions as read. */
  refresh(events: { seq: number; entity: Entity; readAt: number }[]): Promise<void>;

  /** Puts what was sent back to waiting, uncharged: after a restart or a deploy. Returns how many. */
  recover(integration: string): Promise<number>;

  /** Sent events by number and delivery; undefined where finished, not sent, or sent again since. In order. */
  load(events: { seq: number; delivery: number }[]): Promise<(StoredEvent | undefined)[]>;

  /** Sent events of an integration whose `sentAt` is before `before` (ms since 1970). */
  overdue(integration: string, before: number, limit: number): Promise<StoredEvent[]>;

  /** Stored before a create is sent. Replaces an earlier intent of the same event. */
  openIntents(intents: Intent[]): Promise<void>;

  /**
   * Finishes events: link and baselines stored, intent closed, event deleted, versions of both ends known, held events
   * released, waiting events of either end that carry just the landed version dropped. An event that is no longer there
   * is passed over, but its link is stored all the same.
   */
  land(landings: Landing[]): Promise<void>;

  /** Finishes events without effect. */
  skip(events: number[]): Promise<void>;

  /** Moves sent events to retry or parked. `charge` counts the attempt. An open intent stays open. */
  fail(failures: Failure[]): Promise<void>;

  /** Parked events, oldest first. */
  parked(integration: string, offset: number, limit: number): Promise<StoredEvent[]>;
  /** Parked events back to waiting, attempts at 0; all of the integration where no numbers are given. Returns how many. */
  unpark(integration: string, events?: number[]): Promise<number>;

  linkOf(integration: string, side: Side, entity: EntityId): Promise<Link | undefined>;
  linksOf(integration: string, side: Side, entities: EntityId[]): Promise<(Link | undefined)[]>;
  /** Links of an entity in any integration. */
  linksBySystem(system: string, entity: EntityId): Promise<Link[]>;

  counts(integration: string): Promise<[FlowCounts, FlowCounts]>;

  /** Deletes everything of an integration. */
  purge(integration: string): Promise<void>;

  close(): Promise<void>;
}

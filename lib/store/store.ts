/**
 * The contract of the store: what must survive a kill -9. One store per Node-RED.
 *
 * Every call is one transaction: done completely or not at all when its promise settles, and durable then, also over a
 * loss of power. All calls take batches, since the engine's cost per change is the number of transactions, not of rows.
 * A call that fails throws a StoreError (disk full, locked, damaged …) whose text says what to do.
 *
 * An event is in one of these states:
 *   waiting  ready to be claimed, in the order of `seq`
 *   held     an earlier event of the same entity is unfinished; becomes waiting when that one is finished
 *   sent     claimed; its message is on its way through the flow
 *   retry    failed for a reason that may pass; becomes waiting at `dueAt`
 *   parked   failed for good; waits for a person and holds back (only) later events of its own entity
 *   shown    a dry run has shown what it would bring about; waits until the dry run ends, or for a newer change
 * A finished event (landed or skipped) is deleted. For each entity of a flow at most one event is waiting/sent/retry/
 * parked/shown, and at most one more is held, which happens only behind a sent or parked one. A new change folds: a
 * waiting, retry or shown event, else the held one, takes the newer snapshot and keeps its number, attempts and due time;
 * a shown one becomes waiting by it, so that it is shown anew. An event that stops being sent without being finished
 * (retry, recover, show) or parked (unpark) takes over the snapshot of the one held behind it, which is gone then.
 *
 * The *known version* of an entity in a flow: that of its newest unfinished event; where it has none, the one recorded
 * or refreshed last, or landed since. An entity read with its known version makes no event. Versions are compared for
 * equality only, so one that comes back (A, B, A, where versions are hashes of the content) is a change like any other:
 * it folds into the event that carries B, or makes a new one if B is finished.
 */

export type { Correction, Corrections } from '../model/operations';
export { StoreError, type StoreErrorKind } from './errors';

import type { Checkpoint } from '../connectors/connector';
import type { Entity, EntityId, EntityRef, Side } from '../model/entity';
import type { Corrections } from '../model/operations';
import type { FieldId, Fields, Value } from '../model/values';

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
  /**
   * Values that updates without a landing may have left in this end: sent, and then the answer was lost or the process
   * died. They are our own writes, not a person's edits. Absent where there are none.
   */
  pending?: Record<FieldId, Unlanded[]>;
  /**
   * Fields of this end whose value the other end never got, or not all of it: too long, without counterpart, refused. What
   * is there must not be overwritten by an edit of the other end that never saw it. Absent where there are none.
   */
  leftOut?: FieldId[];
}

/** A value that an update without a landing may have left in its target. */
export interface Unlanded {
  /** what it brings from the other end */
  sent: Value;
  /** the value that is written, where this end's own changes were put together with `sent` */
  written?: Value;
  /**
   * What the end showed before: that it shows later what was written more, or less, is the sign that the update arrived.
   * Absent = as the baseline.
   */
  over?: Value;
}

/** An update that is about to be sent to one end of a link. */
export interface UpdateIntent {
  link: number;
  side: Side;
  fields: Record<FieldId, Unlanded>;
}

export interface Link {
  id: number;
  integration: string;
  /** ends[0] is side 1, ends[1] is side 2 */
  ends: [LinkEnd, LinkEnd];
  /** the side whose end was made by us, from the other one; absent where nobody knows */
  made?: Side;
}

/** A link as it is looked at from other integrations: with the place of each end's system. */
export interface KinLink extends Link {
  places: [string, string];
}

/**
 * Why the create of an entity may not begin now. `begun`: another integration is creating the counterpart of an entity that
 * it is linked with, in the same place; `made`: the place has such a counterpart already.
 */
export type Hindrance = 'begun' | 'made';

/** A create that was begun: whether it reached the target is not known until the event has landed. */
export interface Intent {
  event: number;
  /** ISO 8601, the target system's clock where known, else ours: nothing we created is older */
  since: string;
  marker?: string;
  /** id of the system node in which it is created; absent = integrations are not looked across */
  system?: string;
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
  /** id of the node in which it happened, where it was one before the writer */
  node?: string;
  at: string;
}

export type EventState = 'waiting' | 'held' | 'sent' | 'retry' | 'parked' | 'shown';

export interface StoredEvent {
  seq: number;
  flow: Flow;
  state: EventState;
  /**
   * The entity as it was read. `stale` = it must be read again before it is used: a landing that was stored since
   * wrote this entity, or the event that it was held behind was refreshed after this snapshot was read.
   */
  entity: Entity;
  stale: boolean;
  /** how many times its message was sent; a message of an earlier sending is not accepted any more */
  delivery: number;
  /** attempts that count towards parking */
  attempts: number;
  /** ms since 1970; present while sent */
  sentAt?: number;
  /** ms since 1970; present while in retry */
  dueAt?: number;
  /** of the last failure, kept until the event is finished or unparked */
  error?: StoredError;
  /** target fields as mapped when it was parked, for the person who looks at it */
  mapped?: Fields;
  /** what a person has corrected, kept until the event is finished or corrected anew */
  corrections?: Corrections;
  link?: Link;
  intent?: Intent;
}

/** Which parked events are meant: all where nothing is given. */
export interface ParkedFilter {
  side?: Side;
  /** a part of the entity's id, key or type, or of the error's message; letters a to z without regard to case */
  search?: string;
}

/** One sending of an event: what `<event>.<delivery>` in a message stands for. */
export interface Sending {
  seq: number;
  delivery: number;
}

/** An event that has landed. */
export interface Landing {
  integration: string;
  event: number;
  /** the sending that landed */
  delivery: number;
  /**
   * Created or brought up to date; both ends with the versions and baselines that now hold. An end's `version` becomes
   * the entity's known version: it says that everything in that version is accounted for. Where the write's answer
   * shows changes by others besides our own, give an empty version, so that the next read makes an event of them.
   */
  ends: [LinkEnd, LinkEnd];
  /**
   * the side or sides that were written (or read anew, which accounts for what they show), if any: snapshots of them
   * that were read before this landing are stale
   */
  wrote?: Side | Side[];
  /**
   * fields of a side that was not written in which updates without a landing had been in doubt and are not any more: their
   * `pending` values are forgotten
   */
  settled?: { side: Side; fields: FieldId[] };
  /** the side whose end was made by this landing's write, from the other one; kept with a link that is new */
  made?: Side;
  /** id of a link that this one takes the place of: its counterpart is gone and was created again */
  replaces?: number;
  /** ends that have yet to show their counterpart, owed from now on, however often they were owed before */
  owes?: Side[];
  /**
   * entities of its own system that an end refers to and that have no counterpart yet in the other end's system: the end
   * waits for them, and for no others any more. Once links lead from such an entity to that system (`Store.counterparts`),
   * whichever integration stores them (or has stored them already), `claim` makes an event of the waiting end. So a new link
   * ends waits for its two entities, and for all that these are linked with. Absent: it waits for what it waited for.
   */
  awaits?: { side: Side; entities: EntityId[] };
}

/** Where a link leads from an entity, without what only a merge needs. */
export interface Counterpart {
  /** the integration that keeps the link */
  integration: string;
  /** the counterpart's side in it */
  side: Side;
  ref: EntityRef;
}

/** One end of a link is known by another key, address, project or type than before; its id is the same. */
export interface Moved {
  link: number;
  side: Side;
  ref: EntityRef;
  /** ends that have to show their counterpart anew */
  owes?: Side[];
}

/**
 * `delivery` is the sending that failed. `notCreated` closes the event's intent: the target certainly did not carry out
 * the create (it refused it, or the request never left). Without it an open intent stays open, and keeps holding back
 * new entities of the other side.
 */
export type Failure =
  | {
      event: number;
      delivery: number;
      to: 'retry';
      /** ms since 1970 */
      dueAt: number;
      charge: boolean;
      error: StoredError;
      notCreated?: boolean;
    }
  | {
      event: number;
      delivery: number;
      to: 'parked';
      error: StoredError;
      mapped?: Fields;
      notCreated?: boolean;
      /**
       * what the entity refers to that has no counterpart yet in the other side's system (`Landing.awaits`): once one has,
       * the event is tried again by itself, in case that was why it failed
       */
      awaits?: { system: string; toward: string; entities: EntityId[] };
    };

/**
 * An end of a link that has yet to show its counterpart to people: its key, its address. It is no event: it is written on
 * its own after the landing that made the link, and whatever becomes of it holds no event back. It is *due* at a time, or
 * *rests*, having failed for good, until somebody resumes it.
 */
export interface Owed {
  link: Link;
  /** the end that is to show the other one */
  side: Side;
  /** attempts that count towards resting */
  attempts: number;
  /** of the last failure */
  error?: StoredError;
}

/** What became of an owed end, by the link's number. */
export type OwedOutcome = { link: number; side: Side } & (
  | {
      to: 'done';
      /**
       * The entity's version before our write and after it, where nothing else happened to the entity in between. `after`
       * becomes the known version if `before` is it, and no event of the entity is unfinished.
       */
      version?: { before: string; after: string };
    }
  /** `dueAt` in ms since 1970 */
  | { to: 'retry'; dueAt: number; charge: boolean; error: StoredError }
  | { to: 'rest'; error: StoredError }
);

export interface OwedCounts {
  due: number;
  resting: number;
  /** of the newest one that rests */
  error?: StoredError;
}

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
  shown: number;
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
   * Records what was read and how far, in one transaction. An entity with its known version makes no event. `system` is
   * the side's system node id; `readAt` the sequence taken before the page was requested. The same entity twice in one
   * page counts twice; the later one is the newer.
   * @param checkpoint undefined leaves the stored one as it is: what was read lies ahead of it, and is met again
   * @param urgent the events made or renewed are urgent (see `claim`), and stay so until they are finished
   */
  record(
    flow: Flow,
    system: string,
    entities: Entity[],
    readAt: number,
    checkpoint: Checkpoint | undefined,
    urgent?: boolean,
  ): Promise<RecordSummary>;

  /**
   * Forgets which versions were read, so that everything is read again as if new; links and unfinished events stay (and
   * an entity that is read with the version of its unfinished event still makes no second one).
   */
  forgetSeen(flow: Flow): Promise<void>;

  /**
   * Marks up to `limit` events as sent and returns them with link and intent, in the order of `seq`: first the oldest
   * of the urgent ones, `urgent` of them at most, then the oldest of all.
   * Events due for retry (`dueAt` ≤ `now`) become waiting first, at least 1,000 of them per call. Never returned: an
   * event whose entity's counterpart (by link) has an event that is sent; an event of an entity without link while an
   * intent towards this flow's side, opened before the event was recorded, is open (the entity may be what that create
   * made). Where several integrations have stored anything, both hold across them: nothing is returned of an entity that is
   * sent in another one, or is linked, directly or over others, with one that is; and the intent may be that of any
   * integration towards the same place. The cost does not depend on how many events wait.
   *
   * Before that, for up to 1,000 references whose wait is over (`Landing.awaits`): the end that waited gets an event, unless
   * one of it is waiting, held or in retry anyway; one that is sent gets one held behind it; one that is shown or parked
   * becomes waiting (as by `unpark`). The snapshot of a new event is stale and names the entity only.
   * @param now ms since 1970; becomes `sentAt`
   * @param urgent preset 0: strictly the oldest first
   */
  claim(flow: Flow, limit: number, now: number, urgent?: number): Promise<StoredEvent[]>;

  /**
   * Takes newer snapshots of sent events; others are passed over. The version becomes known unless a change is held
   * behind the event; a held change of just this version is dropped, one that was read before `readAt` becomes stale.
   * An entity that is gone is not refreshed: the engine skips or fails its event.
   */
  refresh(events: { seq: number; entity: Entity; readAt: number }[]): Promise<void>;

  /** Puts what was sent back to waiting, uncharged: after a restart or a deploy. Returns how many. */
  recover(integration: string): Promise<number>;

  /** Sent events by number and delivery; undefined where finished, not sent, or sent again since. In order. */
  load(events: Sending[]): Promise<(StoredEvent | undefined)[]>;

  /** Sent events of an integration whose `sentAt` is before `before` (ms since 1970), longest sent first. */
  overdue(integration: string, before: number, limit: number): Promise<StoredEvent[]>;

  /**
   * Stored before a create is sent. Replaces an earlier intent of the same event; towards the other side's new entities
   * (see `claim`) it counts as opened when the earlier one was.
   * Where several integrations have stored anything, an intent is refused by what stands against it, and not stored.
   * @returns in order, undefined for an intent that was stored
   * @throws StoreError `notFound` where an event is gone: nothing is stored, nothing may be created
   */
  openIntents(intents: Intent[]): Promise<(Hindrance | undefined)[]>;

  /**
   * Stored before updates are sent: adds their values to the `pending` ones of that end. A landing that wrote the end
   * forgets them all. A link that is not there any more is passed over.
   */
  intendUpdates(updates: UpdateIntent[]): Promise<void>;

  /**
   * Finishes events: link and baselines stored, intent closed, event deleted, versions of both ends known, held events
   * released; waiting, held and shown events of either end that carry just the landed version (and have no open intent)
   * are dropped. An event that is no longer there is passed over, but its link is stored all the same. So it is for an
   * event that is not sent any more (recovered meanwhile) or was sent again since, unless it still waits with the
   * landed version: it stays, and will be sent again with what it holds now.
   *
   * A landing that would give an entity a second link in its integration has no effect at all; the others have theirs.
   * @returns in order, undefined for a landing that was stored, else a sentence that says which link stands against it
   */
  land(landings: Landing[]): Promise<(string | undefined)[]>;

  /**
   * Finishes events in any state without effect; their intents are closed, what was held behind them is released. Given
   * as a Sending, an event is finished only while that sending is under way. Unknown ones are passed over.
   */
  skip(events: (number | Sending)[]): Promise<void>;

  /** Moves sent events to retry or parked; passes over those not sent, or sent again since. `charge` counts the attempt. */
  fail(failures: Failure[]): Promise<void>;

  /**
   * Sent events become shown: nothing is charged, intents stay as they are. One with a change held behind it becomes
   * waiting instead, since what was shown is not the newest. Passed over: those not sent, or sent again since.
   */
  show(events: Sending[]): Promise<void>;

  /** All shown events of an integration become waiting again, whatever their number, at once. Returns how many. */
  unshow(integration: string): Promise<number>;

  /** Parked events, oldest first. */
  parked(integration: string, offset: number, limit: number, filter?: ParkedFilter): Promise<StoredEvent[]>;
  /** Numbers of parked events, rising, those after `after` only. */
  parkedNumbers(integration: string, after: number, limit: number): Promise<number[]>;
  /** An unfinished event of an integration, whatever its state. */
  event(integration: string, seq: number): Promise<StoredEvent | undefined>;
  /**
   * Parked events back to waiting, attempts at 0, error and mapped fields forgotten; all of the integration where no
   * numbers are given. Corrections, where given, take the place of those that the events have. Returns how many.
   */
  unpark(integration: string, events?: number[], corrections?: Corrections): Promise<number>;

  /**
   * Up to `limit` ends of the flow's side that are owed and due, the longest first. Never returned: one of a link of which
   * an entity has an event that is sent, since the two would write at once.
   * @param now ms since 1970
   */
  owed(flow: Flow, limit: number, now: number): Promise<Owed[]>;
  /** Passes over those that are not owed (any more): their link is gone. */
  settleOwed(outcomes: OwedOutcome[]): Promise<void>;
  /** Makes all that rest due at once, attempts at 0. Returns how many. */
  resumeOwed(integration: string): Promise<number>;
  /**
   * Owes an end of each link that was there before it was chosen to show counterparts: once for each `wish`, which says what
   * is shown. One that is due stays as it is, one that rests is due again. One call looks at up to `limit` links, of whatever
   * integration, and the next goes on behind them. Another wish begins anew; so does the same one after a call without.
   * @param wish undefined = nothing is to be shown
   * @returns whether another call may find more
   */
  oweEarlier(flow: Flow, wish: string | undefined, limit: number): Promise<boolean>;
  /** Of side 1 and side 2. */
  owedCounts(integration: string): Promise<[OwedCounts, OwedCounts]>;

  linkOf(integration: string, side: Side, entity: EntityId): Promise<Link | undefined>;
  /** The next links of an integration by their numbers, beyond `after`; 0 = from the first. */
  linksAfter(integration: string, after: number, limit: number): Promise<Link[]>;
  /** In the order of `entities`. */
  linksOf(integration: string, side: Side, entities: EntityId[]): Promise<(Link | undefined)[]>;
  /**
   * What links of any integration lead to from entities of a system, as far as it is in the system `toward` (perhaps the
   * same), by whatever nodes of their places: in the order of `entities`, the oldest link first. Where no link leads there
   * directly, and several integrations have stored anything: what is linked with the entity over others, each once, with the
   * link that was there first.
   */
  counterparts(system: string, entities: EntityId[], toward: string): Promise<Counterpart[][]>;
  /** Gives ends of links another ref. Passed over where the link is gone, or its end has another id. */
  move(moves: Moved[]): Promise<void>;
  /** Links of an entity in any integration, by whatever node of the same place, oldest first. */
  linksBySystem(system: string, entity: EntityId): Promise<Link[]>;

  /**
   * The server that a system node leads to. Nodes with the same place are one system wherever integrations are looked
   * across; without it a node is a place of its own. Kept, also when the node is gone.
   * @param by the integration that is at work over the node. Its links go along where the node leads elsewhere now (its
   *   server may have got another address); those of others stay where it led, until they say the same
   */
  setPlace(system: string, place: string, by: string): Promise<void>;
  /**
   * All links by which an entity is linked with others, directly or over others, in any integration, oldest first. None
   * where no integration but the one that asks has stored anything.
   */
  kinOf(system: string, entity: EntityId, by: string): Promise<KinLink[]>;
  /** Who the store is and how far, for those who are to notice that it was set back. @see witness.ts */
  state(): Promise<{ store: string; opened: number; newest: number }>;
  /**
   * Up to when (ISO 8601) the store does not know what it had made: entities that are not younger may have counterparts of
   * which it has no link. Undefined where it knows. Kept.
   */
  doubt(): Promise<string | undefined>;
  setDoubt(until: string | undefined): Promise<void>;

  /** Integrations of which anything is stored, deployed or not, in the order in which they first came. */
  integrationsKept(): Promise<string[]>;

  /** Of side 1 and side 2; each link counts on both. Cheap enough for a status line. */
  counts(integration: string): Promise<[FlowCounts, FlowCounts]>;

  /** Deletes everything of an integration. */
  purge(integration: string): Promise<void>;

  /** Frees the file for another process. Every later call throws. */
  close(): Promise<void>;
}

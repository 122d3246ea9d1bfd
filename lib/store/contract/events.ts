/**
 * The event queue: changes that were read, and the state of each until it has landed, was skipped or parked.
 *
 * An event is in one of these states:
 *   waiting  ready to be claimed, in the order of `seq`
 *   held     an earlier event of the same entity is unfinished; becomes waiting when that one is finished
 * sent claimed; its message is in the flow
 * retry failed for a reason that may pass; becomes waiting at `dueAt`
 * parked failed permanently; waits for a user and holds back (only) later events of its own entity
 * shown a dry run has reported it; waits until the dry run ends, or for a newer change
 * A new part (`Entity.owner`, without link) is also held while an older new part of the same owner and type is waiting, sent, in
 * retry or held for this reason: they stand in a *line*, so that comments keep their order; one that is parked or shown holds back none
 * but itself. One that comes back (unpark, unshow, a newer change) takes the place of its number again: a younger one that waits is held
 * then. `claim` may send several of a line together; which of them may be written says `inTurn`.
 * A finished event (landed or skipped) is deleted. For each entity of a flow at most one event is waiting/sent/retry/
 * parked/shown, and at most one more is held, which happens only behind a sent or parked one; a new part may be held alone. A new change folds: a
 * waiting, retry or shown event, else the held one, takes the newer snapshot and keeps its number, attempts and due time;
 * a shown one becomes waiting by it, so that it is shown again. An event that stops being sent without being finished
 * (retry, recover, show) or parked (unpark) takes over the snapshot of the one held behind it, which is gone then.
 *
 * The *known version* of an entity in a flow is the version of its newest unfinished event. Without one, it is the
 * version that was last recorded, refreshed or landed. An entity read with its known version makes no event. Versions
 * are compared for equality only, so a version that returns (A, B, A, if versions are hashes of the content) is a
 * change like any other: it folds into the event with B, or makes a new one if B is finished.
 */

import type { Checkpoint } from '../../model/checkpoint';
import type { Entity, EntityId, EntityTypeId, Side } from '../../model/entity';
import type { Corrections } from '../../model/operations';
import type { FieldId, Fields } from '../../model/values';
import type { Flow } from './flow';
import type { Link, LinkEnd } from './links';

export type EventState = 'waiting' | 'held' | 'sent' | 'retry' | 'parked' | 'shown';

export interface StoredError {
  kind: string;
  message: string;
  /** field id → error */
  fields?: Record<string, string>;
  answer?: string;
  /** id of the node in which it happened, if it was a node before the writer */
  node?: string;
  at: string;
}

/** A create that was started: it is unknown whether it reached the target until the event has landed. */
export interface Intent {
  event: number;
  /** ISO 8601, the target system's clock if known, else the local one: nothing that Twinflow created is older */
  since: string;
  marker?: string;
  /** id of the system node in which it is created; absent = other integrations are not checked */
  system?: string;
  /** of a part: the entity that gets it. Only new parts of the same type and owner can be what is made */
  owner?: EntityId;
  /** the created values, for recognizing it */
  project: string;
  type: string;
  fields: Fields;
}

/**
 * Why the create of an entity cannot start now. `begun`: another integration is creating the counterpart of an entity
 * that it is linked with, in the same place; `made`: the place already has such a counterpart; `stale`: what was read of
 * the entity must be read again, since it may have been deleted.
 */
export type Hindrance = 'begun' | 'made' | 'stale';

export interface StoredEvent {
  seq: number;
  flow: Flow;
  state: EventState;
  /**
   * The entity as it was read. `stale` = it must be read again before it is used: a later landing wrote this entity, or
   * the event that it was held behind was refreshed after this snapshot was read.
   */
  entity: Entity;
  stale: boolean;
  /** how many times its message was sent; messages of earlier sendings are not accepted */
  delivery: number;
  /** attempts that count towards parking */
  attempts: number;
  /** ms since 1970; present while sent */
  sentAt?: number;
  /** ms since 1970; present while in retry */
  dueAt?: number;
  /** the last failure, kept until the event is finished or unparked */
  error?: StoredError;
  /** target fields as mapped when it was parked, for the user who views it */
  mapped?: Fields;
  /** a user's corrections, kept until the event is finished or corrected again */
  corrections?: Corrections;
  link?: Link;
  intent?: Intent;
}

/** One sending of an event, identified in a message by `<event>.<delivery>`. */
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
   * Created or updated: both ends with their current versions and baselines. An end's `version` becomes the entity's
   * known version: everything in that version is accounted for. If the write's answer also shows changes by others,
   * give an empty version, so that the next read makes an event of them.
   */
  ends: [LinkEnd, LinkEnd];
  /**
   * the side or sides that were written (or read again, which accounts for their current values), if any: earlier
   * snapshots of them are stale
   */
  wrote?: Side | Side[];
  /**
   * fields for which this landing accounts: if updates without a landing had left them in doubt, they are not any more. Their
   * `pending` values are forgotten, also in the links of the same two entities in other integrations. Of a side that was
   * written, this link itself forgets all
   */
  settled?: { side: Side; fields: FieldId[] }[];
  /** the side whose end was created by this landing's write, from the other one; kept with a new link */
  made?: Side;
  /**
   * id of a link that this one takes the place of: its counterpart is gone and was created again. Its parts' links end with it,
   * their unfinished events too, and their known versions are forgotten: they are new again
   */
  replaces?: number;
  /** ends that have yet to get their backlink, owed from now on, however often they were owed earlier */
  owes?: Side[];
  /**
   * entities of its own system that an end refers to and that have no counterpart yet in the other end's system: the end
   * waits for them, and for no others any more. Once links lead from such an entity to that system (`Store.counterparts`),
   * whichever integration stores them (or has stored them already), `claim` makes an event of the waiting end. So a new link
   * ends waits for its two entities, and for all that these are linked with. Absent: it waits for what it waited for.
   * With `since`, all of it is over at once if a part of the end, or of its owner if it is a part itself, has been linked since that
   * sequence.
   */
  awaits?: { side: Side; entities: EntityId[]; since?: number };
  /** further names by which other entities of their systems await the ends: these waits are over, too */
  aliases?: [EntityId[], EntityId[]];
  /**
   * of two parts: the number of their owners' link, with which theirs ends. A landing whose owners' link is gone, or is one of
   * parts itself, is refused. A link that is there already keeps the owner that it has
   */
  owner?: number;
  /**
   * of two parts: how the write of one has moved the version of its owner. `after` becomes the owner's known version if `before` is
   * it, and no event of the owner is unfinished
   */
  ownerMoved?: { side: Side; before: string; after: string };
  /** ends whose parts are to be read now (contract/parts.ts) */
  asks?: Side[];
  /** parts that this event's writes made beside its ends, linked with nothing: these versions of them make no events */
  added?: { side: Side; id: EntityId; version: string }[];
}

/**
 * A counterpart was deleted along with the entity of the event: the link ends, and so does the event. So do links of the same two in
 * other integrations. Further links of the two that know them as deleted get an event of that once more: what was kept since it was a
 * copy of a copy may have to go now.
 */
export interface Ending {
  event: number;
  delivery: number;
  link: number;
}

/**
 * `delivery` is the sending that failed. `notCreated` closes the event's intent: the target certainly did not carry out
 * the create (it rejected it, or the request was never sent). Otherwise an open intent stays open and keeps holding
 * back new entities of the other side.
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
       * entities that the entity refers to and that have no counterpart yet in the other side's system
       * (`Landing.awaits`): once one has, the event is tried again automatically, in case that was the reason
       */
      awaits?: { system: string; toward: string; entities: EntityId[] };
    };

export interface RecordSummary {
  /** new or folded events */
  recorded: number;
  /** entities with a known version: already read, or written by Twinflow */
  known: number;
}

/** The role of reader and writer: read changes are stored, messages and landings come out. */
export interface EventQueue {
  /**
   * A number larger than all given out or recorded earlier, also across restarts. Taken *before* a system is read, it
   * shows whether the result is older than a landing.
   */
  sequence(): Promise<number>;

  /**
   * Records what was read and how far, in one transaction. An entity with its known version makes no event. `system` is
   * the side's system node id; `readAt` the sequence taken before the page was requested. The same entity twice in one
   * page counts twice; the later one is the newer.
   * @param checkpoint undefined leaves the stored one as it is: what was read lies ahead of it, and is met again
   * @param urgent the events made or renewed are urgent (see `claim`), and stay so until they are finished
   * @param owners types whose parts are synced: of their entities that are recorded and have a link, the parts are to be
   *   read; none = parts are not synced: what `Parts.askEarlier` asked for is forgotten
   */
  record(
    flow: Flow,
    system: string,
    entities: Entity[],
    readAt: number,
    checkpoint: Checkpoint | undefined,
    urgent?: boolean,
    owners?: readonly EntityTypeId[],
  ): Promise<RecordSummary>;

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
   * With `ofLine`, new parts that are held in the line of a returned one, right behind it, are returned as well, as far as `limit` leaves
   * room: as many of each line, the oldest line first.
   * @param now ms since 1970; becomes `sentAt`
   * @param urgent default 0: strictly the oldest first
   * @param ofLine how many new parts of one line are returned at most; default 1
   */
  claim(flow: Flow, limit: number, now: number, urgent?: number, ofLine?: number): Promise<StoredEvent[]>;

  /**
   * Whether each of these may be written now, in the order of their numbers: all that are before it in its line, but for those that are
   * parked or shown, are among them and may be written, too. True for what stands in no line; false for what is not sent, or was sent
   * again since.
   */
  inTurn(events: Sending[]): Promise<boolean[]>;

  /**
   * Takes newer snapshots of sent events; others are passed over. The version becomes known unless a change is held
   * behind the event; a held change of just this version is dropped, one that was read before `readAt` becomes stale.
   * An entity that is gone is not refreshed: the engine skips or fails its event.
   */
  refresh(events: { seq: number; entity: Entity; readAt: number }[]): Promise<void>;

  /** Returns sent events to waiting, uncharged: after a restart or a deploy. Returns their number. */
  recover(integration: string): Promise<number>;

  /** Sent events by number and delivery; undefined if finished, not sent, or sent again since. In order. */
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
   * Removes links, and with them everything that stands for them; finishes their events, and drops what else is unfinished of
   * either end. Both ends count as deleted (`DELETED_VERSION` is their known version). An event that is not sent any more, or was
   * sent again since, is passed over with its link.
   * Snapshots of the two that were read before are stale in every integration, also those that are recorded later.
   */
  end(endings: Ending[]): Promise<void>;

  /**
   * Finishes events in any state without effect; their intents are closed, what was held behind them is released. Given
   * as a Sending, an event is finished only while that sending is under way. Unknown ones are passed over.
   */
  skip(events: (number | Sending)[]): Promise<void>;

  /** Moves sent events to retry or parked; skips those not sent, or sent again since. `charge` counts the attempt. */
  fail(failures: Failure[]): Promise<void>;

  /**
   * Sent events become shown: nothing is charged, intents stay unchanged. An event with a change held behind it becomes
   * waiting instead, because the reported state is not the newest. Skipped: those not sent, or sent again since.
   */
  show(events: Sending[]): Promise<void>;

  /** All shown events of an integration become waiting again at once, whatever their number. Returns their number. */
  unshow(integration: string): Promise<number>;
}

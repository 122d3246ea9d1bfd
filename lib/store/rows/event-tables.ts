/** Rows of events and their related data; deleted with their event: snapshot, failure, text, corrections, intent. */

/** Numbers for the states of an event; part of the file format. */
export const STATE = { waiting: 0, held: 1, sent: 2, retry: 3, parked: 4, shown: 5 } as const;

/** The state of an event, without its snapshot. */
export type EventRow = {
  seq: number;
  flow: number;
  entity: string;
  version: string;
  /** one of STATE */
  state: number;
  /** 1 if the entity has a link */
  linked: number;
  /** 1 if it goes before a backlog */
  urgent: number;
  readAt: number;
  delivery: number;
  /** for a part: its owner and the number of its own type; null for all others */
  owner: string | null;
  type: number | null;
};

/** New parts (`linked` 0) of one owner and type. */
export type LineKey = { flow: number; owner: string; type: number };

export type FullEventRow = EventRow & {
  attempts: number;
  sentAt: number | null;
  dueAt: number | null;
  snapshot: string;
  error: string | null;
  mapped: string | null;
  corrections: string | null;
  intent: string | null;
};

/** Selects waiting events: `linked` only those with a link. */
export interface WaitingKind {
  urgent: boolean;
  linked: boolean;
}

/** By `seq`. An entity of a flow has at most one held event, and at most one other. */
export interface EventTable {
  get(seq: number): EventRow | undefined;
  full(seq: number): FullEventRow | undefined;
  /** Of an entity; the held one last. */
  of(flow: number, entity: string): EventRow[];

  /** With `seq` between `after` and `before`, both excluded, in order: by an index, so that the cost depends on
   * `limit`. */
  waiting(kind: WaitingKind, flow: number, after: number, before: number, limit: number): EventRow[];
  /** In retry with `dueAt` up to `now`, the first due first. */
  due(flow: number, now: number, limit: number): EventRow[];
  /** Sent, of both flows of an integration. */
  sent(integration: number): EventRow[];
  /** Numbers of those of an integration that were sent before `before` (ms since 1970), longest sent first. */
  sentBefore(integration: number, before: number, limit: number): number[];
  /** Of an entity, in all flows that read the system. */
  from(system: number, entity: string): EventRow[];
  /** All of parts of an owner, in the order of `seq`. */
  ofOwner(flow: number, owner: string): EventRow[];
  /**
   * The oldest new part of a line that is waiting, sent or in retry, or that is held though its entity has no other event. Found by
   * an index: the cost does not follow how many are held.
   */
  first(line: LineKey): EventRow | undefined;
  /** Those like the first beyond `after`, in the order of `seq`. */
  behind(line: LineKey, after: number, limit: number): EventRow[];
  /** All that are parked in an integration, in the order of `seq`. */
  allParked(integration: number): EventRow[];
  /** Numbers of parked ones beyond `after`, in order. */
  parked(integration: number, after: number, limit: number, offset: number): number[];
  /** Numbers of parked ones of a flow (null = both) whose text contains `part`, in order. */
  parkedWith(integration: number, flow: number | null, part: string, limit: number, offset: number): number[];
  /** Why events are parked, beyond `after`, in the order of `seq`. */
  parkedErrors(integration: number, after: number, limit: number): { seq: number; flow: number; error: string }[];
  /** The lowest number of a flow's events that are waiting, sent or in retry. */
  oldestOpen(flow: number): number | undefined;
  /** Their number by flow and state. Called once, when the store is opened. */
  counts(): { flow: number; state: number; n: number }[];

  /** A new one: its `delivery` and `attempts` are 0. */
  insert(row: EventRow, snapshot: string): void;
  replaceSnapshot(seq: number, version: string, readAt: number, snapshot: string): void;
  /** Gives an event version, `readAt` and snapshot of another one. */
  takeSnapshot(seq: number, from: EventRow): void;
  setReadAt(seq: number, readAt: number): void;
  /** Of all events. */
  setAllReadAt(readAt: number): void;
  setUrgent(seq: number): void;
  /** Of all events of an entity. */
  setLinked(flow: number, entity: string, linked: number): void;
  /** `sentAt` and `dueAt` become null. */
  setState(seq: number, state: number): void;
  /** Sent at `now`: the next delivery. */
  setSent(seq: number, now: number): void;
  /** In retry until `dueAt`, with this many more attempts. */
  setRetry(seq: number, dueAt: number, attempts: number): void;
  resetAttempts(seq: number): void;
  setFailure(seq: number, error: string, mapped: string | null): void;
  removeFailure(seq: number): void;
  /** The text by which a parked event is found; in lower case. */
  setText(seq: number, text: string): void;
  removeText(seq: number): void;
  /** null deletes them. */
  setCorrections(seq: number, corrections: string | null): void;
  /** The new parts of a line beyond `seq` that are waiting become held. @returns how many */
  hold(line: LineKey, seq: number): number;
  /**
   * All of a flow that are shown become waiting. In a line with one that is shown, only the oldest may be waiting: the others of
   * them, and those that were waiting, become held.
   * @returns how many were shown, and how many more are held now
   */
  unshow(flow: number): { shown: number; held: number };
  remove(seq: number): void;
  removeFlow(flow: number): void;
}

export type IntentRow = {
  seq: number;
  /** the flow of the side on which the entity is created */
  toward: number;
  /** the sequence when the first intent of the event was stored */
  opened: number;
  intent: string;
  place: number | null;
  /** of a part: the entity that gets it, and the number of the part's type; null for all others */
  owner: string | null;
  type: number | null;
};

/** The new parts of one type that an entity gets. */
export type PartPlace = { owner: string; type: number };

/** By the event's `seq`. */
export interface IntentTable {
  any(): boolean;
  has(seq: number): boolean;
  /** When the oldest one was opened that is not of a part. */
  oldestToward(flow: number): number | undefined;
  oldestToPlace(place: number): number | undefined;
  /** The same of those of these parts. */
  oldestPartToward(flow: number, part: PartPlace): number | undefined;
  oldestPartToPlace(place: number, part: PartPlace): number | undefined;
  /** Of which events. */
  eventsOf(place: number): { flow: number; entity: string }[];
  /** An existing one keeps its `opened`. */
  put(row: IntentRow): void;
  remove(seq: number): void;
}

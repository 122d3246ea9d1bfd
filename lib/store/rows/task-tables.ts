/** Rows of tasks besides events: backlinks, waits for the counterparts of references, reads of parts. */

export type BacklinkRow = { link: number; flow: number; dueAt: number; attempts: number; error: string | null };

/** The position of a read by `dueAt` and `link`. */
export type BacklinkPosition = Pick<BacklinkRow, 'dueAt' | 'link'>;

/** By link and flow of the end. `dueAt` null = it rests. */
export interface BacklinkTable {
  /** With `dueAt` up to `now`, by `dueAt` and `link`, after a position. */
  due(flow: number, now: number, after: BacklinkPosition, limit: number): BacklinkRow[];
  /** Due at 0, without attempts and error, whatever it was before. */
  put(link: number, flow: number): void;
  /** The same for links of an integration beyond `after`, up to `upTo`; those that are due stay unchanged. */
  putAll(flow: number, integration: number, after: number, upTo: number): void;
  setRetry(link: number, flow: number, dueAt: number, attempts: number, error: string): void;
  setResting(link: number, flow: number, error: string): void;
  /** All that rest become due at 0, without attempts. @returns their number */
  resume(flow: number): number;
  /** @returns whether there was one */
  remove(link: number, flow: number): boolean;
  counts(flow: number): { due: number; resting: number };
  /** The resting one with the newest link. */
  newestError(flow: number): string | undefined;
}

/** `due` 1: the entity now has a counterpart in `toward`. */
export type AwaitedRow = {
  system: number;
  entity: string;
  toward: number;
  flow: number;
  waiter: string;
  due: number;
};

/** By number; each of them once. */
export interface AwaitedTable {
  isEmpty(): boolean;
  /** The systems in which counterparts of an entity are awaited that are not due. */
  towards(system: number, entity: string): number[];
  /** How many wait for an entity and are not due. */
  waitersOf(system: number, entity: string): number;
  /** The oldest first. */
  due(flow: number, limit: number): { id: number; waiter: string }[];
  /** The number of those due by flow. Called once, when the store is opened. */
  counts(): { flow: number; n: number }[];
  /** @returns whether there was no equal one */
  insert(row: AwaitedRow): boolean;
  /** @returns the flows of those that become due by this */
  setDue(system: number, entity: string, toward: number): number[];
  remove(id: number): void;
  /** @returns how many of them were due */
  removeOf(flow: number, waiter: string): number;
  removeFlow(flow: number): void;
}

/** `asked`: the sequence of the last request. */
export type ReadingRow = { link: number; flow: number; dueAt: number; step: number; asked: number };

/** By the owners' link and the flow of the end whose parts are to be read. */
export interface ReadingTable {
  get(link: number, flow: number): ReadingRow | undefined;
  /** With `dueAt` up to `now`, by `dueAt` and `link`. */
  due(flow: number, now: number, limit: number): ReadingRow[];
  /** The lowest `dueAt`. */
  next(flow: number): number | undefined;
  /** Replaces an existing one. */
  put(row: ReadingRow): void;
  /** Asks, due at 0 and with step 0, for links of an integration beyond `after`, up to `upTo`. */
  putAll(flow: number, integration: number, after: number, upTo: number, asked: number): void;
  remove(link: number, flow: number): void;
}

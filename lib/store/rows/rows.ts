/**
 * The operations of a database for the store: it stores rows, finds them by the keys and in the orders named here, and
 * runs transactions. Which row changes when, and why, is decided once for all databases in ../machine/; a database
 * knows nothing of it. docs/contributing/store.md describes how to add one.
 *
 * Columns are plain: numbers, texts, bytes, null. Values, errors and snapshots are JSON that only the machine reads.
 * Integrations, systems, types, projects and other repeated texts are stored once (`NameTable`) and referenced by
 * number. A flow is the number of its integration × 2, + 1 for side 2.
 *
 * A returned row belongs to the reader: later writes do not change it.
 */

import type { EventTable, IntentTable } from './event-tables';
import type { JournalTable } from './journal-tables';
import type { LinkTable, PendingTable } from './link-tables';
import type { AwaitedTable, BacklinkTable, ReadingTable } from './task-tables';

export interface Rows {
  /**
   * Runs the work in one transaction: all or nothing is stored. Calls run one after the other, in the order in which
   * they were made. The work is synchronous: nothing else happens between its steps, and a step costs no turn of the
   * event loop.
   * @throws StoreError and the work's errors
   */
  write<T>(work: () => T): Promise<T>;
  /**
   * Like `write`, but when it returns, the work and everything stored earlier is on disk: for data that must survive
   * even a power failure, because something irrevocable follows.
   */
  writeDurably<T>(work: () => T): Promise<T>;
  /** Runs work that only reads, on a single state of the data. */
  read<T>(work: () => T): Promise<T>;
  /** Connects data in memory with the transactions. */
  follow(memory: Memory): void;
  /** @throws StoreError closed */
  assertOpen(): void;
  close(): void;

  readonly identity: IdentityTable;
  readonly sequence: SequenceTable;
  readonly integrations: NameTable;
  /** systems, places, types, projects, URL prefixes, shapes and shared values of baselines */
  readonly names: NameTable;
  readonly places: PlaceTable;
  readonly flows: FlowTable;
  readonly seen: SeenTable;
  readonly events: EventTable;
  readonly intents: IntentTable;
  readonly links: LinkTable;
  readonly pending: PendingTable;
  readonly backlinks: BacklinkTable;
  readonly awaited: AwaitedTable;
  readonly readings: ReadingTable;
  readonly journal: JournalTable;
}

/** Data in memory beside the rows: it keeps its changes on commit and discards them on rollback. */
export interface Memory {
  commit(): void;
  rollback(): void;
}

/** One row: the store's identity. */
export interface IdentityTable {
  /** `opened`: how many times it was opened; `doubt`: ISO 8601 */
  get(): { name: string; opened: number; doubt: string | null };
  countOpening(): void;
  setDoubt(until: string | null): void;
}

/** One row: the highest number that may have been given out. */
export interface SequenceTable {
  reserved(): number;
  reserve(upTo: number): void;
}

/** Texts, each stored once. Numbers start at 1. */
export interface NameTable {
  find(name: string): number | undefined;
  nameOf(id: number): string | undefined;
  /** @returns its number */
  insert(name: string): number;
  remove(id: number): void;
  /** In the order of their numbers. */
  all(): string[];
  /** There is more than one. */
  hasSeveral(): boolean;
}

export type FormerRow = { integration: number; system: number; place: number };

/** Few rows, read completely. */
export interface PlaceTable {
  all(): { system: number; place: number }[];
  set(system: number, place: number): void;
  formers(): FormerRow[];
  /** Leaves an existing one unchanged. */
  addFormer(row: FormerRow): void;
  removeFormer(integration: number, system: number): void;
  removeFormers(integration: number): void;
}

export type FlowRow = {
  checkpoint: string | null;
  /** the setting for backlinks */
  wish: string | null;
  /** the link up to which that was owed; null = up to the last */
  wishedUpTo: number | null;
  /** which parts are synced */
  partsWish: string | null;
  /** the link up to which they were requested; null = up to the last */
  partsUpTo: number | null;
  /** JSON: how far existing items were brought over */
  existing: string | null;
};

/** By flow; each setter creates the row if there is none. */
export interface FlowTable {
  get(flow: number): FlowRow | undefined;
  /** The system that it reads. */
  system(flow: number): number | undefined;
  setCheckpoint(flow: number, checkpoint: string | null): void;
  setSystem(flow: number, system: number): void;
  setWish(flow: number, wish: string | null, upTo: number | null): void;
  setPartsWish(flow: number, wish: string | null, upTo: number | null): void;
  setExisting(flow: number, existing: string | null): void;
  remove(flow: number): void;
}

/** The version of each entity that was last recorded, refreshed or landed. */
export interface SeenTable {
  version(flow: number, entity: string): string | undefined;
  set(flow: number, entity: string, version: string): void;
  remove(flow: number, entity: string): void;
  /** Of all linked parts of a flow of which there is none. */
  addParts(flow: number, version: string): void;
  removeFlow(flow: number): void;
}

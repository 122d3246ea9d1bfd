/**
 * The store over rows in memory, for tests: the smallest database that does what lib/store/rows asks. It is stricter than a real
 * one: what writes in a transaction that only reads fails.
 */

import { StoreError } from '../../../lib/store/errors';
import { createStore } from '../../../lib/store/machine/store';
import type { Memory, Rows } from '../../../lib/store/rows/rows';
import type { Store } from '../../../lib/store/store';
import { MemoryData } from './data';
import { MemoryEvents, MemoryIntents } from './events';
import { MemoryJournal } from './journal';
import { MemoryLinks, MemoryPending } from './links';
import { MemoryFlows, MemoryIdentity, MemoryNames, MemoryPlaces, MemorySeen, MemorySequence } from './small';
import { MemoryAwaited, MemoryBacklinks, MemoryReadings } from './tasks';

export { MemoryData } from './data';

/**
 * @param data of a store that was closed, to open it again
 * @throws StoreError locked – it is open
 */
export async function openMemoryStore(data = new MemoryData()): Promise<Store> {
  if (data.isOpen) throw new StoreError('locked', 'The store in memory is open already.');
  data.isOpen = true;
  return createStore(new MemoryRows(data));
}

class MemoryRows implements Rows {
  private readonly memories: Memory[] = [];
  readonly identity: MemoryIdentity;
  readonly sequence: MemorySequence;
  readonly integrations: MemoryNames;
  readonly names: MemoryNames;
  readonly places: MemoryPlaces;
  readonly flows: MemoryFlows;
  readonly seen: MemorySeen;
  readonly events: MemoryEvents;
  readonly intents: MemoryIntents;
  readonly links: MemoryLinks;
  readonly pending: MemoryPending;
  readonly backlinks: MemoryBacklinks;
  readonly awaited: MemoryAwaited;
  readonly readings: MemoryReadings;
  readonly journal: MemoryJournal;

  constructor(private readonly data: MemoryData) {
    this.identity = new MemoryIdentity(data);
    this.sequence = new MemorySequence(data);
    this.integrations = new MemoryNames(data.integrations);
    this.names = new MemoryNames(data.names);
    this.places = new MemoryPlaces(data);
    this.flows = new MemoryFlows(data);
    this.seen = new MemorySeen(data);
    this.events = new MemoryEvents(data);
    this.intents = new MemoryIntents(data);
    this.links = new MemoryLinks(data);
    this.pending = new MemoryPending(data);
    this.backlinks = new MemoryBacklinks(data);
    this.awaited = new MemoryAwaited(data);
    this.readings = new MemoryReadings(data);
    this.journal = new MemoryJournal(data);
  }

  write<T>(work: () => T): Promise<T> {
    return this.transaction(true, work);
  }

  writeDurably<T>(work: () => T): Promise<T> {
    return this.transaction(true, work);
  }

  read<T>(work: () => T): Promise<T> {
    return this.transaction(false, work);
  }

  follow(memory: Memory): void {
    this.memories.push(memory);
  }

  assertOpen(): void {
    if (!this.data.isOpen) throw new StoreError('closed', 'The store in memory was closed.');
  }

  close(): void {
    this.data.isOpen = false;
  }

  private async transaction<T>(mayWrite: boolean, work: () => T): Promise<T> {
    this.assertOpen();
    try {
      const result = this.data.journal.run(mayWrite, work);
      for (const memory of this.memories) memory.commit();
      return result;
    } catch (error) {
      for (const memory of this.memories) memory.rollback();
      throw error;
    }
  }
}

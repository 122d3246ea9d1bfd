/** A connector's bounded memory of single entities: the newest entries, and the results of its own writes. */

import { randomUUID } from 'node:crypto';
import type { Entity } from '../../model/entity';

/** A map that keeps its newest entries. An entry that is set again becomes the newest. */
export class Recent<K, V> implements Iterable<[K, V]> {
  private readonly map: Map<K, V>;

  /**
   * @param limit maximum number of entries
   * @param entries oldest first
   */
  constructor(
    private readonly limit: number,
    entries: Iterable<readonly [K, V]> = [],
  ) {
    this.map = new Map();
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.map.size;
  }

  get(key: K): V | undefined {
    return this.map.get(key);
  }

  set(key: K, value: V): void {
    this.map.delete(key);
    this.map.set(key, value);
    for (const oldest of this.map.keys()) {
      if (this.map.size <= this.limit) break;
      this.map.delete(oldest);
    }
  }

  delete(key: K): void {
    this.map.delete(key);
  }

  take(key: K): V | undefined {
    const value = this.map.get(key);
    this.map.delete(key);
    return value;
  }

  /** The newest entry. */
  last(): [K, V] | undefined {
    return [...this.map].at(-1);
  }

  /** Oldest first. */
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.map.entries();
  }
}

/** An entity as one of Twinflow's writes showed it. */
export interface OwnWrite {
  entity: Entity;
  /** exactly the state that the write made: its own answer, not a later read */
  isExact: boolean;
}

/**
 * The results of Twinflow's writes, until the poll meets them, so that the poll need not read them again. A large
 * entity is not kept but read again.
 */
export class OwnWrites {
  private readonly kept: Recent<string, OwnWrite>;

  /**
   * @param limit maximum number of writes
   * @param longest maximum size of an entity, characters of JSON
   */
  constructor(
    limit: number,
    private readonly longest: number,
  ) {
    this.kept = new Recent(limit);
  }

  /** @param key identifies the entity in the poll: its id, or id and revision */
  keep(key: string, entity: Entity, isExact = true): void {
    if (JSON.stringify(entity).length <= this.longest) this.kept.set(key, { entity, isExact });
  }

  /** Returns an entity once; after that it has to be read. */
  take(key: string): OwnWrite | undefined {
    return this.kept.take(key);
  }
}

/**
 * Stores data for which a checkpoint has no room, in memory under a name in the checkpoint. The same process then need
 * not read it again. A checkpoint of another process, or an old one, finds nothing and reads it once more.
 */
export class Overflow<K, V> {
  private readonly kept: Recent<string, ReadonlyMap<K, V>>;
  private readonly own = randomUUID();
  private count = 0;

  /**
   * @param limit maximum number of entries under one name, the newest
   * @param names maximum number of checkpoints, of all flows together
   */
  constructor(
    private readonly limit = 20_000,
    names = 8,
  ) {
    this.kept = new Recent(names);
  }

  /** @param entries newest last. @returns the name */
  keep(entries: ReadonlyMap<K, V>): string {
    this.count += 1;
    const name = `${this.own}.${this.count}`;
    this.kept.set(name, new Map([...entries].slice(-this.limit)));
    return name;
  }

  /** The entries under the name, otherwise none. */
  recall(name: unknown): ReadonlyMap<K, V> {
    return (typeof name === 'string' && this.kept.get(name)) || new Map();
  }
}

/** What connectors remember of a system, bounded. */

import { randomUUID } from 'node:crypto';

/** Remembers answers; whoever asks while one is on its way waits for the same one. Failures are not kept. */
export class Cache<T> {
  private readonly entries = new Map<string, { at: number; value: Promise<T> }>();

  /**
   * @param maxAgeMs how old a remembered answer may be, milliseconds
   * @param limit how many answers are kept; the oldest go first
   */
  constructor(
    private readonly maxAgeMs = Number.POSITIVE_INFINITY,
    private readonly limit = 1000,
  ) {}

  remember(key: string, load: () => Promise<T>): Promise<T> {
    return this.within(key, this.maxAgeMs, load);
  }

  /**
   * With an age of the caller's own: a form wants to see what an admin has just changed, polling does not care for an hour.
   */
  within(key: string, maxAgeMs: number, load: () => Promise<T>): Promise<T> {
    const known = this.entries.get(key);
    if (known && performance.now() - known.at < maxAgeMs) return known.value;
    const entry = { at: performance.now(), value: load() };
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.value.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.limit) break;
      this.entries.delete(oldest);
    }
    return entry.value;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }
}

/** A map that keeps its newest entries. */
export class Recent<K, V> {
  private readonly entries = new Map<K, V>();

  constructor(private readonly limit: number) {}

  get(key: K): V | undefined {
    return this.entries.get(key);
  }

  set(key: K, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.limit) break;
      this.entries.delete(oldest);
    }
  }

  take(key: K): V | undefined {
    const value = this.entries.get(key);
    this.entries.delete(key);
    return value;
  }
}

/**
 * What a checkpoint has no room for, in memory under a name that the checkpoint carries: the same process need not read
 * again what it has read. A checkpoint of another process, or an old one, finds nothing, and what it lacks is read once more.
 */
export class Overflow<K, V> {
  private readonly kept: Recent<string, ReadonlyMap<K, V>>;
  private readonly own = randomUUID();
  private count = 0;

  /**
   * @param limit entries under one name, the newest
   * @param names checkpoints that are remembered, over all flows
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

  /** What was kept under the name, else nothing. */
  recall(name: unknown): ReadonlyMap<K, V> {
    return (typeof name === 'string' && this.kept.get(name)) || new Map();
  }
}

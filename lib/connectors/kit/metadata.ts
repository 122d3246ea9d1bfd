/**
 * Caches a system's structure: projects, types, fields, lists. Each answer has an age. Callers share a request that is
 * already in progress.
 */

/** Caches answers; callers share a request that is already in progress. Failures are not cached. */
export class Cache<T> {
  private readonly entries = new Map<string, { at: number; value: Promise<T> }>();

  /**
   * @param maxAgeMs maximum age of a cached answer, milliseconds
   * @param limit maximum number of cached answers; the oldest are removed first
   */
  constructor(
    private readonly maxAgeMs = Number.POSITIVE_INFINITY,
    private readonly limit = 1000,
  ) {}

  remember(key: string, load: () => Promise<T>): Promise<T> {
    return this.within(key, this.maxAgeMs, load);
  }

  /**
   * With an age set by the caller: a form shows what an admin has just changed, polling accepts an hour.
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

/** A question with cached answers. */
export interface Remembered<Asked extends string[], T> {
  (...asked: Asked): Promise<T>;
  /** The next question is sent to the system. */
  forget(...asked: Asked): void;
}

/**
 * @param maxAgeMs maximum age of a cached answer, milliseconds
 * @param limit maximum number of cached answers
 * @param ask asks the system
 */
export function remembered<Asked extends string[], T>(
  maxAgeMs: number,
  limit: number,
  ask: (...asked: Asked) => Promise<T>,
): Remembered<Asked, T> {
  const cache = new Cache<T>(maxAgeMs, limit);
  const keyOf = (asked: Asked): string => JSON.stringify(asked);
  return Object.assign((...asked: Asked) => cache.remember(keyOf(asked), () => ask(...asked)), {
    forget: (...asked: Asked) => cache.forget(keyOf(asked)),
  });
}

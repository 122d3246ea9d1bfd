/** Remembers answers for a while; whoever asks while one is on its way waits for the same one. Failures are not kept. */
export class Cache<T> {
  private readonly entries = new Map<string, { until: number; value: Promise<T> }>();

  /**
   * @param ttlMs how long an answer is good, milliseconds
   * @param limit how many answers are kept; the oldest go first
   */
  constructor(
    private readonly ttlMs: number,
    private readonly limit = 1000,
  ) {}

  remember(key: string, load: () => Promise<T>): Promise<T> {
    const known = this.entries.get(key);
    if (known && known.until > performance.now()) return known.value;
    const value = load();
    const entry = { until: performance.now() + this.ttlMs, value };
    this.entries.delete(key);
    this.entries.set(key, entry);
    value.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.limit) break;
      this.entries.delete(oldest);
    }
    return value;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }
}

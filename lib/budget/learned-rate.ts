/**
 * Learns the rate of a server that reports only "too many requests", by trial, as TCP does. Unlimited until the first
 * refusal; then the average that went through, including the time of the refusal. Each further refusal lowers the rate
 * to between a half and nine tenths (multiplicative decrease). While it limits, it grows by a constant step (additive
 * increase): fast up to a little below the refused rate, very slowly beyond, so that refusals are minutes apart. Pure:
 * all times are passed in, ms.
 */

const LEAST_FACTOR = 0.5;
const MOST_FACTOR = 0.9;
const KNEE = 0.97;
/** step per second, as a share of the refused rate */
const FAST = 0.05;
const SLOW = 0.0002;
/** after this time without a refusal, the limit has probably changed */
const STALE_MS = 10 * 60_000;
/** at this distance above the last refused rate no limit is noticeable */
const GONE_FACTOR = 4;
const SLOWED_MS = 60_000;
const LEAST_PER_MS = 1 / 60_000;
/** number of requests that is too small to derive a rate */
const FEW = 5;
/** a pause of this length starts a new run */
const IDLE_MS = 2_000;

export class LearnedRate {
  /** requests per millisecond; undefined = no known limit */
  rate: number | undefined;
  private knee = 0;
  private refusedAt = Number.NEGATIVE_INFINITY;
  private grownAt = 0;
  private runSince = 0;
  private runCount = 0;
  private last = Number.NEGATIVE_INFINITY;

  get intervalMs(): number {
    return this.rate === undefined ? 0 : 1 / this.rate;
  }

  /** @param held this request had to wait for its turn, so the rate is what limits */
  started(now: number, held: boolean): void {
    if (now - this.last > Math.max(IDLE_MS, 3 * this.intervalMs)) {
      this.runSince = now;
      this.runCount = 0;
    }
    this.last = now;
    this.runCount += 1;
    if (this.rate === undefined) return;
    const passed = Math.min(1_000 + this.intervalMs, now - this.grownAt);
    this.grownAt = now;
    if (held) this.grow(this.rate, passed, now);
  }

  private grow(rate: number, passed: number, now: number): void {
    const stale = now - this.refusedAt > STALE_MS;
    const step = (this.knee * (rate < this.knee || stale ? FAST : SLOW) * passed) / 1_000;
    const grown = rate < this.knee ? Math.min(this.knee, rate + step) : rate + step;
    if (grown <= this.knee * GONE_FACTOR) this.rate = grown;
    else {
      this.rate = undefined;
      // Twinflow itself limited the requests so far
      this.runSince = now;
      this.runCount = 0;
    }
  }

  /**
   * The server refused a request because of its rate. Several concurrent refusals count as one.
   * @param sentAt when the request was sent
   * @param waitMs how long no request will be sent now
   */
  refused(now: number, sentAt: number, waitMs: number): void {
    if (sentAt <= this.refusedAt) return;
    // one request, one refusal: others may use the same account; this does not give a rate yet
    if (this.rate === undefined && this.runCount < FEW && now - this.refusedAt > STALE_MS) {
      this.refusedAt = now;
      return;
    }
    const average = Math.max(LEAST_PER_MS, this.runCount / Math.max(1, now - this.runSince + waitMs));
    const before = this.rate;
    if (before === undefined) this.settle(average * MOST_FACTOR, average, now);
    else {
      const most = Math.min(before, Math.max(average, before * LEAST_FACTOR));
      this.settle(Math.min(before * MOST_FACTOR, most), most, now);
    }
    this.runSince = now + waitMs;
    this.runCount = 0;
  }

  /** The server delayed a request. It delays more the more requests it gets. Counted once a minute, because delays
   * continue for a long time. */
  slowed(now: number): void {
    if (now - this.refusedAt < SLOWED_MS || this.runCount < 2) return;
    const average = this.runCount / Math.max(1, now - this.runSince);
    const rate = Math.min(this.rate ?? average, average) * MOST_FACTOR;
    this.settle(rate, rate, now);
  }

  private settle(rate: number, ceiling: number, now: number): void {
    this.rate = Math.max(LEAST_PER_MS, rate);
    this.knee = Math.max(this.rate, ceiling * KNEE);
    this.refusedAt = now;
    this.grownAt = now;
  }
}

/**
 * The rate of a server that tells nothing but "too many": found by trial, as TCP finds its own. Unlimited until the first
 * refusal; then what went through on average, the time of the refusal included. Each further refusal lowers it to
 * between a half and nine tenths (multiplicative decrease); while it limits, it grows by a constant step (additive
 * increase): fast up to a little below what was refused, very slowly beyond, so that refusals are minutes apart.
 * Pure: all times are given, ms.
 */

const LEAST_FACTOR = 0.5;
const MOST_FACTOR = 0.9;
const KNEE = 0.97;
/** steps per second, as shares of the knee */
const FAST = 0.05;
const SLOW = 0.0002;
/** without a refusal for so long, the limit is not where it was */
const STALE_MS = 10 * 60_000;
/** so far above the last refusal there is no limit to be seen any more */
const GONE_FACTOR = 4;
const SLOWED_MS = 60_000;
const LEAST_PER_MS = 1 / 60_000;
/** requests that say nothing about a rate */
const FEW = 5;
/** what comes after a pause of this length is a new run */
const IDLE_MS = 2_000;

export class LearnedRate {
  /** requests per millisecond; undefined = nothing known to limit */
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

  /** @param held this request had to wait for its turn: the rate is what limits */
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
      // what went through so far was held back by us
      this.runSince = now;
      this.runCount = 0;
    }
  }

  /**
   * The server refused a request for being one too many. Several that were out together count as one refusal.
   * @param sentAt when the request went out
   * @param waitMs how long nothing will go out now
   */
  refused(now: number, sentAt: number, waitMs: number): void {
    if (sentAt <= this.refusedAt) return;
    // one request, one refusal: others may use the same account; that is no rate yet
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

  /** The server held a request back: it does so the more, the more it is asked. Once a minute, for it goes on for long. */
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

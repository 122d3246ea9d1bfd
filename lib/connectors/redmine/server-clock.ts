/**
 * What is known of the server's clock: never more than that it shows at least some time. The evidence is what the server
 * itself said, a `Date` header or an update time; our own clock contributes nothing but how long ago it said so.
 */
export class ServerClock {
  private evidence: { time: number; at: number } | undefined;

  /**
   * @param time what the server's clock showed or had already passed, ms since 1970
   * @param at when the answer that says so arrived, on our monotonic clock
   */
  learn(time: number, at: number): void {
    if (!Number.isFinite(time)) return;
    if (this.evidence === undefined || time - at > this.evidence.time - this.evidence.at) this.evidence = { time, at };
  }

  /** The server's clock showed at least this when ours showed `at`, ms since 1970; undefined = nothing is known. */
  atLeast(at: number): number | undefined {
    return this.evidence && this.evidence.time + (at - this.evidence.at);
  }
}

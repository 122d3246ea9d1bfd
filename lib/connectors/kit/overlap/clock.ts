/**
 * The known state of the server's clock: only that it shows at least a certain time. The evidence comes from the server
 * itself, a `Date` header or an update time. The local clock only contributes how long ago the server said so.
 */
export class ServerClock {
  private evidence: { time: number; at: number } | undefined;

  /**
   * @param time a time that the server's clock showed or had already passed, ms since 1970
   * @param at when the answer with this time arrived, on the local monotonic clock
   */
  learn(time: number, at: number): void {
    if (!Number.isFinite(time)) return;
    if (this.evidence === undefined || time - at > this.evidence.time - this.evidence.at) this.evidence = { time, at };
  }

  /** The minimum that the server's clock showed when the local one showed `at`, ms since 1970; undefined = unknown. */
  atLeast(at: number): number | undefined {
    return this.evidence && this.evidence.time + (at - this.evidence.at);
  }
}

/**
 * The time from which the next poll has to read a list again, because another change may still appear there, or get the
 * time of an existing one. The clock decides, not the page's first row: a late row may appear before that row.
 *
 * @param times of the page's rows, ms since 1970, ascending
 * @param from the start of the page, ms since 1970: everything before it has settled; undefined = from the beginning
 * @param now the minimum that the system's clock showed when it was asked, ms since 1970; undefined = unknown
 * @param settleMs time after a moment until nothing can appear any longer with that moment's time
 * @returns ms since 1970; undefined = everything has settled
 */
export function unsettledFrom(
  times: readonly number[],
  from: number | undefined,
  now: number | undefined,
  settleMs: number,
): number | undefined {
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  if (now === undefined) return from ?? first;
  const bound = now - settleMs;
  return last <= bound ? undefined : Math.max(bound, from ?? bound);
}

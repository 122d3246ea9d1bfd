/**
 * What a test can turn on a space to make it as troublesome as real trackers are: clocks that stand still or tick
 * coarsely, writes that fail or whose answer is lost, credentials that die, a search index that lags behind. Nothing here is
 * stored.
 */

import type { SyncError } from '../../model/errors';

interface PlannedFailure {
  remaining: number;
  error: SyncError;
  carriedOut: boolean;
}

export class Switches {
  /** blanks at both ends of texts are dropped on write */
  trim = false;
  private clock: { fixed?: number; offset: number; resolution: number } = { offset: 0, resolution: 1 };
  private writeFailure: PlannedFailure | undefined;
  private readFailure: PlannedFailure | undefined;
  private lag: { ms: number; seen: { at: number; revision: number }[] } | undefined;

  /** Milliseconds since 1970 by the space's own clock. */
  now(): number {
    const time = this.clock.fixed ?? Date.now() + this.clock.offset;
    return Math.floor(time / this.clock.resolution) * this.clock.resolution;
  }

  /** Sets the clock; `frozen` keeps it there, otherwise it goes on from there. Undefined = the computer's clock again. */
  setClock(time: string | number | undefined, frozen: boolean): void {
    const { resolution } = this.clock;
    const at = time === undefined ? undefined : new Date(time).getTime();
    if (at === undefined) this.clock = { offset: 0, resolution };
    else if (frozen) this.clock = { fixed: at, offset: 0, resolution };
    else this.clock = { offset: at - Date.now(), resolution };
  }

  /** The step of the clock in milliseconds: 1000 for a tracker that knows whole seconds only. */
  setResolution(ms: number): void {
    this.clock.resolution = Math.max(1, ms);
  }

  failWrites(count: number, error: SyncError, carriedOut: boolean): void {
    this.writeFailure = count > 0 ? { remaining: count, error, carriedOut } : undefined;
  }

  failReads(count: number, error: SyncError): void {
    this.readFailure = count > 0 ? { remaining: count, error, carriedOut: false } : undefined;
  }

  /** The account of every connection to the space is refused; people go on working. */
  refused: SyncError | undefined;
  /** Writes of this text fail, each alone. */
  poisonedText: { text: string; error: SyncError } | undefined;
  /** What is delivered of single entities in place of them. */
  readonly undelivered = new Map<string, SyncError>();

  /** The failure planned for the next single write, if any; counts it. */
  nextWriteFailure(): PlannedFailure | undefined {
    const planned = this.writeFailure;
    if (planned && --planned.remaining <= 0) this.writeFailure = undefined;
    return planned;
  }

  /** The error planned for the next read call, if any; counts it. */
  nextReadFailure(): SyncError | undefined {
    const planned = this.readFailure;
    if (planned && --planned.remaining <= 0) this.readFailure = undefined;
    return planned?.error;
  }

  /** From now on `changes` sees writes only `ms` milliseconds (real time) after they were made; 0 = at once. */
  setLag(ms: number, revision: number): void {
    this.lag = ms > 0 ? { ms, seen: [{ at: 0, revision }] } : undefined;
  }

  /** Tells the lagging index that everything up to `revision` has been written now. */
  wrote(revision: number): void {
    this.lag?.seen.push({ at: Date.now(), revision });
  }

  /** Up to which revision the index has got; `revision` itself where nothing lags. */
  indexed(revision: number): number {
    if (!this.lag) return revision;
    const until = Date.now() - this.lag.ms;
    const seen = this.lag.seen;
    while (seen.length > 1 && (seen[1]?.at ?? 0) <= until) seen.shift();
    return Math.min(revision, seen[0]?.revision ?? revision);
  }
}

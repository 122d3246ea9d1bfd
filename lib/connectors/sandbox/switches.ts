/**
 * Switches with which a test makes a space as difficult as real trackers are: clocks that stop or tick coarsely, writes
 * that fail or whose answer is lost, credentials that expire, a search index that lags. Nothing here is stored.
 */

import type { FileRules } from '../../model/content';
import type { SyncError } from '../../model/errors';
import type { PartVerb } from '../connector';

/** Who may edit or delete an existing part. */
export type PartRule = 'everybody' | 'author' | 'nobody';

interface PlannedFailure {
  remaining: number;
  error: SyncError;
  carriedOut: boolean;
}

export class Switches {
  /** blanks at both ends of texts are removed on write */
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

  /** Sets the clock; `frozen` stops it there, otherwise it continues. undefined = the computer's clock again. */
  setClock(time: string | number | undefined, frozen: boolean): void {
    const { resolution } = this.clock;
    const at = time === undefined ? undefined : new Date(time).getTime();
    if (at === undefined) this.clock = { offset: 0, resolution };
    else if (frozen) this.clock = { fixed: at, offset: 0, resolution };
    else this.clock = { offset: at - Date.now(), resolution };
  }

  /** The step of the clock in milliseconds: 1000 for a tracker with whole seconds only. */
  setResolution(ms: number): void {
    this.clock.resolution = Math.max(1, ms);
  }

  failWrites(count: number, error: SyncError, carriedOut: boolean): void {
    this.writeFailure = count > 0 ? { remaining: count, error, carriedOut } : undefined;
  }

  failReads(count: number, error: SyncError): void {
    this.readFailure = count > 0 ? { remaining: count, error, carriedOut: false } : undefined;
  }

  /** The account of every connection to the space is refused; users can continue. */
  refused: SyncError | undefined;
  /** Writes of this text fail, each on its own. */
  poisonedText: { text: string; error: SyncError } | undefined;
  /** Results that are delivered instead of single entities. */
  readonly undelivered = new Map<string, SyncError>();

  /** verbs on parts that do not change the version of their owner */
  readonly silent = new Set<PartVerb>();
  readonly partRules: Record<'edit' | 'delete', PartRule> = { edit: 'everybody', delete: 'everybody' };
  /** writes of parts get no answer: connections read the result afterwards */
  blindParts = false;

  /** parts that connections do not see, though they may see others of their owners; undefined = they see all there are */
  hiddenParts: ReadonlySet<string> | undefined;
  /** what is taken of files */
  fileRules: FileRules = { maxBytes: 100 * 1024 * 1024, maxPerEntity: 2_000 };
  /** bytes of attachments that do not come: so many come, or none for this reason */
  readonly brokenFiles = new Map<string, number | SyncError>();

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

  /** From now on `changes` sees writes only `ms` milliseconds (real time) later; 0 = at once. */
  setLag(ms: number, revision: number): void {
    this.lag = ms > 0 ? { ms, seen: [{ at: 0, revision }] } : undefined;
  }

  /** Tells the lagging index that everything up to `revision` has been written now. */
  wrote(revision: number): void {
    this.lag?.seen.push({ at: Date.now(), revision });
  }

  /** The revision up to which the index has got; `revision` itself if nothing lags. */
  indexed(revision: number): number {
    if (!this.lag) return revision;
    const until = Date.now() - this.lag.ms;
    const seen = this.lag.seen;
    while (seen.length > 1 && (seen[1]?.at ?? 0) <= until) seen.shift();
    return Math.min(revision, seen[0]?.revision ?? revision);
  }
}

/** Waits for a system in trouble as long as it asks, or a little longer each time; and gives up in the end. */

import { setTimeout as sleep } from 'node:timers/promises';
import { isSystemFault } from '../engine/retry-policy';
import { SyncError } from '../model/errors';

const TRIES = 4;
const FIRST_MS = 2_000;
const LONGEST_MS = 60_000;

export type Wait = (ms: number, signal: AbortSignal) => Promise<unknown>;

const wait: Wait = (ms, signal) => sleep(ms, undefined, { signal });

export class Patience {
  private tried = 0;

  constructor(
    readonly signal: AbortSignal,
    private readonly pause: Wait = wait,
  ) {}

  /** It works again: the next trouble is a new one. */
  restored(): void {
    this.tried = 0;
    this.signal.throwIfAborted();
  }

  /** @throws the error, if waiting does not help or has not helped; AbortError if nobody waits any longer */
  async wait(error: SyncError): Promise<void> {
    this.signal.throwIfAborted();
    const passes = isSystemFault(error) && error.kind !== 'auth';
    if (!passes || this.tried >= TRIES) throw error;
    this.tried += 1;
    const asked = error.detail.retryAfterMs ?? FIRST_MS * 2 ** (this.tried - 1);
    // who asks for an hour is not waited for by a person before a screen
    if (asked > LONGEST_MS) throw new SyncError(error.kind, `${error.message} (it asks to wait)`, error.detail);
    await this.pause(asked, this.signal);
  }
}

/**
 * Opens what cannot be opened now (a store that another Node-RED still uses, a full disk). Retries with growing waits
 * until it works, or until waiting certainly does not help.
 */

import { backOff } from '../../lib/engine/retry-policy';
import type { Clock } from '../../lib/model/clock';
import { StoreError, type StoreErrorKind } from '../../lib/store/store';

const FIRST_MS = 1_000;
const MOST_MS = 30_000;
/** Problems that may disappear without any action in Node-RED. */
const MAY_PASS: ReadonlySet<StoreErrorKind> = new Set(['locked', 'full', 'readOnly', 'failed']);

export const mayPass = (thrown: unknown): thrown is StoreError =>
  thrown instanceof StoreError && MAY_PASS.has(thrown.kind);

export class Patience {
  private stopped = false;
  private cancel: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  /**
   * @param failed receives each failed attempt that will be repeated
   * @throws the error of `open` if waiting does not help; StoreError `closed` once it is stopped
   */
  async open<T>(open: () => Promise<T>, failed: (error: StoreError) => void): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await open();
      } catch (thrown) {
        if (!mayPass(thrown)) throw thrown;
        if (this.stopped)
          throw new StoreError('closed', 'The integration was stopped before its store could be opened.');
        failed(thrown);
      }
      await this.wait(backOff(FIRST_MS, MOST_MS, tries, this.clock.random()));
    }
  }

  /** Ends it at the next failure, which follows at once. */
  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancelTimer = this.clock.after(ms, resolve);
      this.cancel = () => {
        cancelTimer();
        resolve();
      };
    });
  }
}

/**
 * Waiting for another program's lock without standing still. SQLite would wait while it is called, and Node-RED with it; so
 * it is asked to refuse at once, and asked again a little later. Meanwhile other calls queue up behind, so that they are
 * carried out in the order in which they came.
 */

/** The file was locked before anything was done: the same call may be made again. */
export class Contended extends Error {}

/** Milliseconds until a call that met a lock again and again fails. */
const PATIENCE_MS = 2_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;

interface Waiting {
  /** @returns false where it met a lock */
  attempt: (isLast: boolean) => boolean;
  until: number;
}

export class Turns {
  private readonly waiting: Waiting[] = [];

  /**
   * Carries out the call, at once where nothing waits before it.
   * @throws what the call throws; the cause of its `Contended` where the lock lasts
   */
  async take<T>(call: () => T): Promise<T> {
    if (this.waiting.length === 0) {
      try {
        return call();
      } catch (thrown) {
        if (!(thrown instanceof Contended)) throw thrown;
      }
    }
    return new Promise<T>((resolve, reject) => {
      const attempt = (isLast: boolean): boolean => {
        try {
          resolve(call());
        } catch (thrown) {
          if (thrown instanceof Contended && !isLast) return false;
          reject(thrown instanceof Contended ? thrown.cause : thrown);
        }
        return true;
      };
      this.waiting.push({ attempt, until: performance.now() + PATIENCE_MS });
      if (this.waiting.length === 1) this.tryLater(FIRST_PAUSE_MS);
    });
  }

  private tryLater(ms: number): void {
    setTimeout(() => {
      const [first] = this.waiting;
      if (first === undefined) return;
      if (first.attempt(performance.now() >= first.until)) {
        this.waiting.shift();
        if (this.waiting.length > 0) this.tryLater(0);
      } else this.tryLater(Math.min(LONGEST_PAUSE_MS, 2 * Math.max(ms, FIRST_PAUSE_MS)));
    }, ms);
  }
}

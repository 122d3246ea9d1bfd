/**
 * Waits for another program's lock without blocking. SQLite would wait inside its call and block Node-RED; so it is
 * told to refuse at once, and is called again a little later. Other calls queue up meanwhile, so that they run in the
 * order in which they were made.
 */

/** The file was locked before anything was done: the same call can be repeated. */
export class Contended extends Error {}

/** Milliseconds until a call fails that meets a lock repeatedly. */
const PATIENCE_MS = 2_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;

interface Waiting {
  /** @returns false if it met a lock */
  attempt: (isLast: boolean) => boolean;
  until: number;
}

export class Turns {
  private readonly waiting: Waiting[] = [];

  /**
   * Runs the call, at once if no other call waits.
   * @throws the call's error; the cause of its `Contended` if the lock persists
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

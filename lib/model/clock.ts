/** Time and chance as the engine sees them, so that a simulation can own both. */

export interface Clock {
  /** milliseconds since 1970 */
  now(): number;
  /** Calls back once after `ms` milliseconds; the result cancels it. Never keeps a process alive. */
  after(ms: number, callback: () => void): () => void;
  /** 0 ≤ x < 1 */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    // setTimeout fires at once for delays beyond 2^31-1 ms
    const timer = setTimeout(callback, Math.min(ms, 2_147_483_647));
    timer.unref();
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** Others go on before what follows. */
export const turn = (clock: Pick<Clock, 'after'>): Promise<void> =>
  new Promise((resolve) => {
    clock.after(0, resolve);
  });

/** ISO 8601 in UTC. */
export const iso = (ms: number): string => new Date(ms).toISOString();

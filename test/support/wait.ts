/** Waiting for something that happens elsewhere: in another process, in a browser. */

import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until the answer is neither undefined, false nor an error.
 * @param what ends the sentence "Waited in vain until …"
 * @param timeout milliseconds
 * @throws after the time-out, with the last error as the cause
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  timeout = 15_000,
  every = 50,
): Promise<T> {
  const end = Date.now() + timeout;
  let cause: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(every);
  } while (Date.now() < end);
  const last = cause instanceof Error ? `: ${cause.message}` : '';
  throw new Error(`Waited ${timeout / 1000} s in vain until ${what}${last}`, { cause });
}

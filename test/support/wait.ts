/** Waits for something in another process or a browser. */

import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE } from './patience';

/**
 * Polls until the answer is neither undefined, false nor an error.
 * @param what completes the sentence "Waited in vain until …"
 * @param timeout milliseconds; four times as long on a machine that does other work as well (patience.ts)
 * @throws after the timeout, with the last error as the cause
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  timeout = 15_000,
  every = 50,
): Promise<T> {
  const end = Date.now() + PATIENCE * timeout;
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
  throw new Error(`Waited ${(PATIENCE * timeout) / 1000} s in vain until ${what}${last}`, { cause });
}

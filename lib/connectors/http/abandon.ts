/**
 * Ends requests that nobody waits for any longer. A form's question runs with a signal. All requests that it causes,
 * however deep in a connector and including pages of a list, see the signal without receiving it as a parameter.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

const signals = new AsyncLocalStorage<AbortSignal>();

/** @param signal if aborted: current requests end, and no further one is sent */
export const abandonable = <T>(signal: AbortSignal, work: () => T): T => signals.run(signal, work);

/** The signal of the current question; undefined for the engine's own requests. */
export const abandonSignal = (): AbortSignal | undefined => signals.getStore();

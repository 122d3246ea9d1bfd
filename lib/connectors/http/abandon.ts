/**
 * Requests that end when nobody waits for them any more. A form's question runs under a signal; all requests that it causes,
 * however deep in a connector, pages of a list included, see it without being handed it.
 */

import { AsyncLocalStorage } from 'node:async_hooks';

const signals = new AsyncLocalStorage<AbortSignal>();

/** @param signal aborted: requests under way end, and no further one is sent */
export const abandonable = <T>(signal: AbortSignal, work: () => T): T => signals.run(signal, work);

/** The signal of the question at hand; undefined for the engine's own requests. */
export const abandonSignal = (): AbortSignal | undefined => signals.getStore();

/** Errors in a few words that fit below a node. Catch nodes and the log get the whole sentence. */

import { SyncError } from '../../lib/model/errors';
import { StoreError } from '../../lib/store/store';

const LENGTH = 100;
const REQUEST = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE) \S+ on /;
const PAUSED = /^.+ is paused(?: for \d+ s)?: /;

/**
 * The message of the error's innermost cause, without the request at its start, shortened if it is long. The same for all
 * failures caused by one outage.
 */
export function brief(error: unknown): string {
  if (error instanceof SyncError && error.detail.cause instanceof SyncError) return brief(error.detail.cause);
  const message = error instanceof Error ? error.message : '';
  const text = message.replace(PAUSED, '').replace(REQUEST, '');
  return text.length > LENGTH ? `${text.slice(0, LENGTH).trimEnd()}…` : text;
}

/** True if it was not opened before the flows were stopped: nothing to report. */
export const isStopped = (thrown: unknown): boolean => thrown instanceof StoreError && thrown.kind === 'closed';

/** The store's error that caused an error, if any. */
export function storeErrorOf(error: SyncError): StoreError | undefined {
  return error.detail.cause instanceof StoreError ? error.detail.cause : undefined;
}

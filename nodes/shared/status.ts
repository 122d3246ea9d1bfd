/** Errors in the few words that fit below a node. The whole sentence goes to Catch nodes and the log. */

import { SyncError } from '../../lib/model/errors';
import { StoreError } from '../../lib/store/store';

const LENGTH = 100;
const REQUEST = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE) \S+ on /;
const PAUSED = /^.+ is paused(?: for \d+ s)?: /;

/**
 * The sentence of the error at the bottom, without the request that it begins with, cut where it gets long. The same for
 * all that one outage makes fail.
 */
export function brief(error: unknown): string {
  if (error instanceof SyncError && error.detail.cause instanceof SyncError) return brief(error.detail.cause);
  const message = error instanceof Error ? error.message : '';
  const text = message.replace(PAUSED, '').replace(REQUEST, '');
  return text.length > LENGTH ? `${text.slice(0, LENGTH).trimEnd()}…` : text;
}

/** True where it was not opened before the flows were stopped: nothing to tell anybody. */
export const isStopped = (thrown: unknown): boolean => thrown instanceof StoreError && thrown.kind === 'closed';

/** The store's error that is behind an error, if any. */
export function storeErrorOf(error: SyncError): StoreError | undefined {
  return error.detail.cause instanceof StoreError ? error.detail.cause : undefined;
}

/**
 * How a connector says that one request for several operations failed as a whole, so that nobody is blamed for a
 * neighbour. Who is to blame is found out by the engine (lib/sync/blame.ts), for every connector alike: it sends smaller and
 * smaller groups, looks for creates that may have arrived before it sends them again, and tells a poisoned operation from a
 * system that is down.
 */

import { SyncError } from '../model/errors';

/**
 * The failure of a request that carried several operations, as the result of each of them:
 * `results[i] = { ok: false, error: wholeBatch(error, operations.length) }`.
 *
 * Use it where the answer does not tell one operation from another: 5xx, a broken connection, a time-out, 413, 400 for the
 * body as such. An answer that names an operation is that operation's own error, without this mark. Faults that concern the
 * account or the system (`auth`, `rateLimited`) stay unmarked, whatever the request held.
 * @param error of the request; `uncertain` is kept: some of the operations may have been carried out
 * @param size how many operations were in the request; 1 = the error is that operation's own, and is returned as it is
 * @returns a new error with `detail.batch`
 */
export function wholeBatch(error: SyncError, size: number): SyncError {
  const isOfAccount = error.kind === 'auth' || error.kind === 'rateLimited';
  if (size < 2 || isOfAccount) return error;
  return new SyncError(error.kind, error.message, { ...error.detail, batch: size });
}

/** True where the error is that of a request for several operations. */
export const isWholeBatch = ({ detail }: SyncError): boolean => (detail.batch ?? 1) > 1;

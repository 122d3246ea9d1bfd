/**
 * Lets a connector report that one request for several operations failed as a whole, so that no operation is charged
 * for a neighbour. The engine (lib/engine/blame.ts) finds out which operation caused it, for every connector in the
 * same way: it sends smaller and smaller groups, searches for creates that may have arrived before it sends them again,
 * and distinguishes a failing operation from a system that is down.
 */

import { SyncError } from '../model/errors';

/**
 * The failure of a request that carried several operations, as the result of each of them:
 * `results[i] = { ok: false, error: wholeBatch(error, operations.length) }`.
 *
 * Use it if the answer does not distinguish operations: 5xx, a broken connection, a timeout, 413, 400 for the body as a
 * whole. An answer that names an operation is that operation's own error, without this mark. Errors of the account or
 * the system (`auth`, `rateLimited`) stay unmarked, whatever the request contained.
 * @param error of the request; `uncertain` is kept: some of the operations may have been carried out
 * @param size number of operations in the request; 1 = the error is that operation's own, and is returned unchanged
 * @returns a new error with `detail.batch`
 */
export function wholeBatch(error: SyncError, size: number): SyncError {
  const isOfAccount = error.kind === 'auth' || error.kind === 'rateLimited';
  if (size < 2 || isOfAccount) return error;
  return new SyncError(error.kind, error.message, { ...error.detail, batch: size });
}

/** True if the error is that of a request for several operations. */
export const isWholeBatch = ({ detail }: SyncError): boolean => (detail.batch ?? 1) > 1;

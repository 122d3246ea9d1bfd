/** "Test connection": tries, without changing anything, the calls of a flow. */

import { asSyncError, type SyncError } from '../../model/errors';

/** Only a failure that concerns one permission answers a probe. @throws SyncError if the system is in trouble, or
 * asks for a pause */
function passed(thrown: unknown): SyncError {
  const error = asSyncError(thrown);
  if (error.kind === 'rateLimited' || (error.kind === 'transient' && error.detail.status === undefined)) throw error;
  return error;
}

/** True if the account, or its token, must not make this call, or the system does not know it. */
export async function isRefused(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return false;
  } catch (thrown) {
    const { kind, detail } = passed(thrown);
    return kind === 'forbidden' || kind === 'auth' || detail.status === 404 || detail.status === 405;
  }
}

/** The result of a call, or the default if it has none. */
export async function toldOr<T>(usual: T, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    passed(thrown);
    return usual;
  }
}

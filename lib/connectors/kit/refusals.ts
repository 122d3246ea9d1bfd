/**
 * Writes that take several requests, such as links between items: a request that the system rejects leaves the others alone, and after
 * any other error nobody knows how much was written.
 */

import { asSyncError, SyncError } from '../../model/errors';

/** @returns the reason if the system rejects the request. @throws SyncError `uncertain` – any other error */
export async function refusal(call: Promise<void>): Promise<SyncError | undefined> {
  try {
    await call;
    return undefined;
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (error.kind === 'invalid' || error.kind === 'forbidden' || error.kind === 'notFound') return error;
    throw unsure(error);
  }
}

/** @throws SyncError `uncertain` – part of the write may have arrived */
export async function uncertain<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    throw unsure(asSyncError(thrown));
  }
}

const unsure = ({ kind, message, detail }: SyncError): SyncError =>
  new SyncError(kind, message, { ...detail, uncertain: true });

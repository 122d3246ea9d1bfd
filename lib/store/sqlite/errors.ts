/** SQLite's errors as StoreErrors that say what happened to which file, and what to do. */

import { StoreError } from '../errors';

/** Primary result codes, https://sqlite.org/rescode.html */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** SQLite's primary result code of anything thrown; undefined if it is not an error of SQLite. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** True if SQLite refused because another connection has a lock. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === BUSY || code === LOCKED;
}

/** Anything thrown, as a StoreError; errors that are already StoreErrors, or not SQLite's, are returned unchanged. */
export function asStoreError(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  switch (code) {
    case FULL:
      return new StoreError('full', `The disk is full: nothing could be stored in ${file}. Free some space.`, error);
    case READONLY:
      return new StoreError(
        'readOnly',
        `${file} or its folder may not be written. Give this account the right.`,
        error,
      );
    case BUSY:
    case LOCKED:
      return new StoreError('locked', `${file} is locked by another process. End what has it open.`, error);
    case CANTOPEN:
      return new StoreError('readOnly', `${file} cannot be opened or created. Does its folder exist?`, error);
    case NOTADB:
      return new StoreError('damaged', `${file} is not a database. Move it away, or choose another file.`, error);
    case CORRUPT:
      return new StoreError('damaged', `${file} is damaged. Restore a copy of it (${error.message}).`, error);
    case IOERR:
      return new StoreError('failed', `${file} could not be read or written: ${error.message}. Check the disk.`, error);
    default:
      return new StoreError('failed', `${file}: ${error.message}`, error);
  }
}

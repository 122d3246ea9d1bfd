/** The one error that a store throws, so that the engine can tell a full disk from a bug. */

export type StoreErrorKind =
  /** the disk (or quota) is full: nothing was stored; the same call may succeed later */
  | 'full'
  /** file or folder may not be written */
  | 'readOnly'
  /** another process has the store, or holds a lock on it */
  | 'locked'
  /** the file is something else than a store, or damaged */
  | 'damaged'
  /** written by a newer version of Twinflow */
  | 'newer'
  /** the call names something that is not there */
  | 'notFound'
  /** the store was closed */
  | 'closed'
  /** anything else; the text says what the database answered */
  | 'failed';

export class StoreError extends Error {
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.kind = kind;
  }
}

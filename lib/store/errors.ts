/** The only error that a store throws, so that the engine can distinguish a full disk from a bug. */

export type StoreErrorKind =
  /** the disk (or quota) is full: nothing was stored; the same call may succeed later */
  | 'full'
  /** no write permission for file or folder */
  | 'readOnly'
  /** another process has opened the store, or has a lock on it */
  | 'locked'
  /** the file is not a store, or is damaged */
  | 'damaged'
  /** written by a newer version of Twinflow */
  | 'newer'
  /** its address does not name a store */
  | 'address'
  /** the call names something that does not exist */
  | 'notFound'
  /** the store was closed */
  | 'closed'
  /** anything else; the text contains the database's answer */
  | 'failed';

export class StoreError extends Error {
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StoreError';
    this.kind = kind;
  }
}

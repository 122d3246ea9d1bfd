/** The one error that connectors throw and that the engine decides by. */

export type SyncErrorKind =
  /** the credentials were refused */
  | 'auth'
  /** the account may not do this */
  | 'forbidden'
  | 'notFound'
  /** too many requests; `retryAfterMs` says when to go on */
  | 'rateLimited'
  /** the system (or our own check) refuses the data; `fields` says which and why */
  | 'invalid'
  /** the entity changed since it was read */
  | 'conflict'
  /** a fault that is likely to pass: network, 5xx, time-out */
  | 'transient'
  /** nothing that a retry can heal: an answer that is not the vendor's API, a wrong address, a bug */
  | 'fatal';

export interface SyncErrorDetail {
  /** milliseconds to wait before the system may be asked again */
  retryAfterMs?: number;
  /** field id → what is wrong with its value */
  fields?: Record<string, string>;
  /** the write may have been carried out although no answer arrived */
  uncertain?: boolean;
  /** the request cannot have reached the system: that says nothing about what was in it */
  unsent?: boolean;
  /**
   * number of operations in one request that failed as a whole: the error says nothing about any one of them. The
   * engine sends them again in smaller groups (see `wholeBatch`)
   */
  batch?: number;
  /** the bytes of a file did not come from where they are read: that says nothing about where they were to be written */
  content?: true;
  /** of a create: there is no place for it, and no retry finds one. It is reported once, and nothing waits */
  passOver?: true;
  /** of a part: it is the entity that gets it that the system does not take as it is, not the part */
  ofOwner?: true;
  /** the answer is larger than what is read of one: less has to be asked for */
  tooLarge?: boolean;
  /** the system shows this one in a shape that cannot be read, which says nothing about the others */
  malformed?: true;
  /** HTTP status, if there was one */
  status?: number;
  /** what the system answered, cut to a readable length, free of secrets */
  answer?: string;
  cause?: unknown;
}

export class SyncError extends Error {
  readonly kind: SyncErrorKind;
  readonly detail: SyncErrorDetail;

  constructor(kind: SyncErrorKind, message: string, detail: SyncErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'SyncError';
    this.kind = kind;
    this.detail = detail;
  }

  /** The sentence alone: Node-RED shows Catch nodes and people what an error is as text. */
  override toString(): string {
    return this.message;
  }
}

/** What a user does when the checkpoint of a system can no longer be used. */
export const START_AGAIN =
  'Check both systems, then send the poller a message with the topic "start" to begin again at its initial sync.';

/** Any thrown thing as a SyncError: what is not one already is a `fatal` with the thing's message. */
export function asSyncError(thrown: unknown): SyncError {
  if (thrown instanceof SyncError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SyncError('fatal', message, { cause: thrown });
}

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
   * so many operations went in one request, which failed as a whole: the error says nothing about any one of them. The
   * engine sends them again in smaller groups (see `wholeBatch`)
   */
  batch?: number;
  /** the answer is larger than what is read of one: less has to be asked for */
  tooLarge?: boolean;
  /** HTTP status, where there was one */
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

/** What a person does where the place up to which a system was read is of no use any more. */
export const START_AGAIN =
  'Check both systems, then send the poller a message with the topic "start": it reads from its Start again.';

/** Any thrown thing as a SyncError: what is not one already is a `fatal` with the thing's message. */
export function asSyncError(thrown: unknown): SyncError {
  if (thrown instanceof SyncError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SyncError('fatal', message, { cause: thrown });
}

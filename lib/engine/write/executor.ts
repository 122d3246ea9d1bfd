/** Carries decisions out: live.ts writes, dry-run.ts reports what would be written. */

import type { Entity, Side } from '../../model/entity';
import type { SyncError } from '../../model/errors';
import type { SyncResult } from '../../model/message';
import type { Failure, LinkEnd, StoredEvent } from '../../store/store';
import type { Blame } from '../retry-policy';
import type { System } from '../system';
import type { Create } from './adoption';
import type { Change, Decided } from './change';

/** Undefined = the event was finished, or is handled elsewhere: nothing to report. */
export type JobResult =
  | { ok: true; result: SyncResult }
  | { ok: false; error: SyncError; failure?: Failure }
  | undefined;

export interface FailHow {
  /** the write certainly had no effect: a create need not be looked for */
  unmade?: boolean;
  blame?: Blame;
  /** whose failure it is; default: the target */
  system?: System;
  /** to try it again would do harm: it is parked at once */
  isFinal?: boolean;
}

export interface Joining {
  /** sides that have yet to show their counterpart */
  owes: Side[];
  /** the side whose end was made from the other one; absent = nobody knows */
  made?: Side;
  /** the counterpart as it was found: what it has goes to the source by an event of its own */
  found?: Entity;
}

/** What is decided again of changes whose create may have arrived: they are looked for first. */
export type Recheck = (changes: Change[]) => Promise<Decided[]>;

export interface Executor {
  /** event number → its outcome */
  readonly results: ReadonlyMap<number, JobResult>;
  /** Before creates are sent. @returns those that may be */
  begin(creates: Create<Decided>[]): Promise<Create<Decided>[]>;
  /** Links a change with its counterpart. @returns it as an update of that; undefined if it has its outcome */
  join(change: Change, ends: [LinkEnd, LinkEnd], how: Joining): Promise<Change | undefined>;
  /** Has it read again: what is known of its source is outdated (change.ts). It has its outcome then. */
  readAgain(change: Change, event: StoredEvent): Promise<void>;
  write(decided: Decided[], recheck: Recheck): Promise<void>;
  /** Nothing is to be written: the sides are in sync, as far as they are to be. */
  keep(decided: Decided[]): Promise<void>;
  /**
   * Deletes counterparts of parts that were deleted, and ends their links.
   * @param ending their counterparts are gone already
   */
  remove(decided: Decided[], ending: Change[]): Promise<void>;
  /** An earlier attempt has added the part that says what was edited. */
  added(decided: Decided, made: Entity): Promise<void>;
  /** A part was deleted, its counterpart stays: that is remembered. */
  spare(change: Change, reason: string): Promise<void>;
  /** Finishes the event without effect, and says so. */
  skip(change: Change, reason: string): Promise<void>;
  /** The event goes through the flow once more: something else is to be made of it. */
  resend(change: Change, error: SyncError): Promise<void>;
  fail(decided: Decided[], error: SyncError, how?: FailHow): Promise<void>;
  /** All is decided and carried out. */
  end?(): Promise<void>;
}

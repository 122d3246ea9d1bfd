/**
 * What a failure means (invariants 6 and 9): either the system is in trouble, pauses, and no event is charged; or the
 * event itself is at fault, is retried a few times and then parked.
 */

import { iso } from '../model/clock';
import type { SyncError } from '../model/errors';
import type { StoredError } from '../store/store';

export type Verdict =
  /** the whole system pauses; the event waits with it and is not charged */
  | { kind: 'pause' }
  /** try this event again after `ms`, and count the attempt */
  | { kind: 'retry'; ms: number }
  | { kind: 'park' };

const PAUSE_FIRST_MS = 2_000;
/** the end of an outage is noticed within a minute; a failed sign-in needs a person, and too many tries lock accounts */
const PAUSE_MOST_MS = 60_000;
const PAUSE_MOST_REFUSED_MS = 5 * 60_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 10 * 60_000;

/** Doubles from `first` to at most `most`, with ±20 % jitter so that many do not come back at once. */
export function backOff(first: number, most: number, count: number, random: number): number {
  const plain = Math.min(most, first * 2 ** Math.min(count, 30));
  return Math.round(plain * (0.8 + 0.4 * random));
}

/** True for faults of the system or of the connection to it, which say nothing about the entity at hand. */
export function isSystemFault(error: SyncError): boolean {
  return error.kind === 'transient' || error.kind === 'rateLimited' || error.kind === 'auth';
}

/** True if it pauses the system if it is not known whose fault it is: `fatal`, too, since the answer was not the API's. */
export const pauses = (error: SyncError): boolean => isSystemFault(error) || error.kind === 'fatal';

/** How long a system pauses after its `count`-th fault in a row (0 = first). Its own Retry-After is the least. */
export function pauseFor(error: SyncError, count: number, random: number): number {
  const most = error.kind === 'transient' ? PAUSE_MOST_MS : PAUSE_MOST_REFUSED_MS;
  const own = backOff(PAUSE_FIRST_MS, most, count, random);
  const asked = error.detail.retryAfterMs ?? 0;
  return error.kind === 'rateLimited' && asked > 0 ? asked : Math.max(own, asked);
}

/**
 * Whose failure it is: `system`: the call failed whatever was in it. `own`: the evidence is against this event, whatever the
 * kind of error (blame.ts). Undefined: the kind decides.
 */
export type Blame = 'system' | 'own' | undefined;

/**
 * @param attempts attempts already charged to the event
 * @param retries  how often it is tried again after the first attempt before it is parked
 */
export function judge(error: SyncError, attempts: number, retries: number, blame: Blame, random: number): Verdict {
  if (blame === 'system' || (blame !== 'own' && isSystemFault(error))) return { kind: 'pause' };
  if (attempts + 1 > retries) return { kind: 'park' };
  // each try waits four times as long as the one before: a workflow or a missing value is mended by people, not at once
  const [first, most] = error.detail.content ? [CONTENT_FIRST_MS, CONTENT_MOST_MS] : [RETRY_FIRST_MS, RETRY_MOST_MS];
  return { kind: 'retry', ms: backOff(first, most, attempts * 2, random) };
}

/** A file that is not given out now: it is scanned for minutes, or its server has to be mended. */
const CONTENT_FIRST_MS = 60_000;
const CONTENT_MOST_MS = 4 * 3_600_000;

const ANSWER_LIMIT = 4_000;

/** @param node id of the node in which it happened, if known */
export function toStored(error: SyncError, now: number, node?: string): StoredError {
  return {
    kind: error.kind,
    message: error.message.slice(0, ANSWER_LIMIT),
    fields: error.detail.fields,
    answer: error.detail.answer?.slice(0, ANSWER_LIMIT),
    ...(node !== undefined && { node }),
    at: iso(now),
  };
}

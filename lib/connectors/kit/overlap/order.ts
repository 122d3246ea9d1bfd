/**
 * A poll by time is correct only if the system filters and sorts as requested. Many systems ignore parameters that they
 * do not know, so each page is checked before any of it is used. Pure.
 */

import type { EntityId } from '../../../model/entity';
import { START_AGAIN, SyncError } from '../../../model/errors';

/** A row of a list that is sorted by update time. */
export interface Timed {
  id: EntityId;
  /** update time, ms since 1970 */
  at: number;
}

/** How exactly a system's list follows time, and the words for its errors. */
export interface Order {
  /** "Redmine" */
  product: string;
  /** "issue" */
  thing: string;
  /** how far below its bound a search reaches, ms: the coarsest clock used for comparing times */
  resolutionMs: number;
  /** how much earlier than the previous row a row may be, ms: the coarsest clock used for sorting */
  toleranceMs: number;
}

/** @returns a copy, sorted by update time */
export const oldestFirst = <Row extends { at: number }>(rows: readonly Row[]): Row[] =>
  [...rows].sort((a, b) => a.at - b.at);

const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * @param from the requested bound, ms since 1970; undefined = none
 * @throws SyncError fatal if the page starts before its bound, or is not in ascending order. The error names both rows,
 * and nothing of the page is used, so that nothing is lost
 */
export function refuseDisorder(order: Order, rows: readonly Timed[], from: number | undefined): void {
  const { product, thing, resolutionMs, toleranceMs } = order;
  let latest: Timed | undefined;
  for (const row of rows) {
    if (from !== undefined && row.at < from - resolutionMs) {
      throw new SyncError(
        'fatal',
        `${product} was asked for what changed since ${iso(from)} and answers with ${thing} ${row.id} of ${iso(row.at)}. It ` +
          'does not filter, so Twinflow uses nothing of this page',
      );
    }
    if (latest && row.at < latest.at - toleranceMs) {
      throw new SyncError(
        'fatal',
        `${product} was asked for an ascending order and answers with ${thing} ${row.id} of ${iso(row.at)} behind ` +
          `${thing} ${latest.id} of ${iso(latest.at)}. Changes could be missed, so Twinflow uses nothing of this page`,
      );
    }
    if (!latest || row.at > latest.at) latest = row;
  }
}

/** Servers behind one URL differ, and clocks are set back: a difference up to this is not a restored backup, ms. */
export const CLOCK_STEP_MS = 3_000;

/** @param words the earlier and the current state: "issue 3 was updated at …, now Redmine says …" */
export const goesBackwards = (what: string, words: string): SyncError =>
  new SyncError('fatal', `${what} backwards: ${words}. A backup may have been restored. ${START_AGAIN}`);

/**
 * @param rows as they are shown now
 * @param known their update times when they were last read, ms since 1970; undefined = never read
 * @throws SyncError fatal if an update time went backwards: the sign of a restored backup
 */
export function refuseOlder(
  { product, thing }: Order,
  rows: readonly Timed[],
  known: (id: EntityId) => number | undefined,
): void {
  for (const { id, at } of rows) {
    const before = known(id);
    if (before === undefined || before - at <= CLOCK_STEP_MS) continue;
    const words = `${thing} ${id} was updated at ${iso(before)}, now ${product} says ${iso(at)}`;
    throw goesBackwards(`${product}'s time goes`, words);
  }
}

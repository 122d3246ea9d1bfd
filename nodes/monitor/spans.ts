/** Counts by hour, put together into equal spans of time for a plot. Pure. */

import type { HourCount } from '../../lib/store/contract/journal';

/** Days that are shown. */
export const DAYS = 30;
const HOUR_MS = 3_600_000;
/** What people did is not a change. */
const NO_CHANGE = new Set(['action']);

export interface Span {
  synced: number;
  parked: number;
}

/**
 * Counts in spans of `hours` hours, the oldest first; the last one holds `now`.
 * @param now ms since 1970
 */
export function spansOf(counts: readonly HourCount[], hours: number, number: number, now: number): Span[] {
  const last = Math.floor(now / HOUR_MS);
  const spans = Array.from({ length: number }, (): Span => ({ synced: 0, parked: 0 }));
  for (const { hour, outcome, count } of counts) {
    const back = Math.floor((last - Math.floor(Date.parse(hour) / HOUR_MS)) / hours);
    const span = spans[number - 1 - back];
    if (!span || NO_CHANGE.has(outcome)) continue;
    if (outcome === 'parked') span.parked += count;
    else span.synced += count;
  }
  return spans;
}

/** When each of the spans begins, in seconds since 1970. */
export const startsOf = (hours: number, number: number, now: number): number[] =>
  Array.from({ length: number }, (_, index) => {
    const hour = Math.floor(now / HOUR_MS) + 1 - hours * (number - index);
    return (hour * HOUR_MS) / 1_000;
  });

/** All of the spans together. */
export function sumOf(spans: readonly Span[]): Span {
  const sum: Span = { synced: 0, parked: 0 };
  for (const { synced, parked } of spans) {
    sum.synced += synced;
    sum.parked += parked;
  }
  return sum;
}

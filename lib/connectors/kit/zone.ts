/** Times in a system's own time zone. */

import { SyncError } from '../../model/errors';

/** @param text ISO 8601. @returns ms since 1970. @throws SyncError invalid if it is not a time */
export function pointInTime(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new SyncError('invalid', `"${text}" is not a point in time (ISO 8601)`);
  return ms;
}

/** @throws SyncError invalid if there is no such zone (IANA name) */
export function checkedZone(name: string, field: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch {
    const why = `"${name.slice(0, 60)}" is not a time zone such as Europe/Berlin`;
    throw new SyncError('invalid', why, { fields: { [field]: why } });
  }
}

/**
 * The local time in a zone at a moment.
 * @param ms since 1970
 * @param zone IANA name
 * @returns `YYYY-MM-DD HH:MM:SS`
 */
export function wallTime(ms: number, zone: string): string {
  // Sweden's date format is ISO 8601
  return new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  }).format(ms);
}

const HALF_A_DAY_MS = 43_200_000;

/**
 * The day of a point in time, as 2026-02-28: for systems that store a day as midnight in somebody's zone.
 *
 * @param zone where days start; '' = unknown: the nearest midnight is used, which is correct from UTC−11 to UTC+12
 */
export function dayOf(ms: number, zone: string): string {
  const shown = zone === '' ? ms + HALF_A_DAY_MS : ms + offsetOf(ms, zone);
  return new Date(shown).toISOString().slice(0, 10);
}

/** The start of a day, ms since 1970; if clocks go forward at midnight, an hour later. @param zone '' = UTC */
export function beginOf(day: string, zone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  if (zone === '') return utc;
  // once more with the offset at that time: clocks may change in between
  return utc - offsetOf(utc - offsetOf(utc, zone), zone);
}

/** Local time minus UTC, milliseconds. */
function offsetOf(ms: number, timeZone: string): number {
  const wall = Date.parse(`${wallTime(ms, timeZone).replace(' ', 'T')}Z`);
  return wall - Math.floor(ms / 1_000) * 1_000;
}

/** Times where a database has no type for them (SQLite), and times without a zone. */

import { beginOf, wallTime } from '../kit/zone';
import type { Raw, StoredTime } from './database';

const DAY_MS = 86_400_000;
/** Julian day of 1 January 1970, 0:00. */
const JULIAN_EPOCH = 2_440_587.5;
/** The largest number that is read as seconds, not as milliseconds: in the year 5138. */
const MOST_SECONDS = 1e11;

const TEXT = /^(\d{4}-\d\d-\d\d)(?:([T ])(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** How a value is stored; undefined if it is no time. */
export function storedAs(raw: Raw, declared: string): StoredTime | undefined {
  if (typeof raw === 'number') {
    if (/real|float|double|julian/i.test(declared) && raw > 1_000_000 && raw < 6_000_000) return { as: 'days' };
    return { as: Math.abs(raw) > MOST_SECONDS ? 'ms' : 's' };
  }
  const [match, , sep, , , fraction, zone] = (typeof raw === 'string' && TEXT.exec(raw)) || [];
  if (match === undefined) return undefined;
  return { as: 'text', sep: sep === 'T' ? 'T' : ' ', fraction: fraction !== undefined, zone: zone !== undefined };
}

/**
 * A local time and its offset, if it names one.
 * @param zone of texts without one; IANA
 * @returns ms since 1970
 */
export function momentOfText(text: string, zone: string): number | undefined {
  const [match, day = '', , minutes = '00:00', seconds = ':00', fraction = '', offset] = TEXT.exec(text) ?? [];
  if (match === undefined) return undefined;
  const ms = Number(`${fraction.slice(1)}000`.slice(0, 3));
  const wall = Date.parse(`${day}T${minutes}${seconds}Z`);
  if (Number.isNaN(wall)) return undefined;
  if (offset === 'Z' || (offset === undefined && zone === 'UTC')) return wall + ms;
  if (offset !== undefined) {
    const [, sign = '+', hours = '0', rest = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? [];
    const shift = (Number(hours) * 60 + Number(rest)) * 60_000;
    return wall + ms - (sign === '-' ? -shift : shift);
  }
  // the offset at that time: its midnight, and the clock since then, as people read it
  const guess = beginOf(day, zone) + (wall - Date.parse(`${day}T00:00:00Z`));
  const shown = Date.parse(`${wallTime(guess, zone).replace(' ', 'T')}Z`);
  return guess + (wall - shown) + ms;
}

export function momentOfStored(raw: Raw, stored: StoredTime | undefined, zone: string): number | undefined {
  if (raw === null) return undefined;
  if (typeof raw === 'string') return momentOfText(raw, zone);
  switch (stored?.as) {
    case 'days':
      return Math.round((raw - JULIAN_EPOCH) * DAY_MS);
    case 's':
      return Math.round(raw * 1000);
    case 'ms':
      return Math.round(raw);
    default:
      return undefined;
  }
}

/** @param ms since 1970. @returns `2026-02-28T10:00:00.123Z` in parts */
export function textOfMoment(ms: number, zone: string): { wall: string; fraction: string } {
  const fraction = `.${String(((ms % 1000) + 1000) % 1000).padStart(3, '0')}`;
  const wall = zone === 'UTC' ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : wallTime(ms, zone);
  return { wall, fraction };
}

/** @param exact false: not later, whatever signs other values have */
export function storedMoment(
  ms: number,
  stored: StoredTime | undefined,
  zone: string,
  exact: boolean,
): string | number {
  const how = stored ?? { as: 'text' as const, sep: 'T' as const, fraction: true, zone: true };
  switch (how.as) {
    case 'days':
      return ms / DAY_MS + JULIAN_EPOCH;
    case 's':
      return Math.floor(ms / 1000);
    case 'ms':
      return ms;
    case 'text': {
      const { wall, fraction } = textOfMoment(ms, how.zone ? 'UTC' : zone);
      const text = how.sep === 'T' ? wall.replace(' ', 'T') : wall;
      return exact ? `${text}${how.fraction ? fraction : ''}${how.zone ? 'Z' : ''}` : text;
    }
  }
}

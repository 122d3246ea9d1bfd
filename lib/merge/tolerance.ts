/**
 * Checks whether a value is the one that was written, in the form in which the system stores it. More tolerant than
 * equality: texts may be trimmed or have other case or punctuation, list values may be trimmed or have other case,
 * numbers may be rounded. Used only if the response to a write is not exact, so that the target's way of storing a
 * value does not count as a user's edit. Pure.
 */

import { equalValues } from '../mapping/compare';
import { type Fields, isEmpty, type Value } from '../model/values';
import { sameMerged } from './values';

/** Maximum rounding that is attributed to the system: a hundredth of the value. */
const ROUNDING = 0.01;

export function resembles(written: Value, shown: Value): boolean {
  if (equalValues(written, shown)) return true;
  if (Array.isArray(written) || Array.isArray(shown)) return sameMerged(written, shown, undefined);
  const [one, two] = [textOf(written), textOf(shown)];
  if (one !== undefined && two !== undefined) return bare(one) === bare(two);
  if (typeof written === 'number' && typeof shown === 'number') {
    return Math.abs(written - shown) <= ROUNDING * Math.max(Math.abs(written), Math.abs(shown));
  }
  return false;
}

/**
 * True if an item shows what was written. Texts identify an item, so they decide. If no text was written, every field
 * must match.
 */
export function shows(fields: Fields, written: Fields): boolean {
  const entries = Object.entries(written).filter(([, value]) => !isEmpty(value));
  const texts = entries.filter(([, value]) => textOf(value) !== undefined);
  return (texts.length ? texts : entries).every(([field, value]) => resembles(value, fields[field] ?? null));
}

function textOf(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null && 'content' in value ? value.content : undefined;
}

const bare = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

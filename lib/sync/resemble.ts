/**
 * Is this the value that was written, as a system may have stored it in its own way? Wider than equality: texts trimmed,
 * re-cased or re-punctuated, entries of lists trimmed or re-cased, numbers rounded. Asked only where a write's answer is not
 * exact, so that the way a target stores a value is not taken for a person's edit. Pure.
 */

import { equalValues } from '../mapping/compare';
import { type Fields, isEmpty, type Value } from '../model/values';
import { sameMerged } from './merge-values';

/** Rounding that is taken for the system's: a hundredth of the value. */
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
 * True where an entity shows what was written. A text is what tells one entity from another, so texts decide; where none
 * was written, every field must agree.
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

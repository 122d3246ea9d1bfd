/** Whether an entity shows the values that were written or searched. Pure. */

import { textFinder } from '../../model/same-text';
import { isEmpty, type Value } from '../../model/values';
import type { FindQuery } from '../connector';

/** The id of a lookup, user or reference. */
export function idOfValue(value: Value | undefined): string | undefined {
  return typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
}

/** The display text of the value. */
export function nameOf(value: Value | undefined): string {
  if (typeof value !== 'object' || value === null)
    return value === undefined || value === null ? 'nothing' : String(value);
  if (Array.isArray(value)) return value.map((one) => nameOf(one)).join(', ') || 'nothing';
  if ('name' in value && value.name) return value.name;
  if ('email' in value && value.email) return value.email;
  return 'content' in value ? value.content.slice(0, 80) : (idOfValue(value) ?? 'nothing');
}

/**
 * True if the entity shows the sent values, apart from what systems normalize: surrounding blanks, line ends, order,
 * rounding.
 *
 * @param tolerance maximum difference of numbers
 */
export function isShown(shown: Value | undefined, wanted: Value, tolerance = 1e-6): boolean {
  if (shown === undefined || isEmpty(shown) || isEmpty(wanted)) return isEmpty(shown) && isEmpty(wanted);
  if (Array.isArray(wanted) || Array.isArray(shown)) {
    const [some, others] = [wanted, shown].map((value) => (Array.isArray(value) ? value : [value]));
    if (!some || !others || some.length !== others.length) return false;
    return some.every((one) => others.some((other) => isSame(other, one)));
  }
  if (typeof shown === 'number' && typeof wanted === 'number') return Math.abs(shown - wanted) <= tolerance;
  return isSame(shown, wanted);
}

/** By id if both have one, otherwise by display text. */
function isSame(a: Value, b: Value): boolean {
  const [one, other] = [idOfValue(a), idOfValue(b)];
  return one !== undefined && other !== undefined ? one === other : textOf(a) === textOf(b);
}

function textOf(value: Value): string {
  const text = typeof value === 'object' && value !== null && 'content' in value ? value.content : nameOf(value);
  return text.replaceAll('\0', '').replace(/\r\n?/g, '\n').trim();
}

/** True for formatted text that is not empty. */
export const isSomeText = (value: Value | undefined): boolean =>
  typeof value === 'object' && value !== null && 'content' in value && !isEmpty(value);

/** True if a field shows one of the values that are searched for, by the query's comparison. */
export const isSearched = (shown: Value | undefined, { values, how }: NonNullable<FindQuery['field']>): boolean =>
  how === undefined ? values.some((value) => isShown(shown, value)) : textFinder(values, how)(shown);

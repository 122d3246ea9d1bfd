/** Whether an entity shows what was written or looked for. Pure. */

import { isEmpty, type Value } from '../../model/values';

/** The id of a lookup, user or reference. */
export function idOfValue(value: Value | undefined): string | undefined {
  return typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
}

/** What a person would call the value. */
export function nameOf(value: Value | undefined): string {
  if (typeof value !== 'object' || value === null)
    return value === undefined || value === null ? 'nothing' : String(value);
  if (Array.isArray(value)) return value.map((one) => nameOf(one)).join(', ') || 'nothing';
  if ('name' in value && value.name) return value.name;
  return 'content' in value ? value.content.slice(0, 80) : (idOfValue(value) ?? 'nothing');
}

/**
 * True where the entity shows what was sent, apart from what systems normalise: blanks around, line ends, order, rounding.
 *
 * @param tolerance by how much numbers may differ
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

/** By id where both have one, else by what people read. */
function isSame(a: Value, b: Value): boolean {
  const [one, other] = [idOfValue(a), idOfValue(b)];
  return one !== undefined && other !== undefined ? one === other : textOf(a) === textOf(b);
}

function textOf(value: Value): string {
  const text = typeof value === 'object' && value !== null && 'content' in value ? value.content : nameOf(value);
  return text.replace(/\r\n?/g, '\n').trim();
}

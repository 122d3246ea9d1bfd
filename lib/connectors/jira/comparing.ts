/** Whether an entity shows what was written or looked for. Pure. */

import { isEmpty, type Value } from '../../model/values';

/** The id of a lookup, user or reference. */
export function idOfValue(value: Value | undefined): string | undefined {
  return typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
}

/** What a person would call the value. */
export function nameOf(value: Value | undefined): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return value.map((one) => nameOf(one)).join(', ') || 'nothing';
  if ('name' in value && value.name) return value.name;
  if ('email' in value && value.email) return value.email;
  return 'content' in value ? value.content.slice(0, 80) : (idOfValue(value) ?? 'nothing');
}

const plain = (text: string): string => text.replaceAll('\0', '').replace(/\r\n?/g, '\n').trim();

/**
 * True where the entity shows what was sent, apart from what Jira normalises: blanks, line ends, order, rounding. Of rich
 * text only that there is some: Jira adds ids to a document's nodes.
 *
 * @param tolerance by how much numbers may differ
 */
export function isShown(shown: Value | undefined, wanted: Value, tolerance = 1e-6): boolean {
  if (shown === undefined || isEmpty(shown) || isEmpty(wanted)) return isEmpty(shown) && isEmpty(wanted);
  if (Array.isArray(wanted) || Array.isArray(shown)) {
    const [some, others] = [wanted, shown].map((value) => (Array.isArray(value) ? value : [value]).map(keyOf).sort());
    return JSON.stringify(some) === JSON.stringify(others);
  }
  if (typeof shown === 'number' && typeof wanted === 'number') return Math.abs(shown - wanted) <= tolerance;
  if (typeof wanted === 'object' && wanted !== null && 'content' in wanted) return true;
  return keyOf(shown) === keyOf(wanted);
}

function keyOf(value: Value): string {
  if (typeof value !== 'object' || value === null) return plain(String(value));
  if ('content' in value) return plain(value.content);
  return idOfValue(value) ?? plain(nameOf(value));
}

/** True where the value of a field is the one looked for: a lookup or person also by name alone. */
export function isValue(shown: Value | undefined, wanted: Value): boolean {
  if (Array.isArray(shown)) {
    const list = Array.isArray(wanted) ? wanted : [wanted];
    return shown.length === list.length && list.every((one) => shown.some((other) => isValue(other, one)));
  }
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
    return typeof shown === 'object' && shown !== null
      ? plain(nameOf(shown)) === plain(nameOf(wanted))
      : plain(nameOf(shown)) === plain(nameOf(wanted)) && !isEmpty(shown);
  }
  if (typeof shown !== 'object' || shown === null) return plain(nameOf(shown)) === plain(nameOf(wanted));
  const id = idOfValue(wanted);
  return id !== undefined
    ? idOfValue(shown) === id
    : keyOf(shown) === keyOf(wanted) || nameOf(shown) === nameOf(wanted);
}

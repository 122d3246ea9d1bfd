/**
 * An entity's URL, without the part that repeats in every URL of its system: `https://jira.example.org/browse/DEMO-17`
 * is stored as the number of `https://jira.example.org/browse/`, a mark for the key, and the rest.
 */

import type { EntityRef } from '../../model/entity';
import type { Names } from './names';

/** Marks for possible ends of a URL; a stored URL without a mark is the URL itself. */
const KEY = 'k';
const ID = 'i';
const WHOLE = '=';

export function packUrl(ref: EntityRef, names: Names): string | null {
  if (ref.url === undefined) return null;
  for (const [mark, part] of [
    [KEY, ref.key],
    [ID, ref.id],
  ] as const) {
    // Only at the end of the URL: so the number of different prefixes is that of systems and projects.
    if (part !== '' && ref.url.endsWith(part)) {
      return `${mark}${names.idOf(ref.url.slice(0, -part.length))}`;
    }
  }
  return WHOLE + ref.url;
}

export function unpackUrl(stored: string | null, id: string, key: string, names: Names): string | undefined {
  if (stored === null) return undefined;
  if (stored.startsWith(WHOLE)) return stored.slice(WHOLE.length);
  return names.nameOf(Number(stored.slice(1))) + (stored.startsWith(KEY) ? key : id);
}

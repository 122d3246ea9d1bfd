/**
 * An entity's address, without what repeats in every address of its system: `https://jira.example.org/browse/DEMO-17`
 * is stored as the number of `https://jira.example.org/browse/`, a mark for the key, and what follows.
 */

import type { EntityRef } from '../../model/entity';
import type { Names } from './names';

/** Marks of the parts that an address may end in; a stored address without mark is the address itself. */
const KEY = 'k';
const ID = 'i';
const WHOLE = '=';

export function packUrl(ref: EntityRef, names: Names): string | null {
  if (ref.url === undefined) return null;
  for (const [mark, part] of [
    [KEY, ref.key],
    [ID, ref.id],
  ] as const) {
    // Only at the end of the address: so the number of different beginnings is that of systems and projects.
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

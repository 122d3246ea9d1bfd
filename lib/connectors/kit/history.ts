/** The changes of one entity as revisions: newest first, limited, with related changes in one revision. Pure. */

import type { FieldId, UserValue, Value } from '../../model/values';
import type { Revision } from '../connector';

/** Maximum number of revisions of one entity. */
export const MOST_REVISIONS = 100;

/** One change of one field; a field of several values may have one for each that was added or removed. */
export interface Change {
  field: FieldId;
  old: Value;
  new: Value;
}

/** One entry of a system's log. */
export interface LogEntry {
  id?: string | undefined;
  /** ISO 8601; an entry without a time is left out */
  at: string | undefined;
  by?: UserValue | undefined;
  changes: readonly Change[];
}

/** The values of two changes of one field. */
export function joined(a: Value, b: Value): Value {
  const parts = [a, b].flatMap((value) => (Array.isArray(value) ? value : value === null ? [] : [value]));
  return parts.length === 0 ? null : parts;
}

/** The revision of an entry; undefined if it has no time or no field change (a comment, a link). */
export function revisionOf({ id, at, by, changes }: LogEntry): Revision[] {
  if (at === undefined || changes.length === 0) return [];
  const fields: Revision['fields'] = {};
  for (const change of changes) {
    const known = fields[change.field];
    fields[change.field] = known
      ? { old: joined(known.old, change.old), new: joined(known.new, change.new) }
      : { old: change.old, new: change.new };
  }
  return [{ id: id ?? at, at, ...(by && { by }), fields }];
}

/**
 * Entries newest first: by time, within one time by id, which only grows.
 *
 * @param most maximum number of entries, newest first
 */
export const newestFirst = <E extends { id?: string | undefined; at?: string | undefined }>(
  entries: readonly E[],
  most = MOST_REVISIONS,
): E[] =>
  [...entries]
    .sort((a, b) => Date.parse(b.at ?? '') - Date.parse(a.at ?? '') || Number(b.id ?? 0) - Number(a.id ?? 0))
    .slice(0, most);

/** Checks a default mapper's rows against what both systems declare now. Pure. */

import { convertValue } from '../mapping/convert';
import { showValue } from '../mapping/describe';
import type { DefaultRow } from '../model/config';
import { append } from '../model/lists';
import { isEmpty, type SingleValue, type UserValue, type Value } from '../model/values';
import { asNow, fieldDrift, valueDrift } from './drift';
import { type Finding, type Live, liveOf } from './finding';
import { entriesOf, misfits } from './misfits';
import { namedOf } from './values-of';

/**
 * Finds fields that are gone, of another type or read-only; defaults that are not valid for their field or not in its
 * list; rows that promise a default and have none; two rows for one field.
 */
export function checkDefaultRows(rows: DefaultRow[], live: Live): Finding[] {
  return rows.flatMap((row, place) => checkRow(row, place, rows, live));
}

function checkRow(row: DefaultRow, place: number, rows: DefaultRow[], live: Live): Finding[] {
  const { side } = row;
  const fields = liveOf(live, side);
  const at = { row: place, label: row.field.name, side };
  const finding = (level: Finding['level'], code: Finding['code'], names = {}): Finding => ({
    ...at,
    level,
    code,
    names: { name: row.field.name, ...names },
  });
  const found: Finding[] = fieldDrift(row.field, side, fields, at);
  const value = (row.value ?? null) as Value;
  const twin = rows.findIndex((other) => other.side === side && other.field.id === row.field.id);
  if (twin !== place) found.push(finding('warning', 'twoRows'));
  const promised = row.empty === 'default' || row.unresolved === 'default';
  if (promised && isEmpty(value)) found.push(finding('warning', 'noDefault'));
  const now = fields?.get(row.field.id);
  if (fields !== undefined && now === undefined) return found;
  if (now?.readOnly) found.push(finding('error', 'readOnlyTarget'));
  else if (now?.createOnly) found.push(finding('note', 'createOnlyTarget'));
  const wrong = wrongValue(value, row, live);
  if (wrong !== undefined) found.push(finding('error', 'wrongType', { value: wrong }));
  else append(found, misfits(entriesOf(value), now, side, at, 'error'));
  if (wrong === undefined && now?.type === 'lookup') {
    const drift = valueDrift(namedOf(value), now.values, side, at, now.name);
    append(
      found,
      drift.map((one): Finding => (one.code === 'goneValues' ? { ...one, level: 'error' } : one)),
    );
  }
  return found;
}

/** The part of the default, as text, that the field cannot hold. */
function wrongValue(value: Value, row: DefaultRow, live: Live): string | undefined {
  // its length is checked by itself
  const { maxLength: _most, length: _length, ...field } = asNow(row.field, liveOf(live, row.side));
  const items: SingleValue[] = Array.isArray(value) ? value : value === null ? [] : [value];
  if (items.length > 1 && field.multi !== true) return showValue(value);
  for (const item of items) {
    const converted = convertValue(item, { ...field, id: '', name: '' }, field);
    if ('problem' in converted || converted.lossy !== undefined || changes(item, converted.value)) {
      return showValue(item);
    }
  }
  return undefined;
}

/** True if the field's type converts the value to another one: a text in a number field. */
const changes = (before: SingleValue, after: SingleValue): boolean =>
  typeof before !== 'object' && typeof before !== typeof after;

/** Default users that are given without id: only the system knows whether they exist. */
export const peopleToAsk = (rows: DefaultRow[]): { row: number; person: UserValue }[] =>
  rows.flatMap(({ field, value }, row) => {
    if (field.type !== 'user') return [];
    return (Array.isArray(value) ? value : [value]).flatMap((person) =>
      typeof person === 'object' && person !== null && !('content' in person) && person.id === undefined
        ? [{ row, person: person as UserValue }]
        : [],
    );
  });

/**
 * What a person has corrected in a parked event takes the place of what the flow mapped, for exactly those fields, as
 * long as the flow still maps the value that was corrected: a newer one from the source is written itself. Pure.
 */

import { equalValues } from '../../mapping/compare';
import type { Warning } from '../../merge/types';
import type { SyncMessage } from '../../model/message';
import type { FieldId, Fields } from '../../model/values';
import type { Correction, Corrections } from '../../store/store';

/**
 * @param mapped target fields as mapped when the event was parked
 * @returns what is stored with the event
 */
export function correctionsOf(fields: Fields, mapped: Fields): Corrections {
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]): [FieldId, Correction] => {
      const instead = mapped[field];
      return [field, instead === undefined ? { value } : { value, instead }];
    }),
  );
}

const holds = ({ instead }: Correction, field: FieldId, payload: Fields): boolean =>
  instead === undefined ? !(field in payload) : field in payload && equalValues(payload[field] ?? null, instead);

/** @returns the message as it is written, and which corrections were not used, and why */
export function corrected(
  message: SyncMessage,
  corrections: Corrections | undefined,
): { message: SyncMessage; unused: Warning[] } {
  if (!corrections) return { message, unused: [] };
  const entries = Object.entries(corrections);
  if (entries.length === 0) return { message, unused: [] };
  const payload = { ...message.payload };
  const mapped = { ...message.sync.mapped };
  const unresolved = { ...message.sync.unresolved };
  const unused: Warning[] = [];
  for (const [field, correction] of entries) {
    if (!holds(correction, field, message.payload)) {
      unused.push({ field, reason: 'Correction ignored: the source value has changed since' });
      continue;
    }
    payload[field] = correction.value;
    mapped[field] = { from: [], ...mapped[field], syncWhen: undefined, corrected: true };
    delete unresolved[field];
  }
  return { message: { ...message, payload, sync: { ...message.sync, mapped, unresolved } }, unused };
}

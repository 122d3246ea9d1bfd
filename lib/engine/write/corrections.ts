/**
 * What a person has corrected in a parked event takes the place of what the flow mapped, for exactly those fields, as
 * long as the flow still maps the value that was corrected: a newer one from the source is written itself. Pure.
 */

import { equalValues } from '../../mapping/compare';
import type { Warning } from '../../merge/types';
import type { Side } from '../../model/entity';
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

/** @returns what is stored with an event of which a person has decided the conflicts */
export const decisionsOf = (choices: Record<FieldId, Side>, by: string | undefined): Corrections =>
  Object.fromEntries(
    Object.entries(choices).map(([field, side]): [FieldId, Correction] => [field, { side, ...(by && { by }) }]),
  );

type Replaced = Exclude<Correction, { side: Side }>;

const holds = ({ instead }: Replaced, field: FieldId, payload: Fields): boolean =>
  instead === undefined ? !(field in payload) : field in payload && equalValues(payload[field] ?? null, instead);

/** @returns the message as it is written, and what is to be said: who has decided, and which corrections were not used */
export function corrected(
  message: SyncMessage,
  corrections: Corrections | undefined,
): { message: SyncMessage; notes: Warning[] } {
  if (!corrections) return { message, notes: [] };
  const entries = Object.entries(corrections);
  if (entries.length === 0) return { message, notes: [] };
  const payload = { ...message.payload };
  const mapped = { ...message.sync.mapped };
  const unresolved = { ...message.sync.unresolved };
  const notes: Warning[] = [];
  for (const [field, correction] of entries) {
    if ('side' in correction) {
      const how = mapped[field];
      if (!how) continue;
      mapped[field] = { ...how, conflict: correction.side === 1 ? 'system1' : 'system2', decided: true };
      notes.push({ field, reason: decidedBy(correction) });
      continue;
    }
    if (!holds(correction, field, message.payload)) {
      notes.push({ field, reason: 'Correction ignored: the source value has changed since' });
      continue;
    }
    payload[field] = correction.value;
    mapped[field] = { from: [], ...mapped[field], syncWhen: undefined, corrected: true };
    delete unresolved[field];
  }
  return { message: { ...message, payload, sync: { ...message.sync, mapped, unresolved } }, notes };
}

const decidedBy = ({ side, by = 'a person' }: Extract<Correction, { side: Side }>): string =>
  `Changed on both sides; ${by} has chosen the value of System ${side}`;

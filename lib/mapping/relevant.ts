/** Which source fields the rows of a field mapper read: only their changes are worth a message. */

import type { FieldRow } from '../model/config';
import { applies } from '../model/entity';
import type { FieldId } from '../model/values';

export interface RelevantFields {
  fields: ReadonlySet<FieldId>;
  /** some row writes on every change, whichever field it is in */
  always: boolean;
}

/** By the side that is read. */
export function relevantFields(rows: FieldRow[]): Record<1 | 2, RelevantFields> {
  const of = (side: 1 | 2): RelevantFields => {
    const reading = rows.filter((row) => applies(row.direction, side === 1 ? 'forward' : 'backward'));
    const complete = reading.filter((row) => (side === 1 ? row.two : row.one) !== undefined);
    const fields = complete.map((row) => (side === 1 ? row.one : row.two)?.id).filter((id) => id !== undefined);
    return { fields: new Set(fields), always: complete.some((row) => row.applyWhen === 'always') };
  };
  return { 1: of(1), 2: of(2) };
}

/** Which source fields the rows of a field mapper read. Only changes of these fields need a message. */

import type { FieldRow } from '../model/config';
import { directionFrom } from '../model/entity';
import type { FieldId } from '../model/values';
import { type ExpressionReads, endsOf, fieldFinder, goes, readsOf } from './transform';

export interface RelevantFields {
  fields: ReadonlySet<FieldId>;
  /** some row writes on every item change, whatever field changed */
  always: boolean;
}

/**
 * By the side that is read.
 * @param expressionReads parses expressions; if absent, a row with an expression counts as reading every field
 */
export function relevantFields(rows: FieldRow[], expressionReads?: ExpressionReads): Record<1 | 2, RelevantFields> {
  const of = (side: 1 | 2): RelevantFields => {
    const direction = directionFrom(side);
    const find = fieldFinder(rows, direction);
    const complete = rows.filter((row) => goes(row, direction) && endsOf(row, direction).target !== undefined);
    const reads = complete.map((row) => readsOf(row, direction, find, expressionReads));
    return {
      fields: new Set(reads.flatMap(({ fields }) => fields)),
      always: complete.some((row) => row.applyWhen === 'always') || reads.some(({ all }) => all),
    };
  };
  return { 1: of(1), 2: of(2) };
}

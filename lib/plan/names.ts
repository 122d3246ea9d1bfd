/** What the fields of a chain's rows are called, by the side that is read. Pure. */

import { endsOf, transformOf } from '../mapping/transform';
import type { FieldChoice } from '../model/config';
import { directionFrom, type Side, targetSide } from '../model/entity';
import type { FieldId } from '../model/values';
import type { PlanStep } from './steps';

export function namesOf(
  steps: PlanStep[],
  side: Side,
): { source: ReadonlyMap<FieldId, string>; target: ReadonlyMap<FieldId, string> } {
  const direction = directionFrom(side);
  const source = new Map<FieldId, string>();
  const target = new Map<FieldId, string>();
  const add = (names: Map<FieldId, string>, field: FieldChoice | undefined): void => {
    if (field !== undefined && !names.has(field.id)) names.set(field.id, field.name);
  };
  for (const step of steps) {
    if (step.kind === 'fieldMapper') {
      for (const row of step.rows) {
        const ends = endsOf(row, direction);
        add(source, ends.source);
        add(target, ends.target);
        for (const field of transformOf(row, direction)?.fields ?? []) add(source, field);
      }
    } else if (step.kind === 'valueMapper') {
      for (const { one, two } of step.rows) {
        add(source, direction === 'forward' ? one : two);
        add(target, direction === 'forward' ? two : one);
      }
    } else if (step.kind === 'defaultMapper') {
      for (const row of step.rows) if (row.side === targetSide(direction)) add(target, row.field);
    } else if (step.filter.side === side) for (const { field } of step.filter.conditions) add(source, field);
  }
  return { source, target };
}

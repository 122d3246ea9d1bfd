/** The fields of a chain as its rows know them, by the side that is read. Pure. */

import { conditionsIn } from '../mapping/conditions';
import { endsOf, transformOf } from '../mapping/transform';
import type { FieldChoice } from '../model/config';
import { directionFrom, type Side, targetSide } from '../model/entity';
import type { FieldId } from '../model/values';
import type { PlanStep } from './steps';

export interface KnownFields {
  source: ReadonlyMap<FieldId, FieldChoice>;
  target: ReadonlyMap<FieldId, FieldChoice>;
}

export function fieldsOf(steps: PlanStep[], side: Side): KnownFields {
  const direction = directionFrom(side);
  const source = new Map<FieldId, FieldChoice>();
  const target = new Map<FieldId, FieldChoice>();
  const add = (known: Map<FieldId, FieldChoice>, field: FieldChoice | undefined): void => {
    if (field !== undefined && !known.has(field.id)) known.set(field.id, field);
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
    } else {
      const { filter } = step;
      for (const { field, of } of conditionsIn(filter.group)) {
        add((filter.side === side) === (of !== 'linked') ? source : target, field);
      }
    }
  }
  return { source, target };
}

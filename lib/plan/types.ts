/** What a plan says: what would become of an entity, and of each of its fields. Plain JSON; read in the browser too. */

import type { Condition } from '../mapping/conditions';
import type { Origin } from '../mapping/trace';
import type { Direction, EntityRef, Side } from '../model/entity';
import type { UnresolvedCode } from '../model/message';
import type { AboutPart } from '../model/operations';
import type { FieldId, FieldType, Value } from '../model/values';

export interface EntityPlan {
  integration: string;
  side: Side;
  direction: Direction;
  /** the entity as it was read */
  source: EntityRef & { updatedAt: string };
  /** of a part of another entity: what people know it by */
  part?: AboutPart;
  /** its counterpart, if it has one (perhaps gone by now: the outcome says so) */
  target?: EntityRef;
  outcome: PlanOutcome;
  /** target fields, in the order in which the rows made them */
  fields: FieldPlan[];
  /** the filters' conditions, as far as they were asked */
  criteria: CriterionPlan[];
  /** it is not linked yet: its counterpart was found, and would be linked instead of created */
  adopts?: true;
  /** what concerns the change as a whole */
  warnings: string[];
}

export type PlanOutcome =
  | { kind: 'create' }
  | { kind: 'update'; fields: FieldId[] }
  /** a part was deleted: so is its counterpart */
  | { kind: 'delete' }
  /**
   * `unchanged`: nothing that is mapped differs from what was last in sync. `same`: the target shows it all.
   * `kept`: something differs, but it stays – the other side wins, or a value has no counterpart
   */
  | { kind: 'nothing'; why: 'unchanged' | 'same' | 'kept' }
  /** @param otherOutput it leaves by the filter's second output, and is the flow's business from there on */
  /** @param reason in English */
  | { kind: 'filtered'; step: string; otherOutput: boolean; reason?: string }
  /** no pair of projects and entity types leads it to the other side */
  | { kind: 'noPair' }
  /** the steps have no field mapper for it (so far) */
  | { kind: 'unmapped' }
  /** it would be tried a few times, and then wait for a person. `fields`: target field → what is wrong */
  | { kind: 'parked'; reason: string; fields?: Record<FieldId, string>; step?: string }
  /**
   * its counterpart is gone, and the integration ignores such changes; a deleted part whose counterpart stays; or other integrations carry it, or it must not go back
   * to where it was made from
   */
  | { kind: 'skipped'; reason: string }
  /** a system is in trouble: the change would wait for it, and nothing more can be said */
  | { kind: 'waits'; reason: string; step?: string };

export interface FieldPlan {
  field: FieldId;
  name: string;
  type?: FieldType;
  /** source fields that the value was made from */
  sources: { field: FieldId; name: string; type?: FieldType; value: Value }[];
  /** what the target shows now; null if there is no target yet */
  before: Value;
  /** what the steps made of it; absent if they have no value for it */
  wanted?: Value;
  /** what the target is to show in the end */
  after: Value;
  effect: FieldEffect;
  /** how it came about, in order: mapped, then looked up in a table … */
  how: HowMapped[];
  warnings: FieldWarning[];
}

export type FieldEffect =
  | 'write'
  /** the target shows it already */
  | 'same'
  /** the source has not changed since the last sync, so the row leaves the target as it is */
  | 'unchanged'
  /** both sides changed it, and the target's value stays */
  | 'kept'
  /** both sides changed it, and the row wants a person to decide */
  | 'conflict'
  /** there is no value for the target: its field is left alone */
  | 'none'
  /** the row is for creates only, or for updates only */
  | 'notNow'
  /** a create of an empty value */
  | 'empty';

export interface HowMapped {
  origin: Origin;
  /** id of the step, absent if it was none of them */
  step?: string;
  /** place among the step's rows, if one row did it */
  row?: number;
}

export type FieldWarningKind =
  /** no counterpart in the target; or only for a part of the value */
  | 'unresolved'
  | 'lossy'
  /** both sides changed it; the reason tells the decision */
  | 'conflict'
  /** the target declares the field in a way that its value does not fit: it may be refused */
  | 'unknownField'
  | 'readOnly'
  | 'createOnly'
  | 'tooLong'
  | 'notInList'
  | 'required'
  | 'other';

export interface FieldWarning {
  kind: FieldWarningKind;
  /** in English */
  reason: string;
  /** of a conflict */
  decision?: ConflictDecision;
  /** which sentence says the same, if there is one: forms have it in the reader's language */
  code?: UnresolvedCode | 'notInList';
  /** that sentence's words */
  names?: Record<string, string>;
}

/** Which value a field has in the end that both sides changed: `merged` of both; or a person has to say. */
export type ConflictDecision = 'thisSide' | 'otherSide' | 'merged' | 'person';

export interface CriterionPlan {
  step: string;
  condition: Condition;
  /** the entity's value */
  value: Value;
  met: boolean;
}

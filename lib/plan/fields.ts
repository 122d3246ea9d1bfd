/** From a merge's plan to what it means for each target field. Pure. */

import { equalValues } from '../mapping/compare';
import { showValue } from '../mapping/describe';
import { concerned, isChanged, isOwn } from '../merge/fields';
import type { MergeInput, MergePlan } from '../merge/types';
import type { Unresolved } from '../model/message';
import { type FieldId, isEmpty, type Value } from '../model/values';
import { checkWritten, missingOf, type TargetFields } from './checks';
import type { KnownFields } from './known-fields';
import type { ConflictDecision, FieldEffect, FieldPlan, FieldWarning, HowMapped } from './types';

export interface FieldsInput {
  merge: MergeInput;
  plan: MergePlan;
  create: boolean;
  how: ReadonlyMap<FieldId, HowMapped[]>;
  /** what the steps made, before rich texts were spliced into what the target shows */
  mapped: Record<FieldId, Value>;
  known: KnownFields;
  /** steps are left that may still turn a value into one of the target's list, or fill a field */
  partial: boolean;
  target: TargetFields;
  /** the target's fields for the source's key and address */
  shown: ReadonlySet<FieldId>;
}

export function fieldPlans(input: FieldsInput): FieldPlan[] {
  const { merge, plan, create, target, partial } = input;
  const ids = new Set([
    ...Object.keys(merge.mapped),
    ...Object.keys(input.mapped),
    ...Object.keys(merge.unresolved),
    ...Object.keys(plan.write),
  ]);
  const plans = [...ids].map((field) => fieldPlan(field, input));
  if (!create || partial) return plans;
  for (const { id, name, type } of missingOf(plan.write, target)) {
    const warning: FieldWarning = {
      kind: 'required',
      reason: 'required but empty: the target will reject the item unless it sets a value itself',
    };
    const known = plans.find(({ field }) => field === id);
    if (known) known.warnings.push(warning);
    else {
      const empty = { sources: [], before: null, after: null, effect: 'none' as const, how: [] };
      plans.push({ field: id, name, type, ...empty, warnings: [warning] });
    }
  }
  return plans;
}

function fieldPlan(field: FieldId, input: FieldsInput): FieldPlan {
  const { merge, plan, known, create, partial } = input;
  const how = merge.mapped[field];
  const before = own(merge.target.now, field) ?? null;
  const written = own(plan.write, field);
  const declared = input.target?.get(field);
  const mapped = own(input.mapped, field);
  const shown = input.shown.has(field);
  const wanted = mapped === undefined && shown ? written : mapped;
  const type = declared?.type ?? how?.type;
  const isKey = shown && mapped === undefined;
  const checks = written === undefined ? [] : checkWritten(field, written, create, input.target);
  return {
    field,
    name: declared?.name ?? known.target.get(field)?.name ?? field,
    ...(type !== undefined && { type }),
    sources: (how?.from ?? []).map((from) => ({
      field: from,
      name: known.source.get(from)?.name ?? from,
      type: known.source.get(from)?.type,
      value: own(merge.source.now, from) ?? null,
    })),
    before,
    ...(wanted !== undefined && { wanted }),
    after: written === undefined ? before : written,
    effect: effectOf(field, input),
    how: isKey ? [{ origin: 'key' }] : [...(input.how.get(field) ?? [])],
    warnings: [...warningsOf(field, input), ...checks.filter(({ kind }) => !partial || kind !== 'notInList')],
  };
}

/** A field may be called like a property that every object has. */
const own = (fields: Record<FieldId, Value>, id: FieldId): Value | undefined =>
  Object.hasOwn(fields, id) ? fields[id] : undefined;

const isOpen = (unresolved: Unresolved | undefined): boolean => unresolved !== undefined && !unresolved.lossy;

function effectOf(field: FieldId, { merge, plan, create, mapped }: FieldsInput): FieldEffect {
  if (Object.hasOwn(plan.write, field)) return 'write';
  if (plan.conflicts.includes(field)) return 'conflict';
  if (plan.same.includes(field) || plan.merged[field] !== undefined) return 'same';
  if (plan.kept.includes(field) || plan.stopped.includes(field)) return 'kept';
  if (merge.mapped[field]?.syncWhen === (create ? 'update' : 'create')) return 'notNow';
  if (isOpen(merge.unresolved[field]) || own(mapped, field) === undefined) return 'none';
  if (create) return isEmpty(own(mapped, field)) ? 'empty' : 'none';
  return 'unchanged';
}

/** How the merge's warnings about conflicts begin. */
const BOTH = 'Changed on both sides';
const DECISIONS: Record<ConflictDecision, string> = {
  thisSide: 'the source value is written',
  otherSide: 'the target value is kept',
  merged: 'merged',
  person: 'needs your decision',
};

function warningsOf(field: FieldId, { merge, plan, create }: FieldsInput): FieldWarning[] {
  const warnings: FieldWarning[] = [];
  const unresolved = merge.unresolved[field];
  if (unresolved) {
    const { code, reason, value, lossy, names } = unresolved;
    const said = code !== undefined && { code, names: { value: showValue(value), ...names } };
    const kind = code === 'tooLong' && !lossy ? 'tooLong' : lossy ? 'lossy' : 'unresolved';
    const words = names?.most === undefined ? reason : `${names.count} characters; the target allows ${names.most}`;
    warnings.push({ kind, reason: words, ...said });
  }
  const decision = create ? undefined : decisionOf(field, merge, plan);
  const said = plan.warnings.filter((one) => one.field === field && one.reason !== unresolved?.reason);
  for (const { reason } of said) {
    const conflict = decision !== undefined && reason.startsWith(BOTH);
    warnings.push(conflict ? { kind: 'conflict', reason, decision } : { kind: 'other', reason });
  }
  if (decision !== undefined && !warnings.some(({ kind }) => kind === 'conflict')) {
    warnings.push({ kind: 'conflict', reason: `${BOTH}; ${DECISIONS[decision]}`, decision });
  }
  return warnings;
}

/** What becomes of a field that both sides have changed since the last sync; undefined if they have not. */
function decisionOf(field: FieldId, merge: MergeInput, plan: MergePlan): ConflictDecision | undefined {
  if (plan.conflicts.includes(field)) return 'person';
  if (plan.kept.includes(field)) return 'otherSide';
  if (plan.merged[field] !== undefined) return 'merged';
  if (!Object.hasOwn(plan.write, field)) return undefined;
  const now = merge.target.now[field] ?? null;
  const changed = concerned(merge).some((concern) => concern.field === field && concern.why === 'changed');
  if (!changed || !isChanged(merge, field, now) || isOwn(merge.target.pending, field, now)) return undefined;
  return equalValues(plan.write[field], now) ? undefined : 'thisSide';
}

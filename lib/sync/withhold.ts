/**
 * "Hold only the field": which fields of an update are left out, so that the rest of it can be written, after the target
 * has refused them for good. Pure.
 */

import type { SyncError } from '../model/errors';
import type { Unresolved } from '../model/message';
import type { FieldId } from '../model/values';
import type { MergePlan } from './merge';

/**
 * @param unresolved target fields without a value
 * @returns field → why; undefined where the error names no field that the update could do without
 */
export function refusedFields(
  error: SyncError,
  plan: MergePlan,
  unresolved: Record<FieldId, Unresolved>,
): Record<FieldId, string> | undefined {
  if (error.kind !== 'invalid') return undefined;
  const named = Object.entries(error.detail.fields ?? {}).filter(
    ([field]) => field in plan.write || field in unresolved,
  );
  return named.length > 0 ? Object.fromEntries(named) : undefined;
}

/** The plan without these fields. */
export function without(plan: MergePlan, fields: Record<FieldId, string>): MergePlan {
  const write = Object.fromEntries(Object.entries(plan.write).filter(([field]) => !(field in fields)));
  return { ...plan, write, warnings: plan.warnings.filter(({ field }) => !(field in fields)) };
}

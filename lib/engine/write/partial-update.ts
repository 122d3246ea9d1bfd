/**
 * "Update without rejected fields": which fields of an update are left out, so that the rest of it can be written, after
 * the target has refused them for good. Pure.
 */

import type { MergePlan } from '../../merge/types';
import type { IntegrationConfig } from '../../model/config';
import type { SyncError } from '../../model/errors';
import type { MappedField, Unresolved } from '../../model/message';
import { type FieldId, isEmpty } from '../../model/values';
import type { StoredEvent } from '../../store/store';

/** Whether an update that fails now is parked, and its integration would rather leave out the fields at fault. */
export const holdsFields = (
  { config }: { config: Pick<IntegrationConfig, 'parkFields' | 'retries'> },
  event: StoredEvent,
): boolean => config.parkFields === true && event.link !== undefined && event.attempts + 1 > config.retries;

/**
 * @param unresolved target fields without a value
 * @returns field → why; undefined if the error names no field that the update could do without
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

/**
 * References that the target may have refused, whatever the integration's setting: their entity is in a project or of a type
 * that cannot be that one's parent, or no longer exists. Not every system names the field, so where it names none, what
 * is written without them tells.
 * @param target what people call it
 * @returns field → why it is left out; undefined if the error is about something else
 */
export function refusedReferences(
  { kind, message, detail }: SyncError,
  plan: MergePlan,
  mapped: Record<FieldId, MappedField>,
  target: string,
): Record<FieldId, string> | undefined {
  if (kind !== 'invalid' && kind !== 'notFound') return undefined;
  const written = Object.entries(plan.write).flatMap(([field, value]) => {
    const { type, from = [], corrected, otherwise } = mapped[field] ?? {};
    const mayGo = type === 'reference' && from.length > 0 && !corrected && otherwise?.policy !== 'park';
    return mayGo && !isEmpty(value) ? [field] : [];
  });
  const named = Object.keys(detail.fields ?? {});
  const others = named.filter((field) => !written.includes(field));
  if (written.length === 0 || others.length > 0) return undefined;
  const blamed = named.length > 0 ? named : written;
  const reason = (field: FieldId) => `${target} does not take it: ${detail.fields?.[field] ?? message}`;
  return Object.fromEntries(blamed.map((field) => [field, reason(field)]));
}

/**
 * Whether all that the target left out are references, which it may not take, whatever the integration's setting.
 * @param ignored field → why
 */
export const areReferences = (ignored: Record<FieldId, string>, mapped: Record<FieldId, MappedField>): boolean =>
  Object.keys(ignored).every((field) => {
    const { type, from = [], corrected, otherwise } = mapped[field] ?? {};
    return type === 'reference' && from.length > 0 && !corrected && otherwise?.policy !== 'park';
  });

/** The plan without these fields. */
export function without(plan: MergePlan, fields: Record<FieldId, string>): MergePlan {
  const write = Object.fromEntries(Object.entries(plan.write).filter(([field]) => !(field in fields)));
  return { ...plan, write, warnings: plan.warnings.filter(({ field }) => !(field in fields)) };
}

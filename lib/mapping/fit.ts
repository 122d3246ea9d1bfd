/**
 * Removes mapped values that the target cannot hold, by what its connector declares for each field: maximum length and
 * its unit, characters, pattern, and values that exist but can no longer be selected. A list loses only the values that
 * do not fit. What is lost is in `unresolved`, for the row's rule. Pure.
 */

import type { Field } from '../model/entity';
import { obeys } from '../model/entry-rule';
import { excessOf, type PlainText, unitOf } from '../model/length';
import type { Unresolved } from '../model/message';
import type { FieldId, ListValue, SingleValue, Value } from '../model/values';
import { showValue } from './describe';
import type { MappedFields } from './fields';

/** The target's fields as it declares them; undefined while the system cannot be asked. */
export type DeclaredFields = ReadonlyMap<FieldId, Field> | undefined;

/** Why a value does not fit. */
export interface Misfit {
  code: 'tooLong' | 'notHeld' | 'notSelectable';
  reason: string;
  /** for a text that is too long: its length and the maximum */
  names?: { count: string; most: string };
}

/** @returns why the field cannot hold this value, or this entry of its list; undefined if it can */
export function misfitOf(field: Field, value: SingleValue, plainText?: PlainText): Misfit | undefined {
  const length = excessOf(field, value, plainText);
  if (length !== undefined) {
    const reason = `has ${length} ${unitOf(field)}; ${field.name} allows ${field.maxLength}`;
    return { code: 'tooLong', reason, names: { count: String(length), most: String(field.maxLength) } };
  }
  if (field.entry !== undefined && !obeys(field.entry, value)) {
    return { code: 'notHeld', reason: `does not fit into ${field.name}: ${field.entry.says}` };
  }
  if (listed(field, value)?.selectable === false) {
    return { code: 'notSelectable', reason: `can no longer be selected in ${field.name}` };
  }
  return undefined;
}

/** The list's own value: by id, else by name. */
function listed({ type, values }: Field, value: SingleValue): ListValue | undefined {
  if (values === undefined || typeof value !== 'object' || 'content' in value) return undefined;
  if (type !== 'lookup' && type !== 'user') return undefined;
  const { id } = value;
  const name = 'name' in value ? value.name : undefined;
  const index = indexOf(values);
  // a name may exist twice, selectable only once
  return id === undefined ? index.byName.get(name ?? '') : index.byId.get(id);
}

interface ListIndex {
  byId: ReadonlyMap<string, ListValue>;
  byName: ReadonlyMap<string, ListValue>;
}

/** Lists may have thousands of values. */
const indexes = new WeakMap<ListValue[], ListIndex>();

function indexOf(values: ListValue[]): ListIndex {
  const known = indexes.get(values);
  if (known) return known;
  const byName = new Map<string, ListValue>();
  for (const value of values) if (value.selectable !== false || !byName.has(value.name)) byName.set(value.name, value);
  const byId = new Map(values.flatMap((value) => (value.id === undefined ? [] : [[value.id, value] as const])));
  const index = { byId, byName };
  indexes.set(values, index);
  return index;
}

/**
 * Removes what the target cannot hold. A value corrected by a user is left for the target to check.
 * @returns the input itself if everything fits
 */
export function fitFields(input: MappedFields, declared: DeclaredFields, plainText?: PlainText): MappedFields {
  if (declared === undefined || declared.size === 0) return input;
  let output = input;
  for (const [id, value] of Object.entries(input.fields)) {
    const field = declared.get(id);
    if (field === undefined || value === null || input.mapped[id]?.corrected) continue;
    const items = Array.isArray(value) ? value : [value];
    const misfits = items.flatMap((item) => {
      const misfit = misfitOf(field, item, plainText);
      return misfit ? [{ item, ...misfit }] : [];
    });
    if (misfits.length === 0) continue;
    if (output === input) output = { ...input, fields: { ...input.fields }, unresolved: { ...input.unresolved } };
    const out = new Set(misfits.map(({ item }) => item));
    const rest = items.filter((item) => !out.has(item));
    if (rest.length > 0) output.fields[id] = rest;
    else delete output.fields[id];
    output.unresolved[id] = unresolvedOf(field, value, rest, misfits, input.unresolved[id]);
  }
  return output;
}

function unresolvedOf(
  field: Field,
  value: Value,
  rest: SingleValue[],
  misfits: (Misfit & { item: SingleValue })[],
  before: Unresolved | undefined,
): Unresolved {
  const reasons = misfits.map(({ item, reason }) => `${showValue(item)} ${reason}`);
  const [first] = misfits;
  const { lossy: _lossy, ...known } = before ?? {};
  const lost = misfits.map(({ item }) => item);
  return {
    ...known,
    reason: [...(before ? [before.reason] : []), `${field.name}: ${reasons.join('; ')}`].join('; '),
    value: lost.length === 1 ? (lost[0] ?? null) : lost,
    // only a single loss can be described in a few words; for several, the reason names each
    ...(misfits.length === 1 && first && first.code !== 'notHeld' && { code: first.code, names: first.names }),
    ...(rest.length > 0 && { lossy: true as const, entries: true as const }),
    ...(misfits.some(({ code }) => code === 'notSelectable') && { held: value }),
  };
}

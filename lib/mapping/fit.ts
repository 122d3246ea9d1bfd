/**
 * What the target can hold of the mapped values, by what its connector declares of each field: length and its unit,
 * characters, pattern, values that exist but cannot be chosen any more. A list loses only the entries that do not fit. What
 * is lost stands in `unresolved`, for the row's policy. Pure.
 */

import type { Field } from '../model/entity';
import { obeys } from '../model/entry-rule';
import { excessOf, type PlainText, unitOf } from '../model/length';
import type { Unresolved } from '../model/message';
import type { FieldId, ListValue, SingleValue, Value } from '../model/values';
import { showValue } from './describe';
import type { MappedFields } from './fields';

/** The target's fields as it declares them; undefined while it can't be asked. */
export type DeclaredFields = ReadonlyMap<FieldId, Field> | undefined;

/** Why a value does not fit. */
export interface Misfit {
  code: 'tooLong' | 'notHeld' | 'notSelectable';
  reason: string;
  /** of a text that is too long: how long it is, and may be */
  names?: { count: string; most: string };
}

/** @returns why the field cannot hold this value, or this entry of its list; undefined where it can */
export function misfitOf(field: Field, value: SingleValue, plainText?: PlainText): Misfit | undefined {
  const length = excessOf(field, value, plainText);
  if (length !== undefined) {
    const reason = `has ${length} ${unitOf(field)}, ${field.name} holds ${field.maxLength}`;
    return { code: 'tooLong', reason, names: { count: String(length), most: String(field.maxLength) } };
  }
  if (field.entry !== undefined && !obeys(field.entry, value)) {
    return { code: 'notHeld', reason: `does not fit into ${field.name}: ${field.entry.says}` };
  }
  if (listed(field, value)?.selectable === false) {
    return { code: 'notSelectable', reason: `cannot be chosen any more in ${field.name}` };
  }
  return undefined;
}

/** The list's own entry: by its id, else by its name. */
function listed({ type, values }: Field, value: SingleValue): ListValue | undefined {
  if (values === undefined || typeof value !== 'object' || 'content' in value) return undefined;
  if (type !== 'lookup' && type !== 'user') return undefined;
  const { id } = value;
  const name = 'name' in value ? value.name : undefined;
  const index = indexOf(values);
  // a name may be there twice, once to be chosen and once not
  return id === undefined ? index.byName.get(name ?? '') : index.byId.get(id);
}

interface ListIndex {
  byId: ReadonlyMap<string, ListValue>;
  byName: ReadonlyMap<string, ListValue>;
}

/** Lists may have thousands of entries. */
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
 * Takes out what the target cannot hold. What a person has corrected is left to the target to judge.
 * @returns the input itself where everything fits
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
    // only this one can be said in few words; of several, the reason names each
    ...(misfits.length === 1 && first && first.code !== 'notHeld' && { code: first.code, names: first.names }),
    ...(rest.length > 0 && { lossy: true as const, entries: true as const }),
    ...(misfits.some(({ code }) => code === 'notSelectable') && { held: value }),
  };
}

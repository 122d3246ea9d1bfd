/** Values of tables, constants and defaults that their field cannot hold, as its system declares it now. Pure. */

import { showValue } from '../mapping/describe';
import { type Misfit, misfitOf } from '../mapping/fit';
import type { Field, Side } from '../model/entity';
import type { SingleValue, Value } from '../model/values';
import { type Finding, listed } from './finding';

const CODES = { tooLong: 'longValues', notHeld: 'unfitValues', notSelectable: 'closedValues' } as const;

/**
 * @param values the values that may be written to the field
 * @param field as its system declares it; undefined while the system cannot be asked
 * @param level `error` if the change fails, or the value is lost, each time
 */
export function misfits(
  values: SingleValue[],
  field: Field | undefined,
  side: Side,
  place: Pick<Finding, 'row' | 'label'>,
  level: Finding['level'],
): Finding[] {
  if (field === undefined) return [];
  const found = new Map<Misfit['code'], Set<string>>();
  for (const value of values) {
    const code = misfitOf(field, value)?.code;
    if (code !== undefined) found.set(code, (found.get(code) ?? new Set()).add(wordOf(value)));
  }
  return [...found].map(([code, words]): Finding => {
    const names = {
      name: field.name,
      ...listed([...words]),
      ...(code === 'tooLong' && { most: String(field.maxLength) }),
      ...(code === 'notHeld' && { says: field.entry?.says ?? '' }),
    };
    return { ...place, side, level, code: CODES[code], names };
  });
}

function wordOf(value: SingleValue): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if ('content' in value) return value.content;
  return value.name ?? showValue(value);
}

/** The parts of a constant or a default. */
export const entriesOf = (value: Value | undefined): SingleValue[] =>
  Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];

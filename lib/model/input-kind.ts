/** Which input a person needs for a field's value. Pure, also in the browser. */

import type { FieldType, Value } from './values';

export type InputKind = 'long' | 'number' | 'date' | 'boolean' | 'list' | 'choice' | 'person' | 'text';

/**
 * @param field as its system declares it, if it does
 * @returns undefined for values that cannot be typed: references, several users
 */
export function inputKind(
  field: { type: FieldType; multi?: boolean } | undefined,
  value: Value,
): InputKind | undefined {
  const single = Array.isArray(value) ? value[0] : value;
  const isObject = single !== null && single !== undefined && typeof single === 'object';
  const type = field?.type;
  if (type === 'reference' || (isObject && !field && !('content' in single) && !('name' in single))) return undefined;
  if (field?.multi || Array.isArray(value)) return type === 'user' ? undefined : 'list';
  if (type === 'richtext' || (isObject && 'content' in single)) return 'long';
  if (type === 'lookup') return 'choice';
  if (type === 'user') return 'person';
  if (type === 'number' || type === 'duration' || typeof single === 'number') return 'number';
  if (type === 'boolean' || typeof single === 'boolean') return 'boolean';
  if (type === 'date') return 'date';
  if (isObject) return 'choice';
  return typeof single === 'string' && single.includes('\n') ? 'long' : 'text';
}

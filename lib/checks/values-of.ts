/** The list values in a value. */

import type { LookupValue, UserValue, Value } from '../model/values';

/** Values with a name; a plain text counts as a name. */
export function namedOf(value: Value | UserValue | undefined): LookupValue[] {
  const items = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  return items.flatMap((item): LookupValue[] => {
    if (typeof item === 'string') return [{ name: item }];
    if (typeof item !== 'object' || 'content' in item || typeof item.name !== 'string') return [];
    return [item.id === undefined ? { name: item.name } : { id: item.id, name: item.name }];
  });
}

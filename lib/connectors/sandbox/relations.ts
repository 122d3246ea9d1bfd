/**
 * Relations between items are lists of items. Both ends show one and the same relation, each in a field of its own: whoever writes one
 * end writes the other one as well.
 */

import type { EntityId } from '../../model/entity';
import type { Value } from '../../model/values';

/** Ids of the items in a value. */
export const itemsIn = (value: Value | undefined): EntityId[] =>
  (Array.isArray(value) ? value : []).flatMap((one) =>
    typeof one === 'object' && 'id' in one && one.id ? [one.id] : [],
  );

/** Items that an item is related to now and was not before, and the other way round. */
export function endsOf(before: Value | undefined, now: Value | undefined): { added: EntityId[]; removed: EntityId[] } {
  const [past, present] = [itemsIn(before), itemsIn(now)];
  return {
    added: present.filter((id) => !past.includes(id)),
    removed: past.filter((id) => !present.includes(id)),
  };
}

/** The same relations, in whatever order. */
export function isSameRelation(before: Value | undefined, now: Value | undefined): boolean {
  const { added, removed } = endsOf(before, now);
  return added.length + removed.length === 0;
}

/**
 * The other ends of relations that were written. An item shows a relation that was made at its other end, perhaps without a sign;
 * until it is looked at, its removal there would be no change of anything that is known.
 */

import { isReference, itemsOf } from '../../merge/references';
import type { EntityId } from '../../model/entity';
import { append } from '../../model/lists';
import type { Value } from '../../model/values';
import type { Engine } from '../engine';
import { hasSilentFields } from '../looked-at';
import { askParts } from '../parts-due';
import { type Decided, endOf, type Way } from './change';

/** Has them looked at, where their system may change them without a sign. */
export async function askOtherEnds(engine: Engine, way: Way, written: readonly Decided[]): Promise<void> {
  const ends = written.map(otherEndsOf);
  for (const [side, ids] of [
    [way.side, ends.flatMap(({ source }) => source)],
    [way.targetSide, ends.flatMap(({ target }) => target)],
  ] as const)
    if (ids.length > 0 && hasSilentFields(engine, side))
      await askParts(engine, { integration: way.integration, side }, [...new Set(ids)]);
}

/** Items at the other ends of relations that a change has added or removed. */
function otherEndsOf({ change, plan, target }: Decided): { source: EntityId[]; target: EntityId[] } {
  const { event, message } = change;
  const ends: { source: EntityId[]; target: EntityId[] } = { source: [], target: [] };
  const base = event.link ? endOf(change, event.flow.side).baseline : {};
  for (const [field, value] of Object.entries(plan.write)) {
    const { type, from = [] } = message.sync.mapped?.[field] ?? {};
    if (type !== 'reference') continue;
    append(ends.target, differing(value, target?.fields[field]));
    for (const one of from) append(ends.source, differing(event.entity.fields[one], base[one]));
  }
  return ends;
}

/** Items that only one of two values names. */
function differing(one: Value | undefined, other: Value | undefined): EntityId[] {
  const [some, others] = [one, other].map((value) =>
    itemsOf(value).flatMap((item) => (isReference(item) ? item.id : [])),
  );
  if (!some || !others) return [];
  return [...some.filter((id) => !others.includes(id)), ...others.filter((id) => !some.includes(id))];
}

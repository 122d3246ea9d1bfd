/**
 * From what both sides had when last in sync to one merge of a field whose row says `merge`. Updates of ours whose answer
 * was lost make the base doubtful, on either side: what they brought is nobody's edit. That it is shown is the sign that
 * they arrived. Pure.
 */

import { equalValues } from '../mapping/compare';
import type { FieldId, FieldType, Value } from '../model/values';
import type { MergeInput, SideState } from './merge';
import { hasArrived, type Merged, mergeValues, respelled, sameMerged } from './merge-values';

/**
 * @param want the target's field as mapped from the source now
 * @param now the target's field now
 */
export function threeWay(input: MergeInput, field: FieldId, want: Value, now: Value): Merged {
  const { source, target, direction } = input;
  const { type, from } = input.mapped[field] ?? { from: [] };
  const [only] = from.length === 1 ? from : [];
  const own = only === undefined ? undefined : { base: source.base[only], now: source.now[only] ?? null };
  // of a create that was adopted after its source had changed, only the other end's base is known: better than none
  const base = field in target.base ? (target.base[field] ?? null) : own?.base;
  const ways = { theirs: now, type, oursFirst: direction === 'forward' };

  const arrived = arrivedIn(target, field, base, now, type);
  if (arrived !== undefined) {
    const there = respelled(arrived, now);
    return mergeValues({ ...ways, base: there, ours: respelled(want, there) });
  }
  const brought = only === undefined || !own ? undefined : arrivedIn(source, only, own.base, own.now, type);
  if (brought !== undefined && own && base !== undefined && inSameWords(own.base, base, type)) {
    // what we had brought to the source came from the target: there it is no change, whatever the baselines say
    return mergeValues({
      ...ways,
      base: respelled(respelled(brought, base), now),
      ours: want,
      source: { base: respelled(brought, own.now), now: own.now },
    });
  }
  return mergeValues({ ...ways, base, ours: want, source: own });
}

/** The newest value that an update without a landing did bring. */
function arrivedIn(
  { pending }: SideState,
  field: FieldId,
  base: Value | undefined,
  now: Value,
  type: FieldType | undefined,
): Value | undefined {
  return [...(pending?.[field] ?? [])].reverse().find((sent) => hasArrived(base, sent, now, type));
}

/** Values of both sides that mean the same read the same: no table or markup lies between them. */
function inSameWords(one: Value | undefined, two: Value, type: FieldType | undefined): boolean {
  if (one === undefined) return false;
  return sameMerged(one, two, type) || equalValues(respelled(one, two), two, type);
}

/**
 * Builds the merge of a field whose row says `merge` from the baselines of both sides. If the response to one of
 * Twinflow's updates was lost, the base is in doubt, on either side: its values come from Twinflow, not from a user's
 * edit. If a system shows them, the update arrived. Pure.
 */

import { equalValues } from '../mapping/compare';
import { type FieldId, type FieldType, isEmpty, type Value } from '../model/values';
import { inMarkupOf, splice } from './rich-text';
import type { MergeInput, SideState } from './types';
import { commonEntries, hasArrived, itemsOf, type Merged, mergeValues, respelled, sameMerged } from './values';

/**
 * @param want the target's field as mapped from the source now
 * @param now the target's field now
 */
export function threeWay(input: MergeInput, field: FieldId, want: Value, now: Value): Merged {
  const { source, target } = input;
  const { type } = input.mapped[field] ?? {};
  const { only, known, synced } = inSync(input, field);
  const ways = { theirs: now, type, oursFirst: isForward(input) };

  if (isList(input, field, want, now)) return mergeEntries(input, field, want, now);

  // what Twinflow brought to the source came from the target: there it is no change, whatever the baselines say
  const brought = only === undefined || !known ? undefined : arrivedIn(source, only, known.base, known.now);
  if (!(field in target.base)) {
    const [before, ours] = [inMarkupOf(brought ?? known?.base, now), inMarkupOf(known?.now, now)];
    if (before !== undefined && ours !== undefined) return mergeValues({ ...ways, base: before, ours });
  }
  const { base, ours, own } = afterBrought({ brought, known, synced, want, now }, type);

  const arrived = arrivedIn(target, field, base, now);
  if (arrived === undefined) return mergeValues({ ...ways, base, ours, source: own });
  const there = respelled(arrived, now);
  return mergeValues({ ...ways, base: there, ours: respelled(ours, there) });
}

/** A list: for each entry it is known whether both sides had it. */
function mergeEntries(input: MergeInput, field: FieldId, want: Value, now: Value): Merged {
  const { source, target, mapped } = input;
  const { type } = mapped[field] ?? {};
  const { only, known, synced } = inSync(input, field);
  const there = { updates: target.pending?.[field] ?? [], now };
  const here = known && { updates: (only !== undefined && source.pending?.[only]) || [], now: known.now };
  const base = commonEntries(synced, here && hasSameWords(input, field, want) ? [there, here] : [there], type);
  // the source's earlier value is either known or not: the updates alone contain less than that value
  const had = here && known.base !== undefined ? commonEntries(known.base, [here], type) : undefined;
  // references were translated one by one: references missing from the source were removed there
  const own = type === 'reference' ? undefined : known && { base: had, now: known.now };
  const held = there.updates.flatMap(({ sent }) => itemsOf(sent));
  return mergeValues({ base, ours: want, theirs: now, type, oursFirst: isForward(input), source: own, held });
}

const isForward = ({ direction }: MergeInput): boolean => direction === 'forward';

/**
 * True for a list whose entries read the same on both sides. Each entry of such a list shows by itself whether both
 * sides had it. That the target looks as one of Twinflow's updates may have left it adds nothing.
 */
export function isToldByEntry(input: MergeInput, field: FieldId, want: Value, now: Value): boolean {
  return isList(input, field, want, now) && hasSameWords(input, field, want);
}

const isList = ({ target }: MergeInput, field: FieldId, want: Value, now: Value): boolean =>
  [target.base[field], want, now].some(Array.isArray);

/** The known values of the field from when both were last in sync. `only` = the single source field that it is made
 * of. */
function inSync(
  { mapped, source, target }: MergeInput,
  field: FieldId,
): { only: FieldId | undefined; known: Known | undefined; synced: Value | undefined } {
  const { from } = mapped[field] ?? { from: [] };
  const [only] = from.length === 1 ? from : [];
  const known = only === undefined ? undefined : { base: source.base[only], now: source.now[only] ?? null };
  // for a create that was adopted after its source had changed, only the other end's base is known: better than none
  const synced = field in target.base ? (target.base[field] ?? null) : known?.base;
  return { only, known, synced };
}

/** True if no value table lies between both sides of a list, as far as its values show. */
function hasSameWords(input: MergeInput, field: FieldId, want: Value): boolean {
  const { known, synced } = inSync(input, field);
  if (!known) return false;
  const { type } = input.mapped[field] ?? {};
  // the same id is another item there
  if (type === 'reference') return false;
  if (!isEmpty(known.now)) return inSameWords(known.now, want, type);
  return known.base === undefined || synced === undefined || inSameWords(known.base, synced, type);
}

interface Known {
  base: Value | undefined;
  now: Value;
}

interface Brought {
  /** the value that one of Twinflow's updates brought to the source, if one did */
  brought: Value | undefined;
  /** the source's own values */
  known: Known | undefined;
  /** the target's base */
  synced: Value | undefined;
  want: Value;
  now: Value;
}

/** The three versions after that update: its value is the base of both sides. */
function afterBrought(
  { brought, known, synced, want, now }: Brought,
  type: FieldType | undefined,
): { base: Value | undefined; ours: Value; own: Known | undefined } {
  if (brought === undefined || !known) return { base: synced, ours: want, own: known };
  const own = { base: respelled(brought, known.now), now: known.now };
  // never in sync before: it came from the target and is now in the source
  if (synced === undefined) return { base: respelled(brought, now), ours: want, own };
  if (inSameWords(known.base, synced, type))
    return { base: respelled(respelled(brought, synced), now), ours: want, own };
  // texts in two markups: the same, in the target's words
  const asWanted = splice(known.base, known.now, synced);
  const there = asWanted && equalValues(asWanted, want) ? splice(known.base, brought, synced) : undefined;
  if (!there) return { base: synced, ours: want, own: known };
  const base = respelled(there, now);
  return { base, ours: splice(brought, known.now, base) ?? want, own };
}

/** The newest value that an update without a landing did bring. */
function arrivedIn({ pending }: SideState, field: FieldId, base: Value | undefined, now: Value): Value | undefined {
  const newestFirst = [...(pending?.[field] ?? [])].reverse();
  return newestFirst.find(({ sent, written = sent, over = base }) => hasArrived(over, written, now))?.sent;
}

/** True if equal values look the same on both sides: no table or markup lies between them. */
function inSameWords(one: Value | undefined, two: Value, type: FieldType | undefined): boolean {
  if (one === undefined) return false;
  return sameMerged(one, two, type) || equalValues(respelled(one, two), two, type);
}

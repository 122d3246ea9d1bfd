/**
 * The three-way merge, field by field (invariant 5). Pure: takes the source now, both sides when last in sync, and the
 * target now; returns what to write, what to leave, and why.
 */

import { equalValues } from '../mapping/compare';
import { showValue } from '../mapping/describe';
import type { MappedField, Unresolved } from '../model/message';
import type { Unlanded } from '../model/unlanded';
import { type FieldId, type Fields, isEmpty, type Value } from '../model/values';
import { isToldByEntry, threeWay } from './base';
import { hasArrivals } from './mentions';
import { policies } from './policies';
import { withoutKept } from './references';
import { resembles } from './tolerance';
import { type Concern, emptyPlan, type MergeInput, type MergePlan, type SideState } from './types';
import { asStored, itemsOf, respelled, sameMerged } from './values';

/** Only these target fields concern an update; if there are none, the target need not be read. */
export function concerned({
  mapped,
  source,
  target,
  mentions,
}: Pick<MergeInput, 'mapped' | 'source' | 'target' | 'mentions'>): Concern[] {
  const result: Concern[] = [];
  for (const field of Object.keys(mapped)) {
    const how = mapped[field];
    if (!how || how.syncWhen === 'create') continue;
    if (how.corrected) {
      result.push({ field, why: 'always' });
      continue;
    }
    const different = how.from.filter((from) => differs(source.base, source.now, from));
    const own = different.every((from) => isOwn(source.pending, from, source.now[from] ?? null));
    if (different.length > 0) result.push({ field, why: own ? 'own' : 'changed' });
    else if (how.from.some((from) => isWithdrawn(how, source, from))) result.push({ field, why: 'changed' });
    else if (target.pending?.[field]) result.push({ field, why: 'unlanded' });
    else if (mentions?.[field] && hasArrivals(mentions[field], target.base[field]))
      result.push({ field, why: 'arrived' });
    else if (how.applyWhen === 'always' && !isUnshown(how, field, target)) result.push({ field, why: 'always' });
  }
  return result;
}

/**
 * A reference that waited for its counterpart, and that somebody cleared meanwhile: the base shows what both have in common, which
 * was nothing, so only what was left out tells that there was a value.
 */
const isWithdrawn = ({ type }: MappedField, { now, leftOut }: SideState, from: FieldId): boolean =>
  type === 'reference' && isEmpty(now[from] ?? null) && leftOut?.includes(from) === true;

/** The target names an item that the source cannot show. The source's value is no answer to that. */
const isUnshown = ({ type, from }: MappedField, field: FieldId, { base, leftOut }: SideState): boolean =>
  type === 'reference' && from.length > 0 && (isEmpty(base[field] ?? null) || leftOut?.includes(field) === true);

/** The target names an item that the source cannot show, and the source never showed anything else: nobody cleared
 * it. */
function isNeverShown({ references, mapped, source }: MergeInput, field: FieldId): boolean {
  const { from = [] } = mapped[field] ?? {};
  return references?.[field]?.unshown === true && from.every((one) => isEmpty(source.base[one] ?? null));
}

/** True if the field was not in sync before, or has another value now. */
export function differs(base: Fields, now: Fields, field: FieldId): boolean {
  if (!(field in base)) return field in now;
  return !equalValues(base[field] ?? null, now[field] ?? null);
}

/** True if one of Twinflow's updates may have left the value there: nobody changed it. */
export function isOwn(pending: SideState['pending'], field: FieldId, now: Value): boolean {
  return pending?.[field]?.some(({ sent }) => resembles(sent, now)) ?? false;
}

/** What an update writes. */
export function planUpdate(input: MergeInput): MergePlan {
  const plan = emptyPlan();
  for (const { field, why } of concerned(input)) {
    const now = input.target.now[field] ?? null;
    const held = heldAlready(input, field, now);
    const unresolved = held?.isAll ? undefined : input.unresolved[field];
    if (unresolved) plan.warnings.push({ field, reason: unresolved.reason });
    if (unresolved && !unresolved.lossy) continue;
    const want = held ? held.want : input.wanted[field];
    if (want === undefined) continue;
    if (equalValues(want, now)) {
      plan.same.push(field);
      continue;
    }
    if (isEmpty(want) && isNeverShown(input, field)) {
      plan.left.push(field);
      continue;
    }
    const isUnseen = why === 'changed' && isUntaken(input, field, now);
    const isDecided = input.mapped[field]?.decided === true;
    if (isUnseen && !isDecided && !isPassedOver(input, field, now)) {
      keepUntaken(input, plan, field, want, now);
      continue;
    }
    const isMerged = input.mapped[field]?.conflict === 'merge';
    if (why === 'arrived' && isContested(input, field, now)) {
      // both go together, whatever the row says of edits: nobody has edited the source
      putTogether(input, plan, field, why, want, now);
      continue;
    }
    const isEntries = why === 'own' && isToldByEntry(input, field, want, now);
    if (isMerged && !isUnseen && (why === 'changed' || why === 'unlanded' || isEntries)) {
      putTogether(input, plan, field, why, want, now);
      continue;
    }
    const decision =
      why === 'changed' || isDecided ? decide(input, field, want, now, isUnseen) : settleOwn(why, input, field, now);
    if (isUnseen && decision === 'write') plan.warnings.push({ field, reason: unseenReason(now) });
    else if (why === 'changed' && decision === 'write' && isContested(input, field, now)) {
      plan.warnings.push({ field, reason: 'Changed on both sides; the source value is written' });
    }
    carryOut(plan, decision, field, want, 'Changed on both sides; the target value is kept');
  }
  return plan;
}

/**
 * Values that are already in the target but can no longer be selected are not checked again.
 * @returns the value for the target, and whether it is all that the source wants; undefined if nothing is kept
 */
function heldAlready(input: MergeInput, field: FieldId, now: Value): { want: Value; isAll: boolean } | undefined {
  const held = input.unresolved[field]?.held;
  if (held === undefined) return undefined;
  if (!Array.isArray(held)) return equalValues(held, now) ? { want: held, isAll: true } : undefined;
  const possible = [...itemsOf(input.wanted[field]), ...itemsOf(now)];
  const want = held.filter((item) => possible.some((other) => equalValues(item, other)));
  return { want: want.length > 0 ? want : null, isAll: want.length === held.length };
}

/** True if the target has a value that was never synced to the side of this change. */
function isUntaken({ source, target, mapped }: MergeInput, field: FieldId, now: Value): boolean {
  if (!target.leftOut?.includes(field) || isEmpty(now) || target.pending?.[field]) return false;
  // in a list of references the base shows each entry separately, and what cannot be shown is kept anyway
  // (references.ts)
  if (mapped[field]?.type === 'reference' && Array.isArray(now)) return false;
  return mapped[field]?.from.every((from) => !source.pending?.[from]) ?? false;
}

/**
 * The row applies to updates only and did not sync the value that existed at the create. Then the row's policy decides,
 * as between edits of both sides.
 */
const isPassedOver = ({ mapped, target }: MergeInput, field: FieldId, now: Value): boolean =>
  mapped[field]?.syncWhen === 'update' && field in target.base && !Array.isArray(now);

const unseenReason = (now: Value): string =>
  `replaces ${showValue(now)}, which was never synced to the source; the source value is written`;

/** Its value must not be lost: values of a list that were never on the other side stay; anything else stays
 * unchanged or needs a user's decision. */
function keepUntaken(input: MergeInput, plan: MergePlan, field: FieldId, want: Value, now: Value): void {
  if (Array.isArray(want) || Array.isArray(now)) {
    const merged = threeWay(input, field, want, now);
    const value = 'conflict' in merged ? want : merged.value;
    if (sameMerged(value, now, input.mapped[field]?.type)) plan.same.push(field);
    else plan.write[field] = value;
    return;
  }
  const { conflict = 'newest', fallback = 'newest' } = input.mapped[field] ?? {};
  if ((conflict === 'merge' ? fallback : conflict) === 'park') {
    plan.conflicts.push(field);
    return;
  }
  plan.kept.push(field);
  plan.untaken.push(field);
  const reason =
    'the target value was never synced to the source, so this edit does not replace it. Resolve it by hand';
  plan.warnings.push({ field, reason });
}

type Decision = 'write' | 'same' | 'keep' | 'park' | 'leave';

/** @param lost the warning if the other side wins */
function carryOut(plan: MergePlan, decision: Decision, field: FieldId, want: Value, lost: string): void {
  if (decision === 'write') plan.write[field] = want;
  else if (decision === 'same') plan.same.push(field);
  else if (decision === 'park') plan.conflicts.push(field);
  else if (decision === 'leave') plan.left.push(field);
  else {
    plan.kept.push(field);
    plan.warnings.push({ field, reason: lost });
  }
}

/** A field whose row says `merge`: combines the changes of both sides. If they conflict, the row's second choice
 * decides. */
function putTogether(
  input: MergeInput,
  plan: MergePlan,
  field: FieldId,
  why: Concern['why'],
  want: Value,
  now: Value,
): void {
  const how = input.mapped[field];
  if (isOwn(input.target.pending, field, now) && !isToldByEntry(input, field, want, now)) {
    plan.write[field] = want;
    return;
  }
  const merged = threeWay(input, field, want, now);
  if ('conflict' in merged) {
    const decision = why === 'changed' ? decide(input, field, want, now) : 'leave';
    const winner = decision === 'write' ? 'the source value is written' : 'the target value is kept';
    const reason = `Changed on both sides, and ${merged.conflict}; ${winner}`;
    if (decision === 'write' || decision === 'keep') {
      const { value, ours } = merged.decided?.(decision === 'write' ? 'ours' : 'theirs') ?? { value: want, ours: want };
      if (!sameMerged(value, want, how?.type) && !sameMerged(value, now, how?.type)) {
        // only the conflicting part is lost
        plan.warnings.push({ field, reason: `${reason} there` });
        plan.write[field] = value;
        plan.merged[field] = ours;
        return;
      }
    }
    if (decision === 'write' && isChanged(input, field, now)) plan.warnings.push({ field, reason });
    carryOut(plan, decision, field, want, reason);
    return;
  }
  if (merged.doubt !== undefined) plan.warnings.push({ field, reason: merged.doubt });
  const isWanted = [merged.value, merged.ours].every((value) => sameMerged(value, want, how?.type));
  if (sameMerged(merged.value, now, how?.type)) {
    if (isWanted) plan.same.push(field);
    else if (why === 'unlanded' || why === 'own') plan.left.push(field);
    else plan.merged[field] = merged.ours;
    return;
  }
  plan.write[field] = merged.value;
  if (!isWanted) plan.merged[field] = merged.ours;
}

/** True for a field without any value for the target. */
const isOpen = (unresolved: Unresolved | undefined): boolean => unresolved !== undefined && !unresolved.lossy;

/** What a create writes. */
export function planCreate(
  wanted: Fields,
  mapped: Record<FieldId, MappedField>,
  unresolved: Record<FieldId, Unresolved>,
): MergePlan {
  const plan = emptyPlan();
  for (const field of Object.keys(wanted)) {
    const value = wanted[field] ?? null;
    if (mapped[field]?.syncWhen === 'update') continue;
    if (!isEmpty(value)) plan.write[field] = value;
    // a field without a source field, or with an unknown value, says nothing about emptiness
    else if ((mapped[field]?.from.length ?? 0) > 0 && !unresolved[field]) plan.empty = [...(plan.empty ?? []), field];
  }
  for (const [field, why] of Object.entries(unresolved)) {
    if (!why.lossy) delete plan.write[field];
    if (mapped[field]?.syncWhen !== 'update') plan.warnings.push({ field, reason: why.reason });
  }
  return plan;
}

/** If no user changed the source: Twinflow's own unlanded writes yield to everything except each other. */
function settleOwn(why: Concern['why'], input: MergeInput, field: FieldId, now: Value): 'write' | 'leave' {
  return why === 'always' || why === 'arrived' || isOwn(input.target.pending, field, now) ? 'write' : 'leave';
}

/** @param isUnseen the value was never synced to the side of this change: it counts as an edit of the other side */
function decide(
  input: MergeInput,
  field: FieldId,
  want: Value,
  now: Value,
  isUnseen = false,
): 'write' | 'same' | 'keep' | 'park' {
  if (!isUnseen && !isContested(input, field, now)) return 'write';
  // most likely Twinflow's own write whose response was lost, in the form in which the target stores it
  if (resembles(want, now)) return 'same';
  const { conflict = 'newest', fallback = 'newest' } = input.mapped[field] ?? {};
  const policy = policies[conflict === 'merge' ? fallback : conflict];
  return policy({ direction: input.direction, source: input.source.updatedAt, target: input.target.updatedAt });
}

/** True if somebody has changed the target since both were last in sync. */
const isContested = (input: MergeInput, field: FieldId, now: Value): boolean =>
  isChanged(input, field, now) && !isOwn(input.target.pending, field, now);

/** True if the target has another value than when last in sync. */
export function isChanged({ target }: Pick<MergeInput, 'target'>, field: FieldId, now: Value): boolean {
  return field in target.base ? !equalValues(target.base[field] ?? null, now) : !isEmpty(now);
}

/**
 * The values that an update is about to leave in its target: of a merged value only the part that came from the source.
 * @param now the target's fields when they were merged
 */
export function intended(
  { write, merged }: MergePlan,
  now: Fields,
  mapped: Record<FieldId, MappedField>,
): Record<FieldId, Unlanded> {
  const entries = Object.entries(write).map(([field, value]): [FieldId, Unlanded] => {
    const how = mapped[field];
    const sent = field in merged ? (merged[field] ?? null) : value;
    // only a merge asks later whether the update arrived
    if (how?.conflict !== 'merge') return [field, { sent }];
    return [field, { sent, ...(field in merged && { written: value }), over: now[field] ?? null }];
  });
  return Object.fromEntries(entries);
}

export interface Written {
  /** the target's fields as it shows them now */
  after: Fields;
  /** fields that the target did not take */
  ignored: Record<FieldId, string>;
  /**
   * `after` is exactly the state that Twinflow's write made, so a value other than the one sent is the target's way of
   * storing it. Otherwise a user may have changed it in between.
   */
  exact: boolean;
  /** this write created the target: nobody else has changed any value in it */
  created: boolean;
  /** … except these: a response that was read a moment later shows what somebody else entered, or may have entered */
  edited?: ReadonlySet<FieldId>;
}

/**
 * Both baselines after a write.
 * @returns the new baseline of the source; that of the target for every field in sync; and whether the target shows
 * something that has not been synced back yet
 */
export function baselines(
  input: Pick<MergeInput, 'wanted' | 'mapped' | 'unresolved' | 'source' | 'target' | 'references'>,
  plan: MergePlan,
  written: Written,
): { source: Fields; target: Fields; foreign: boolean; leftOut: { source: FieldId[]; target: FieldId[] } } {
  const { ignored } = written;
  const after = withoutKept(written.after, input.references);
  const source: Fields = { ...input.source.base };
  const target: Fields = { ...input.target.base };
  const open = new Set<FieldId>();
  const leftOut = new Set(input.source.leftOut);
  const leftThere = new Set(input.target.leftOut);
  const common: Fields = {};
  const allSent = withoutKept(plan.write, input.references);
  for (const field of Object.keys(input.mapped)) {
    const how = input.mapped[field];
    if (!how || plan.left.includes(field)) continue;
    const loss =
      written.created && isNotBrought(input, field, how, after) ? 'passed' : lossOf(input, plan, field, how, ignored);
    for (const from of how.from) {
      if (loss === undefined) break;
      if (loss === 'none') leftOut.delete(from);
      else leftOut.add(from);
    }
    if (loss === 'none' && !plan.untaken.includes(field) && !Array.isArray(after[field])) leftThere.delete(field);
    for (const from of how.from) if (from in input.source.now) source[from] = input.source.now[from] ?? null;
    const isOpened = loss === 'all';
    if (isOpened) for (const from of how.from) open.add(from);
    if (input.references?.[field]?.open) {
      // both have in common what the target can show, or had before; the next event of the item tries the rest again
      const [only, ...more] = how.from;
      if (only === undefined || more.length > 0) for (const from of how.from) open.add(from);
      else common[only] = input.references[field].shared ?? input.source.base[only] ?? null;
    }
    if (how.from.length === 0) continue;
    const sent = field in plan.write ? allSent[field] : undefined;
    const ours = plan.merged[field];
    const before = input.target.now[field] ?? null;
    const shown = after[field] ?? null;
    // if the target keeps more than the source has, its baseline is the source's value: so the target's own event syncs
    // the rest, and later changes of either side can be distinguished
    if (plan.untaken.includes(field)) delete target[field];
    else if (plan.kept.includes(field)) target[field] = input.wanted[field] ?? null;
    else if (plan.same.includes(field) || plan.stopped.includes(field)) target[field] = before;
    else if (ours !== undefined && !(field in ignored)) {
      target[field] = sent === undefined ? ours : asStored(ours, sent, shown, how.type);
    } else if (sent !== undefined && !(field in ignored)) {
      // spelling one text like another requires reading both, so this is done only for somebody's edit
      if (written.exact || resembles(sent, shown)) target[field] = shown;
      else target[field] = how.conflict === 'merge' ? respelled(sent, shown) : sent;
    } else if (!(field in target) && (written.created || isOpened)) {
      // what a user entered already differs from its base, so the target's own event syncs it; if the source names
      // something that the target cannot show yet, both have nothing in common, and what an older target shows is
      // somebody's edit
      const isEdited = written.edited?.has(field) ?? false;
      const isPutIn = input.references?.[field]?.open ? isEdited || !written.created : isEdited && !isOpened;
      target[field] = isPutIn ? null : shown;
    }
  }
  // a field that could not be synced stays out of the baseline: the next change of the item tries it again
  for (const from of open) delete source[from];
  Object.assign(source, common);
  const foreign = Object.keys(target).some((field) => !equalValues(target[field] ?? null, after[field] ?? null));
  // what was left, or what only the target can show, is resolved by the target's own event, which must not be taken for
  // accounted for
  const isKept = Object.values(input.references ?? {}).some(({ kept }) => kept !== undefined);
  const isCleared = Object.entries(input.mapped).some(([field, how]) =>
    isWithdrawn(how, { ...input.target, now: after }, field),
  );
  const unsettled = plan.left.length > 0 || isKept || isCleared || showsUnknown(input.mapped, target, after);
  return {
    source,
    target,
    foreign: foreign || unsettled,
    leftOut: { source: [...leftOut].filter((from) => !isEmpty(input.source.now[from])), target: [...leftThere] },
  };
}

/**
 * The part of a source value that the target did not get although this change should have brought it: `all` of it,
 * `part` of it, or `none`. undefined if this change did not concern the value.
 */
function lossOf(
  input: Pick<MergeInput, 'wanted' | 'unresolved' | 'source'>,
  plan: MergePlan,
  field: FieldId,
  how: MappedField,
  ignored: Written['ignored'],
): 'all' | 'part' | 'none' | undefined {
  if (field in ignored) return 'all';
  const { now, base } = input.source;
  const unresolved = plan.same.includes(field) && !input.unresolved[field]?.lossy ? undefined : input.unresolved[field];
  const isNew = how.from.some((from) => differs(base, now, from));
  // a node in the flow removed the value from the message
  const isMasked = !unresolved && !(field in input.wanted) && how.from.some((from) => !isEmpty(now[from]));
  if (isOpen(unresolved) || isMasked) return isNew ? 'all' : undefined;
  if (!isNew) return undefined;
  if (!unresolved?.lossy) return 'none';
  const isList = how.from.some((from) => Array.isArray(now[from]));
  const isText = how.type === 'text' || how.type === 'richtext';
  // a default that replaces a list's entry counts as that entry; one that replaces a text does not
  const isPart = isList || (unresolved.policy === 'default' && isText);
  return isPart ? 'part' : 'none';
}

/** The row applies to updates only, and the source's value is not the one that the new item shows. */
function isNotBrought(
  { wanted }: Pick<MergeInput, 'wanted'>,
  field: FieldId,
  { syncWhen }: MappedField,
  after: Fields,
): boolean {
  return syncWhen === 'update' && field in wanted && !equalValues(wanted[field] ?? null, after[field] ?? null);
}

/** True if the target has a value in a field that was never in sync: a create that was adopted had left it empty. */
function showsUnknown(mapped: Record<FieldId, MappedField>, base: Fields, after: Fields): boolean {
  return Object.keys(mapped).some(
    (field) =>
      !(field in base) &&
      mapped[field]?.syncWhen !== 'create' &&
      (mapped[field]?.from.length ?? 0) > 0 &&
      !isEmpty(after[field] ?? null),
  );
}

/**
 * The three-way merge, field by field (invariant 5). Pure: the source now, the source and the target when last in sync,
 * the target now → what is written, what is left, and why.
 */

import { equalValues } from '../mapping/compare';
import { showValue } from '../mapping/describe';
import type { FallbackPolicy } from '../model/config';
import { applies, type Direction, type Side } from '../model/entity';
import type { MappedField, Unresolved } from '../model/message';
import { type FieldId, type Fields, isEmpty, type Value } from '../model/values';
import type { Unlanded } from '../store/store';
import { isToldByEntry, threeWay } from './merge-base';
import { asStored, itemsOf, respelled, sameMerged } from './merge-values';
import { type References, withoutKept } from './references';
import { resembles } from './resemble';

export interface MergeInput {
  direction: Direction;
  /** target fields as mapped */
  wanted: Fields;
  mapped: Record<FieldId, MappedField>;
  unresolved: Record<FieldId, Unresolved>;
  source: SideState;
  target: SideState;
  /** of fields whose values name other entities */
  references?: References;
}

export interface SideState {
  now: Fields;
  /** when last in sync */
  base: Fields;
  /** values that an update of ours may have left there without landing */
  pending?: Record<FieldId, Unlanded[]>;
  /** fields whose value the other side never got, or not all of it */
  leftOut?: readonly FieldId[];
  updatedAt: string;
}

export interface Warning {
  field: FieldId;
  reason: string;
}

export interface MergePlan {
  /** target fields to write */
  write: Fields;
  /** target fields that both sides changed and whose row parks */
  conflicts: FieldId[];
  /** target fields that show the wanted value already */
  same: FieldId[];
  /** target fields in which nothing is to be done; they are as unsynced, or as synced, as they were */
  left: FieldId[];
  /** target fields whose present value stays although the source differs: the other side won */
  kept: FieldId[];
  /** some of `kept`: the side that this change comes from never had what is there */
  untaken: FieldId[];
  /**
   * target fields in which the changes of both sides were put together → what the source wants there. The merged value
   * is in `write`, unless the target shows it already; the target's own event carries it back to the source.
   */
  merged: Fields;
  /** target fields that the two systems keep changing back and forth: they stay as they are, and count as in sync */
  stopped: FieldId[];
  /** of a create: target fields whose source is empty, and which a default of the target must not fill */
  empty?: FieldId[];
  warnings: Warning[];
}

export const emptyPlan = (): MergePlan => ({
  write: {},
  conflicts: [],
  same: [],
  left: [],
  kept: [],
  untaken: [],
  merged: {},
  stopped: [],
  warnings: [],
});

/** A target field that an update has to look at. */
export interface Concern {
  field: FieldId;
  /**
   * `changed`: a person changed the source. `own`: the source shows what an update of ours may have left there; that is
   * no change, unless the target shows such a value too. `unlanded`: the source is what it was, but an update of ours may
   * have left another value in the target. `always`: the row writes on every event.
   */
  why: 'changed' | 'own' | 'unlanded' | 'always';
}

/** Only these target fields concern an update; where there are none, the target need not be read. */
export function concerned({ mapped, source, target }: Pick<MergeInput, 'mapped' | 'source' | 'target'>): Concern[] {
  const result: Concern[] = [];
  for (const [field, how] of Object.entries(mapped)) {
    if (how.syncWhen === 'create') continue;
    if (how.corrected) {
      result.push({ field, why: 'always' });
      continue;
    }
    const different = how.from.filter((from) => differs(source.base, source.now, from));
    const own = different.every((from) => isOwn(source.pending, from, source.now[from] ?? null));
    if (different.length > 0) result.push({ field, why: own ? 'own' : 'changed' });
    else if (target.pending?.[field]) result.push({ field, why: 'unlanded' });
    else if (how.applyWhen === 'always' && !isUnshown(how, field, target)) result.push({ field, why: 'always' });
  }
  return result;
}

/** The target names an entity that the source cannot show: what the source shows is no answer to that. */
const isUnshown = ({ type, from }: MappedField, field: FieldId, { base }: SideState): boolean =>
  type === 'reference' && from.length > 0 && isEmpty(base[field] ?? null);

/** The target names an entity that the source cannot show and never showed anything in its place: nobody emptied that. */
function isNeverShown({ references, mapped, source }: MergeInput, field: FieldId): boolean {
  const { from = [] } = mapped[field] ?? {};
  return references?.[field]?.unshown === true && from.every((one) => isEmpty(source.base[one] ?? null));
}

/** True where the field was not in sync before, or has another value now. */
export function differs(base: Fields, now: Fields, field: FieldId): boolean {
  if (!(field in base)) return field in now;
  return !equalValues(base[field] ?? null, now[field] ?? null);
}

/** True where the value is one that an update of ours may have left there: not a change that anybody made. */
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
    if (isUnseen && !isPassedOver(input, field, now)) {
      keepUntaken(input, plan, field, want, now);
      continue;
    }
    const isMerged = input.mapped[field]?.conflict === 'merge';
    const isEntries = why === 'own' && isToldByEntry(input, field, want, now);
    if (isMerged && !isUnseen && (why === 'changed' || why === 'unlanded' || isEntries)) {
      putTogether(input, plan, field, why, want, now);
      continue;
    }
    const decision = why === 'changed' ? decide(input, field, want, now, isUnseen) : settleOwn(why, input, field, now);
    if (isUnseen && decision === 'write') plan.warnings.push({ field, reason: unseenReason(now) });
    else if (why === 'changed' && decision === 'write' && isContested(input, field, now)) {
      plan.warnings.push({ field, reason: 'both sides changed it; this side wins' });
    }
    carryOut(plan, decision, field, want, 'both sides changed it; the other side wins');
  }
  return plan;
}

/**
 * What cannot be chosen any more but stands in the target already is not judged again.
 * @returns what the target is to have, and whether that is all that the source wants; undefined where nothing is held
 */
function heldAlready(input: MergeInput, field: FieldId, now: Value): { want: Value; isAll: boolean } | undefined {
  const held = input.unresolved[field]?.held;
  if (held === undefined) return undefined;
  if (!Array.isArray(held)) return equalValues(held, now) ? { want: held, isAll: true } : undefined;
  const possible = [...itemsOf(input.wanted[field]), ...itemsOf(now)];
  const want = held.filter((item) => possible.some((other) => equalValues(item, other)));
  return { want: want.length > 0 ? want : null, isAll: want.length === held.length };
}

/** True where the target has a value that the side which this change comes from never got. */
function isUntaken({ source, target, mapped }: MergeInput, field: FieldId, now: Value): boolean {
  if (!target.leftOut?.includes(field) || isEmpty(now) || target.pending?.[field]) return false;
  // of a list of references the base tells each entry apart, and what cannot be shown is kept anyway (references.ts)
  if (mapped[field]?.type === 'reference' && Array.isArray(now)) return false;
  return mapped[field]?.from.every((from) => !source.pending?.[from]) ?? false;
}

/**
 * The row goes by updates only, and so did not bring over what was there at the create: nobody was to have it. The row's policy
 * decides then, as between edits of both sides.
 */
const isPassedOver = ({ mapped, target }: MergeInput, field: FieldId, now: Value): boolean =>
  mapped[field]?.syncWhen === 'update' && field in target.base && !Array.isArray(now);

const unseenReason = (now: Value): string =>
  `replaces ${showValue(now)}, which was never taken over to this side; this side wins`;

/** Its value must not be lost by that: of a list what was never there stays, anything else stays as it is, or a person decides. */
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
  const reason = 'what is there was never taken over to this side, so this edit does not replace it: settle it by hand';
  plan.warnings.push({ field, reason });
}

type Decision = 'write' | 'same' | 'keep' | 'park' | 'leave';

/** @param lost the warning where the other side wins */
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

/** A field whose row says `merge`: the changes of both sides together; where they collide, the row's second choice. */
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
    const winner = decision === 'write' ? 'this side wins' : 'the other side wins';
    const reason = `both sides changed it, and ${merged.conflict}; ${winner}`;
    if (decision === 'write' || decision === 'keep') {
      const { value, ours } = merged.decided?.(decision === 'write' ? 'ours' : 'theirs') ?? { value: want, ours: want };
      if (!sameMerged(value, want, how?.type) && !sameMerged(value, now, how?.type)) {
        // only what collides is lost
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

/** True for a field that has no value for the target at all. */
const isOpen = (unresolved: Unresolved | undefined): boolean => unresolved !== undefined && !unresolved.lossy;

/** What a create writes. */
export function planCreate(
  wanted: Fields,
  mapped: Record<FieldId, MappedField>,
  unresolved: Record<FieldId, Unresolved>,
): MergePlan {
  const plan = emptyPlan();
  for (const [field, value] of Object.entries(wanted)) {
    if (mapped[field]?.syncWhen === 'update') continue;
    if (!isEmpty(value)) plan.write[field] = value;
    // a field that no source field feeds, or whose value is not known, says nothing about emptiness
    else if ((mapped[field]?.from.length ?? 0) > 0 && !unresolved[field]) plan.empty = [...(plan.empty ?? []), field];
  }
  for (const [field, why] of Object.entries(unresolved)) {
    if (!why.lossy) delete plan.write[field];
    if (mapped[field]?.syncWhen !== 'update') plan.warnings.push({ field, reason: why.reason });
  }
  return plan;
}

/** Where no person changed the source: our own unlanded writes give way to everything but one another. */
function settleOwn(why: Concern['why'], input: MergeInput, field: FieldId, now: Value): 'write' | 'leave' {
  return why === 'always' || isOwn(input.target.pending, field, now) ? 'write' : 'leave';
}

/** @param isUnseen the side that this change comes from never had what is there: that counts as an edit of the other side */
function decide(
  input: MergeInput,
  field: FieldId,
  want: Value,
  now: Value,
  isUnseen = false,
): 'write' | 'same' | 'keep' | 'park' {
  if (!isUnseen && !isContested(input, field, now)) return 'write';
  // most likely our own write whose answer was lost, in the form in which the target stores it
  if (resembles(want, now)) return 'same';
  const { conflict = 'newest', fallback = 'newest' } = input.mapped[field] ?? {};
  return settle(conflict === 'merge' ? fallback : conflict, input);
}

/** True where somebody has changed the target since both were last in sync. */
const isContested = (input: MergeInput, field: FieldId, now: Value): boolean =>
  isChanged(input, field, now) && !isOwn(input.target.pending, field, now);

/** True where the target has another value than when last in sync. */
export function isChanged({ target }: Pick<MergeInput, 'target'>, field: FieldId, now: Value): boolean {
  return field in target.base ? !equalValues(target.base[field] ?? null, now) : !isEmpty(now);
}

function settle(policy: FallbackPolicy, input: MergeInput): 'write' | 'keep' | 'park' {
  if (policy === 'park') return 'park';
  if (policy === 'newest') return input.source.updatedAt >= input.target.updatedAt ? 'write' : 'keep';
  const winner: Side = policy === 'system1' ? 1 : 2;
  return applies(winner === 1 ? 'forward' : 'backward', input.direction) ? 'write' : 'keep';
}

/**
 * What an update is about to leave in its target by our doing: of a merged value only what came from the source.
 * @param now the target's fields, as the merge met them
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
   * `after` is the very state that our write made, so that a value other than the one sent is the target's way of storing
   * it; otherwise a person may have changed it in between
   */
  exact: boolean;
  /** the target was made by this write: whatever it shows, nobody has changed it */
  created: boolean;
}

/**
 * Both baselines after a write.
 * @returns what now holds on the source; on the target for every field that is in sync; and whether the target shows
 *   something that has not been synced back yet
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
  for (const [field, how] of Object.entries(input.mapped)) {
    if (plan.left.includes(field)) continue;
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
      // both have in common what the target can show; the next event of the entity tries the rest again
      const [only, ...more] = how.from;
      if (only === undefined || more.length > 0) for (const from of how.from) open.add(from);
      else common[only] = input.references[field].shared ?? null;
    }
    if (how.from.length === 0) continue;
    const sent = field in plan.write ? withoutKept(plan.write, input.references)[field] : undefined;
    const ours = plan.merged[field];
    const before = input.target.now[field] ?? null;
    const shown = after[field] ?? null;
    // where the target keeps more than the source has, its baseline is what the source has: so the target's own event
    // carries the rest over, and later changes of either side are told apart
    if (plan.untaken.includes(field)) delete target[field];
    else if (plan.kept.includes(field)) target[field] = input.wanted[field] ?? null;
    else if (plan.same.includes(field) || plan.stopped.includes(field)) target[field] = before;
    else if (ours !== undefined && !(field in ignored)) {
      target[field] = sent === undefined ? ours : asStored(ours, sent, shown, how.type);
    } else if (sent !== undefined && !(field in ignored)) {
      const asSent = how.conflict === 'merge' ? respelled(sent, shown) : sent;
      target[field] = written.exact || resembles(sent, shown) ? shown : asSent;
    } else if (!(field in target) && (written.created || isOpened)) {
      // an answer that was read a moment later may show what a person has put in already: the merge takes it over
      const mayBeEdited = how.conflict === 'merge' && !written.exact && !isOpened;
      target[field] = mayBeEdited ? null : shown;
    }
  }
  // a field that could not be taken over stays out of the baseline: the next change of the entity tries it again
  for (const from of open) delete source[from];
  Object.assign(source, common);
  const foreign = Object.keys(target).some((field) => !equalValues(target[field] ?? null, after[field] ?? null));
  // what was left, or what only the target can show, has to come to terms by the target's own event, which must not be taken
  // for accounted for
  const isKept = Object.values(input.references ?? {}).some(({ kept }) => kept !== undefined);
  const unsettled = plan.left.length > 0 || isKept || showsUnknown(input.mapped, target, after);
  return {
    source,
    target,
    foreign: foreign || unsettled,
    leftOut: { source: [...leftOut].filter((from) => !isEmpty(input.source.now[from])), target: [...leftThere] },
  };
}

/**
 * What of a source value the target did not get, as far as this change had to bring it there: `all` of it, `part` of it, `none`
 * was lost; undefined where it was no matter of this change.
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
  // a node on the way took the value out of the message
  const isMasked = !unresolved && !(field in input.wanted) && how.from.some((from) => !isEmpty(now[from]));
  if (isOpen(unresolved) || isMasked) return isNew ? 'all' : undefined;
  if (!isNew) return undefined;
  const isList = how.from.some((from) => Array.isArray(now[from]));
  const isText = how.type === 'text' || how.type === 'richtext';
  // a default in the place of a list's entry stands for it; in the place of a text it does not
  const isPart = unresolved?.lossy && (isList || (unresolved.policy === 'default' && isText));
  return isPart ? 'part' : 'none';
}

/** The row goes by updates only, and what the source has is not what the new entity shows. */
function isNotBrought(
  { wanted }: Pick<MergeInput, 'wanted'>,
  field: FieldId,
  { syncWhen }: MappedField,
  after: Fields,
): boolean {
  return syncWhen === 'update' && field in wanted && !equalValues(wanted[field] ?? null, after[field] ?? null);
}

/** True where the target has a value in a field that was never in sync: a create that was adopted had left it empty. */
function showsUnknown(mapped: Record<FieldId, MappedField>, base: Fields, after: Fields): boolean {
  return Object.entries(mapped).some(
    ([field, { from, syncWhen }]) =>
      from.length > 0 && syncWhen !== 'create' && !(field in base) && !isEmpty(after[field] ?? null),
  );
}

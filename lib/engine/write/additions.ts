/**
 * Edits of comments that the target does not allow, since it only appends (Request Tracker) or the account may not edit: another
 * comment says who edited the original, when, and what it says now. It is linked with nothing, and known, so it never comes back
 * as somebody's new comment. Pure.
 */

import { differs } from '../../merge/fields';
import { commentIn, withFrameOf } from '../../merge/frames';
import { COMMENT_TEXT, type Entity, VISIBILITY } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { otherSide } from '../../model/sides';
import type { FieldId, Fields, Frame } from '../../model/values';
import { isInternalValue } from '../exposure';
import { partPair } from '../routing';
import type { Create } from './adoption';
import { type Change, type Decided, endOf } from './change';
import type { Decision, Rules } from './decision';

/** Who edited it, and when. */
function editedBy({ updatedAt: at, updatedBy, createdBy, url }: Entity): Frame {
  const { name, login } = updatedBy ?? createdBy ?? {};
  const by = name ?? login;
  return { ...(url && { url }), at, ...(by && { by }), edited: true };
}

/** An update of a comment, as it is carried out where nothing can be edited. */
export function appended(decision: Decision, change: Change, { config, way }: Rules): Decision {
  if (!change.owner || (decision.do !== 'update' && !(decision.do === 'nothing' && isTakenBack(decision))))
    return decision;
  const policy = partPair(config, way.side, change.event.entity)?.edits ?? 'auto';
  if (way.verbs?.has('edit') ?? true) {
    if (decision.do === 'nothing') return decision;
    // an earlier attempt was refused, and may have added it
    const { intent, link } = change.event;
    const isBegun = policy === 'add' && link !== undefined && intent !== undefined && intent.marker === undefined;
    const begun = isBegun ? additionOf(decision) : undefined;
    return begun ? { ...decision, do: 'add', addition: begun } : decision;
  }
  const { write } = decision.plan;
  const { key } = decision.target ?? change.event.entity;
  if (isInternalValue(write[VISIBILITY]) && !isInternalValue(decision.target?.fields[VISIBILITY])) {
    const why = `it is internal now, and comments cannot be hidden there: hide or delete ${key} by hand, then skip this change`;
    return { ...decision, do: 'fail', error: new SyncError('forbidden', why), blame: 'own' };
  }
  const addition = policy === 'report' ? undefined : additionOf(decision);
  if (addition) return { ...decision, do: 'add', addition };
  if (decision.do === 'nothing') return decision;
  const fields = Object.keys(write);
  const reason = `${key} cannot be edited there: the edit is not written`;
  const withheld = Object.fromEntries(fields.map((field): [FieldId, string] => [field, reason]));
  return { ...decision, do: 'nothing', plan: { ...decision.plan, write: {} }, withheld };
}

/** The comment is what it was when it was copied, and was something else since, which was added there. */
function isTakenBack({ plan, change }: Decided): boolean {
  const base = change.event.link && endOf(change, change.event.flow.side).baseline;
  return (
    plan.same.includes(COMMENT_TEXT) && base !== undefined && differs(base, change.event.entity.fields, COMMENT_TEXT)
  );
}

/** The account may not edit a comment, and the integration wants the edit nevertheless. */
export function appendedWhereRefused(
  decided: Decided,
  error: SyncError,
  { config, way }: Pick<Rules, 'config' | 'way'>,
) {
  const { change } = decided;
  if (error.kind !== 'forbidden' || !change.owner || !change.event.link || decided.addition) return undefined;
  if (partPair(config, way.side, change.event.entity)?.edits !== 'add') return undefined;
  // what became internal must not stay public beside it
  if (isInternalValue(decided.plan.write[VISIBILITY])) return undefined;
  const addition = additionOf(decided);
  return addition && { ...decided, addition };
}

/** It is recognized by what it says: a marker would be that of the comment itself. */
export const additionCreate = (work: Decided): Create<Decided> => ({
  work,
  event: work.change.event,
  fields: work.addition ?? {},
  target: endOf(work.change, otherSide(work.change.event.flow.side)).ref,
  ...(work.change.owner && { owner: work.change.owner.ref.id }),
  isAddition: true,
});

/** @returns undefined if it is not about what the comment says */
function additionOf({ plan, wanted, target, change }: Decided): Fields | undefined {
  const text = commentIn(plan.write) ?? (plan.same.includes(COMMENT_TEXT) ? commentIn(wanted ?? {}) : undefined);
  if (!text) return undefined;
  const visibility = target?.fields[VISIBILITY];
  // who may not see the comment may not see what became of it
  const fields = { [COMMENT_TEXT]: text, ...(visibility && { [VISIBILITY]: visibility }) };
  return withFrameOf(fields, editedBy(change.event.entity));
}

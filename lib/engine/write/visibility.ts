/**
 * Who may see a comment and its files: one that is internal at its source is never made public in the target by itself, whatever mappers and
 * function nodes have left of its visibility. What a source does not tell counts as internal. The last word before a write. Pure.
 */

import { emptyPlan } from '../../merge/types';
import { INTERNAL_POLICIES, type IntegrationConfig, type InternalPolicy, type PartPair } from '../../model/config';
import { type Entity, INTERNAL, type Side, VISIBILITY } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { isInternalValue, isPublicValue } from '../exposure';
import { partPair } from '../routing';
import { type Change, editedSince, endOf, type Way } from './change';
import type { Decision, Rules, Seen } from './decision';

/** What the integration says of internal comments. Their files go where they go. */
export function internalPolicy(config: IntegrationConfig, side: Side, entity: Entity): InternalPolicy {
  const pair = partPair(config, side, entity);
  const comments = pair?.role === 'attachment' ? siblings(config, pair).find(({ role }) => role === 'comment') : pair;
  return comments?.internal ?? INTERNAL_POLICIES[0];
}

const siblings = ({ typePairs }: IntegrationConfig, pair: PartPair): PartPair[] =>
  typePairs.find(({ parts }) => parts?.includes(pair))?.parts ?? [];

type Written = Extract<Decision, { do: 'create' | 'update' | 'nothing' }>;

interface Guarding extends Pick<Rules, 'config' | 'isInDoubt'> {
  way: Pick<Way, 'side' | 'targetSide'>;
}

/** A decision on a comment that does not make public what is internal. */
export function guarded(decision: Decision, change: Change, seen: Seen, guarding: Guarding): Decision {
  const { config, way } = guarding;
  const { exposure, event } = change;
  if (!exposure) return decision;
  if (!exposure.isInternal) return withoutPublishing(decision, change, seen, guarding);
  const policy = internalPolicy(config, way.side, event.entity);
  const mayShow = policy === 'public';
  const isFile = partPair(config, way.side, event.entity)?.role === 'attachment';
  if (!event.link) {
    if (decision.do !== 'create') return decision;
    if (policy === 'leaveOut' || (!exposure.canKeep && !mayShow))
      return { do: 'skip', reason: leftOut(policy, isFile) };
    return exposure.canKeep && !isPublished(change, mayShow) ? hidden(decision) : decision;
  }
  // a file is internal from the beginning: this one is linked because somebody wanted that, or is itself the copy
  if (isFile) return decision;
  if (mayShow && (!exposure.canKeep || isPublished(change, mayShow))) return decision;
  // whether it has to be hidden does not depend on what is mapped
  if (seen === 'unread') return { do: 'look' };
  if (seen === 'gone' || seen instanceof SyncError) return decision;
  if (exposure.canKeep) return keptInternal(decision, seen);
  if (event.link.made === way.targetSide) {
    const reason = 'it is internal now, and its copy would be public';
    return { do: 'delete', change: noted(change, reason), target: seen, plan: emptyPlan() };
  }
  return { do: 'skip', reason: 'it is internal now, and its original is public and stays as it is' };
}

const noted = (change: Change, reason: string): Change => ({
  ...change,
  notes: [...change.notes, { field: VISIBILITY, reason }],
});

function leftOut(policy: InternalPolicy, isFile: boolean): string {
  if (isFile)
    return policy === 'leaveOut'
      ? 'it belongs to an internal comment, and internal comments are left out'
      : 'it belongs to an internal comment, and the target shows files to everybody';
  return policy === 'leaveOut'
    ? 'internal comments are left out'
    : 'it is internal, and the target shows comments to everybody';
}

/** A person's own mapper says so, and the integration lets it. */
const isPublished = ({ message }: Change, mayShow: boolean): boolean =>
  mayShow && isPublicValue(message.payload[VISIBILITY]);

function hidden(decision: Written): Written {
  const { plan } = decision;
  const write = { ...plan.write, [VISIBILITY]: INTERNAL };
  const empty = plan.empty && { empty: plan.empty.filter((field) => field !== VISIBILITY) };
  return { ...decision, plan: { ...plan, ...empty, write } };
}

/**
 * Whoever has made the source public has not read what was written into the internal target meanwhile. It stays internal, and
 * the target's own change makes the source internal again. So it does where the target is not known to have been internal when
 * both were last in sync: after a lost store, or one that was set back, it may as well be the target that somebody has changed.
 */
function withoutPublishing(decision: Decision, change: Change, seen: Seen, { way, isInDoubt }: Guarding): Decision {
  if (decision.do !== 'update' || seen === 'unread' || seen === 'gone' || seen instanceof SyncError) return decision;
  const { write, merged, same } = decision.plan;
  if (!isPublicValue(write[VISIBILITY]) || isPublicValue(seen.fields[VISIBILITY])) return decision;
  const end = endOf(change, way.targetSide);
  const isOfBefore = seen.version !== end.version && isInDoubt?.(seen) === true;
  if (isOfBefore || !Object.hasOwn(end.baseline, VISIBILITY) || isPublicValue(end.baseline[VISIBILITY])) {
    const reason = 'the comment is internal here, perhaps since somebody has made it so, and is not made public';
    const still = internalStill(decision, seen, reason);
    // as if it had been public, so the target's own change makes the source internal
    return { ...still, plan: { ...still.plan, kept: [...still.plan.kept, VISIBILITY] } };
  }
  const isUnread = editedSince(end, seen).some(
    (field) =>
      field !== VISIBILITY && !same.includes(field) && (!Object.hasOwn(write, field) || Object.hasOwn(merged, field)),
  );
  return isUnread
    ? internalStill(decision, seen, 'the comment was edited here while it was internal, so it is not made public')
    : decision;
}

/** An update leaves the target internal, or makes it so. */
function keptInternal(decision: Decision, target: Entity): Decision {
  if (decision.do !== 'update' && decision.do !== 'nothing') return decision;
  const { write } = decision.plan;
  if (isInternalValue(target.fields[VISIBILITY]) && !Object.hasOwn(write, VISIBILITY)) return decision;
  const isWanted = isInternalValue(write[VISIBILITY]);
  return internalStill(
    decision,
    target,
    isWanted ? undefined : 'the comment is internal in the source and stays so here',
  );
}

/** @param reason why it is not made public; undefined = nobody wants that */
function internalStill(decision: Written, target: Entity, reason: string | undefined): Written {
  const { plan } = decision;
  const { [VISIBILITY]: _mapped, ...write } = plan.write;
  const rest = (fields: string[]): string[] => fields.filter((field) => field !== VISIBILITY);
  const warnings = plan.warnings.filter(({ field }) => field !== VISIBILITY);
  const kept = {
    ...plan,
    write: isInternalValue(target.fields[VISIBILITY]) ? write : { ...write, [VISIBILITY]: INTERNAL },
    kept: rest(plan.kept),
    untaken: rest(plan.untaken),
    warnings: reason === undefined ? warnings : [...warnings, { field: VISIBILITY, reason }],
  };
  return { ...decision, do: Object.keys(kept.write).length > 0 ? 'update' : 'nothing', plan: kept };
}

/**
 * Decides the outcome of a change: the one place with all rules. The writer carries decisions out, a dry run reports
 * them, a plan reads them. Conflicts on a field are decided by lib/merge/fields.ts and the policies in
 * lib/merge/policies.ts. Pure.
 */

import { concerned, planCreate, planUpdate } from '../../merge/fields';
import { withFrameOf } from '../../merge/frames';
import type { MentionsTold } from '../../merge/mentions';
import { withKept } from '../../merge/references';
import { translatedTexts } from '../../merge/rich-text';
import { emptyPlan, type MergeInput, type MergePlan } from '../../merge/types';
import type { IntegrationConfig } from '../../model/config';
import { DELETED_VERSION, type Entity, type EntityRef, type Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { SyncMessage } from '../../model/message';
import type { FieldId, Fields } from '../../model/values';
import { backlinksOf, backlinkValues } from '../backlink-fields';
import { isCreatedAgain } from '../messages';
import { partPair } from '../routing';
import { appended } from './additions';
import { type Change, type Decided, editedSince, endOf, mergeInputOf } from './change';
import type { Decision, Rules, Seen } from './decision';
import { refusedFields, without } from './partial-update';
import { guarded } from './visibility';

export type { Decision, Rules, Seen } from './decision';

/** @param seen its counterpart */
export function decide(change: Change, seen: Seen, rules: Rules): Decision {
  return appended(guarded(decideAlone(change, seen, rules), change, seen, rules), change, rules);
}

function decideAlone(change: Change, seen: Seen, rules: Rules): Decision {
  if (change.event.entity.deleted) return decideDeleted(change, seen, rules);
  if (!change.event.link) return decideCreate(change, rules);
  if (seen === 'unread') {
    const isConcerned = concerned(mergeInputOf(rules.way, change, undefined)).length > 0;
    return isConcerned ? { do: 'look' } : { do: 'nothing', change, plan: emptyPlan() };
  }
  if (seen === 'gone') return decideGone(change, rules);
  // not delivered is not gone: it is asked for again later
  if (seen instanceof SyncError) return { do: 'fail', change, plan: emptyPlan(), error: seen, blame: 'own' };
  return decideUpdate(change, seen, rules);
}

function decideCreate(change: Change, { config, way }: Rules): Decision {
  if (change.file?.problem !== undefined && !change.file.link)
    return { do: 'skip', reason: `the file is left out: ${change.file.problem}` };
  const { wanted, told } = translatedTexts(mergeInputOf(way, change, undefined));
  const plan = planNew(config, way.targetSide, change.message, wanted, change.event.entity);
  append(plan.warnings, told.warnings);
  const parked = mustPark(change.message, plan, undefined);
  return parked
    ? { do: 'fail', change, plan, error: parked }
    : { do: 'create', change, plan: withAuthor(plan, change), wanted, shown: told.shown };
}

/** What is written of a comment's text, with the author line that belongs in front of it. */
function withAuthor(plan: MergePlan, { frame }: Change): MergePlan {
  const write = withFrameOf(plan.write, frame);
  return write === plan.write ? plan : { ...plan, write };
}

/** @param side the target's */
export const goneReason = (change: Pick<Change, 'event'>, side: Side): string =>
  `Counterpart ${endOf(change, side).ref.key} no longer exists or is not visible to the account`;

/** A part that its owner has no more. Somebody's edit of the counterpart is worth more than the deletion. */
function decideDeleted(change: Change, seen: Seen, { config, way }: Rules): Decision {
  const { event } = change;
  if (!event.link) return { do: 'skip', reason: 'it was deleted before it was synced' };
  const { deletions = 'original' } = partPair(config, way.side, event.entity) ?? {};
  const { key } = endOf(change, way.targetSide).ref;
  const isOriginal = event.link.made === way.targetSide && !change.isCopy;
  if (deletions === 'none' || (deletions === 'original' && !isOriginal)) {
    return { do: 'spare', change, reason: `it was deleted; ${key} is kept` };
  }
  if (way.verbs && !way.verbs.has('delete')) {
    return { do: 'spare', change, reason: `it was deleted; ${key} cannot be deleted there, and is kept` };
  }
  if (seen === 'unread') return { do: 'look' };
  if (seen === 'gone') return { do: 'end', change };
  if (seen instanceof SyncError) return { do: 'fail', change, plan: emptyPlan(), error: seen, blame: 'own' };
  if (editedSince(endOf(change, way.targetSide), seen).length > 0)
    return { do: 'spare', change, reason: `it was deleted; ${key} was edited, and is kept` };
  return { do: 'delete', change, plan: emptyPlan(), target: seen };
}

/** The integration's policy for changes whose counterpart is gone. */
function decideGone(change: Change, { config, way }: Rules): Decision {
  const reason = goneReason(change, way.targetSide);
  // somebody has deleted it, and it was to be so
  const isDeleted = change.isDeletedThere || endOf(change, way.targetSide).version === DELETED_VERSION;
  if (isDeleted) return { do: 'skip', reason };
  const error = new SyncError('notFound', reason);
  switch (config.targetDeleted) {
    case 'ignore':
      return { do: 'skip', reason };
    case 'create': {
      const { event } = change;
      if (!isCreatedAgain(config, event)) return { do: 'resend', error };
      const again = { ...change, event: { ...event, link: undefined }, replaces: event.link?.id };
      return { do: 'createAgain', change: again, reason };
    }
    case 'park':
    case undefined:
      return { do: 'fail', change, plan: emptyPlan(), error };
  }
}

function decideUpdate(change: Change, target: Entity, rules: Rules): Decision {
  const merge = mergeInputOf(rules.way, change, target);
  const { wanted, plan: made, shown } = planChange(merge);
  const plan = withAuthor(made, change);
  const decided = { change, plan, target, wanted, shown };
  const parked = mustPark(change.message, plan, merge);
  if (!parked) return written(decided);
  const held = rules.holdsFields(change.event) ? withoutRefused(decided, parked) : undefined;
  return held ? written(held) : { do: 'fail', ...decided, error: parked };
}

const written = (decided: Decided): Decision => ({ do: isWritten(decided) ? 'update' : 'nothing', ...decided });

/** Something of it is to be written. */
export const isWritten = ({ plan }: Decided): boolean => Object.keys(plan.write).length > 0;

/** Without fields that the systems keep changing back and forth. @param reasons field → why */
export function withoutStopped(decided: Decided, reasons: Record<FieldId, string>): Decided {
  const stopped = Object.keys(reasons);
  if (stopped.length === 0) return decided;
  const { plan } = decided;
  const left = (fields: Fields): Fields =>
    Object.fromEntries(Object.entries(fields).filter(([field]) => !(field in reasons)));
  return {
    ...decided,
    plan: {
      ...plan,
      write: left(plan.write),
      merged: left(plan.merged),
      stopped: [...plan.stopped, ...stopped],
      warnings: [...plan.warnings, ...Object.entries(reasons).map(([field, reason]) => ({ field, reason }))],
    },
  };
}

/**
 * "Update without rejected fields": without fields that were rejected or have to wait. @returns undefined if the error
 * names no such field
 */
export function withoutRefused(decided: Decided, error: SyncError): Decided | undefined {
  const refused = refusedFields(error, decided.plan, decided.change.message.sync.unresolved ?? {});
  return refused && withheld(decided, refused);
}

/** Without fields of an update that the target refuses. @param fields field → why */
export const withheld = (decided: Decided, fields: Record<FieldId, string>): Decided => ({
  ...decided,
  plan: without(decided.plan, fields),
  withheld: { ...decided.withheld, ...fields },
});

/**
 * What a create writes, the source's key and address included where they are wanted and no row maps their fields.
 * @param side the target's
 * @param source the source entity
 */
function planNew(
  config: IntegrationConfig,
  side: Side,
  { sync }: SyncMessage,
  wanted: Fields,
  source: EntityRef,
): MergePlan {
  const plan = planCreate(wanted, sync.mapped ?? {}, sync.unresolved ?? {});
  // a part shows where it comes from in its text
  if (source.owner) return plan;
  plan.write = { ...backlinkValues(backlinksOf(config, side), source), ...plan.write };
  return plan;
}

/**
 * What an update writes into the target as it is now.
 * @returns also what of the source's texts stands for the target's mentions, and the wanted fields as they are merged: rich texts are spliced into what the target shows, and lists keep the
 *   references that the source cannot show
 */
export function planChange(input: MergeInput): { wanted: Fields; plan: MergePlan; shown: MentionsTold['shown'] } {
  const { wanted, told } = translatedTexts(input);
  const plan = planUpdate({ ...input, wanted });
  append(
    plan.warnings,
    told.warnings.filter(({ field }) => field in plan.write),
  );
  plan.write = withKept(plan.write, input.references);
  return { wanted, plan, shown: told.shown };
}

/**
 * What needs a user's decision before the change can be written: conflicts and values of rows that park.
 * @param merge of an update: what it does not touch, or the target has already, is not judged again; undefined for a create
 */
function mustPark({ sync }: SyncMessage, plan: MergePlan, merge: MergeInput | undefined): SyncError | undefined {
  const fields: Record<FieldId, string> = {};
  for (const field of plan.conflicts) fields[field] = 'Changed on both sides; the row parks conflicts';
  const { mapped = {}, unresolved: all = {} } = sync;
  const isEasy = plan.conflicts.length === 0 && Object.keys(all).length === 0;
  if (isEasy) return undefined;
  const touched = merge && new Set(concerned(merge).map(({ field }) => field));
  for (const [field, unresolved] of Object.entries(all)) {
    if (unresolved.policy !== 'park' || plan.same.includes(field)) continue;
    const isTouched = !(field in mapped) || (touched ? touched.has(field) : mapped[field]?.syncWhen !== 'update');
    if (isTouched) fields[field] = unresolved.reason;
  }
  if (Object.keys(fields).length === 0) return undefined;
  const text = Object.entries(fields).map(([field, why]) => `${field}: ${why}`);
  return new SyncError(plan.conflicts.length ? 'conflict' : 'invalid', text.join('; '), { fields });
}

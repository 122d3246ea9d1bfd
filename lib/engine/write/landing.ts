/** From a change that was written, or needs no write, to what is stored of it and what its result says. Pure. */

import type { WriteResult } from '../../connectors/connector';
import { atOnce } from '../../limits/settle';
import { showValue } from '../../mapping/describe';
import { baselines } from '../../merge/fields';
import { frameIn, withFrameOf } from '../../merge/frames';
import { hasText, isRichText, withStandIns } from '../../merge/mentions';
import type { MergeInput } from '../../merge/types';
import { DIGEST } from '../../model/content';
import { COMMENT_TEXT, DELETED_VERSION, type Entity, type EntityRef, refOf, type Side } from '../../model/entity';
import type { SyncResult } from '../../model/message';
import { inOrder } from '../../model/sides';
import { type FieldId, type Fields, isEmpty, type StandIn } from '../../model/values';
import type { Landing, LinkEnd } from '../../store/store';
import { isShownOtherwise } from '../backlink-fields';
import { keepingFrame } from '../frames';
import { awaitedNames } from '../references/pictures';
import { type Change, type Decided, endOf, mergeInputOf, type Way } from './change';

export interface Landed {
  decided: Decided;
  landing: Landing;
  result: SyncResult;
}

/** A landing cannot wait: of a long text that was merged, lines alone are compared. */
const landedBaselines: typeof baselines = (...given) => atOnce(() => baselines(...given));

/** What stands for mentions is kept with both ends' texts. */
function keptMentions(way: Way, next: ReturnType<typeof baselines>, input: MergeInput, decided: Decided) {
  if (!hasText(next.source) && !hasText(next.target)) return next;
  const { plan, wanted, shown = {} } = decided;
  const sent: Record<FieldId, StandIn[] | undefined> = {};
  for (const field of Object.keys(wanted ?? {})) {
    const value = wanted?.[field];
    if (isRichText(value)) sent[field] = value.standIns;
  }
  const source = keepingFrame(withStandIns(next.source, input.source.base, shown), input.source.now, input.source.base);
  return {
    ...next,
    source: leadingBack(way, decided, source),
    target: keepingFrame(withStandIns(next.target, input.target.base, sent), plan.write, input.target.base),
  };
}

/** The author line of a copy is known by its address also where somebody had taken it off when it was linked. */
function leadingBack({ side }: Way, { change: { event, owner }, target }: Decided, source: Fields): Fields {
  if (!owner || event.link?.made !== side || frameIn(source) || target?.url === undefined) return source;
  return withFrameOf(source, { url: target.url });
}

/** What both ends of an attachment's link hold is known by its digest, for round trips. */
export function withDigest(landed: Landed, digest: string | undefined): Landed {
  if (digest === undefined) return landed;
  const [one, two] = landed.landing.ends;
  const known = (end: LinkEnd): LinkEnd => ({ ...end, baseline: { ...end.baseline, [DIGEST]: digest } });
  return { ...landed, landing: { ...landed.landing, ends: [known(one), known(two)] } };
}

/** Where nothing has to be written. */
export function landUnchanged(way: Way, decided: Decided): Landed {
  const { change, plan, target, wanted, withheld = {} } = decided;
  const end = endOf(change, way.targetSide);
  // without a read, the target is taken to be what it was: nothing of it is stored again
  const after = target?.fields ?? end.baseline;
  const input = mergeInputOf(way, change, target, wanted);
  const states = landedBaselines(input, plan, { after, ignored: withheld, exact: true, created: false });
  const next = keptMentions(way, states, input, decided);
  // where the target was read, what it shows is accounted for, and older snapshots of it must not be taken for edits
  const version = target && !next.foreign ? target.version : '';
  const targetEnd: LinkEnd = {
    ...end,
    version: target ? version : end.version,
    baseline: next.target,
    leftOut: next.leftOut.target,
  };
  const isSeen = target === undefined || target.version === end.version;
  return landed(way, decided, next, targetEnd, target ?? end.ref, 'unchanged', target !== undefined, isSeen);
}

/**
 * What the target shows after the write becomes both sides' baseline, as far as it is in sync.
 * @param edited what somebody else has put into a new entity already
 */
export function landWritten(
  way: Way,
  decided: Decided,
  written: Extract<WriteResult, { ok: true }>,
  edited: ReadonlySet<FieldId> = new Set(),
): Landed {
  const { change, plan, target, wanted, withheld } = decided;
  const { entity } = written;
  const isNew = !change.event.link;
  way.target.sawTime(entity.updatedAt);
  // what was to stay empty, and what the target has put there itself, is no value that got lost
  const { empty: cleared = [] } = plan;
  const ignored: Record<FieldId, string> = {};
  const notes: SyncResult['warnings'] = [];
  for (const [field, reason] of Object.entries(written.ignored ?? {})) {
    if (cleared.includes(field)) continue;
    ignored[field] = reason;
    notes.push({ field, reason });
  }
  Object.assign(ignored, withheld);
  for (const field of cleared) {
    const own = entity.fields[field] ?? null;
    if (isEmpty(own) || edited.has(field)) continue;
    const itself = `empty in the source; ${way.target.name} has put in ${showValue(own)} itself`;
    notes.push({ field, reason: written.ignored?.[field] ?? itself });
  }
  const input = mergeInputOf(way, change, target, wanted);
  const exact = written.exact === true;
  const states = landedBaselines(input, plan, { after: entity.fields, ignored, exact, created: isNew, edited });
  const next = keptMentions(way, states, input, decided);
  const end: LinkEnd = {
    system: way.target.id,
    ref: refOf(entity),
    // a version that shows a person's edit too must not be taken for our own write: left open, the poll picks it up
    version: next.foreign ? '' : entity.version,
    baseline: next.target,
    leftOut: next.leftOut.target,
  };
  const noted =
    notes.length === 0 ? decided : { ...decided, change: { ...change, notes: [...change.notes, ...notes] } };
  // the version that the write has made is taken for known: what else has changed in it must have been seen
  const known = isNew ? undefined : endOf(change, way.targetSide).version;
  const isSeen = exact && (isNew ? !way.isSilent : written.before === known && target?.version === known);
  const result = landed(way, noted, next, end, entity, isNew ? 'created' : 'updated', true, isSeen);
  if (change.owner && written.owner) result.landing.ownerMoved = { side: way.targetSide, ...written.owner };
  if (isNew) {
    const { created } = way.owing;
    if (!change.owner) result.landing.owes = change.renames ? [...new Set([...created, way.side])] : created;
    result.landing.made = way.targetSide;
  }
  return result;
}

function landed(
  way: Way,
  decided: Decided,
  next: ReturnType<typeof baselines>,
  targetEnd: LinkEnd,
  shown: EntityRef,
  outcome: SyncResult['outcome'],
  /** the target's end was written, or read after all earlier writes */
  settled: boolean,
  /** nothing has changed in the target since it was known, but by ourselves */
  isSeen: boolean,
): Landed {
  const { change, plan, withheld = {} } = decided;
  const { entity } = change.event;
  const wrote = settledSides(way, decided, settled);
  const sourceEnd: LinkEnd = {
    system: way.source.id,
    ref: refOf(entity),
    version: entity.version,
    baseline: next.source,
    leftOut: next.leftOut.source,
  };
  return {
    decided,
    landing: {
      integration: way.integration,
      event: change.seq,
      delivery: change.delivery,
      ends: inOrder(way.side, sourceEnd, targetEnd),
      wrote,
      settled: settledFields(way, decided, wrote),
      replaces: change.replaces,
      ...awaitsOf(way, change),
      ...aliasesOf(way, change, inOrder(way.side, next.source, targetEnd.baseline)),
      ...movedTarget(way, change, targetEnd),
      ...(change.owner && { owner: change.owner.link }),
      asks: asksOf(way, change, isSeen),
    },
    result: {
      outcome: change.adopted ? 'adopted' : outcome,
      integration: way.integration,
      direction: way.direction,
      source: refOf(entity),
      target: refOf(shown),
      written: Object.keys(plan.write),
      warnings: [
        ...plan.warnings,
        ...change.notes,
        ...Object.entries(withheld).map(([field, reason]) => ({ field, reason })),
      ],
    },
  };
}

/** What the source waits for; pictures in texts wait for attachments. */
function awaitsOf({ side }: Way, { awaits, awaitsSince }: Change): Pick<Landing, 'awaits'> {
  if (!awaits) return {};
  return { awaits: { side, entities: awaits, ...(awaitsSince !== undefined && { since: awaitsSince }) } };
}

/** Pictures in texts wait for the attachments of an item by their names. */
function aliasesOf({ side }: Way, { owner, event }: Change, [one, two]: [Fields, Fields]): Pick<Landing, 'aliases'> {
  const its = event.entity.owner;
  if (!owner || !its || typeof one.name !== 'string' || typeof two.name !== 'string') return {};
  const [first, second] = inOrder(side, its.id, owner.ref.id);
  return { aliases: [awaitedNames(first, one), awaitedNames(second, two)] };
}

/** Ends whose parts have to be read: of a new link the source's, and the target's where it may have been changed unseen. */
function asksOf({ owners, side, targetSide }: Way, { event, message }: Change, isSeen: boolean): Side[] {
  const asks: Side[] = [];
  if (event.entity.owner) return asks;
  if (!event.link && owners[side].includes(event.entity.type)) asks.push(side);
  if (!isSeen && owners[targetSide].includes(message.sync.target.type)) asks.push(targetSide);
  return asks;
}

/** The target is known by another key or address by now: the source has to show that, if it shows its counterpart. */
function movedTarget(way: Way, change: Change, { ref }: LinkEnd): Pick<Landing, 'owes'> {
  const before = change.event.link && endOf(change, way.targetSide).ref;
  const moved =
    before !== undefined && !change.owner && isShownOtherwise(before, ref) && way.owing.shows.includes(way.side);
  return moved ? { owes: [way.side] } : {};
}

/**
 * The target, if it was written or read again. The source, too, if our updates had left it in doubt (its
 * snapshot was then read again), unless one of its fields is still unresolved with the other side.
 */
function settledSides(way: Way, { change, plan }: Decided, settled: boolean): Side[] {
  const sides: Side[] = settled ? [way.targetSide] : [];
  if (change.event.link && endOf(change, way.side).pending && plan.left.length === 0) sides.push(way.side);
  return sides;
}

/**
 * Fields that are in doubt no more, if they were. Another integration of the same two entities may map others: those stay as they
 * are. Where only some of the source's fields have come to terms with the other end: those.
 */
function settledFields(way: Way, { change, plan: { left } }: Decided, wrote: Side[]): Landing['settled'] {
  const { event, message } = change;
  if (!event.link) return undefined;
  const mapped = Object.entries(message.sync.mapped ?? {});
  const settled = mapped.flatMap(([field, { from }]) => (left.includes(field) ? [] : from));
  const open = new Set(left.flatMap((field) => message.sync.mapped?.[field]?.from ?? []));
  const source = endOf(change, way.side).pending ? settled.filter((field) => !open.has(field)) : [];
  const target = wrote.includes(way.targetSide) ? mapped.map(([field]) => field) : [];
  return [
    { side: way.side, fields: source },
    { side: way.targetSide, fields: target },
  ].filter(({ fields }) => fields.length > 0);
}

/** What was edited stands in another part, which is known from now on. @param made it, as the target shows it */
export function landAdded(way: Way, decided: Decided, made: Entity): Landed {
  const { change, plan } = decided;
  const fields = Object.keys(plan.write);
  const reason = `comments cannot be edited there: the new text was added as ${made.key}`;
  const noted = { ...change, notes: [...change.notes, { field: COMMENT_TEXT, reason }] };
  // the counterpart stays as it is, and counts as in sync
  const kept = { ...plan, write: {}, merged: {}, stopped: [...plan.stopped, ...fields] };
  const all = [made, ...(decided.addedBefore ? [decided.addedBefore] : [])];
  const { landing, result } = landUnchanged(way, { ...decided, change: noted, plan: kept });
  return {
    decided,
    landing: { ...landing, added: all.map(({ id, version }) => ({ side: way.targetSide, id, version })) },
    result: { ...result, outcome: 'updated', written: fields },
  };
}

/** A part was deleted, and its counterpart stays: that the one is gone is known from now on. */
export function landSpared(way: Way, change: Change, reason: string): { landing: Landing; result: SyncResult } {
  const [own, other] = [endOf(change, way.side), endOf(change, way.targetSide)];
  return {
    landing: {
      integration: way.integration,
      event: change.seq,
      delivery: change.delivery,
      ends: inOrder(way.side, { ...own, version: DELETED_VERSION }, other),
      ...(change.owner && { owner: change.owner.link }),
    },
    result: unwritten(way, change, 'unchanged', [...change.notes, { field: '', reason }]),
  };
}

/** What is reported of a change of which no field was written. */
export const unwritten = (
  way: Way,
  change: Change,
  outcome: SyncResult['outcome'],
  warnings: SyncResult['warnings'],
): SyncResult => ({
  outcome,
  integration: way.integration,
  direction: way.direction,
  source: refOf(change.event.entity),
  target: change.event.link && refOf(endOf(change, way.targetSide).ref),
  written: [],
  warnings,
});

/** From a change that was written, or needs no write, to what is stored of it and what its result says. Pure. */

import type { WriteResult } from '../connectors/connector';
import { atOnce } from '../limits/settle';
import { showValue } from '../mapping/describe';
import { type EntityRef, refOf, type Side } from '../model/entity';
import type { SyncResult } from '../model/message';
import { isEmpty } from '../model/values';
import type { Landing, LinkEnd } from '../store/store';
import { isShownOtherwise } from './counterpart';
import { baselines } from './merge';
import { endOf, mergeInputOf, type Way, type Work } from './work';

export interface Landed {
  work: Work;
  landing: Landing;
  result: SyncResult;
}

/** A landing cannot wait: of a long text that was merged, lines alone are compared. */
const landedBaselines: typeof baselines = (...given) => atOnce(() => baselines(...given));

/** Where nothing has to be written. */
export function landUnchanged(way: Way, work: Work): Landed {
  const end = endOf(work, way.targetSide);
  const target = work.target;
  // without a read, the target is taken to be what it was: nothing of it is stored anew
  const after = target?.fields ?? end.baseline;
  const input = mergeInputOf(way, work, target);
  const next = landedBaselines(input, work.plan, {
    after,
    ignored: work.withheld ?? {},
    exact: true,
    created: false,
  });
  // where the target was read, what it shows is accounted for, and older snapshots of it must not be taken for edits
  const version = target && !next.foreign ? target.version : '';
  const targetEnd: LinkEnd = {
    ...end,
    version: target ? version : end.version,
    baseline: next.target,
    leftOut: next.leftOut.target,
  };
  return landed(way, work, next, targetEnd, target ?? end.ref, 'unchanged', target !== undefined);
}

/** What the target shows after the write becomes both sides' baseline, as far as it is in sync. */
export function landWritten(way: Way, work: Work, written: Extract<WriteResult, { ok: true }>): Landed {
  const { entity } = written;
  way.target.sawTime(entity.updatedAt);
  // what was to stay empty, and what the target has put there itself, is no value that got lost
  const { empty: cleared = [] } = work.plan;
  const refused = Object.entries(written.ignored ?? {}).filter(([field]) => !cleared.includes(field));
  const ignored = { ...Object.fromEntries(refused), ...work.withheld };
  for (const [field, reason] of refused) work.notes.push({ field, reason });
  for (const field of cleared) {
    const own = entity.fields[field] ?? null;
    if (isEmpty(own)) continue;
    const itself = `empty in the source; ${way.target.name} has put in ${showValue(own)} itself`;
    work.notes.push({ field, reason: written.ignored?.[field] ?? itself });
  }
  const input = mergeInputOf(way, work, work.target);
  const next = landedBaselines(input, work.plan, {
    after: entity.fields,
    ignored,
    exact: written.exact === true,
    created: !work.event.link,
  });
  const end: LinkEnd = {
    system: way.target.id,
    ref: refOf(entity),
    // a version that shows a person's edit too must not be taken for our own write: left open, the poll picks it up
    version: next.foreign ? '' : entity.version,
    baseline: next.target,
    leftOut: next.leftOut.target,
  };
  const result = landed(way, work, next, end, entity, work.event.link ? 'updated' : 'created', true);
  if (!work.event.link) {
    const { created } = way.owing;
    result.landing.owes = work.renames ? [...new Set([...created, way.side])] : created;
    result.landing.made = way.targetSide;
  }
  return result;
}

function landed(
  way: Way,
  work: Work,
  next: ReturnType<typeof baselines>,
  targetEnd: LinkEnd,
  shown: EntityRef,
  outcome: SyncResult['outcome'],
  /** the target's end was written, or read after all earlier writes */
  settled: boolean,
): Landed {
  const { entity } = work.event;
  const sourceEnd: LinkEnd = {
    system: way.source.id,
    ref: refOf(entity),
    version: entity.version,
    baseline: next.source,
    leftOut: next.leftOut.source,
  };
  return {
    work,
    landing: {
      integration: way.integration,
      event: work.seq,
      delivery: work.delivery,
      ends: way.side === 1 ? [sourceEnd, targetEnd] : [targetEnd, sourceEnd],
      wrote: settledSides(way, work, settled),
      settled: settledFields(way, work),
      replaces: work.replaces,
      ...(work.awaits && { awaits: { side: way.side, entities: work.awaits } }),
      ...movedTarget(way, work, targetEnd),
    },
    result: {
      outcome: work.adopted ? 'adopted' : outcome,
      integration: way.integration,
      direction: way.direction,
      source: refOf(entity),
      target: refOf(shown),
      written: Object.keys(work.plan.write),
      warnings: [
        ...work.plan.warnings,
        ...work.notes,
        ...Object.entries(work.withheld ?? {}).map(([field, reason]) => ({ field, reason })),
      ],
    },
  };
}

/** The target is known by another key or address by now: the source has to show that, where it shows its counterpart. */
function movedTarget(way: Way, work: Work, { ref }: LinkEnd): Pick<Landing, 'owes'> {
  const before = work.event.link && endOf(work, way.targetSide).ref;
  const moved = before !== undefined && isShownOtherwise(before, ref) && way.owing.shows.includes(way.side);
  return moved ? { owes: [way.side] } : {};
}

/**
 * The target, where it was written or read anew. The source too, where updates of ours had left it in doubt (its
 * snapshot was then read anew), unless it shows one that has still to come to terms with the other end.
 */
function settledSides(way: Way, work: Work, settled: boolean): Side[] {
  const sides: Side[] = settled ? [way.targetSide] : [];
  if (work.event.link && endOf(work, way.side).pending && work.plan.left.length === 0) sides.push(way.side);
  return sides;
}

/** Where only some of the source's doubtful fields have come to terms with the other end: those. */
function settledFields(way: Way, work: Work): Landing['settled'] {
  const { left } = work.plan;
  const pending = work.event.link && endOf(work, way.side).pending;
  if (!pending || left.length === 0) return undefined;
  const { mapped = {} } = work.message.sync;
  const open = new Set(left.flatMap((field) => mapped[field]?.from ?? []));
  return { side: way.side, fields: Object.keys(pending).filter((field) => !open.has(field)) };
}

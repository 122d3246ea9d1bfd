/**
 * One batch of messages of one direction: load the events, split creates from updates, read the targets, merge, write,
 * and store what has landed. Reads like the invariants: an intent before a create (2), the merge against the target's
 * present state (5), baselines and links stored before a result is told (1).
 */

import type { WriteOperation, WriteResult } from '../connectors/connector';
import { type Direction, type Entity, type EntityRef, refOf, type Side, sourceSide, targetSide } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import type { SyncMessage, SyncResult } from '../model/message';
import type { FieldId, Fields } from '../model/values';
import type { Failure, Landing, LinkEnd, StoredEvent } from '../store/store';
import { corrected } from './corrections';
import { adoptable, adoptedEnds, type Create, markerOf, openIntents, unfinishedFields } from './create';
import { isCreatedAgain } from './events';
import type { Integration } from './integration';
import { baselines, concerned, emptyPlan, intended, type MergePlan, planCreate, planUpdate } from './merge';
import { stopOscillating } from './oscillation';
import { writeScope } from './pairs';
import { keepRichText } from './rich-text';
import { refusedFields, without } from './withhold';

export interface Job {
  message: SyncMessage;
  seq: number;
  delivery: number;
}

export type JobResult =
  | { ok: true; result: SyncResult }
  | { ok: false; error: SyncError; failure?: Failure }
  | undefined;

interface Work extends Job {
  event: StoredEvent;
  plan: MergePlan;
  /** an earlier attempt's create was found in the target */
  adopted?: boolean;
  /** the target before the write; undefined for a create */
  target?: Entity;
  /** target fields as they are to be, once the target has been read: rich texts are spliced into what it shows */
  wanted?: Fields;
  /** target fields as the flow mapped them, without a person's corrections */
  asMapped: Fields;
  /** what the result says besides what the merge says */
  notes: SyncResult['warnings'];
  /** fields that the target refuses, and that are left out of this update */
  withheld?: Record<FieldId, string>;
  /** the link whose counterpart is gone and is created again */
  replaces?: number;
}

/** @returns per job: its result, its error (already stored as retry or parked), or undefined where it was finished before */
export async function writeBatch(integration: Integration, direction: Direction, jobs: Job[]): Promise<JobResult[]> {
  return new Batch(integration, direction, jobs).run();
}

class Batch {
  private readonly side: Side;
  private readonly targetSide: Side;
  private readonly results: Map<number, JobResult> = new Map();

  constructor(
    private readonly integration: Integration,
    private readonly direction: Direction,
    private readonly jobs: Job[],
  ) {
    this.side = sourceSide(direction);
    this.targetSide = targetSide(direction);
  }

  private get target() {
    return this.integration.system(this.targetSide);
  }

  async run(): Promise<JobResult[]> {
    const events = await this.integration.store.load(this.jobs);
    const works = this.jobs.flatMap((job, index) => {
      const event = events[index];
      if (!event) return [];
      const { message, unused } = corrected(job.message, event.corrections);
      return [{ ...job, message, event, plan: EMPTY_PLAN, asMapped: job.message.payload, notes: unused }];
    });
    const paused = this.target.pauseLeft();
    if (paused > 0) {
      const why = this.target.health.lastError;
      await this.fail(
        works,
        new SyncError('transient', `${this.target.name} is paused: ${why?.message ?? 'in trouble'}`),
      );
    } else {
      try {
        const linked = works.filter((work) => work.event.link);
        const { adopted, fresh } = await this.planCreates(works.filter((work) => !work.event.link));
        const updates = await this.planUpdates([...linked, ...adopted]);
        await this.write([...updates, ...fresh]);
      } catch (thrown) {
        // the target could not be read or nothing was sent: everything that has no outcome yet shares the fault
        await this.failRest(works, thrown, false);
      }
    }
    return this.jobs.map((job) => this.results.get(job.seq));
  }

  /** What has no outcome yet shares the fault of a whole call. @param unmade nothing at all was sent */
  private async failRest(works: Work[], thrown: unknown, unmade: boolean): Promise<void> {
    const error = asSyncError(thrown);
    const rest = works.filter((work) => !this.results.has(work.seq));
    await this.fail(rest, error, { unmade, systemWide: this.target.health.lastError === error });
  }

  /** Merges each linked entity against its target as it is now; what needs no write lands here. */
  private async planUpdates(works: Work[]): Promise<Work[]> {
    const needed: Work[] = [];
    const still: Work[] = [];
    for (const work of works) {
      (concerned(this.mergeInput(work, undefined)).length > 0 ? needed : still).push(work);
    }
    const present = await this.readTargets(needed);
    const writing: Work[] = [];
    const gone: Work[] = [];
    for (const [index, work] of needed.entries()) {
      const target = present[index];
      if (!target) {
        gone.push(work);
        continue;
      }
      work.target = target;
      work.wanted = keepRichText(this.mergeInput(work, target));
      work.plan = planUpdate(this.mergeInput(work, target));
      const { link } = work.event;
      if (link) stopOscillating(this.integration, link.id, this.targetSide, work.plan, work.message.sync.mapped ?? {});
      const parked = this.mustPark(work, work.plan);
      if (parked && !this.withhold(work, parked)) await this.fail([work], parked);
      else if (Object.keys(work.plan.write).length === 0) still.push(work);
      else writing.push(work);
    }
    await this.land(still.map((work) => this.landUnchanged(work)));
    return [...writing, ...(await this.targetsGone(gone))];
  }

  /** The integration's policy for changes whose counterpart is gone. @returns creates and updates to be written */
  private async targetsGone(works: Work[]): Promise<Work[]> {
    const { config } = this.integration;
    const again: Work[] = [];
    for (const work of works) {
      const error = this.targetGone(work);
      if (config.targetDeleted === 'ignore') await this.passOver(work, error.message);
      else if (config.targetDeleted !== 'create') await this.fail([work], error);
      else if (isCreatedAgain(config, work.event)) {
        again.push({ ...work, event: { ...work.event, link: undefined }, replaces: work.event.link?.id });
      } else {
        // only now is it known that this is a create: it goes through the flow once more, to get its defaults
        const named = nameEntity(error, work, this.target.name);
        const failure = await this.integration.sendAgain(work.event, named);
        this.results.set(work.seq, { ok: false, error: named, failure });
      }
    }
    if (again.length === 0) return [];
    const { adopted, fresh } = await this.planCreates(again);
    return [...(adopted.length > 0 ? await this.planUpdates(adopted) : []), ...fresh];
  }

  /** Finishes the event without effect, and says so. */
  private async passOver(work: Work, reason: string): Promise<void> {
    await this.integration.finish(this.side, [work.seq]);
    const { entity } = work.event;
    this.results.set(work.seq, {
      ok: true,
      result: {
        outcome: 'skipped',
        integration: this.integration.config.id,
        direction: this.direction,
        source: refOf(entity),
        target: work.event.link && refOf(this.end(work, this.targetSide).ref),
        written: [],
        warnings: [{ field: '', reason }],
      },
    });
  }

  private mayWithhold({ event }: Work): boolean {
    const { parkFields, retries } = this.integration.config;
    return parkFields === true && event.link !== undefined && event.attempts + 1 > retries;
  }

  /** "Hold only the field": where the update is about to be parked, it goes on without what the target refuses. */
  private withhold(work: Work, error: SyncError): boolean {
    if (!this.mayWithhold(work)) return false;
    const refused = refusedFields(error, work.plan, work.message.sync.unresolved ?? {});
    if (!refused) return false;
    work.withheld = { ...work.withheld, ...refused };
    work.plan = without(work.plan, refused);
    return true;
  }

  private async readTargets(works: Work[]): Promise<(Entity | undefined)[]> {
    if (works.length === 0) return [];
    const scope = writeScope(this.integration.config, this.targetSide);
    const ids = works.map((work) => this.end(work, this.targetSide).ref.id);
    const present = await this.target.call((connection) => connection.read(scope, ids));
    for (const entity of present) this.target.sawTime(entity?.updatedAt);
    return present;
  }

  /** Plans creates; one that was begun before and did reach the target is adopted instead of made again (invariant 2). */
  private async planCreates(works: Work[]): Promise<{ adopted: Work[]; fresh: Work[] }> {
    const creates: Create<Work>[] = [];
    for (const work of works) {
      const { sync, payload } = work.message;
      work.plan = planCreate(payload, sync.mapped ?? {}, sync.unresolved ?? {});
      const remoteKey =
        this.targetSide === 1 ? this.integration.config.remoteKeyField1 : this.integration.config.remoteKeyField2;
      if (remoteKey && !(remoteKey in work.plan.write)) work.plan.write[remoteKey] = work.event.entity.key;
      const parked = this.mustPark(work, work.plan);
      if (parked) await this.fail([work], parked);
      else creates.push({ work, event: work.event, fields: work.plan.write, target: sync.target, remoteKey });
    }
    const adopted: Work[] = [];
    const fresh: Create<Work>[] = [];
    for (const create of creates) {
      // one after the other: what one adopts is linked before the next one looks
      const found = await adoptable(this.integration, this.target, this.targetSide, create);
      if (!found) fresh.push(create);
      else adopted.push(...(await this.adopt(create.work, found)));
    }
    await openIntents(this.integration, this.target, fresh);
    return { adopted, fresh: fresh.map((create) => create.work) };
  }

  /** Stores the link to what an earlier attempt made; the event goes on as an update of it. */
  private async adopt(work: Work, found: Entity): Promise<Work[]> {
    const { store, config } = this.integration;
    const source = this.integration.system(this.side);
    const unfinished = await unfinishedFields(this.target, work.event.intent?.fields ?? {}, found);
    const ends = adoptedEnds(work.event, work.message, found, source, this.target, unfinished);
    // no event ends with this landing
    const { replaces } = work;
    const [refused] = await store.land([{ integration: config.id, event: 0, delivery: 0, ends, replaces }]);
    const [event] = refused ? [] : await store.load([work]);
    if (event?.link) return [{ ...work, event, adopted: true, replaces: undefined }];
    if (refused) await this.fail([work], new SyncError('fatal', refused));
    return [];
  }

  private async write(works: Work[]): Promise<void> {
    if (works.length === 0) return;
    await this.intendUpdates(works);
    const scope = writeScope(this.integration.config, this.targetSide);
    const operations = works.map((work) => this.operation(work));
    let results: WriteResult[];
    try {
      results = await this.target.call(async (connection) => {
        if (!connection.write) throw new SyncError('forbidden', `${this.target.name} can only be read`);
        return connection.write(scope, operations);
      });
    } catch (thrown) {
      // by the contract nothing was sent
      return this.failRest(works, thrown, true);
    }
    const landings: Landed[] = [];
    const rest: Work[] = [];
    for (const [index, work] of works.entries()) {
      const result = results[index];
      if (!result) await this.fail([work], new SyncError('fatal', `${this.target.name} gave no result for this write`));
      else if (!result.ok) {
        // one operation's `fatal` must not stop everybody
        if (result.error.kind !== 'fatal') this.target.troubled(result.error);
        if (!this.withhold(work, result.error)) await this.fail([work], result.error, { unmade: true });
        else if (Object.keys(work.plan.write).length > 0) rest.push(work);
        else landings.push(this.landUnchanged(work));
      } else if (result.ignored && Object.keys(result.ignored).length > 0) {
        // what was taken is kept as landed state by the next attempt's merge; the refusal is this event's failure
        landings.push(...(await this.partly(work, result)));
      } else landings.push(this.landWritten(work, result));
    }
    await this.land(landings);
    // each round leaves out at least one field, so it ends
    await this.write(rest);
  }

  /** What an update is about to leave in its target is known as ours, should its answer be lost. */
  private async intendUpdates(works: Work[]): Promise<void> {
    const updates = works.flatMap((work) => {
      const link = work.event.link?.id;
      return link ? [{ link, side: this.targetSide, fields: intended(work.plan) }] : [];
    });
    if (updates.length > 0) await this.integration.store.intendUpdates(updates);
  }

  /** The target took the write but left fields out: an update fails and says so, a create is kept and warns. */
  private async partly(work: Work, result: Extract<WriteResult, { ok: true }>): Promise<Landed[]> {
    const ignored = result.ignored ?? {};
    if (!work.event.link) return [this.landWritten(work, result)];
    const reasons = Object.entries(ignored).map(([field, reason]) => `${field}: ${reason}`);
    const key = this.end(work, this.targetSide).ref.key;
    const error = new SyncError('invalid', `${key} did not take every field. ${reasons.join('; ')}`, {
      fields: ignored,
    });
    if (this.mayWithhold(work)) return [this.landWritten(work, result)];
    await this.fail([work], error);
    return [];
  }

  private operation(work: Work): WriteOperation {
    if (work.event.link) return { kind: 'update', id: this.end(work, this.targetSide).ref.id, fields: work.plan.write };
    const { type, project } = work.message.sync.target;
    return { kind: 'create', type, project, fields: work.plan.write, marker: markerOf(work.event) };
  }

  private landUnchanged(work: Work): Landed {
    const end = this.end(work, this.targetSide);
    const target = work.target;
    // without a read, the target is taken to be what it was: nothing of it is stored anew
    const after = target?.fields ?? end.baseline;
    const next = baselines(this.mergeInput(work, target), work.plan, {
      after,
      ignored: work.withheld ?? {},
      exact: true,
      created: false,
    });
    // where the target was read, what it shows is accounted for, and older snapshots of it must not be taken for edits
    const version = target && !next.foreign ? target.version : '';
    const targetEnd: LinkEnd = { ...end, version: target ? version : end.version, baseline: next.target };
    return this.landed(work, next.source, targetEnd, target ?? end.ref, 'unchanged', target !== undefined);
  }

  private landWritten(work: Work, written: Extract<WriteResult, { ok: true }>): Landed {
    const { entity } = written;
    this.target.sawTime(entity.updatedAt);
    const ignored = { ...written.ignored, ...work.withheld };
    for (const [field, reason] of Object.entries(written.ignored ?? {})) work.notes.push({ field, reason });
    const next = baselines(this.mergeInput(work, work.target), work.plan, {
      after: entity.fields,
      ignored,
      exact: written.exact === true,
      created: !work.event.link,
    });
    const end: LinkEnd = {
      system: this.target.id,
      ref: refOf(entity),
      // a version that shows a person's edit too must not be taken for our own write: left open, the poll picks it up
      version: next.foreign ? '' : entity.version,
      baseline: next.target,
    };
    return this.landed(work, next.source, end, entity, work.event.link ? 'updated' : 'created', true);
  }

  private landed(
    work: Work,
    sourceBase: Fields,
    targetEnd: LinkEnd,
    shown: EntityRef,
    outcome: SyncResult['outcome'],
    /** the target's end was written, or read after all earlier writes */
    settled: boolean,
  ): Landed {
    const { entity } = work.event;
    const sourceEnd: LinkEnd = {
      system: this.integration.system(this.side).id,
      ref: refOf(entity),
      version: entity.version,
      baseline: sourceBase,
    };
    return {
      work,
      landing: {
        integration: this.integration.config.id,
        event: work.seq,
        delivery: work.delivery,
        ends: this.side === 1 ? [sourceEnd, targetEnd] : [targetEnd, sourceEnd],
        wrote: this.settledSides(work, settled),
        replaces: work.replaces,
      },
      result: {
        outcome: work.adopted ? 'adopted' : outcome,
        integration: this.integration.config.id,
        direction: this.direction,
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

  /**
   * The target, where it was written or read anew. The source too, where updates of ours had left it in doubt (its
   * snapshot was then read anew), unless it shows one that has still to come to terms with the other end.
   */
  private settledSides(work: Work, settled: boolean): Side[] {
    const sides: Side[] = settled ? [this.targetSide] : [];
    if (work.event.link && this.end(work, this.side).pending && work.plan.left.length === 0) sides.push(this.side);
    return sides;
  }

  private async land(landings: Landed[]): Promise<void> {
    if (landings.length === 0) return;
    const refused = await this.integration.store.land(landings.map(({ landing }) => landing));
    for (const [index, { work, result }] of landings.entries()) {
      const reason = refused[index];
      if (reason) await this.fail([work], new SyncError('fatal', reason));
      else this.results.set(work.seq, { ok: true, result });
    }
  }

  /** @param unmade the write certainly had no effect: a create need not be looked for */
  private async fail(
    works: Work[],
    error: SyncError,
    { unmade = false, systemWide = false }: { unmade?: boolean; systemWide?: boolean } = {},
  ): Promise<void> {
    for (const work of works) {
      const named = nameEntity(error, work, this.target.name);
      const notCreated = unmade && !work.adopted && !error.detail.uncertain;
      const context = { mapped: work.asMapped, notCreated, systemWide };
      const [failure] = await this.integration.failEvents(this.side, [work.event], named, this.target, context);
      this.results.set(work.seq, { ok: false, error: named, failure });
    }
  }

  private mustPark(work: Work, plan: MergePlan): SyncError | undefined {
    const fields: Record<FieldId, string> = {};
    for (const field of plan.conflicts) fields[field] = 'both sides changed it, and its row parks conflicts';
    for (const [field, unresolved] of Object.entries(work.message.sync.unresolved ?? {})) {
      if (unresolved.policy === 'park') fields[field] = unresolved.reason;
    }
    if (Object.keys(fields).length === 0) return undefined;
    const text = Object.entries(fields).map(([field, why]) => `${field}: ${why}`);
    return new SyncError(plan.conflicts.length ? 'conflict' : 'invalid', text.join('; '), { fields });
  }

  private targetGone(work: Work): SyncError {
    const { key } = this.end(work, this.targetSide).ref;
    return new SyncError('notFound', `its counterpart ${key} is not there any more, or the account may not see it`);
  }

  private mergeInput(work: Work, target: Entity | undefined) {
    const { sync, payload } = work.message;
    return {
      direction: this.direction,
      wanted: work.wanted ?? payload,
      mapped: sync.mapped ?? {},
      unresolved: sync.unresolved ?? {},
      source: {
        now: work.event.entity.fields,
        base: work.event.link ? this.end(work, this.side).baseline : {},
        pending: work.event.link && this.end(work, this.side).pending,
        updatedAt: work.event.entity.updatedAt,
      },
      target: {
        now: target?.fields ?? {},
        base: work.event.link ? this.end(work, this.targetSide).baseline : {},
        pending: work.event.link && this.end(work, this.targetSide).pending,
        updatedAt: target?.updatedAt ?? '',
      },
    };
  }

  private end(work: Work, side: Side): LinkEnd {
    const end = work.event.link?.ends[side - 1];
    if (!end) throw new SyncError('fatal', `${work.event.entity.key} has no link`);
    return end;
  }
}

interface Landed {
  work: Work;
  landing: Landing;
  result: SyncResult;
}

const EMPTY_PLAN: MergePlan = emptyPlan();

/** The error with the entity in front, so that a Catch node or a log line can be understood alone. */
function nameEntity(error: SyncError, work: Work, target: string): SyncError {
  const { key, type } = work.event.entity;
  const open = Object.entries(error.kind === 'invalid' ? (work.message.sync.unresolved ?? {}) : {});
  // "Title is required" is understood only with why there is no title
  const why = open.filter(([field]) => !(field in (error.detail.fields ?? {}))).map(([, { reason }]) => reason);
  const text = `${type} ${key} → ${target}: ${[error.message, ...why].join('; ')}`;
  return new SyncError(error.kind, text, { ...error.detail, cause: error });
}

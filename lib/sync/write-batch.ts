/**
 * One batch of messages of one direction: load the events, split creates from updates, read the targets, merge, write,
 * and store what has landed. Reads like the invariants: an intent before a create (2), the merge against the target's
 * present state (5), baselines and links stored before a result is told (1).
 */

import type { ReadResult, WriteOperation, WriteResult } from '../connectors/connector';
import { isWholeBatch, wholeBatch } from '../connectors/whole-batch';
import { fitFields } from '../mapping/fit';
import { type Direction, type Entity, type EntityRef, type Field, refOf, type Side } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import { append } from '../model/lists';
import type { SyncResult } from '../model/message';
import type { Fields } from '../model/values';
import { StoreError } from '../store/errors';
import type { Failure, Landing, LinkEnd } from '../store/store';
import { type Doubt, tryAll } from './blame';
import { plainTextOf, settledTexts } from './bounded-texts';
import { corrected } from './corrections';
import { showingOf, shownLink } from './counterpart';
import { fieldsRead, keepUnshown, translateAll } from './counterparts';
import { adoptable, adoptedEnds, adoptedState, type Create, markerOf, openIntents } from './create';
import { kinshipOf, reasonToPass } from './elsewhere';
import { isCreatedAgain } from './events';
import { type Blame, isSystemFault } from './failure';
import type { Integration } from './integration';
import { type Landed, landUnchanged, landWritten } from './landing';
import { concerned, emptyPlan, intended } from './merge';
import { isFree, madeSide, named, namesAnother } from './named';
import { countTurns, stopOscillating, type WatchedUpdate } from './oscillation';
import { writeScope } from './pairs';
import { planChange, planNew } from './planning';
import { readEntities } from './reading';
import type { System } from './system';
import { refusedFields, refusedReferences, without } from './withhold';
import {
  endOf,
  type Job,
  mergeInputOf,
  mustPark,
  nameEntity,
  namesIn,
  targetGone,
  type Way,
  type Work,
  wayOf,
} from './work';

export type JobResult =
  | { ok: true; result: SyncResult }
  | { ok: false; error: SyncError; failure?: Failure }
  | undefined;

const plainText = plainTextOf;

/** A field that a create leaves out gets the target's own default, so emptiness is sent; not where a value must be. */
export function emptied({ plan, declared }: Work): Fields {
  const empty = (plan.empty ?? []).filter((field) => isClearable(declared?.get(field)));
  return Object.fromEntries(empty.map((field) => [field, null]));
}

const isClearable = (field: Field | undefined): boolean =>
  field?.hasDefault === true && !field.required && !field.readOnly;

interface FailHow {
  /** the write certainly had no effect: a create need not be looked for */
  unmade?: boolean;
  blame?: Blame;
}

/** A create for which another integration has to be waited is looked at again after this time. */
const ELSEWHERE_MS = 1_000;

/** The system has looked at the element and said no to it: it is at work. */
const isDecision = ({ kind }: SyncError): boolean => ['invalid', 'conflict', 'notFound'].includes(kind);

/** @returns per job: its result, its error (already stored as retry or parked), or undefined where it was finished before */
export async function writeBatch(integration: Integration, direction: Direction, jobs: Job[]): Promise<JobResult[]> {
  return new Batch(integration, direction, jobs).run();
}

/** What is `protected` has an effect, on the target or the store: a dry run does something else instead (dry-batch.ts). */
export class Batch {
  protected readonly way: Way;
  protected readonly results: Map<number, JobResult> = new Map();

  constructor(
    protected readonly integration: Integration,
    direction: Direction,
    private readonly jobs: Job[],
  ) {
    this.way = wayOf(integration, direction);
  }

  protected names(work: Work): ReturnType<typeof namesIn> {
    return namesIn(this.way, this.integration.config, work);
  }

  protected get target(): System {
    return this.way.target;
  }

  async run(): Promise<JobResult[]> {
    const events = await this.integration.store.load(this.jobs);
    const works = this.jobs.flatMap((job, index): Work[] => {
      const event = events[index];
      if (!event) return [];
      const { message, unused } = corrected(job.message, event.corrections);
      return [{ ...job, message, event, plan: emptyPlan(), asMapped: job.message.payload, notes: unused }];
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
        await this.translate(works);
        await Promise.all(works.map((work) => this.fit(work)));
        const linked = works.filter((work) => work.event.link);
        const { adopted, fresh } = await this.planCreates(works.filter((work) => !work.event.link));
        const updates = await this.planUpdates([...linked, ...adopted]);
        await this.write([...updates, ...fresh]);
      } catch (thrown) {
        // the target could not be read or nothing was sent: everything that has no outcome yet shares the fault
        await this.failRest(works, thrown);
      }
    }
    return this.jobs.map((job) => this.results.get(job.seq));
  }

  /** Counterparts take the place of the source's entities that values name. */
  private async translate(works: Work[]): Promise<void> {
    const changes = works.map(({ message, event }) => ({ message, fields: event.entity.fields }));
    const translated = await translateAll(this.integration.counterparts(this.way.side), changes);
    for (const [index, work] of works.entries()) Object.assign(work, translated[index]);
  }

  /** What the target declares that it cannot hold is left out and told of, whatever nodes have mapped it. */
  private async fit(work: Work): Promise<void> {
    const { sync, payload } = work.message;
    const declared = await this.integration.fieldsOf(this.way.targetSide).of(sync.target);
    work.declared = declared;
    const { mapped = {}, unresolved = {} } = sync;
    const fitted = fitFields({ fields: payload, mapped, unresolved }, declared, plainText);
    if (fitted.fields === payload) return;
    work.message = { ...work.message, payload: fitted.fields, sync: { ...sync, unresolved: fitted.unresolved } };
  }

  /** What has no outcome yet shares the fault of a whole call. */
  private async failRest(works: Work[], thrown: unknown): Promise<void> {
    const error = asSyncError(thrown);
    const rest = works.filter((work) => !this.results.has(work.seq));
    await this.fail(rest, error, { blame: this.target.health.lastError === error ? 'system' : undefined });
  }

  /** The counterpart keeps its type: that is said with each change, and counted. */
  private lookForNewType(work: Work): void {
    const { link, entity } = work.event;
    if (!link) return;
    const { diverged } = this.integration;
    diverged.note(link, this.way.side, entity);
    const reason = diverged.reasonFor(link, this.way.side, entity);
    if (reason !== undefined && !work.notes.some((note) => note.reason === reason))
      work.notes.push({ field: '', reason });
  }

  /** Merges each linked entity against its target as it is now; what needs no write lands here. */
  private async planUpdates(works: Work[]): Promise<Work[]> {
    for (const work of works) this.lookForNewType(work);
    const needed: Work[] = [];
    const still: Work[] = [];
    for (const work of works) {
      (concerned(mergeInputOf(this.way, work, undefined)).length > 0 ? needed : still).push(work);
    }
    const present = await this.readTargets(needed);
    await this.keepUnshown(needed, present);
    const writing: Work[] = [];
    const gone: Work[] = [];
    for (const [index, work] of needed.entries()) {
      const target = present[index];
      if (target instanceof SyncError) {
        // not delivered is not gone: it is asked for again later
        await this.fail([work], target, { blame: 'own' });
        continue;
      }
      if (!target) {
        gone.push(work);
        continue;
      }
      work.target = target;
      const merge = mergeInputOf(this.way, work, target);
      const { wanted, plan } = await settledTexts(() => planChange(merge));
      work.wanted = wanted;
      work.plan = plan;
      stopOscillating(this.watched(work));
      const parked = mustPark(work, merge);
      if (parked && !this.withhold(work, parked)) await this.fail([work], parked);
      else if (Object.keys(work.plan.write).length === 0) still.push(work);
      else writing.push(work);
    }
    await this.land(still.map((work) => landUnchanged(this.way, work)));
    return [...writing, ...(await this.targetsGone(gone))];
  }

  /** What the targets name without a counterpart at the source is not the source's to take away. */
  private async keepUnshown(works: Work[], present: ReadResult[]): Promise<void> {
    const changes = works.map(({ message, references = {} }, index) => {
      return { message, references, target: fieldsRead(present[index]) };
    });
    const kept = await keepUnshown(this.integration.counterparts(this.way.side), changes);
    for (const [index, work] of works.entries()) work.references = kept[index];
  }

  /** The integration's policy for changes whose counterpart is gone. @returns creates and updates to be written */
  private async targetsGone(works: Work[]): Promise<Work[]> {
    const { config } = this.integration;
    const again: Work[] = [];
    for (const work of works) {
      const error = targetGone(this.way, work);
      if (config.targetDeleted === 'ignore') await this.passOver(work, error.message);
      else if (config.targetDeleted !== 'create') await this.fail([work], error);
      else if (isCreatedAgain(config, work.event)) {
        again.push({ ...work, event: { ...work.event, link: undefined }, replaces: work.event.link?.id });
      } else {
        // only now is it known that this is a create: it goes through the flow once more, to get its defaults
        const named = nameEntity(error, work, this.names(work));
        const failure = await this.integration.sendAgain(work.event, named);
        this.results.set(work.seq, { ok: false, error: named, failure });
      }
    }
    if (again.length === 0) return [];
    const { adopted, fresh } = await this.planCreates(again);
    return [...(adopted.length > 0 ? await this.planUpdates(adopted) : []), ...fresh];
  }

  /** Finishes the event without effect, and says so. */
  protected async passOver(work: Work, reason: string): Promise<void> {
    await this.integration.finish(this.way.side, [work.seq]);
    const { entity } = work.event;
    this.results.set(work.seq, {
      ok: true,
      result: {
        outcome: 'skipped',
        integration: this.integration.config.id,
        direction: this.way.direction,
        source: refOf(entity),
        target: work.event.link && refOf(endOf(work, this.way.targetSide).ref),
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

  /** The target does not take an entity as parent of this one, say: everything else is written, and that is told. */
  private withholdReferences(work: Work, error: SyncError): boolean {
    const refused = refusedReferences(error, work.plan, work.message.sync.mapped ?? {}, this.target.name);
    if (!refused) return false;
    work.withheld = { ...work.withheld, ...refused };
    work.plan = without(work.plan, refused);
    return true;
  }

  private async readTargets(works: Work[]): Promise<ReadResult[]> {
    const scope = writeScope(this.integration.config, this.way.targetSide);
    const ids = works.map((work) => endOf(work, this.way.targetSide).ref.id);
    const present = await readEntities(this.target, scope, ids);
    for (const entity of present) if (entity && !(entity instanceof SyncError)) this.target.sawTime(entity.updatedAt);
    return present;
  }

  /** Plans creates; one that was begun before and did reach the target is adopted instead of made again (invariant 2). */
  private async planCreates(works: Work[]): Promise<{ adopted: Work[]; fresh: Work[] }> {
    const creates: Create<Work>[] = [];
    for (const work of works) {
      const { config } = this.integration;
      const { sync } = work.message;
      work.plan = planNew(config, this.way.targetSide, work.message, work.event.entity);
      const remoteKey = showingOf(config, this.way.targetSide).key;
      const parked = mustPark(work, undefined);
      if (parked) await this.fail([work], parked);
      else creates.push({ work, event: work.event, fields: work.plan.write, target: sync.target, remoteKey });
    }
    const adopted: Work[] = [];
    const fresh: Create<Work>[] = [];
    for (const create of creates) {
      // one after the other: what one adopts is linked before the next one looks
      const found = await adoptable(this.integration, this.target, this.way.targetSide, create);
      if (found) append(adopted, await this.adopt(create.work, found));
      else {
        const known = await this.known(create.work);
        if (known === 'none') fresh.push(create);
        else append(adopted, known);
      }
    }
    const { linked, rest } = await this.linkedMeanwhile(fresh);
    return { adopted: [...adopted, ...linked], fresh: (await this.begin(rest)).map((create) => create.work) };
  }

  /** An event of the other side, under way at the same time, may have linked them while they were looked for. */
  private async linkedMeanwhile(creates: Create<Work>[]): Promise<{ linked: Work[]; rest: Create<Work>[] }> {
    if (creates.length === 0) return { linked: [], rest: [] };
    const ids = creates.map(({ event }) => event.entity.id);
    const links = await this.integration.store.linksOf(this.integration.config.id, this.way.side, ids);
    const isLinked = ({ work }: Create<Work>, index: number): boolean =>
      links[index] !== undefined && links[index]?.id !== work.replaces;
    const linked: Work[] = [];
    for (const { work } of creates.filter(isLinked)) {
      const [event] = await this.integration.store.load([work]);
      if (event?.link) linked.push({ ...work, event });
    }
    return { linked, rest: creates.filter((create, index) => !isLinked(create, index)) };
  }

  /** What other integrations, or people, have linked with it already. @returns what goes on as an update, or `none` */
  private async known(work: Work): Promise<Work[] | 'none'> {
    const kin = await kinshipOf(this.integration, work.event, work.replaces);
    switch (kin.kind) {
      case 'none':
        return this.named(work);
      case 'carried':
      case 'made':
        await this.passOver(work, reasonToPass(kin, this.target.name) ?? '');
        return [];
      case 'counterpart': {
        const { source, target } = kin.baselines;
        return this.join(work, this.ends(work, source, kin.ref, target), { owes: this.way.owing.adopted });
      }
    }
  }

  /** What names it, or is named by it, and belongs to nobody else. */
  private async named(work: Work): Promise<Work[] | 'none'> {
    const { side, targetSide } = this.way;
    const { event, replaces, message } = work;
    const marker = this.integration.isInDoubt(event.entity) ? markerOf(event) : undefined;
    const one = { entity: event.entity, side, target: message.sync.target, replaces, marker };
    for (const found of await named(this.integration, one)) {
      if (!(await isFree(this.integration, one, found))) continue;
      const owes = [...new Set([...this.way.owing.adopted, targetSide])];
      return this.join(work, this.ends(work, {}, found, {}), { owes, made: madeSide(one, found) });
    }
    work.renames = namesAnother(this.integration.config, side, event.entity);
    return 'none';
  }

  /** Neither end's version is accounted for yet: the event goes on as an update. */
  private ends(work: Work, source: Fields, ref: EntityRef, target: Fields): [LinkEnd, LinkEnd] {
    const own: LinkEnd = { system: this.way.source.id, ref: refOf(work.event.entity), version: '', baseline: source };
    const theirs: LinkEnd = { system: this.target.id, ref: refOf(ref), version: '', baseline: target };
    return this.way.side === 1 ? [own, theirs] : [theirs, own];
  }

  /** Before creates are sent. @returns those that may be */
  protected async begin(creates: Create<Work>[]): Promise<Create<Work>[]> {
    const { open, hindered } = await openIntents(this.integration, this.target, creates);
    for (const { work } of hindered) {
      const why = 'another integration is making its counterpart: this one looks again in a moment';
      await this.integration.sendAgain(work.event, new SyncError('transient', why), ELSEWHERE_MS);
      // nothing to tell anybody
      this.results.set(work.seq, undefined);
    }
    return open;
  }

  /** Stores the link to what an earlier attempt made; the event goes on as an update of it. */
  protected async adopt(work: Work, found: Entity): Promise<Work[]> {
    const adopted = await adoptedState(this.target, work.event.intent?.fields ?? {}, found);
    const ends = adoptedEnds(work.event, work, adopted, this.way.source, this.target);
    return this.join(work, ends, { owes: this.way.owing.adopted, made: this.way.targetSide });
  }

  /** Stores a link; the event goes on as an update of it. */
  protected async join(
    work: Work,
    ends: [LinkEnd, LinkEnd],
    { owes, made }: { owes: Side[]; made?: Side },
  ): Promise<Work[]> {
    const { store, config } = this.integration;
    const { replaces } = work;
    // no event ends with this landing
    const landing: Landing = { integration: config.id, event: 0, delivery: 0, ends, replaces, owes, made };
    const [refused] = await store.land([landing]);
    if (!refused) {
      this.integration.backLinks.owed(owes);
      this.integration.linked();
    }
    const [event] = refused ? [] : await store.load([work]);
    if (event?.link && event.stale) {
      // what both had in common is newer than what was read of the source: it would be taken for edited back
      await this.integration.sendAgain(event, new SyncError('transient', 'it was linked meanwhile: it is read again'));
      this.results.set(work.seq, undefined);
      return [];
    }
    if (event?.link) return [{ ...work, event, adopted: true, replaces: undefined }];
    if (refused) await this.fail([work], new SyncError('fatal', refused));
    return [];
  }

  protected async write(works: Work[]): Promise<void> {
    if (works.length === 0) return;
    /** the target's error when the element was last sent in this batch */
    const sent = new Map<number, SyncError>();
    const rest: Work[] = [];
    await tryAll<Work>(this.target, works, {
      purpose: 'write',
      key: ({ seq }) => `${this.way.integration} ${seq}`,
      send: async (some) => {
        const { answered, doubts, withheld } = await this.send(await this.checked(some, sent));
        for (const { work, error } of doubts) sent.set(work.seq, error);
        append(rest, withheld);
        return { answered, doubts };
      },
      charge: async (doubt) => append(rest, await this.blame(doubt, sent)),
      excuse: async (doubts) => {
        for (const { work, error } of doubts) await this.fail([work], error, { unmade: true, blame: 'system' });
      },
      failedAt: ({ event }) => (event.error?.kind === 'transient' ? Date.parse(event.error.at) : undefined),
      isOnly: works.length === 1 && this.integration.inFlight(this.way.side) <= 1,
    });
    // each round leaves out at least one field, so it ends
    await this.write(rest);
  }

  /**
   * The failure is the element's own. @returns what is to be written all the same: parked, a create is not looked for any
   * more, so the last of its attempts that may have arrived is looked for now
   */
  private async blame({ work, error }: Doubt<Work>, sent: ReadonlyMap<number, SyncError>): Promise<Work[]> {
    const isLast = work.event.attempts + 1 > this.integration.config.retries;
    const [last] = isLast ? await this.checked([work], sent) : [work];
    if (last?.event.link && !work.event.link) return [last];
    if (last) await this.fail([last], error, { unmade: true, blame: 'own' });
    return [];
  }

  /** Before they are sent once more: a create that may have arrived is looked for (invariant 2), and goes on as an update. */
  private async checked(works: Work[], sent: ReadonlyMap<number, SyncError>): Promise<Work[]> {
    const isUnsure = ({ seq, event }: Work) => !event.link && sent.get(seq)?.detail.uncertain === true;
    const unsure = works.filter(isUnsure);
    if (unsure.length === 0) return works;
    const events = await this.integration.store.load(unsure);
    const again = unsure.flatMap((work, index): Work[] => {
      const event = events[index];
      return event ? [{ ...work, event }] : [];
    });
    const { adopted, fresh } = await this.planCreates(again);
    return [...works.filter((work) => !isUnsure(work)), ...(await this.planUpdates(adopted)), ...fresh];
  }

  /** Sends them together. What has an outcome of its own is landed, or has failed. */
  private async send(works: Work[]): Promise<{ answered: Work[]; doubts: Doubt<Work>[]; withheld: Work[] }> {
    const answered: Work[] = [];
    const doubts: Doubt<Work>[] = [];
    const withheld: Work[] = [];
    if (works.length === 0) return { answered, doubts, withheld };
    await this.intendUpdates(works);
    const scope = writeScope(this.integration.config, this.way.targetSide);
    let results: WriteResult[];
    try {
      const connection = this.target.connection();
      const operations = works.map((work) => this.operation(work));
      if (!connection.write) throw new SyncError('forbidden', `${this.target.name} can only be read`);
      results = await connection.write(scope, operations);
    } catch (thrown) {
      if (thrown instanceof StoreError) throw thrown;
      // by the contract nothing was sent
      const error = wholeBatch(asSyncError(thrown), works.length);
      return { answered, doubts: works.map((work) => ({ work, error })), withheld };
    }
    const landings: Landed[] = [];
    for (const [index, work] of works.entries()) {
      const result = results[index];
      if (result?.ok) countTurns(this.watched(work));
      if (!result) await this.fail([work], new SyncError('fatal', `${this.target.name} gave no result for this write`));
      else if (!result.ok) {
        const { error } = result;
        if (isSystemFault(error) || isWholeBatch(error)) {
          doubts.push({ work, error });
          continue;
        }
        // it was looked at and refused
        if (isDecision(error)) answered.push(work);
        const size = Object.keys(work.plan.write).length;
        const isWithheld = this.withhold(work, error) || this.withholdReferences(work, error);
        // what is refused may be a field that was not even sent: the very same write would be refused again without end
        if (!isWithheld || Object.keys(work.plan.write).length === size)
          await this.fail([work], error, { unmade: true });
        else if (Object.keys(work.plan.write).length > 0) withheld.push(work);
        else landings.push(landUnchanged(this.way, work));
      } else {
        answered.push(work);
        // what was taken is kept as landed state by the next attempt's merge; the refusal is this event's failure
        if (result.ignored && Object.keys(result.ignored).length > 0) append(landings, await this.partly(work, result));
        else landings.push(landWritten(this.way, work, result));
      }
    }
    await this.land(landings);
    return { answered, doubts, withheld };
  }

  private watched({ event, message, plan }: Work): WatchedUpdate {
    const { targetSide: side } = this.way;
    return { integration: this.integration, ends: event.link?.ends, side, plan, mapped: message.sync.mapped ?? {} };
  }

  /** What an update is about to leave in its target is known as ours, should its answer be lost. */
  private async intendUpdates(works: Work[]): Promise<void> {
    const updates = works.flatMap((work) => {
      const link = work.event.link?.id;
      if (!link) return [];
      const fields = intended(work.plan, work.target?.fields ?? {}, work.message.sync.mapped ?? {});
      return [{ link, side: this.way.targetSide, fields }];
    });
    if (updates.length > 0) await this.integration.store.intendUpdates(updates);
  }

  /** The target took the write but left fields out: an update fails and says so, a create is kept and warns. */
  private async partly(work: Work, result: Extract<WriteResult, { ok: true }>): Promise<Landed[]> {
    const ignored = result.ignored ?? {};
    if (!work.event.link) return [landWritten(this.way, work, result)];
    const reasons = Object.entries(ignored).map(([field, reason]) => `${field}: ${reason}`);
    const key = endOf(work, this.way.targetSide).ref.key;
    const error = new SyncError('invalid', `${key} did not take every field. ${reasons.join('; ')}`, {
      fields: ignored,
    });
    if (this.mayWithhold(work)) return [landWritten(this.way, work, result)];
    await this.fail([work], error);
    return [];
  }

  private operation(work: Work): WriteOperation {
    if (work.event.link)
      return { kind: 'update', id: endOf(work, this.way.targetSide).ref.id, fields: work.plan.write };
    const { type, project } = work.message.sync.target;
    const showing = showingOf(this.integration.config, this.way.targetSide);
    const remoteLink = this.target.connection().remoteLinks
      ? shownLink(this.integration.config, showing, work.event.entity, this.way.source.name)
      : undefined;
    const { empty } = work.plan;
    const fields = { ...emptied(work), ...work.plan.write };
    return {
      kind: 'create',
      type,
      project,
      fields,
      ...(empty && { empty }),
      marker: markerOf(work.event),
      ...(remoteLink && { remoteLink }),
    };
  }

  protected async land(landings: Landed[]): Promise<void> {
    if (landings.length === 0) return;
    const refused = await this.integration.store.land(landings.map(({ landing }) => landing));
    for (const [index, { work, result }] of landings.entries()) {
      const reason = refused[index];
      if (reason) await this.fail([work], new SyncError('fatal', reason));
      else this.results.set(work.seq, { ok: true, result });
    }
    this.integration.backLinks.owed(landings.flatMap(({ landing }) => landing.owes ?? []));
    if (landings.some(({ work }) => !work.event.link)) this.integration.linked();
  }

  protected async fail(works: Work[], error: SyncError, { unmade = false, blame }: FailHow = {}): Promise<void> {
    for (const work of works) {
      const named = nameEntity(error, work, this.names(work));
      const notCreated = unmade && !work.adopted && !error.detail.uncertain;
      const context = { mapped: work.asMapped, awaits: work.awaits, notCreated, blame };
      const [failure] = await this.integration.failEvents(this.way.side, [work.event], named, this.target, context);
      this.results.set(work.seq, { ok: false, error: named, failure });
    }
  }
}

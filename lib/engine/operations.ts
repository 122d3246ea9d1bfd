/**
 * What a person can see and do while an integration runs: its state, and its parked changes. Nothing that is done here
 * is silent: a skipped change is reported like one that has landed.
 */

import { showValue } from '../mapping/describe';
import { differs } from '../merge/fields';
import { iso, turn } from '../model/clock';
import { directionFrom, type EntityRef, refOf, type Side, targetSide } from '../model/entity';
import { SyncError } from '../model/errors';
import { smallest } from '../model/lists';
import type { SyncResult } from '../model/message';
import type {
  CauseView,
  Choice,
  ParkedDetail,
  ParkedView,
  RequestsView,
  SideView,
  SystemView,
} from '../model/operations';
import { atSide, otherSide, SIDES, withSide } from '../model/sides';
import { type FieldId, type Fields, isEmpty } from '../model/values';
import type { FlowCounts, OwedCounts, ParkedFilter, StoredEvent } from '../store/store';
import { aboutPart } from './about-part';
import { Causes } from './causes';
import type { Engine } from './engine';
import { withoutFrames } from './frames';
import type { Reader } from './read/reader';
import { route, typeName } from './routing';
import type { System } from './system';
import { showAgain } from './tasks/sweep';
import { correctionsOf, decisionsOf } from './write/corrections';

const LONGEST_REASON = 1_000;
/** Diverged entities that are named. */
const NAMED = 5;
/** Projects and types that are named. */
const MOST_MISSING = 20;
/** Parked events that go back into the queue in one transaction: some ten milliseconds in which Node-RED stands still. */
const RETRY_PORTION = 200;
/** Conflicts that are decided before others go on. */
const DECIDE_PORTION = 20;

export class Commands {
  private readonly causes: Causes;

  /** @param readersOf the readers of a side */
  constructor(
    private readonly engine: Engine,
    private readonly readersOf: (side: Side) => Pick<Reader, 'lastPoll' | 'isPolling' | 'nextPoll' | 'poll'>[],
  ) {
    this.causes = new Causes(engine.store, engine.config.id, () => turn(engine.clock));
  }

  /** Dry run: nothing is written, only reported. */
  get isDryRun(): boolean {
    return this.engine.activity.isDryRun;
  }

  async overview(): Promise<[SideView, SideView]> {
    const [one, two] = await this.engine.store.counts(this.engine.config.id);
    const { store, config } = this.engine;
    const owed = await store.owedCounts(config.id);
    const begun = async (side: Side): Promise<boolean> =>
      (await store.checkpoint({ integration: config.id, side })) !== undefined;
    const [first, second] = [this.side(1, one, owed[0]), this.side(2, two, owed[1])];
    return [
      { ...first, begun: await begun(1), ...(await this.oldest(1)) },
      { ...second, begun: await begun(2), ...(await this.oldest(2)) },
    ];
  }

  private async oldest(side: Side): Promise<Pick<SideView, 'oldest'>> {
    const oldest = await this.engine.store.oldestOpen({ integration: this.engine.config.id, side });
    return oldest ? { oldest } : {};
  }

  private side(side: Side, counts: FlowCounts, { due, resting, error }: OwedCounts): Omit<SideView, 'begun'> {
    const readers = this.readersOf(side);
    const next = smallest(readers.flatMap(({ nextPoll }) => nextPoll() ?? []));
    const diverged = this.engine.diverged.of(side);
    const last = readers.map(({ lastPoll }) => lastPoll).find((poll) => poll !== undefined);
    return {
      system: this.viewOf(this.engine.systems[side]),
      counts,
      ...(due + resting > 0 && { unshown: { due, resting, ...(error && { why: error.message }) } }),
      ...(diverged.length > 0 && {
        diverged: { count: diverged.length, first: diverged.slice(0, NAMED).map(({ reason }) => reason) },
      }),
      ...(last?.missing && last.missing.length > 0 && { missing: last.missing.slice(0, MOST_MISSING) }),
      polling: readers.some(({ isPolling }) => isPolling),
      ...(last && { lastPoll: { at: iso(last.at), read: last.read, recorded: last.recorded } }),
      ...(Number.isFinite(next) && { nextPoll: iso(next) }),
      requests: requestsOf(this.engine.systems[side]),
    };
  }

  private viewOf({ id, name, health }: System): SystemView {
    const system = { id, name };
    if (health.pausedUntil <= this.engine.clock.now()) return system;
    return { ...system, pausedUntil: iso(health.pausedUntil), why: health.lastError?.message };
  }

  /** Parked changes, oldest first. @param limit one page; `more` tells whether another follows */
  async parked(
    offset: number,
    limit: number,
    filter: ParkedFilter = {},
  ): Promise<{ items: ParkedView[]; more: boolean }> {
    const events = await this.engine.store.parked(this.engine.config.id, offset, limit + 1, filter);
    const items = await Promise.all(events.slice(0, limit).map((event) => this.view(event)));
    return { items, more: events.length > limit };
  }

  /**
   * Polls now: both sides, or one. Concurrent polls of a side are one. A pause that Twinflow made ends.
   * @returns what was read, and how much of it was new
   * @throws SyncError – as a system says
   */
  async poll(side?: Side): Promise<{ read: number; recorded: number }> {
    const { systems } = this.engine;
    const sides = side === undefined ? SIDES : [side];
    for (const one of SIDES) systems[one].tryNow();
    const polls = await Promise.all(sides.flatMap((one) => this.readersOf(one).map((reader) => reader.poll())));
    return {
      read: polls.reduce((sum, { read }) => sum + read, 0),
      recorded: polls.reduce((sum, { recorded }) => sum + recorded, 0),
    };
  }

  /** Why changes are parked, the most frequent cause first. */
  failures(): Promise<CauseView[]> {
    return this.causes.list();
  }

  /** Parked changes of one cause, oldest first. */
  async parkedBy(cause: string, offset: number, limit: number): Promise<{ items: ParkedView[]; more: boolean }> {
    const { store, config } = this.engine;
    const numbers = await this.causes.numbersOf(cause);
    const items: ParkedView[] = [];
    for (const seq of numbers.slice(offset, offset + limit)) {
      const event = await store.event(config.id, seq);
      if (event?.state === 'parked') items.push(await this.view(event));
    }
    return { items, more: numbers.length > offset + limit };
  }

  /** Numbers of the parked changes of one cause, in order. */
  numbersOf(cause: string): Promise<number[]> {
    return this.causes.numbersOf(cause);
  }

  /** @throws SyncError notFound – it is not parked (any more) */
  async detail(event: number): Promise<ParkedDetail> {
    const stored = await this.parkedEvent(event);
    const { entity, flow, mapped, corrections = {}, intent } = stored;
    const counterpart = this.counterpart(stored);
    const to = targetSide(directionFrom(flow.side));
    const way = route(this.engine.config, flow.side, entity)?.target;
    const { events, awaitedBy } = await this.engine.store.standing(flow, entity.id);
    return {
      ...(await this.view(stored)),
      source: entity,
      laterWaits: events.some(({ state }) => state === 'held'),
      awaitedBy,
      ...(mapped && { mapped }),
      corrections,
      ...(intent && { undecidedSince: intent.since }),
      target: {
        system: this.engine.systems[to].id,
        project: counterpart?.project ?? way?.project ?? '',
        type: counterpart?.type ?? way?.type ?? '',
      },
    };
  }

  /** Sends parked changes again, in their order; all of the integration where no numbers are given. Returns how many. */
  async retry(events?: number[]): Promise<number> {
    const { store, config } = this.engine;
    const count = events ? await this.retryThese(events) : await this.retryAll();
    const resumed = events ? 0 : await store.resumeOwed(config.id);
    if (resumed > 0) this.engine.backlinks.owed([1, 2]);
    this.engine.inFlight.resume();
    return count + resumed;
  }

  private async retryThese(events: number[]): Promise<number> {
    const { store, config } = this.engine;
    let count = 0;
    for (let from = 0; from < events.length; from += RETRY_PORTION) {
      if (from > 0) await turn(this.engine.clock);
      count += await store.unpark(config.id, events.slice(from, from + RETRY_PORTION));
      this.engine.inFlight.resume();
    }
    return count;
  }

  /** In portions, the first of which are sent while the others are still parked: Node-RED goes on meanwhile. */
  private async retryAll(): Promise<number> {
    const { store, config } = this.engine;
    // events parked again meanwhile already had their retry
    const counts = await store.counts(config.id);
    const most = counts.reduce((sum, { parked }) => sum + parked, 0);
    let after = -1;
    let seen = 0;
    let count = 0;
    while (seen < most) {
      const numbers = await store.parkedNumbers(config.id, after, Math.min(RETRY_PORTION, most - seen));
      count += await store.unpark(config.id, numbers);
      this.engine.inFlight.resume();
      const last = numbers.at(-1);
      if (last === undefined || numbers.length < RETRY_PORTION) return count;
      after = last;
      seen += numbers.length;
      await turn(this.engine.clock);
    }
    return count;
  }

  /**
   * Sends a parked change again with corrected values: they are written instead of what the flow maps, for exactly these
   * fields, until the change has landed. None takes earlier corrections back.
   * @throws SyncError notFound – not parked (any more); invalid – it failed before it was mapped
   */
  async correct(event: number, fields: Fields): Promise<void> {
    const { store, config } = this.engine;
    const { mapped, entity } = await this.parkedEvent(event);
    if (!mapped) {
      throw new SyncError(
        'invalid',
        `${entity.key} failed before it was mapped: there is nothing to correct. Retry it.`,
      );
    }
    await store.unpark(config.id, [event], correctionsOf(fields, mapped));
    this.engine.inFlight.resume();
  }

  /**
   * Sends all changes of a group again with the same corrected values.
   * @returns how many; those that failed before they were mapped are passed over
   */
  async correctAll(events: number[], fields: Fields): Promise<number> {
    const { store, config } = this.engine;
    let count = 0;
    for (const [index, seq] of [...new Set(events)].entries()) {
      if (index > 0 && index % DECIDE_PORTION === 0) await turn(this.engine.clock);
      const event = await store.event(config.id, seq);
      if (event?.state !== 'parked' || !event.mapped) continue;
      const corrections = { ...event.corrections, ...correctionsOf(fields, event.mapped) };
      count += await store.unpark(config.id, [seq], corrections);
    }
    this.engine.inFlight.resume();
    return count;
  }

  /**
   * Sends parked conflicts again, of which a person has decided which side wins: for each field, or one side for all of them.
   * The value of the winner goes to the other side. A change of the counterpart that is parked by the same conflict is decided
   * as well.
   * @param choose a side, or target field → choice
   * @param by the person's name
   * @returns how many; those that are no conflicts (any more) are passed over
   */
  async decide(events: number[], choose: Side | Record<FieldId, Choice>, by?: string): Promise<number> {
    let count = 0;
    for (const [index, seq] of [...new Set(events)].entries()) {
      if (index > 0 && index % DECIDE_PORTION === 0) await turn(this.engine.clock);
      if (await this.decideOne(seq, choose, by)) count += 1;
    }
    this.engine.inFlight.resume();
    return count;
  }

  private async decideOne(seq: number, choose: Side | Record<FieldId, Choice>, by?: string): Promise<boolean> {
    const { store, config } = this.engine;
    const event = await store.event(config.id, seq);
    if (event?.state !== 'parked' || event.error?.kind !== 'conflict') return false;
    const sides: Record<FieldId, Side> = {};
    for (const field of Object.keys(event.error.fields ?? {})) {
      const choice = typeof choose === 'number' ? choose : choose[field]?.side;
      if (choice !== undefined) sides[field] = choice;
    }
    await store.unpark(config.id, [seq], { ...event.corrections, ...decisionsOf(sides, by) });
    const counterpart = this.counterpart(event);
    if (!counterpart) return true;
    const { events } = await store.standing(
      { integration: config.id, side: otherSide(event.flow.side) },
      counterpart.id,
    );
    for (const twin of events) {
      if (twin.state !== 'parked' || twin.error?.kind !== 'conflict') continue;
      const same: Record<FieldId, Side> = {};
      for (const field of Object.keys(twin.error.fields ?? {})) {
        const found =
          typeof choose === 'number' ? choose : Object.values(choose).find(({ from }) => from.includes(field))?.side;
        if (found !== undefined) same[field] = found;
      }
      await store.unpark(config.id, [twin.seq], { ...twin.corrections, ...decisionsOf(same, by) });
    }
    return true;
  }

  /** Sends what dry runs have shown once more: to be shown as the flow maps it now, or to be written. Returns how many. */
  showAgain(): Promise<number> {
    return showAgain(this.engine);
  }

  /**
   * Gives parked changes up: they are not written, later ones of the same entities go on. What the source shows in a
   * skipped update counts as synced, so that its next change does not bring the skipped values along.
   * @param reason for those who read the result
   * @param by the person's name
   * @returns how many
   */
  async skip(events: number[], reason: string, by?: string): Promise<number> {
    const text = reason.trim().slice(0, LONGEST_REASON);
    if (text === '')
      throw new SyncError('invalid', 'Enter the reason for skipping the change.', { fields: { reason: 'missing' } });
    let count = 0;
    for (const seq of new Set(events)) {
      const event = await this.engine.store.event(this.engine.config.id, seq);
      if (event?.state !== 'parked') continue;
      await this.skipOne(event, by ? `skipped by ${by}: ${text}` : `skipped by a person: ${text}`);
      count += 1;
    }
    return count;
  }

  private async skipOne(event: StoredEvent, why: string): Promise<void> {
    const { store, config } = this.engine;
    const { seq, flow, link, entity } = event;
    if (link && !event.stale) {
      const own = { ...atSide(link.ends, flow.side), version: entity.version, baseline: this.seen(event) };
      const ends = withSide(link.ends, flow.side, own);
      // no event ends with this landing; should we die here, the event is still parked
      await store.land([{ integration: config.id, event: 0, delivery: 0, ends }]);
    }
    await this.engine.outcomes.finish(flow.side, [seq]);
    const failed = event.error ? ` (it had failed: ${event.error.message})` : '';
    const result: SyncResult = {
      outcome: 'skipped',
      integration: config.id,
      direction: directionFrom(flow.side),
      source: refOf(entity),
      ...(link && { target: this.counterpart(event) }),
      written: [],
      warnings: [{ field: '', reason: `${why}${failed}` }, ...this.givenUp(event)],
    };
    this.engine.events.landed?.(result);
    this.engine.events.skipped?.(result);
  }

  /** What stays at the source alone, each field by its name: it counts as in sync, so the other side's next edit replaces it. */
  private givenUp(event: StoredEvent): SyncResult['warnings'] {
    const base = event.link && atSide(event.link.ends, event.flow.side).baseline;
    if (!base || event.stale) return [];
    return Object.entries(this.seen(event))
      .filter(([field, value]) => differs(base, event.entity.fields, field) && !isEmpty(value))
      .map(([field, value]) => ({
        field,
        reason: `${showValue(value)} is given up: it stays here, and the next edit of the counterpart replaces it`,
      }));
  }

  /** The baseline of the source as if the change had landed. */
  private seen({ link, flow, entity }: StoredEvent): Fields {
    const baseline = { ...(link && atSide(link.ends, flow.side).baseline) };
    const fields = this.engine.relevance.of(flow.side)?.fields ?? Object.keys(entity.fields);
    for (const field of new Set([...Object.keys(baseline), ...fields])) {
      if (field in entity.fields) baseline[field] = entity.fields[field] ?? null;
    }
    return baseline;
  }

  private async parkedEvent(seq: number): Promise<StoredEvent> {
    const event = await this.engine.store.event(this.engine.config.id, seq);
    if (event?.state !== 'parked') {
      throw new SyncError('notFound', 'This change is no longer parked: someone else has retried or skipped it.');
    }
    return event;
  }

  private counterpart({ link, flow }: StoredEvent): EntityRef | undefined {
    const end = link && atSide(link.ends, otherSide(flow.side));
    return end && refOf(end.ref);
  }

  private async view(event: StoredEvent): Promise<ParkedView> {
    const { seq, flow, entity, error, attempts, corrections = {} } = event;
    const counterpart = this.counterpart(event);
    const [{ entity: said } = event] = await withoutFrames(this.engine, flow.side, [event]);
    const part = aboutPart(this.engine.config, flow.side, said);
    return {
      event: seq,
      side: flow.side,
      to: this.engine.systems[targetSide(directionFrom(flow.side))].name,
      entity: refOf(entity),
      typeName: typeName(this.engine.config, flow.side, entity.type) ?? entity.type,
      ...(part && { part }),
      ...(counterpart && { counterpart }),
      error: error ?? { kind: 'fatal', message: '', at: entity.updatedAt },
      // the attempt that parks it is not charged
      attempts: attempts + 1,
      corrected: Object.keys(corrections),
    };
  }
}

/** What is known of a system's request budget. */
function requestsOf({ budget }: System): RequestsView {
  const { quotas, ...used } = budget.use();
  const told = quotas.map((quota) => ({ ...quota, resetAt: iso(quota.resetAt) }));
  return { ...used, ...(told.length > 0 && { quotas: told }) };
}

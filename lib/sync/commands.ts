/**
 * What a person can see and do while an integration runs: its state, and its parked changes. Nothing that is done here
 * is silent: a skipped change is reported like one that has landed.
 */

import { showValue } from '../mapping/describe';
import { directionFrom, type EntityRef, refOf, type Side, targetSide } from '../model/entity';
import { SyncError } from '../model/errors';
import type { SyncResult } from '../model/message';
import type { ParkedDetail, ParkedView, SideView, SystemView } from '../model/operations';
import { type Fields, isEmpty } from '../model/values';
import type { FlowCounts, LinkEnd, OwedCounts, ParkedFilter, StoredEvent } from '../store/store';
import { iso } from './clock';
import { correctionsOf } from './corrections';
import type { Integration } from './integration';
import { differs } from './merge';
import { route } from './pairs';
import type { System } from './system';

const LONGEST_REASON = 1_000;
/** Parked events that go back into the queue in one transaction: some ten milliseconds in which Node-RED stands still. */
/** Diverged entities that are named. */
const NAMED = 5;
const RETRY_PORTION = 200;

export class Commands {
  constructor(private readonly integration: Integration) {}

  /** Nothing is written at present, only shown. */
  get isDryRun(): boolean {
    return this.integration.isDryRun;
  }

  async overview(): Promise<[SideView, SideView]> {
    const [one, two] = await this.integration.counts();
    const { store, config } = this.integration;
    const owed = await store.owedCounts(config.id);
    const begun = async (side: Side): Promise<boolean> =>
      (await store.checkpoint({ integration: config.id, side })) !== undefined;
    return [this.side(1, one, owed[0], await begun(1)), this.side(2, two, owed[1], await begun(2))];
  }

  private side(side: Side, counts: FlowCounts, { due, resting, error }: OwedCounts, begun: boolean): SideView {
    const readers = this.integration.readersOf(side);
    const diverged = this.integration.diverged.of(side);
    const last = readers.map(({ lastPoll }) => lastPoll).find((poll) => poll !== undefined);
    return {
      system: this.viewOf(this.integration.system(side)),
      counts,
      ...(due + resting > 0 && { unshown: { due, resting, ...(error && { why: error.message }) } }),
      ...(diverged.length > 0 && {
        diverged: { count: diverged.length, first: diverged.slice(0, NAMED).map(({ reason }) => reason) },
      }),
      polling: readers.some(({ isPolling }) => isPolling),
      begun,
      ...(last && { lastPoll: { at: iso(last.at), read: last.read, recorded: last.recorded } }),
    };
  }

  private viewOf({ id, name, health }: System): SystemView {
    const system = { id, name };
    if (health.pausedUntil <= this.integration.clock.now()) return system;
    return { ...system, pausedUntil: iso(health.pausedUntil), why: health.lastError?.message };
  }

  /** Parked changes, oldest first. @param limit one page; `more` tells whether another follows */
  async parked(
    offset: number,
    limit: number,
    filter: ParkedFilter = {},
  ): Promise<{ items: ParkedView[]; more: boolean }> {
    const events = await this.integration.store.parked(this.integration.config.id, offset, limit + 1, filter);
    return { items: events.slice(0, limit).map((event) => this.view(event)), more: events.length > limit };
  }

  /** @throws SyncError notFound – it is not parked (any more) */
  async detail(event: number): Promise<ParkedDetail> {
    const stored = await this.parkedEvent(event);
    const { entity, flow, mapped, corrections = {}, intent } = stored;
    const counterpart = this.counterpart(stored);
    const to = targetSide(directionFrom(flow.side));
    const way = route(this.integration.config, flow.side, entity)?.target;
    return {
      ...this.view(stored),
      source: entity,
      ...(mapped && { mapped }),
      corrections,
      ...(intent && { undecidedSince: intent.since }),
      target: {
        system: this.integration.system(to).id,
        project: counterpart?.project ?? way?.project ?? '',
        type: counterpart?.type ?? way?.type ?? '',
      },
    };
  }

  /** Sends parked changes again, in their order; all of the integration where no numbers are given. Returns how many. */
  async retry(events?: number[]): Promise<number> {
    const { store, config } = this.integration;
    const count = events ? await store.unpark(config.id, events) : await this.retryAll();
    const resumed = events ? 0 : await store.resumeOwed(config.id);
    if (resumed > 0) this.integration.backLinks.owed([1, 2]);
    this.integration.resume();
    return count + resumed;
  }

  /** In portions, the first of which are sent while the others are still parked: Node-RED goes on meanwhile. */
  private async retryAll(): Promise<number> {
    const { store, config, clock } = this.integration;
    // what is parked again, or anew, while this goes on has had its try
    const counts = await store.counts(config.id);
    const most = counts.reduce((sum, { parked }) => sum + parked, 0);
    let after = -1;
    let seen = 0;
    let count = 0;
    while (seen < most) {
      const numbers = await store.parkedNumbers(config.id, after, Math.min(RETRY_PORTION, most - seen));
      count += await store.unpark(config.id, numbers);
      this.integration.resume();
      const last = numbers.at(-1);
      if (last === undefined || numbers.length < RETRY_PORTION) return count;
      after = last;
      seen += numbers.length;
      await new Promise<void>((resolve) => {
        clock.after(0, resolve);
      });
    }
    return count;
  }

  /**
   * Sends a parked change again with corrected values: they are written instead of what the flow maps, for exactly these
   * fields, until the change has landed. None takes earlier corrections back.
   * @throws SyncError notFound – not parked (any more); invalid – it failed before it was mapped
   */
  async correct(event: number, fields: Fields): Promise<void> {
    const { store, config } = this.integration;
    const { mapped, entity } = await this.parkedEvent(event);
    if (!mapped) {
      throw new SyncError(
        'invalid',
        `${entity.key} failed before it was mapped: there is nothing to correct. Retry it.`,
      );
    }
    await store.unpark(config.id, [event], correctionsOf(fields, mapped));
    this.integration.resume();
  }

  /** Sends what dry runs have shown once more: to be shown as the flow maps it now, or to be written. Returns how many. */
  async showAgain(): Promise<number> {
    const { store, config } = this.integration;
    const count = await store.unshow(config.id);
    if (count > 0) this.integration.resume();
    return count;
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
      throw new SyncError('invalid', 'Say why the change is skipped.', { fields: { reason: 'missing' } });
    let count = 0;
    for (const seq of new Set(events)) {
      const event = await this.integration.store.event(this.integration.config.id, seq);
      if (event?.state !== 'parked') continue;
      await this.skipOne(event, by ? `skipped by ${by}: ${text}` : `skipped by a person: ${text}`);
      count += 1;
    }
    return count;
  }

  private async skipOne(event: StoredEvent, why: string): Promise<void> {
    const { store, config } = this.integration;
    const { seq, flow, link, entity } = event;
    if (link && !event.stale) {
      const own = { ...link.ends[flow.side - 1 === 0 ? 0 : 1], version: entity.version, baseline: this.seen(event) };
      const ends: [LinkEnd, LinkEnd] = flow.side === 1 ? [own, link.ends[1]] : [link.ends[0], own];
      // no event ends with this landing; should we die here, the event is still parked
      await store.land([{ integration: config.id, event: 0, delivery: 0, ends }]);
    }
    await this.integration.finish(flow.side, [seq]);
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
    this.integration.events.landed?.(result);
    this.integration.events.skipped?.(result);
  }

  /** What stays at the source alone, each field by its name: it counts as in sync, so the other side's next edit replaces it. */
  private givenUp(event: StoredEvent): SyncResult['warnings'] {
    const base = event.link?.ends[event.flow.side - 1]?.baseline;
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
    const baseline = { ...link?.ends[flow.side - 1]?.baseline };
    const fields = this.integration.relevant(flow.side)?.fields ?? Object.keys(entity.fields);
    for (const field of new Set([...Object.keys(baseline), ...fields])) {
      if (field in entity.fields) baseline[field] = entity.fields[field] ?? null;
    }
    return baseline;
  }

  private async parkedEvent(seq: number): Promise<StoredEvent> {
    const event = await this.integration.store.event(this.integration.config.id, seq);
    if (event?.state !== 'parked') {
      throw new SyncError('notFound', 'This change is not parked any more: somebody has retried or skipped it.');
    }
    return event;
  }

  private counterpart({ link, flow }: StoredEvent): EntityRef | undefined {
    const end = link?.ends[flow.side === 1 ? 1 : 0];
    return end && refOf(end.ref);
  }

  private view(event: StoredEvent): ParkedView {
    const { seq, flow, entity, error, attempts, corrections = {} } = event;
    const counterpart = this.counterpart(event);
    return {
      event: seq,
      side: flow.side,
      to: this.integration.system(targetSide(directionFrom(flow.side))).name,
      entity: refOf(entity),
      ...(counterpart && { counterpart }),
      error: error ?? { kind: 'fatal', message: '', at: entity.updatedAt },
      // the attempt that parks it is not charged
      attempts: attempts + 1,
      corrected: Object.keys(corrections),
    };
  }
}

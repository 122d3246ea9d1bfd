/**
 * Events: their rows read as StoredEvents, and the few steps that change their state. record, claim, settle and land
 * decide which step happens when; this file keeps the counters correct.
 */

import { asDeleted, type Entity, type EntityId } from '../../model/entity';
import { type EventRow, type EventTable, type IntentRow, type IntentTable, STATE } from '../rows/event-tables';
import type { LinkKey } from '../rows/link-tables';
import type { Corrections, EventState, Flow, Intent, StoredError, StoredEvent } from '../store';
import type { Counters } from './counters';
import { integrationOf, sideOf } from './flow';
import type { Links } from './links';
import type { Names } from './names';
import type { SentEvents } from './sent';
import type { Sequence } from './sequence';

/** An intent's own columns: the rest of it is in the row. */
export type IntentContent = Omit<Intent, 'event'>;

/** `readAt` of a snapshot that must be read again in any case. */
export const ALWAYS_STALE = -1;

const NO_PART = { owner: null, type: null };

const STATES: Record<number, EventState> = {
  [STATE.waiting]: 'waiting',
  [STATE.held]: 'held',
  [STATE.sent]: 'sent',
  [STATE.retry]: 'retry',
  [STATE.parked]: 'parked',
  [STATE.shown]: 'shown',
};

export function stateOf(row: { state: number }): EventState {
  const state = STATES[row.state];
  if (state === undefined) throw new Error(`The store holds an event in the unknown state ${row.state}`);
  return state;
}

export class Events {
  constructor(
    private readonly table: EventTable,
    private readonly intents: IntentTable,
    private readonly integrations: Names,
    private readonly links: Links,
    private readonly names: Names,
    private readonly sequence: Sequence,
    private readonly counters: Counters,
    private readonly sent: SentEvents,
  ) {}

  row(seq: number): EventRow | undefined {
    return this.sent.row(seq) ?? this.table.get(seq);
  }

  /** The event's link, if it still exists. */
  linkReadWith(seq: number): LinkKey | undefined {
    return this.sent.link(seq);
  }

  /** The one or two unfinished events of an entity; the newest (held) last. */
  of(flow: number, entity: EntityId): EventRow[] {
    return this.table.of(flow, entity);
  }

  /** Those of parts of an owner. */
  ofOwner(flow: number, owner: EntityId): EventRow[] {
    return this.table.ofOwner(flow, owner);
  }

  /** The columns of an event for a part. */
  partOf({ owner, type }: Entity): Pick<EventRow, 'owner' | 'type'> {
    return owner ? { owner: owner.id, type: this.names.idOf(type) } : NO_PART;
  }

  /** Those of an entity, without the one that has just ended: usually none, which the counters show. */
  others(flow: number, entity: EntityId, hasEnded: boolean): EventRow[] {
    const isNone = hasEnded ? this.counters.inState(flow, 'held') === 0 : !this.counters.hasEvents(flow);
    return isNone ? [] : this.of(flow, entity);
  }

  /** The whole event with link and intent. It may be returned again: it must not be changed. */
  read(seq: number): StoredEvent | undefined {
    const kept = this.sent.event(seq);
    if (kept) return kept;
    const row = this.table.full(seq);
    if (!row) return undefined;
    const side = sideOf(row.flow);
    const flow: Flow = { integration: this.integrations.nameOf(integrationOf(row.flow)), side };
    const stored = row.linked ? this.links.get(integrationOf(row.flow), side, row.entity) : undefined;
    const event: StoredEvent = {
      seq,
      flow,
      state: stateOf(row),
      entity: JSON.parse(row.snapshot) as Entity,
      stale: row.readAt === ALWAYS_STALE || row.readAt < (stored?.wrote[side - 1] ?? 0),
      delivery: row.delivery,
      attempts: row.attempts,
    };
    if (row.sentAt !== null) event.sentAt = row.sentAt;
    if (row.dueAt !== null) event.dueAt = row.dueAt;
    if (row.error !== null) event.error = JSON.parse(row.error) as StoredError;
    if (row.mapped !== null) event.mapped = JSON.parse(row.mapped) as NonNullable<StoredEvent['mapped']>;
    if (row.corrections !== null) event.corrections = JSON.parse(row.corrections) as Corrections;
    if (stored) event.link = stored.link;
    if (row.intent !== null) event.intent = { event: seq, ...(JSON.parse(row.intent) as IntentContent) };
    if (row.state === STATE.sent) this.sent.keep(row, event, stored?.key);
    return event;
  }

  /** The subject of an event, as a deleted entity. */
  asDeleted(seq: number): Entity | undefined {
    const row = this.table.full(seq);
    if (!row) return undefined;
    return asDeleted(JSON.parse(row.snapshot) as Entity);
  }

  readAll(numbers: readonly number[]): StoredEvent[] {
    const events: StoredEvent[] = [];
    for (const seq of numbers) {
      const event = this.read(seq);
      if (event) events.push(event);
    }
    return events;
  }

  insert(
    flow: number,
    entity: Entity,
    readAt: number,
    state: 'waiting' | 'held',
    { linked, urgent }: { linked: boolean; urgent: boolean },
  ): void {
    const { id, version } = entity;
    const row: EventRow = {
      seq: this.sequence.next(),
      flow,
      entity: id,
      version,
      state: STATE[state],
      linked: linked ? 1 : 0,
      urgent: urgent ? 1 : 0,
      readAt,
      delivery: 0,
      ...this.partOf(entity),
    };
    this.table.insert(row, JSON.stringify(entity));
    this.counters.event(flow, state, 1);
  }

  /** An event whose snapshot must be read again before it is used. */
  insertStale(flow: number, entity: Entity, state: 'waiting' | 'held'): void {
    this.insert(flow, entity, ALWAYS_STALE, state, { linked: true, urgent: false });
  }

  /** Gives an event a newer snapshot. */
  replaceSnapshot(seq: number, entity: Entity, readAt: number): void {
    this.sent.changed(seq);
    this.table.replaceSnapshot(seq, entity.version, readAt, JSON.stringify(entity));
  }

  /** Gives an event the snapshot of the one held behind it, which ends. */
  takeOver(seq: number, held: EventRow): void {
    this.sent.changed(seq);
    this.table.takeSnapshot(seq, held);
    if (held.urgent === 1) this.table.setUrgent(seq);
    this.remove(held);
  }

  /** An event that will be sent again is sent with the newest snapshot. @returns whether one was held */
  takeOverHeld(row: EventRow): boolean {
    const held = this.of(row.flow, row.entity).at(-1);
    if (held?.state !== STATE.held) return false;
    this.takeOver(row.seq, held);
    return true;
  }

  markUrgent(seq: number): void {
    this.sent.changed(seq);
    this.table.setUrgent(seq);
  }

  markStale(seq: number): void {
    this.sent.changed(seq);
    this.table.setReadAt(seq, ALWAYS_STALE);
  }

  setLinked(flow: number, entity: EntityId, linked: boolean): void {
    this.sent.entityChanged(flow, entity);
    this.table.setLinked(flow, entity, linked ? 1 : 0);
  }

  toWaiting(row: EventRow): void {
    this.table.setState(row.seq, STATE.waiting);
    this.moved(row, 'waiting');
  }

  toSent(row: EventRow, now: number): void {
    this.table.setSent(row.seq, now);
    this.moved(row, 'sent');
  }

  toRetry(row: EventRow, dueAt: number, charge: boolean, error: StoredError): void {
    this.table.setRetry(row.seq, dueAt, charge ? 1 : 0);
    this.table.setFailure(row.seq, JSON.stringify(error), null);
    this.moved(row, 'retry');
  }

  toParked(row: EventRow, error: StoredError, mapped: StoredEvent['mapped']): void {
    this.table.setState(row.seq, STATE.parked);
    this.table.setFailure(row.seq, JSON.stringify(error), mapped === undefined ? null : JSON.stringify(mapped));
    const { key, type } = JSON.parse(this.table.full(row.seq)?.snapshot ?? '{}') as Partial<Entity>;
    this.table.setText(row.seq, searched([row.entity, key, type, error.message]));
    this.moved(row, 'parked');
  }

  unpark(row: EventRow): void {
    this.table.setState(row.seq, STATE.waiting);
    this.table.resetAttempts(row.seq);
    this.table.removeFailure(row.seq);
    this.table.removeText(row.seq);
    this.moved(row, 'waiting');
  }

  toShown(row: EventRow): void {
    this.table.setState(row.seq, STATE.shown);
    this.moved(row, 'shown');
  }

  /** All shown events in a flow become waiting, or held in their line. @returns their number */
  unshow(flow: number): number {
    const { shown, held } = this.table.unshow(flow);
    this.counters.event(flow, 'shown', -shown);
    this.counters.event(flow, 'held', held);
    this.counters.event(flow, 'waiting', shown - held);
    return shown;
  }

  /** Every snapshot is read again before it is used. */
  distrust(): void {
    this.sent.clear();
    this.table.setAllReadAt(ALWAYS_STALE);
  }

  correct(seq: number, corrections: Corrections): void {
    this.sent.partsChanged(seq);
    this.table.setCorrections(seq, Object.keys(corrections).length > 0 ? JSON.stringify(corrections) : null);
  }

  openIntent(row: IntentRow): void {
    this.sent.partsChanged(row.seq);
    this.intents.put(row);
  }

  closeIntent(seq: number): void {
    this.sent.partsChanged(seq);
    this.intents.remove(seq);
  }

  hasIntent(seq: number): boolean {
    return this.intents.has(seq);
  }

  /** Deletes an event with snapshot, failure and intent. */
  remove(row: EventRow): void {
    this.sent.changed(row.seq);
    this.table.remove(row.seq);
    this.counters.event(row.flow, stateOf(row), -1);
  }

  purge(flow: number): void {
    this.sent.clear();
    this.table.removeFlow(flow);
  }

  private moved(row: EventRow, to: EventState): void {
    this.sent.changed(row.seq);
    this.counters.event(row.flow, stateOf(row), -1);
    this.counters.event(row.flow, to, 1);
  }
}

/** Parts of a text for searching without regard to the case of letters a to z. */
export function searched(parts: readonly (string | undefined)[]): string {
  const text = parts.filter((part) => part !== undefined).join('\u001f');
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

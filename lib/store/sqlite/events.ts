/**
 * The rows of events: read as StoredEvents, and the few steps by which they change state. Which step happens when is
 * decided in record, claim, settle and land; the counters are kept right here.
 */

import type { Entity, EntityId, Side } from '../../model/entity';
import type { Corrections, EventState, Flow, Intent, StoredError, StoredEvent } from '../store';
import type { Counters } from './counters';
import type { Database, Query } from './database';
import type { Links } from './links';
import type { Names } from './names';
import { STATE } from './schema';
import type { Sequence } from './sequence';

/** What decides over an event, without its snapshot. */
export type EventRow = {
  seq: number;
  flow: number;
  entity: string;
  version: string;
  state: number;
  linked: number;
  readAt: number;
  delivery: number;
};

type FullRow = EventRow & {
  attempts: number;
  sentAt: number | null;
  dueAt: number | null;
  snapshot: string;
  error: string | null;
  mapped: string | null;
  corrections: string | null;
  intent: string | null;
};

type Nothing = Record<string, never>;

/** An intent's own columns: the rest of it stands in the row. */
export type IntentContent = Omit<Intent, 'event'>;

/** `readAt` of a snapshot that must be read again in any case. */
const ALWAYS_STALE = -1;

const STATES: Record<number, EventState> = {
  [STATE.waiting]: 'waiting',
  [STATE.held]: 'held',
  [STATE.sent]: 'sent',
  [STATE.retry]: 'retry',
  [STATE.parked]: 'parked',
  [STATE.shown]: 'shown',
};

export const sideOf = (flow: number): Side => (flow % 2 === 0 ? 1 : 2);
export const integrationOf = (flow: number): number => Math.floor(flow / 2);
export const flowOf = (integration: number, side: Side): number => integration * 2 + side - 1;
export const oppositeOf = (flow: number): number => (flow % 2 === 0 ? flow + 1 : flow - 1);

export function stateOf(row: { state: number }): EventState {
  const state = STATES[row.state];
  if (state === undefined) throw new Error(`The store holds an event in the unknown state ${row.state}`);
  return state;
}

const ROW = 'SELECT seq, flow, entity, version, state, linked, readAt, delivery FROM events';

export class Events {
  private readonly bySeq: Query<EventRow>;
  private readonly byEntity: Query<EventRow>;
  private readonly fullBySeq: Query<FullRow>;
  private readonly insertEvent: Query<Nothing>;
  private readonly insertSnapshot: Query<Nothing>;
  private readonly updateVersion: Query<Nothing>;
  private readonly updateSnapshot: Query<Nothing>;
  private readonly updateReadAt: Query<Nothing>;
  private readonly updateUrgent: Query<Nothing>;
  private readonly inheritUrgent: Query<Nothing>;
  private readonly moveSnapshot: Query<Nothing>;
  private readonly updateLinked: Query<Nothing>;
  private readonly updateState: Query<Nothing>;
  private readonly updateSent: Query<Nothing>;
  private readonly updateRetry: Query<Nothing>;
  private readonly updateUnparked: Query<Nothing>;
  private readonly updateUnshown: Query<Nothing>;
  private readonly upsertFailure: Query<Nothing>;
  private readonly deleteFailure: Query<Nothing>;
  private readonly insertText: Query<Nothing>;
  private readonly deleteText: Query<Nothing>;
  private readonly upsertCorrections: Query<Nothing>;
  private readonly deleteCorrections: Query<Nothing>;
  private readonly deleteIntent: Query<Nothing>;
  private readonly selectIntent: Query<{ seq: number }>;
  private readonly deleteEvent: Query<Nothing>;
  private readonly deleteFlow: Query<Nothing>;

  constructor(
    db: Database,
    private readonly integrations: Names,
    private readonly links: Links,
    private readonly sequence: Sequence,
    private readonly counters: Counters,
  ) {
    this.bySeq = db.prepare(`${ROW} WHERE seq = ?`);
    // the held one last
    this.byEntity = db.prepare(`${ROW} WHERE flow = ? AND entity = ? ORDER BY (state = ${STATE.held})`);
    this.fullBySeq = db.prepare(`
      SELECT seq, flow, e.entity, version, state, linked, readAt, delivery, attempts, sentAt, dueAt,
        s.entity AS snapshot, error, mapped, intent, c.fields AS corrections
      FROM events e JOIN snapshots s USING (seq) LEFT JOIN failures USING (seq) LEFT JOIN intents USING (seq)
        LEFT JOIN corrections c USING (seq)
      WHERE seq = ?`);
    this.insertEvent = db.prepare(`
      INSERT INTO events (seq, flow, entity, version, state, linked, readAt, urgent, delivery, attempts)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`);
    this.insertSnapshot = db.prepare('INSERT INTO snapshots (seq, entity) VALUES (?, ?)');
    this.updateVersion = db.prepare('UPDATE events SET version = ?, readAt = ? WHERE seq = ?');
    this.updateSnapshot = db.prepare('UPDATE snapshots SET entity = ? WHERE seq = ?');
    this.updateReadAt = db.prepare('UPDATE events SET readAt = ? WHERE seq = ?');
    this.updateUrgent = db.prepare('UPDATE events SET urgent = 1 WHERE seq = ?');
    this.inheritUrgent = db.prepare(
      'UPDATE events SET urgent = max(urgent, (SELECT urgent FROM events WHERE seq = ?)) WHERE seq = ?',
    );
    this.moveSnapshot = db.prepare(
      'UPDATE snapshots SET entity = (SELECT entity FROM snapshots WHERE seq = ?) WHERE seq = ?',
    );
    this.updateLinked = db.prepare('UPDATE events SET linked = ? WHERE flow = ? AND entity = ?');
    this.updateState = db.prepare('UPDATE events SET state = ?, sentAt = NULL, dueAt = NULL WHERE seq = ?');
    this.updateSent = db.prepare(
      `UPDATE events SET state = ${STATE.sent}, delivery = delivery + 1, sentAt = ?, dueAt = NULL WHERE seq = ?`,
    );
    this.updateRetry = db.prepare(
      `UPDATE events SET state = ${STATE.retry}, dueAt = ?, attempts = attempts + ?, sentAt = NULL WHERE seq = ?`,
    );
    this.updateUnparked = db.prepare(`UPDATE events SET state = ${STATE.waiting}, attempts = 0 WHERE seq = ?`);
    this.updateUnshown = db.prepare(
      `UPDATE events SET state = ${STATE.waiting} WHERE flow = ? AND state = ${STATE.shown}`,
    );
    this.upsertFailure = db.prepare('INSERT OR REPLACE INTO failures (seq, error, mapped) VALUES (?, ?, ?)');
    this.deleteFailure = db.prepare('DELETE FROM failures WHERE seq = ?');
    // from the snapshot as it lies there: it does not change while the event is parked
    this.insertText = db.prepare(`
      INSERT OR REPLACE INTO parked_texts (seq, text)
      SELECT seq, lower(concat_ws(char(31), e.entity, s.entity ->> 'key', s.entity ->> 'type', ?))
      FROM events e JOIN snapshots s USING (seq) WHERE seq = ?`);
    this.deleteText = db.prepare('DELETE FROM parked_texts WHERE seq = ?');
    this.upsertCorrections = db.prepare('INSERT OR REPLACE INTO corrections (seq, fields) VALUES (?, ?)');
    this.deleteCorrections = db.prepare('DELETE FROM corrections WHERE seq = ?');
    this.deleteIntent = db.prepare('DELETE FROM intents WHERE seq = ?');
    this.selectIntent = db.prepare('SELECT seq FROM intents WHERE seq = ?');
    this.deleteEvent = db.prepare('DELETE FROM events WHERE seq = ?');
    this.deleteFlow = db.prepare('DELETE FROM events WHERE flow = ?');
  }

  row(seq: number): EventRow | undefined {
    return this.bySeq.get(seq);
  }

  /** The one or two unfinished events of an entity; the newest (held) last. */
  of(flow: number, entity: EntityId): EventRow[] {
    return this.byEntity.all(flow, entity);
  }

  /** The whole event with link and intent. */
  read(seq: number): StoredEvent | undefined {
    const row = this.fullBySeq.get(seq);
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
    return event;
  }

  readAll(rows: readonly { seq: number }[]): StoredEvent[] {
    const events: StoredEvent[] = [];
    for (const { seq } of rows) {
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
    const seq = this.sequence.next();
    const flags = [linked ? 1 : 0, readAt, urgent ? 1 : 0];
    this.insertEvent.run(seq, flow, entity.id, entity.version, STATE[state], ...flags);
    this.insertSnapshot.run(seq, JSON.stringify(entity));
    this.counters.event(flow, state, 1);
  }

  /** One whose snapshot must be read again before it is used. */
  insertStale(flow: number, entity: Entity, state: 'waiting' | 'held'): void {
    this.insert(flow, entity, ALWAYS_STALE, state, { linked: true, urgent: false });
  }

  /** Gives an event a newer snapshot. */
  replaceSnapshot(seq: number, entity: Entity, readAt: number): void {
    this.updateVersion.run(entity.version, readAt, seq);
    this.updateSnapshot.run(JSON.stringify(entity), seq);
  }

  /** Gives an event the snapshot of the one held behind it, which ends. */
  takeOver(seq: number, held: EventRow): void {
    this.updateVersion.run(held.version, held.readAt, seq);
    this.moveSnapshot.run(held.seq, seq);
    this.inheritUrgent.run(held.seq, seq);
    this.remove(held);
  }

  /** An event that will be sent again goes out with the newest snapshot there is. @returns whether one was held */
  takeOverHeld(row: EventRow): boolean {
    const held = this.of(row.flow, row.entity).at(-1);
    if (held?.state !== STATE.held) return false;
    this.takeOver(row.seq, held);
    return true;
  }

  markUrgent(seq: number): void {
    this.updateUrgent.run(seq);
  }

  markStale(seq: number): void {
    this.updateReadAt.run(ALWAYS_STALE, seq);
  }

  setLinked(flow: number, entity: EntityId, linked: boolean): void {
    this.updateLinked.run(linked ? 1 : 0, flow, entity);
  }

  toWaiting(row: EventRow): void {
    this.updateState.run(STATE.waiting, row.seq);
    this.moved(row, 'waiting');
  }

  toSent(row: EventRow, now: number): void {
    this.updateSent.run(now, row.seq);
    this.moved(row, 'sent');
  }

  toRetry(row: EventRow, dueAt: number, charge: boolean, error: StoredError): void {
    this.updateRetry.run(dueAt, charge ? 1 : 0, row.seq);
    this.upsertFailure.run(row.seq, JSON.stringify(error), null);
    this.moved(row, 'retry');
  }

  toParked(row: EventRow, error: StoredError, mapped: StoredEvent['mapped']): void {
    this.updateState.run(STATE.parked, row.seq);
    this.upsertFailure.run(row.seq, JSON.stringify(error), mapped === undefined ? null : JSON.stringify(mapped));
    this.insertText.run(error.message, row.seq);
    this.moved(row, 'parked');
  }

  unpark(row: EventRow): void {
    this.updateUnparked.run(row.seq);
    this.deleteFailure.run(row.seq);
    this.deleteText.run(row.seq);
    this.moved(row, 'waiting');
  }

  toShown(row: EventRow): void {
    this.updateState.run(STATE.shown, row.seq);
    this.moved(row, 'shown');
  }

  /** All that is shown in a flow becomes waiting: nothing is ever held behind it. @returns how many */
  unshow(flow: number): number {
    const count = this.updateUnshown.run(flow);
    this.counters.event(flow, 'shown', -count);
    this.counters.event(flow, 'waiting', count);
    return count;
  }

  correct(seq: number, corrections: Corrections): void {
    if (Object.keys(corrections).length > 0) this.upsertCorrections.run(seq, JSON.stringify(corrections));
    else this.deleteCorrections.run(seq);
  }

  closeIntent(seq: number): void {
    this.deleteIntent.run(seq);
  }

  hasIntent(seq: number): boolean {
    return this.selectIntent.get(seq) !== undefined;
  }

  /** Deletes an event with snapshot, failure and intent. */
  remove(row: EventRow): void {
    this.deleteEvent.run(row.seq);
    this.counters.event(row.flow, stateOf(row), -1);
  }

  purge(flow: number): void {
    this.deleteFlow.run(flow);
  }

  private moved(row: EventRow, to: EventState): void {
    this.counters.event(row.flow, stateOf(row), -1);
    this.counters.event(row.flow, to, 1);
  }
}

/** Events with their snapshots, failures, texts and corrections. Their rows are small, because every change of state
 * writes them again. */

import { smallest } from '../../model/lists';
import {
  type EventRow,
  type EventTable,
  type FullEventRow,
  type LineKey,
  STATE,
  type WaitingKind,
} from '../rows/event-tables';
import type { Database } from './database';
import type { Nothing, Query } from './query';

const COLUMNS = 'seq, flow, entity, version, state, linked, urgent, readAt, delivery, owner, type';
const ROW = `SELECT ${COLUMNS} FROM events`;

const waiting = (index: string, which: string) =>
  `${ROW} INDEXED BY ${index} WHERE flow = ? AND state = ${STATE.waiting} ${which} AND seq > ? AND seq < ? ORDER BY seq LIMIT ?`;

/** Neither set aside nor held behind an event of the same entity. @param e the row's name */
const goesOn = (
  e: string,
) => `(${e}.state IN (${STATE.waiting}, ${STATE.sent}, ${STATE.retry}) OR (${e}.state = ${STATE.held}
  AND NOT EXISTS (SELECT 1 FROM events x WHERE x.flow = ${e}.flow AND x.entity = ${e}.entity AND x.seq <> ${e}.seq)))`;
const LINE = 'flow = ? AND owner = ? AND type = ?';

/** Statements for all waiting events, and for those whose entity has a link. */
interface Waiting {
  all: Query<EventRow>;
  linked: Query<EventRow>;
}

export class Events implements EventTable {
  private readonly bySeq: Query<EventRow>;
  private readonly byEntity: Query<EventRow>;
  private readonly fullBySeq: Query<FullEventRow>;
  private readonly inOrder: Waiting;
  private readonly urgent: Waiting;
  private readonly dueRows: Query<EventRow>;
  private readonly sentRows: Query<EventRow>;
  private readonly sentBeforeSeqs: Query<{ seq: number }>;
  private readonly systemRows: Query<EventRow>;
  private readonly ownersRows: Query<EventRow>;
  private readonly firstRow: Query<EventRow>;
  private readonly lineRows: Query<EventRow>;
  private readonly parkedRows: Query<EventRow>;
  private readonly parkedSeqs: Query<{ seq: number }>;
  private readonly errorRows: Query<{ seq: number; flow: number; error: string }>;
  private readonly openSeqs: Query<{ seq: number | null }>;
  private readonly foundSeqs: Query<{ seq: number }>;
  private readonly insertEvent: Query<Nothing>;
  private readonly insertSnapshot: Query<Nothing>;
  private readonly updateVersion: Query<Nothing>;
  private readonly updateSnapshot: Query<Nothing>;
  private readonly copySnapshot: Query<Nothing>;
  private readonly updateReadAt: Query<Nothing>;
  private readonly updateAllReadAt: Query<Nothing>;
  private readonly updateUrgent: Query<Nothing>;
  private readonly updateLinked: Query<Nothing>;
  private readonly updateState: Query<Nothing>;
  private readonly updateSent: Query<Nothing>;
  private readonly updateRetry: Query<Nothing>;
  private readonly updateAttempts: Query<Nothing>;
  private readonly upsertFailure: Query<Nothing>;
  private readonly deleteFailure: Query<Nothing>;
  private readonly upsertText: Query<Nothing>;
  private readonly deleteText: Query<Nothing>;
  private readonly upsertCorrections: Query<Nothing>;
  private readonly deleteCorrections: Query<Nothing>;
  private readonly updateLine: Query<Nothing>;
  private readonly setAside: Query<Nothing>;
  private readonly updateShown: Query<Nothing>;
  private readonly holdShown: Query<Nothing>;
  private readonly deleteEvent: Query<Nothing>;
  private readonly deleteFlow: Query<Nothing>;

  constructor(private readonly db: Database) {
    this.bySeq = db.prepare(`${ROW} WHERE seq = ?`);
    this.byEntity = db.prepare(`${ROW} WHERE flow = ? AND entity = ? ORDER BY (state = ${STATE.held})`);
    this.fullBySeq = db.prepare(`
      SELECT seq, flow, e.entity, version, state, linked, urgent, readAt, delivery, attempts, sentAt, dueAt,
        e.owner, e.type, s.entity AS snapshot, error, mapped, intent, c.fields AS corrections
      FROM events e JOIN snapshots s USING (seq) LEFT JOIN failures USING (seq) LEFT JOIN intents USING (seq)
        LEFT JOIN corrections c USING (seq)
      WHERE seq = ?`);
    this.inOrder = {
      all: db.prepare(waiting('events_waiting', '')),
      linked: db.prepare(waiting('events_linked', 'AND linked = 1')),
    };
    this.urgent = {
      all: db.prepare(waiting('events_urgent', 'AND urgent = 1')),
      linked: db.prepare(waiting('events_urgent_linked', 'AND urgent = 1 AND linked = 1')),
    };
    this.dueRows = db.prepare(`${ROW} WHERE flow = ? AND state = ${STATE.retry} AND dueAt <= ? ORDER BY dueAt LIMIT ?`);
    this.sentRows = db.prepare(`${ROW} WHERE flow IN (?, ?) AND state = ${STATE.sent}`);
    this.sentBeforeSeqs = db.prepare(`
      SELECT seq FROM events WHERE flow IN (?, ?) AND state = ${STATE.sent} AND sentAt < ?
      ORDER BY sentAt, seq LIMIT ?`);
    const ofEvent = COLUMNS.split(', ').map((column) => `e.${column}`);
    this.systemRows = db.prepare(`
      SELECT ${ofEvent.join(', ')} FROM flows f CROSS JOIN events e ON e.flow = f.flow AND e.entity = ? WHERE f.system = ?`);
    this.ownersRows = db.prepare(`${ROW} INDEXED BY events_parts WHERE flow = ? AND owner = ? ORDER BY seq`);
    this.firstRow = db.prepare(
      `${ROW} e INDEXED BY events_parts WHERE ${LINE} AND linked = 0 AND ${goesOn('e')} ORDER BY seq LIMIT 1`,
    );
    this.lineRows = db.prepare(
      `${ROW} e INDEXED BY events_parts WHERE ${LINE} AND linked = 0 AND seq > ? AND ${goesOn('e')} ORDER BY seq LIMIT ?`,
    );
    this.parkedRows = db.prepare(`${ROW} WHERE flow >> 1 = ? AND state = ${STATE.parked} ORDER BY seq`);
    this.parkedSeqs = db.prepare(`
      SELECT seq FROM events WHERE flow >> 1 = ? AND state = ${STATE.parked} AND seq > ?
      ORDER BY seq LIMIT ? OFFSET ?`);
    this.errorRows = db.prepare(`
      SELECT seq, flow, error FROM events JOIN failures USING (seq)
      WHERE flow >> 1 = ? AND state = ${STATE.parked} AND seq > ? ORDER BY seq LIMIT ?`);
    // one look at each index; those that are sent or in retry are few
    const lowest = (index: string, state: number) =>
      `(SELECT min(seq) FROM events INDEXED BY ${index} WHERE flow = ? AND state = ${state})`;
    this.openSeqs = db.prepare(`
      SELECT ${lowest('events_waiting', STATE.waiting)} AS seq
      UNION ALL SELECT ${lowest('events_sent', STATE.sent)}
      UNION ALL SELECT ${lowest('events_retry', STATE.retry)}`);
    // numbered parameters (?1) cannot be bound by position in Node.js 22.13 and 24.0
    this.foundSeqs = db.prepare(`
      SELECT seq FROM parked_texts p JOIN events e USING (seq)
      WHERE flow >> 1 = ? AND (? IS NULL OR flow = ?) AND instr(p.text, ?) > 0
      ORDER BY seq LIMIT ? OFFSET ?`);
    this.insertEvent = db.prepare(`
      INSERT INTO events (seq, flow, entity, version, state, linked, urgent, readAt, owner, type, delivery, attempts)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`);
    this.insertSnapshot = db.prepare('INSERT INTO snapshots (seq, entity) VALUES (?, ?)');
    this.updateVersion = db.prepare('UPDATE events SET version = ?, readAt = ? WHERE seq = ?');
    this.updateSnapshot = db.prepare('UPDATE snapshots SET entity = ? WHERE seq = ?');
    this.copySnapshot = db.prepare(
      'UPDATE snapshots SET entity = (SELECT entity FROM snapshots WHERE seq = ?) WHERE seq = ?',
    );
    this.updateReadAt = db.prepare('UPDATE events SET readAt = ? WHERE seq = ?');
    this.updateAllReadAt = db.prepare('UPDATE events SET readAt = ?');
    this.updateUrgent = db.prepare('UPDATE events SET urgent = 1 WHERE seq = ?');
    this.updateLinked = db.prepare('UPDATE events SET linked = ? WHERE flow = ? AND entity = ?');
    this.updateState = db.prepare('UPDATE events SET state = ?, sentAt = NULL, dueAt = NULL WHERE seq = ?');
    this.updateSent = db.prepare(
      `UPDATE events SET state = ${STATE.sent}, delivery = delivery + 1, sentAt = ?, dueAt = NULL WHERE seq = ?`,
    );
    this.updateRetry = db.prepare(
      `UPDATE events SET state = ${STATE.retry}, dueAt = ?, attempts = attempts + ?, sentAt = NULL WHERE seq = ?`,
    );
    this.updateAttempts = db.prepare('UPDATE events SET attempts = 0 WHERE seq = ?');
    this.upsertFailure = db.prepare('INSERT OR REPLACE INTO failures (seq, error, mapped) VALUES (?, ?, ?)');
    this.deleteFailure = db.prepare('DELETE FROM failures WHERE seq = ?');
    this.upsertText = db.prepare('INSERT OR REPLACE INTO parked_texts (seq, text) VALUES (?, ?)');
    this.deleteText = db.prepare('DELETE FROM parked_texts WHERE seq = ?');
    this.upsertCorrections = db.prepare('INSERT OR REPLACE INTO corrections (seq, fields) VALUES (?, ?)');
    this.deleteCorrections = db.prepare('DELETE FROM corrections WHERE seq = ?');
    this.updateLine = db.prepare(`
      UPDATE events INDEXED BY events_parts SET state = ${STATE.held}
      WHERE ${LINE} AND seq > ? AND linked = 0 AND state = ${STATE.waiting}`);
    // events that wait in a line with a shown one are processed together with it
    this.setAside = db.prepare(`
      UPDATE events INDEXED BY events_parts SET state = ${STATE.shown}
      WHERE flow = ? AND linked = 0 AND state = ${STATE.waiting} AND owner IS NOT NULL AND (owner, type) IN (
        SELECT owner, type FROM events INDEXED BY events_shown
        WHERE flow = ? AND state = ${STATE.shown} AND linked = 0 AND owner IS NOT NULL)`);
    this.updateShown = db.prepare(`
      UPDATE events AS e SET state = ${STATE.waiting}
      WHERE flow = ? AND state = ${STATE.shown} AND (owner IS NULL OR linked = 1 OR NOT EXISTS (
        SELECT 1 FROM events o INDEXED BY events_parts
        WHERE o.flow = e.flow AND o.owner = e.owner AND o.type = e.type AND o.seq < e.seq AND o.linked = 0
          AND (o.state = ${STATE.shown} OR ${goesOn('o')})))`);
    this.holdShown = db.prepare(`UPDATE events SET state = ${STATE.held} WHERE flow = ? AND state = ${STATE.shown}`);
    this.deleteEvent = db.prepare('DELETE FROM events WHERE seq = ?');
    this.deleteFlow = db.prepare('DELETE FROM events WHERE flow = ?');
  }

  get(seq: number): EventRow | undefined {
    return this.bySeq.get(seq);
  }

  full(seq: number): FullEventRow | undefined {
    return this.fullBySeq.get(seq);
  }

  of(flow: number, entity: string): EventRow[] {
    return this.byEntity.all(flow, entity);
  }

  waiting({ urgent, linked }: WaitingKind, flow: number, after: number, before: number, limit: number): EventRow[] {
    const queries = urgent ? this.urgent : this.inOrder;
    return (linked ? queries.linked : queries.all).all(flow, after, before, limit);
  }

  due(flow: number, now: number, limit: number): EventRow[] {
    return this.dueRows.all(flow, now, limit);
  }

  sent(integration: number): EventRow[] {
    return this.sentRows.all(2 * integration, 2 * integration + 1);
  }

  sentBefore(integration: number, before: number, limit: number): number[] {
    return numbers(this.sentBeforeSeqs.all(2 * integration, 2 * integration + 1, before, limit));
  }

  from(system: number, entity: string): EventRow[] {
    return this.systemRows.all(entity, system);
  }

  ofOwner(flow: number, owner: string): EventRow[] {
    return this.ownersRows.all(flow, owner);
  }

  first({ flow, owner, type }: LineKey): EventRow | undefined {
    return this.firstRow.get(flow, owner, type);
  }

  behind({ flow, owner, type }: LineKey, after: number, limit: number): EventRow[] {
    return this.lineRows.all(flow, owner, type, after, limit);
  }

  allParked(integration: number): EventRow[] {
    return this.parkedRows.all(integration);
  }

  parked(integration: number, after: number, limit: number, offset: number): number[] {
    return numbers(this.parkedSeqs.all(integration, after, limit, offset));
  }

  parkedWith(integration: number, flow: number | null, part: string, limit: number, offset: number): number[] {
    return numbers(this.foundSeqs.all(integration, flow, flow, part, limit, offset));
  }

  parkedErrors(integration: number, after: number, limit: number): { seq: number; flow: number; error: string }[] {
    return this.errorRows.all(integration, after, limit);
  }

  oldestOpen(flow: number): number | undefined {
    const all = this.openSeqs.all(flow, flow, flow).flatMap(({ seq }) => seq ?? []);
    return all.length > 0 ? smallest(all) : undefined;
  }

  counts(): { flow: number; state: number; n: number }[] {
    // one pass over the rows in their order: through an index it would be a million single look-ups
    const sql = 'SELECT flow, state, count(*) AS n FROM events NOT INDEXED GROUP BY flow, state';
    return this.db.prepare<{ flow: number; state: number; n: number }>(sql).all();
  }

  insert(row: EventRow, snapshot: string): void {
    const { seq, flow, entity, version, state, linked, urgent, readAt, owner, type } = row;
    this.insertEvent.run(seq, flow, entity, version, state, linked, urgent, readAt, owner, type);
    this.insertSnapshot.run(seq, snapshot);
  }

  replaceSnapshot(seq: number, version: string, readAt: number, snapshot: string): void {
    this.updateVersion.run(version, readAt, seq);
    this.updateSnapshot.run(snapshot, seq);
  }

  takeSnapshot(seq: number, from: EventRow): void {
    this.updateVersion.run(from.version, from.readAt, seq);
    this.copySnapshot.run(from.seq, seq);
  }

  setReadAt(seq: number, readAt: number): void {
    this.updateReadAt.run(readAt, seq);
  }

  setAllReadAt(readAt: number): void {
    this.updateAllReadAt.run(readAt);
  }

  setUrgent(seq: number): void {
    this.updateUrgent.run(seq);
  }

  setLinked(flow: number, entity: string, linked: number): void {
    this.updateLinked.run(linked, flow, entity);
  }

  setState(seq: number, state: number): void {
    this.updateState.run(state, seq);
  }

  setSent(seq: number, now: number): void {
    this.updateSent.run(now, seq);
  }

  setRetry(seq: number, dueAt: number, attempts: number): void {
    this.updateRetry.run(dueAt, attempts, seq);
  }

  resetAttempts(seq: number): void {
    this.updateAttempts.run(seq);
  }

  setFailure(seq: number, error: string, mapped: string | null): void {
    this.upsertFailure.run(seq, error, mapped);
  }

  removeFailure(seq: number): void {
    this.deleteFailure.run(seq);
  }

  setText(seq: number, text: string): void {
    this.upsertText.run(seq, text);
  }

  removeText(seq: number): void {
    this.deleteText.run(seq);
  }

  setCorrections(seq: number, corrections: string | null): void {
    if (corrections === null) this.deleteCorrections.run(seq);
    else this.upsertCorrections.run(seq, corrections);
  }

  hold({ flow, owner, type }: LineKey, seq: number): number {
    return this.updateLine.run(flow, owner, type, seq);
  }

  unshow(flow: number): { shown: number; held: number } {
    const aside = this.setAside.run(flow, flow);
    const waiting = this.updateShown.run(flow);
    const held = this.holdShown.run(flow);
    return { shown: waiting + held - aside, held };
  }

  remove(seq: number): void {
    this.deleteEvent.run(seq);
  }

  removeFlow(flow: number): void {
    this.deleteFlow.run(flow);
  }
}

const numbers = (rows: { seq: number }[]): number[] => rows.map(({ seq }) => seq);

/** How an event goes on when its message did not land: retry, parked, shown, back to waiting, finished without effect. */

import type { Entity } from '../../model/entity';
import { StoreError } from '../errors';
import type { Corrections, Failure, Hindrance, Intent, Sending } from '../store';
import type { Awaited } from './awaited';
import type { Database, Query } from './database';
import { type EventRow, type Events, type IntentContent, integrationOf } from './events';
import type { Kin } from './kin';
import type { Names } from './names';
import type { Places } from './places';
import type { Seen } from './record';
import { STATE } from './schema';

const ROW = 'SELECT seq, flow, entity, version, state, linked, readAt, delivery FROM events';

export class Settling {
  private readonly sent: Query<EventRow>;
  private readonly parked: Query<EventRow>;
  private readonly insertIntent: Query<Record<string, never>>;

  constructor(
    db: Database,
    private readonly events: Events,
    private readonly kin: Kin,
    private readonly names: Names,
    private readonly places: Places,
    private readonly awaited: Awaited,
  ) {
    this.sent = db.prepare(`${ROW} WHERE flow IN (?, ?) AND state = ${STATE.sent}`);
    this.parked = db.prepare(`${ROW} WHERE flow >> 1 = ? AND state = ${STATE.parked}`);
    // the opposite flow is the other one of a pair (2n, 2n + 1)
    this.insertIntent = db.prepare(`
      INSERT INTO intents (seq, toward, opened, intent, place)
      SELECT seq, flow + 1 - 2 * (flow & 1), ?, ?, ? FROM events WHERE seq = ?
      ON CONFLICT DO UPDATE SET intent = excluded.intent, place = excluded.place`);
  }

  /** @param opened the sequence of this call; an event's earlier intent keeps its own */
  openIntents(intents: readonly Intent[], opened: number): (Hindrance | undefined)[] {
    const { isAlone } = this.kin;
    return intents.map(({ event, ...content }) => {
      const stored: IntentContent = content;
      const row = this.events.row(event);
      if (!row) throw new StoreError('notFound', `Event ${event} is no longer there: nothing may be created for it.`);
      const system = content.system === undefined ? undefined : this.names.idOf(content.system);
      const hindrance = isAlone || system === undefined ? undefined : this.kin.hindrance(row, system, content);
      if (hindrance) return hindrance;
      const place = system === undefined ? null : this.places.of(system, integrationOf(row.flow));
      this.insertIntent.run(opened, JSON.stringify(stored), place, event);
      return undefined;
    });
  }

  fail(failures: readonly Failure[]): void {
    for (const failure of failures) {
      const row = this.sending({ seq: failure.event, delivery: failure.delivery });
      if (!row) continue;
      if (failure.notCreated) this.events.closeIntent(row.seq);
      if (failure.to === 'parked') {
        this.events.toParked(row, failure.error, failure.mapped);
        const { flow, entity: waiter } = row;
        if (failure.awaits) this.awaited.set({ flow, waiter, ...failure.awaits });
      } else {
        this.events.toRetry(row, failure.dueAt, failure.charge, failure.error);
        this.takeOverHeld(row);
      }
    }
  }

  show(events: readonly Sending[]): void {
    for (const sending of events) {
      const row = this.sending(sending);
      if (!row) continue;
      // what was shown is not the newest: it goes round once more
      if (this.takeOverHeld(row)) this.events.toWaiting(row);
      else this.events.toShown(row);
    }
  }

  skip(events: readonly (number | Sending)[]): void {
    for (const which of events) {
      const row = typeof which === 'number' ? this.events.row(which) : this.sending(which);
      if (!row) continue;
      this.events.remove(row);
      this.release(row);
    }
  }

  /** Gives a sent event a newer snapshot. */
  refresh(seq: number, entity: Entity, readAt: number, seen: Seen): void {
    const row = this.events.row(seq);
    if (!row || row.state !== STATE.sent) return;
    this.events.replaceSnapshot(seq, entity, readAt);
    const held = this.events.of(row.flow, row.entity).find((other) => other.state === STATE.held);
    if (held && held.version !== entity.version) {
      if (held.readAt < readAt) this.events.markStale(held.seq);
      return;
    }
    if (held) this.events.remove(held);
    seen.set(row.flow, row.entity, entity.version);
  }

  /** @returns how many */
  recover(flows: readonly [number, number]): number {
    const rows = this.sent.all(...flows);
    for (const row of rows) {
      this.events.toWaiting(row);
      this.takeOverHeld(row);
    }
    return rows.length;
  }

  /** @returns how many */
  unpark(integration: number, numbers: readonly number[] | undefined, corrections: Corrections | undefined): number {
    let count = 0;
    for (const row of numbers ? this.parkedRows(integration, numbers) : this.parked.all(integration)) {
      this.events.unpark(row);
      if (corrections) this.events.correct(row.seq, corrections);
      this.takeOverHeld(row);
      count += 1;
    }
    return count;
  }

  /** The event while this sending of it is under way. */
  sending({ seq, delivery }: Sending): EventRow | undefined {
    const row = this.events.row(seq);
    return row && row.state === STATE.sent && row.delivery === delivery ? row : undefined;
  }

  /** What was held behind a finished event may be claimed now. */
  private release(finished: EventRow): void {
    for (const row of this.events.of(finished.flow, finished.entity)) {
      if (row.state === STATE.held) this.events.toWaiting(row);
    }
  }

  private takeOverHeld(row: EventRow): boolean {
    return this.events.takeOverHeld(row);
  }

  private parkedRows(integration: number, numbers: readonly number[]): EventRow[] {
    const rows: EventRow[] = [];
    for (const seq of new Set(numbers)) {
      const row = this.events.row(seq);
      if (row && row.state === STATE.parked && integrationOf(row.flow) === integration) rows.push(row);
    }
    return rows;
  }
}

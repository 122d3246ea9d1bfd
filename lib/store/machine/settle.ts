/** How an event continues if its message did not land: retry, parked, shown, back to waiting, finished without
 * effect. */

import type { Entity } from '../../model/entity';
import { StoreError } from '../errors';
import { type EventRow, STATE } from '../rows/event-tables';
import type { Rows } from '../rows/rows';
import type { Corrections, Failure, Hindrance, Intent, Sending } from '../store';
import type { Awaited } from './awaited';
import type { Ended } from './ended';
import { ALWAYS_STALE, type Events, type IntentContent } from './events';
import { integrationOf, oppositeOf } from './flow';
import type { Kin } from './kin';
import type { Known } from './known';
import type { Lines } from './lines';
import type { Names } from './names';
import type { Places } from './places';

export class Settling {
  constructor(
    private readonly rows: Rows,
    private readonly events: Events,
    private readonly kin: Kin,
    private readonly names: Names,
    private readonly places: Places,
    private readonly awaited: Awaited,
    private readonly lines: Lines,
  ) {}

  /** @param opened the sequence of this call; an event's earlier intent keeps its own */
  openIntents(intents: readonly Intent[], opened: number): (Hindrance | undefined)[] {
    const { isAlone } = this.kin;
    return intents.map(({ event, ...content }) => {
      const stored: IntentContent = content;
      const row = this.events.row(event);
      if (!row) throw new StoreError('notFound', `Event ${event} is no longer there: nothing may be created for it.`);
      const system = content.system === undefined ? undefined : this.names.idOf(content.system);
      const other = isAlone || system === undefined ? undefined : this.kin.hindrance(row, system, content);
      const hindrance = other ?? (row.linked === 0 && row.readAt === ALWAYS_STALE ? 'stale' : undefined);
      if (hindrance) return hindrance;
      const place = system === undefined ? null : this.places.of(system, integrationOf(row.flow));
      const toward = oppositeOf(row.flow);
      const part =
        content.owner === undefined
          ? { owner: null, type: null }
          : { owner: content.owner, type: this.names.idOf(content.type) };
      this.events.openIntent({ ...{ seq: event, toward, opened, place }, ...part, intent: JSON.stringify(stored) });
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
        this.lines.advance(row);
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
      // the reported state is not the newest: it is sent once more
      if (this.takeOverHeld(row)) {
        this.events.toWaiting(row);
        this.lines.restore([row]);
      } else {
        this.events.toShown(row);
        this.lines.advance(row);
      }
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
  refresh(seq: number, entity: Entity, began: number, { known, ended }: { known: Known; ended: Ended }): void {
    const row = this.events.row(seq);
    if (!row || row.state !== STATE.sent) return;
    const readAt = ended.readAt(row.flow, entity, began);
    this.events.replaceSnapshot(seq, entity, readAt);
    const held = this.events.of(row.flow, row.entity).find((other) => other.state === STATE.held);
    if (held && held.version !== entity.version) {
      if (held.readAt < readAt) this.events.markStale(held.seq);
      return;
    }
    if (held) this.events.remove(held);
    known.set(row.flow, row.entity, entity.version);
  }

  /** @returns how many */
  recover(integration: number): number {
    const rows = this.rows.events.sent(integration);
    for (const row of rows) {
      this.events.toWaiting(row);
      this.takeOverHeld(row);
    }
    this.lines.restore(rows);
    return rows.length;
  }

  /** @returns how many */
  unpark(integration: number, numbers: readonly number[] | undefined, corrections: Corrections | undefined): number {
    const rows = numbers ? this.parkedRows(integration, numbers) : this.rows.events.allParked(integration);
    for (const row of rows) {
      this.events.unpark(row);
      if (corrections) this.events.correct(row.seq, corrections);
      this.takeOverHeld(row);
    }
    this.lines.restore(rows);
    return rows.length;
  }

  /** The event, while this sending of it is current. */
  sending({ seq, delivery }: Sending): EventRow | undefined {
    const row = this.events.row(seq);
    return row && row.state === STATE.sent && row.delivery === delivery ? row : undefined;
  }

  inTurn(events: readonly Sending[]): boolean[] {
    const rows = events.map((event) => this.sending(event));
    const inTurn = this.lines.inTurn(rows.filter((row) => row !== undefined));
    return rows.map((row) => row !== undefined && inTurn.has(row.seq));
  }

  /** An event held behind a finished one can now be claimed. */
  release(finished: EventRow): void {
    const held = this.events.of(finished.flow, finished.entity).filter(({ state }) => state === STATE.held);
    for (const row of held) this.events.toWaiting(row);
    if (held.length > 0) this.lines.restore(held);
    else this.lines.advance(finished);
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

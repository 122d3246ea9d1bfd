/**
 * Which events may be sent next. What may not be sent now is either bounded by what is in flight (counterparts) or
 * left out by an index (entities without link while a create is open), so the cost follows the limit, not the backlog.
 */

import type { Awaited } from './awaited';
import type { Counters } from './counters';
import type { Database, Query } from './database';
import { type EventRow, type Events, integrationOf, oppositeOf, sideOf } from './events';
import type { Kin } from './kin';
import type { Links } from './links';
import { STATE } from './schema';

/** Events that leave `retry` in one call, at least: a bound for the call after a long outage. */
const DUE_PER_CALL = 1_000;

const candidates = (index: string, which: string) => `
  SELECT seq, flow, entity, version, state, linked, readAt, delivery FROM events INDEXED BY ${index}
  WHERE flow = ? AND state = ${STATE.waiting} ${which} AND seq > ? AND seq < ? ORDER BY seq LIMIT ?`;

/** Events of one kind that wait, by number: all of them, and those whose entity has a link. */
interface Queue {
  all: Query<EventRow>;
  linked: Query<EventRow>;
}

export class Claims {
  private readonly due: Query<EventRow>;
  private readonly oldestIntent: Query<{ opened: number | null }>;
  private readonly oldestToPlace: Query<{ opened: number | null }>;
  private readonly waiting: Queue;
  private readonly urgent: Queue;

  constructor(
    db: Database,
    private readonly events: Events,
    private readonly links: Links,
    private readonly counters: Counters,
    private readonly awaited: Awaited,
    private readonly kin: Kin,
  ) {
    this.due = db.prepare(`
      SELECT seq, flow, entity, version, state, linked, readAt, delivery FROM events
      WHERE flow = ? AND state = ${STATE.retry} AND dueAt <= ? ORDER BY dueAt LIMIT ?`);
    this.oldestIntent = db.prepare('SELECT min(opened) AS opened FROM intents WHERE toward = ?');
    this.oldestToPlace = db.prepare('SELECT min(opened) AS opened FROM intents WHERE place = ?');
    this.waiting = {
      all: db.prepare(candidates('events_waiting', '')),
      linked: db.prepare(candidates('events_linked', 'AND linked = 1')),
    };
    this.urgent = {
      all: db.prepare(candidates('events_urgent', 'AND urgent = 1')),
      linked: db.prepare(candidates('events_urgent_linked', 'AND urgent = 1 AND linked = 1')),
    };
  }

  /** False where certainly nothing may be claimed. */
  any(flow: number): boolean {
    return (
      this.counters.inState(flow, 'waiting') + this.counters.inState(flow, 'retry') + this.counters.dueIn(flow) > 0
    );
  }

  /** Marks up to `limit` events as sent, the urgent share first; returns their numbers in order. Runs in a transaction. */
  claim(flow: number, limit: number, now: number, urgent: number): { seq: number }[] {
    if (this.counters.inState(flow, 'retry') > 0) {
      for (const row of this.due.all(flow, now, Math.max(limit, DUE_PER_CALL))) this.events.toWaiting(row);
    }
    this.awaited.wake(flow);
    if (this.counters.inState(flow, 'waiting') === 0) return [];
    const opened = this.oldestOpen(flow);
    const chosen = new Map<number, EventRow>();
    for (const [queue, most] of [
      [this.urgent, Math.min(urgent, limit)],
      [this.waiting, limit],
    ] as const) {
      // Before the oldest open create everything is free; after it only what has a link cannot be what it created.
      this.choose(chosen, queue.all, flow, -1, opened, most);
      this.choose(chosen, queue.linked, flow, opened, Number.MAX_SAFE_INTEGER, most);
    }
    const rows = [...chosen.values()].sort((a, b) => a.seq - b.seq);
    for (const row of rows) this.events.toSent(row, now);
    return rows;
  }

  private choose(
    chosen: Map<number, EventRow>,
    candidates: Query<EventRow>,
    flow: number,
    after: number,
    before: number,
    limit: number,
  ): void {
    let from = after;
    while (chosen.size < limit) {
      const rows = candidates.all(flow, from, before, limit);
      for (const row of rows) {
        if (chosen.size < limit && !chosen.has(row.seq) && !this.isHeldBack(row)) chosen.set(row.seq, row);
      }
      const last = rows.at(-1);
      if (!last || rows.length < limit) return;
      from = last.seq;
    }
  }

  /** When the oldest create was begun that may have made an entity of the flow, by whatever integration. */
  private oldestOpen(flow: number): number {
    const opened = this.oldestIntent.get(flow)?.opened ?? Number.MAX_SAFE_INTEGER;
    const place = this.kin.isAlone ? undefined : this.kin.placeOf(flow);
    return place === undefined ? opened : Math.min(opened, this.oldestToPlace.get(place)?.opened ?? opened);
  }

  /** Something is being done to the entity or to one that it is linked with, perhaps by another integration. */
  private isHeldBack(row: EventRow): boolean {
    return this.counterpartIsSent(row) || (!this.kin.isAlone && this.kin.isBusy(row));
  }

  private counterpartIsSent(row: EventRow): boolean {
    const other = oppositeOf(row.flow);
    if (row.linked === 0 || this.counters.inState(other, 'sent') === 0) return false;
    const side = sideOf(row.flow);
    const link = this.links.key(integrationOf(row.flow), side, row.entity);
    if (!link) return false;
    const counterpart = side === 1 ? link.entity2 : link.entity1;
    return this.events.of(other, counterpart).some((event) => event.state === STATE.sent);
  }
}

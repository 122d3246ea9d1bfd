/**
 * Which events may be sent next. What may not be sent now is either bounded by what is in flight (counterparts) or
 * left out by an index (entities without link while a create is open), so the cost follows the limit, not the backlog.
 */

import type { Counters } from './counters';
import type { Database, Query } from './database';
import { type EventRow, type Events, integrationOf, oppositeOf, sideOf } from './events';
import type { Links } from './links';
import { STATE } from './schema';

/** Events that leave `retry` in one call, at least: a bound for the call after a long outage. */
const DUE_PER_CALL = 1_000;

const CANDIDATES = `
  SELECT seq, flow, entity, version, state, linked, readAt, delivery FROM events
  WHERE flow = ? AND state = ${STATE.waiting}`;

export class Claims {
  private readonly due: Query<EventRow>;
  private readonly oldestIntent: Query<{ opened: number | null }>;
  private readonly waiting: Query<EventRow>;
  private readonly linked: Query<EventRow>;

  constructor(
    db: Database,
    private readonly events: Events,
    private readonly links: Links,
    private readonly counters: Counters,
  ) {
    this.due = db.prepare(`
      SELECT seq, flow, entity, version, state, linked, readAt, delivery FROM events
      WHERE flow = ? AND state = ${STATE.retry} AND dueAt <= ? ORDER BY dueAt LIMIT ?`);
    this.oldestIntent = db.prepare('SELECT min(opened) AS opened FROM intents WHERE toward = ?');
    this.waiting = db.prepare(`${CANDIDATES} AND seq > ? AND seq < ? ORDER BY seq LIMIT ?`);
    this.linked = db.prepare(`${CANDIDATES} AND linked = 1 AND seq > ? AND seq < ? ORDER BY seq LIMIT ?`);
  }

  /** Marks up to `limit` events as sent and returns their numbers in order. Runs in a transaction. */
  claim(flow: number, limit: number, now: number): { seq: number }[] {
    for (const row of this.due.all(flow, now, Math.max(limit, DUE_PER_CALL))) this.events.toWaiting(row);
    const opened = this.oldestIntent.get(flow)?.opened ?? Number.MAX_SAFE_INTEGER;
    const chosen: EventRow[] = [];
    // Before the oldest open create everything is free; after it only what has a link cannot be what it created.
    this.choose(chosen, this.waiting, flow, -1, opened, limit);
    this.choose(chosen, this.linked, flow, opened, Number.MAX_SAFE_INTEGER, limit);
    for (const row of chosen) this.events.toSent(row, now);
    return chosen;
  }

  private choose(
    chosen: EventRow[],
    candidates: Query<EventRow>,
    flow: number,
    after: number,
    before: number,
    limit: number,
  ): void {
    let from = after;
    while (chosen.length < limit) {
      const rows = candidates.all(flow, from, before, limit);
      for (const row of rows) {
        if (chosen.length < limit && !this.counterpartIsSent(row)) chosen.push(row);
      }
      const last = rows.at(-1);
      if (!last || rows.length < limit) return;
      from = last.seq;
    }
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

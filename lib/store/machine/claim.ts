/**
 * Decides which events can be sent next. Events that cannot be sent now are either limited by those in flight
 * (counterparts) or excluded by an index (entities without link while a create is open), so the cost depends on the
 * limit, not on the backlog.
 */

import { type EventRow, STATE, type WaitingKind } from '../rows/event-tables';
import type { Rows } from '../rows/rows';
import type { Awaited } from './awaited';
import type { Counters } from './counters';
import type { Events } from './events';
import { integrationOf, oppositeOf, sideOf } from './flow';
import type { Kin } from './kin';
import type { Lines } from './lines';
import type { Links } from './links';

/** Minimum number of events that leave `retry` in one call: a limit for the call after a long outage. */
const DUE_PER_CALL = 1_000;

export class Claims {
  constructor(
    private readonly rows: Rows,
    private readonly events: Events,
    private readonly links: Links,
    private readonly counters: Counters,
    private readonly awaited: Awaited,
    private readonly kin: Kin,
    private readonly lines: Lines,
  ) {}

  /** False if certainly nothing can be claimed. */
  any(flow: number): boolean {
    return (
      this.counters.inState(flow, 'waiting') + this.counters.inState(flow, 'retry') + this.counters.dueIn(flow) > 0
    );
  }

  /** Marks up to `limit` events as sent, the urgent share first; returns their numbers in order. Runs in a
   * transaction. */
  claim(flow: number, limit: number, now: number, urgent: number, ofLine: number): number[] {
    if (this.counters.inState(flow, 'retry') > 0) {
      const due = this.rows.events.due(flow, now, Math.max(limit, DUE_PER_CALL));
      for (const row of due) this.events.toWaiting(row);
      this.lines.restore(due);
    }
    this.awaited.wake(flow);
    if (this.counters.inState(flow, 'waiting') === 0) return [];
    const opened = this.oldestOpen(flow);
    const chosen = new Map<number, EventRow>();
    for (const [isUrgent, most] of [
      [true, Math.min(urgent, limit)],
      [false, limit],
    ] as const) {
      // Everything before the oldest open create is free; after it, only linked entities cannot be its result.
      this.choose(chosen, { urgent: isUrgent, linked: false }, flow, -1, opened, most);
      this.choose(chosen, { urgent: isUrgent, linked: true }, flow, opened, Number.MAX_SAFE_INTEGER, most);
    }
    this.chooseHeld(chosen, opened, limit, ofLine - 1);
    const rows = inOrder(chosen);
    for (const row of rows) this.events.toSent(row, now);
    return rows.map(({ seq }) => seq);
  }

  private choose(
    chosen: Map<number, EventRow>,
    kind: WaitingKind,
    flow: number,
    after: number,
    before: number,
    limit: number,
  ): void {
    let from = after;
    while (chosen.size < limit) {
      const rows = this.rows.events.waiting(kind, flow, from, before, limit);
      for (const row of rows) {
        if (chosen.size < limit && !chosen.has(row.seq) && !this.isHeldBack(row)) chosen.set(row.seq, row);
      }
      const last = rows.at(-1);
      if (!last || rows.length < limit) return;
      from = last.seq;
    }
  }

  /** What is held right behind a new part may go along with it, as far as there is room: as many of each line. */
  private chooseHeld(chosen: Map<number, EventRow>, before: number, limit: number, most: number): void {
    const parts = inOrder(chosen).filter(({ linked, owner }) => linked === 0 && owner !== null);
    const share = Math.min(most, Math.ceil((limit - chosen.size) / parts.length));
    for (const part of parts) {
      const room = Math.min(share, limit - chosen.size);
      if (room <= 0) return;
      for (const row of this.lines.heldBehind(part, room)) {
        if (row.seq >= before || this.isHeldBack(row)) break;
        chosen.set(row.seq, row);
      }
    }
  }

  /** When the oldest create started that may have made an entity of the flow that is no part, in any integration. */
  private oldestOpen(flow: number): number {
    const { intents } = this.rows;
    return this.oldest(flow, intents.oldestToward(flow), (place) => intents.oldestToPlace(place));
  }

  /** The same of one that may have made this new part: others of its owner and type. A create of a part, such as an
   * upload that takes minutes, holds back nothing else. */
  private oldestOfPart({ flow, owner, type }: EventRow): number {
    if (owner === null || type === null) return Number.MAX_SAFE_INTEGER;
    const { intents } = this.rows;
    const part = { owner, type };
    return this.oldest(flow, intents.oldestPartToward(flow, part), (place) => intents.oldestPartToPlace(place, part));
  }

  private oldest(flow: number, toward: number | undefined, toPlace: (place: number) => number | undefined): number {
    const opened = toward ?? Number.MAX_SAFE_INTEGER;
    const place = this.kin.isAlone ? undefined : this.kin.placeOf(flow);
    return place === undefined ? opened : Math.min(opened, toPlace(place) ?? opened);
  }

  /** An open create may have made it; or the entity, or one that it is linked with, is being processed, perhaps by another
   * integration. */
  private isHeldBack(row: EventRow): boolean {
    if (row.linked === 0 && row.seq >= this.oldestOfPart(row)) return true;
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

const inOrder = (chosen: ReadonlyMap<number, EventRow>): EventRow[] =>
  [...chosen.values()].sort((a, b) => a.seq - b.seq);

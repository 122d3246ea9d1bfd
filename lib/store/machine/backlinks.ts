/**
 * Ends of links that have yet to get their backlink: one small row each, stored and deleted with the link. They are not
 * events: their outcome holds nothing back.
 */

import type { Side } from '../../model/entity';
import { STATE } from '../rows/event-tables';
import type { LinkKey } from '../rows/link-tables';
import type { Rows } from '../rows/rows';
import type { BacklinkPosition } from '../rows/task-tables';
import type { Owed, OwedCounts, OwedOutcome, StoredError } from '../store';
import type { Counters } from './counters';
import type { Events } from './events';
import { flowOf, oppositeOf } from './flow';
import type { Known } from './known';
import type { Links } from './links';

/** Before all that are due: none is due before 0. */
const START: BacklinkPosition = { dueAt: -1, link: 0 };

export class OwedEnds {
  constructor(
    private readonly rows: Rows,
    private readonly events: Events,
    private readonly links: Links,
    private readonly counters: Counters,
    private readonly known: Known,
  ) {}

  /** @param link its number @param flow of the end that is to get the backlink */
  add(link: number, flow: number): void {
    this.rows.backlinks.put(link, flow);
  }

  /**
   * Owes the integration's links among the next ones of all. @param flow of the ends that are to get backlinks
   * @returns the last link processed; undefined = there are no more after it
   */
  addEarlier(flow: number, integration: number, after: number, limit: number): number | undefined {
    const { last, count } = this.rows.links.next(after, limit);
    if (last === null) return undefined;
    this.rows.backlinks.putAll(flow, integration, after, last);
    return count < limit ? undefined : last;
  }

  /** Those that are due, waiting longest first; without links with an entity that is being written. */
  list(flow: number, side: Side, limit: number, now: number): Owed[] {
    const found: Owed[] = [];
    let position = START;
    while (found.length < limit) {
      const rows = this.rows.backlinks.due(flow, now, position, limit);
      for (const row of rows) {
        position = row;
        const stored = found.length < limit && !this.isBusy(flow, side, row.link) && this.links.byId(row.link);
        if (!stored) continue;
        const error = row.error === null ? undefined : (JSON.parse(row.error) as StoredError);
        found.push({ link: stored.link, side, attempts: row.attempts, ...(error && { error }) });
      }
      if (rows.length < limit) break;
    }
    return found;
  }

  private isBusy(flow: number, side: Side, link: number): boolean {
    const flows = side === 1 ? [flow, oppositeOf(flow)] : [oppositeOf(flow), flow];
    if (flows.every((one) => this.counters.inState(one, 'sent') === 0)) return false;
    const key = this.links.keyOf(link);
    return flows.some((one, index) => {
      const entity = index === 0 ? key?.entity1 : key?.entity2;
      return entity !== undefined && this.events.of(one, entity).some(({ state }) => state === STATE.sent);
    });
  }

  settle(outcome: OwedOutcome): void {
    const key = this.links.keyOf(outcome.link);
    if (!key) return;
    const flow = flowOf(key.integration, outcome.side);
    switch (outcome.to) {
      case 'done':
        if (!this.rows.backlinks.remove(outcome.link, flow)) return;
        if (outcome.version) this.know(flow, key, outcome.side, outcome.version);
        return;
      case 'retry':
        this.rows.backlinks.setRetry(
          outcome.link,
          flow,
          outcome.dueAt,
          outcome.charge ? 1 : 0,
          JSON.stringify(outcome.error),
        );
        return;
      case 'rest':
        this.rows.backlinks.setResting(outcome.link, flow, JSON.stringify(outcome.error));
    }
  }

  /** @returns how many */
  resumeAll(integration: number): number {
    return this.rows.backlinks.resume(flowOf(integration, 1)) + this.rows.backlinks.resume(flowOf(integration, 2));
  }

  counts(flow: number): OwedCounts {
    const { due, resting } = this.rows.backlinks.counts(flow);
    const newest = resting > 0 ? this.rows.backlinks.newestError(flow) : undefined;
    return { due, resting, ...(newest && { error: JSON.parse(newest) as StoredError }) };
  }

  private know(flow: number, link: LinkKey, side: Side, version: { before: string; after: string }): void {
    const entity = side === 1 ? link.entity1 : link.entity2;
    if (this.events.of(flow, entity).length === 0) this.known.moved(flow, entity, version, link.owner !== null);
  }
}

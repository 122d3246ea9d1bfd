/**
 * The number of events in each state per flow, and of links: counted once when the store is opened, then kept in
 * memory, so that a status line costs nothing with a million events and no write pays for it.
 */

import { STATE } from '../rows/event-tables';
import type { Memory, Rows } from '../rows/rows';
import type { EventState, FlowCounts } from '../store';

/** Numbers by key, with the changes of the running transaction kept separately. */
class Tally {
  private readonly counts = new Map<number, number>();
  private readonly pending = new Map<number, number>();

  get(key: number): number {
    return (this.counts.get(key) ?? 0) + (this.pending.get(key) ?? 0);
  }

  add(key: number, change: number): void {
    this.pending.set(key, (this.pending.get(key) ?? 0) + change);
  }

  commit(): void {
    for (const [key, change] of this.pending) {
      const count = (this.counts.get(key) ?? 0) + change;
      if (count === 0) this.counts.delete(key);
      else this.counts.set(key, count);
    }
    this.pending.clear();
  }

  rollback(): void {
    this.pending.clear();
  }
}

const STATES = 8;

export class Counters implements Memory {
  private readonly events = new Tally();
  private readonly links = new Tally();
  /** references whose wait is over, by flow */
  private readonly dues = new Tally();

  constructor(rows: Rows) {
    for (const { flow, state, n } of rows.events.counts()) this.events.add(flow * STATES + state, n);
    for (const { integration, n } of rows.links.counts()) this.links.add(integration, n);
    for (const { flow, n } of rows.awaited.counts()) this.dues.add(flow, n);
    this.commit();
    rows.follow(this);
  }

  event(flow: number, state: EventState, change: number): void {
    this.events.add(flow * STATES + STATE[state], change);
  }

  link(integration: number, change: number): void {
    this.links.add(integration, change);
  }

  due(flow: number, change: number): void {
    if (change !== 0) this.dues.add(flow, change);
  }

  dueIn(flow: number): number {
    return this.dues.get(flow);
  }

  inState(flow: number, state: EventState): number {
    return this.events.get(flow * STATES + STATE[state]);
  }

  hasEvents(flow: number): boolean {
    return Object.values(STATE).some((state) => this.events.get(flow * STATES + state) > 0);
  }

  of(flow: number, integration: number): FlowCounts {
    return {
      waiting: this.inState(flow, 'waiting'),
      held: this.inState(flow, 'held'),
      sent: this.inState(flow, 'sent'),
      retry: this.inState(flow, 'retry'),
      parked: this.inState(flow, 'parked'),
      shown: this.inState(flow, 'shown'),
      links: this.links.get(integration),
    };
  }

  /** Sets all counters of an integration to zero. */
  clear(integration: number, flows: readonly number[]): void {
    for (const flow of flows) {
      for (const state of Object.values(STATE)) {
        const key = flow * STATES + state;
        this.events.add(key, -this.events.get(key));
      }
      this.dues.add(flow, -this.dues.get(flow));
    }
    this.links.add(integration, -this.links.get(integration));
  }

  commit(): void {
    this.events.commit();
    this.links.commit();
    this.dues.commit();
  }

  rollback(): void {
    this.events.rollback();
    this.links.rollback();
    this.dues.rollback();
  }
}

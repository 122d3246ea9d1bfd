/**
 * How many events a flow has in each state, and how many links: counted once when the file is opened, then kept in
 * memory, so that a status line costs nothing with a million events and no write pays for it.
 */

import type { EventState, FlowCounts } from '../store';
import type { Database, Memory } from './database';
import { STATE } from './schema';

/** Numbers by key, with the changes of the running transaction kept apart. */
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

  constructor(db: Database) {
    // one pass over the rows in their order: by an index it would be a million single look-ups
    const events = db.prepare<{ flow: number; state: number; n: number }>(
      'SELECT flow, state, count(*) AS n FROM events NOT INDEXED GROUP BY flow, state',
    );
    for (const row of events.all()) this.events.add(row.flow * STATES + row.state, row.n);
    const links = db.prepare<{ integration: number; n: number }>(
      'SELECT integration, count(*) AS n FROM links GROUP BY integration',
    );
    for (const row of links.all()) this.links.add(row.integration, row.n);
    const dues = db.prepare<{ flow: number; n: number }>(
      'SELECT flow, count(*) AS n FROM awaited INDEXED BY awaited_due WHERE due = 1 GROUP BY flow',
    );
    for (const row of dues.all()) this.dues.add(row.flow, row.n);
    this.commit();
    db.follow(this);
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

  /** Sets everything of an integration to zero. */
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

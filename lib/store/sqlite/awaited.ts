/**
 * References that wait for a counterpart: one small row each, found by the entity that is awaited, so a new link costs one
 * look-up and nothing waits in memory. A row whose wait is over becomes an event at the next claim of its flow.
 */

import type { Entity, EntityId } from '../../model/entity';
import type { Counters } from './counters';
import type { Database, Query } from './database';
import { type Events, integrationOf, sideOf, stateOf } from './events';
import type { Names } from './names';
import type { Refs } from './refs';

type Nothing = Record<string, never>;

/** Waits that end in one claim: a bound for an entity to which very many refer. */
const MOST_WOKEN = 1_000;

/** No system has it: an event of this version is always read again. */
export const AWAITED_VERSION = 'awaited';

/** An entity that waits, and what it waits for. */
export interface Waiting {
  flow: number;
  waiter: EntityId;
  system: string;
  toward: string;
  entities: readonly EntityId[];
}

export class Awaited {
  private readonly insert: Query<Nothing>;
  private readonly removeOf: Query<{ due: number }>;
  private readonly release: Query<{ flow: number }>;
  private readonly dueOf: Query<{ id: number; waiter: string }>;
  private readonly remove: Query<Nothing>;
  private readonly removeFlow: Query<Nothing>;

  constructor(
    db: Database,
    private readonly events: Events,
    private readonly refs: Refs,
    private readonly names: Names,
    private readonly counters: Counters,
  ) {
    this.insert = db.prepare(
      'INSERT OR IGNORE INTO awaited (system, entity, toward, flow, waiter, due) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.removeOf = db.prepare('DELETE FROM awaited WHERE flow = ? AND waiter = ? RETURNING due');
    this.release = db.prepare(
      'UPDATE awaited SET due = 1 WHERE system = ? AND entity = ? AND toward = ? AND due = 0 RETURNING flow',
    );
    this.dueOf = db.prepare('SELECT id, waiter FROM awaited WHERE flow = ? AND due = 1 ORDER BY id LIMIT ?');
    this.remove = db.prepare('DELETE FROM awaited WHERE id = ?');
    this.removeFlow = db.prepare('DELETE FROM awaited WHERE flow = ?');
  }

  /** Takes the place of what the end waited for. What has a counterpart by now is due at once. */
  set({ flow, waiter, system, toward, entities }: Waiting): void {
    const left = this.removeOf.all(flow, waiter).filter(({ due }) => due === 1).length;
    this.counters.due(flow, -left);
    for (const entity of new Set(entities)) {
      const isDue = this.refs.leads(system, entity, toward);
      const ids = [this.names.idOf(system), entity, this.names.idOf(toward)];
      if (this.insert.run(...ids, flow, waiter, isDue ? 1 : 0) > 0 && isDue) this.counters.due(flow, 1);
    }
  }

  /** A link leads from the entity to the system `toward` now. */
  arrived(system: string, entity: EntityId, toward: string): void {
    for (const [from, to] of this.refs.ways(system, toward)) {
      for (const { flow } of this.release.all(from, entity, to)) this.counters.due(flow, 1);
    }
  }

  /** Makes events of waits that are over. Runs in a transaction. */
  wake(flow: number): void {
    if (this.counters.dueIn(flow) === 0) return;
    const rows = this.dueOf.all(flow, MOST_WOKEN);
    for (const { id, waiter } of rows) {
      this.remove.run(id);
      this.wakeOne(flow, waiter);
    }
    this.counters.due(flow, -rows.length);
  }

  private wakeOne(flow: number, waiter: EntityId): void {
    const rows = this.events.of(flow, waiter);
    const [main] = rows;
    const state = main && stateOf(main);
    if (main && state === 'parked') {
      this.events.unpark(main);
      this.events.takeOverHeld(main);
    } else if (main && state === 'shown') this.events.toWaiting(main);
    if (rows.length > 1 || (main && state !== 'sent')) return;
    const ref = this.refs.of(integrationOf(flow), sideOf(flow), waiter);
    if (!ref) return;
    const entity: Entity = { ...ref, version: AWAITED_VERSION, updatedAt: new Date(0).toISOString(), fields: {} };
    this.events.insertStale(flow, entity, main ? 'held' : 'waiting');
  }

  purge(flow: number): void {
    this.removeFlow.run(flow);
  }
}

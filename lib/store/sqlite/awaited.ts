/**
 * References that wait for a counterpart: one small row each, found by the entity that is awaited, so a new link costs one
 * look-up for each entity that it links, directly or over others, and nothing waits in memory. A row whose wait is over becomes an event at the next claim of its flow.
 */

import type { Entity, EntityId } from '../../model/entity';
import type { LinkEnd } from '../store';
import type { Counters } from './counters';
import type { Database, Query } from './database';
import { type Events, integrationOf, sideOf, stateOf } from './events';
import type { Kin, Member } from './kin';
import type { Names } from './names';
import type { Places } from './places';
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
  private readonly any: Query<{ id: number }>;
  private readonly towardOf: Query<{ toward: number }>;
  private readonly removeOf: Query<{ due: number }>;
  private readonly over: Query<{ flow: number }>;
  private readonly dueOf: Query<{ id: number; waiter: string }>;
  private readonly remove: Query<Nothing>;
  private readonly removeFlow: Query<Nothing>;

  constructor(
    db: Database,
    private readonly events: Events,
    private readonly refs: Refs,
    private readonly names: Names,
    private readonly counters: Counters,
    private readonly places: Places,
    private readonly kin: Kin,
  ) {
    this.any = db.prepare('SELECT id FROM awaited LIMIT 1');
    this.towardOf = db.prepare('SELECT DISTINCT toward FROM awaited WHERE system = ? AND entity = ? AND due = 0');
    this.insert = db.prepare(
      'INSERT OR IGNORE INTO awaited (system, entity, toward, flow, waiter, due) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.removeOf = db.prepare('DELETE FROM awaited WHERE flow = ? AND waiter = ? RETURNING due');
    this.over = db.prepare(
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
      const isDue = this.leads(system, entity, toward);
      const ids = [this.names.idOf(system), entity, this.names.idOf(toward)];
      if (this.insert.run(...ids, flow, waiter, isDue ? 1 : 0) > 0 && isDue) this.counters.due(flow, 1);
    }
  }

  /** The two are linked now, and so is all that each of them is linked with. */
  arrived(integration: number, one: LinkEnd, two: LinkEnd): void {
    if (!this.any.get()) return;
    if (this.kin.isAlone) {
      this.release(one, two);
      this.release(two, one);
    } else this.releaseAll(this.kin.family(this.member(one.system, one.ref.id, integration)));
  }

  /** A link leads from the one to the other's system. */
  private release(from: LinkEnd, to: LinkEnd): void {
    for (const [system, toward] of this.refs.ways(from.system, to.system)) {
      this.end(system, from.ref.id, toward);
    }
  }

  /** @param members all that is linked with each other */
  private releaseAll(members: Member[]): void {
    const counts = new Map<number, number>();
    for (const { place } of members) counts.set(place, (counts.get(place) ?? 0) + 1);
    for (const { place, entity } of members) {
      for (const system of this.places.nodes(place)) {
        // one that leads elsewhere by now is waited for there
        if (this.places.of(system) !== place) continue;
        for (const { toward } of this.towardOf.all(system, entity)) {
          const its = this.places.of(toward);
          // the entity is no counterpart of itself
          if ((counts.get(its) ?? 0) > (its === place ? 1 : 0)) this.end(system, entity, toward);
        }
      }
    }
  }

  private end(system: number, entity: EntityId, toward: number): void {
    for (const { flow } of this.over.all(system, entity, toward)) this.counters.due(flow, 1);
  }

  private leads(system: string, entity: EntityId, toward: string): boolean {
    if (this.refs.leads(system, entity, toward)) return true;
    if (this.kin.isAlone) return false;
    const place = this.places.of(this.names.idOf(toward));
    const [self, ...others] = this.kin.family(this.member(system, entity));
    return self !== undefined && others.some((other) => other.place === place);
  }

  private member(system: string, entity: EntityId, integration?: number): Member {
    return { place: this.places.of(this.names.idOf(system), integration), entity };
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

/**
 * References that wait for a counterpart: one small row each, found by the awaited entity. So a new link costs one
 * look-up for each entity that it links, directly or indirectly, and nothing waits in memory. When the wait is over,
 * the row becomes an event at the next claim of its flow.
 */

import type { EntityId } from '../../model/entity';
import type { AwaitedTable } from '../rows/task-tables';
import type { LinkEnd } from '../store';
import type { Counters } from './counters';
import { type Events, stateOf } from './events';
import type { Kin, Member } from './kin';
import type { Known } from './known';
import type { Lines } from './lines';
import type { Names } from './names';
import type { Places } from './places';
import type { Refs } from './refs';

/** Waits that end in one claim: a limit for an entity to which very many refer. */
const MOST_WOKEN = 1_000;

/** A version that no system has: an event of this version is always read again. */
export const AWAITED_VERSION = 'awaited';

/** An entity that waits, and the entity that it waits for. */
export interface Waiting {
  flow: number;
  waiter: EntityId;
  system: string;
  toward: string;
  entities: readonly EntityId[];
  /** what it waits for may have come already */
  isOver?: boolean;
}

export class Awaited {
  constructor(
    private readonly table: AwaitedTable,
    private readonly events: Events,
    private readonly refs: Refs,
    private readonly names: Names,
    private readonly counters: Counters,
    private readonly places: Places,
    private readonly kin: Kin,
    private readonly lines: Lines,
    private readonly known: Known,
  ) {}

  /** Replaces the waits of the end. Entities that already have a counterpart are due at once. */
  set({ flow, waiter, system, toward, entities, isOver = false }: Waiting): void {
    this.counters.due(flow, -this.table.removeOf(flow, waiter));
    for (const entity of new Set(entities)) {
      const isDue = isOver || this.leads(system, entity, toward);
      const between = { system: this.names.idOf(system), toward: this.names.idOf(toward) };
      const isNew = this.table.insert({ ...between, entity, flow, waiter, due: isDue ? 1 : 0 });
      if (isNew && isDue) this.counters.due(flow, 1);
    }
  }

  /** The two are now linked, and so is everything that each of them is linked with. */
  arrived(integration: number, one: LinkEnd, two: LinkEnd): void {
    if (this.table.isEmpty()) return;
    if (this.kin.isAlone) {
      this.release(one, two);
      this.release(two, one);
    } else this.releaseAll(this.kin.family(this.member(one.system, one.ref.id, integration)));
  }

  /** The two are linked, and are awaited by these names as well. */
  called([first, second]: [readonly EntityId[], readonly EntityId[]], one: LinkEnd, two: LinkEnd): void {
    if (this.table.isEmpty()) return;
    for (const [names, from, to] of [
      [first, one, two],
      [second, two, one],
    ] as const) {
      for (const [system, toward] of this.refs.ways(from.system, to.system)) {
        for (const name of names) this.end(system, name, toward);
      }
    }
  }

  /** A link leads from one entity to the other's system. */
  private release(from: LinkEnd, to: LinkEnd): void {
    for (const [system, toward] of this.refs.ways(from.system, to.system)) {
      this.end(system, from.ref.id, toward);
    }
  }

  /** @param members all entities linked with each other */
  private releaseAll(members: Member[]): void {
    const counts = new Map<number, number>();
    for (const { place } of members) counts.set(place, (counts.get(place) ?? 0) + 1);
    for (const { place, entity } of members) {
      for (const system of this.places.nodes(place)) {
        // an end that now leads elsewhere is awaited there
        if (this.places.of(system) !== place) continue;
        for (const toward of this.table.towards(system, entity)) {
          const its = this.places.of(toward);
          // the entity is not a counterpart of itself
          if ((counts.get(its) ?? 0) > (its === place ? 1 : 0)) this.end(system, entity, toward);
        }
      }
    }
  }

  private end(system: number, entity: EntityId, toward: number): void {
    for (const flow of this.table.setDue(system, entity, toward)) this.counters.due(flow, 1);
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
    const rows = this.table.due(flow, MOST_WOKEN);
    for (const { id, waiter } of rows) {
      this.table.remove(id);
      this.wakeOne(flow, waiter);
    }
    this.counters.due(flow, -rows.length);
  }

  /** An event of the entity goes on, or is made, to be read again. */
  wakeOne(flow: number, waiter: EntityId): void {
    const rows = this.events.of(flow, waiter);
    const [main] = rows;
    const state = main && stateOf(main);
    if (main && state === 'parked') {
      this.events.unpark(main);
      this.events.takeOverHeld(main);
    } else if (main && state === 'shown') this.events.toWaiting(main);
    this.lines.restore(rows);
    if (rows.length > 1 || (main && state !== 'sent')) return;
    const entity = this.refs.namesOnly(flow, waiter, AWAITED_VERSION);
    if (!entity) return;
    if (entity.owner) this.known.keep(flow, waiter);
    this.events.insertStale(flow, entity, main ? 'held' : 'waiting');
  }

  purge(flow: number): void {
    this.table.removeFlow(flow);
  }
}

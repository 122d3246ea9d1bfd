/**
 * Which server a system node leads to. Two nodes of one place are one system wherever integrations are looked across, also
 * after a node was deleted or imported once more. Few rows, kept in memory.
 */

import type { Database, Memory, Query } from './database';
import type { Names } from './names';

export class Places implements Memory {
  /** number of a system node's name → number of its place's */
  private readonly known = new Map<number, number>();
  private readonly select: Query<{ system: number; place: number }>;
  private readonly upsert: Query<Record<string, never>>;

  constructor(
    db: Database,
    private readonly names: Names,
  ) {
    this.select = db.prepare('SELECT system, place FROM places');
    this.upsert = db.prepare(
      'INSERT INTO places (system, place) VALUES (?, ?) ON CONFLICT DO UPDATE SET place = excluded.place',
    );
    this.rollback();
    db.follow(this);
  }

  set(system: string, place: string): void {
    const [node, its] = [this.names.idOf(system), this.names.idOf(place)];
    if (this.known.get(node) === its) return;
    this.upsert.run(node, its);
    this.known.set(node, its);
  }

  /** The number of the place; of the node itself, where nobody has said which place it is. */
  of(system: number): number {
    return this.known.get(system) ?? system;
  }

  /** All nodes that lead to the place. */
  nodes(place: number): number[] {
    const nodes = [...this.known].flatMap(([node, its]) => (its === place ? [node] : []));
    return nodes.includes(place) ? nodes : [...nodes, place];
  }

  commit(): void {}

  rollback(): void {
    this.known.clear();
    for (const { system, place } of this.select.all()) this.known.set(system, place);
  }
}

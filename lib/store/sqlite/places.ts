/**
 * Which server a system node leads to. Two nodes of one place are one system wherever integrations are looked across, also
 * after a node was deleted or imported once more. A node may be given the address of another server later: the links that
 * integrations made over it before stay where it led then, until the integration is at work at its new place. Few rows, kept in
 * memory.
 */

import type { Database, Memory, Query } from './database';
import type { Names } from './names';

type Nothing = Record<string, never>;
type FormerRow = { integration: number; system: number; place: number };

const keyOf = (integration: number, system: number): string => `${integration} ${system}`;

export class Places implements Memory {
  /** number of a system node's name → number of its place's */
  private readonly known = new Map<number, number>();
  /** where a node led when an integration was last at work over it, if it leads elsewhere now */
  private readonly former = new Map<string, FormerRow>();
  private readonly select: Query<{ system: number; place: number }>;
  private readonly upsert: Query<Nothing>;
  private readonly selectFormer: Query<FormerRow>;
  private readonly insertFormer: Query<Nothing>;
  private readonly removeFormer: Query<Nothing>;
  private readonly removeFormers: Query<Nothing>;

  constructor(
    db: Database,
    private readonly integrations: Names,
    private readonly names: Names,
  ) {
    this.select = db.prepare('SELECT system, place FROM places');
    this.upsert = db.prepare(
      'INSERT INTO places (system, place) VALUES (?, ?) ON CONFLICT DO UPDATE SET place = excluded.place',
    );
    this.selectFormer = db.prepare('SELECT integration, system, place FROM former_places');
    this.insertFormer = db.prepare('INSERT OR IGNORE INTO former_places (integration, system, place) VALUES (?, ?, ?)');
    this.removeFormer = db.prepare('DELETE FROM former_places WHERE integration = ? AND system = ?');
    this.removeFormers = db.prepare('DELETE FROM former_places WHERE integration = ?');
    this.rollback();
    db.follow(this);
  }

  /** @param by the integration that is at work over the node: what it has linked goes along, to a server's new address, say */
  set(system: string, place: string, by: string): void {
    const [node, its] = [this.names.idOf(system), this.names.idOf(place)];
    const own = this.integrations.find(by);
    const before = this.known.get(node);
    if (before !== its) {
      this.upsert.run(node, its);
      this.known.set(node, its);
    }
    if (before !== undefined && before !== its) {
      for (const name of this.integrations.all()) {
        const integration = this.integrations.find(name);
        if (integration !== undefined && integration !== own) this.leave({ integration, system: node, place: before });
      }
    }
    if (own !== undefined && this.former.delete(keyOf(own, node))) this.removeFormer.run(own, node);
  }

  /**
   * The number of the place; of the node itself, where nobody has said which place it is.
   * @param integration whose link or change it is; without it, the place to which the node leads now
   */
  of(system: number, integration?: number): number {
    const former = integration === undefined ? undefined : this.former.get(keyOf(integration, system));
    return former?.place ?? this.known.get(system) ?? system;
  }

  /** All nodes that lead to the place, or did so for some integration. */
  nodes(place: number): number[] {
    const nodes = new Set([place]);
    for (const [node, its] of this.known) if (its === place) nodes.add(node);
    for (const { system, place: its } of this.former.values()) if (its === place) nodes.add(system);
    return [...nodes];
  }

  purge(integration: number): void {
    this.removeFormers.run(integration);
    for (const [key, row] of this.former) if (row.integration === integration) this.former.delete(key);
  }

  commit(): void {}

  rollback(): void {
    this.known.clear();
    this.former.clear();
    for (const { system, place } of this.select.all()) this.known.set(system, place);
    for (const row of this.selectFormer.all()) this.former.set(keyOf(row.integration, row.system), row);
  }

  /** Where it has left before, what is linked is still at the first place. */
  private leave(row: FormerRow): void {
    const key = keyOf(row.integration, row.system);
    if (this.former.has(key)) return;
    this.insertFormer.run(row.integration, row.system, row.place);
    this.former.set(key, row);
  }
}

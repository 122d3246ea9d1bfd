/**
 * Which server a system node leads to. Nodes of one place count as one system across integrations, even after a node
 * was deleted or imported again. A node may get another server's URL later: the links that integrations made through it
 * earlier stay at the old place until the integration works at the new one. Few rows, kept in memory.
 */

import type { FormerRow, Memory, Rows } from '../rows/rows';
import type { Names } from './names';

const keyOf = (integration: number, system: number): string => `${integration} ${system}`;

export class Places implements Memory {
  /** number of a system node's name → number of its place's */
  private readonly known = new Map<number, number>();
  /** the earlier place of a node for an integration, if the node now leads elsewhere */
  private readonly former = new Map<string, FormerRow>();

  constructor(
    private readonly rows: Rows,
    private readonly integrations: Names,
    private readonly names: Names,
  ) {
    this.rollback();
    rows.follow(this);
  }

  /** @param by the integration that works with the node: its links are moved, for example to a server's new URL */
  set(system: string, place: string, by: string): void {
    const [node, its] = [this.names.idOf(system), this.names.idOf(place)];
    const own = this.integrations.find(by);
    const before = this.known.get(node);
    if (before !== its) {
      this.rows.places.set(node, its);
      this.known.set(node, its);
    }
    if (before !== undefined && before !== its) {
      for (const name of this.integrations.all()) {
        const integration = this.integrations.find(name);
        if (integration !== undefined && integration !== own) this.leave({ integration, system: node, place: before });
      }
    }
    if (own !== undefined && this.former.delete(keyOf(own, node))) this.rows.places.removeFormer(own, node);
  }

  /**
   * The number of the place; of the node itself, if its place is unknown.
   * @param integration the owner of the link or change; if absent, the node's current place
   */
  of(system: number, integration?: number): number {
    const former = integration === undefined ? undefined : this.former.get(keyOf(integration, system));
    return former?.place ?? this.known.get(system) ?? system;
  }

  /** The place of the links that the integration made through the node; undefined if unknown. */
  nameOf(system: string, integration: string): string | undefined {
    const [node, own] = [this.names.find(system), this.integrations.find(integration)];
    if (node === undefined) return undefined;
    const former = own === undefined ? undefined : this.former.get(keyOf(own, node));
    const place = former?.place ?? this.known.get(node);
    return place === undefined ? undefined : this.names.nameOf(place);
  }

  /** All nodes that lead to the place, or did so for some integration. */
  nodes(place: number): number[] {
    const nodes = new Set([place]);
    for (const [node, its] of this.known) if (its === place) nodes.add(node);
    for (const { system, place: its } of this.former.values()) if (its === place) nodes.add(system);
    return [...nodes];
  }

  purge(integration: number): void {
    this.rows.places.removeFormers(integration);
    for (const [key, row] of this.former) if (row.integration === integration) this.former.delete(key);
  }

  commit(): void {}

  rollback(): void {
    this.known.clear();
    this.former.clear();
    for (const { system, place } of this.rows.places.all()) this.known.set(system, place);
    for (const row of this.rows.places.formers()) this.former.set(keyOf(row.integration, row.system), row);
  }

  /** If the node has changed its place earlier, the links are still at the first one. */
  private leave(row: FormerRow): void {
    const key = keyOf(row.integration, row.system);
    if (this.former.has(key)) return;
    this.rows.places.addFormer(row);
    this.former.set(key, row);
  }
}

/** What links lead to: the refs of their ends, without versions and baselines, which only a merge needs. */

import type { EntityId, EntityRef, Side } from '../../model/entity';
import type { Counterpart, Moved } from '../store';
import type { Database, Query } from './database';
import type { Names } from './names';
import type { Places } from './places';
import { packUrl, unpackUrl } from './url';

/** One end of a link, as its columns hold it. */
export type RefRow = { entity: string; key: string | null; url: string | null; type: number; project: number };

type Nothing = Record<string, never>;

export function readRef(row: RefRow, names: Names): EntityRef {
  const key = row.key ?? row.entity;
  const url = unpackUrl(row.url, row.entity, key, names);
  const [type, project] = [names.nameOf(row.type), names.nameOf(row.project)];
  return { id: row.entity, key, ...(url === undefined ? {} : { url }), type, project };
}

const columns = (side: Side) =>
  `entity${side} AS entity, key${side} AS key, url${side} AS url, type${side} AS type, project${side} AS project`;
/** From an entity of one side (entity, system) to the other side's system. */
const leading = (select: string, from: Side, to: Side) =>
  `SELECT ${select} FROM links WHERE integration IN (SELECT id FROM integrations)
    AND entity${from} = ? AND system${from} = ? AND system${to} = ?`;
const led = (to: Side) => `id AS link, integration, ${to} AS side, ${columns(to)}`;

export class Refs {
  private readonly ofSide: Record<Side, Query<RefRow>>;
  private readonly leadingTo: Query<RefRow & { link: number; integration: number; side: number }>;
  private readonly update: Record<Side, Query<Nothing>>;

  constructor(
    db: Database,
    private readonly integrations: Names,
    private readonly names: Names,
    private readonly places: Places,
  ) {
    const ofSide = (side: Side) =>
      db.prepare<RefRow>(`SELECT ${columns(side)} FROM links WHERE integration = ? AND entity${side} = ?`);
    this.ofSide = { 1: ofSide(1), 2: ofSide(2) };
    this.leadingTo = db.prepare(`${leading(led(2), 1, 2)} UNION ALL ${leading(led(1), 2, 1)} ORDER BY link`);
    const update = (side: Side) =>
      db.prepare<Nothing>(`
        UPDATE links SET key${side} = ?, url${side} = ?, type${side} = ?, project${side} = ?
        WHERE id = ? AND entity${side} = ?`);
    this.update = { 1: update(1), 2: update(2) };
  }

  /** Of an entity that has a link. */
  of(integration: number, side: Side, entity: EntityId): EntityRef | undefined {
    const row = this.ofSide[side].get(integration, entity);
    return row && readRef(row, this.names);
  }

  /** The oldest link first. */
  counterparts(system: string, entity: EntityId, toward: string): Counterpart[] {
    return this.leading(system, entity, toward)
      .sort((a, b) => a.link - b.link)
      .map((row) => ({
        integration: this.integrations.nameOf(row.integration),
        side: row.side === 1 ? 1 : 2,
        ref: readRef(row, this.names),
      }));
  }

  /** Some link leads from the entity to the system. */
  leads(system: string, entity: EntityId, toward: string): boolean {
    return this.leading(system, entity, toward).length > 0;
  }

  private leading(system: string, entity: EntityId, toward: string) {
    const isAt = (name: string, node: number, integration: number): boolean =>
      this.places.of(node, integration) === this.places.of(this.names.idOf(name));
    return this.ways(system, toward).flatMap(([from, to]) =>
      this.leadingTo
        .all(entity, from, to, entity, from, to)
        .filter(({ integration }) => isAt(system, from, integration) && isAt(toward, to, integration)),
    );
  }

  /** From one system to another, by all nodes of their places. */
  ways(system: string, toward: string): [number, number][] {
    const [from, to] = [this.names.find(system), this.names.find(toward)];
    if (from === undefined || to === undefined) return [];
    const nodes = (node: number) => this.places.nodes(this.places.of(node));
    return nodes(from).flatMap((one) => nodes(to).map((other): [number, number] => [one, other]));
  }

  /** @returns whether there is such an end */
  move({ link, side, ref }: Moved): boolean {
    const key = ref.key === ref.id ? null : ref.key;
    const [type, project] = [this.names.idOf(ref.type), this.names.idOf(ref.project)];
    return this.update[side].run(key, packUrl(ref, this.names), type, project, link, ref.id) > 0;
  }
}

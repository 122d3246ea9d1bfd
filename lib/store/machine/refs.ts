/** The targets of links: the refs of their ends, without versions and baselines, which only a merge needs. */

import type { Entity, EntityId, EntityRef, Side } from '../../model/entity';
import type { LedRow, LinkTable, RefRow } from '../rows/link-tables';
import type { Counterpart, Moved } from '../store';
import { integrationOf, sideOf } from './flow';
import type { Names } from './names';
import type { Places } from './places';
import type { SentEvents } from './sent';
import { packUrl, unpackUrl } from './url';

export function readRef(row: RefRow, names: Names): EntityRef {
  const key = row.key ?? row.entity;
  const url = unpackUrl(row.url, row.entity, key, names);
  const [type, project] = [names.nameOf(row.type), names.nameOf(row.project)];
  return { id: row.entity, key, ...(url === undefined ? {} : { url }), type, project };
}

export class Refs {
  constructor(
    private readonly table: LinkTable,
    private readonly integrations: Names,
    private readonly names: Names,
    private readonly places: Places,
    private readonly sent: SentEvents,
  ) {}

  /** A linked entity in the form of an event without content: its names, and those of its owner. */
  namesOnly(flow: number, entity: EntityId, version: string): Entity | undefined {
    const [integration, side] = [integrationOf(flow), sideOf(flow)];
    const ref = this.of(integration, side, entity);
    const link = this.table.keyBySide(integration, side, entity);
    if (!ref || !link) return undefined;
    const owner = link.owner === null ? undefined : this.table.key(link.owner);
    const its = owner && this.of(integration, side, side === 1 ? owner.entity1 : owner.entity2);
    const names = its ? { ...ref, owner: { id: its.id, key: its.key, type: its.type } } : ref;
    return { ...names, version, updatedAt: new Date(0).toISOString(), fields: {} };
  }

  private of(integration: number, side: Side, entity: EntityId): EntityRef | undefined {
    const row = this.table.ref(integration, side, entity);
    return row && readRef(row, this.names);
  }

  /** The oldest link first. */
  counterparts(system: string, entity: EntityId, toward: string): Counterpart[] {
    return this.leading(system, entity, toward)
      .sort((a, b) => a.link - b.link)
      .map((row) => ({
        integration: this.integrations.nameOf(row.integration),
        side: row.side,
        ref: readRef(row, this.names),
      }));
  }

  /** Some link leads from the entity to the system. */
  leads(system: string, entity: EntityId, toward: string): boolean {
    return this.leading(system, entity, toward).length > 0;
  }

  private leading(system: string, entity: EntityId, toward: string): LedRow[] {
    const isAt = (name: string, node: number, integration: number): boolean =>
      this.places.of(node, integration) === this.places.of(this.names.idOf(name));
    return this.ways(system, toward).flatMap(([from, to]) =>
      this.table
        .leading(from, entity, to)
        .filter(({ integration }) => isAt(system, from, integration) && isAt(toward, to, integration)),
    );
  }

  /** From one system to another, through all nodes of their places. */
  ways(system: string, toward: string): [number, number][] {
    const [from, to] = [this.names.find(system), this.names.find(toward)];
    if (from === undefined || to === undefined) return [];
    const nodes = (node: number) => this.places.nodes(this.places.of(node));
    return nodes(from).flatMap((one) => nodes(to).map((other): [number, number] => [one, other]));
  }

  /** @returns whether there is such an end */
  move({ link, side, ref }: Moved): boolean {
    const { names } = this;
    const url = this.table.key(link)?.owner === null ? packUrl(ref, names) : null;
    this.sent.linkChanged(link);
    const key = ref.key === ref.id ? null : ref.key;
    const [type, project] = [names.idOf(ref.type), names.idOf(ref.project)];
    return this.table.setRef(link, side, { entity: ref.id, key, url, type, project });
  }
}

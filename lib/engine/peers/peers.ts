/**
 * The integrations of one process, as each sees the others. They share systems and a store, so what one has made or carries
 * must not be made or carried a second time by another. Deployed integrations are known by where they lead
 * entities (`know`), started ones also by what they carry now (`join`).
 */

import type { IntegrationConfig } from '../../model/config';
import type { EntityId, EntityRef, Side } from '../../model/entity';
import type { FieldId } from '../../model/values';
import { route } from '../routing';
import { type Led, leadsAlong, type SystemNames } from './paths';

/** An integration as another one sees it. */
export interface Peer {
  readonly config: IntegrationConfig;
  /** Changes of this side are currently read and written to the other one. */
  carriesFrom(side: Side): boolean;
  /** What is read of this side; undefined = it is not known here. */
  relevant(side: Side): { fields: ReadonlySet<FieldId> } | undefined;
  /** What our own account has changed in this side's system is not carried on. */
  ignoresOwn(side: Side): boolean;
  /** Events may be claimed that could not be before. */
  resume(): void;
  /** The parts of these items of a system, by its place, have changed without a sign: they are read soon. */
  lookAt(place: string, owners: EntityId[]): Promise<void>;
}

export class Peers {
  private readonly known = new Map<string, Led>();
  private readonly started = new Map<string, Peer>();
  private count = 0;

  /** An integration is deployed, started or not. @param systems absent = by their nodes alone */
  know(config: IntegrationConfig, systems?: Led['systems']): void {
    this.known.set(config.id, { config, systems });
  }

  /** Unless another one has taken its place. */
  forget(config: IntegrationConfig): void {
    if (this.known.get(config.id)?.config === config) this.known.delete(config.id);
  }

  /** Integrations lead entities of this project and type from one system to the other, one alone or one after the other. */
  lead(system: SystemNames, ref: EntityRef, toward: SystemNames): boolean {
    return leadsAlong([...this.known.values()], system, ref, toward);
  }

  /** How many have begun so far. */
  get joined(): number {
    return this.count;
  }

  join(peer: Peer): void {
    this.count += 1;
    this.started.set(peer.config.id, peer);
  }

  leave(peer: Peer): void {
    if (this.started.get(peer.config.id) === peer) this.started.delete(peer.config.id);
  }

  get(id: string): Peer | undefined {
    return this.started.get(id);
  }

  /** Links were stored: changes of any integration that waited for one of them may continue. */
  linked(): void {
    for (const peer of [...this.started.values()]) peer.resume();
  }

  /** @see Peer.lookAt */
  async lookAt(by: IntegrationConfig, place: string, owners: EntityId[]): Promise<void> {
    for (const peer of [...this.started.values()]) if (peer.config.id !== by.id) await peer.lookAt(place, owners);
  }

  /** Something has ended for which an event of another integration may have waited. */
  settled(by: Peer): void {
    if (this.started.size < 2) return;
    for (const peer of this.started.values()) if (peer !== by) peer.resume();
  }
}

/** True if a change of the entity on this side is carried by the integration. */
export function carries(peer: Peer, side: Side, entity: EntityRef): boolean {
  return peer.carriesFrom(side) && route(peer.config, side, entity) !== undefined;
}

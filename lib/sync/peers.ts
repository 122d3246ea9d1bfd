/**
 * The integrations of one process, as each sees the others. They share systems and a store, so what one has made or carries
 * must not be made or carried a second time by another.
 */

import type { IntegrationConfig } from '../model/config';
import type { EntityRef, Side } from '../model/entity';
import type { FieldId } from '../model/values';
import { route } from './pairs';

/** An integration as another one sees it. */
export interface Peer {
  readonly config: IntegrationConfig;
  /** Changes of this side are read and written to the other one, at present. */
  carriesFrom(side: Side): boolean;
  /** What is read of this side; undefined = it is not known here. */
  relevant(side: Side): { fields: ReadonlySet<FieldId> } | undefined;
  /** What our own account has changed in this side's system is not carried on. */
  ignoresOwn(side: Side): boolean;
  /** Events may be claimed that could not be before. */
  resume(): void;
}

export class Peers {
  private readonly all = new Map<string, Peer>();
  private count = 0;

  /** How many have begun so far. */
  get joined(): number {
    return this.count;
  }

  join(peer: Peer): void {
    this.count += 1;
    this.all.set(peer.config.id, peer);
  }

  leave(peer: Peer): void {
    if (this.all.get(peer.config.id) === peer) this.all.delete(peer.config.id);
  }

  get(id: string): Peer | undefined {
    return this.all.get(id);
  }

  /** Something has ended for which an event of another integration may have waited. */
  settled(by: Peer): void {
    if (this.all.size < 2) return;
    for (const peer of this.all.values()) if (peer !== by) peer.resume();
  }
}

/** True where a change of the entity on this side is carried by the integration. */
export function carries(peer: Peer, side: Side, entity: EntityRef): boolean {
  return peer.carriesFrom(side) && route(peer.config, side, entity) !== undefined;
}

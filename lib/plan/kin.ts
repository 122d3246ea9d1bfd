/**
 * What the writer would link instead of making it, and what it would leave to other integrations: asked as the writer asks
 * (lib/sync/elsewhere.ts, named.ts), of links that are stored and of systems that are only read.
 */

import type { IntegrationConfig } from '../model/config';
import { type Entity, type EntityRef, refOf, type Side } from '../model/entity';
import type { SyncMessage } from '../model/message';
import type { FieldId, Fields } from '../model/values';
import type { Link, LinkEnd, Store, StoredEvent } from '../store/store';
import { markerOf } from '../sync/create';
import { isElsewhere, type KinAsking, kinshipOf } from '../sync/elsewhere';
import { isFree, type NameAsking, named } from '../sync/named';
import type { Peers } from '../sync/peers';
import type { ReadingConnection } from './reading';

/** What a plan may know of the other integrations. */
export interface Others {
  peers: Pick<Peers, 'get'>;
  /** which server a system node leads to; its own id where nobody knows */
  placeOf(node: string): string;
}

export type LinkStore = Pick<Store, 'linksOf' | 'counterparts'> &
  Partial<Pick<Store, 'kinOf' | 'linksBySystem' | 'doubt'>>;

export interface KinInput {
  config: IntegrationConfig;
  connections: readonly [ReadingConnection, ReadingConnection];
  store?: LinkStore;
  others?: Others;
  relevant(side: Side): { fields: ReadonlySet<FieldId> } | undefined;
}

const TARGET = 'the target';
const NOBODY: Others = { peers: { get: () => undefined }, placeOf: (node) => node };

export class PlannedKin {
  private readonly asking: KinAsking & NameAsking;
  private readonly store: LinkStore | undefined;
  private doubt: Promise<string | undefined> | undefined;

  constructor({ config, connections, store, others = NOBODY, relevant }: KinInput) {
    this.store = store;
    this.asking = {
      config,
      store: {
        kinOf: async (system, entity, by) => (await store?.kinOf?.(system, entity, by)) ?? [],
        linksBySystem: async (system, entity) => (await store?.linksBySystem?.(system, entity)) ?? [],
      },
      peers: others.peers,
      system: (side) => {
        const id = side === 1 ? config.system1 : config.system2;
        const connection = connections[side === 1 ? 0 : 1];
        return { id, place: others.placeOf(id), connection: () => connection, call: (use) => use(connection) };
      },
      relevant,
    };
  }

  /** Why the change would be left to other integrations; undefined where it would not. @throws StoreError */
  passed(event: StoredEvent): Promise<string | undefined> {
    return isElsewhere(this.asking, event, TARGET);
  }

  /**
   * The link that would be stored instead of a create: to kin, or to what names the entity or is named by it.
   * @param replaces a link whose counterpart is gone
   * @throws SyncError – a system can't be asked; StoreError
   */
  async linkFor(event: StoredEvent, message: SyncMessage, replaces?: number): Promise<Link | undefined> {
    const kin = await kinshipOf(this.asking, event, replaces);
    if (kin.kind === 'counterpart') return this.link(event, kin.baselines.source, kin.ref, kin.baselines.target);
    // without a store nothing is known to be linked with somebody else
    if (kin.kind !== 'none' || !this.store) return undefined;
    const { entity, flow } = event;
    const marker = (await this.isInDoubt(entity)) ? markerOf(event) : undefined;
    const one = { entity, side: flow.side, target: message.sync.target, replaces, marker };
    for (const found of await named(this.asking, one)) {
      if (await isFree(this.asking, one, found)) return this.link(event, {}, found, {});
    }
    return undefined;
  }

  /** The store may have forgotten what it made. */
  private async isInDoubt({ createdAt }: Entity): Promise<boolean> {
    this.doubt ??= Promise.resolve(this.store?.doubt?.());
    const until = await this.doubt;
    return until !== undefined && (createdAt === undefined || createdAt <= until);
  }

  private link({ entity, flow: { side } }: StoredEvent, source: Fields, ref: EntityRef, target: Fields): Link {
    const { config } = this.asking;
    const own: LinkEnd = { system: this.asking.system(side).id, ref: refOf(entity), version: '', baseline: source };
    const system = this.asking.system(side === 1 ? 2 : 1).id;
    const theirs: LinkEnd = { system, ref: refOf(ref), version: '', baseline: target };
    return { id: 0, integration: config.id, ends: side === 1 ? [own, theirs] : [theirs, own] };
  }
}

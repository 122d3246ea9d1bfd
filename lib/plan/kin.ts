/**
 * What the writer would link instead of making it, and what it would leave to other integrations: asked as the writer asks
 * (lib/engine/peers/elsewhere.ts, named.ts), of links that are stored and of systems that are only read.
 */

import type { Identity } from '../connectors/connector';
import { StoreDoubt } from '../engine/doubt';
import type { FrameAsking } from '../engine/frames';
import { isElsewhere, type KinAsking, kinshipOf } from '../engine/peers/elsewhere';
import type { Peers } from '../engine/peers/peers';
import { writeScope } from '../engine/routing';
import { adoptedBases, differingReason, lookUpOutcome } from '../engine/write/adopting';
import { markerOf } from '../engine/write/adoption';
import type { Change, Decided } from '../engine/write/change';
import { KnownParts, type PartAsking, type PartSystem, type RecognizedPart } from '../engine/write/known-parts';
import { LookUps, lookUpRule, type Sought } from '../engine/write/look-up';
import { isFree, named } from '../engine/write/named';
import type { NameAsking } from '../engine/write/named-batch';
import { type IntegrationConfig, systemOf } from '../model/config';
import { type Entity, type EntityRef, refOf, type Side } from '../model/entity';
import type { SyncMessage } from '../model/message';
import { atSide, eachSide, inOrder, otherSide, type Sides } from '../model/sides';
import type { FieldId, Fields } from '../model/values';
import type { KinIndex, Link, LinkEnd, Links, StoredEvent, Upkeep } from '../store/store';
import type { ReadingConnection } from './reading';

/** What a plan may know of the other integrations. */
export interface Others {
  peers: Pick<Peers, 'get' | 'lead'>;
  /** which server a system node leads to; its own id where nobody knows */
  placeOf(node: string): string;
}

export type LinkStore = Pick<Links, 'linksOf' | 'counterparts'> &
  Partial<Pick<Links, 'linksBySystem' | 'partLinks'> & Pick<KinIndex, 'kinOf'> & Pick<Upkeep, 'doubt'>>;

export interface KinInput {
  config: IntegrationConfig;
  connections: readonly [ReadingConnection, ReadingConnection];
  store?: LinkStore;
  others?: Others;
  relevant(side: Side): { fields: ReadonlySet<FieldId> } | undefined;
}

/** A part as it goes on, and the link that would be stored. */
export interface JoinedPart {
  change: Change;
  link: Link;
}

const TARGET = 'the target';
const NOBODY: Others = { peers: { get: () => undefined, lead: () => false }, placeOf: (node) => node };

export class PlannedKin {
  private readonly asking: KinAsking & NameAsking & Pick<PartAsking, 'store'> & { systems: Sides<PartSystem> };
  private readonly parts = new Map<Side, Promise<KnownParts>>();
  private readonly store: LinkStore | undefined;
  private doubt: Promise<StoreDoubt> | undefined;
  /** items of the targets that the plan has linked already, and with which: none is taken twice */
  private readonly taken = new Map<string, string>();

  constructor({ config, connections, store, others = NOBODY, relevant }: KinInput) {
    this.store = store;
    this.asking = {
      config,
      store: {
        kinOf: async (system, entity, by) => (await store?.kinOf?.(system, entity, by)) ?? [],
        linksBySystem: async (system, entity) => (await store?.linksBySystem?.(system, entity)) ?? [],
        linksOf: async (integration, side, ids) =>
          (await store?.linksOf(integration, side, ids)) ?? ids.map(() => undefined),
      },
      peers: others.peers,
      systems: eachSide((side) => {
        const id = systemOf(config, side);
        const connection = atSide(connections, side);
        const name = `System ${side}`;
        let identity: Promise<Identity> | undefined;
        return {
          ...{ id, name, place: others.placeOf(id), connection: () => connection, call: (use) => use(connection) },
          identity: () => {
            identity ??= connection.identify();
            return identity;
          },
        };
      }),
      relevance: { of: relevant },
    };
  }

  /** By what author lines of comments are recognized. */
  get frames(): FrameAsking {
    return this.asking;
  }

  /** Why the change would be left to other integrations; undefined if it would not. @throws StoreError */
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
    const { entity, flow } = event;
    // without a store nothing is known to be linked with somebody else; no field of a part shows its counterpart
    if (kin.kind !== 'none' || !this.store || entity.owner) return undefined;
    const marker = (await this.inDoubt()).has(entity) ? markerOf(event) : undefined;
    const one = { entity, side: flow.side, target: message.sync.target, replaces, marker };
    for (const found of await named(this.asking, one)) {
      if (await isFree(this.asking, one, found)) return this.link(event, {}, found, {});
    }
    return undefined;
  }

  /** What is looked up for a batch of creates: asked for together. */
  lookUps(all: () => readonly Sought[]): LookUps {
    return new LookUps(this.asking, all);
  }

  /**
   * What the integration's look-up makes of a create: the link that would be stored, or that it is left out or parked.
   * @param change mapped, without a counterpart
   * @throws SyncError – it cannot be told
   */
  async lookedUp(
    { event, message }: Pick<Change, 'event' | 'message'>,
    lookUps: LookUps,
  ): Promise<
    | { link: Link; note?: string }
    | { do: 'skip' | 'park'; reason: string; fields?: Record<FieldId, string> }
    | undefined
  > {
    const { entity, flow } = event;
    const rule = entity.owner ? undefined : lookUpRule(this.asking.config, message);
    if (!rule) return undefined;
    const free: Entity[] = [];
    const one = { entity, side: flow.side, target: message.sync.target };
    for (const found of await lookUps.of(rule, { entity, side: flow.side, message })) {
      const by = this.taken.get(`${flow.side} ${found.id}`);
      if ((by === undefined || by === entity.id) && (await isFree(this.asking, one, found))) free.push(found);
    }
    const outcome = lookUpOutcome(rule, free, TARGET);
    switch (outcome.do) {
      case 'create':
        return undefined;
      case 'skip':
      case 'park':
        return outcome;
      case 'adopt': {
        const { found, note } = outcome;
        const bases = adoptedBases(rule.differing, message, entity, found);
        if (rule.differing === 'park' && bases.differing.length > 0) {
          const reason = differingReason(found, TARGET, bases.differing);
          return { do: 'park', reason, fields: Object.fromEntries(bases.differing.map((field) => [field, 'differs'])) };
        }
        this.taken.set(`${flow.side} ${found.id}`, entity.id);
        return { link: this.link(event, bases.source, found, bases.target), ...(note !== undefined && { note }) };
      }
    }
  }

  /**
   * What a part is joined with, or why it gets no counterpart, if the store has forgotten it.
   * @throws SyncError – a system can't be asked; StoreError
   */
  async partFor(decided: Decided): Promise<JoinedPart | { reason: string } | undefined> {
    const known = await (await this.partsOf(decided)).of(decided);
    return known?.is === 'counterpart' ? this.joined(known) : known;
  }

  /**
   * What a comment is joined with that is internal now, and would be left out, if the store has forgotten it.
   * @throws SyncError – a system can't be asked; StoreError
   */
  async madeBefore(decided: Decided): Promise<JoinedPart | undefined> {
    const known = await (await this.partsOf(decided)).recognized(decided);
    return known?.is === 'counterpart' ? this.joined(known) : undefined;
  }

  private joined({ change, entity, baselines, made }: RecognizedPart): JoinedPart {
    const link = this.link(change.event, baselines.source, entity, baselines.target);
    return { change, link: { ...link, ...(made && { made }) } };
  }

  private partsOf({ change }: Decided): Promise<KnownParts> {
    const { side } = change.event.flow;
    const parts = this.parts.get(side) ?? this.partsFrom(side);
    this.parts.set(side, parts);
    return parts;
  }

  private async partsFrom(side: Side): Promise<KnownParts> {
    const { config, store, systems } = this.asking;
    const targetSide = otherSide(side);
    const way = { side, targetSide, source: systems[side], target: systems[targetSide] };
    return new KnownParts(
      { config, store, doubt: await this.inDoubt() },
      way,
      (at, ids) => systems[at].call((connection) => connection.read(writeScope(config, at), ids)),
      // no plan is worth reading whole files: size and name have to do
      async (_file, among) => among[0],
    );
  }

  /** The store may have forgotten what it made. */
  private inDoubt(): Promise<StoreDoubt> {
    this.doubt ??= Promise.resolve(this.store?.doubt?.()).then((until) => Object.assign(new StoreDoubt(), { until }));
    return this.doubt;
  }

  private link({ entity, flow: { side } }: StoredEvent, source: Fields, ref: EntityRef, target: Fields): Link {
    const { config } = this.asking;
    const own: LinkEnd = { system: this.asking.systems[side].id, ref: refOf(entity), version: '', baseline: source };
    const system = this.asking.systems[otherSide(side)].id;
    const theirs: LinkEnd = { system, ref: refOf(ref), version: '', baseline: target };
    return { id: 0, integration: config.id, ends: inOrder(side, own, theirs) };
  }
}

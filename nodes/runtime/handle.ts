/** An integration for its nodes, from its deploy to the next one, whether or not its store can be opened. */

import type { Connection, ReadResult } from '../../lib/connectors/connector';
import type { IntegrationEvents } from '../../lib/engine/context';
import { Integration } from '../../lib/engine/integration';
import type { Peers } from '../../lib/engine/peers/peers';
import type { Relevant } from '../../lib/engine/relevance';
import type { System } from '../../lib/engine/system';
import { systemClock } from '../../lib/model/clock';
import { type IntegrationConfig, systemOf } from '../../lib/model/config';
import { type Direction, directionFrom, type EntityId, type Side } from '../../lib/model/entity';
import type { SyncError } from '../../lib/model/errors';
import type { SyncMessage, SyncResult } from '../../lib/model/message';
import { isObject } from '../../lib/model/shape';
import { eachSide } from '../../lib/model/sides';
import type { LookupValue } from '../../lib/model/values';
import type { StepHost, UserDirectory } from '../../lib/steps';
import { addressesInTarget, lookUpTable, peopleRules } from '../../lib/steps/lent-tables';
import { QueryMembers } from '../../lib/steps/query-members';
import { ReadTogether } from '../../lib/steps/read-together';
import type { EngineStore, Link, StoredEvent, StoreError } from '../../lib/store/store';
import { Patience } from '../shared/patience';

/** The part of an integration that the nodes between poller and writer need. */
export interface IntegrationRuntime extends StepHost {
  readonly config: IntegrationConfig;
  /** Declares which source fields a mapper reads on each side; call it in the node's constructor. */
  declare(nodeId: string, relevant: Record<Side, Relevant>): void;
  /** Call when the node closes. */
  withdraw(nodeId: string): void;
  /** Finishes the message's event without effect (filtered out). */
  skip(message: SyncMessage, reason: string): Promise<void>;
  /** The message's event failed in a node (its id, if known): counts the attempt, and retries later or parks. */
  fail(message: SyncMessage, error: unknown, node?: string): Promise<void>;
}

/** The part of the host that an integration's handle needs. */
export interface HandleHost {
  readonly peers: Peers;
  /** @throws StoreError */
  store(): Promise<EngineStore>;
  /** @throws SyncError if there is no such system node */
  systemEntry(id: string): { system: System; users: UserDirectory };
}

/**
 * Why an active integration waits: another one does the same, the store no longer knows what it has created, or a
 * system node leads to a server other than the one with which it is linked.
 */
export type Held =
  | { why: 'same'; by: string }
  | { why: 'store' }
  | { why: 'moved'; system: string; from: string; to: string };

/** A message that never reached a writer. */
export interface Lost {
  side: Side;
  error: SyncError;
  parked: boolean;
}

/** A configured integration for its nodes; its engine part starts once the store is open. */
export class IntegrationHandle implements IntegrationRuntime {
  readonly config: IntegrationConfig;
  /**
   * The engine's part. If the store cannot be opened now, that is tried again and reported by `onStoreFault`. Rejects
   * if trying again is pointless, or if a system is missing.
   */
  readonly ready: Promise<Integration>;
  private readonly patience = new Patience(systemClock);
  private readonly faultListeners = new Set<(fault: StoreError) => void>();
  private fault: StoreError | undefined;
  private readonly host: HandleHost;
  private readonly declarations = new Map<string, Record<Side, Relevant>>();
  private readonly withdrawn = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private readonly skipListeners = new Set<(result: SyncResult) => void>();
  private readonly lostListeners = new Set<(lost: Lost) => void>();
  private readonly heldListeners = new Set<(held: Held) => void>();
  private readonly reads = eachSide((side) => new ReadTogether(async (ids) => (await this.atOnce()).read(side, ids)));
  private readonly queried = new QueryMembers(async (side, query, ids) =>
    (await this.atOnce()).inQuery(side, query, ids),
  );
  private running: Integration | undefined;
  private workers = 0;
  private resting: Held | undefined;

  constructor(host: HandleHost, config: IntegrationConfig, events: IntegrationEvents) {
    this.host = host;
    this.config = config;
    this.ready = this.open(events);
    // a node that waits for it reports the failure; without one nobody needs it
    this.ready.catch(() => undefined);
  }

  private async open(events: IntegrationEvents): Promise<Integration> {
    const systems = [
      this.host.systemEntry(this.config.system1).system,
      this.host.systemEntry(this.config.system2).system,
    ] as const;
    const store = await this.patience.open(
      () => this.host.store(),
      (fault) => {
        this.fault = fault;
        for (const listener of this.faultListeners) listener(fault);
      },
    );
    this.fault = undefined;
    const integration = new Integration(this.config, systems, store, systemClock, events, this.host.peers, (side) =>
      peopleRules(this.config.id, directionFrom(side)),
    );
    integration.hold(this.resting?.why);
    await integration.start();
    for (const [node, relevant] of this.declarations) integration.declare(node, relevant);
    this.running = integration;
    return integration;
  }

  /** For callers that cannot wait until the store can be opened. @throws StoreError if the last attempt failed */
  async atOnce(): Promise<Integration> {
    if (this.fault) throw this.fault;
    return this.ready;
  }

  /** Called whenever the store could not be opened and will be tried again. Returns a function to stop listening. */
  onStoreFault(listener: (fault: StoreError) => void): () => void {
    this.faultListeners.add(listener);
    return () => this.faultListeners.delete(listener);
  }

  connection(side: Side): Connection {
    return this.host.systemEntry(systemOf(this.config, side)).system.connection();
  }

  users(side: Side): UserDirectory {
    return this.host.systemEntry(systemOf(this.config, side)).users;
  }

  mayAsk(side: Side): boolean {
    const { system } = this.host.systemEntry(systemOf(this.config, side));
    return system.pauseLeft() === 0;
  }

  async linkOf(side: Side, entity: EntityId): Promise<Link | undefined> {
    return (await this.atOnce()).store.linkOf(this.config.id, side, entity);
  }

  read(side: Side, entity: EntityId): Promise<ReadResult> {
    return this.reads[side].of(entity);
  }

  inQuery(side: Side, query: string, entity: EntityId): Promise<boolean> {
    return this.queried.has(side, query, entity);
  }

  addresses(direction: Direction, email: string): string[] {
    return addressesInTarget(this.config.id, direction, email);
  }

  lookUp(direction: Direction, table: string, value: unknown): LookupValue | null {
    return lookUpTable(this.config.id, direction, table, value);
  }

  declare(nodeId: string, relevant: Record<Side, Relevant>): void {
    this.withdrawn.delete(nodeId);
    this.declarations.set(nodeId, relevant);
    this.running?.declare(nodeId, relevant);
  }

  /**
   * Takes effect when the deploy that closes the node is over. Until its successor has declared its rows, a change of
   * their fields must not count as unmapped.
   */
  withdraw(nodeId: string): void {
    this.withdrawn.add(nodeId);
  }

  /** A poller or a writer uses the integration. Returns a function to undo this. */
  use(): () => void {
    this.workers += 1;
    let once = true;
    return () => {
      if (once) this.workers -= 1;
      once = false;
    };
  }

  /** Some poller or writer uses it: not all of its nodes are on disabled tabs. */
  get isUsed(): boolean {
    return this.workers > 0;
  }

  /** Why it waits although it is active; undefined if it works. */
  get held(): Held | undefined {
    return this.resting;
  }

  hold(held: Held | undefined): void {
    if (JSON.stringify(held) === JSON.stringify(this.resting)) return;
    this.resting = held;
    this.running?.hold(held?.why);
    if (held) for (const listener of this.heldListeners) listener(held);
    this.progressed();
  }

  /** Called when it is held. */
  onHeld(listener: (held: Held) => void): void {
    this.heldListeners.add(listener);
  }

  /** Called when a status line may be out of date. Returns a function to stop listening. */
  onProgress(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Called for each message lost in the flow: no node has it, so none can report it. Returns a function to stop. */
  onLost(listener: (lost: Lost) => void): () => void {
    this.lostListeners.add(listener);
    return () => this.lostListeners.delete(listener);
  }

  /** Called for each change that a user skipped: a writer reports it. Returns a function to stop. */
  onSkipped(listener: (result: SyncResult) => void): () => void {
    this.skipListeners.add(listener);
    return () => this.skipListeners.delete(listener);
  }

  /** One writer of the integration is enough to report it. */
  skipped(result: SyncResult): void {
    const [first] = this.skipListeners;
    first?.(result);
  }

  failed(event: StoredEvent, error: SyncError, parked: boolean): void {
    const now = systemClock.now();
    if (now - (event.sentAt ?? now) < this.config.lostAfterMs) return;
    for (const listener of this.lostListeners) listener({ side: event.flow.side, error, parked });
  }

  progressed(): void {
    for (const listener of this.listeners) listener();
  }

  settleDeclarations(): void {
    for (const nodeId of this.withdrawn) {
      this.declarations.delete(nodeId);
      this.running?.withdraw(nodeId);
    }
    this.withdrawn.clear();
  }

  async skip(message: SyncMessage, reason: string): Promise<void> {
    await (await this.atOnce()).skip(message, reason);
  }

  async fail(message: SyncMessage, error: unknown, node?: string): Promise<void> {
    // users see the stored payload as fields, whatever a node has made of it
    const whole = isObject(message.payload) ? message : { ...message, payload: {} };
    await (await this.atOnce()).fail(whole, error, node);
  }

  async stop(): Promise<void> {
    this.patience.stop();
    const integration = await this.ready.catch(() => undefined);
    await integration?.stop();
  }
}

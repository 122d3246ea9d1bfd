/** An integration as its nodes see it, from its deploy to the next one, whether its store can be opened or not. */

import type { Connection } from '../../lib/connectors/connector';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Direction, EntityId, Side } from '../../lib/model/entity';
import type { SyncError } from '../../lib/model/errors';
import type { SyncMessage, SyncResult } from '../../lib/model/message';
import type { LookupValue } from '../../lib/model/values';
import type { StepHost, UserDirectory } from '../../lib/steps';
import type { Link, StoredEvent, StoreError } from '../../lib/store/store';
import { systemClock } from '../../lib/sync/clock';
import type { Relevant } from '../../lib/sync/events';
import { Integration, type IntegrationEvents } from '../../lib/sync/integration';
import { addressesInTarget, lookUpTable } from '../value-mapper/lookup-tables';
import { isObject } from './connect';
import type { Host } from './host';
import { Patience } from './patience';

/** What the nodes between poller and writer need of an integration. */
export interface IntegrationRuntime extends StepHost {
  readonly config: IntegrationConfig;
  /** Tells which source fields a mapper reads on each side; call in the node's constructor. */
  declare(nodeId: string, relevant: Record<Side, Relevant>): void;
  /** Call when the node closes. */
  withdraw(nodeId: string): void;
  /** Finishes the message's event without effect (filtered out). */
  skip(message: SyncMessage, reason: string): Promise<void>;
  /** The message's event failed in a node (its id, if known): counts the attempt, tries again later or parks. */
  fail(message: SyncMessage, error: unknown, node?: string): Promise<void>;
}

/** Why an active integration rests: another one does the same, or the store no longer knows what it has made. */
export type Held = { why: 'same'; by: string } | { why: 'store' };

/** A message that never reached a writer. */
export interface Lost {
  side: Side;
  error: SyncError;
  parked: boolean;
}

/** A configured integration as its nodes see it; its engine part starts once the store is open. */
export class IntegrationHandle implements IntegrationRuntime {
  readonly config: IntegrationConfig;
  /**
   * The engine's part. A store that can't be opened now is tried again, which `onStoreFault` tells of; rejects where that
   * is of no use, and where a system is missing.
   */
  readonly ready: Promise<Integration>;
  private readonly patience = new Patience(systemClock);
  private readonly faultListeners = new Set<(fault: StoreError) => void>();
  private fault: StoreError | undefined;
  private readonly host: Host;
  private readonly declarations = new Map<string, Record<Side, Relevant>>();
  private readonly withdrawn = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private readonly skipListeners = new Set<(result: SyncResult) => void>();
  private readonly lostListeners = new Set<(lost: Lost) => void>();
  private readonly heldListeners = new Set<(held: Held) => void>();
  private running: Integration | undefined;
  private workers = 0;
  private resting: Held | undefined;

  constructor(host: Host, config: IntegrationConfig, events: IntegrationEvents) {
    this.host = host;
    this.config = config;
    this.ready = this.open(events);
    // a node that waits for it reports the failure; without one there is nobody to tell
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
    const integration = new Integration(
      this.config,
      systems,
      store,
      systemClock,
      events,
      this.host.neighbours,
      this.host.peers,
    );
    integration.hold(this.resting?.why);
    await integration.start();
    for (const [node, relevant] of this.declarations) integration.declare(node, relevant);
    this.running = integration;
    return integration;
  }

  /** For who can't wait until the store can be opened. @throws StoreError – it could not, the last time it was tried */
  async atOnce(): Promise<Integration> {
    if (this.fault) throw this.fault;
    return this.ready;
  }

  /** Called whenever the store could not be opened and will be tried again. Returns how to stop listening. */
  onStoreFault(listener: (fault: StoreError) => void): () => void {
    this.faultListeners.add(listener);
    return () => this.faultListeners.delete(listener);
  }

  connection(side: Side): Connection {
    return this.host.systemEntry(side === 1 ? this.config.system1 : this.config.system2).system.connection();
  }

  users(side: Side): UserDirectory {
    return this.host.systemEntry(side === 1 ? this.config.system1 : this.config.system2).users;
  }

  mayAsk(side: Side): boolean {
    const { system } = this.host.systemEntry(side === 1 ? this.config.system1 : this.config.system2);
    return system.pauseLeft() === 0;
  }

  async linkOf(side: Side, entity: EntityId): Promise<Link | undefined> {
    return (await this.atOnce()).store.linkOf(this.config.id, side, entity);
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
   * Takes effect when the deploy that closes the node is over: until its successor has declared its rows, a change of
   * their fields must not be taken for one that nobody maps.
   */
  withdraw(nodeId: string): void {
    this.withdrawn.add(nodeId);
  }

  /** A poller or a writer works for it. Returns how to take it back. */
  use(): () => void {
    this.workers += 1;
    let once = true;
    return () => {
      if (once) this.workers -= 1;
      once = false;
    };
  }

  /** Some poller or writer works for it: not all of its nodes are on disabled tabs. */
  get isUsed(): boolean {
    return this.workers > 0;
  }

  /** Why it rests although it is active; undefined where it goes. */
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

  /** Called when a status line may be out of date. Returns how to stop listening. */
  onProgress(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Called for each message that was lost on its way: no node has it any more, so none can report it. Returns how to stop. */
  onLost(listener: (lost: Lost) => void): () => void {
    this.lostListeners.add(listener);
    return () => this.lostListeners.delete(listener);
  }

  /** Called for each change that a person skipped: a writer reports it. Returns how to stop. */
  onSkipped(listener: (result: SyncResult) => void): () => void {
    this.skipListeners.add(listener);
    return () => this.skipListeners.delete(listener);
  }

  /** One writer of the integration is enough to say so. */
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
    // what is stored for a person to look at is fields, whatever a node has made of the payload
    const whole = isObject(message.payload) ? message : { ...message, payload: {} };
    await (await this.atOnce()).fail(whole, error, node);
  }

  async stop(): Promise<void> {
    this.patience.stop();
    const integration = await this.ready.catch(() => undefined);
    await integration?.stop();
  }
}

/**
 * What the nodes of one Node-RED share: the store, the systems and the integrations. The nodes are thin: each asks the
 * host for its integration and calls it. The host lives from the first Twinflow node to the last one, so that a full
 * deploy closes the store in order.
 */

import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import type { Connection } from '../../lib/connectors/connector';
import type { RequestGate } from '../../lib/connectors/http/options';
import { connectorOf, connectors } from '../../lib/connectors/registry';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Direction, EntityId, Side } from '../../lib/model/entity';
import { asSyncError, SyncError } from '../../lib/model/errors';
import type { SyncMessage, SyncResult } from '../../lib/model/message';
import type { LookupValue } from '../../lib/model/values';
import type { StepHost, UserDirectory } from '../../lib/steps';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Link, Store, StoredEvent } from '../../lib/store/store';
import type { BudgetLimits } from '../../lib/sync/budget';
import { systemClock } from '../../lib/sync/clock';
import type { Relevant } from '../../lib/sync/events';
import { Integration, type IntegrationEvents } from '../../lib/sync/integration';
import { System } from '../../lib/sync/system';
import { type UserQuery, Users } from '../../lib/sync/users';
import { adminServices, registerAdminRoutes } from '../admin';
import { registerMappingFileRoutes } from '../admin/mapping-files';
import { registerOperations } from '../admin/operations';
import { registerSandboxPage } from '../sandbox-page';
import { addressesInTarget, lookUpTable } from '../value-mapper/lookup-tables';
import { connectSystem, isObject, type SystemSettings } from './connect';
import { DeployChecks } from './deploy-checks';

/** Connections to one host, where the system's budget does not ask for more. */
const SOCKETS = 8;

/** Emitted on RED.events with a SyncResult for each change event that has landed. */
export const LANDED = 'twinflow:landed';

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

interface SystemEntry {
  system: System;
  users: Users;
}

/** The part of settings.js that is ours: `twinflow: { store: '/path/to/file.sqlite' }`. */
interface Settings {
  userDir?: string;
  twinflow?: { store?: string };
}

export class Host {
  private readonly RED: NodeAPI;
  private readonly systems = new Map<string, SystemEntry>();
  private readonly integrations = new Map<string, IntegrationHandle>();
  /** what mappers are told of the systems after a deploy */
  readonly checks = new DeployChecks((id) => this.integrations.get(id));
  private opening: Promise<Store> | undefined;
  private users = 0;
  /** resolves when all flows of the deploy under way have started */
  private started: Promise<void> | undefined;

  constructor(RED: NodeAPI) {
    this.RED = RED;
    RED.events.on('flows:started', () => {
      this.checks.deployed();
      for (const integration of this.integrations.values()) integration.settleDeclarations();
    });
  }

  get dataFolder(): string {
    return (this.RED.settings as Settings).userDir ?? process.cwd();
  }

  /** The store, opened at first use. @throws StoreError */
  store(): Promise<Store> {
    if (this.opening) return this.opening;
    const file = process.env.TWINFLOW_STORE || (this.RED.settings as Settings).twinflow?.store;
    const opening = openSqliteStore({ file: file || join(this.dataFolder, 'twinflow.sqlite') });
    this.opening = opening;
    opening.catch(() => {
      this.opening = undefined;
    });
    return opening;
  }

  acquire(): void {
    this.users += 1;
  }

  /** Closes the store when the last node has gone. */
  async release(): Promise<void> {
    this.users -= 1;
    if (this.users > 0 || !this.opening) return;
    const opening = this.opening;
    this.opening = undefined;
    const store = await opening.catch(() => undefined);
    await store?.close();
  }

  addSystem(id: string, name: string, settings: SystemSettings, ignoreOwn: boolean, limits: BudgetLimits = {}): System {
    const { RED, dataFolder } = this;
    const open = (gate: RequestGate) => {
      try {
        const http = { gate, maxSockets: Math.max(SOCKETS, limits.maxConcurrent ?? 0) };
        return connectSystem(RED.nodes, connectorOf, settings, { dataFolder, http });
      } catch (thrown) {
        // it says nothing about the entity at hand: all wait, none is parked, until the system node is put right
        const error = asSyncError(thrown);
        throw new SyncError('auth', `System "${name}" cannot be used: ${error.message}`, error.detail);
      }
    };
    const system = new System(id, name, open, systemClock, ignoreOwn, limits);
    const ask = (query: UserQuery) => system.call(async (connection) => connection.users?.(query) ?? []);
    this.systems.set(id, { system, users: new Users(ask, systemClock) });
    return system;
  }

  async removeSystem(system: System): Promise<void> {
    if (this.systems.get(system.id)?.system === system) this.systems.delete(system.id);
    await system.close();
  }

  systemEntry(id: string): SystemEntry {
    const entry = this.systems.get(id);
    if (!entry) throw new SyncError('fatal', 'The integration has no System 1 or System 2: choose both and deploy');
    return entry;
  }

  /** What limits the requests to a deployed system. */
  budgetOf(id: string): RequestGate | undefined {
    return this.systems.get(id)?.system.budget;
  }

  /** @param warn hears of what no message stands for: counterparts that cannot be shown */
  addIntegration(config: IntegrationConfig, warn: (text: string) => void = () => undefined): IntegrationHandle {
    const handle: IntegrationHandle = new IntegrationHandle(this, config, {
      landed: (result: SyncResult) => {
        this.RED.events.emit(LANDED, result);
      },
      skipped: (result) => handle.skipped(result),
      progress: () => handle.progressed(),
      unshown: (_side, count, { message }) => warn(count > 1 ? `${message} (and ${count - 1} more)` : message),
      failed: (event, error, parked) => handle.failed(event, error, parked),
    });
    this.integrations.set(config.id, handle);
    return handle;
  }

  async removeIntegration(handle: IntegrationHandle): Promise<void> {
    if (this.integrations.get(handle.config.id) === handle) this.integrations.delete(handle.config.id);
    await handle.stop();
  }

  /** All deployed integrations. */
  allIntegrations(): IntegrationHandle[] {
    return [...this.integrations.values()];
  }

  integration(id: string): IntegrationHandle | undefined {
    return this.integrations.get(id);
  }

  /** Settles when the flows that are being deployed have all started, so that every mapper has declared its rows. */
  whenStarted(): Promise<void> {
    this.started ??= new Promise((resolve) => {
      this.RED.events.once('flows:started', () => {
        this.started = undefined;
        resolve();
      });
    });
    return this.started;
  }
}

/** A message that never reached a writer. */
export interface Lost {
  side: Side;
  error: SyncError;
  parked: boolean;
}

/** A configured integration as its nodes see it; its engine part starts once the store is open. */
export class IntegrationHandle implements IntegrationRuntime {
  readonly config: IntegrationConfig;
  /** the engine's part; rejects where the store can't be opened or a system is missing */
  readonly ready: Promise<Integration>;
  private readonly host: Host;
  private readonly declarations = new Map<string, Record<Side, Relevant>>();
  private readonly withdrawn = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private readonly skipListeners = new Set<(result: SyncResult) => void>();
  private readonly lostListeners = new Set<(lost: Lost) => void>();
  private running: Integration | undefined;

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
    const store = await this.host.store();
    const integration = new Integration(this.config, systems, store, systemClock, events);
    await integration.start();
    for (const [node, relevant] of this.declarations) integration.declare(node, relevant);
    this.running = integration;
    return integration;
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
    return (await this.ready).store.linkOf(this.config.id, side, entity);
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
    await (await this.ready).skip(message, reason);
  }

  async fail(message: SyncMessage, error: unknown, node?: string): Promise<void> {
    // what is stored for a person to look at is fields, whatever a node has made of the payload
    const whole = isObject(message.payload) ? message : { ...message, payload: {} };
    await (await this.ready).fail(whole, error, node);
  }

  async stop(): Promise<void> {
    const integration = await this.ready.catch(() => undefined);
    await integration?.stop();
  }
}

const hosts = new WeakMap<object, Host>();

/** The host of this Node-RED. Its admin routes are registered once, when the first node type is loaded. */
export function hostOf(RED: NodeAPI): Host {
  // each node module gets a RED of its own, but all share one emitter
  let host = hosts.get(RED.events);
  if (!host) {
    host = new Host(RED);
    hosts.set(RED.events, host);
    // absent where Node-RED runs without its admin API (httpAdminRoot: false)
    if (RED.settings.httpAdminRoot !== false) {
      const { dataFolder } = host;
      const made = host;
      const links = async (id: string) => (await made.integration(id)?.ready)?.store;
      const gate = (id: string) => made.budgetOf(id);
      const routes = registerAdminRoutes(
        RED,
        adminServices(RED.nodes, () => Object.values(connectors), { dataFolder }, { links, gate }),
      );
      // the store is closed then
      RED.events.on('flows:stopping', ({ type }: { type: string }) => {
        if (type === 'full') routes.flowsStop();
      });
      registerMappingFileRoutes(RED);
      registerOperations(RED, { integrations: () => made.allIntegrations() });
      registerSandboxPage(RED, dataFolder);
    }
  }
  return host;
}

/** The integration that a node's form has chosen; undefined where there is none (the form marks the node invalid). */
export function integrationOf(RED: NodeAPI, id: string): IntegrationHandle | undefined {
  return hostOf(RED).integration(id);
}

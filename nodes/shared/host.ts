/**
 * What the nodes of one Node-RED share: the store, the systems and the integrations. The nodes are thin: each asks the
 * host for its integration and calls it. The host lives from the first Twinflow node to the last one, so that a full
 * deploy closes the store in order.
 */

import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import type { RequestGate } from '../../lib/connectors/http/options';
import { connectorOf, connectors } from '../../lib/connectors/registry';
import type { IntegrationConfig } from '../../lib/model/config';
import { applies } from '../../lib/model/entity';
import { asSyncError, SyncError } from '../../lib/model/errors';
import type { SyncResult } from '../../lib/model/message';
import type { Store } from '../../lib/store/store';
import type { BudgetLimits } from '../../lib/sync/budget';
import { systemClock } from '../../lib/sync/clock';
import { Neighbours } from '../../lib/sync/neighbours';
import { Peers } from '../../lib/sync/peers';
import { System } from '../../lib/sync/system';
import { type UserQuery, Users } from '../../lib/sync/users';
import { adminServices, registerAdminRoutes } from '../admin';
import { variableOf } from '../admin/deployed';
import { registerMappingFileRoutes } from '../admin/mapping-files';
import { type OperatedIntegration, type RemovedIntegration, registerOperations } from '../admin/operations';
import { registerSandboxPage } from '../sandbox-page';
import { connectSystem, type SystemSettings } from './connect';
import { DeployChecks } from './deploy-checks';
import { answerFaults } from './guard';
import { IntegrationHandle } from './handle';
import { Holding } from './holding';
import { StoreKeeper } from './store-keeper';
import { type WiredNode, Wiring, type WiringFault } from './wiring';

/** Connections to one host, where the system's budget does not ask for more. */
const SOCKETS = 8;

/** Emitted on RED.events with a SyncResult for each change event that has landed. */
export const LANDED = 'twinflow:landed';

export type { Held, IntegrationHandle, IntegrationRuntime, Lost } from './handle';

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
  /** what integrations know of each other */
  readonly neighbours = new Neighbours();
  readonly peers = new Peers();
  /** which of them do not go, since another one does the same */
  readonly holding = new Holding(
    () => this.allIntegrations(),
    (id) => this.placeOf(id),
    // one that was closed meanwhile must not be opened for it
    async () => this.opening,
  );
  /** what mappers are told of the systems after a deploy */
  readonly checks = new DeployChecks((id) => this.integrations.get(id));
  private wiring: Wiring | undefined;
  private opening: Promise<Store> | undefined;
  private keeper: StoreKeeper | undefined;
  private closing: Promise<void> = Promise.resolve();
  private users = 0;
  /** resolves when all flows of the deploy under way have started */
  private started: Promise<void> | undefined;

  constructor(RED: NodeAPI) {
    this.RED = RED;
    RED.events.on('flows:started', () => {
      this.checks.deployed();
      this.wiring = undefined;
      this.holding.deployed();
      for (const integration of this.integrations.values()) {
        integration.settleDeclarations();
        // a deploy that changes wires alone starts no poller again
        integration.progressed();
      }
    });
  }

  /** What keeps a poller's messages from their writer, or leaves the other side unread, as the flows are deployed now. */
  wiringFault(poller: string, config: IntegrationConfig): WiringFault | undefined {
    if (!this.wiring) {
      const nodes: WiredNode[] = [];
      this.RED.nodes.eachNode((node) => nodes.push(node));
      this.wiring = new Wiring(nodes);
    }
    const directions = (['forward', 'backward'] as const).filter((direction) =>
      [config.projectPairs, config.typePairs].every((pairs) =>
        pairs.some((pair) => applies(pair.direction, direction)),
      ),
    );
    return this.wiring.fault(poller, new Set(directions));
  }

  get dataFolder(): string {
    return (this.RED.settings as Settings).userDir ?? process.cwd();
  }

  /** Path below which the admin pages are, those of the sandbox among them. */
  get pageRoot(): string {
    const { httpAdminRoot } = this.RED.settings;
    return typeof httpAdminRoot === 'string' ? httpAdminRoot : '/';
  }

  /** The store, opened at first use. @throws StoreError */
  store(): Promise<Store> {
    if (this.opening) return this.opening;
    const file = process.env.TWINFLOW_STORE || (this.RED.settings as Settings).twinflow?.store;
    const path = file || join(this.dataFolder, 'twinflow.sqlite');
    const opening = this.closing
      .then(() => StoreKeeper.open(path, this.dataFolder, this.RED))
      .then(({ store, keeper }) => {
        this.keeper = keeper;
        return store;
      });
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
    // a deploy opens it again at once
    this.closing = opening.then(
      () => this.keeper?.close(),
      () => undefined,
    );
    await this.closing;
  }

  addSystem(id: string, name: string, settings: SystemSettings, ignoreOwn: boolean, limits: BudgetLimits = {}): System {
    const { RED, dataFolder } = this;
    const open = (gate: RequestGate) => {
      try {
        const http = { gate, maxSockets: Math.max(SOCKETS, limits.maxConcurrent ?? 0) };
        return connectSystem(RED.nodes, connectorOf, settings, { dataFolder, pageRoot: this.pageRoot, http });
      } catch (thrown) {
        // it says nothing about the entity at hand: all wait, none is parked, until the system node is put right
        const error = asSyncError(thrown);
        throw new SyncError('auth', `System "${name}" cannot be used: ${error.message}`, error.detail);
      }
    };
    const system = new System(id, name, open, systemClock, ignoreOwn, limits, placeOf(id, settings));
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
    this.neighbours.know(config);
    return handle;
  }

  async removeIntegration(handle: IntegrationHandle): Promise<void> {
    if (this.integrations.get(handle.config.id) === handle) this.integrations.delete(handle.config.id);
    this.neighbours.forget(handle.config);
    await handle.stop();
  }

  /** Integrations that are not deployed any more, with what the store keeps of them. */
  async removed(): Promise<RemovedIntegration[]> {
    const store = await this.opening;
    const gone = ((await store?.integrationsKept()) ?? []).filter((id) => !this.integrations.has(id));
    return Promise.all(gone.map(async (id) => ({ id, links: (await store?.counts(id))?.[0].links ?? 0 })));
  }

  /** @throws SyncError conflict – it is deployed */
  async forget(id: string): Promise<void> {
    if (this.integrations.has(id))
      throw new SyncError('conflict', 'This integration is deployed: delete its node and deploy, then forget it.');
    await (await this.store()).purge(id);
  }

  /** All deployed integrations. */
  allIntegrations(): IntegrationHandle[] {
    return [...this.integrations.values()];
  }

  /** Which server a system node leads to; its own id where nobody knows. */
  placeOf(id: string): string {
    return this.systems.get(id)?.system.place ?? id;
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

/** Which server a system node leads to, in words that the store keeps. */
function placeOf(id: string, { kind, config }: SystemSettings): string {
  const known = Object.hasOwn(connectors, kind) ? connectors[kind] : undefined;
  const place = known?.place?.(config);
  return place ? `${kind} ${place}` : id;
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
      const links = async (id: string) => (await made.integration(id)?.atOnce())?.store;
      const gate = (id: string) => made.budgetOf(id);
      const { neighbours, peers } = made;
      const others = { peers, placeOf: (id: string) => made.placeOf(id) };
      const variable = (name: string, system: string | undefined) => variableOf(RED.nodes, RED.util, name, system);
      const routes = registerAdminRoutes(
        RED,
        adminServices(
          RED.nodes,
          () => Object.values(connectors),
          { dataFolder, pageRoot: host.pageRoot },
          { links, gate, neighbours, others, variable },
        ),
      );
      // the store is closed then
      RED.events.on('flows:stopping', ({ type }: { type: string }) => {
        if (type === 'full') routes.flowsStop();
      });
      registerMappingFileRoutes(RED);
      registerOperations(RED, {
        integrations: () => made.allIntegrations().map(operated),
        removed: () => made.removed(),
        forget: (id) => made.forget(id),
        goOn: () => made.holding.goOn(),
      });
      registerSandboxPage(RED, dataFolder);
      answerFaults(RED.httpAdmin);
    }
  }
  return host;
}

/** As the sidebar asks for it: it does not wait for a store that can't be opened. */
function operated(handle: IntegrationHandle): OperatedIntegration {
  return {
    config: handle.config,
    held: handle.held?.why,
    unused: !handle.isUsed,
    get ready() {
      return handle.atOnce();
    },
  };
}

/** The integration that a node's form has chosen; undefined where there is none (the form marks the node invalid). */
export function integrationOf(RED: NodeAPI, id: string): IntegrationHandle | undefined {
  return hostOf(RED).integration(id);
}

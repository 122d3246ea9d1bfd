/**
 * Shared by the nodes of one Node-RED: the store, the systems and the integrations. The nodes are thin: each gets its
 * integration from the host and calls it. The host exists from the first Twinflow node to the last one, so that a full
 * deploy closes the store in order.
 */

import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import type { BudgetLimits } from '../../lib/budget/request-budget';
import type { Connector } from '../../lib/connectors/connector';
import { ConnectorFolder } from '../../lib/connectors/declared/files';
import { ConnectorPackages, PLUGIN_TYPE } from '../../lib/connectors/declared/packages';
import type { RequestGate } from '../../lib/connectors/http/options';
import { connectorOf, connectors } from '../../lib/connectors/registry';
import { Peers } from '../../lib/engine/peers/peers';
import { type UserQuery, Users } from '../../lib/engine/people';
import { System } from '../../lib/engine/system';
import { systemClock } from '../../lib/model/clock';
import type { IntegrationConfig } from '../../lib/model/config';
import { applies, type Side } from '../../lib/model/entity';
import { asSyncError, SyncError } from '../../lib/model/errors';
import type { SyncResult } from '../../lib/model/message';
import { isObject } from '../../lib/model/shape';
import { type DeployedChain, deployedChain, type SavedNode } from '../../lib/plan/drawn/deployed';
import { storeAt } from '../../lib/store/open';
import type { Store, StoredEvent, StoreState } from '../../lib/store/store';
import { adminServices, registerAdminRoutes } from '../admin';
import { registerActivity } from '../admin/activity';
import { registerBackup } from '../admin/backup';
import { variableOf } from '../admin/deployed';
import { registerDescription } from '../admin/description';
import { registerExplain } from '../admin/explain';
import type { JsonHost } from '../admin/json-routes';
import { registerLinks } from '../admin/links';
import { registerLive } from '../admin/live';
import { registerMappingFileRoutes } from '../admin/mapping-files';
import { registerMetrics } from '../admin/metrics';
import { type OperatedIntegration, type RemovedIntegration, registerOperations } from '../admin/operations';
import { userOf } from '../admin/person';
import { registerMonitor } from '../monitor';
import { registerSandboxPage } from '../sandbox-page';
import { connectSystem, type SystemSettings } from '../shared/connect';
import { answerFaults } from '../shared/guard';
import { DeployChecks } from './deploy-checks';
import { IntegrationHandle } from './handle';
import { Holding } from './holding';
import { LandedCounts } from './landed';
import { type Notice, Notices } from './notices';
import { KEEPING, type Keeping, Recorder } from './recorder';
import { StoreKeeper } from './store-keeper';
import { type WiredNode, Wiring, type WiringFault } from './wiring';

/** Maximum number of connections to one host, unless the system's budget allows more. */
const SOCKETS = 8;

/** Emitted on RED.events with a SyncResult for each change that has landed. */
export const LANDED = 'twinflow:landed';

export type { Held, IntegrationHandle, IntegrationRuntime, Lost } from './handle';

interface SystemEntry {
  system: System;
  users: Users;
}

/**
 * Twinflow's part of settings.js: `twinflow: { store }`, the store's address (lib/store/open.ts); `twinflow: { activity: {
 * days, entries } }`, how long and how much of what has happened is kept.
 */
interface Settings {
  userDir?: string;
  twinflow?: { store?: unknown; activity?: unknown };
}

export class Host {
  private readonly RED: NodeAPI;
  private readonly systems = new Map<string, SystemEntry>();
  private readonly integrations = new Map<string, IntegrationHandle>();
  /** integrations' knowledge of each other */
  readonly peers = new Peers();
  /** which of them wait because another one does the same */
  readonly holding = new Holding(
    () => this.allIntegrations(),
    (id) => this.placeOf(id),
    // an integration that was closed meanwhile must not be opened for this
    async () => this.opening,
  );
  /** the mappers' findings about the systems after a deploy */
  readonly checks = new DeployChecks((id) => this.integrations.get(id));
  /** what the monitor shows of the past */
  readonly recorder: Recorder;
  /** results since Node-RED was started */
  readonly landed = new LandedCounts();
  /** what nodes send messages of */
  readonly notices = new Notices();
  /** open pages */
  private readonly watchers = new Set<(integration: string) => void>();
  private wiring: Wiring | undefined;
  /** by integration and side, as of the last deploy */
  private readonly chains = new Map<string, DeployedChain>();
  private opening: Promise<Store> | undefined;
  private keeper: StoreKeeper | undefined;
  private closing: Promise<void> = Promise.resolve();
  private users = 0;
  /** connectors that are files of the user */
  private readonly declared: ConnectorFolder;
  /** connectors that are files of installed packages */
  private readonly packages: ConnectorPackages;
  /** resolves when all flows of the current deploy have started */
  private started: Promise<void> | undefined;

  constructor(RED: NodeAPI) {
    this.RED = RED;
    this.recorder = new Recorder(
      () => this.opening,
      systemClock,
      keepingOf(RED.settings as Settings),
      (integrations) => {
        for (const integration of integrations) this.changed(integration);
      },
    );
    this.declared = new ConnectorFolder(
      join(this.dataFolder, 'twinflow', 'connectors'),
      new Set(Object.keys(connectors)),
      (problem) => RED.log.warn(`[twinflow] connector file ${problem}`),
    );
    this.packages = new ConnectorPackages(
      () => RED.plugins?.getByType(PLUGIN_TYPE) ?? [],
      new Set(Object.keys(connectors)),
      (problem) => RED.log.warn(`[twinflow] connector package ${problem}`),
    );
    // systems that wait for a package need not wait for the end of their pause
    RED.events.on('registry:plugin-added', (id: string) => {
      if (RED.plugins.get(id)?.type === PLUGIN_TYPE) for (const { system } of this.systems.values()) system.tryNow();
    });
    RED.events.on('flows:started', () => {
      this.checks.deployed();
      this.wiring = undefined;
      this.chains.clear();
      this.holding.deployed();
      for (const integration of this.integrations.values()) {
        integration.settleDeclarations();
        // a deploy that changes only wires restarts no poller
        integration.progressed();
      }
    });
  }

  /** What keeps a poller's messages from their writer, or leaves the other side without a poller, in the deployed
   * flows. */
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

  /** The deployed flow from a side's poller to the writer. @throws SyncError invalid: a node of a newer version */
  chain(integration: string, side: Side): DeployedChain {
    const key = `${integration} ${side}`;
    const known = this.chains.get(key);
    if (known) return known;
    const nodes: SavedNode[] = [];
    this.RED.nodes.eachNode((node) => nodes.push(node));
    const chain = deployedChain(nodes, integration, side);
    this.chains.set(key, chain);
    return chain;
  }

  /** All connectors by kind: those that ship, then those of installed packages, then those that are files of the user. */
  get connectors(): Readonly<Record<string, Connector>> {
    return { ...connectors, ...this.packages.connectors(), ...this.declared.connectors() };
  }

  get dataFolder(): string {
    return (this.RED.settings as Settings).userDir ?? process.cwd();
  }

  /** Path of the admin pages, including the sandbox's. */
  get pageRoot(): string {
    const { httpAdminRoot } = this.RED.settings;
    return typeof httpAdminRoot === 'string' ? httpAdminRoot : '/';
  }

  /** The store, opened at first use. @throws StoreError */
  store(): Promise<Store> {
    if (this.opening) return this.opening;
    const { address } = this;
    const opening = this.closing
      .then(() => StoreKeeper.open(storeAt(address), this.dataFolder, this.RED))
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

  private get address(): unknown {
    const given = process.env.TWINFLOW_STORE || (this.RED.settings as Settings).twinflow?.store;
    return given || join(this.dataFolder, 'twinflow.sqlite');
  }

  /** The open store's file and state; undefined if it is not open, or ends with the process. @throws StoreError */
  async storeFile(): Promise<{ file: string; state: StoreState } | undefined> {
    const store = await this.opening;
    const { file } = storeAt(this.address);
    return store && file !== undefined ? { file, state: await store.state() } : undefined;
  }

  /** The store, if some node has opened it. @throws StoreError */
  get opened(): Promise<Store> | undefined {
    return this.opening;
  }

  acquire(): void {
    this.users += 1;
  }

  /** Closes the store when the last node is gone. */
  async release(): Promise<void> {
    this.users -= 1;
    if (this.users > 0 || !this.opening) return;
    const opening = this.opening;
    this.opening = undefined;
    // a deploy opens it again at once
    this.closing = opening.then(
      async (store) => {
        await this.recorder.flush(store);
        await this.keeper?.close();
      },
      () => undefined,
    );
    await this.closing;
  }

  addSystem(id: string, name: string, settings: SystemSettings, ignoreOwn: boolean, limits: BudgetLimits = {}): System {
    const { RED, dataFolder } = this;
    const open = (gate: RequestGate) => {
      try {
        const http = { gate, maxSockets: Math.max(SOCKETS, limits.maxConcurrent ?? 0) };
        const connectorHere = (kind: string) => connectorOf(kind, this.connectors);
        return connectSystem(RED.nodes, connectorHere, settings, { dataFolder, pageRoot: this.pageRoot, http });
      } catch (thrown) {
        // this says nothing about a single item: all wait and none is parked until the system node is corrected
        const error = asSyncError(thrown);
        throw new SyncError('auth', `System "${name}" cannot be used: ${error.message}`, error.detail);
      }
    };
    const system = new System(id, name, open, systemClock, ignoreOwn, limits, placeOf(id, settings, this.connectors));
    system.onTrouble = (error) =>
      this.notices.tell({ kind: error ? 'paused' : 'recovered', system: id, name, message: error?.message ?? '' });
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

  /** The request limits of a deployed system. */
  budgetOf(id: string): RequestGate | undefined {
    return this.systems.get(id)?.system.budget;
  }

  /**
   * @param listener called with an integration's id whenever its state, queue or links may have changed
   * @returns how to stop
   */
  watch(listener: (integration: string) => void): () => void {
    this.watchers.add(listener);
    return () => this.watchers.delete(listener);
  }

  /** A person did something by an admin route: it goes to Node-RED's audit log, and to the monitor's activity. */
  acted(entry: object, request?: object): void {
    const { log }: JsonHost = this.RED;
    log?.audit(entry, request);
    if (!('event' in entry && 'integration' in entry) || typeof entry.integration !== 'string') return;
    const what = String(entry.event).replace(/^twinflow\./, '');
    if (what === 'explain') return;
    const about = 'about' in entry && Array.isArray(entry.about) ? entry.about.map(String) : [];
    this.recorder.action(entry.integration, [what, ...about], request && userOf(request));
  }

  private changed(integration: string): void {
    for (const watcher of this.watchers) watcher(integration);
  }

  /** @param warn receives problems that belong to no message: backlinks that cannot be written */
  addIntegration(config: IntegrationConfig, warn: (text: string) => void = () => undefined): IntegrationHandle {
    const handle: IntegrationHandle = new IntegrationHandle(this, config, {
      landed: (result: SyncResult) => {
        this.landed.landed(result);
        this.recorder.result(result);
        this.RED.events.emit(LANDED, result);
      },
      skipped: (result) => handle.skipped(result),
      progress: () => {
        handle.progressed();
        this.changed(config.id);
      },
      unshown: (_side, count, { message }) => warn(count > 1 ? `${message} (and ${count - 1} more)` : message),
      failed: (event, error, parked) => {
        this.landed.failed(config.id, event.flow.side, parked);
        if (parked) this.recorder.parked(config.id, event.flow.side, event, error);
        if (parked) this.notices.tell(noticeOf(config.id, event, error));
        handle.failed(event, error, parked);
      },
    });
    this.integrations.set(config.id, handle);
    this.peers.know(config);
    return handle;
  }

  async removeIntegration(handle: IntegrationHandle): Promise<void> {
    if (this.integrations.get(handle.config.id) === handle) this.integrations.delete(handle.config.id);
    this.peers.forget(handle.config);
    await handle.stop();
  }

  /** Integrations that are no longer deployed, with their data in the store. */
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

  /** Identifies the server of a system node; its own id if that is unknown. */
  placeOf(id: string): string {
    return this.systems.get(id)?.system.place ?? id;
  }

  integration(id: string): IntegrationHandle | undefined {
    return this.integrations.get(id);
  }

  /** Settles when all flows of the current deploy have started, so that every mapper has declared its rows. */
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

function noticeOf(integration: string, { flow, entity }: StoredEvent, { kind, message }: SyncError): Notice {
  const { key, url, type } = entity;
  return {
    ...{ kind: kind === 'conflict' ? 'conflict' : 'parked', integration, side: flow.side, message },
    item: { key, type, ...(url !== undefined && { url }) },
  };
}

/** What settings.js says of keeping activity; what is missing or no number has its default. */
function keepingOf({ twinflow }: Settings): Keeping {
  const given = isObject(twinflow?.activity) ? twinflow.activity : {};
  const number = (value: unknown, fallback: number): number =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : fallback;
  return { days: number(given.days, KEEPING.days), entries: number(given.entries, KEEPING.entries) };
}

/** The server of a system node, in the form that the store keeps. */
function placeOf(id: string, { kind, config }: SystemSettings, all: Readonly<Record<string, Connector>>): string {
  const known = Object.hasOwn(all, kind) ? all[kind] : undefined;
  const place = known?.place?.(config);
  return place ? `${kind} ${place}` : id;
}

const hosts = new WeakMap<object, Host>();

/** The host of this Node-RED. Its admin routes are registered once, when the first node type is loaded. */
export function hostOf(RED: NodeAPI): Host {
  // each node module gets a RED object of its own, but all share one emitter
  let host = hosts.get(RED.events);
  if (!host) {
    host = new Host(RED);
    hosts.set(RED.events, host);
    // absent if Node-RED runs without its admin API (httpAdminRoot: false)
    if (RED.settings.httpAdminRoot !== false) {
      const { dataFolder } = host;
      const made = host;
      const links = async (id: string) => (await made.integration(id)?.atOnce())?.store;
      const gate = (id: string) => made.budgetOf(id);
      const { peers } = made;
      const others = { peers, placeOf: (id: string) => made.placeOf(id) };
      const variable = (name: string, system: string | undefined) => variableOf(RED.nodes, RED.util, name, system);
      const routes = registerAdminRoutes(
        RED,
        adminServices(
          RED.nodes,
          () => Object.values(made.connectors),
          { dataFolder, pageRoot: host.pageRoot },
          { links, gate, others, variable },
        ),
      );
      // the store is closed then
      RED.events.on('flows:stopping', ({ type }: { type: string }) => {
        if (type === 'full') routes.flowsStop();
      });
      registerMappingFileRoutes(RED);
      const jsonHost = {
        ...{ httpAdmin: RED.httpAdmin, auth: RED.auth },
        log: { audit: (entry: object, request?: object) => made.acted(entry, request) },
      };
      registerOperations(jsonHost, {
        integrations: () => made.allIntegrations().map(operated),
        removed: () => made.removed(),
        forget: (id) => made.forget(id),
        goOn: (id) => made.holding.goOn(id),
        chain: (id, side) => made.chain(id, side),
      });
      const integrations = () => made.allIntegrations().map(operated);
      registerLinks(jsonHost, { integrations });
      registerExplain(jsonHost, { integrations, chain: (id, side) => made.chain(id, side), others, dataFolder });
      registerActivity(RED, { integrations, journal: async () => made.opened });
      registerBackup(jsonHost, { store: () => made.storeFile() });
      registerDescription(RED);
      registerMetrics(RED, { integrations, landed: () => made.landed.all() });
      const endStreams = registerLive(RED, { watch: (listener) => made.watch(listener) });
      // open pages come back, and show what was deployed
      RED.events.on('flows:stopping', endStreams);
      registerMonitor(RED);
      registerSandboxPage(RED, dataFolder);
      answerFaults(RED.httpAdmin);
    }
  }
  return host;
}

/** For the sidebar: it does not wait for a store that cannot be opened. */
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

/** The integration selected in a node's form; undefined if there is none (the form marks the node invalid). */
export function integrationOf(RED: NodeAPI, id: string): IntegrationHandle | undefined {
  return hostOf(RED).integration(id);
}

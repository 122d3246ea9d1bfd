/** A Node-RED in a history: the real engine and the user's flow, mortal at each of their calls. */

import type { Connection } from '../../lib/connectors/connector';
import type { RequestGate } from '../../lib/connectors/http/options';
import type { IntegrationConfig } from '../../lib/model/config';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import { convert } from '../../lib/richtext';
import type { Landing, Store } from '../../lib/store/store';
import { collisions } from '../../lib/sync/collisions';
import { Integration } from '../../lib/sync/integration';
import { Neighbours } from '../../lib/sync/neighbours';
import { Peers } from '../../lib/sync/peers';
import type { Reader } from '../../lib/sync/reader';
import { System } from '../../lib/sync/system';
import { gated } from './gated';
import { FIELDS, isMerged } from './person';
import { mapReferences, REFERENCES } from './references';
import { isRichText } from './rich';
import type { SimulatedSystem } from './system';
import { REMOTE, type World } from './world';

/** A mutant: what is not delivered, but answered with a proxy's 404, is taken for gone. */
const proxied = (connection: Connection): Connection => ({
  ...connection,
  read: async (scope, ids) =>
    (await connection.read(scope, ids)).map((one) => (one instanceof SyncError ? undefined : one)),
});

/** A process: the engine between two systems. Once dead, nothing that it began ever goes on. */
export class Process {
  dead = false;
  private readonly running: Integration[] = [];
  private readonly systems = new Map<string, System>();

  constructor(
    private readonly world: World,
    private readonly store: Store,
    private readonly dryRun: boolean,
  ) {}

  async start(): Promise<void> {
    const { integrations, blind } = this.world;
    // as a deploy does it
    const placed = integrations.map((config) => ({
      config,
      places: [this.system(config.system1).place, this.system(config.system2).place] as const,
    }));
    const held = blind ? new Map() : collisions(placed);
    const [peers, neighbours] = [new Peers(), new Neighbours()];
    for (const config of integrations) neighbours.know(config);
    for (const config of integrations) {
      const others = blind ? { peers: new Peers(), neighbours: new Neighbours() } : { peers, neighbours };
      await this.integrate(config, others, held.get(config.id)?.config.name);
    }
  }

  private async integrate(
    config: IntegrationConfig,
    { peers, neighbours }: { peers: Peers; neighbours: Neighbours },
    heldBy: string | undefined,
  ): Promise<void> {
    const { world } = this;
    const systems = [this.system(config.system1), this.system(config.system2)] as const;
    const integration = new Integration(
      config,
      systems,
      this.mortal(this.observed(config)),
      world.clock,
      {},
      neighbours,
      peers,
    );
    this.running.push(integration);
    integration.hold(heldBy);
    await integration.start();
    const fields = [...FIELDS, ...(world.references ? REFERENCES : [])];
    const relevant = { fields: new Set<string>(fields), always: false };
    integration.declare('mapper', { 1: relevant, 2: relevant });
    const writer = integration.writer({ batchSize: world.random.int(1, 20), dryRun: this.dryRun });
    for (const side of [1, 2] as const) {
      const to = world.system(side === 1 ? config.system2 : config.system1);
      const reader = integration.reader(
        side,
        {
          // polls are long where they have many pages
          pageSize: Math.min(world.random.int(2, 20), world.backlog),
          window: world.random.int(1, 30),
          start: { kind: 'all' },
          backlog: world.backlog,
        },
        (message) => this.flow(message, to, (mapped) => writer.accept(mapped)),
        () => undefined,
      );
      reader.pump();
      const poll = (): void => {
        if (this.dead) return;
        reader
          .poll()
          .catch(() => undefined)
          .finally(() => world.clock.after(world.pollMs, poll));
      };
      poll();
      if (world.backlog < Number.POSITIVE_INFINITY) this.impatience(reader);
    }
  }

  /** One for all integrations that name the system node. */
  private system(id: string): System {
    const known = this.systems.get(id);
    if (known) return known;
    const { clock, limits } = this.world;
    const tracker = this.world.system(id);
    const open = (gate: RequestGate): Connection => {
      const connection = this.guarded(tracker.connection());
      const heard = this.world.proxied ? proxied(connection) : connection;
      const limited = limits ? gated(heard, gate, () => this.dead) : heard;
      const { write } = limited;
      if (!write) return this.mortal(limited);
      const deciding: Connection['write'] = (scope, operations) => {
        tracker.decided(operations);
        return write(scope, operations);
      };
      return this.mortal({ ...limited, write: deciding });
    };
    const place = this.world.blind ? id : `place of ${tracker.name}`;
    const system = new System(id, id, open, clock, false, limits, place);
    this.systems.set(id, system);
    return system;
  }

  /** In a dry run nothing may be written. */
  private guarded(connection: Connection): Connection {
    if (!this.dryRun) return connection;
    return {
      ...connection,
      write: async (_scope, operations) => {
        for (const operation of operations) this.world.dryRunWrites.push(JSON.stringify(operation));
        throw new Error('written in a dry run');
      },
    };
  }

  /** Polls are asked for while one is under way: what is new is then read ahead of it. */
  private impatience(reader: Reader): void {
    this.world.clock.after(this.world.random.int(5, 60), () => {
      if (this.dead || !this.world.weather.bad) return;
      if (reader.isPolling) reader.poll().catch(() => undefined);
      this.impatience(reader);
    });
  }

  /** The store, with the systems hearing of what has landed. */
  private observed({ system1, system2 }: IntegrationConfig): Store {
    const { store, world } = this;
    const [one, two] = [world.system(system1), world.system(system2)];
    return new Proxy(store, {
      get: (object, name, receiver) => {
        if (this.dryRun && (name === 'land' || name === 'openIntents' || name === 'intendUpdates')) {
          world.dryRunWrites.push(`${name} in the store`);
        }
        if (name !== 'land') return Reflect.get(object, name, receiver);
        return (landings: Landing[]) => {
          for (const { ends, wrote } of landings) {
            const sides = [wrote ?? []].flat();
            one.hasLanded(ends[0].ref.id, ends[0].baseline, sides.includes(1));
            two.hasLanded(ends[1].ref.id, ends[1].baseline, sides.includes(2));
          }
          return store.land(landings);
        };
      },
    });
  }

  /** The user's flow: maps; and now and then a message is late, comes twice, or is swallowed. */
  private flow(
    message: SyncMessage,
    { habits }: SimulatedSystem,
    accept: (message: SyncMessage) => Promise<unknown>,
  ): void {
    const { random, clock, weather } = this.world;
    if (this.dead || (weather.bad && random.chance(0.01))) return;
    message.sync.mapped = Object.fromEntries(
      FIELDS.map((field) => [
        field,
        {
          from: [field],
          type: field === 'body' ? 'richtext' : 'text',
          conflict: isMerged(field) ? 'merge' : this.world.conflict,
        },
      ]),
    );
    delete message.payload[REMOTE];
    if (this.world.references) mapReferences(message, this.world.conflict, this.world.ownIds);
    const { body } = message.payload;
    if (isRichText(body)) message.payload.body = convert(body, habits.format).text;
    const copy = structuredClone(message);
    const deliver = (it: SyncMessage): void => {
      clock.after(random.int(0, 20), () => {
        if (!this.dead) accept(it).catch(() => undefined);
      });
    };
    deliver(message);
    if (weather.bad && random.chance(0.05)) deliver(copy);
  }

  /** Calls of a dead process neither begin nor return; each call may be the one at which it dies. */
  private mortal<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name, receiver) => {
        const method: unknown = Reflect.get(object, name, receiver);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          this.mayDie();
          if (this.dead) return new Promise(() => undefined);
          this.world.trace?.(`${String(name)} ${JSON.stringify(args)}`);
          const result: unknown = Reflect.apply(method, object, args);
          if (!(result instanceof Promise)) return result;
          return new Promise((resolve, reject) => {
            const settled = (go: () => void): void => {
              this.mayDie();
              this.world.trace?.(`${String(name)} ${this.dead ? 'died' : 'answered'}`);
              if (!this.dead) go();
            };
            result.then(
              (value: unknown) => {
                this.world.trace?.(`${String(name)} → ${JSON.stringify(value)}`);
                settled(() => resolve(value));
              },
              (error: unknown) => settled(() => reject(error)),
            );
          });
        };
      },
    });
  }

  private mayDie(): void {
    if (!this.dead && this.world.weather.bad && this.world.random.chance(this.world.mortality)) {
      this.dead = true;
      this.world.crashed();
    }
  }

  /** A person retries everything that is parked. */
  async retryParked(): Promise<void> {
    if (this.dead) return;
    for (const integration of this.running) await integration.commands.retry();
  }

  kill(): void {
    this.dead = true;
  }
}

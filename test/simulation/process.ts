/** A Node-RED in a history: the real engine and the user's flow, mortal at each of their calls. */

import type { BudgetLimits } from '../../lib/budget/request-budget';
import type { Connection } from '../../lib/connectors/connector';
import type { RequestGate } from '../../lib/connectors/http/options';
import { Integration } from '../../lib/engine/integration';
import { collisions } from '../../lib/engine/peers/collisions';
import { Peers } from '../../lib/engine/peers/peers';
import type { Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import type { ConflictPolicy, IntegrationConfig } from '../../lib/model/config';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import { convert } from '../../lib/richtext';
import type { Landing, Store } from '../../lib/store/store';
import type { Answers } from './answers';
import type { SimulatedClock } from './clock';
import { gated } from './gated';
import { FIELDS, isMerged } from './person';
import type { Random } from './random';
import { mapReferences, REFERENCES } from './references';
import { isRichText } from './rich';
import { knowAgain, type SetBack } from './set-back';
import { FILE, NOTE, REMOTE } from './shapes';
import type { SimulatedSystem } from './system';

/** What a process meets of the world around it. */
export interface Surroundings {
  readonly random: Random;
  readonly clock: SimulatedClock;
  /** by which answers come apart; absent = as soon as they are there */
  readonly answers: Answers | undefined;
  readonly weather: { readonly bad: boolean };
  readonly integrations: readonly IntegrationConfig[];
  readonly conflict: ConflictPolicy;
  readonly mortality: number;
  /** what counts as a backlog, in entities */
  readonly backlog: number;
  readonly limits: BudgetLimits | undefined;
  readonly references: Random | undefined;
  readonly ownIds: boolean;
  /** a mutant: each integration knows of itself only */
  readonly blind: boolean;
  /** what is not delivered is taken for gone */
  readonly proxied: boolean;
  readonly pollMs: number;
  readonly dryRunWrites: string[];
  /** comments that have been linked, as far as is known */
  readonly commentsLinked: [string, string][];
  /** what there was when the store was set back */
  readonly setBack: SetBack | undefined;
  readonly trace: ((line: string) => void) | undefined;
  /** of a system node */
  system(node: string): SimulatedSystem;
  crashed(): void;
}

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
    private readonly world: Surroundings,
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
    const peers = new Peers();
    for (const config of integrations) peers.know(config);
    for (const config of integrations) {
      const others = blind ? new Peers() : peers;
      await this.integrate(config, others, held.get(config.id)?.config.name);
    }
  }

  private async integrate(config: IntegrationConfig, peers: Peers, heldBy: string | undefined): Promise<void> {
    const { world } = this;
    const systems = [this.system(config.system1), this.system(config.system2)] as const;
    const integration = new Integration(config, systems, this.mortal(this.observed(config)), world.clock, {}, peers);
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

  /** A process that is dead passes on no more of a file. */
  private async *passedOn(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of bytes) {
      this.mayDie();
      if (this.dead) await new Promise(() => undefined);
      yield part;
    }
    // a system does not take what is not sent to its end
    if (this.dead) await new Promise(() => undefined);
  }

  /** In a dry run nothing may be written. */
  private guarded(plain: Connection): Connection {
    const connection: Connection = {
      ...plain,
      open: async (id) => {
        const file = await plain.open?.(id);
        if (!file) throw new Error('no files here');
        return { ...file, bytes: this.passedOn(file.bytes) };
      },
    };
    if (!this.dryRun) return connection;
    return {
      ...connection,
      write: async (_scope, operations) => {
        for (const operation of operations) this.world.dryRunWrites.push(JSON.stringify(operation));
        throw new Error('written in a dry run');
      },
      remove: async (_scope, ids) => {
        this.world.dryRunWrites.push(`removes ${ids.join(', ')}`);
        throw new Error('deleted in a dry run');
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
  private observed({ id, system1, system2 }: IntegrationConfig): Store {
    const { store, world } = this;
    const [one, two] = [world.system(system1), world.system(system2)];
    return new Proxy(store, {
      get: (object, name, receiver) => {
        if (this.dryRun && ['land', 'openIntents', 'intendUpdates', 'end'].includes(String(name))) {
          world.dryRunWrites.push(`${String(name)} in the store`);
        }
        if (name !== 'land') return Reflect.get(object, name, receiver);
        return (landings: Landing[]) => {
          for (const { ends, wrote } of landings) {
            const sides = [wrote ?? []].flat();
            one.hasLanded(id, ends[0].ref.id, ends[0].baseline, sides.includes(1));
            two.hasLanded(id, ends[1].ref.id, ends[1].baseline, sides.includes(2));
            if (world.setBack) knowAgain([one, two], ends);
            if (ends[0].ref.type === NOTE) world.commentsLinked.push([ends[0].ref.id, ends[1].ref.id]);
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
    // no mapper of the flow works on comments and attachments
    if ([NOTE, FILE].includes(message.sync.entity.type)) {
      clock.after(random.int(0, 20), () => {
        if (!this.dead) accept(message).catch(() => undefined);
      });
      return;
    }
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
            const answered = (go: () => void): void => {
              this.mayDie();
              this.world.trace?.(`${String(name)} ${this.dead ? 'died' : 'answered'}`);
              if (!this.dead) go();
            };
            const { answers } = this.world;
            const settled = (go: () => void): void => (answers ? answers.give(() => answered(go)) : answered(go));
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

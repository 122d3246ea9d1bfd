/**
 * One simulated history: two systems, the real engine over the real store, people who edit, a process that dies at any
 * await, and in some histories deploys that switch a dry run on and off. At the end the weather clears, and both sides must
 * rest, agree, and show every edit that nobody replaced.
 */

import type { Connection } from '../../lib/connectors/connector';
import type { ConflictPolicy, IntegrationConfig } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import type { SyncMessage } from '../../lib/model/message';
import type { Fields, Value } from '../../lib/model/values';
import { convert } from '../../lib/richtext';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Landing, Store } from '../../lib/store/store';
import { Integration } from '../../lib/sync/integration';
import type { Reader } from '../../lib/sync/reader';
import { System } from '../../lib/sync/system';
import { SimulatedClock } from './clock';
import { agrees, contestedLines, lostItems, returnedItems, standing } from './oracle';
import { type EditedField, FIELDS, isMerged, isText, Person } from './person';
import { Random } from './random';
import { FORMATS, isRichText } from './rich';
import { type Habits, plain, SimulatedSystem } from './system';

export interface RunReport {
  seed: number;
  events: number;
  crashes: number;
  /** edits of merged fields that were judged, and fields that were not, since both sides changed one line */
  merged: number;
  contested: number;
  lostEdits: string[];
  duplicates: string[];
  loops: string[];
  diverged: string[];
  /** of a process whose writer should only have shown what it would do */
  dryRunWrites: string[];
  /** processes whose writer did */
  dryRuns: number;
  /** pairs that do not show each other at the end, where they are to */
  unshown: string[];
}

export interface RunOptions {
  /** wraps the store, to break it on purpose */
  spoil?: (store: Store) => Store;
  /** what each system itself makes of our writes, a moment later */
  automation?: Partial<Record<Side, (fields: Fields) => Fields | undefined>>;
  /** hears of every call of the engine and its answer, and of every edit */
  trace?: (line: string) => void;
}

const START = Date.UTC(2026, 0, 1);
const CONFIG: IntegrationConfig = {
  id: 'integration',
  name: 'Simulated',
  active: true,
  system1: 's1',
  system2: 's2',
  projectPairs: [{ one: { id: 'P', name: 'P' }, two: { id: 'P', name: 'P' }, direction: 'both' }],
  typePairs: [{ id: 'bugs', one: { id: 'Bug', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' }],
  retries: 3,
  lostAfterMs: 60_000,
};
/** The field in which an entity shows its counterpart, in every third history. */
const REMOTE = 'remote';
const SHOWN = { remoteKeyField1: REMOTE, remoteKeyField2: REMOTE, remoteBack1: true, remoteBack2: true };

/** A process: the engine between two systems. Once dead, nothing that it began ever goes on. */
class Process {
  dead = false;
  private integration: Integration | undefined;

  constructor(
    private readonly world: World,
    private readonly store: Store,
    private readonly dryRun: boolean,
  ) {}

  async start(): Promise<void> {
    const { world } = this;
    const systems = [
      new System('s1', 'One', () => this.mortal(this.guarded(world.one.connection())), world.clock),
      new System('s2', 'Two', () => this.mortal(this.guarded(world.two.connection())), world.clock),
    ] as const;
    const integration = new Integration(world.config, systems, this.mortal(this.observed()), world.clock);
    this.integration = integration;
    await integration.start();
    const relevant = { fields: new Set<string>(FIELDS), always: false };
    integration.declare('mapper', { 1: relevant, 2: relevant });
    const writer = integration.writer({ batchSize: world.random.int(1, 20), dryRun: this.dryRun });
    for (const side of [1, 2] as const) {
      const reader = integration.reader(
        side,
        {
          // polls are long where they have many pages
          pageSize: Math.min(world.random.int(2, 20), world.backlog),
          window: world.random.int(1, 30),
          start: { kind: 'all' },
          backlog: world.backlog,
        },
        (message) => this.flow(message, (mapped) => writer.accept(mapped)),
        () => undefined,
      );
      reader.pump();
      const poll = (): void => {
        if (this.dead) return;
        reader
          .poll()
          .catch(() => undefined)
          .finally(() => world.clock.after(world.weather.bad ? 1_000 : 10_000, poll));
      };
      poll();
      if (world.backlog < Number.POSITIVE_INFINITY) this.impatience(reader);
    }
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
  private observed(): Store {
    const { store, world } = this;
    return new Proxy(store, {
      get: (object, name, receiver) => {
        if (this.dryRun && (name === 'land' || name === 'openIntents' || name === 'intendUpdates')) {
          world.dryRunWrites.push(`${name} in the store`);
        }
        if (name !== 'land') return Reflect.get(object, name, receiver);
        return (landings: Landing[]) => {
          for (const { ends, wrote } of landings) {
            const sides = [wrote ?? []].flat();
            world.one.hasLanded(ends[0].ref.id, ends[0].baseline, sides.includes(1));
            world.two.hasLanded(ends[1].ref.id, ends[1].baseline, sides.includes(2));
          }
          return store.land(landings);
        };
      },
    });
  }

  /** The user's flow: maps; and now and then a message is late, comes twice, or is swallowed. */
  private flow(message: SyncMessage, accept: (message: SyncMessage) => Promise<unknown>): void {
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
    const { body } = message.payload;
    const to = (message.sync.direction === 'forward' ? this.world.two : this.world.one).habits.format;
    if (isRichText(body)) message.payload.body = convert(body, to).text;
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

  kill(): void {
    this.dead = true;
  }

  inFlight(side: Side): number {
    return this.integration?.inFlight(side) ?? 0;
  }
}

class World {
  readonly random: Random;
  readonly clock: SimulatedClock;
  readonly one: SimulatedSystem;
  readonly two: SimulatedSystem;
  readonly weather = { bad: true };
  readonly conflict: ConflictPolicy;
  readonly mortality: number;
  /** what counts as a backlog, in entities */
  readonly backlog: number;
  crashes = 0;
  dryRuns = 0;
  readonly dryRunWrites: string[] = [];
  /** of its own, so that histories without dry runs are the same as ever */
  private readonly deploys: Random;
  private readonly deploysOften: boolean;
  readonly config: IntegrationConfig;
  private process: Process | undefined;
  private readonly people: Person;
  private readonly store: Store;

  readonly trace: ((line: string) => void) | undefined;

  constructor(seed: number, store: Store, trace?: (line: string) => void) {
    this.config = seed % 3 === 0 ? { ...CONFIG, ...SHOWN } : CONFIG;
    this.trace = trace && ((line) => trace(`${this.clock.now() - START} ${line}`));
    this.random = new Random(seed);
    this.clock = new SimulatedClock(START, this.random);
    this.one = new SimulatedSystem('A', this.habits(), this.clock, this.random);
    this.two = new SimulatedSystem('B', this.habits(), this.clock, this.random);
    this.conflict = this.random.pick(['system1', 'system2', 'newest'] as const);
    this.mortality = this.random.pick([0, 0.002, 0.01, 0.03]);
    this.people = new Person(this.random, this.random.pick(['paragraphs', 'list'] as const));
    // drawn apart, so that the other histories stay what they were
    this.backlog = new Random(seed ^ 0x5eed).pick([2, 3, 4, Number.POSITIVE_INFINITY]);
    this.store = store;
    this.deploys = new Random(seed + 1_000_000_007);
    this.deploysOften = this.deploys.chance(0.4);
  }

  private habits(): Habits {
    const { random } = this;
    return {
      skew: random.pick([0, 0, -3_600_000, 7_000]),
      grain: random.pick([1, 1_000, 60_000]),
      normalises: random.chance(0.3),
      format: random.pick(FORMATS),
      marks: random.chance(0.5),
      exact: random.chance(0.6),
      lag: random.pick([0, 0, 500, 3_000]),
      faults: random.pick([0, 0.02, 0.1]),
    };
  }

  crashed(): void {
    this.crashes += 1;
    this.clock.after(this.random.int(10, 3_000), () => this.boot());
  }

  boot(): void {
    const dryRun = this.weather.bad && this.deploysOften && this.deploys.chance(0.4);
    if (dryRun) this.dryRuns += 1;
    this.process = new Process(this, this.store, dryRun);
    this.process.start().catch(() => undefined);
  }

  /** The process ends and another one begins, perhaps with the dry run switched. One that died begins by itself. */
  private deploy(): void {
    if (!this.process || this.process.dead) return;
    this.process.kill();
    this.clock.after(this.deploys.int(10, 3_000), () => this.boot());
  }

  /** Somebody works in one of the systems. */
  private person(): void {
    const { random } = this;
    const system = random.pick([this.one, this.two]);
    const known = system.entities();
    if (known.length === 0 || (known.length < 12 && random.chance(0.3))) {
      system.create(this.people.create(system.habits.format));
      return;
    }
    const entity = random.pick(known);
    const fields = this.people.edit(entity.fields, system.habits.format);
    this.trace?.(`EDIT ${entity.id} ${JSON.stringify(fields)}`);
    system.edit(entity.id, fields);
  }

  async live(): Promise<void> {
    this.boot();
    const steps = this.random.int(5, 40);
    for (let step = 0; step < steps; step += 1) {
      const burst = this.random.chance(0.2) ? 4 : 1;
      for (let n = 0; n < burst; n += 1) this.person();
      await this.clock.runUntil(this.clock.now() + this.random.pick([0, 5, 50, 400, 3_000]));
      if (this.deploysOften && this.deploys.chance(0.15)) this.deploy();
    }
    this.weather.bad = false;
    this.one.habits.faults = 0;
    this.two.habits.faults = 0;
    if (this.deploysOften) this.deploy();
    if (!this.process || this.process.dead) await this.clock.runUntil(this.clock.now() + 5_000);
    // pauses and retries of the bad weather run out, lost messages are found and sent again
    await this.clock.runUntil(this.clock.now() + 8 * 60_000);
  }

  end(): void {
    this.process?.kill();
  }
}

/** Runs one history. The same seed gives the same history. */
export async function simulate(seed: number, options: RunOptions = {}): Promise<RunReport> {
  const store = await openSqliteStore({ file: ':memory:' });
  const world = new World(seed, options.spoil ? options.spoil(store) : store, options.trace);
  const report: RunReport = {
    seed,
    events: 0,
    crashes: 0,
    merged: 0,
    contested: 0,
    lostEdits: [],
    duplicates: [],
    loops: [],
    diverged: [],
    dryRunWrites: world.dryRunWrites,
    dryRuns: 0,
    unshown: [],
  };
  world.one.automation = options.automation?.[1];
  world.two.automation = options.automation?.[2];
  try {
    await world.live();
    const before = world.one.writes + world.two.writes;
    await world.clock.runUntil(world.clock.now() + 60_000);
    const after = world.one.writes + world.two.writes;
    if (after !== before) report.loops.push(`${after - before} writes in the last minute, with nobody editing`);
    await check(world, store, report);
    report.events = world.one.edits.length + world.two.edits.length;
    report.crashes = world.crashes;
    report.dryRuns = world.dryRuns;
    const owed = await store.owedCounts(CONFIG.id);
    for (const [index, { due, resting }] of owed.entries())
      if (due + resting > 0) report.diverged.push(`side ${index + 1} still owes ${due}, ${resting} of them rest`);
    const counts = await store.counts(CONFIG.id);
    for (const [index, side] of counts.entries()) {
      const open = side.waiting + side.held + side.sent + side.retry + side.parked + side.shown;
      if (open > 0) report.diverged.push(`side ${index + 1} still has ${JSON.stringify(side)}`);
    }
  } finally {
    world.end();
    await store.close();
  }
  return report;
}

async function check(world: World, store: Store, report: RunReport): Promise<void> {
  const ones = world.one.entities();
  const twos = new Map(world.two.entities().map((entity) => [entity.id, entity]));
  for (const one of ones) {
    const link = await store.linkOf(CONFIG.id, 1, one.id);
    const two = link ? twos.get(link.ends[1].ref.id) : undefined;
    if (!two) {
      report.duplicates.push(`${one.id} has no counterpart: it is lost, or a second copy`);
      continue;
    }
    twos.delete(two.id);
    if (
      world.config.remoteBack1 &&
      !(plain(one.fields[REMOTE]) === plain(two.id) && plain(two.fields[REMOTE]) === plain(one.id))
    )
      report.unshown.push(`${one.id} shows ${one.fields[REMOTE]}, ${two.id} shows ${two.fields[REMOTE]}`);
    for (const field of FIELDS) {
      const [left, right] = [one.fields[field] ?? null, two.fields[field] ?? null];
      if (!agrees(left, right)) {
        report.diverged.push(`${one.id}.${field} is ${JSON.stringify(left)}, ${two.id} has ${JSON.stringify(right)}`);
      }
      checkEdits(world, report, `${one.id}/${two.id}.${field}`, [one.id, two.id], field, left);
    }
  }
  const people = [world.one, world.two].map(
    (system) => new Set(system.edits.filter((e) => e.first && !e.own).map((e) => e.entity)),
  );
  const made = (people[0]?.size ?? 0) + (people[1]?.size ?? 0);
  if (ones.length !== made) report.duplicates.push(`people made ${made} entities, system 1 has ${ones.length}`);
  for (const id of twos.keys()) report.duplicates.push(`${id} has no counterpart: it is lost, or a second copy`);
}

/** What people did to one field of a linked pair must be there at the end. */
function checkEdits(
  world: World,
  report: RunReport,
  name: string,
  [one, two]: [string, string],
  field: EditedField,
  value: Value,
): void {
  const edits = [
    ...world.one.edits.filter((edit) => edit.entity === one),
    ...world.two.edits.filter((edit) => edit.entity === two),
  ].filter((edit) => edit.field === field && !edit.own);
  if (!isMerged(field)) {
    const open = standing(edits);
    if (open.has(plain(value))) return;
    report.lostEdits.push(`${name} is "${plain(value)}", but ${[...open].join(' or ')} was never replaced`);
    return;
  }
  if (isText(field) && contestedLines(edits)) {
    report.contested += 1;
    return;
  }
  report.merged += edits.length;
  for (const item of lostItems(edits, value)) report.lostEdits.push(`${name} has lost "${item}"`);
  for (const item of returnedItems(edits, value)) report.lostEdits.push(`${name} has "${item}" again`);
}

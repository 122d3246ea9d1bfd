/** What one history happens in: the time, both systems, people, the weather, and the process that comes and goes. */

import type { ConflictPolicy, IntegrationConfig } from '../../lib/model/config';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import type { BudgetLimits } from '../../lib/sync/budget';
import { SimulatedClock } from './clock';
import { Person } from './person';
import { Poison } from './poison';
import { Process } from './process';
import { Random } from './random';
import { refer } from './references';
import { FORMATS } from './rich';
import { type Layout, layoutOf, NODES, type Shape } from './shapes';
import { type Habits, SimulatedSystem } from './system';

/** Every system has been read by then. */
const READ_MS = 60_000;
const START = Date.UTC(2026, 0, 1);
/** The field in which an entity shows its counterpart, in every third history. */
export const REMOTE = 'remote';
/** Many faults and crashes, few entities: what is rare otherwise comes together often. */
const STORM = { faults: [0.02, 0.1, 0.25], mortality: [0.002, 0.01, 0.04], entities: 3, turns: 60 };
const CALM = { faults: [0, 0.02, 0.1], mortality: [0, 0.002, 0.01, 0.03], entities: 12, turns: 40 };
const SHOWN = { remoteKeyField1: REMOTE, remoteKeyField2: REMOTE, remoteBack1: true, remoteBack2: true };

export interface WorldOptions {
  /** hears of every call of the engine and its answer, and of every edit */
  trace?: (line: string) => void;
  storm?: boolean;
  /** preset: drawn from the seed, most are a `pair` */
  shape?: Shape;
  /** a mutant: each integration knows of itself only */
  blind?: boolean;
  /** a mutant: what a value names is written as it is */
  ownIds?: boolean;
  /** people refer to other entities; preset: drawn */
  references?: boolean;
  /** steps in which people edit; preset: drawn */
  turns?: number;
  /** a mutant: what is not delivered is taken for gone */
  proxied?: boolean;
  /** nobody edits before the edit of before has reached every system */
  inTurn?: boolean;
}

/** Most histories are of one integration; drawn apart, so that those stay what they were. */
function drawn(seed: number): Shape {
  if (new Random(seed ^ 0x105e).chance(0.03)) return 'lost';
  const random = new Random(seed ^ 0x5a9e);
  return random.chance(0.6) ? 'pair' : random.pick(['beside', 'twice', 'split', 'ring', 'ring', 'overlap']);
}

export class World {
  readonly random: Random;
  readonly clock: SimulatedClock;
  readonly layout: Layout;
  readonly systems: readonly SimulatedSystem[];
  readonly weather = { bad: true };
  readonly conflict: ConflictPolicy;
  readonly mortality: number;
  /** what counts as a backlog, in entities */
  readonly backlog: number;
  /** of the request budget of each system; undefined = its requests do not pass one */
  readonly limits: BudgetLimits | undefined;
  crashes = 0;
  dryRuns = 0;
  readonly dryRunWrites: string[] = [];
  /** of its own, so that histories without dry runs are the same as ever */
  private readonly deploys: Random;
  private readonly deploysOften: boolean;
  readonly integrations: readonly IntegrationConfig[];
  readonly blind: boolean;
  readonly ownIds: boolean;
  /** of its own, so that histories without references are the same as ever; absent = nobody refers to anything */
  readonly references: Random | undefined;
  private readonly turns: number | undefined;
  readonly inTurn: boolean;
  /** what people edit is looked at in the end */
  readonly judgesEdits: boolean;
  private process: Process | undefined;
  private readonly people: Person;
  /** its file is lost now and then, in histories of that shape */
  store: Store;
  private readonly loses: Random | undefined;
  private isLosing = false;

  readonly trace: ((line: string) => void) | undefined;

  private readonly severity: typeof CALM;
  /** what is not delivered is taken for gone */
  readonly proxied: boolean;
  private readonly poisoned: boolean;

  constructor(
    seed: number,
    store: Store,
    {
      trace,
      storm = false,
      shape = drawn(seed),
      blind = false,
      ownIds = false,
      references,
      turns,
      proxied: isProxied = false,
      inTurn = false,
    }: WorldOptions = {},
  ) {
    this.severity = storm ? STORM : CALM;
    this.layout = layoutOf(shape);
    this.blind = blind;
    this.ownIds = ownIds;
    const referring = new Random(seed ^ 0x4ef5);
    this.references = (references ?? referring.chance(0.4)) ? referring : undefined;
    this.turns = turns;
    this.inTurn = inTurn;
    this.judgesEdits = !this.layout.oneWay || (inTurn && shape === 'wheel');
    const isShown = (seed % 3 === 0 || shape === 'lost') && this.layout.systems.length === 2 && shape !== 'overlap';
    const gone = Poison.of(seed) ? { targetDeleted: 'create' as const } : {};
    this.integrations = this.layout.integrations.map((config) => ({ ...config, ...(isShown && SHOWN), ...gone }));
    this.trace = trace && ((line) => trace(`${this.clock.now() - START} ${line}`));
    this.random = new Random(seed);
    this.clock = new SimulatedClock(START, this.random);
    this.systems = this.layout.systems.map((name) => new SimulatedSystem(name, this.habits(), this.clock, this.random));
    this.conflict = this.random.pick(['system1', 'system2', 'newest'] as const);
    this.mortality = this.random.pick(this.severity.mortality);
    this.people = new Person(this.random, this.random.pick(['paragraphs', 'list'] as const));
    // drawn apart, so that the other histories stay what they were
    this.backlog = new Random(seed ^ 0x5eed).pick([2, 3, 4, Number.POSITIVE_INFINITY]);
    const drawn = new Random(seed ^ 0x6a7e);
    this.limits = drawn.chance(0.5)
      ? drawn.pick([{}, { maxConcurrent: 1 }, { maxConcurrent: 2, maxRequestsPerSecond: 10 }])
      : undefined;
    this.store = store;
    this.proxied = isProxied;
    // what is parked does not come to rest
    this.poisoned = !inTurn && Poison.of(seed) !== undefined;
    for (const system of this.systems) system.poison = this.poisoned ? Poison.of(seed) : undefined;
    this.loses = shape === 'lost' ? new Random(seed ^ 0x10e7) : undefined;
    this.deploys = new Random(seed + 1_000_000_007);
    this.deploysOften = this.deploys.chance(0.4);
  }

  /** that the engine had carried out in all systems */
  get writes(): number {
    return this.systems.reduce((sum, { writes }) => sum + writes, 0);
  }

  /** @param node a system node's id */
  system(node: string): SimulatedSystem {
    const found = this.systems.find(({ name }) => name === NODES[node]);
    if (!found) throw new Error(`there is no system node ${node}`);
    return found;
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
      faults: random.pick(this.severity.faults),
    };
  }

  /** Time between polls. A system that answers our writes with writes of its own takes many of them to be stopped. */
  get pollMs(): number {
    if (this.weather.bad) return 1_000;
    return this.systems.some(({ automation }) => automation) ? 10_000 : 30_000;
  }

  crashed(): void {
    this.crashes += 1;
    this.clock.after(this.random.int(10, 3_000), () => this.boot());
  }

  boot(): void {
    if (this.isLosing) return;
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
    const system = random.pick(this.systems);
    const known = system.entities();
    if (known.length === 0 || (known.length < this.severity.entities && random.chance(0.3))) {
      const types = this.layout.types[system.name];
      system.create(this.people.create(system.habits.format), types && random.pick(types));
      return;
    }
    const entity = random.pick(known);
    const named = this.references?.chance(0.4) ? refer(this.references, entity, known) : undefined;
    if (named) {
      this.trace?.(`EDIT ${entity.id} ${JSON.stringify(named)}`);
      system.edit(entity.id, named);
      return;
    }
    const fields = this.people.edit(entity.fields, system.habits.format);
    this.trace?.(`EDIT ${entity.id} ${JSON.stringify(fields)}`);
    system.edit(entity.id, fields);
  }

  async live(): Promise<void> {
    this.boot();
    const steps = this.turns ?? this.random.int(5, this.severity.turns);
    for (let step = 0; step < steps; step += 1) {
      const burst = this.random.chance(0.2) && !this.inTurn ? 4 : 1;
      for (let n = 0; n < burst; n += 1) this.person();
      const pause = this.random.pick([0, 5, 50, 400, 3_000]);
      if (this.inTurn) await this.rest();
      else await this.clock.runUntil(this.clock.now() + pause);
      if (this.deploysOften && this.deploys.chance(0.15)) this.deploy();
      if (this.loses?.chance(0.1)) await this.loseStore();
    }
    this.weather.bad = false;
    for (const { poison } of this.systems) if (poison) poison.active = false;
    for (const { habits } of this.systems) habits.faults = 0;
    if (this.deploysOften) this.deploy();
    if (!this.process || this.process.dead) await this.clock.runUntil(this.clock.now() + 5_000);
    // somebody retries what was parked in it
    if (this.poisoned) for (const ms of [30_000, 150_000]) this.clock.after(ms, () => this.process?.retryParked());
    // pauses and retries of the bad weather run out, lost messages are found and sent again
    await this.clock.runUntil(this.clock.now() + 8 * 60_000);
  }

  /** Until nothing waits any more, twice in a row: what was written last may have yet to be read. */
  private async rest(): Promise<void> {
    for (let rests = 0; rests < 2; ) {
      await this.clock.runUntil(this.clock.now() + READ_MS);
      const counts = await Promise.all(this.integrations.map(({ id }) => this.store.counts(id)));
      const isOpen = counts
        .flat()
        .some(({ waiting, held, sent, retry, shown }) => waiting + held + sent + retry + shown > 0);
      rests = isOpen ? 0 : rests + 1;
    }
  }

  /** The process ends, the store is gone, and the next process begins with a new one that knows of it. */
  private async loseStore(): Promise<void> {
    this.process?.kill();
    this.isLosing = true;
    // what was on its way to a system arrives, and processes that were about to begin do not
    await this.clock.runUntil(this.clock.now() + 5_000);
    this.isLosing = false;
    await this.store.close();
    this.store = await openSqliteStore({ file: ':memory:' });
    await this.store.setDoubt('9999');
    this.boot();
  }

  end(): void {
    this.process?.kill();
  }
}

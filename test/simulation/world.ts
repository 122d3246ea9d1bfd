/** What one history happens in: the time, both systems, people, the weather, and the process that comes and goes. */

import type { BudgetLimits } from '../../lib/budget/request-budget';
import { type ConflictPolicy, INTERNAL_POLICIES, type IntegrationConfig } from '../../lib/model/config';
import { eachSide } from '../../lib/model/sides';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { Answers } from './answers';
import { Attachers, withAttachments } from './attachments';
import { SimulatedClock } from './clock';
import { COMMENTED, Commentators, withComments } from './comments';
import { Digest } from './digest';
import { Person } from './person';
import { Poison } from './poison';
import { Process } from './process';
import { Random } from './random';
import { refer } from './references';
import { FORMATS } from './rich';
import { lookAt, type SetBack, StoreFile } from './set-back';
import { type Layout, layoutOf, NODES, NOTE, REMOTE, type Shape } from './shapes';
import { type Habits, SimulatedSystem } from './system';

/** Every system has been read by then. */
const READ_MS = 60_000;
const START = Date.UTC(2026, 0, 1);
/** Many faults and crashes, few entities: what is rare otherwise comes together often. */
const STORM = { faults: [0.02, 0.1, 0.25], mortality: [0.002, 0.01, 0.04], entities: 3, turns: 60 };
const CALM = { faults: [0, 0.02, 0.1], mortality: [0, 0.002, 0.01, 0.03], entities: 12, turns: 40 };
const SHOWN = { backlinks: eachSide(() => ({ key: REMOTE, back: true })) };

export interface WorldOptions {
  /** hears of every call of the engine and its answer, and of every edit */
  trace?: (line: string) => void;
  storm?: boolean;
  /** default: drawn from the seed, most are a `pair` */
  shape?: Shape;
  /** a mutant: each integration knows of itself only */
  blind?: boolean;
  /** a mutant: what a value names is written as it is */
  ownIds?: boolean;
  /** people refer to other entities; default: drawn */
  references?: boolean;
  /** people comment; default: drawn */
  comments?: boolean;
  /** people attach files; default: nobody does */
  files?: boolean;
  /** steps in which people edit; default: drawn */
  turns?: number;
  /** a mutant: what is not delivered is taken for gone */
  proxied?: boolean;
  /** nobody edits before the edit of before has reached every system */
  inTurn?: boolean;
  /** answers come apart, so that the history does not depend on the engine's promises (answers.ts) */
  apart?: boolean;
  /** an empty store; default: SQLite's, in memory. Histories in which a copy of it is restored have a file all the same. */
  open?: () => Promise<Store>;
  /** wraps each store, to break it on purpose */
  spoil?: (store: Store) => Store;
}

export const openEmpty = (): Promise<Store> => openSqliteStore({ file: ':memory:' });

/** Most histories are of one integration; drawn apart, so that those stay what they were. */
function drawn(seed: number): Shape {
  if (new Random(seed ^ 0x105e).chance(0.03)) return 'lost';
  if (new Random(seed ^ 0x2e57).chance(0.04)) return 'restored';
  const random = new Random(seed ^ 0x5a9e);
  return random.chance(0.6) ? 'pair' : random.pick(['beside', 'twice', 'split', 'ring', 'ring', 'overlap']);
}

interface SetsBack {
  file: StoreFile;
  random: Random;
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
  /** of its own, as well; absent = nobody comments */
  private readonly comments: Commentators | undefined;
  private readonly files: Attachers | undefined;
  readonly commentsLinked: [string, string][] = [];
  private readonly turns: number | undefined;
  readonly inTurn: boolean;
  readonly answers: Answers | undefined;
  /** what people edit is looked at in the end */
  readonly judgesEdits: boolean;
  private process: Process | undefined;
  private readonly people: Person;
  /** its file is lost now and then, in histories of that shape */
  store: Store;
  private readonly spoil: (store: Store) => Store;
  private readonly open: () => Promise<Store>;
  private readonly loses: Random | undefined;
  private isDown = false;
  /** its file and when it is copied and set back, in histories of that shape */
  private readonly setsBack: SetsBack | undefined;
  /** what there was when the store was set back */
  setBack: SetBack | undefined;

  readonly trace: ((line: string) => void) | undefined;
  /** of all that happens in the systems, in its order */
  readonly digest = new Digest();

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
      comments,
      files = false,
      turns,
      proxied: isProxied = false,
      inTurn = false,
      apart = false,
      spoil = (it) => it,
      open = openEmpty,
    }: WorldOptions = {},
  ) {
    this.severity = storm ? STORM : CALM;
    this.layout = layoutOf(shape);
    this.blind = blind;
    this.ownIds = ownIds;
    const referring = new Random(seed ^ 0x4ef5);
    this.references = (references ?? referring.chance(0.4)) ? referring : undefined;
    this.turns = turns;
    const commenting = new Random(seed ^ 0xc0de);
    const isCommented = COMMENTED.includes(shape) && (comments ?? commenting.chance(0.35));
    this.comments = isCommented ? new Commentators(commenting) : undefined;
    const attaching = new Random(seed ^ 0xf11e5);
    this.files = files ? new Attachers(attaching) : undefined;
    this.inTurn = inTurn;
    this.judgesEdits = !this.layout.oneWay || (inTurn && shape === 'wheel');
    this.trace = trace && ((line) => trace(`${this.clock.now() - START} ${line}`));
    this.random = new Random(seed);
    this.answers = apart ? new Answers() : undefined;
    this.clock = new SimulatedClock(START, this.random, this.answers);
    this.systems = this.layout.systems.map((name) => new SimulatedSystem(name, this.habits(), this.clock, this.random));
    if (isCommented) this.silence(commenting);
    if (files && !isCommented)
      for (const { habits } of this.systems)
        if (attaching.chance(0.4))
          habits.silent = new Set((['create', 'edit', 'delete'] as const).filter(() => attaching.chance(0.3)));
    const internal = commenting.pick(INTERNAL_POLICIES.filter((policy) => policy !== 'public'));
    // of comments only markers tell for certain what was made from which, whatever people have edited and deleted meanwhile
    if (isCommented && (shape === 'lost' || shape === 'restored'))
      for (const { habits } of this.systems) habits.marks = true;
    // each system may tell by markers alone what was made in it
    const isMarked = shape === 'restored' && this.systems.every(({ habits }) => habits.marks);
    const isShown =
      ((seed % 3 === 0 && !isMarked) || shape === 'lost' || (shape === 'restored' && !isMarked)) &&
      this.layout.systems.length === 2 &&
      shape !== 'overlap';
    const gone = Poison.of(seed) ? { targetDeleted: 'create' as const } : {};
    this.integrations = this.layout.integrations
      .map((config) => ({ ...config, ...(isShown && SHOWN), ...gone }))
      .map((config) => (isCommented ? withComments(config, internal) : config))
      .map((config) => (files ? withAttachments(config) : config));
    this.conflict = this.random.pick(['system1', 'system2', 'newest'] as const);
    this.mortality = this.random.pick(this.severity.mortality);
    this.people = new Person(this.random, this.random.pick(['paragraphs', 'list'] as const));
    // drawn apart, so that the other histories stay what they were
    this.backlog = new Random(seed ^ 0x5eed).pick([2, 3, 4, Number.POSITIVE_INFINITY]);
    const drawn = new Random(seed ^ 0x6a7e);
    this.limits = drawn.chance(0.5)
      ? drawn.pick([{}, { maxConcurrent: 1 }, { maxConcurrent: 2, maxRequestsPerSecond: 10 }])
      : undefined;
    this.spoil = spoil;
    this.open = open;
    this.store = spoil(store);
    this.proxied = isProxied;
    // what is parked does not come to rest
    this.poisoned = !inTurn && Poison.of(seed) !== undefined;
    for (const system of this.systems) {
      system.heard = (by, entity, type, fields) => {
        this.digest.add(by, entity, type, fields);
        if (type === NOTE) this.trace?.(`NOTE ${entity} by ${by} ${JSON.stringify(fields)}`);
      };
    }
    for (const system of this.systems) system.poison = this.poisoned ? Poison.of(seed) : undefined;
    this.setsBack = shape === 'restored' ? { file: new StoreFile(), random: new Random(seed ^ 0x2e57) } : undefined;
    this.loses = shape === 'lost' ? new Random(seed ^ 0x10e7) : undefined;
    this.deploys = new Random(seed + 1_000_000_007);
    this.deploysOften = this.deploys.chance(0.4);
  }

  get forgets(): boolean {
    return this.loses !== undefined || this.setsBack !== undefined;
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

  /** In some systems changes of comments do not show in their entities. */
  private silence(random: Random): void {
    for (const { habits } of this.systems) {
      const silent = (['create', 'edit', 'delete'] as const).filter(() => random.chance(0.3));
      if (random.chance(0.4)) habits.silent = new Set(silent);
      if (this.systems.length === 2 && random.chance(0.5)) habits.discreet = true;
    }
    for (const system of this.systems) this.comments?.watch(system);
  }

  get leaks(): readonly string[] {
    return this.comments?.leaks ?? [];
  }

  get wereInternal(): ReadonlySet<string> {
    return this.comments?.wereInternal ?? new Set();
  }

  get isAttached(): boolean {
    return this.files !== undefined;
  }

  get isCommented(): boolean {
    return this.comments !== undefined;
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
    if (this.isDown) return;
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
    if (known.length > 0 && this.files?.turn) {
      this.files.act(system);
      return;
    }
    if (known.length > 0 && this.comments?.turn) {
      this.comments.act(system);
      return;
    }
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
    const { setsBack } = this;
    if (setsBack) {
      await this.store.close();
      this.store = this.spoil(await setsBack.file.open());
    }
    this.boot();
    const steps = this.turns ?? this.random.int(5, this.severity.turns);
    const copyAt = setsBack?.random.int(0, steps - 2) ?? steps;
    const backAt = setsBack?.random.int(copyAt + 1, steps - 1);
    for (let step = 0; step < steps; step += 1) {
      const burst = this.random.chance(0.2) && !this.inTurn ? 4 : 1;
      for (let n = 0; n < burst; n += 1) this.person();
      // files take their time: the bad weather has to last
      const pause = this.random.pick(this.files ? [5, 400, 2_000, 6_000, 20_000] : [0, 5, 50, 400, 3_000]);
      if (this.inTurn) await this.rest();
      else await this.clock.runUntil(this.clock.now() + pause);
      if (this.deploysOften && this.deploys.chance(0.15)) this.deploy();
      if (this.loses?.chance(0.1)) await this.loseStore();
      if (step === copyAt) setsBack?.file.copy();
      if (step === backAt && setsBack) await this.setStoreBack(setsBack);
    }
    this.weather.bad = false;
    for (const { poison } of this.systems) if (poison) poison.active = false;
    for (const { habits } of this.systems) habits.faults = 0;
    if (this.deploysOften) this.deploy();
    if (!this.process || this.process.dead) await this.clock.runUntil(this.clock.now() + 5_000);
    // somebody retries what was parked in it
    if (this.poisoned || this.files)
      for (const ms of [30_000, 150_000]) this.clock.after(ms, () => this.process?.retryParked());
    // pauses and retries of the bad weather run out, lost messages are found and sent again
    await this.clock.runUntil(this.clock.now() + 8 * 60_000);
    // a file that was not given out is tried again after one, four and sixteen minutes
    if (this.files) await this.clock.runUntil(this.clock.now() + 30 * 60_000);
    // comments whose changes show nowhere are looked at after two and after ten minutes
    if (this.systems.some(({ habits }) => habits.silent)) await this.clock.runUntil(this.clock.now() + 20 * 60_000);
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
    await this.withoutProcess(async () => {
      await this.store.close();
      this.trace?.('the store is LOST');
      const store = await this.open();
      await store.setDoubt('9999');
      this.store = this.spoil(store);
    });
  }

  /** The process ends, people go on, and the next process begins with the copy of the store from before. */
  private async setStoreBack({ file, random }: SetsBack): Promise<void> {
    await this.withoutProcess(async () => {
      for (let edits = random.int(0, 6); edits > 0; edits -= 1) this.person();
      this.trace?.('the store is SET BACK');
      this.store = await file.setBack(this.store, this.spoil);
      this.setBack = await lookAt(this.store, this.integrations, this.systems);
    });
  }

  /** Something happens while no process is there; then the next one begins. */
  private async withoutProcess(act: () => Promise<void>): Promise<void> {
    this.process?.kill();
    this.isDown = true;
    // what was on its way to a system arrives, and processes that were about to begin do not
    await this.clock.runUntil(this.clock.now() + 5_000);
    this.isDown = false;
    await act();
    this.boot();
  }

  end(): void {
    this.process?.kill();
    this.setsBack?.file.remove();
  }
}

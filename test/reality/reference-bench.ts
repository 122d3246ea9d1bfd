/**
 * Several integrations of the real engine on one store file, between two sandboxes, or three, in which the same numbers mean other
 * entities, with the steps of real mapper nodes in between. Time is the test's.
 */

import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../lib/connectors/connector';
import {
  openSandbox,
  type SandboxField,
  type SandboxSpace,
  type SandboxTemplate,
  sandbox,
} from '../../lib/connectors/sandbox';
import { Integration } from '../../lib/engine/integration';
import { Peers } from '../../lib/engine/peers/peers';
import { Users } from '../../lib/engine/people';
import type { Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import type { DefaultRow, FieldChoice, FieldRow, IntegrationConfig } from '../../lib/model/config';
import type { DirectionSetting, Entity, EntityId, Side } from '../../lib/model/entity';
import type { SyncError } from '../../lib/model/errors';
import type { SyncResult } from '../../lib/model/message';
import type { Fields, Value } from '../../lib/model/values';
import { type EntityPlan, type PlanStep, planEntity } from '../../lib/plan';
import { Chain } from '../../lib/plan/chain';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { SimulatedClock } from '../simulation/clock';
import { Random } from '../simulation/random';

const START = Date.UTC(2026, 5, 1, 12);

const FIELDS: SandboxField[] = [
  { id: 'title', name: 'Title', type: 'text', required: true },
  { id: 'parent', name: 'Parent', type: 'reference' },
  { id: 'related', name: 'Related', type: 'reference', multi: true },
  { id: 'remote', name: 'Remote key', type: 'text' },
];
const PROJECTS = ['Work', 'Portfolio', 'Private'];
const TYPES = ['Bug', 'Epic'];

const template = (keys: string): SandboxTemplate => ({
  ...{ name: keys, label: keys, keys, title: 'title', firstId: 1 },
  people: ['sync', 'alice'].map((id) => ({ id, name: id, login: id, email: `${id}@example.org` })),
  projects: PROJECTS.map((id) => ({ id, name: id, prefix: id.toUpperCase() })),
  types: TYPES.map((id) => ({ id, name: id, fields: FIELDS })),
});

export const choice = (id: string): FieldChoice => {
  const { name = id, type = 'text', multi } = FIELDS.find((field) => field.id === id) ?? {};
  return multi ? { id, name, type, multi } : { id, name, type };
};
export const row = (id: string, more: Partial<FieldRow> = {}): FieldRow => ({
  ...{ one: choice(id), two: choice(id), direction: 'both' as const },
  ...more,
});

/** A, B and C */
export type Place = 1 | 2 | 3;
const PLACES: readonly Place[] = [1, 2, 3];
const byPlace = <T>(make: (place: Place) => T): Record<Place, T> => ({ 1: make(1), 2: make(2), 3: make(3) });
const nameOf = (place: Place): string => 'ABC'.charAt(place - 1);

export interface Set {
  id: string;
  types?: string[];
  project?: string;
  direction?: DirectionSetting;
  rows?: FieldRow[];
  defaults?: DefaultRow[];
  /** System 1 and System 2; default: A and B */
  between?: [Place, Place];
  more?: Partial<IntegrationConfig>;
  dryRun?: boolean;
}

interface Running {
  integration: Integration;
  chain: Chain;
  steps: PlanStep[];
  readers: Reader[];
}

export class ReferenceBench {
  readonly spaces: Record<Place, SandboxSpace>;
  readonly clock = new SimulatedClock(START, new Random(1));
  readonly results: SyncResult[] = [];
  readonly failures: { key: string; error: SyncError; parked: boolean }[] = [];
  readonly running = new Map<string, Running>();
  /** what a message of an integration waits for before the writer gets it */
  onTheWay: (integration: string) => Promise<void> = async () => undefined;
  private readonly names: Record<Place, string>;
  private readonly file = join(tmpdir(), `twinflow-references-${randomUUID()}.sqlite`);
  private current: Store | undefined;
  private systems: Record<Place, System>;
  private peers = new Peers();

  constructor() {
    const name = randomUUID();
    this.names = byPlace((place) => `${name}-${nameOf(place)}`);
    this.spaces = byPlace((place) =>
      openSandbox({ space: this.names[place], template: template(`${nameOf(place)}-{id}`) }),
    );
    this.systems = byPlace((place) => this.system(place));
  }

  private system(place: Place): System {
    return new System(`s${place}`, nameOf(place), () => this.connection(place), this.clock);
  }

  connection(place: Place): Connection {
    return sandbox.connect({ space: this.names[place], user: 'sync' }, {});
  }

  get store(): Store {
    if (!this.current) throw new Error('nothing runs');
    return this.current;
  }

  async start(...sets: Set[]): Promise<void> {
    this.current ??= await openSqliteStore({ file: this.file, outlivesPower: false });
    for (const set of sets) this.peers.know(configOf(set));
    for (const set of sets) await this.run(set);
  }

  private async run({ rows = [row('title'), row('parent'), row('related')], ...set }: Set): Promise<void> {
    const config = configOf(set);
    const steps: PlanStep[] = [
      { id: 'fields', pairs: 'all', kind: 'fieldMapper', rows },
      { id: 'defaults', pairs: 'all', kind: 'defaultMapper', rows: set.defaults ?? [] },
    ];
    const [one, two] = set.between ?? [1, 2];
    const systems = [this.systems[one], this.systems[two]] as const;
    const integration = new Integration(
      config,
      systems,
      this.store,
      this.clock,
      {
        landed: (result) => this.results.push(result),
        failed: (event, error, parked) => this.failures.push({ key: event.entity.key, error, parked }),
      },
      this.peers,
    );
    const users = new Users(async () => [], this.clock);
    const chain = new Chain(steps, '', {
      connection: (side) => integration.systems[side].connection(),
      users: () => users,
      linkOf: (side, id) => this.store.linkOf(config.id, side, id),
      read: async (side, id) => (await integration.read(side, [id]))[0],
      inQuery: async () => false,
    });
    await integration.start();
    for (const side of [1, 2] as const) {
      const relevant = { 1: chain.relevant(1), 2: chain.relevant(2) };
      if (side === 1 && relevant[1] && relevant[2]) integration.declare('mapper', { 1: relevant[1], 2: relevant[2] });
    }
    const writer = integration.writer({ batchSize: 10, dryRun: set.dryRun });
    const readers = ([1, 2] as const).map((side) =>
      integration.reader(
        side,
        { pageSize: 100, window: 10, start: { kind: 'all' } },
        (message) => {
          chain
            .pass(message)
            .then(async ({ message: mapped }) => {
              await this.onTheWay(set.id);
              return writer.accept(mapped);
            })
            .then(
              (result) => void (result.outcome === 'dryRun' && this.results.push(result)),
              () => undefined,
            );
        },
        () => undefined,
      ),
    );
    this.running.set(set.id, { integration, chain, steps, readers });
  }

  /** Everything ends, as by kill -9 where `abruptly`: nothing is finished. The store is opened again by `start`. */
  async end(): Promise<void> {
    for (const { integration } of this.running.values()) {
      const stopped = integration.stop();
      await this.wait(1_000);
      await stopped;
    }
    this.running.clear();
    this.peers = new Peers();
    await this.current?.close();
    this.current = undefined;
    this.systems = byPlace((place) => this.system(place));
  }

  async close(): Promise<void> {
    await this.end();
    for (const space of Object.values(this.spaces)) space.close();
    for (const end of ['', '-wal', '-shm']) rmSync(this.file + end, { force: true });
  }

  /** All sides of the integrations named (of all, where none is) are read, and what can happen within a minute happens. */
  async sync(...ids: string[]): Promise<void> {
    for (const [id, { readers }] of this.running) {
      if (ids.length > 0 && !ids.includes(id)) continue;
      for (const reader of readers) void reader.poll().catch(() => undefined);
    }
    await this.wait(60_000);
  }

  async wait(ms: number): Promise<void> {
    await this.clock.runUntil(this.clock.now() + ms);
  }

  /** What a person does. */
  create(place: Place, title: string, fields: Fields = {}, { type = 'Bug', project = 'Work' } = {}): Entity {
    return this.spaces[place].create('alice', { project, type, fields: { title, ...fields } });
  }

  edit(place: Place, id: EntityId, fields: Fields): Entity {
    return this.spaces[place].edit('alice', id, fields);
  }

  /** The one entity of this title. */
  named(place: Place, title: string): Entity {
    const found = this.spaces[place].list({ limit: 500 }).entities.filter(({ fields }) => fields.title === title);
    const [entity] = found;
    if (!entity || found.length > 1) throw new Error(`${found.length} entities called ${title} in ${nameOf(place)}`);
    return entity;
  }

  /** Titles of what an entity refers to. */
  titles(place: Place, title: string, field = 'parent'): string[] {
    const value: Value = this.named(place, title).fields[field] ?? null;
    return (Array.isArray(value) ? value : [value]).flatMap((item) => {
      if (typeof item !== 'object' || item === null || !('id' in item) || item.id === undefined) return [];
      return String(this.spaces[place].get(item.id)?.fields.title ?? `${item.id}?`);
    });
  }

  /** Writes to all systems so far. */
  writes(): number {
    return PLACES.reduce((sum, place) => sum + this.spaces[place].revision(), 0);
  }

  warnings(title: string): string[] {
    const keys = new Set(
      PLACES.flatMap((place) => this.spaces[place].list({ search: title }).entities.map((entity) => entity.key)),
    );
    const last = this.results.filter(({ source }) => keys.has(source.key)).at(-1);
    return (last?.warnings ?? []).map(({ field, reason }) => `${field}: ${reason}`);
  }

  async plan(id: string, side: Side, entity: Entity): Promise<EntityPlan> {
    const running = this.running.get(id);
    if (!running) throw new Error(`${id} does not run`);
    const { config } = running.integration;
    return planEntity({
      ...{ config, steps: running.steps, side, entity, store: this.store },
      others: { peers: this.peers, placeOf: (node) => node },
      connections: [running.integration.systems[1].connection(), running.integration.systems[2].connection()],
    });
  }
}

function configOf({
  id,
  types = ['Bug'],
  project = 'Work',
  direction = 'both',
  between,
  more,
}: Set): IntegrationConfig {
  const [one, two] = between ?? [1, 2];
  const pair = (name: string) => ({ one: { id: name, name }, two: { id: name, name }, direction });
  return {
    ...{ id, name: id, active: true, retries: 0, lostAfterMs: 600_000 },
    ...{ system1: `s${one}`, system2: `s${two}` },
    projectPairs: [pair(project)],
    typePairs: types.map((type) => ({ ...pair(type), id: type })),
    ...more,
  };
}

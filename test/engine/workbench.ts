/**
 * The real engine on the real store, in time that the test owns, between two trackers that are kept in memory. The flow
 * in between copies every field under its own name.
 */

import type {
  ChangePage,
  Checkpoint,
  Connection,
  FindQuery,
  RemoteLink,
  Revision,
  Scope,
  WriteOperation,
  WriteResult,
} from '../../lib/connectors/connector';
import { Integration } from '../../lib/engine/integration';
import type { PollSummary, Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import type { Writer } from '../../lib/engine/write/writer';
import { iso } from '../../lib/model/clock';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity, Side } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage, SyncResult, Unresolved } from '../../lib/model/message';
import { textFinder } from '../../lib/model/same-text';
import type { Fields, Value } from '../../lib/model/values';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { SimulatedClock } from '../simulation/clock';
import { Random } from '../simulation/random';

const START = Date.UTC(2026, 5, 1, 12);
const FIELDS = ['title', 'priority', 'note'];
/** id of our own account, in both trackers */
export const SYNC = 'sync';

export class Tracker {
  readonly entities = new Map<string, Entity>();
  /** every write that was asked for, also refused ones */
  readonly asked: WriteOperation[] = [];
  /** field → what is wrong with the values that it does not take */
  refuses: (operation: WriteOperation) => Record<string, string> | undefined = () => undefined;
  /** fields that are taken without a word and stay as they were */
  ignores: Record<string, string> = {};
  fault: SyncError | undefined;
  /** entities that a read does not bring, and why */
  readonly undelivered = new Map<string, SyncError>();
  /** what every search finds; `own`: what our account has created since */
  found: Entity[] | 'own' = [];
  /** fields that change without a poll showing it */
  silent: ReadonlySet<string> | undefined;
  /** entities that no poll shows, since only silent fields have changed */
  private readonly unpolled = new Set<string>();
  /** ids of each read */
  readonly reads: string[][] = [];
  /** called for each search, read and write */
  onRequest: () => void = () => undefined;
  /** a write arrives without an answer, or does not arrive; it looks the same */
  loses: 'answers' | 'writes' | undefined;
  /** it is searched by a field's value, and by key */
  searches = false;
  /** each search by a field's value */
  readonly searched: FindQuery[] = [];
  /** a value that it refuses to search for, whatever else is asked for */
  cannotSearch: string | undefined;
  ignoresCase = false;
  /** entities of which a search says that they were not delivered */
  readonly unshown = new Set<string>();
  /** whatever it is that is looked for */
  showsNothingOfUnshown = false;
  /** links by entity and key; without `takesLinks` there is no place for them */
  readonly links = new Map<string, Map<string, RemoteLink>>();
  takesLinks = false;
  /** nothing can be written at all */
  isReadOnly = false;
  /** what every poll tells beside its entities */
  notes: string[] | undefined;
  /** what each entity went through, newest first; asked for only where `hasHistory` */
  readonly revisions = new Map<string, Revision[]>();
  hasHistory = false;
  /** ids whose history was asked for */
  readonly histories: string[] = [];
  /** an entity says who changed it last */
  tellsWho = false;
  /** how long a request to write takes */
  work: () => Promise<void> = async () => undefined;
  /** polls have positions and pages; otherwise each shows everything */
  isPaged = false;
  /** called for each page that is read */
  onPoll: () => void = () => undefined;
  /** positions from which pages were read */
  readonly polls: number[] = [];
  private counter = 0;

  constructor(
    readonly name: string,
    private readonly now: () => number,
  ) {}

  /** @param by account that does it */
  save(id: string | undefined, fields: Fields, by = 'alice'): Entity {
    this.counter += 1;
    const key = id ?? `${this.name}-${this.counter}`;
    const before = this.entities.get(key);
    const changes = Object.entries(fields).map(([field, now]) => [
      field,
      { old: before?.fields[field] ?? null, new: now },
    ]);
    const revision = {
      id: `${this.counter}`,
      at: iso(this.now()),
      by: { id: by },
      fields: Object.fromEntries(changes),
    };
    if (before) this.revisions.set(key, [revision, ...(this.revisions.get(key) ?? [])]);
    const entity: Entity = {
      id: key,
      key: before?.key ?? key,
      url: before?.url ?? `https://${this.name}.example.org/${key}`,
      type: 'Bug',
      project: 'P',
      version: `v${this.counter}`,
      createdAt: before?.createdAt ?? iso(this.now() + this.counter),
      updatedAt: iso(this.now()),
      createdBy: before?.createdBy ?? { id: by },
      ...(this.tellsWho && { updatedBy: { id: by } }),
      fields: { ...before?.fields, ...fields },
    };
    const isSilent = before && Object.keys(fields).every((field) => this.silent?.has(field));
    if (isSilent) this.unpolled.add(key);
    else this.unpolled.delete(key);
    this.entities.set(key, entity);
    return structuredClone(entity);
  }

  /** A field of the entity with this title. */
  valueOf(title: string, field: string): unknown {
    return [...this.entities.values()].find(({ fields }) => fields.title === title)?.fields[field];
  }

  connection(): Connection {
    const all = () => structuredClone([...this.entities.values()]);
    const polled = () => all().filter(({ id }) => !this.unpolled.has(id));
    const { notes } = this;
    const available = () => {
      this.onRequest();
      if (this.fault) throw this.fault;
    };
    return {
      ...(this.takesLinks && { remoteLinks: true as const }),
      ...(this.silent && { silentFields: this.silent }),
      ...(this.hasHistory && {
        history: async (id: string) => {
          this.histories.push(id);
          return structuredClone(this.revisions.get(id) ?? []);
        },
      }),
      identify: async () => ({ user: { id: SYNC, name: 'Sync' }, server: this.name, missing: [] }),
      projects: async () => [{ id: 'P', name: 'P' }],
      entityTypes: async () => [{ id: 'Bug', name: 'Bug' }],
      fields: async () => FIELDS.map((id) => ({ id, name: id, type: 'text' as const })),
      changes: (_scope, since, pageSize) => {
        if (this.isPaged) return this.pages(since, pageSize, available);
        return (async function* (): AsyncIterable<ChangePage> {
          available();
          yield { entities: polled(), checkpoint: {}, ...(notes && { notes }) };
        })();
      },
      newest: async () => (this.isPaged ? { after: this.counter } : undefined),
      checkpointAt: () => ({}),
      find: async (query, limit) => {
        available();
        const { field, marker, createdBySelfSince: since } = query;
        if (this.found === 'own' && since !== undefined && marker === undefined)
          return all().filter(({ createdBy, createdAt = '' }) => createdBy?.id === SYNC && createdAt >= since);
        if (!this.searches || !field) return structuredClone(this.found === 'own' ? [] : this.found);
        this.searched.push(query);
        if (this.cannotSearch && field.values.includes(this.cannotSearch))
          throw new SyncError('invalid', `${this.cannotSearch} cannot be searched for`);
        const asShown = (value: Value) => (this.ignoresCase && typeof value === 'string' ? value.toLowerCase() : value);
        const wanted = field.values.map(asShown);
        const found = all().filter(({ id, fields }) => {
          const isHidden = this.showsNothingOfUnshown && this.unshown.has(id);
          const isFound = field.how ? textFinder(field.values, field.how) : undefined;
          if (isFound) return isHidden || isFound(fields[field.id]);
          return isHidden || wanted.includes(asShown(fields[field.id] ?? null));
        });
        const isShown = ({ id }: Entity) => !this.unshown.has(id);
        const unshown = found.filter((entity) => !isShown(entity));
        return [
          ...found.filter(isShown).slice(0, limit),
          ...unshown.map(({ id }) => new SyncError('transient', `HTTP 500 for ${id}`, { status: 500 })),
        ];
      },
      ...(this.searches && { byKey: async (key: string) => structuredClone(this.entities.get(key)) }),
      read: async (_scope, ids) => {
        available();
        this.reads.push(ids);
        return ids.map((id) => this.undelivered.get(id) ?? structuredClone(this.entities.get(id)));
      },
      ...(!this.isReadOnly && {
        write: async (_scope: Scope, operations: WriteOperation[]) => {
          available();
          await this.work();
          return operations.map((operation) => this.write(operation));
        },
      }),
    };
  }

  /** In the order of their changes, from a position that is a number of changes. */
  private async *pages(since: Checkpoint | undefined, size: number, available: () => void): AsyncIterable<ChangePage> {
    for (let after = Number(since?.after ?? 0); ; ) {
      available();
      this.polls.push(after);
      this.onPoll();
      const numberOf = ({ version }: Entity): number => Number(version.slice(1));
      const later = [...this.entities.values()].filter((entity) => numberOf(entity) > after);
      const entities = later.sort((a, b) => numberOf(a) - numberOf(b)).slice(0, size);
      const last = entities.at(-1);
      after = last ? numberOf(last) : after;
      yield { entities: structuredClone(entities), checkpoint: { after } };
      if (entities.length < size) return;
    }
  }

  private write(operation: WriteOperation): WriteResult {
    this.asked.push(structuredClone(operation));
    const lost: WriteResult = {
      ok: false,
      error: new SyncError('transient', 'the connection was closed', { uncertain: true }),
    };
    if (this.loses === 'writes') return lost;
    const fields = this.refuses(operation);
    if (fields) {
      const answer = JSON.stringify(fields);
      return { ok: false, error: new SyncError('invalid', `${Object.values(fields).join('; ')}`, { fields, answer }) };
    }
    const taken = Object.fromEntries(Object.entries(operation.fields).filter(([field]) => !(field in this.ignores)));
    const entity = this.save(operation.kind === 'update' ? operation.id : undefined, taken, SYNC);
    const { remoteLink } = operation;
    if (remoteLink && this.takesLinks) {
      const links = this.links.get(entity.id) ?? new Map<string, RemoteLink>();
      this.links.set(entity.id, links.set(remoteLink.key, remoteLink));
    }
    if (this.loses === 'answers') return lost;
    const ignored = Object.fromEntries(Object.entries(this.ignores).filter(([field]) => field in operation.fields));
    return { ok: true, entity, exact: true, ignored };
  }
}

export class Workbench {
  readonly one: Tracker;
  readonly two: Tracker;
  readonly results: SyncResult[] = [];
  readonly failures: { error: SyncError; parked: boolean }[] = [];
  readonly unshown: string[] = [];
  readonly sent: SyncMessage[] = [];
  /** what the writer told of changes that it did not write */
  readonly dryRuns: SyncResult[] = [];
  /** what the flow does to a message after copying it */
  flow: (message: SyncMessage) => void = () => undefined;
  /** where polling starts, from the next deploy on */
  startAt: 'all' | 'newest' = 'all';
  private readonly readers: Reader[] = [];
  private writer: Writer | undefined;

  private constructor(
    public integration: Integration,
    private readonly make: (options: Partial<IntegrationConfig>) => Integration,
    readonly store: Store,
    readonly clock: SimulatedClock,
  ) {
    this.one = new Tracker('one', () => clock.now());
    this.two = new Tracker('two', () => clock.now());
  }

  static async start(options: Partial<IntegrationConfig> = {}, dryRun = false, ignoreOwn = false): Promise<Workbench> {
    const store = await openSqliteStore({ file: ':memory:' });
    const clock = new SimulatedClock(START, new Random(1));
    // the trackers are the workbench's own, which is made after the integration
    let bench: Workbench | undefined;
    const open = (side: 1 | 2) => (): Connection => {
      if (!bench) throw new Error('The workbench is not there yet');
      return (side === 1 ? bench.one : bench.two).connection();
    };
    const make = (set: Partial<IntegrationConfig>): Integration => {
      const config: IntegrationConfig = {
        ...{ id: 'integration', name: 'One ↔ Two', active: true, system1: 's1', system2: 's2', retries: 1 },
        projectPairs: [{ one: { id: 'P', name: 'P' }, two: { id: 'P', name: 'P' }, direction: 'both' }],
        typePairs: [
          { id: 'bugs', one: { id: 'Bug', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' },
        ],
        lostAfterMs: 600_000,
        ...options,
        ...set,
      };
      const systems = [
        new System('s1', 'One', open(1), clock, ignoreOwn),
        new System('s2', 'Two', open(2), clock, ignoreOwn),
      ] as const;
      return new Integration(config, systems, store, clock, {
        landed: (result) => bench?.results.push(result),
        unshown: (side, count, first) => bench?.unshown.push(`${side} ${count} ${first.message}`),
        failed: (_event, error, parked) => bench?.failures.push({ error, parked }),
      });
    };
    bench = new Workbench(make({}), make, store, clock);
    await bench.begin(dryRun);
    return bench;
  }

  private async begin(dryRun: boolean): Promise<void> {
    const { integration } = this;
    await integration.start();
    const relevant = { fields: new Set(FIELDS), always: false };
    integration.declare('mapper', { 1: relevant, 2: relevant });
    this.writer = integration.writer({ batchSize: 10, dryRun });
    for (const side of [1, 2] as const) {
      this.readers.push(
        integration.reader(
          side,
          { pageSize: 100, window: 10, start: { kind: this.startAt } },
          (message) => {
            message.sync.mapped = Object.fromEntries(FIELDS.map((field) => [field, { from: [field] }]));
            this.flow(message);
            this.sent.push(structuredClone(message));
            this.writer?.accept(message).then(
              (result) => void (result.outcome === 'dryRun' && this.dryRuns.push(result)),
              () => undefined,
            );
          },
          () => undefined,
        ),
      );
    }
  }

  /** Deploys the writer again. */
  async setDryRun(dryRun: boolean): Promise<void> {
    const { integration, writer } = this;
    const stopped = writer?.stop();
    await this.wait(1_000);
    await stopped;
    if (writer) integration.removeWriter(writer);
    this.writer = integration.writer({ batchSize: 10, dryRun });
  }

  /** Deploys the integration again, with something changed. */
  async redeploy(set: Partial<IntegrationConfig>): Promise<void> {
    const stopped = this.integration.stop();
    await this.wait(1_000);
    await stopped;
    this.integration = this.make(set);
    this.readers.length = 0;
    await this.begin(false);
  }

  /** Both sides are read, and everything that can happen within `ms` milliseconds happens. */
  async sync(ms = 60_000): Promise<void> {
    for (const reader of this.readers) void reader.poll().catch(() => undefined);
    await this.clock.runUntil(this.clock.now() + ms);
  }

  /** One side is read. @returns what its poll tells */
  async poll(side: Side): Promise<PollSummary | undefined> {
    const polled = this.readers[side - 1]?.poll();
    await this.wait(1_000);
    return polled;
  }

  /** What happens without another poll. */
  async wait(ms = 60_000): Promise<void> {
    await this.clock.runUntil(this.clock.now() + ms);
  }

  /** The one parked change. */
  async parked() {
    const { items } = await this.integration.commands.parked(0, 10);
    const [item] = items;
    if (!item || items.length > 1) throw new Error(`expected one parked change, got ${items.length}`);
    return item;
  }

  async stop(): Promise<void> {
    const stopped = this.integration.stop();
    await this.wait();
    await stopped;
    await this.store.close();
  }
}

export const unresolved = (reason: string, value: string): Unresolved => ({ reason, value, policy: 'park' });

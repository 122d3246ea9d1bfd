/**
 * The real engine on the real store, in time that the test owns, between two trackers that are kept in memory. The flow
 * in between copies every field under its own name.
 */

import type {
  ChangePage,
  Connection,
  RemoteLink,
  Revision,
  WriteOperation,
  WriteResult,
} from '../../lib/connectors/connector';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage, SyncResult, Unresolved } from '../../lib/model/message';
import type { Fields } from '../../lib/model/values';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { iso } from '../../lib/sync/clock';
import { Integration } from '../../lib/sync/integration';
import type { Reader } from '../../lib/sync/reader';
import { System } from '../../lib/sync/system';
import type { Writer } from '../../lib/sync/writer';
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
  /** what every search finds */
  found: Entity[] = [];
  /** it is searched by a field's value, and by key */
  searches = false;
  /** links by entity and key; without `takesLinks` there is no place for them */
  readonly links = new Map<string, Map<string, RemoteLink>>();
  takesLinks = false;
  /** what each entity went through, newest first; asked for only where `hasHistory` */
  readonly revisions = new Map<string, Revision[]>();
  hasHistory = false;
  /** ids whose history was asked for */
  readonly histories: string[] = [];
  /** an entity says who changed it last */
  tellsWho = false;
  /** how long a request to write takes */
  work: () => Promise<void> = async () => undefined;
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
    this.entities.set(key, entity);
    return structuredClone(entity);
  }

  /** A field of the entity with this title. */
  valueOf(title: string, field: string): unknown {
    return [...this.entities.values()].find(({ fields }) => fields.title === title)?.fields[field];
  }

  connection(): Connection {
    const all = () => structuredClone([...this.entities.values()]);
    const available = () => {
      if (this.fault) throw this.fault;
    };
    return {
      ...(this.takesLinks && { remoteLinks: true as const }),
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
      changes: async function* (): AsyncIterable<ChangePage> {
        available();
        yield { entities: all(), checkpoint: {} };
      },
      newest: async () => undefined,
      checkpointAt: () => ({}),
      find: async ({ field }) =>
        this.searches && field
          ? all().filter((entity) => entity.fields[field.id] === field.value)
          : structuredClone(this.found),
      ...(this.searches && { byKey: async (key: string) => structuredClone(this.entities.get(key)) }),
      read: async (_scope, ids) => {
        available();
        return ids.map((id) => this.undelivered.get(id) ?? structuredClone(this.entities.get(id)));
      },
      write: async (_scope, operations) => {
        available();
        await this.work();
        return operations.map((operation) => this.write(operation));
      },
    };
  }

  private write(operation: WriteOperation): WriteResult {
    this.asked.push(structuredClone(operation));
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
  /** what the flow does to a message besides copying */
  flow: (message: SyncMessage) => void = () => undefined;
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
          { pageSize: 100, window: 10, start: { kind: 'all' } },
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

  /** Deploys the writer anew. */
  async setDryRun(dryRun: boolean): Promise<void> {
    const { integration, writer } = this;
    const stopped = writer?.stop();
    await this.wait(1_000);
    await stopped;
    if (writer) integration.removeWriter(writer);
    this.writer = integration.writer({ batchSize: 10, dryRun });
  }

  /** Deploys the integration anew, with something changed. */
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

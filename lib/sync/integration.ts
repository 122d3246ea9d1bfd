/**
 * One integration at work: its two systems, what is in flight, and what becomes of events. Readers and the writer share
 * it; it is the only one that finishes, fails or counts events.
 */

import type { IntegrationConfig } from '../model/config';
import type { Entity, EntityId, Side } from '../model/entity';
import { targetSide } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import type { SyncMessage, SyncResult } from '../model/message';
import type { Fields } from '../model/values';
import type { Failure, FlowCounts, Store, StoredError, StoredEvent } from '../store/store';
import { BackLinks } from './back-links';
import { FlowLoad } from './budget/priority';
import { type Clock, iso } from './clock';
import { Commands } from './commands';
import type { CounterpartsInput } from './counterparts';
import { Declared } from './declared';
import { Diverged } from './diverged';
import { parseEventId, type Relevant } from './events';
import { type Blame, judge, toStored } from './failure';
import { Neighbours } from './neighbours';
import { writeScope } from './pairs';
import { type Peer, Peers } from './peers';
import { Places } from './places';
import { Reader, type ReaderOptions } from './reader';
import { readEntities } from './reading';
import type { System } from './system';
import { Writer, type WriterOptions } from './writer';

export interface IntegrationEvents {
  /** an event has landed */
  landed?: (result: SyncResult) => void;
  /** a parked event was skipped by a person: no message of it is under way that could report it */
  skipped?: (result: SyncResult) => void;
  /** an event failed: tried again later, or parked */
  failed?: (event: StoredEvent, error: SyncError, parked: boolean) => void;
  /** so many entities of a side can't be given the way to their counterparts; the error is that of the first */
  unshown?: (side: Side, count: number, first: StoredError) => void;
  /** something changed that a status shows */
  progress?: (side: Side) => void;
}

export interface FailureContext {
  /** target fields as mapped, for the person who looks at a parked event */
  mapped?: Fields;
  /** the create certainly did not happen */
  notCreated?: boolean;
  blame?: Blame;
  /** id of the node in which it failed */
  node?: string;
  /** what the entity refers to that has no counterpart yet */
  awaits?: EntityId[];
}

const PAUSED_RETRY_MS = 500;
const SWEEP_LEAST_MS = 1_000;
const SWEEP_MOST_MS = 30_000;
const SWEEP_BATCH = 500;

export class Integration implements Peer {
  readonly config: IntegrationConfig;
  readonly store: Store;
  readonly clock: Clock;
  readonly events: IntegrationEvents;
  private readonly systems: readonly [System, System];
  /** sent events by side: number → sent at (ms) */
  private readonly sent: readonly [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  private readonly loads: Record<Side, FlowLoad> = { 1: new FlowLoad(), 2: new FlowLoad() };
  private readonly fields: Record<Side, Declared>;
  private readonly readers = new Set<Reader>();
  private readonly writers = new Set<Writer>();
  private readonly declared = new Map<string, Record<Side, Relevant>>();
  private cancelSweep: (() => void) | undefined;
  private stopped = false;
  private stopListening: (() => void) | undefined;
  private readonly neighbours: Neighbours;
  private readonly places: Record<Side, Places> = { 1: this.placesOf(1), 2: this.placesOf(2) };
  /** a writer that writes has started: what dry runs have shown is to be sent to it */
  private dryRunEnded = false;
  /** why it rests although it is active: another one is at work in the same places */
  private heldWhy: string | undefined;
  /** entities that are not younger (ISO 8601) may have counterparts that the store does not know of */
  private doubtUntil: string | undefined;
  /** what people do with parked events */
  readonly commands = new Commands(this);
  readonly backLinks = new BackLinks(this);
  /** linked entities that have got out of reach */
  readonly diverged = new Diverged(this);

  constructor(
    config: IntegrationConfig,
    systems: readonly [System, System],
    store: Store,
    clock: Clock,
    events: IntegrationEvents = {},
    neighbours: Neighbours = new Neighbours(),
    /** the other integrations of this process, over the same store */
    readonly peers: Peers = new Peers(),
  ) {
    this.neighbours = neighbours;
    this.config = config;
    this.systems = systems;
    this.store = store;
    this.clock = clock;
    const fieldsOf = (side: Side): Declared =>
      new Declared(
        () => this.system(side).connection(),
        () => clock.now(),
      );
    this.fields = { 1: fieldsOf(1), 2: fieldsOf(2) };
    this.events = events;
    const [one, two] = systems;
    neighbours.know(config, [
      [one.id, one.place],
      [two.id, two.place],
    ]);
  }

  /** Before anything is claimed: what an earlier run left in flight is sent again (invariant 1). */
  async start(): Promise<void> {
    for (const { id, place } of this.systems) if (place !== id) await this.store.setPlace(id, place, this.config.id);
    this.doubtUntil = await this.store.doubt();
    await this.store.recover(this.config.id);
    this.stopListening = this.neighbours.onLinked(this.config.id, () => this.resume());
    this.peers.join(this);
    this.diverged.start();
    this.sweepLater();
  }

  /** Reads and writes nothing while there is a reason; undefined lets it go on. */
  hold(why: string | undefined): void {
    if (why === this.heldWhy) return;
    this.heldWhy = why;
    if (why === undefined) {
      this.backLinks.start();
      this.resume();
    } else for (const side of [1, 2] as const) this.events.progress?.(side);
  }

  /** The store may not know the entity's counterpart, since it is new or was set back. */
  isInDoubt({ createdAt }: Entity): boolean {
    return this.doubtUntil !== undefined && (createdAt === undefined || createdAt <= this.doubtUntil);
  }

  get held(): string | undefined {
    return this.heldWhy;
  }

  /** Nothing is read or written. */
  get rests(): boolean {
    return !this.config.active || this.heldWhy !== undefined;
  }

  carriesFrom(side: Side): boolean {
    return !this.rests && this.readersOf(side).length > 0 && this.writers.size > 0 && !this.isOnlyDryRun;
  }

  ignoresOwn(side: Side): boolean {
    return this.system(side).ignoreOwn;
  }

  system(side: Side): System {
    return this.systems[side - 1] as System;
  }

  private placesOf(side: Side): Places {
    return new Places(
      (ids) => readEntities(this.system(side), writeScope(this.config, side), ids),
      () => this.clock.now(),
    );
  }

  /** By what the values of a side's entities that name others are translated. */
  counterparts(side: Side): CounterpartsInput {
    const [source, target] = [this.system(side), this.system(side === 1 ? 2 : 1)];
    return {
      ...{ store: this.store, integration: this.config.id, side },
      ...{ source: source.id, target: target.id, targetName: target.name },
      places: (ids) => this.places[side].of(ids),
      isSynced: (ref) => this.neighbours.lead([source.id, source.place], ref, [target.id, target.place]),
    };
  }

  /** Links were stored, for which other integrations may wait. */
  linked(): void {
    this.neighbours.linked();
  }

  /** What the fields of a side take, as its system declares it. */
  fieldsOf(side: Side): Declared {
    return this.fields[side];
  }

  /** What a side has to do: the priority of its requests. */
  load(side: Side): FlowLoad {
    return this.loads[side];
  }

  reader(
    side: Side,
    options: ReaderOptions,
    send: (message: SyncMessage) => void,
    onError: (error: SyncError) => void,
  ): Reader {
    const reader = new Reader(this, side, options, send, onError);
    this.readers.add(reader);
    return reader;
  }

  /** One that writes ends earlier dry runs: what they have shown is sent again. */
  writer(options: WriterOptions): Writer {
    const writer = new Writer(this, options);
    this.writers.add(writer);
    if (!writer.isDryRun) {
      this.dryRunEnded = true;
      // where nothing is written, nothing is written back
      this.backLinks.start();
      this.releaseShown().catch(() => undefined); // the store is away: tried again at the next sweep
    }
    return writer;
  }

  /** Some writer shows only what it would do. */
  get isDryRun(): boolean {
    return [...this.writers].some((writer) => writer.isDryRun);
  }

  /** No writer writes. */
  get isOnlyDryRun(): boolean {
    return this.writers.size > 0 && [...this.writers].every((writer) => writer.isDryRun);
  }

  private async releaseShown(): Promise<void> {
    if (!this.dryRunEnded) return;
    await this.commands.showAgain();
    this.dryRunEnded = false;
  }

  /** A mapper tells which source fields it reads on each side, so that changes of others make no message. */
  declare(key: string, relevant: Record<Side, Relevant>): void {
    this.declared.set(key, relevant);
  }

  withdraw(key: string): void {
    this.declared.delete(key);
  }

  /** Everything that the declared mappers read; undefined where none is declared in this process. */
  relevant(side: Side): Relevant | undefined {
    if (this.declared.size === 0) return undefined;
    const all = [...this.declared.values()].map((sides) => sides[side]);
    return {
      fields: new Set(all.flatMap((relevant) => [...relevant.fields])),
      always: all.some((relevant) => relevant.always),
    };
  }

  inFlight(side: Side): number {
    return this.sent[side - 1]?.size ?? 0;
  }

  claimed(events: StoredEvent[]): void {
    const now = this.clock.now();
    for (const event of events) this.sent[event.flow.side - 1]?.set(event.seq, now);
  }

  /** Finishes events without effect. */
  async finish(side: Side, events: number[]): Promise<void> {
    await this.store.skip(events);
    this.gone(side, events);
  }

  /** Events that are not in flight any more, however they ended: the window has room again. */
  gone(side: Side, events: number[]): void {
    for (const seq of events) this.sent[side - 1]?.delete(seq);
    for (const reader of this.readers) reader.pump();
    this.events.progress?.(side);
    if (events.length > 0) this.peers.settled(this);
  }

  /** Finishes the message's event without effect: it was filtered out. A message of a finished event is passed over. */
  async skip(message: SyncMessage, _reason: string): Promise<void> {
    const event = await this.eventOf(message);
    if (event) await this.finish(event.flow.side, [event.seq]);
  }

  /** The message's event failed in a node on its way. @param node its id */
  async fail(message: SyncMessage, thrown: unknown, node?: string): Promise<Failure | undefined> {
    const event = await this.eventOf(message);
    if (!event) return undefined;
    const target = this.system(targetSide(message.sync.direction));
    // before a field mapper, the payload is the source's
    const mapped = message.sync.mapped ? message.payload : undefined;
    const context = { mapped, node };
    return (await this.failEvents(event.flow.side, [event], asSyncError(thrown), target, context))[0];
  }

  private async eventOf(message: SyncMessage): Promise<StoredEvent | undefined> {
    const id = parseEventId(message.sync?.event);
    if (!id) throw new SyncError('fatal', 'The message has no msg.sync.event: it does not come from a poller');
    return (await this.store.load([id]))[0];
  }

  /** One error for several events: each is judged by its own attempts (invariants 3, 6, 9). */
  async failEvents(
    side: Side,
    events: StoredEvent[],
    error: SyncError,
    system: System,
    context: FailureContext = {},
  ): Promise<Failure[]> {
    const now = this.clock.now();
    const failures = events.map((event): Failure => {
      const verdict = judge(error, event.attempts, this.config.retries, context.blame, this.clock.random());
      const common = { event: event.seq, delivery: event.delivery, error: toStored(error, now, context.node) };
      if (verdict.kind === 'park') {
        // it waits for a person, who must not find every new entity of the other side waiting with it
        const [source, target] = [this.system(side), this.system(side === 1 ? 2 : 1)];
        const awaits = context.awaits && { system: source.id, toward: target.id, entities: context.awaits };
        return { ...common, to: 'parked', mapped: context.mapped, notCreated: true, awaits };
      }
      // while the target pauses nothing is claimed, however early it is due: it goes on as soon as the system does
      const pause = system.id === this.system(side === 1 ? 2 : 1).id ? PAUSED_RETRY_MS : system.pauseLeft();
      const wait = verdict.kind === 'pause' ? Math.max(pause, PAUSED_RETRY_MS) : verdict.ms;
      const { notCreated } = context;
      return { ...common, to: 'retry', dueAt: now + wait, charge: verdict.kind === 'retry', notCreated };
    });
    await this.store.fail(failures);
    failures.forEach((failure, index) => {
      const event = events[index];
      if (event) this.events.failed?.(event, error, failure.to === 'parked');
    });
    this.gone(
      side,
      events.map((event) => event.seq),
    );
    return failures;
  }

  async counts(): Promise<[FlowCounts, FlowCounts]> {
    return this.store.counts(this.config.id);
  }

  /** Parked events back into the queue; all of them where no numbers are given. */
  async retryParked(events?: number[]): Promise<number> {
    return this.commands.retry(events);
  }

  /** The readers of a side: usually one. */
  readersOf(side: Side): Reader[] {
    return [...this.readers].filter((reader) => reader.flow.side === side);
  }

  /** Events may be claimed that could not be before. */
  resume(): void {
    this.gone(1, []);
    this.gone(2, []);
  }

  /** The event is sent again at once, or in a while, and nobody is charged: the flow is to make something else of it. */
  async sendAgain(event: StoredEvent, error: SyncError, ms = 0): Promise<Failure> {
    const now = this.clock.now();
    const { seq, delivery } = event;
    const failure: Failure = {
      event: seq,
      delivery,
      to: 'retry',
      dueAt: now + ms,
      charge: false,
      error: toStored(error, now),
    };
    await this.store.fail([failure]);
    this.events.failed?.(event, error, false);
    this.gone(event.flow.side, [seq]);
    return failure;
  }

  private sweepLater(): void {
    const ms = Math.min(SWEEP_MOST_MS, Math.max(SWEEP_LEAST_MS, this.config.lostAfterMs / 4));
    this.cancelSweep = this.clock.after(ms, () => {
      this.sweep()
        .catch(() => undefined) // the store will say so at the next claim, on a node
        .finally(() => {
          if (!this.stopped) this.sweepLater();
        });
    });
  }

  /** Messages that were sent and never reached a writer: some node swallowed them, or threw them away on an error. */
  async sweep(): Promise<void> {
    await this.releaseShown();
    const now = this.clock.now();
    const overdue = await this.store.overdue(this.config.id, now - this.config.lostAfterMs, SWEEP_BATCH);
    const held = new Set([...this.writers].flatMap((writer) => writer.holding()));
    for (const event of overdue.filter((e) => !held.has(e.seq))) {
      const error = new SyncError(
        'fatal',
        `The message of ${event.entity.key} (sent ${iso(event.sentAt ?? now)}) did not reach a writer: ` +
          'a node in between swallowed it, or a wire is missing',
      );
      await this.failEvents(event.flow.side, [event], error, this.system(event.flow.side === 1 ? 2 : 1));
    }
  }

  removeReader(reader: Reader): void {
    this.readers.delete(reader);
  }

  removeWriter(writer: Writer): void {
    this.writers.delete(writer);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.stopListening?.();
    this.peers.leave(this);
    this.cancelSweep?.();
    await Promise.all([...this.readers].map((reader) => reader.stop()));
    await Promise.all([...this.writers].map((writer) => writer.stop()));
    await this.backLinks.stop();
    await this.diverged.stop();
    this.readers.clear();
    this.writers.clear();
  }
}

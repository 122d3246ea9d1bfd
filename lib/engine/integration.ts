/** One integration at work: puts together what works for it (engine.ts), starts it and stops it. */

import { FlowLoad } from '../budget/priority';
import type { ReadResult } from '../connectors/connector';
import { askQuery } from '../connectors/own-queries';
import { keepAddress } from '../mapping/domains';
import type { PeopleRules } from '../mapping/users';
import type { Clock } from '../model/clock';
import type { IntegrationConfig } from '../model/config';
import type { EntityId, EntityTypeId, Side } from '../model/entity';
import type { SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import { eachSide, otherSide, SIDES, type Sides } from '../model/sides';
import type { EngineStore, FlowCounts } from '../store/store';
import { Activity } from './activity';
import type { IntegrationEvents, SyncContext } from './context';
import { Declared } from './declared-fields';
import { StoreDoubt } from './doubt';
import type { Engine } from './engine';
import { KnownFileRules } from './files';
import { InFlight } from './in-flight';
import { LinkCommands } from './link-commands';
import { Commands } from './operations';
import { Outcomes } from './outcomes';
import { askParts, PartsDue } from './parts-due';
import { type Peer, Peers } from './peers/peers';
import { Users } from './people';
import { Reader, type ReaderOptions } from './read/reader';
import { readEntities } from './read-entities';
import type { CounterpartsInput } from './references/counterparts';
import type { MentionedInput, Mentioning } from './references/mentioned';
import { attachmentsOf } from './references/pictures';
import { Places } from './references/places';
import { Relevance, type Relevant } from './relevance';
import { isFileType, writeScope } from './routing';
import type { System } from './system';
import { Backlinks } from './tasks/backlinks';
import { BringOver } from './tasks/bring-over';
import { Diverged } from './tasks/diverged';
import { Sweep } from './tasks/sweep';
import { StandardMapping } from './write/standard-rows';
import { Writer, type WriterOptions } from './write/writer';

export class Integration implements Peer {
  readonly config: IntegrationConfig;
  readonly store: EngineStore;
  readonly systems: Sides<System>;
  /** what people do with parked events */
  readonly commands: Commands;
  /** what people do with links */
  readonly links: LinkCommands;
  /** linked entities that have got out of reach */
  readonly diverged: Diverged;
  /** what was there before the integration */
  readonly existing: BringOver;
  private readonly engine: Engine;
  private readonly readers = new Set<Reader>();
  private readonly writers = new Set<Writer>();
  private readonly sweeper: Sweep;

  constructor(
    config: IntegrationConfig,
    systems: readonly [System, System],
    store: EngineStore,
    clock: Clock,
    events: IntegrationEvents = {},
    /** the other integrations of this process, over the same store */
    peers: Peers = new Peers(),
    /** what the value mappers say of people, by the side that they come from */
    people: (side: Side) => PeopleRules = () => ({ tables: [], rewrite: keepAddress }),
  ) {
    this.config = config;
    this.store = store;
    const [one, two] = systems;
    this.systems = { 1: one, 2: two };
    peers.know(config, [
      [one.id, one.place],
      [two.id, two.place],
    ]);
    const counterparts = eachSide((side) => counterpartsInput(side, config, this.systems, store, clock, peers));
    const context: SyncContext = {
      ...{ config, store, clock, events, peers, systems: this.systems },
      loads: eachSide(() => new FlowLoad()),
      declared: eachSide(
        (side) =>
          new Declared(
            () => this.systems[side].connection(),
            () => clock.now(),
          ),
      ),
      mentioned: eachSide((side) => ({
        ...mentionedInput(side, this.systems, clock, people, counterparts[side]),
        pictures: {
          ...{ store, side, isFile: (at: Side, type: EntityTypeId) => isFileType(config, at, type) },
          attachments: attachmentsOf(config, side, (work) => this.systems[side].call(work)),
        },
      })),
      counterparts,
      relevance: new Relevance(),
      partsDue: new PartsDue(),
      activity: new Activity(config),
      doubt: new StoreDoubt(),
    };
    const inFlight = new InFlight(clock, (side, count) => {
      events.progress?.(side);
      // an event of another integration may have waited for it
      if (count > 0) peers.settled(this);
    });
    const core = { ...context, inFlight, outcomes: new Outcomes(context, inFlight) };
    this.diverged = new Diverged(core);
    const standard = new StandardMapping(core);
    const fileRules = eachSide((side) => new KnownFileRules(this.systems[side], () => clock.now()));
    this.engine = { ...core, backlinks: new Backlinks(core), diverged: this.diverged, standard, fileRules };
    this.sweeper = new Sweep(core, () => [...this.writers].flatMap((writer) => writer.holding()));
    this.links = new LinkCommands(this.engine);
    this.commands = new Commands(this.engine, (side) => this.readersOf(side));
    this.existing = new BringOver(this.engine, (side) => {
      const readers = this.readersOf(side);
      for (const reader of readers) reader.pump();
      return readers.length > 0;
    });
  }

  /** Before anything is claimed: what an earlier run left in flight is sent again (invariant 1). */
  async start(): Promise<void> {
    const { config, store, engine } = this;
    if (!(await this.moved())) await this.stay();
    engine.doubt.until = await store.doubt();
    await store.recover(config.id);
    engine.peers.join(this);
    this.diverged.start();
    this.sweeper.start();
    await this.existing.begin();
  }

  /**
   * A system node that leads to another server than the one at which the links of this integration were made. Ids there may
   * stand for other entities: nothing may be read or written until somebody says that it is the same tracker.
   */
  async moved(): Promise<{ system: string; from: string; to: string } | undefined> {
    for (const side of SIDES) {
      const { id, name, place } = this.systems[side];
      const from = place === id ? undefined : await this.store.placeOf(id, this.config.id);
      if (from === undefined || from === place) continue;
      const [{ links }] = await this.store.counts(this.config.id);
      if (links > 0) return { system: name, from, to: place };
    }
    return undefined;
  }

  /** The servers to which the system nodes lead now are those of its links: what is linked goes along. */
  async stay(): Promise<void> {
    for (const side of SIDES) {
      const { id, place } = this.systems[side];
      if (place !== id) await this.store.setPlace(id, place, this.config.id);
    }
  }

  /** Reads and writes nothing while there is a reason; undefined lets it go on. */
  hold(why: string | undefined): void {
    const { activity, backlinks, events } = this.engine;
    if (!activity.hold(why)) return;
    if (why === undefined) {
      backlinks.start();
      this.resume();
    } else for (const side of SIDES) events.progress?.(side);
  }

  get held(): string | undefined {
    return this.engine.activity.held;
  }

  reader(
    side: Side,
    options: ReaderOptions,
    send: (message: SyncMessage) => void,
    onError: (error: SyncError) => void,
  ): Reader {
    const reader = new Reader(this.engine, side, options, send, onError);
    this.readers.add(reader);
    return reader;
  }

  /** One that writes ends earlier dry runs: what they have shown is sent again. */
  writer(options: WriterOptions): Writer {
    const writer = new Writer(this.engine, options);
    this.writers.add(writer);
    this.engine.activity.joined(writer);
    if (!writer.isDryRun) {
      // where nothing is written, nothing is written back
      this.engine.backlinks.start();
      this.sweeper.endDryRun();
    }
    return writer;
  }

  /** The readers of a side: usually one. */
  readersOf(side: Side): Reader[] {
    return [...this.readers].filter((reader) => reader.flow.side === side);
  }

  removeReader(reader: Reader): void {
    this.readers.delete(reader);
  }

  removeWriter(writer: Writer): void {
    this.writers.delete(writer);
    this.engine.activity.left(writer);
  }

  /** A mapper tells which source fields it reads on each side. @param mapper id of its node */
  declare(mapper: string, relevant: Record<Side, Relevant>): void {
    this.engine.relevance.declare(mapper, relevant);
  }

  withdraw(mapper: string): void {
    this.engine.relevance.withdraw(mapper);
  }

  /** Finishes the message's event without effect: it was filtered out. */
  async skip(message: SyncMessage, _reason: string): Promise<void> {
    await this.engine.outcomes.skipMessage(message);
  }

  /** Items as a side shows them now, in the order of the ids. @throws SyncError – the system answers for none of them */
  read(side: Side, ids: EntityId[]): Promise<ReadResult[]> {
    return readEntities(this.systems[side], writeScope(this.config, side), ids);
  }

  /** Those of the items that a side's own query finds now. @throws SyncError – as `askQuery` */
  inQuery(side: Side, query: string, ids: EntityId[]): Promise<ReadonlySet<EntityId>> {
    const system = this.systems[side];
    return system.call((connection) => askQuery(connection, system.name, query, ids));
  }

  /** The message's event failed in a node on its way. @param node its id */
  async fail(message: SyncMessage, thrown: unknown, node?: string): Promise<void> {
    await this.engine.outcomes.failMessage(message, thrown, node);
  }

  async counts(): Promise<[FlowCounts, FlowCounts]> {
    return this.store.counts(this.config.id);
  }

  /** Looks at once for what is looked for now and then. */
  sweep(): Promise<void> {
    return this.sweeper.run();
  }

  carriesFrom(side: Side): boolean {
    const { activity } = this.engine;
    const isWritten = this.writers.size > 0 && !activity.isOnlyDryRun;
    return !activity.rests && this.readersOf(side).length > 0 && isWritten;
  }

  relevant(side: Side): Relevant | undefined {
    return this.engine.relevance.of(side);
  }

  ignoresOwn(side: Side): boolean {
    return this.systems[side].ignoreOwn;
  }

  resume(): void {
    this.engine.inFlight.resume();
  }

  async lookAt(place: string, owners: EntityId[]): Promise<void> {
    for (const side of [1, 2] as const) {
      const isThere = this.systems[side].place === place;
      if (isThere) await askParts(this.engine, { integration: this.config.id, side }, owners);
    }
  }

  async stop(): Promise<void> {
    this.engine.peers.leave(this);
    this.sweeper.stop();
    const ended = this.existing.stop();
    await Promise.all([...this.readers].map((reader) => reader.stop()));
    await Promise.all([...this.writers].map((writer) => writer.stop()));
    await this.engine.backlinks.stop();
    await this.diverged.stop();
    await ended;
    this.readers.clear();
    this.writers.clear();
  }
}

/** @param side the source's */
function mentionedInput(
  side: Side,
  systems: Sides<System>,
  clock: Clock,
  people: (side: Side) => PeopleRules,
  items: CounterpartsInput,
): Omit<MentionedInput, 'pictures'> {
  const mentioning = (system: System): Mentioning => ({
    id: system.id,
    name: system.name,
    connection: () => system.connection(),
    users: new Users((by) => system.call(async (connection) => (await connection.users?.(by)) ?? []), clock),
  });
  return {
    source: mentioning(systems[side]),
    target: mentioning(systems[otherSide(side)]),
    rules: () => people(side),
    items,
  };
}

function counterpartsInput(
  side: Side,
  config: IntegrationConfig,
  systems: Sides<System>,
  store: EngineStore,
  clock: Clock,
  peers: Peers,
): CounterpartsInput {
  const [source, target] = [systems[side], systems[otherSide(side)]];
  const places = new Places(
    (ids) => readEntities(source, writeScope(config, side), ids),
    () => clock.now(),
  );
  return {
    ...{ store, integration: config.id, side },
    ...{ source: source.id, target: target.id, targetName: target.name },
    places: (ids) => places.of(ids),
    isSynced: (ref) => peers.lead([source.id, source.place], ref, [target.id, target.place]),
  };
}

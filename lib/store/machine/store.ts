/**
 * The store over the rows of any database. The files next to this one implement each call of the contract
 * (../store.ts), once, in steps that a database only executes (../rows/rows.ts).
 *
 * A call is one synchronous transaction, so it blocks Node's event loop for as long as the database takes: batches of a
 * hundred events take a few milliseconds in SQLite.
 */

import type { Checkpoint } from '../../model/checkpoint';
import type { Entity, EntityId, EntityTypeId, Side } from '../../model/entity';
import type { Rows } from '../rows/rows';
import type {
  Corrections,
  Counterpart,
  Ending,
  Failure,
  Flow,
  FlowCounts,
  FoundEntries,
  FoundLinks,
  Hindrance,
  HourCount,
  Intent,
  JournalEntry,
  JournalFilter,
  KinLink,
  Landing,
  Link,
  Moved,
  Owed,
  OwedCounts,
  OwedOutcome,
  ParkedError,
  ParkedFilter,
  PartReading,
  PartsRead,
  RecordSummary,
  Sending,
  Standing,
  Store,
  StoredError,
  StoredEvent,
  StoreState,
  UpdateIntent,
} from '../store';
import { Awaited } from './awaited';
import { OwedEnds } from './backlinks';
import { Claims } from './claim';
import { Counters } from './counters';
import { Ended } from './ended';
import { Events, searched } from './events';
import { flowOf, integrationOf, sideOf } from './flow';
import { Flows, walkOn } from './flows';
import { JournalKeeper } from './journal';
import { Kin } from './kin';
import { Known } from './known';
import { storeLanding } from './land';
import { Lines } from './lines';
import { Links } from './links';
import { Names } from './names';
import { Parts } from './parts';
import { Places } from './places';
import { recordEntities } from './record';
import { Refs } from './refs';
import { SentEvents } from './sent';
import { Sequence } from './sequence';
import { Settling } from './settle';

/** @param rows of a database that was just opened, which is counted */
export async function createStore(rows: Rows): Promise<Store> {
  const store = new RowStore(rows);
  await store.begin();
  return store;
}

class RowStore implements Store {
  private readonly integrations: Names;
  private readonly sequences: Sequence;
  private readonly counters: Counters;
  private readonly flows: Flows;
  private readonly links: Links;
  private readonly events: Events;
  private readonly names: Names;
  private readonly places: Places;
  private readonly kin: Kin;
  private readonly claims: Claims;
  private readonly settling: Settling;
  private readonly owedEnds: OwedEnds;
  private readonly refs: Refs;
  private readonly awaited: Awaited;
  private readonly lines: Lines;
  private readonly known: Known;
  private readonly parts: Parts;
  private readonly ended: Ended;
  private readonly keeper: JournalKeeper;

  /** the sequence's last number at the last recorded progress */
  private advancedAt: number;

  constructor(private readonly rows: Rows) {
    const names = new Names(rows, rows.names);
    this.integrations = new Names(rows, rows.integrations);
    this.sequences = new Sequence(rows);
    this.counters = new Counters(rows);
    const { integrations, sequences, counters } = this;
    const sent = new SentEvents(rows);
    this.flows = new Flows(rows.flows, names);
    this.keeper = new JournalKeeper(rows.journal, integrations);
    this.links = new Links(rows.links, rows.pending, integrations, names, sequences, counters, sent);
    this.events = new Events(rows.events, rows.intents, integrations, this.links, names, sequences, counters, sent);
    this.known = new Known(rows.seen, rows.links);
    this.lines = new Lines(rows.events, this.events, counters);
    this.places = new Places(rows, integrations, names);
    this.refs = new Refs(rows.links, integrations, names, this.places, sent);
    this.kin = new Kin(rows, integrations, this.links, this.places);
    this.ended = new Ended((flow) => this.kin.placeOf(flow));
    this.awaited = new Awaited(
      rows.awaited,
      this.events,
      this.refs,
      names,
      counters,
      this.places,
      this.kin,
      this.lines,
      this.known,
    );
    this.names = names;
    this.claims = new Claims(rows, this.events, this.links, counters, this.awaited, this.kin, this.lines);
    this.settling = new Settling(rows, this.events, this.kin, names, this.places, this.awaited, this.lines);
    this.parts = new Parts(
      rows,
      this.events,
      this.links,
      this.lines,
      this.refs,
      names,
      this.settling,
      this.known,
      this.kin,
      this.ended,
    );
    this.owedEnds = new OwedEnds(rows, this.events, this.links, counters, this.known);
    this.advancedAt = sequences.last;
  }

  async sequence(): Promise<number> {
    this.rows.assertOpen();
    return this.sequences.needsWrite ? this.rows.write(() => this.sequences.next()) : this.sequences.next();
  }

  async checkpoint(flow: Flow): Promise<Checkpoint | undefined> {
    return this.rows.read(() => {
      const id = this.findFlow(flow);
      return id === undefined ? undefined : this.flows.checkpoint(id);
    });
  }

  async existing(flow: Flow): Promise<Checkpoint | undefined> {
    return this.rows.read(() => {
      const id = this.findFlow(flow);
      return id === undefined ? undefined : this.flows.existing(id);
    });
  }

  async setExisting(flow: Flow, state: Checkpoint | undefined): Promise<void> {
    await this.rows.write(() => this.flows.setExisting(this.flow(flow), state));
  }

  async setCheckpoint(flow: Flow, checkpoint: Checkpoint | undefined): Promise<void> {
    await this.rows.write(() => this.flows.setCheckpoint(this.flow(flow), checkpoint));
  }

  async record(
    flow: Flow,
    system: string,
    entities: Entity[],
    readAt: number,
    checkpoint: Checkpoint | undefined,
    urgent = false,
    owners: readonly EntityTypeId[] = [],
  ): Promise<RecordSummary> {
    return this.rows.write(() => {
      const id = this.readFlow(flow, system);
      if (checkpoint) this.flows.setCheckpoint(id, checkpoint);
      if (owners.length === 0) this.flows.forgetPartsWish(id);
      const changed: EntityId[] = [];
      const note = (entity: Entity): void => {
        if (owners.includes(entity.type)) changed.push(entity.id);
      };
      const recorded = owners.length > 0 ? note : undefined;
      const summary = recordEntities(this.tools, { flow: id, entities, readAt, urgent }, recorded);
      if (changed.length > 0) this.parts.askAll(id, changed, this.sequences.next());
      return summary;
    });
  }

  async forgetSeen(flow: Flow): Promise<void> {
    await this.rows.write(() => this.known.forget(this.flow(flow)));
  }

  async claim(flow: Flow, limit: number, now: number, urgent = 0, ofLine = 1): Promise<StoredEvent[]> {
    this.rows.assertOpen();
    const flowId = this.findFlow(flow);
    // most claims find nothing: they need no transaction
    if (flowId === undefined || !this.claims.any(flowId)) return [];
    // durable: a number and delivery that were sent in a message must never be given out again
    return this.rows.writeDurably(() => this.events.readAll(this.claims.claim(flowId, limit, now, urgent, ofLine)));
  }

  async inTurn(events: Sending[]): Promise<boolean[]> {
    return this.rows.read(() => this.settling.inTurn(events));
  }

  async refresh(events: { seq: number; entity: Entity; readAt: number }[]): Promise<void> {
    await this.rows.write(() => {
      const { tools } = this;
      for (const { seq, entity, readAt } of events) this.settling.refresh(seq, entity, readAt, tools);
    });
  }

  async recover(integration: string): Promise<number> {
    return this.rows.write(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? 0 : this.settling.recover(id);
    });
  }

  async load(events: Sending[]): Promise<(StoredEvent | undefined)[]> {
    return this.rows.read(() =>
      events.map(({ seq, delivery }) => {
        const event = this.events.read(seq);
        return event?.state === 'sent' && event.delivery === delivery ? event : undefined;
      }),
    );
  }

  async overdue(integration: string, before: number, limit: number): Promise<StoredEvent[]> {
    return this.rows.read(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? [] : this.events.readAll(this.rows.events.sentBefore(id, before, limit));
    });
  }

  async intendUpdates(updates: UpdateIntent[]): Promise<void> {
    await this.rows.write(() => {
      for (const { link, side, fields } of updates) {
        this.links.addPending(link, side, fields);
        for (const twin of this.kin.twinsOf(link, side)) this.links.addPending(twin.link, twin.side, fields);
      }
    });
  }

  async openIntents(intents: Intent[]): Promise<(Hindrance | undefined)[]> {
    return this.rows.writeDurably(() => this.settling.openIntents(intents, this.sequences.next()));
  }

  async land(landings: Landing[]): Promise<(string | undefined)[]> {
    return this.rows.write(() => {
      const at = this.sequences.next();
      const { tools } = this;
      return landings.map((landing) => storeLanding(tools, landing, at));
    });
  }

  async end(endings: Ending[]): Promise<void> {
    await this.rows.write(() => {
      const at = this.sequences.next();
      for (const ending of endings) this.parts.end(ending, at);
    });
  }

  async skip(events: (number | Sending)[]): Promise<void> {
    await this.rows.write(() => this.settling.skip(events));
  }

  async fail(failures: Failure[]): Promise<void> {
    await this.rows.write(() => this.settling.fail(failures));
  }

  async show(events: Sending[]): Promise<void> {
    await this.rows.write(() => this.settling.show(events));
  }

  async unshow(integration: string): Promise<number> {
    return this.rows.write(() => {
      const id = this.integrations.find(integration);
      if (id === undefined) return 0;
      const [one, two] = flowsOf(id);
      return this.events.unshow(one) + this.events.unshow(two);
    });
  }

  async parked(
    integration: string,
    offset: number,
    limit: number,
    { side, search = '' }: ParkedFilter = {},
  ): Promise<StoredEvent[]> {
    return this.rows.read(() => {
      const id = this.integrations.find(integration);
      if (id === undefined) return [];
      const { events } = this.rows;
      if (side === undefined && search === '') return this.events.readAll(events.parked(id, 0, limit, offset));
      const flow = side === undefined ? null : flowOf(id, side);
      return this.events.readAll(events.parkedWith(id, flow, searched([search]), limit, offset));
    });
  }

  async parkedNumbers(integration: string, after: number, limit: number): Promise<number[]> {
    return this.rows.read(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? [] : this.rows.events.parked(id, after, limit, 0);
    });
  }

  async event(integration: string, seq: number): Promise<StoredEvent | undefined> {
    return this.rows.read(() => {
      const id = this.integrations.find(integration);
      const row = this.events.row(seq);
      return row && integrationOf(row.flow) === id ? this.events.read(seq) : undefined;
    });
  }

  async parkedErrors(integration: string, after: number, limit: number): Promise<ParkedError[]> {
    return this.rows.read(() => {
      const id = this.integrations.find(integration);
      if (id === undefined) return [];
      return this.rows.events.parkedErrors(id, after, limit).map(({ seq, flow, error }) => ({
        seq,
        side: sideOf(flow),
        error: JSON.parse(error) as StoredError,
      }));
    });
  }

  async oldestOpen(flow: Flow): Promise<string | undefined> {
    return this.rows.read(() => {
      const id = this.findFlow(flow);
      const seq = id === undefined ? undefined : this.rows.events.oldestOpen(id);
      const [oldest] = seq === undefined ? [] : this.events.readAll([seq]);
      return oldest?.entity.updatedAt;
    });
  }

  async standing(flow: Flow, entity: EntityId): Promise<Standing> {
    return this.rows.read(() => {
      const id = this.findFlow(flow);
      if (id === undefined) return { events: [], awaitedBy: 0 };
      const unfinished = this.events.of(id, entity);
      const owner = this.links.key(integrationOf(id), flow.side, entity)?.owner;
      const known = unfinished.at(-1)?.version ?? this.known.version(id, entity, typeof owner === 'number');
      const system = this.rows.flows.system(id);
      return {
        events: this.events.readAll(unfinished.map(({ seq }) => seq)),
        ...(known && { known }),
        awaitedBy: system === undefined ? 0 : this.rows.awaited.waitersOf(system, entity),
      };
    });
  }

  async findLinks(
    integration: string,
    text: string,
    before: number | undefined,
    limit: number,
    span: number,
  ): Promise<FoundLinks> {
    return this.rows.read(() => {
      const id = this.integrations.find(integration);
      if (id === undefined) return { links: [] };
      return this.links.named(id, searched([text]), before, limit, span);
    });
  }

  async unpark(integration: string, events?: number[], corrections?: Corrections): Promise<number> {
    return this.rows.write(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? 0 : this.settling.unpark(id, events, corrections);
    });
  }

  async owed(flow: Flow, limit: number, now: number): Promise<Owed[]> {
    return this.rows.read(() => {
      const id = this.findFlow(flow);
      return id === undefined ? [] : this.owedEnds.list(id, flow.side, limit, now);
    });
  }

  async settleOwed(outcomes: OwedOutcome[]): Promise<void> {
    await this.rows.write(() => {
      for (const outcome of outcomes) this.owedEnds.settle(outcome);
    });
  }

  async resumeOwed(integration: string): Promise<number> {
    return this.rows.write(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? 0 : this.owedEnds.resumeAll(id);
    });
  }

  async oweEarlier(flow: Flow, wish: string | undefined, limit: number): Promise<boolean> {
    return this.rows.write(() => {
      const id = this.flow(flow);
      const walk = walkOn(this.flows.wish(id), wish);
      if (walk.after === undefined) {
        if (walk.isNew) this.flows.setWish(id, { wish: null, upTo: null });
        return false;
      }
      const upTo = this.owedEnds.addEarlier(id, this.integrations.idOf(flow.integration), walk.after, limit);
      this.flows.setWish(id, { wish: walk.wish, upTo: upTo ?? null });
      return upTo !== undefined;
    });
  }

  async owedCounts(integration: string): Promise<[OwedCounts, OwedCounts]> {
    return this.rows.read(() => {
      const id = this.integrations.find(integration) ?? 0;
      return [this.owedEnds.counts(flowOf(id, 1)), this.owedEnds.counts(flowOf(id, 2))];
    });
  }

  async partsDue(flow: Flow, limit: number, now: number): Promise<PartReading[]> {
    return this.rows.read(() => {
      const id = this.findFlow(flow);
      return id === undefined ? [] : this.parts.due(id, limit, now);
    });
  }

  async nextParts(flow: Flow): Promise<number | undefined> {
    return this.rows.read(() => {
      const id = this.findFlow(flow);
      return id === undefined ? undefined : this.parts.next(id);
    });
  }

  async recordParts(
    flow: Flow,
    system: string,
    readings: PartsRead[],
    readAt: number,
    urgent = false,
  ): Promise<RecordSummary> {
    return this.rows.write(() => this.parts.record(this.readFlow(flow, system), readings, readAt, urgent));
  }

  async askParts(flow: Flow, owners: EntityId[]): Promise<void> {
    await this.rows.write(() => this.parts.askAll(this.flow(flow), owners, this.sequences.next()));
  }

  async askEarlier(flow: Flow, wish: string | undefined, limit: number): Promise<boolean> {
    return this.rows.write(() => {
      const id = this.flow(flow);
      const walk = walkOn(this.flows.partsWish(id), wish);
      if (walk.after === undefined) {
        if (walk.isNew) this.flows.setPartsWish(id, { wish: null, upTo: null });
        return false;
      }
      const upTo = this.parts.askEarlier(id, walk.after, limit, this.sequences.next());
      this.flows.setPartsWish(id, { wish: walk.wish, upTo: upTo ?? null });
      return upTo !== undefined;
    });
  }

  async readAgain(flow: Flow, entities: EntityId[]): Promise<void> {
    await this.rows.write(() => {
      const id = this.findFlow(flow);
      if (id === undefined) return;
      for (const entity of entities) {
        if (this.links.key(integrationOf(id), flow.side, entity)) this.awaited.wakeOne(id, entity);
      }
    });
  }

  async unlink(integration: string, link: number): Promise<boolean> {
    return this.rows.write(() => {
      const key = this.links.keyOf(link);
      if (!key || key.owner !== null || key.integration !== this.integrations.find(integration)) return false;
      return this.parts.release(key);
    });
  }

  async note(entries: JournalEntry[], keep: { entries: number; since: number }): Promise<void> {
    await this.rows.write(() => this.keeper.note(entries, keep));
  }

  async journal(filter: JournalFilter, before: number | undefined, limit: number, span: number): Promise<FoundEntries> {
    return this.rows.read(() => this.keeper.find(filter, before, limit, span));
  }

  async hours(since: number): Promise<HourCount[]> {
    return this.rows.read(() => this.keeper.hours(since));
  }

  async linkOf(integration: string, side: Side, entity: EntityId): Promise<Link | undefined> {
    return (await this.linksOf(integration, side, [entity]))[0];
  }

  async linksAfter(integration: string, after: number, limit: number): Promise<Link[]> {
    return this.rows.read(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? [] : this.links.after(id, after, limit);
    });
  }

  async partLinks(owner: number, limit: number): Promise<Link[]> {
    return this.rows.read(() => this.links.partsOf(owner, limit));
  }

  async linksOf(integration: string, side: Side, entities: EntityId[]): Promise<(Link | undefined)[]> {
    return this.rows.read(() => {
      const id = this.integrations.find(integration);
      return entities.map((entity) => (id === undefined ? undefined : this.links.get(id, side, entity)?.link));
    });
  }

  async counterparts(system: string, entities: EntityId[], toward: string): Promise<Counterpart[][]> {
    return this.rows.read(() =>
      entities.map((entity) => {
        const direct = this.refs.counterparts(system, entity, toward);
        return direct.length > 0 || this.kin.isAlone ? direct : this.overOthers(system, entity, toward);
      }),
    );
  }

  async move(moves: Moved[]): Promise<void> {
    await this.rows.write(() => {
      for (const moved of moves) {
        const integration = this.refs.move(moved) ? this.links.keyOf(moved.link)?.integration : undefined;
        if (integration === undefined) continue;
        for (const side of moved.owes ?? []) this.owedEnds.add(moved.link, flowOf(integration, side));
      }
    });
  }

  async linksBySystem(system: string, entity: EntityId): Promise<Link[]> {
    return this.rows.read(() => {
      const id = this.names.find(system);
      if (id === undefined) return [];
      return this.kin
        .direct({ place: this.places.of(id), entity })
        .sort((a, b) => a.id - b.id)
        .flatMap((head) => this.links.byId(head.id)?.link ?? []);
    });
  }

  async placeOf(system: string, integration: string): Promise<string | undefined> {
    return this.places.nameOf(system, integration);
  }

  async setPlace(system: string, place: string, by: string): Promise<void> {
    await this.rows.write(() => this.places.set(system, place, by));
  }

  async kinOf(system: string, entity: EntityId, by: string): Promise<KinLink[]> {
    // needed for each change: it must not cost a transaction if there are no other integrations
    if (this.integrations.isOnly(by)) return [];
    return this.rows.read(() => {
      // an integration that has not stored anything yet may ask as well
      const isAlone = this.kin.isAlone && this.integrations.find(by) !== undefined;
      const id = isAlone ? undefined : this.names.find(system);
      return id === undefined ? [] : this.kin.linksOf(id, entity);
    });
  }

  /** Records the opening, or its progress. */
  async begin(): Promise<void> {
    await this.rows.writeDurably(() => this.rows.identity.countOpening());
  }

  async advance(): Promise<void> {
    const { last } = this.sequences;
    if (last === this.advancedAt) return;
    this.advancedAt = last;
    await this.begin();
  }

  async state(): Promise<StoreState> {
    return this.rows.read(() => {
      const { name, opened } = this.rows.identity.get();
      return { store: name, opened, newest: this.rows.links.newest(), begun: this.rows.intents.any() };
    });
  }

  async doubt(): Promise<string | undefined> {
    return this.rows.read(() => this.rows.identity.get().doubt ?? undefined);
  }

  async setDoubt(until: string | undefined): Promise<void> {
    await this.rows.writeDurably(() => {
      this.rows.identity.setDoubt(until ?? null);
      if (until !== undefined) this.events.distrust();
    });
  }

  async integrationsKept(): Promise<string[]> {
    return this.rows.read(() => this.integrations.all());
  }

  async counts(integration: string): Promise<[FlowCounts, FlowCounts]> {
    return this.rows.read(() => {
      // 0 represents an integration without stored data
      const id = this.integrations.find(integration) ?? 0;
      return [this.counters.of(flowOf(id, 1), id), this.counters.of(flowOf(id, 2), id)];
    });
  }

  async purge(integration: string): Promise<void> {
    await this.rows.write(() => {
      const id = this.integrations.find(integration);
      if (id === undefined) return;
      for (const flow of flowsOf(id)) {
        this.events.purge(flow);
        this.known.purge(flow);
        this.flows.purge(flow);
        this.awaited.purge(flow);
      }
      this.keeper.purge(id);
      this.links.purge(id);
      this.places.purge(id);
      this.integrations.forget(id);
      this.counters.clear(id, flowsOf(id));
    });
  }

  async close(): Promise<void> {
    this.rows.close();
  }

  private overOthers(system: string, entity: EntityId, toward: string): Counterpart[] {
    const [from, to] = [this.names.find(system), this.names.find(toward)];
    if (from === undefined || to === undefined) return [];
    return this.kin.counterparts({ place: this.places.of(from), entity }, this.places.of(to));
  }

  private get tools() {
    const { events, links, integrations, owedEnds: owed, awaited, kin, lines, parts, known, ended } = this;
    return { events, links, known, ended, integrations, owed, awaited, kin, lines, parts };
  }

  /** The flow, which reads the system: versions of an earlier system no longer mean anything. */
  private readFlow(flow: Flow, system: string): number {
    const id = this.flow(flow);
    if (this.flows.setSystem(id, system) === 'changed') this.known.forget(id);
    return id;
  }

  private flow(flow: Flow): number {
    return flowOf(this.integrations.idOf(flow.integration), flow.side);
  }

  private findFlow(flow: Flow): number | undefined {
    const id = this.integrations.find(flow.integration);
    return id === undefined ? undefined : flowOf(id, flow.side);
  }
}

function flowsOf(integration: number): [number, number] {
  return [flowOf(integration, 1), flowOf(integration, 2)];
}

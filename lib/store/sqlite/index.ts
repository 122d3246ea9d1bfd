/**
 * The embedded store: one SQLite file in WAL mode, through Node's own `node:sqlite`. Fulfils the contract in
 * ../store.ts; what each call does stands in the files beside this one.
 *
 * SQLite answers while it is called, so a call blocks Node's event loop for as long as it takes: batches of a hundred
 * events take a few milliseconds. Another program's lock is waited for outside of SQLite (turns.ts).
 */

import type { Checkpoint } from '../../connectors/connector';
import type { Entity, EntityId, Side } from '../../model/entity';
import type {
  Corrections,
  Counterpart,
  Failure,
  Flow,
  FlowCounts,
  Hindrance,
  Intent,
  KinLink,
  Landing,
  Link,
  Moved,
  Owed,
  OwedCounts,
  OwedOutcome,
  ParkedFilter,
  RecordSummary,
  Sending,
  Store,
  StoredEvent,
  UpdateIntent,
} from '../store';
import { Awaited } from './awaited';
import { Claims } from './claim';
import { Counters } from './counters';
import { Database, type Query } from './database';
import { Events, flowOf, integrationOf } from './events';
import { Flows } from './flows';
import { Kin } from './kin';
import { storeLanding } from './land';
import { Links } from './links';
import { Names } from './names';
import { OwedEnds } from './owed';
import { Places } from './places';
import { recordEntities, Seen } from './record';
import { Refs } from './refs';
import { STATE } from './schema';
import { Sequence } from './sequence';
import { Settling } from './settle';

export interface SqliteOptions {
  /** path of the file; its folder must exist. `:memory:` for a store that ends with its process */
  file: string;
  log?: (text: string) => void;
}

/**
 * Opens the store, creating the file where there is none.
 * @throws StoreError `locked` where another process has it open, `readOnly`, `damaged`, `newer`
 */
export async function openSqliteStore({ file, log }: SqliteOptions): Promise<Store> {
  const store = new SqliteStore(Database.open(file));
  await store.begin();
  log?.(`Store ${file} opened`);
  return store;
}

export class SqliteStore implements Store {
  private readonly integrations: Names;
  private readonly sequences: Sequence;
  private readonly counters: Counters;
  private readonly flows: Flows;
  private readonly seen: Seen;
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
  private readonly identity: Query<{ name: string; opened: number; doubt: string | null }>;
  private readonly newestLink: Query<{ id: number | null }>;
  private readonly countOpening: Query<Record<string, never>>;
  private readonly storeDoubt: Query<Record<string, never>>;
  private readonly overdueSeqs: Query<{ seq: number }>;
  private readonly parkedSeqs: Query<{ seq: number }>;
  private readonly parkedAfter: Query<{ seq: number }>;
  private readonly foundSeqs: Query<{ seq: number }>;

  constructor(private readonly db: Database) {
    const names = new Names(db, 'names');
    this.integrations = new Names(db, 'integrations');
    this.sequences = new Sequence(db);
    this.counters = new Counters(db);
    this.flows = new Flows(db, names);
    this.seen = new Seen(db);
    this.links = new Links(db, this.integrations, names, this.sequences, this.counters);
    this.events = new Events(db, this.integrations, this.links, this.sequences, this.counters);
    this.places = new Places(db, this.integrations, names);
    this.refs = new Refs(db, this.integrations, names, this.places);
    this.kin = new Kin(db, this.links, this.places);
    this.awaited = new Awaited(db, this.events, this.refs, names, this.counters, this.places, this.kin);
    this.names = names;
    this.claims = new Claims(db, this.events, this.links, this.counters, this.awaited, this.kin);
    this.settling = new Settling(db, this.events, this.kin, names, this.places, this.awaited);
    this.owedEnds = new OwedEnds(db, this.events, this.links, this.seen);
    this.identity = db.prepare('SELECT name, opened, doubt FROM identity');
    this.newestLink = db.prepare('SELECT max(id) AS id FROM links');
    this.countOpening = db.prepare('UPDATE identity SET opened = opened + 1');
    this.storeDoubt = db.prepare('UPDATE identity SET doubt = ?');
    this.overdueSeqs = db.prepare(`
      SELECT seq FROM events WHERE flow IN (?, ?) AND state = ${STATE.sent} AND sentAt < ?
      ORDER BY sentAt, seq LIMIT ?`);
    this.parkedSeqs = db.prepare(`
      SELECT seq FROM events WHERE flow >> 1 = ? AND state = ${STATE.parked} ORDER BY seq LIMIT ? OFFSET ?`);
    this.parkedAfter = db.prepare(`
      SELECT seq FROM events WHERE flow >> 1 = ? AND state = ${STATE.parked} AND seq > ? ORDER BY seq LIMIT ?`);
    // lower() knows the letters a to z. Numbered parameters (?1) cannot be bound by position in Node.js 22.13 and 24.0
    this.foundSeqs = db.prepare(`
      SELECT seq FROM parked_texts p JOIN events e USING (seq)
      WHERE flow >> 1 = ? AND (? IS NULL OR flow = ?) AND instr(p.text, lower(?)) > 0
      ORDER BY seq LIMIT ? OFFSET ?`);
  }

  async sequence(): Promise<number> {
    this.db.assertOpen();
    return this.sequences.needsWrite ? this.db.write(() => this.sequences.next()) : this.sequences.next();
  }

  async checkpoint(flow: Flow): Promise<Checkpoint | undefined> {
    return this.db.read(() => {
      const id = this.findFlow(flow);
      return id === undefined ? undefined : this.flows.checkpoint(id);
    });
  }

  async setCheckpoint(flow: Flow, checkpoint: Checkpoint | undefined): Promise<void> {
    await this.db.write(() => this.flows.setCheckpoint(this.flow(flow), checkpoint));
  }

  async record(
    flow: Flow,
    system: string,
    entities: Entity[],
    readAt: number,
    checkpoint: Checkpoint | undefined,
    urgent = false,
  ): Promise<RecordSummary> {
    return this.db.write(() => {
      const id = this.flow(flow);
      if (this.flows.setSystem(id, system) === 'changed') this.seen.forget(id);
      if (checkpoint) this.flows.setCheckpoint(id, checkpoint);
      return recordEntities(this.parts, id, entities, readAt, urgent);
    });
  }

  async forgetSeen(flow: Flow): Promise<void> {
    await this.db.write(() => this.seen.forget(this.flow(flow)));
  }

  async claim(flow: Flow, limit: number, now: number, urgent = 0): Promise<StoredEvent[]> {
    this.db.assertOpen();
    const flowId = this.findFlow(flow);
    // most claims find nothing: they need no transaction
    if (flowId === undefined || !this.claims.any(flowId)) return [];
    // durably: a number and delivery that are out in a message must never be given out again
    return this.db.writeDurably(() => this.events.readAll(this.claims.claim(flowId, limit, now, urgent)));
  }

  async refresh(events: { seq: number; entity: Entity; readAt: number }[]): Promise<void> {
    await this.db.write(() => {
      for (const { seq, entity, readAt } of events) this.settling.refresh(seq, entity, readAt, this.seen);
    });
  }

  async recover(integration: string): Promise<number> {
    return this.db.write(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? 0 : this.settling.recover(flowsOf(id));
    });
  }

  async load(events: Sending[]): Promise<(StoredEvent | undefined)[]> {
    return this.db.read(() =>
      events.map(({ seq, delivery }) => {
        const event = this.events.read(seq);
        return event?.state === 'sent' && event.delivery === delivery ? event : undefined;
      }),
    );
  }

  async overdue(integration: string, before: number, limit: number): Promise<StoredEvent[]> {
    return this.db.read(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? [] : this.events.readAll(this.overdueSeqs.all(...flowsOf(id), before, limit));
    });
  }

  async intendUpdates(updates: UpdateIntent[]): Promise<void> {
    await this.db.write(() => {
      for (const { link, side, fields } of updates) this.links.addPending(link, side, fields);
    });
  }

  async openIntents(intents: Intent[]): Promise<(Hindrance | undefined)[]> {
    return this.db.writeDurably(() => this.settling.openIntents(intents, this.sequences.next()));
  }

  async land(landings: Landing[]): Promise<(string | undefined)[]> {
    return this.db.write(() => {
      const at = this.sequences.next();
      return landings.map((landing) => storeLanding(this.parts, landing, at));
    });
  }

  async skip(events: (number | Sending)[]): Promise<void> {
    await this.db.write(() => this.settling.skip(events));
  }

  async fail(failures: Failure[]): Promise<void> {
    await this.db.write(() => this.settling.fail(failures));
  }

  async show(events: Sending[]): Promise<void> {
    await this.db.write(() => this.settling.show(events));
  }

  async unshow(integration: string): Promise<number> {
    return this.db.write(() => {
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
    return this.db.read(() => {
      const id = this.integrations.find(integration);
      if (id === undefined) return [];
      if (side === undefined && search === '') return this.events.readAll(this.parkedSeqs.all(id, limit, offset));
      const flow = side === undefined ? null : flowOf(id, side);
      return this.events.readAll(this.foundSeqs.all(id, flow, flow, search, limit, offset));
    });
  }

  async parkedNumbers(integration: string, after: number, limit: number): Promise<number[]> {
    return this.db.read(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? [] : this.parkedAfter.all(id, after, limit).map(({ seq }) => seq);
    });
  }

  async event(integration: string, seq: number): Promise<StoredEvent | undefined> {
    return this.db.read(() => {
      const id = this.integrations.find(integration);
      const row = this.events.row(seq);
      return row && integrationOf(row.flow) === id ? this.events.read(seq) : undefined;
    });
  }

  async unpark(integration: string, events?: number[], corrections?: Corrections): Promise<number> {
    return this.db.write(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? 0 : this.settling.unpark(id, events, corrections);
    });
  }

  async owed(flow: Flow, limit: number, now: number): Promise<Owed[]> {
    return this.db.read(() => {
      const id = this.findFlow(flow);
      return id === undefined ? [] : this.owedEnds.list(id, flow.side, limit, now);
    });
  }

  async settleOwed(outcomes: OwedOutcome[]): Promise<void> {
    await this.db.write(() => {
      for (const outcome of outcomes) this.owedEnds.settle(outcome);
    });
  }

  async resumeOwed(integration: string): Promise<number> {
    return this.db.write(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? 0 : this.owedEnds.resumeAll(id);
    });
  }

  async oweEarlier(flow: Flow, wish: string | undefined, limit: number): Promise<boolean> {
    return this.db.write(() => {
      const id = this.flow(flow);
      const before = this.flows.wish(id);
      const isNew = before.wish !== (wish ?? null);
      if (wish === undefined) {
        if (isNew) this.flows.setWish(id, { wish: null, upTo: null });
        return false;
      }
      const after = isNew ? 0 : before.upTo;
      if (after === null) return false;
      const upTo = this.owedEnds.addEarlier(id, this.integrations.idOf(flow.integration), after, limit);
      this.flows.setWish(id, { wish, upTo: upTo ?? null });
      return upTo !== undefined;
    });
  }

  async owedCounts(integration: string): Promise<[OwedCounts, OwedCounts]> {
    return this.db.read(() => {
      const id = this.integrations.find(integration) ?? 0;
      return [this.owedEnds.counts(flowOf(id, 1)), this.owedEnds.counts(flowOf(id, 2))];
    });
  }

  async linkOf(integration: string, side: Side, entity: EntityId): Promise<Link | undefined> {
    return (await this.linksOf(integration, side, [entity]))[0];
  }

  async linksAfter(integration: string, after: number, limit: number): Promise<Link[]> {
    return this.db.read(() => {
      const id = this.integrations.find(integration);
      return id === undefined ? [] : this.links.after(id, after, limit);
    });
  }

  async linksOf(integration: string, side: Side, entities: EntityId[]): Promise<(Link | undefined)[]> {
    return this.db.read(() => {
      const id = this.integrations.find(integration);
      return entities.map((entity) => (id === undefined ? undefined : this.links.get(id, side, entity)?.link));
    });
  }

  async counterparts(system: string, entities: EntityId[], toward: string): Promise<Counterpart[][]> {
    return this.db.read(() =>
      entities.map((entity) => {
        const direct = this.refs.counterparts(system, entity, toward);
        return direct.length > 0 || this.kin.isAlone ? direct : this.overOthers(system, entity, toward);
      }),
    );
  }

  async move(moves: Moved[]): Promise<void> {
    await this.db.write(() => {
      for (const moved of moves) {
        const integration = this.refs.move(moved) ? this.links.keyOf(moved.link)?.integration : undefined;
        if (integration === undefined) continue;
        for (const side of moved.owes ?? []) this.owedEnds.add(moved.link, flowOf(integration, side));
      }
    });
  }

  async linksBySystem(system: string, entity: EntityId): Promise<Link[]> {
    return this.db.read(() => {
      const id = this.names.find(system);
      if (id === undefined) return [];
      return this.kin
        .direct({ place: this.places.of(id), entity })
        .sort((a, b) => a.id - b.id)
        .flatMap((head) => this.links.byId(head.id)?.link ?? []);
    });
  }

  async setPlace(system: string, place: string, by: string): Promise<void> {
    await this.db.write(() => this.places.set(system, place, by));
  }

  async kinOf(system: string, entity: EntityId, by: string): Promise<KinLink[]> {
    return this.db.read(() => {
      // one that has not stored anything yet may ask as well
      const isAlone = this.kin.isAlone && this.integrations.find(by) !== undefined;
      const id = isAlone ? undefined : this.names.find(system);
      return id === undefined ? [] : this.kin.linksOf(id, entity);
    });
  }

  /** Counts the opening. */
  async begin(): Promise<void> {
    await this.db.writeDurably(() => this.countOpening.run());
  }

  async state(): Promise<{ store: string; opened: number; newest: number }> {
    return this.db.read(() => {
      const { name = '', opened = 0 } = this.identity.get() ?? {};
      return { store: name, opened, newest: this.newestLink.get()?.id ?? 0 };
    });
  }

  async doubt(): Promise<string | undefined> {
    return this.db.read(() => this.identity.get()?.doubt ?? undefined);
  }

  async setDoubt(until: string | undefined): Promise<void> {
    await this.db.writeDurably(() => this.storeDoubt.run(until ?? null));
  }

  async integrationsKept(): Promise<string[]> {
    return this.db.read(() => this.integrations.all());
  }

  async counts(integration: string): Promise<[FlowCounts, FlowCounts]> {
    return this.db.read(() => {
      // 0 stands for an integration of which nothing is stored
      const id = this.integrations.find(integration) ?? 0;
      return [this.counters.of(flowOf(id, 1), id), this.counters.of(flowOf(id, 2), id)];
    });
  }

  async purge(integration: string): Promise<void> {
    await this.db.write(() => {
      const id = this.integrations.find(integration);
      if (id === undefined) return;
      for (const flow of flowsOf(id)) {
        this.events.purge(flow);
        this.seen.forget(flow);
        this.flows.purge(flow);
        this.awaited.purge(flow);
      }
      this.links.purge(id);
      this.places.purge(id);
      this.integrations.forget(id);
      this.counters.clear(id, flowsOf(id));
    });
  }

  async close(): Promise<void> {
    this.db.close();
  }

  private overOthers(system: string, entity: EntityId, toward: string): Counterpart[] {
    const [from, to] = [this.names.find(system), this.names.find(toward)];
    if (from === undefined || to === undefined) return [];
    return this.kin.counterparts({ place: this.places.of(from), entity }, this.places.of(to));
  }

  private get parts() {
    const { events, links, seen, integrations, owedEnds: owed, awaited, kin } = this;
    return { events, links, seen, integrations, owed, awaited, kin };
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

/**
 * The contract of the store once more, as the simplest program that keeps it: lists that are searched from end to end,
 * nothing durable. The random checks compare a store with it.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Checkpoint } from '../../../lib/connectors/connector';
import type { Entity, EntityId, Fields, Side } from '../../../lib/model';
import type {
  Corrections,
  Counterpart,
  EventState,
  Failure,
  Flow,
  FlowCounts,
  Intent,
  KinLink,
  Landing,
  Link,
  LinkEnd,
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
} from '../../../lib/store/store';

interface Event {
  seq: number;
  flow: Flow;
  state: EventState;
  entity: Entity;
  readAt: number;
  delivery: number;
  attempts: number;
  sentAt?: number;
  dueAt?: number;
  error?: StoredEvent['error'];
  mapped?: StoredEvent['mapped'];
  corrections?: Corrections;
  intent?: Intent;
  intentOpened?: number;
  urgent: boolean;
}

interface OwedEnd {
  link: number;
  side: Side;
  attempts: number;
  dueAt?: number;
  error?: Owed['error'];
}

/** An end of a link that waits until a link leads from an entity of its system to the other end's system. */
interface Wait {
  flow: Flow;
  waiter: EntityId;
  system: string;
  entity: EntityId;
  toward: string;
  isDue: boolean;
}

interface ModelLink extends Link {
  wrote: [number, number];
  landed: number;
}

const other = (side: Side): Side => (side === 1 ? 2 : 1);
const sameFlow = (a: Flow, b: Flow) => a.integration === b.integration && a.side === b.side;
const nth = <T>(pair: readonly [T, T], side: Side): T => pair[side === 1 ? 0 : 1];

export class ModelStore implements Store {
  private number = 0;
  private events: Event[] = [];
  private links: ModelLink[] = [];
  private owing: OwedEnd[] = [];
  private waits: Wait[] = [];
  /** what counterparts are shown by, by flow, and up to which link that was owed; undefined = up to the last */
  private readonly wishes = new Map<string, { wish: string; upTo: number | undefined }>();
  private readonly known = new Map<string, string>();
  private readonly checkpoints = new Map<string, Checkpoint>();
  /** by flow: the node that it reads */
  private readonly systems = new Map<string, string>();
  private readonly places = new Map<string, string>();
  /** by integration and node: where the node led before */
  private readonly former = new Map<string, string>();
  /** integrations of which anything was ever stored */
  private readonly stored = new Set<string>();

  async sequence(): Promise<number> {
    this.number += 1;
    return this.number;
  }

  async checkpoint(flow: Flow): Promise<Checkpoint | undefined> {
    return this.checkpoints.get(key(flow));
  }

  async setCheckpoint(flow: Flow, checkpoint: Checkpoint | undefined): Promise<void> {
    this.stored.add(flow.integration);
    if (checkpoint) this.checkpoints.set(key(flow), checkpoint);
    else this.checkpoints.delete(key(flow));
  }

  async record(
    flow: Flow,
    system: string,
    entities: Entity[],
    readAt: number,
    checkpoint: Checkpoint | undefined,
    urgent = false,
  ): Promise<RecordSummary> {
    this.systems.set(key(flow), system);
    this.stored.add(flow.integration);
    if (checkpoint) this.checkpoints.set(key(flow), checkpoint);
    const summary = { recorded: 0, known: 0 };
    for (const entity of entities) {
      const main = this.main(flow, entity.id);
      const held = this.held(flow, entity.id);
      const known = (held ?? main)?.entity.version ?? this.known.get(key(flow, entity.id));
      this.known.set(key(flow, entity.id), entity.version);
      if (known === entity.version) {
        summary.known += 1;
        continue;
      }
      summary.recorded += 1;
      const folds = main?.state === 'waiting' || main?.state === 'retry' || main?.state === 'shown' ? main : held;
      if (folds) {
        folds.entity = entity;
        folds.readAt = readAt;
        if (folds.state === 'shown') folds.state = 'waiting';
        folds.urgent ||= urgent;
      } else {
        const seq = await this.sequence();
        this.events.push({
          seq,
          flow,
          state: main ? 'held' : 'waiting',
          entity,
          readAt,
          urgent,
          delivery: 0,
          attempts: 0,
        });
      }
    }
    return summary;
  }

  async forgetSeen(flow: Flow): Promise<void> {
    this.stored.add(flow.integration);
    for (const known of [...this.known.keys()]) {
      if (known.startsWith(`${key(flow)} `)) this.known.delete(known);
    }
  }

  async claim(flow: Flow, limit: number, now: number, urgent = 0): Promise<StoredEvent[]> {
    for (const event of this.events) {
      if (sameFlow(event.flow, flow) && event.state === 'retry' && (event.dueAt ?? 0) <= now) {
        event.state = 'waiting';
        event.dueAt = undefined;
      }
    }
    const over = this.waits.filter((wait) => sameFlow(wait.flow, flow) && wait.isDue);
    this.waits = this.waits.filter((wait) => !over.includes(wait));
    for (const { waiter } of over) await this.wake(flow, waiter);
    const opened = this.events
      .filter(({ flow: from }) => from.integration === flow.integration && from.side === other(flow.side))
      .map(({ intentOpened }) => intentOpened ?? Number.POSITIVE_INFINITY);
    const free = this.events.filter((event) => {
      if (!sameFlow(event.flow, flow) || event.state !== 'waiting') return false;
      if (this.stored.size > 1 && this.isBusy(event)) return false;
      const link = this.find(flow.integration, flow.side, event.entity.id);
      if (!link) return opened.every((at) => event.seq < at);
      const counterpart = nth(link.ends, other(flow.side)).ref.id;
      return this.main({ ...flow, side: other(flow.side) }, counterpart)?.state !== 'sent';
    });
    const inOrder = free.toSorted((a, b) => a.seq - b.seq);
    const first = inOrder.filter((event) => event.urgent).slice(0, Math.min(urgent, limit));
    const others = inOrder.filter((event) => !first.includes(event)).slice(0, limit - first.length);
    const claimed = [...first, ...others].toSorted((a, b) => a.seq - b.seq);
    for (const event of claimed) {
      event.state = 'sent';
      event.delivery += 1;
      event.sentAt = now;
    }
    return claimed.map((event) => this.view(event));
  }

  async refresh(events: { seq: number; entity: Entity; readAt: number }[]): Promise<void> {
    for (const { seq, entity, readAt } of events) {
      const event = this.events.find((candidate) => candidate.seq === seq);
      if (event?.state !== 'sent') continue;
      event.entity = entity;
      event.readAt = readAt;
      const held = this.held(event.flow, entity.id);
      if (held && held.entity.version !== entity.version) {
        if (held.readAt < readAt) held.readAt = Number.NEGATIVE_INFINITY;
      } else {
        if (held) this.remove(held);
        this.known.set(key(event.flow, entity.id), entity.version);
      }
    }
  }

  async recover(integration: string): Promise<number> {
    const sent = this.events.filter(({ flow, state }) => flow.integration === integration && state === 'sent');
    for (const event of sent) this.sendAgain(event, 'waiting');
    return sent.length;
  }

  async load(events: Sending[]): Promise<(StoredEvent | undefined)[]> {
    return events.map((sending) => {
      const event = this.underWay(sending);
      return event && this.view(event);
    });
  }

  async overdue(integration: string, before: number, limit: number): Promise<StoredEvent[]> {
    return this.events
      .filter(
        ({ flow, state, sentAt }) => flow.integration === integration && state === 'sent' && (sentAt ?? 0) < before,
      )
      .toSorted((a, b) => (a.sentAt ?? 0) - (b.sentAt ?? 0) || a.seq - b.seq)
      .slice(0, limit)
      .map((event) => this.view(event));
  }

  async openIntents(intents: Intent[]): Promise<undefined[]> {
    const opened = await this.sequence();
    const events = intents.map((intent) => this.events.find(({ seq }) => seq === intent.event));
    if (events.includes(undefined)) throw new Error('an event is gone');
    for (const [index, intent] of intents.entries()) {
      const event = events[index];
      if (!event) continue;
      event.intent = intent;
      event.intentOpened ??= opened;
    }
    return intents.map(() => undefined);
  }

  async intendUpdates(updates: UpdateIntent[]): Promise<void> {
    for (const { link, side, fields } of updates) {
      const end = this.links.find(({ id }) => id === link)?.ends[side - 1];
      if (!end) continue;
      end.pending ??= {};
      for (const [field, value] of Object.entries(fields)) {
        end.pending[field] = [...(end.pending[field] ?? []), value].slice(-8);
      }
    }
  }

  async land(landings: Landing[]): Promise<(string | undefined)[]> {
    const at = await this.sequence();
    const results: (string | undefined)[] = [];
    for (const landing of landings) results.push(await this.landOne(landing, at));
    return results;
  }

  private async landOne(landing: Landing, at: number): Promise<string | undefined> {
    const { integration, ends } = landing;
    this.stored.add(integration);
    const ids: [string, string] = [ends[0].ref.id, ends[1].ref.id];
    const touching = this.links.filter(
      (link) =>
        link.integration === integration && ([1, 2] as const).some((side) => idOf(link, side) === nth(ids, side)),
    );
    const replaced = touching.find(({ id }) => id === landing.replaces);
    const others = touching.filter((link) => link !== replaced);
    const same = others.find((link) => idOf(link, 1) === ids[0] && idOf(link, 2) === ids[1]);
    if (others.some((link) => link !== same)) return 'linked already';
    this.links = this.links.filter((link) => link !== replaced);
    const wrote = [landing.wrote ?? []].flat();
    const wroteAt = (side: Side) => (wrote.includes(side) ? at : same ? nth(same.wrote, side) : 0);
    const pending = (side: Side) => (same && !wrote.includes(side) ? nth(same.ends, side).pending : undefined);
    const kept = (side: Side): LinkEnd => {
      const { pending: _, ...end } = nth(ends, side);
      const gone = landing.settled?.side === side ? landing.settled.fields : [];
      const left = Object.entries(pending(side) ?? {}).filter(([field]) => !gone.includes(field));
      return left.length > 0 ? { ...end, pending: Object.fromEntries(left) } : end;
    };
    const link: ModelLink = {
      id: same?.id ?? (await this.sequence()),
      integration,
      ends: [kept(1), kept(2)],
      wrote: [wroteAt(1), wroteAt(2)],
      landed: at,
      ...((same?.made ?? landing.made) && { made: same ? same.made : landing.made }),
    };
    this.links = [...this.links.filter((candidate) => candidate !== same), link];
    if (this.stored.size > 1) this.spread(link, same, wrote, at);
    for (const side of landing.owes ?? []) {
      this.forgive(link.id, side);
      this.owing.push({ link: link.id, side, attempts: 0, dueAt: 0 });
    }

    if (!same) {
      const joined = this.kin(this.name(link.ends[0], integration));
      for (const wait of this.waits) {
        if (joined.has(`${this.place(wait.system)} ${wait.entity}`) && this.isOver(wait)) wait.isDue = true;
      }
    }
    if (landing.awaits) {
      const { side, entities } = landing.awaits;
      const [end, far] = [nth(ends, side), nth(ends, other(side))];
      this.await({ integration, side }, end.ref.id, end.system, far.system, entities);
    }

    const event = this.events.find(({ seq, flow }) => seq === landing.event && flow.integration === integration);
    if (event?.delivery === landing.delivery) {
      event.intent = undefined;
      event.intentOpened = undefined;
      if (event.state === 'sent') this.remove(event);
    }
    for (const side of [1, 2] as const) this.settle({ integration, side }, nth(ends, side));
    return undefined;
  }

  private isOver({ system, entity, toward }: Omit<Wait, 'isDue'>): boolean {
    return this.counterpartsOf(system, entity, toward).length > 0;
  }

  private leads(
    integration: string,
    [from, to]: [LinkEnd, LinkEnd],
    system: string,
    entity: EntityId,
    toward: string,
  ): boolean {
    const isSame = (its: string, asked: string) => this.place(its, integration) === this.place(asked);
    return isSame(from.system, system) && from.ref.id === entity && isSame(to.system, toward);
  }

  private async wake(flow: Flow, waiter: EntityId): Promise<void> {
    const main = this.main(flow, waiter);
    const isHeld = this.held(flow, waiter) !== undefined;
    if (main?.state === 'parked') await this.unpark(flow.integration, [main.seq]);
    if (main?.state === 'shown') main.state = 'waiting';
    const link = this.find(flow.integration, flow.side, waiter);
    if (!link || isHeld || (main && main.state !== 'sent')) return;
    const { ref } = nth(link.ends, flow.side);
    this.events.push({
      seq: await this.sequence(),
      flow,
      state: main ? 'held' : 'waiting',
      entity: { ...ref, version: 'awaited', updatedAt: new Date(0).toISOString(), fields: {} },
      readAt: Number.NEGATIVE_INFINITY,
      urgent: false,
      delivery: 0,
      attempts: 0,
    });
  }

  private place(system: string, integration = ''): string {
    return this.former.get(`${integration}\n${system}`) ?? this.places.get(system) ?? system;
  }

  private name({ system, ref }: LinkEnd, integration: string): string {
    return `${this.place(system, integration)} ${ref.id}`;
  }

  /** The entity and all that links lead to from it. */
  private kin(name: string): Set<string> {
    const all = new Set([name]);
    for (const member of all) {
      for (const { ends, integration } of this.links) {
        const own = ends.map((end) => this.name(end, integration));
        if (own.includes(member)) for (const one of own) all.add(one);
      }
    }
    return all;
  }

  private nameOf({ flow, entity }: Event): string {
    return `${this.place(this.systems.get(key(flow)) ?? '', flow.integration)} ${entity.id}`;
  }

  private isBusy(event: Event): boolean {
    const kin = this.kin(this.nameOf(event));
    return this.events.some((other) => other.state === 'sent' && kin.has(this.nameOf(other)));
  }

  /** What a landing means for the links of other integrations. */
  private spread(link: ModelLink, before: ModelLink | undefined, wrote: Side[], at: number): void {
    const [one, two] = link.ends.map((end) => this.name(end, link.integration)) as [string, string];
    const others = this.links.filter((other) => other !== link);
    for (const side of [1, 2] as const) {
      const written = nth<string>([one, two], side);
      for (const other of others) {
        const [first, second] = other.ends.map((end) => this.name(end, other.integration));
        if (first !== written && second !== written) continue;
        const its = first === written ? 0 : 1;
        if (!before) link.wrote[side - 1] = Math.max(nth(link.wrote, side), other.wrote[its]);
        if (wrote.includes(side)) other.wrote[its] = Math.max(other.wrote[its], at);
        const isTwin = first === (its === 0 ? written : two) && second === (its === 0 ? two : written);
        if (side === 2 || !before || !isTwin) continue;
        const sides = [0, 1].map((index) => changed(before.ends[index]?.baseline, link.ends[index]?.baseline));
        this.patch(other, its === 0 ? [sides[0], sides[1]] : [sides[1], sides[0]], at);
      }
      if (wrote.includes(side)) this.compose(link, side);
    }
  }

  private compose(link: ModelLink, side: Side): void {
    const [written, source] = [nth(link.ends, side), nth(link.ends, other(side))];
    const at = (end: LinkEnd, of: ModelLink): string => this.name(end, of.integration);
    const way = [{ name: at(source, link), fields: source.baseline, as: Number.POSITIVE_INFINITY }];
    const known = new Set([at(written, link), at(source, link)]);
    for (const { name, fields, as } of way) {
      for (const next of this.links.toSorted((a, b) => a.id - b.id)) {
        const [here, there] = next.ends.toSorted((a) => (at(a, next) === name ? -1 : 1));
        if (next === link || !here || !there || at(here, next) !== name || known.has(at(there, next))) continue;
        if (!isDeepStrictEqual(here.baseline, fields)) continue;
        known.add(at(there, next));
        const asOf = Math.min(as, next.landed);
        way.push({ name: at(there, next), fields: there.baseline, as: asOf });
        for (const closing of this.links) {
          const names = closing.ends.map((end) => at(end, closing));
          if (closing === link || closing.landed >= asOf) continue;
          const its = names.indexOf(at(written, link));
          if (its < 0 || names[1 - its] !== at(there, next)) continue;
          this.patch(
            closing,
            its === 0 ? [written.baseline, there.baseline] : [there.baseline, written.baseline],
            asOf,
          );
        }
      }
    }
  }

  private patch(link: ModelLink, fields: [Fields | undefined, Fields | undefined], at: number): void {
    if (fields.every((side) => Object.keys(side ?? {}).length === 0)) return;
    for (const index of [0, 1] as const) {
      const end = link.ends[index];
      link.ends[index] = { ...end, baseline: { ...end.baseline, ...fields[index] } };
    }
    link.landed = Math.max(link.landed, at);
  }

  private await(flow: Flow, waiter: EntityId, system: string, toward: string, entities: EntityId[]): void {
    this.waits = this.waits.filter((wait) => !sameFlow(wait.flow, flow) || wait.waiter !== waiter);
    for (const entity of new Set(entities)) {
      const wait = { flow, waiter, system, entity, toward };
      this.waits.push({ ...wait, isDue: this.isOver(wait) });
    }
  }

  private settle(flow: Flow, end: LinkEnd): void {
    for (const event of [this.main(flow, end.ref.id), this.held(flow, end.ref.id)]) {
      if (!event || event.intent || event.entity.version !== end.version) continue;
      if (event.state === 'waiting' || event.state === 'held' || event.state === 'shown') this.remove(event);
    }
    this.release(flow, end.ref.id);
    if (!this.main(flow, end.ref.id)) this.known.set(key(flow, end.ref.id), end.version);
  }

  async skip(events: (number | Sending)[]): Promise<void> {
    for (const which of events) {
      const event = typeof which === 'number' ? this.events.find(({ seq }) => seq === which) : this.underWay(which);
      if (!event) continue;
      this.remove(event);
      this.release(event.flow, event.entity.id);
    }
  }

  async fail(failures: Failure[]): Promise<void> {
    for (const failure of failures) {
      const event = this.underWay({ seq: failure.event, delivery: failure.delivery });
      if (!event) continue;
      event.error = failure.error;
      event.mapped = failure.to === 'parked' ? failure.mapped : undefined;
      if (failure.notCreated) {
        event.intent = undefined;
        event.intentOpened = undefined;
      }
      if (failure.to === 'parked') {
        event.state = 'parked';
        event.sentAt = undefined;
        const { system, toward, entities } = failure.awaits ?? {};
        if (system && toward && entities) this.await(event.flow, event.entity.id, system, toward, entities);
      } else {
        event.attempts += failure.charge ? 1 : 0;
        this.sendAgain(event, 'retry');
        event.dueAt = failure.dueAt;
      }
    }
  }

  async show(events: Sending[]): Promise<void> {
    for (const sending of events) {
      const event = this.underWay(sending);
      if (!event) continue;
      const isNewest = !this.held(event.flow, event.entity.id);
      this.sendAgain(event, 'waiting');
      if (isNewest) event.state = 'shown';
    }
  }

  async unshow(integration: string): Promise<number> {
    const shown = this.events.filter(({ flow, state }) => flow.integration === integration && state === 'shown');
    for (const event of shown) event.state = 'waiting';
    return shown.length;
  }

  async parked(
    integration: string,
    offset: number,
    limit: number,
    { side, search = '' }: ParkedFilter = {},
  ): Promise<StoredEvent[]> {
    const plain = (text = '') => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    return this.allParked(integration)
      .filter(({ flow }) => side === undefined || flow.side === side)
      .filter(({ entity: { id, key, type }, error }) =>
        [id, key, type, error?.message].some((text) => plain(text).includes(plain(search))),
      )
      .slice(offset, offset + limit)
      .map((event) => this.view(event));
  }

  async parkedNumbers(integration: string, after: number, limit: number): Promise<number[]> {
    const numbers = this.allParked(integration).map(({ seq }) => seq);
    return numbers.filter((seq) => seq > after).slice(0, limit);
  }

  async event(integration: string, seq: number): Promise<StoredEvent | undefined> {
    const found = this.events.find((event) => event.seq === seq && event.flow.integration === integration);
    return found && this.view(found);
  }

  async unpark(integration: string, events?: number[], corrections?: Corrections): Promise<number> {
    const chosen = this.allParked(integration).filter(({ seq }) => !events || events.includes(seq));
    for (const event of chosen) {
      event.attempts = 0;
      event.error = undefined;
      event.mapped = undefined;
      if (corrections) event.corrections = Object.keys(corrections).length > 0 ? corrections : undefined;
      this.sendAgain(event, 'waiting');
    }
    return chosen.length;
  }

  async owed({ integration, side }: Flow, limit: number, now: number): Promise<Owed[]> {
    const isSent = (link: Link, end: Side) => this.main({ integration, side: end }, idOf(link, end))?.state === 'sent';
    return this.owingOf(integration, side)
      .filter(({ owed, link }) => (owed.dueAt ?? now + 1) <= now && !isSent(link, 1) && !isSent(link, 2))
      .toSorted((a, b) => (a.owed.dueAt ?? 0) - (b.owed.dueAt ?? 0) || a.link.id - b.link.id)
      .slice(0, limit)
      .map(({ owed: { attempts, error }, link }) => ({ link: bare(link), side, attempts, ...(error && { error }) }));
  }

  async settleOwed(outcomes: OwedOutcome[]): Promise<void> {
    for (const outcome of outcomes) {
      const owed = this.owing.find(({ link, side }) => link === outcome.link && side === outcome.side);
      const link = this.links.find(({ id }) => id === outcome.link);
      if (!link || !owed) continue;
      if (outcome.to === 'done') {
        this.forgive(link.id, outcome.side);
        const flow = { integration: link.integration, side: outcome.side };
        const entity = idOf(link, outcome.side);
        const isKnown = this.known.get(`${key(flow)} ${entity}`) === outcome.version?.before;
        if (outcome.version && isKnown && this.of(flow, entity).length === 0)
          this.known.set(`${key(flow)} ${entity}`, outcome.version.after);
      } else {
        owed.error = outcome.error;
        owed.dueAt = outcome.to === 'retry' ? outcome.dueAt : undefined;
        if (outcome.to === 'retry' && outcome.charge) owed.attempts += 1;
      }
    }
  }

  async resumeOwed(integration: string): Promise<number> {
    const resting = ([1, 2] as const)
      .flatMap((side) => this.owingOf(integration, side))
      .filter(({ owed }) => owed.dueAt === undefined);
    for (const { owed } of resting) {
      owed.dueAt = 0;
      owed.attempts = 0;
    }
    return resting.length;
  }

  async oweEarlier({ integration, side }: Flow, wish: string | undefined, limit: number): Promise<boolean> {
    this.stored.add(integration);
    const flow = key({ integration, side });
    const before = this.wishes.get(flow);
    if (wish === undefined) this.wishes.delete(flow);
    if (wish === undefined || (before?.wish === wish && before.upTo === undefined)) return false;
    const after = before?.wish === wish ? (before.upTo ?? 0) : 0;
    const some = this.links
      .filter(({ id }) => id > after)
      .toSorted((a, b) => a.id - b.id)
      .slice(0, limit);
    const isDue = (id: number) =>
      this.owing.some((owed) => owed.link === id && owed.side === side && owed.dueAt !== undefined);
    for (const link of some.filter((one) => one.integration === integration && !isDue(one.id))) {
      this.forgive(link.id, side);
      this.owing.push({ link: link.id, side, attempts: 0, dueAt: 0 });
    }
    const upTo = some.length < limit ? undefined : some.at(-1)?.id;
    this.wishes.set(flow, { wish, upTo });
    return upTo !== undefined;
  }

  async owedCounts(integration: string): Promise<[OwedCounts, OwedCounts]> {
    const of = (side: Side): OwedCounts => {
      const all = this.owingOf(integration, side);
      const resting = all.filter(({ owed }) => owed.dueAt === undefined).toSorted((a, b) => b.link.id - a.link.id);
      const error = resting[0]?.owed.error;
      return { due: all.length - resting.length, resting: resting.length, ...(error && { error }) };
    };
    return [of(1), of(2)];
  }

  private owingOf(integration: string, side: Side): { owed: OwedEnd; link: ModelLink }[] {
    return this.owing.flatMap((owed) => {
      const link = this.links.find(({ id }) => id === owed.link);
      return link?.integration === integration && owed.side === side ? [{ owed, link }] : [];
    });
  }

  private forgive(link: number, side: Side): void {
    this.owing = this.owing.filter((owed) => owed.link !== link || owed.side !== side);
  }

  async linkOf(integration: string, side: Side, entity: EntityId): Promise<Link | undefined> {
    const link = this.find(integration, side, entity);
    return link && bare(link);
  }

  async linksAfter(integration: string, after: number, limit: number): Promise<Link[]> {
    const inOrder = this.links.toSorted((a, b) => a.id - b.id);
    const next = inOrder.filter((link) => link.integration === integration && link.id > after).slice(0, limit);
    const links = await Promise.all(next.map(({ ends }) => this.linkOf(integration, 1, ends[0].ref.id)));
    return links.filter((link) => link !== undefined);
  }

  async linksOf(integration: string, side: Side, entities: EntityId[]): Promise<(Link | undefined)[]> {
    return Promise.all(entities.map((entity) => this.linkOf(integration, side, entity)));
  }

  async counterparts(system: string, entities: EntityId[], toward: string): Promise<Counterpart[][]> {
    return entities.map((entity) => this.counterpartsOf(system, entity, toward));
  }

  private counterpartsOf(system: string, entity: EntityId, toward: string): Counterpart[] {
    const ends = this.links
      .toSorted((a, b) => a.id - b.id)
      .flatMap(({ integration, ends }) =>
        ([2, 1] as const).map((side) => ({ integration, side, from: nth(ends, other(side)), to: nth(ends, side) })),
      );
    const view = ({ integration, side, to }: (typeof ends)[number]): Counterpart => {
      return { integration, side, ref: structuredClone(to.ref) };
    };
    const direct = ends.filter(({ integration, from, to }) =>
      this.leads(integration, [from, to], system, entity, toward),
    );
    if (direct.length > 0 || this.stored.size < 2) return direct.map(view);
    const own = `${this.place(system)} ${entity}`;
    const kin = this.kin(own);
    const named = ends.map((end) => ({ ...end, name: this.name(end.to, end.integration) }));
    const there = named.filter(
      ({ integration, to, name }) =>
        this.place(to.system, integration) === this.place(toward) && name !== own && kin.has(name),
    );
    return there.filter(({ name }, index) => there.findIndex((first) => first.name === name) === index).map(view);
  }

  async move(moves: Moved[]): Promise<void> {
    for (const { link: id, side, ref, owes = [] } of moves) {
      const link = this.links.find((one) => one.id === id);
      if (!link || idOf(link, side) !== ref.id) continue;
      nth(link.ends, side).ref = structuredClone(ref);
      for (const owing of owes) {
        this.forgive(id, owing);
        this.owing.push({ link: id, side: owing, attempts: 0, dueAt: 0 });
      }
    }
  }

  async setPlace(system: string, place: string, by: string): Promise<void> {
    const before = this.places.get(system);
    this.places.set(system, place);
    for (const integration of before !== undefined && before !== place ? this.stored : []) {
      const name = `${integration}\n${system}`;
      if (!this.former.has(name)) this.former.set(name, before ?? '');
    }
    this.former.delete(`${by}\n${system}`);
  }

  async kinOf(system: string, entity: EntityId, by: string): Promise<KinLink[]> {
    if (this.stored.size < 2 && this.stored.has(by)) return [];
    const kin = this.kin(`${this.place(system)} ${entity}`);
    return this.links
      .filter(({ ends, integration }) => kin.has(this.name(ends[0], integration)))
      .toSorted((a, b) => a.id - b.id)
      .map((link) => {
        const place = (side: Side): string => this.place(nth(link.ends, side).system, link.integration);
        return { ...bare(link), places: [place(1), place(2)] };
      });
  }

  private until: string | undefined;

  async state() {
    return { store: 'model', opened: 1, newest: Math.max(0, ...this.links.map(({ id }) => id)) };
  }

  async doubt(): Promise<string | undefined> {
    return this.until;
  }

  async setDoubt(until: string | undefined): Promise<void> {
    this.until = until;
  }

  async integrationsKept(): Promise<string[]> {
    return [...this.stored];
  }

  async linksBySystem(system: string, entity: EntityId): Promise<Link[]> {
    const name = `${this.place(system)} ${entity}`;
    return this.links
      .filter(({ ends, integration }) => ends.some((end) => this.name(end, integration) === name))
      .toSorted((a, b) => a.id - b.id)
      .map(bare);
  }

  async counts(integration: string): Promise<[FlowCounts, FlowCounts]> {
    const of = (side: Side): FlowCounts => {
      const count = (state: EventState) =>
        this.events.filter((event) => sameFlow(event.flow, { integration, side }) && event.state === state).length;
      return {
        waiting: count('waiting'),
        held: count('held'),
        sent: count('sent'),
        retry: count('retry'),
        parked: count('parked'),
        shown: count('shown'),
        links: this.links.filter((link) => link.integration === integration).length,
      };
    };
    return [of(1), of(2)];
  }

  async purge(integration: string): Promise<void> {
    this.events = this.events.filter(({ flow }) => flow.integration !== integration);
    this.links = this.links.filter((link) => link.integration !== integration);
    this.waits = this.waits.filter(({ flow }) => flow.integration !== integration);
    for (const side of [1, 2] as const) {
      await this.forgetSeen({ integration, side });
      this.checkpoints.delete(key({ integration, side }));
      this.wishes.delete(key({ integration, side }));
      this.systems.delete(key({ integration, side }));
    }
    this.stored.delete(integration);
    for (const name of this.former.keys()) if (name.startsWith(`${integration}\n`)) this.former.delete(name);
  }

  async close(): Promise<void> {}

  private of(flow: Flow, id: EntityId): Event[] {
    return this.events.filter((event) => sameFlow(event.flow, flow) && event.entity.id === id);
  }

  private main(flow: Flow, id: EntityId): Event | undefined {
    return this.of(flow, id).find(({ state }) => state !== 'held');
  }

  private held(flow: Flow, id: EntityId): Event | undefined {
    return this.of(flow, id).find(({ state }) => state === 'held');
  }

  private underWay({ seq, delivery }: Sending): Event | undefined {
    return this.events.find((event) => event.seq === seq && event.state === 'sent' && event.delivery === delivery);
  }

  private remove(event: Event): void {
    this.events = this.events.filter((candidate) => candidate !== event);
  }

  private release(flow: Flow, id: EntityId): void {
    const held = this.held(flow, id);
    if (held && !this.main(flow, id)) held.state = 'waiting';
  }

  private sendAgain(event: Event, state: 'waiting' | 'retry'): void {
    event.state = state;
    event.sentAt = undefined;
    const held = this.held(event.flow, event.entity.id);
    if (!held) return;
    event.entity = held.entity;
    event.readAt = held.readAt;
    event.urgent ||= held.urgent;
    this.remove(held);
  }

  private allParked(integration: string): Event[] {
    return this.events
      .filter(({ flow, state }) => flow.integration === integration && state === 'parked')
      .toSorted((a, b) => a.seq - b.seq);
  }

  private find(integration: string, side: Side, id: EntityId): ModelLink | undefined {
    return this.links.find((link) => link.integration === integration && idOf(link, side) === id);
  }

  private view(event: Event): StoredEvent {
    const link = this.find(event.flow.integration, event.flow.side, event.entity.id);
    const { readAt, intentOpened: _opened, urgent: _urgent, ...rest } = event;
    return {
      ...rest,
      stale: readAt < (link ? nth(link.wrote, event.flow.side) : 0),
      link: link && bare(link),
    };
  }
}

const key = (flow: Flow, ...more: string[]) => [flow.integration, flow.side, ...more].join(' ');
const idOf = (link: Link, side: Side) => nth(link.ends, side).ref.id;
const bare = ({ id, integration, ends, made }: ModelLink): Link =>
  structuredClone({ id, integration, ends, ...(made && { made }) });

/** Fields that have come to hold another value. */
const changed = (before: Fields = {}, after: Fields = {}): Fields =>
  Object.fromEntries(Object.entries(after).filter(([field, value]) => !isDeepStrictEqual(before[field], value)));

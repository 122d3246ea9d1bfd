/** The lists, and how they are searched. */

import { isDeepStrictEqual } from 'node:util';
import type { Checkpoint } from '../../../../lib/connectors/connector';
import type { Entity, EntityId, EntityRef, Fields, Side } from '../../../../lib/model';
import type {
  Corrections,
  EventState,
  Flow,
  Intent,
  Link,
  LinkEnd,
  Owed,
  Sending,
  StoredEvent,
} from '../../../../lib/store/store';

export interface Event {
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

export interface OwedEnd {
  link: number;
  side: Side;
  attempts: number;
  dueAt?: number;
  error?: Owed['error'];
}

/** An owner whose parts are to be read. */
export interface Reading {
  link: number;
  side: Side;
  dueAt: number;
  step: number;
  asked: number;
}

/** An end of a link that waits until a link leads from an entity of its system to the other end's system. */
export interface Wait {
  flow: Flow;
  waiter: EntityId;
  system: string;
  entity: EntityId;
  toward: string;
  isDue: boolean;
}

export interface ModelLink extends Link {
  wrote: [number, number];
  landed: number;
}

export const other = (side: Side): Side => (side === 1 ? 2 : 1);
export const sameFlow = (a: Flow, b: Flow) => a.integration === b.integration && a.side === b.side;
export const nth = <T>(pair: readonly [T, T], side: Side): T => pair[side === 1 ? 0 : 1];

/** By flow: what is to be done for all links, and up to which it was begun; undefined = up to the last. */
export type Wishes = Map<string, { wish: string; upTo: number | undefined }>;

export class Model {
  number = 0;
  events: Event[] = [];
  links: ModelLink[] = [];
  owing: OwedEnd[] = [];
  waits: Wait[] = [];
  readings: Reading[] = [];
  /** what counterparts are shown by, by flow, and up to which link that was owed; undefined = up to the last */
  readonly wishes: Wishes = new Map();
  /** which parts are synced, by flow */
  readonly partWishes: Wishes = new Map();
  readonly known = new Map<string, string>();
  /** by name: when links of parts ended last with both ends; a reading that is under way does not outlive a restart */
  readonly ended = new Map<string, number>();
  readonly checkpoints = new Map<string, Checkpoint>();
  /** by flow: the node that it reads */
  readonly systems = new Map<string, string>();
  readonly places = new Map<string, string>();
  /** by integration and node: where the node led before */
  readonly former = new Map<string, string>();
  /** integrations of which anything was ever stored */
  readonly stored = new Set<string>();

  async sequence(): Promise<number> {
    this.number += 1;
    return this.number;
  }

  place(system: string, integration = ''): string {
    return this.former.get(`${integration}\n${system}`) ?? this.places.get(system) ?? system;
  }

  name({ system, ref }: LinkEnd, integration: string): string {
    return `${this.place(system, integration)} ${ref.id}`;
  }

  of(flow: Flow, id: EntityId): Event[] {
    return this.events.filter((event) => sameFlow(event.flow, flow) && event.entity.id === id);
  }

  main(flow: Flow, id: EntityId): Event | undefined {
    return this.of(flow, id).find(({ state }) => state !== 'held');
  }

  held(flow: Flow, id: EntityId): Event | undefined {
    return this.of(flow, id).find(({ state }) => state === 'held');
  }

  underWay({ seq, delivery }: Sending): Event | undefined {
    return this.events.find((event) => event.seq === seq && event.state === 'sent' && event.delivery === delivery);
  }

  remove(event: Event): void {
    this.events = this.events.filter((candidate) => candidate !== event);
  }

  release(flow: Flow, id: EntityId): void {
    const held = this.held(flow, id);
    if (held && !this.main(flow, id)) held.state = 'waiting';
  }

  forget(flow: Flow, entity: EntityId): void {
    this.known.delete(`${key(flow)} ${entity}`);
  }

  find(integration: string, side: Side, id: EntityId): ModelLink | undefined {
    return this.links.find((link) => link.integration === integration && idOf(link, side) === id);
  }

  get whole(): ModelLink[] {
    return this.links.filter(({ owner }) => owner === undefined);
  }

  view(event: Event): StoredEvent {
    const link = this.find(event.flow.integration, event.flow.side, event.entity.id);
    const { readAt, intentOpened: _opened, urgent: _urgent, ...rest } = event;
    return {
      ...rest,
      stale: readAt < (link ? nth(link.wrote, event.flow.side) : 0),
      link: link && bare(link),
    };
  }

  namesOnly(link: ModelLink, side: Side, version: string): Entity {
    const owners = this.links.find(({ id }) => id === link.owner);
    const its = owners && nth(owners.ends, side).ref;
    const owner = its && { id: its.id, key: its.key, type: its.type };
    const names = { ...nth(link.ends, side).ref, ...(owner && { owner }) };
    return { ...names, version, updatedAt: new Date(0).toISOString(), fields: {} };
  }

  sendAgain(event: Event, state: 'waiting' | 'retry'): void {
    event.state = state;
    event.sentAt = undefined;
    const held = this.held(event.flow, event.entity.id);
    if (!held) return;
    event.entity = held.entity;
    event.readAt = held.readAt;
    event.urgent ||= held.urgent;
    this.remove(held);
  }
}

export const key = (flow: Flow, ...more: string[]) => [flow.integration, flow.side, ...more].join(' ');
export const lineOf = ({ flow, entity }: Event) => key(flow, entity.type, entity.owner?.id ?? '');
export const idOf = (link: Link, side: Side) => nth(link.ends, side).ref.id;
export const bare = ({ id, integration, ends, made, owner }: ModelLink): Link =>
  structuredClone({ id, integration, ends, ...(made && { made }), ...(owner !== undefined && { owner }) });

/** What a link keeps of an end's ref. */
export const kept = ({ id, key, url, type, project }: EntityRef, isPart: boolean): EntityRef =>
  isPart || url === undefined ? { id, key, type, project } : { id, key, url, type, project };

/** Fields that have come to hold another value. */
export const changed = (before: Fields = {}, after: Fields = {}): Fields =>
  Object.fromEntries(Object.entries(after).filter(([field, value]) => !isDeepStrictEqual(before[field], value)));

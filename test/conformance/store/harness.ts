/** What the store's checks share: how a store is opened, and short ways to make what is stored in it. */

import type { Entity, Fields, Side } from '../../../lib/model';
import type {
  Failure,
  Flow,
  Landing,
  LinkEnd,
  Sending,
  Store,
  StoredError,
  StoredEvent,
} from '../../../lib/store/store';

/** An empty store, opened for one test. */
export interface OpenedStore {
  store: Store;
  /** closes the store and opens it again on the same data */
  reopen(): Promise<Store>;
  cleanup(): Promise<void>;
  /**
   * How a process of its own opens the same data (the store is closed then): a module with `open(argument)`, which
   * resolves to a Store. Absent where the data is not shared between processes.
   */
  child?: { module: string; argument: string };
}

export type OpenStore = () => Promise<OpenedStore>;

export const INTEGRATION = 'jira-redmine';
export const SYSTEM1 = 'jira';
export const SYSTEM2 = 'redmine';
export const FORWARD: Flow = { integration: INTEGRATION, side: 1 };
export const BACKWARD: Flow = { integration: INTEGRATION, side: 2 };

/** A time that tests count from: ms since 1970. */
export const NOON = Date.UTC(2026, 5, 1, 12);

export function entity(id: string, version = '1', fields: Fields = { title: `Title of ${id}` }): Entity {
  return {
    id,
    key: `DEMO-${id}`,
    url: `https://tracker.example.org/browse/DEMO-${id}`,
    type: 'Bug',
    project: 'DEMO',
    version,
    updatedAt: '2026-06-01T12:00:00.000Z',
    updatedBy: { id: '7', name: 'Anna Example', email: 'anna@example.org' },
    fields,
  };
}

/** A part of `entity(owner)`, as it is read. */
export function part(owner: string, id: string, version = '1', type = 'Comment'): Entity {
  const { key, type: its } = entity(owner);
  const url = `https://tracker.example.org/browse/${key}#${id}`;
  return { ...entity(id, version, { body: `Text of ${id}` }), url, type, owner: { id: owner, key, type: its } };
}

export function end(side: Side, id: string, version: string, baseline: Fields = { title: `Title of ${id}` }): LinkEnd {
  const { key, url, type, project } = entity(id);
  return { system: side === 1 ? SYSTEM1 : SYSTEM2, ref: { id, key, url, type, project }, version, baseline };
}

/** The landing of a side-1 event (or, by `flow`, of a side-2 one) on an entity of the other side that was written. */
export function landing(event: StoredEvent, target: string, version = 'written', more: Partial<Landing> = {}): Landing {
  const { side, integration } = event.flow;
  const source = end(side, event.entity.id, event.entity.version, event.entity.fields);
  const other = end(side === 1 ? 2 : 1, target, version);
  return {
    integration,
    event: event.seq,
    delivery: event.delivery,
    ends: side === 1 ? [source, other] : [other, source],
    wrote: side === 1 ? 2 : 1,
    ...more,
  };
}

export const failure: StoredError = {
  kind: 'invalid',
  message: 'Priority is required',
  fields: { priority: 'cannot be blank' },
  answer: '422 {"errors":["Priority cannot be blank"]}',
  at: '2026-06-01T12:00:01.000Z',
};

export const retry = ({ seq, delivery }: Sending, dueAt = NOON, charge = true): Failure => ({
  event: seq,
  delivery,
  to: 'retry',
  dueAt,
  charge,
  error: failure,
});

export const park = ({ seq, delivery }: Sending, mapped?: Fields): Failure => ({
  event: seq,
  delivery,
  to: 'parked',
  error: failure,
  mapped,
});

export const intent = (event: number, marker = 'marker') => ({
  event,
  since: '2026-06-01T11:59:00.000Z',
  marker,
  project: '1',
  type: 'Bug',
  fields: { subject: 'Title' },
});

/** The opened store of the running test, and the commonest steps with it. */
export class Bench {
  private opened: OpenedStore | undefined;
  private current: Store | undefined;

  constructor(private readonly open: OpenStore) {}

  async start(): Promise<void> {
    this.opened = await this.open();
    this.current = this.opened.store;
  }

  async stop(): Promise<void> {
    await this.opened?.cleanup();
    this.opened = undefined;
  }

  get store(): Store {
    if (!this.current) throw new Error('The store is not open');
    return this.current;
  }

  get child(): OpenedStore['child'] {
    return this.opened?.child;
  }

  async reopen(): Promise<Store> {
    if (!this.opened) throw new Error('The store was never opened');
    this.current = await this.opened.reopen();
    return this.current;
  }

  /** Records entities as read just now. */
  async record(flow: Flow, ...entities: Entity[]) {
    const readAt = await this.store.sequence();
    return this.store.record(flow, flow.side === 1 ? SYSTEM1 : SYSTEM2, entities, readAt, { read: entities.length });
  }

  /** Claims all that may go. */
  claim(flow: Flow, limit = 100): Promise<StoredEvent[]> {
    return this.store.claim(flow, limit, NOON);
  }

  /** Claims the one event that may go. */
  async claimOne(flow: Flow): Promise<StoredEvent> {
    const events = await this.claim(flow);
    const [event] = events;
    if (!event || events.length > 1) throw new Error(`expected one event to claim, got ${names(events).join(', ')}`);
    return event;
  }

  /** Links two entities through an event of side 1 that lands. */
  async link(one: string, two: string): Promise<void> {
    await this.record(FORWARD, entity(one, 'first'));
    const events = await this.claim(FORWARD);
    const event = events.find(({ entity: { id } }) => id === one);
    if (!event) throw new Error(`${one} could not be claimed`);
    await this.store.land([landing(event, two, 'first')]);
  }

  /** `[waiting, held, sent, retry, parked]` of a flow. */
  async states(flow: Flow): Promise<number[]> {
    const counts = (await this.store.counts(flow.integration))[flow.side - 1];
    return counts ? [counts.waiting, counts.held, counts.sent, counts.retry, counts.parked] : [];
  }
}

/** `id@version` of events, in their order. */
export function names(events: readonly StoredEvent[]): string[] {
  return events.map(({ entity: { id, version } }) => `${id}@${version}`);
}

/**
 * The state of one poll of an index (indexed.ts), and the checkpoints made from it. A checkpoint contains a time at
 * which the next poll starts, and the rows read from there on, each with its update time.
 */

import type { Entity, EntityId } from '../../../model/entity';
import type { SyncError } from '../../../model/errors';
import type { ChangePage, Checkpoint, Scope } from '../../connector';
import { checkCheckpoint } from '../checkpoint';
import { isJson } from '../json';
import { type Debts, owedOf, owedPart } from '../owed';
import type { Overflow } from '../recent';
import type { IndexedFeed } from './index-feed';
import type { MemberKey } from './members';
import { CLOCK_STEP_MS, oldestFirst, refuseOlder, type Timed } from './order';

/** Maximum number of rows in a checkpoint: the newest ones. */
export const SEEN = 1_000;
const WITNESSES = 10;
/** An answer's `Date` has whole seconds: a time with milliseconds has passed once the clock is this far beyond it. */
const TICK_MS = 1_000;
/** The `Date` of an answer may come from a proxy. */
const PROXY_MS = 3_000;

export interface Position {
  /** ms since 1970; undefined = from the beginning */
  from?: number;
  /** rows that were read, with their update times then, oldest first */
  seen: Map<EntityId, number>;
  /** entities that changed earlier and were not delivered: they are read first */
  owed: Map<EntityId, true>;
  /** missing members of the scope, each with the time from which it has to be read once it is back */
  away: Map<MemberKey, number>;
}

/** Nothing is known about the time after this one. */
export const startAt = (from: number): Position => ({ from, seen: new Map(), owed: new Map(), away: new Map() });

const iso = (ms: number): string => new Date(ms).toISOString();
const LONG_AGO = Number.NEGATIVE_INFINITY;

/**
 * `{from: ISO 8601, seen: ["10001@<ms after from, base 36>"], owed: ["10002"], away: {"project 10200": ISO 8601}}`;
 * `more` names additional rows kept in memory.
 */
export function checkpointOf({ from, seen, owed, away }: Position): Checkpoint {
  const left = away.size > 0 ? { away: Object.fromEntries([...away].map(([key, at]) => [key, iso(at)])) } : {};
  if (from === undefined) return left;
  const pairs = [...seen].map(([id, at]) => `${id}@${(at - from).toString(36)}`);
  return { from: iso(from), ...(pairs.length > 0 && { seen: pairs }), ...owedPart(owed), ...left };
}

export function positionOf(checkpoint: Checkpoint | undefined, overflow: Overflow<EntityId, number>): Position {
  checkCheckpoint(checkpoint, { from: 'time', seen: 'list', owed: 'list' });
  const missing = isJson(checkpoint?.away) ? Object.entries(checkpoint.away) : [];
  const away = new Map(missing.map(([key, at]): [string, number] => [key, Date.parse(String(at)) || 0]));
  if (checkpoint?.from === undefined) return { seen: new Map(), owed: new Map(), away };
  const from = Date.parse(String(checkpoint.from));
  const pairs = (Array.isArray(checkpoint.seen) ? checkpoint.seen : []).flatMap((one): [EntityId, number][] => {
    const [, id, after] = /^(.+)@(-?[0-9a-z]+)$/.exec(String(one)) ?? [];
    return id && after ? [[id, from + Number.parseInt(after, 36)]] : [];
  });
  // the newest is always last
  return { from, seen: new Map([...overflow.recall(checkpoint.more), ...pairs]), owed: owedOf(checkpoint), away };
}

export class Poll<Raw> {
  /** all rows read in this poll or known from earlier ones, with their times */
  private readonly known: Map<EntityId, number>;
  /** read at a time that another change may still get: the next poll reads them again */
  private readonly unsettled = new Set<EntityId>();
  /** changed, but not delivered yet */
  private readonly owed: Map<EntityId, true>;
  /** missing members of the scope, with the time from which they have to be read */
  readonly away: Map<MemberKey, number>;
  private newest: number | undefined;
  /** number of entities read in this poll */
  private count = 0;
  /** the newest row of the checkpoint, until it has been searched */
  anchor: Timed | undefined;

  constructor(
    private readonly feed: IndexedFeed<Raw>,
    private readonly debts: Debts<EntityId>,
    private readonly overflow: Overflow<EntityId, number>,
    private readonly start: Position,
    private readonly scope: Scope,
    readonly pageSize: number,
  ) {
    this.known = new Map(start.seen);
    this.owed = new Map(start.owed);
    this.away = new Map(start.away);
    for (const [id, at] of start.seen) if (!this.anchor || at >= this.anchor.at) this.anchor = { id, at };
    this.newest = this.anchor?.at;
  }

  /** Rows with a new id or time. */
  fresh(rows: Timed[]): Timed[] {
    const { from = LONG_AGO } = this.start;
    for (const { at } of rows) this.newest = Math.max(this.newest ?? at, at);
    return oldestFirst(rows.filter(({ id, at }) => at >= from && at > (this.known.get(id) ?? LONG_AGO)));
  }

  /** The entities in their current state. */
  async read(rows: Timed[], serverNow: number | undefined): Promise<Entity[]> {
    const { feed } = this;
    // an entity that Twinflow's own write showed at exactly this time need not be read, if no other change can have
    // that time
    const own: Entity[] = [];
    for (const { id, at } of rows) {
      const entity = this.isSettled(at, serverNow) ? await feed.takeOwn(id, at) : undefined;
      if (entity) own.push(entity);
    }
    const isOwn = new Set(own.map(({ id }) => id));
    const { found, errors } = await feed.read(rows.map(({ id }) => id).filter((id) => !isOwn.has(id)));
    this.count += own.length + found.length;
    const times = new Map(rows.map(({ id, at }) => [id, at]));
    for (const { id, at } of rows) {
      this.known.set(id, at);
      this.settle(id, errors.get(id));
    }
    for (const { id, at: shown } of found.map((raw) => feed.rowOf(raw))) {
      const at = Math.max(shown, times.get(id) ?? shown);
      this.known.set(id, at);
      if (this.isSettled(at, serverNow)) this.unsettled.delete(id);
      else this.unsettled.add(id);
    }
    const { projects, types } = this.scope;
    const entities = [...own, ...(await feed.show(found))];
    return entities
      .filter(({ project, type }) => projects.includes(project) && types.includes(type))
      .sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt));
  }

  /** The following polls ask again for entities that were not delivered, however far they have come by then. */
  private settle(id: EntityId, error: SyncError | undefined): void {
    if (error) this.debts.owe(this.owed, id, true, error);
    else this.debts.settle(this.owed, id);
  }

  /**
   * True if no other change can get an update time any longer, because the server's clock had passed it before the
   * entity was read. The clock is known from the newest update time and from the `Date` of the search's answer. If a
   * database stores whole seconds, the `Date` is trusted less, because it may come from a proxy.
   */
  private isSettled(at: number, serverNow = LONG_AGO): boolean {
    const wholeSeconds = at % 1000 === 0;
    const now = Math.max(this.newest ?? LONG_AGO, serverNow - (wholeSeconds ? PROXY_MS : 0));
    return now - at >= (wholeSeconds ? this.feed.settleMs : TICK_MS);
  }

  /** From here on these members are not read. The time from which they will have to be read is stored. */
  leave(keys: Iterable<MemberKey>): void {
    for (const key of keys) if (!this.away.has(key)) this.away.set(key, this.start.from ?? 0);
  }

  /** The current position, with nothing read. */
  unmoved(): Checkpoint {
    const { from } = this.start;
    return from === undefined ? this.standing() : this.checkpoint(from);
  }

  private standing(): Checkpoint {
    return checkpointOf({ ...this.start, owed: this.owed, away: this.away });
  }

  /** Entities that earlier polls did not get and this one does, in pages. */
  async *settleOwed(): AsyncGenerator<ChangePage> {
    const { seen } = this.start;
    const due = this.debts.due(this.start.owed);
    for (let at = 0; at < due.length; at += this.pageSize) {
      // the time of their change is no longer known
      const rows = due.slice(at, at + this.pageSize).map((id) => ({ id, at: seen.get(id) ?? LONG_AGO }));
      const entities = await this.read(rows, undefined);
      if (entities.length > 0) yield { entities, checkpoint: this.unmoved() };
    }
  }

  /** Looks for the newest entity that was read earlier. @throws SyncError fatal if it is older than before */
  async hear(rows: Timed[]): Promise<void> {
    const { anchor, feed, start } = this;
    this.anchor = undefined;
    if (!anchor || rows.some(({ id, at }) => id === anchor.id && at >= anchor.at - CLOCK_STEP_MS)) return;
    const witnesses = [...start.seen.keys()].filter((id) => !start.owed.has(id)).slice(-WITNESSES);
    const { found, errors } = await feed.times(witnesses);
    for (const { id, at } of found) {
      if ((start.seen.get(id) ?? at) - at <= CLOCK_STEP_MS) continue;
      // several may come from an index that is behind; a single one does not
      refuseOlder(feed, (await feed.times([id])).found, (one) => start.seen.get(one));
    }
    // deleted or moved entities can no longer prove a restore
    const there = new Set(found.map(({ id }) => id));
    for (const id of witnesses) if (!there.has(id) && !errors.has(id)) this.known.delete(id);
  }

  /** Forgets rows before a time that is not read again. */
  prune(from: number): void {
    for (const [id, at] of this.known) if (at < from - this.feed.lagMs) this.known.delete(id);
  }

  /** The position after the entities read so far: all that follow have this time or a later one. */
  middle(at: number): Checkpoint {
    return this.checkpoint(this.behind(at));
  }

  /** True if nothing new was found and the next poll starts where this one did. */
  isIdle(serverNow: number | undefined): boolean {
    return this.count === 0 && positionOf(this.end(serverNow), this.overflow).from === this.start.from;
  }

  end(serverNow: number | undefined): Checkpoint {
    const { newest, feed } = this;
    if (newest === undefined) return this.standing();
    const from = this.behind(newest);
    const times = [...this.known.values()].filter((at) => at >= from).sort((a, b) => a - b);
    const first = times.at(-SEEN);
    if (times.length <= SEEN || first === undefined) return this.checkpoint(from);
    // Too many for a checkpoint. Once the server's clock is far beyond them, no further rows can appear among them, and
    // they need not be read again and again.
    const over = serverNow !== undefined && serverNow - newest > feed.lagMs + feed.resolutionMs;
    if (over) return this.checkpoint(newest + 1, WITNESSES);
    return this.checkpoint(Math.max(from, Math.min(first, newest - feed.leastLagMs)), SEEN, true);
  }

  private behind(at: number): number {
    return Math.max(this.start.from ?? LONG_AGO, at - this.feed.lagMs);
  }

  /** @param keepAll keeps the excess in memory */
  private checkpoint(from: number, most = SEEN, keepAll = false): Checkpoint {
    const reach = from - this.feed.resolutionMs;
    const read = [...this.known].filter(([id, at]) => at >= reach && !this.unsettled.has(id));
    read.sort(([, a], [, b]) => a - b);
    const checkpoint = checkpointOf({ from, seen: new Map(read.slice(-most)), owed: this.owed, away: this.away });
    if (!keepAll || read.length <= most) return checkpoint;
    return { ...checkpoint, more: this.overflow.keep(new Map(read)) };
  }
}

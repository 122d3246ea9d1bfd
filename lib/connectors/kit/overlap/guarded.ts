/**
 * Reads the changes of a list that is sorted by update time, oldest first, and paged by offset, without loss.
 *
 * Problems and their solutions:
 * - Within a poll each page starts with the last row of the previous page. A row that is updated meanwhile moves to the
 *   end and shifts all others forward. Then the first row is another one, and reading goes back until it recognizes a
 *   row.
 * - Rows near the system's "now" may change again within the same clock step, or be committed late. The checkpoint
 *   therefore stays `settleMs` behind the system's clock as far as that is known, and the next poll reads that span
 *   again.
 * - The checkpoint contains the versions that were read last. They are not passed on twice, and they reveal a system
 *   that was restored from a backup.
 * - The order is checked: a page that is not sorted, or starts before its bound, stops the poll with an error that
 *   names both rows.
 * - A row that cannot be shown is read alone, and is owed if that fails, too: the checkpoint names it, and the
 *   following polls ask again.
 *
 * Times are ISO 8601 texts in UTC in a single form and are compared as texts.
 */

import chunk = require('lodash/chunk');

import type { Entity, EntityId } from '../../../model/entity';
import { SyncError } from '../../../model/errors';
import type { ChangePage, Checkpoint, ReadResult } from '../../connector';
import { Debts } from '../owed';
import { Recent } from '../recent';
import { ServerClock, unsettledFrom } from './clock';
import type { PassPage } from './members';
import { type Order, refuseDisorder, refuseOlder, type Timed } from './order';
import { boundOf, checkpointOf, earlier, type Position, positionOf, SEEN_IN_POLL, timeOfVersion } from './position';

/** An offset is a full scan for a database. Beyond this, reading starts again at the last time. */
const DEEPEST_OFFSET = 500;
/** Maximum number of consecutive known rows: more than are remembered can only be the same ones again. */
const MOST_BARREN = 2 * SEEN_IN_POLL;
const WITNESSES = 10;

/** What identifies a row and its state. */
export interface RowKey {
  id: EntityId;
  /** update time as it is shown, ISO 8601 in UTC; of one form for all rows */
  at: string;
  /** starts with `at`; differs if anything else differs */
  version: string;
}

/** A part of the list. */
export interface Stretch<Row> {
  rows: Row[];
  /** how many rows the whole list has */
  total: number;
  /** the position of each row, counted from the start of the stretch */
  places: number[];
  /** number of positions that were read; if there are more after them, the last one is that of a row */
  taken: number;
  /** ids of rows that cannot be shown */
  unshown: EntityId[];
  /** the system's clock, ms since 1970, if the answer contains it */
  serverNow?: number;
}

/** The list of one scope, and how its rows are read. */
export interface GuardedFeed<Row> extends Order {
  /** for errors: "issues" */
  things: string;
  /** maximum number of rows in one answer */
  page: number;
  /** time after a moment on the system's clock until nothing can appear any longer with that moment's time, ms */
  settleMs: number;
  key(row: Row): RowKey;
  /**
   * Rows from a time on, oldest first.
   *
   * @param range `from` inclusive; undefined = from the beginning
   * @param known ids that could not be shown recently
   */
  search(range: { from?: string }, offset: number, limit: number, known: Iterable<EntityId>): Promise<Stretch<Row>>;
  /** The newest rows, newest first. */
  newest(limit: number): Promise<Row[]>;
  /** How many rows there are from a time on. */
  count(from: string): Promise<number>;
  /** Current rows by id, in no order; rows that do not exist are left out. */
  look(ids: EntityId[]): Promise<Row[]>;
  /** The entities that rows show, in their order. */
  show(rows: Row[]): Promise<Entity[]>;
  /** @see Connection.read */
  read(ids: EntityId[]): Promise<ReadResult[]>;
  /** False for an entity that is read by id and has left the scope. */
  includes(entity: Entity): boolean;
}

/** The memory of a connection about its feeds. */
export interface FeedMemory {
  clock: ServerClock;
  debts: Debts<EntityId>;
}

/** @see Debts */
export const feedMemory = (product: string, things: string): FeedMemory => ({
  clock: new ServerClock(),
  debts: new Debts(product, things),
});

const timedOf = ({ id, at }: RowKey): Timed => ({ id, at: Date.parse(at) });

/** The checkpoint after the newest row; undefined if there is none. @see Connection.newest */
export async function newestInList<Row>(feed: GuardedFeed<Row>): Promise<Checkpoint | undefined> {
  const keys = (await feed.newest(feed.page)).map((row) => feed.key(row));
  const newest = keys[0]?.at;
  if (newest === undefined) return undefined;
  /** a search from a time also returns rows that are older by less than the resolution */
  const reached = (time: string) => {
    const reach = boundOf(Date.parse(time) - feed.resolutionMs, feed.resolutionMs);
    return keys.filter(({ at }) => at >= reach).reverse();
  };
  // uncommitted rows may appear before the newest one; if there are too many for a page, it is read from the newest on
  const settled = boundOf(Date.parse(newest) - feed.settleMs, feed.resolutionMs);
  const time = reached(settled).length < feed.page ? settled : newest;
  const inReach = reached(time);
  const skip = inReach.length === feed.page ? await feed.count(time) : 0;
  const seen = new Recent(
    SEEN_IN_POLL,
    inReach.map(({ id, version }): [EntityId, string] => [id, version]),
  );
  return checkpointOf({ time, skip, seen, owed: new Map() });
}

/**
 * One pass over the list, from a checkpoint to its end.
 *
 * @param pageSize entities in a page
 * @see Connection.changes
 * @throws SyncError fatal if the position is damaged, the list is not sorted, or its times went backwards
 */
export async function* changesInList<Row>(
  feed: GuardedFeed<Row>,
  memory: FeedMemory,
  checkpoint: Checkpoint | undefined,
  pageSize: number,
): AsyncGenerator<PassPage> {
  yield* new Pass(feed, memory, checkpoint, Math.min(feed.page, Math.max(1, Math.floor(pageSize)))).pages();
}

/** The rows of an answer with the data that identifies them. */
interface Page<Row> extends Stretch<Row> {
  keys: RowKey[];
  /** when it was requested, by performance.now() */
  sentAt: number;
}

class Pass<Row> {
  private readonly position: Position;
  /** the versions known from the checkpoint */
  private readonly start: ReadonlyMap<EntityId, string>;
  private newest: string | undefined;
  /** known rows since the last unknown one */
  private barren = 0;

  constructor(
    private readonly feed: GuardedFeed<Row>,
    private readonly memory: FeedMemory,
    checkpoint: Checkpoint | undefined,
    private readonly size: number,
  ) {
    this.position = positionOf(checkpoint);
    this.start = new Map(this.position.seen);
    const last = this.position.seen.last();
    this.newest = last ? timeOfVersion(last[1]) : this.position.time;
  }

  async *pages(): AsyncGenerator<PassPage> {
    const { feed, position, size } = this;
    const late = await this.alone(this.memory.debts.due(position.owed, size));
    if (late.length > 0) yield this.page(late);
    let suspicious = this.start.size > 0;

    for (;;) {
      const found = await this.next();
      if (!found) continue;
      const { page, at } = found;
      if (suspicious && !page.keys.some((key) => isAt(key, this.start.get(key.id)))) await this.hearWitnesses();
      suspicious = false;
      refuseOlder(feed, page.keys.map(timedOf), (id) => timeIn(position.seen.get(id)));
      for (const entities of chunk(await this.alone(page.unshown), size)) yield this.page(entities);

      const from = position.time;
      const reach = this.cut(page);
      const fresh = page.rows.filter((_, index) => this.isFresh(page.keys[index]));
      for (const { id, version } of page.keys) position.seen.set(id, version);
      // an anchor is a row: hidden rows after the last one are met again
      position.skip = at + (page.places.at(-1) ?? -1) + 1;
      const last = page.keys.at(-1)?.at;
      if (last !== undefined && (this.newest === undefined || last > this.newest)) this.newest = last;
      this.refuseCircle(fresh.length, page.rows.length);

      const done = at + reach >= page.total || page.rows.length === 0;
      if (!done && this.unsettled(page) !== undefined) await this.learnNewest();
      position.redo = earlier(position.redo, this.unsettled(page));

      const entities = await feed.show(fresh);
      if (done) {
        yield { entities, checkpoint: checkpointOf(this.end()), isLast: true };
        return;
      }
      if (position.skip >= DEEPEST_OFFSET && last !== undefined && (from === undefined || last > from)) {
        position.time = last;
        position.skip = 0;
      }
      yield this.page(entities);
    }
  }

  private page(entities: Entity[]): ChangePage {
    return { entities, checkpoint: checkpointOf(this.position) };
  }

  private isFresh(key: RowKey | undefined): boolean {
    return key !== undefined && this.position.seen.get(key.id) !== key.version;
  }

  /**
   * The next part of the list and the position at which it starts.
   *
   * @returns undefined = no row is at its earlier position: reading starts again at the time of the last row
   */
  private async next(): Promise<{ page: Page<Row>; at: number } | undefined> {
    const { position, size, feed } = this;
    const anchor = position.skip > 0 ? position.seen.last() : undefined;
    if (!anchor) return { page: await this.search(0, size), at: 0 };
    const limit = Math.min(feed.page, size + 1);
    const page = await this.search(position.skip - 1, limit);
    const [id, version] = anchor;
    if (page.keys[0]?.id === id && isAt(page.keys[0], version)) return { page, at: position.skip - 1 };
    // a row that was read has moved: look one page back for any known row
    const at = Math.max(0, position.skip - limit);
    const before = await this.search(at, limit);
    if (before.keys.some((key) => isAt(key, position.seen.get(key.id)))) return { page: before, at };
    position.time = timeOfVersion(version);
    position.skip = 0;
    return undefined;
  }

  private async search(offset: number, limit: number): Promise<Page<Row>> {
    const { feed, memory, position } = this;
    const sentAt = performance.now();
    const range = position.time === undefined ? {} : { from: position.time };
    const stretch = await feed.search(range, offset, limit, position.owed.keys());
    const arrivedAt = performance.now();
    const keys = stretch.rows.map((row) => feed.key(row));
    refuseDisorder(feed, keys.map(timedOf), position.time === undefined ? undefined : Date.parse(position.time));
    if (stretch.serverNow !== undefined) memory.clock.learn(stretch.serverNow, arrivedAt);
    // the last row existed when the system answered, so its clock had passed that time
    const last = keys.at(-1);
    if (last) memory.clock.learn(Date.parse(last.at), arrivedAt);
    return { ...stretch, keys, sentAt };
  }

  /**
   * One row more than a page was requested, starting with the anchor. The anchor itself is new if it changed within its
   * clock step.
   *
   * @returns number of positions that were read, without those for the next page
   */
  private cut(page: Page<Row>): number {
    let reach = page.taken;
    while (page.keys.filter((key) => this.isFresh(key)).length > this.size) {
      for (const list of [page.rows, page.keys, page.places]) list.pop();
      reach = (page.places.at(-1) ?? -1) + 1;
    }
    return reach;
  }

  private refuseCircle(fresh: number, rows: number): void {
    this.barren = fresh > 0 ? 0 : this.barren + rows;
    if (this.barren <= MOST_BARREN) return;
    const { product, things } = this.feed;
    const words = `${product}’s list of ${things} does not end: it repeats the same ${things}`;
    throw new SyncError('transient', words);
  }

  /** Current rows by id. Rows that are not delivered are owed; rows that have left the scope are left out. */
  private async alone(ids: EntityId[]): Promise<Entity[]> {
    const { feed, memory, position } = this;
    const entities = await memory.debts.ask(
      position.owed,
      ids,
      (some) => feed.read(some),
      () => true as const,
    );
    return entities.filter((entity) => feed.includes(entity));
  }

  private async learnNewest(): Promise<void> {
    const [newest] = await this.feed.newest(1);
    if (newest) this.memory.clock.learn(Date.parse(this.feed.key(newest).at), performance.now());
  }

  /** The time from which on the page's rows are too close to the system's now; undefined = all have settled. */
  private unsettled({ keys, sentAt }: Page<Row>): string | undefined {
    const times = keys.map(({ at }) => Date.parse(at));
    const { time } = this.position;
    const now = this.memory.clock.atLeast(sentAt);
    const from = unsettledFrom(times, time === undefined ? undefined : Date.parse(time), now, this.feed.settleMs);
    return from === undefined ? undefined : boundOf(from, this.feed.resolutionMs);
  }

  /**
   * Called if none of the rows read last is found again. Rows that were deleted or moved away are forgotten. A row that
   * is older than before proves that a backup was restored.
   */
  private async hearWitnesses(): Promise<void> {
    const rows = await this.feed.look([...this.start.keys()].slice(-WITNESSES));
    const timed = rows.map((row) => timedOf(this.feed.key(row)));
    refuseOlder(this.feed, timed, (id) => timeIn(this.start.get(id)));
    for (const id of this.start.keys()) this.position.seen.delete(id);
  }

  /** The start of the next poll. */
  private end(): Position {
    const { time, skip, seen, redo, owed } = this.position;
    if (redo !== undefined) return { time: earlier(redo, this.newest), skip: 0, seen, owed };
    // a last clock step that fills whole pages is not read again and again
    const isFull = time === this.newest && skip > this.size / 2;
    return { time: this.newest ?? time, skip: isFull ? skip : 0, seen, owed };
  }
}

const timeIn = (version: string | undefined): number | undefined =>
  version === undefined ? undefined : Date.parse(timeOfVersion(version));

const isAt = ({ at }: RowKey, version: string | undefined): boolean =>
  version !== undefined && at === timeOfVersion(version);

/**
 * Reads changes from a feed of revisions with tokens. The feed follows the system's own count, so equal times, clock
 * resolutions and time zones do not matter, and pages cannot shift. The feed announces which entities changed; their
 * state is read by id.
 *
 * The end of a feed is not final for a while: a revision can appear after younger ones (a long transaction, a replica
 * that lags). The checkpoint's token therefore stays behind the last page until that page has settled, `seen` contains
 * what was read after it, and each poll checks the last few revisions again. That also reveals a restored backup: an
 * entity whose revision went backwards.
 */

import chunk = require('lodash/chunk');

import type { Entity, EntityId } from '../../../model/entity';
import { asSyncError, START_AGAIN, SyncError } from '../../../model/errors';
import type { ChangePage, Checkpoint, MissingMember, ReadResult } from '../../connector';
import { Debts } from '../owed';
import { Overflow } from '../recent';
import { type LinkFeed, readLinks } from './links';
import { checkpointOf, copyOf, type Position, positionOf, restartAt, SEEN, timeOf } from './position';
import { Track } from './track';

/** A last page up to this size is checked again in each poll. */
const LOOKED_AT_AGAIN = 20;
const WITNESSES = 20;
/** If a poll meets no known revision, it checks for restored backups this often. */
const WITNESS_EVERY_MS = 600_000;

/** An entity in one of its revisions. */
export interface Revised {
  id: EntityId;
  /** grows with each change */
  rev: number;
}

/** The feed's data about one entity. */
export interface Announced extends Revised {
  /** change time, ISO 8601 in UTC with milliseconds */
  at: string;
}

export interface FeedPage<A> {
  changes: A[];
  /** the feed's next position */
  token?: string | undefined;
  last: boolean;
}

/** The feed of a scope, and how its entities are read. */
export interface RevisionFeed<A extends Announced> {
  /** for errors: "Azure DevOps" */
  product: string;
  /** for errors: "work item" */
  thing: string;
  /** identifies the feed: a token is valid in its own feed only */
  name: string;
  /** maximum delay of a revision, by the system's clock */
  settleMs: number;
  /** the system's clock, ms since 1970 */
  now(): number;
  /** The page after a token; without a token, changes at a time or later; without either, all. @throws SyncError
   * invalid if the token is unknown */
  page(token: string | undefined, time: string | undefined): Promise<FeedPage<A>>;
  /** Entities of the scope: the feed may cover more. */
  relevant(changes: A[]): Promise<A[]>;
  /** Entities in their current state, or in exactly this revision, in the requested order. */
  read(revisions: Revised[]): Promise<ReadResult[]>;
  /** The current revisions of entities; those that do not exist are left out. */
  revisions(ids: EntityId[]): Promise<ReadonlyMap<EntityId, number>>;
  revisionOf(entity: Entity): number;
  /** False for an entity that has left the scope. */
  includes(entity: Entity): boolean;
  /** changes that make no revision */
  links?: LinkFeed | undefined;
  missing?: MissingMember[] | undefined;
}

/** The memory of a connection about its feeds. */
export class FeedMemory {
  readonly debts: Debts<EntityId>;
  /** more was read after the token than a checkpoint can hold */
  readonly overflow = new Overflow<EntityId, number>();
  /** when witnesses were last checked, by performance.now() */
  witnessed = Number.NEGATIVE_INFINITY;

  /** @see Debts */
  constructor(product: string, things: string) {
    this.debts = new Debts(product, things);
  }
}

/** @see Connection.checkpointAt. @throws SyncError invalid if it is not a time */
export function tokenAt(time: string): Checkpoint {
  const from = timeOf(time);
  if (from === undefined) throw new SyncError('invalid', `"${time}" is not a point in time (ISO 8601)`);
  return { from };
}

/** The checkpoint after the newest change. @see Connection.newest */
export const tokenBehind = ({ id, rev, at }: Announced): Checkpoint => ({ from: at, seen: [`${id}@${rev}`] });

/** @see Connection.changes */
export function changesByToken<A extends Announced>(
  feed: RevisionFeed<A>,
  memory: FeedMemory,
  checkpoint: Checkpoint | undefined,
  pageSize: number,
): AsyncGenerator<ChangePage> {
  return new Pass(feed, memory, checkpoint, Math.max(1, Math.floor(pageSize))).pages();
}

class Pass<A extends Announced> {
  private readonly start: Position;
  private readonly position: Position;
  /** name of the data for which the checkpoint has no room */
  private readonly more: { more?: unknown };
  /** the feed's current position, ahead of the position's token */
  private readonly track: Track;
  private settled = true;
  /** changes after the position's token: the next poll meets them again */
  private behind = 0;
  private recognised = false;

  constructor(
    private readonly feed: RevisionFeed<A>,
    private readonly memory: FeedMemory,
    checkpoint: Checkpoint | undefined,
    private readonly size: number,
  ) {
    this.more = checkpoint?.more === undefined ? {} : { more: checkpoint.more };
    this.start = positionOf(checkpoint, feed.name, memory.overflow.recall(checkpoint?.more));
    this.position = copyOf(this.start);
    this.track = new Track(this.position.token);
  }

  async *pages(): AsyncGenerator<ChangePage> {
    const { feed, position, size, track } = this;
    const due = this.memory.debts.due(position.owed).map((id) => ({ id, rev: position.owed.get(id) ?? 0 }));
    for (const some of chunk(due, size)) {
      const entities = await this.entities(some);
      if (entities.length > 0) yield { entities, checkpoint: { ...checkpointOf(position), ...this.more } };
    }
    for (;;) {
      const page = await this.next();
      const now = feed.now();
      await this.refuseOlder(page);
      const fresh = await feed.relevant(page.changes.filter((change) => this.isFresh(change)));
      // entities outside the scope count for the order
      const newest = page.changes.reduce((latest, { at }) => (at > latest ? at : latest), '');
      if (newest > (position.at ?? '')) position.at = newest;
      for (const some of chunk(fresh, size)) {
        const entities = await this.entities(some);
        if (entities.length > 0) yield { entities, checkpoint: checkpointOf({ ...position, open: true }) };
      }
      for (const { id, rev } of page.changes) this.see(id, rev);
      if (newest !== '') this.move(page, Date.parse(newest) < now - feed.settleMs);
      if (page.last) {
        yield* this.end();
        return;
      }
      if (!track.goOn(page.token, page.changes.length)) {
        const words = `The feed of ${feed.thing} revisions makes no progress: there is more, but the feed does not lead to it`;
        throw new SyncError('transient', words);
      }
    }
  }

  private async next(): Promise<FeedPage<A>> {
    const { feed, position } = this;
    const { token } = this.track;
    try {
      return await feed.page(token, token === undefined ? position.from : undefined);
    } catch (thrown) {
      // the server does not know the token any longer: starts a little before what was read last
      const isLost = asSyncError(thrown).kind === 'invalid' && token !== undefined;
      if (!isLost || position.at === undefined) throw thrown;
      return feed.page(undefined, restartAt(position.at));
    }
  }

  private isFresh({ id, rev, at }: A): boolean {
    const { seen, from } = this.position;
    return (seen.get(id) ?? 0) < rev && (from === undefined || at >= from);
  }

  private see(id: EntityId, rev: number): void {
    const { seen } = this.position;
    seen.set(id, Math.max(rev, seen.get(id) ?? 0));
  }

  /** A page has been read: the token may follow once everything before it has settled. */
  private move({ changes, last, token }: FeedPage<A>, isSettled: boolean): void {
    const { position } = this;
    this.behind += changes.length;
    this.settled &&= isSettled;
    position.open = !this.settled || (last && changes.length <= LOOKED_AT_AGAIN);
    if (position.open || token === undefined) return;
    position.token = token;
    position.from = undefined;
    this.behind = 0;
  }

  private async *end(): AsyncGenerator<ChangePage> {
    const { feed, position, start, behind } = this;
    const parts = chunk(await this.linked(), this.size);
    const rest = parts.pop() ?? [];
    for (const entities of parts) yield { entities, checkpoint: checkpointOf({ ...position, links: start.links }) };
    const more = behind > SEEN && { more: this.memory.overflow.keep(new Map([...position.seen].slice(-behind))) };
    const { missing } = feed;
    yield { entities: rest, checkpoint: { ...checkpointOf(position), ...more }, ...(missing && { missing }) };
  }

  /** Entities of the scope whose links changed, if that is watched. */
  private async linked(): Promise<Entity[]> {
    const { feed, position } = this;
    if (!feed.links) return [];
    const { ids, position: links } = await readLinks(feed.links, position.links);
    position.links = links;
    const revisions = ids.map((id) => ({ id, rev: position.seen.get(id) ?? 0 }));
    return this.entities(revisions, false);
  }

  /**
   * In the order in which they changed. Entities that are gone or have moved away are left out; those not delivered are
   * owed.
   *
   * @param isNew the feed has announced them: they count as read
   */
  private async entities(revisions: Revised[], isNew = true): Promise<Entity[]> {
    const { feed, memory, position } = this;
    const results = await feed.read(revisions);
    for (const [index, { id, rev }] of revisions.entries()) {
      const one = results[index];
      if (isNew) this.see(id, one && !(one instanceof SyncError) ? feed.revisionOf(one) : rev);
    }
    const revs = new Map(revisions.map(({ id, rev }) => [id, rev]));
    const ids = revisions.map(({ id }) => id);
    const entities = memory.debts.take(position.owed, ids, results, (id) => revs.get(id) ?? 0);
    return entities
      .filter((entity) => feed.includes(entity))
      .sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt));
  }

  /** The feed may lag behind a read: only a second check proves that a revision went backwards. */
  private async refuseOlder({ changes, last }: FeedPage<A>): Promise<void> {
    const { position, memory } = this;
    const { seen, open } = this.start;
    const known = changes.filter(({ id }) => seen.get(id) !== undefined);
    if (known.length > 0) this.recognised = true;
    const older = known.filter(({ id, rev }) => (seen.get(id) ?? 0) > rev);
    if (older.length > 0) await this.hear(older.map(({ id }) => id));
    // no revision that was read last is met again: it may have been deleted or moved, or never have happened in a
    // restored backup. After a large last page nothing is normally met again: then it is checked from time to time
    const isDue = open || performance.now() - memory.witnessed >= WITNESS_EVERY_MS;
    if (!last || this.recognised || seen.size === 0 || !isDue) return;
    const ids = [...seen].map(([id]) => id);
    await this.hear(ids);
    memory.witnessed = performance.now();
    // they no longer exist, and are not requested again
    if (open) for (const id of ids) position.seen.delete(id);
  }

  /** @throws SyncError fatal if a revision went backwards */
  private async hear(ids: EntityId[]): Promise<void> {
    const { product, thing } = this.feed;
    for (const [id, rev] of await this.feed.revisions(ids.slice(-WITNESSES))) {
      const known = this.start.seen.get(id) ?? 0;
      if (rev >= known) continue;
      throw new SyncError(
        'fatal',
        `${product} goes backwards: ${thing} ${id} was at revision ${known}, now it is at ${rev}. ` +
          `A backup may have been restored. ${START_AGAIN}`,
      );
    }
  }
}

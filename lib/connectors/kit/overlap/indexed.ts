/**
 * Reads changes by update time, oldest first and without loss, from a system whose search index lags behind writes and
 * may take them in another order than they were made.
 *
 * - The search asks only for ids and update times. Rows that are new by id and time are then read from the database.
 * - A poll starts `lagMs` before the newest update time seen so far. So a write that the index took late is still
 *   found, and a newer one is found however late it is. Known rows are recognized by id and update time from the
 *   checkpoint.
 * - Within a poll the next page starts at the last page's time, not at an offset. If more rows than fit on a page have
 *   about the same time, paging follows the index's own token and is repeated until a pass finds nothing that it had
 *   missed. If it found nothing new at all, the next poll reads the same stretch and is that pass.
 * - After a large import or clean-up, that stretch contains more than a checkpoint can hold. The excess is kept in
 *   memory, so only another process reads it again.
 * - The order is checked: a page that is not filtered or sorted stops the poll with an error that names both rows.
 * - The newest entity that was read is a witness: if it is no longer found, a few are checked, and if they are older
 *   than before, the server was restored from a backup.
 */

import type { Entity, EntityId } from '../../../model/entity';
import { asSyncError } from '../../../model/errors';
import { append } from '../../../model/lists';
import type { ChangePage, Checkpoint, Scope } from '../../connector';
import { Debts } from '../owed';
import { Overflow } from '../recent';
import { pointInTime } from '../zone';
import { type IndexedFeed, type RowPage, repeatedToken } from './index-feed';
import { checkpointOf, Poll, type Position, positionOf, SEEN, startAt } from './indexed-poll';
import type { MemberKey, Present } from './members';
import { oldestFirst, refuseDisorder, type Timed } from './order';

/** A crowded stretch of time is read this often before the next poll has to find what is still missing. */
const MOST_PASSES = 5;

export class IndexedPoller<Raw> {
  private readonly overflow = new Overflow<EntityId, number>();
  private readonly debts: Debts<EntityId>;

  constructor(private readonly feed: IndexedFeed<Raw>) {
    this.debts = new Debts(feed.product, feed.things);
  }

  /** @see Connection.checkpointAt */
  checkpointAt(time: string): Checkpoint {
    return checkpointOf(startAt(pointInTime(time)));
  }

  /** @see Connection.latest */
  latest(whole: Scope, limit: number): Promise<Entity[]> {
    return this.withoutMissing(whole, async (scope) => {
      const { rows } = await this.feed.newest(scope);
      const ids = rows.slice(0, Math.min(limit, this.feed.page)).map(({ id }) => id);
      const { found } = ids.length > 0 ? await this.feed.read(ids) : { found: [] };
      // the index may have older times for them
      return (await this.feed.show(found)).sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
    });
  }

  /** @see Connection.newest */
  newest(whole: Scope): Promise<Checkpoint | undefined> {
    return this.withoutMissing(whole, async (scope, missing) => {
      const position = await this.start(scope);
      // what is missing now is read from the current start of polling once it is back
      return position && checkpointOf({ ...position, away: new Map(missing.map((key) => [key, position.from ?? 0])) });
    });
  }

  /** A search that names a missing member is refused: it is repeated without the missing members. */
  private async withoutMissing<T>(whole: Scope, work: (scope: Scope, missing: MemberKey[]) => Promise<T>): Promise<T> {
    try {
      return await work(whole, []);
    } catch (thrown) {
      const present = await this.missingSince(thrown, whole, 0);
      if (!present) throw thrown;
      return work(present.scope, [...present.missing.keys()]);
    }
  }

  private async start(scope: Scope): Promise<Position | undefined> {
    const { lagMs } = this.feed;
    const rows: Timed[] = [];
    let newest = Number.NEGATIVE_INFINITY;
    let token: string | undefined;
    // everything the next poll's search returns, as far as a checkpoint can hold it
    do {
      const page = await this.feed.newest(scope, token);
      append(rows, page.rows);
      for (const { at } of page.rows) newest = Math.max(newest, at);
      const last = page.rows.at(-1);
      token = last && page.next !== token && last.at >= newest - lagMs && rows.length < SEEN ? page.next : undefined;
      if (token === undefined && rows.length === 0) return undefined;
    } while (token !== undefined);
    const inReach = oldestFirst(rows.filter(({ at }) => at >= newest - lagMs));
    // too many of them: older ones count as read
    const from = (inReach.length >= SEEN && inReach.at(-SEEN)?.at) || newest - lagMs;
    // a second that is not over may contain another change of the same entity
    const isOver = ({ at }: Timed) => at % 1000 !== 0 || newest - at >= 1000;
    return { ...startAt(from), seen: new Map(inReach.filter(isOver).map(({ id, at }) => [id, at])) };
  }

  /** @see Connection.changes */
  async *changes(whole: Scope, checkpoint: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const { feed } = this;
    const start = positionOf(checkpoint, this.overflow);
    const own = new Set(feed.members.keysOf(whole));
    for (const key of start.away.keys()) if (!own.has(key)) start.away.delete(key);
    // members that were just missing are checked again; a refused search reveals others
    let { scope, missing } = await feed.members.present(whole, new Set(start.away.keys()));
    const size = Math.min(feed.page, Math.max(1, Math.floor(pageSize)));
    const poll = new Poll(feed, this.debts, this.overflow, start, whole, size);
    let { from } = start;
    let token: string | undefined;
    // of the current pass over a stretch of several pages
    let pass = { pages: 0, missed: 0, until: Number.NEGATIVE_INFINITY };
    let passes = 0;
    let expired = 0;
    /** tokens of the current stretch */
    const turns = new Set<string>();
    yield* poll.settleOwed();
    for (const [key, since] of start.away) if (!missing.has(key)) yield* this.caughtUp(key, since, whole, poll);
    const told = (page: ChangePage): ChangePage =>
      missing.size > 0 ? { ...page, missing: feed.members.named(missing) } : page;
    for (;;) {
      let page: RowPage;
      try {
        page = await this.rows(scope, from, token);
      } catch (thrown) {
        const now = await this.missingSince(thrown, whole, missing.size);
        if (now) {
          ({ scope, missing } = now);
          poll.leave(missing.keys());
          token = undefined;
          continue;
        }
        // the token has expired: known rows stay known, and the stretch is read from its start
        if (token === undefined || asSyncError(thrown).kind !== 'invalid' || ++expired > MOST_PASSES) throw thrown;
        token = undefined;
        turns.clear();
        continue;
      }
      const { serverNow } = page;
      const last = page.rows.at(-1);
      const ended = page.next === undefined || !last;
      if (poll.anchor && (ended || last.at > poll.anchor.at)) await poll.hear(page.rows);
      const fresh = poll.fresh(page.rows);
      if (fresh.length > 0) expired = 0;
      pass.missed += fresh.filter(({ at }) => at <= pass.until).length;
      pass.pages++;
      for (let at = 0; at < fresh.length; at += size) {
        const some = fresh.slice(at, at + size);
        const entities = await poll.read(some, serverNow);
        // the poll's last page has the checkpoint of its end
        if (ended && pass.pages === 1 && at + size >= fresh.length) {
          yield told({ entities, checkpoint: poll.end(serverNow) });
          return;
        }
        yield { entities, checkpoint: poll.middle(some.at(-1)?.at ?? 0) };
      }
      if (!ended && last.at <= (from ?? Number.NEGATIVE_INFINITY) + feed.leastLagMs) {
        token = page.next;
        if (token !== undefined && turns.has(token)) throw repeatedToken(feed.product);
        if (token !== undefined) turns.add(token);
        continue;
      }
      turns.clear();
      // a stretch of several pages is read again until there is nothing that an earlier pass had skipped
      const isSame = pass.pages > 1 && ended && passes === 0 && poll.isIdle(serverNow);
      if (pass.pages > 1 && !isSame && passes < MOST_PASSES && (passes === 0 || pass.missed > 0)) {
        pass = { pages: 0, missed: 0, until: last?.at ?? pass.until };
        passes++;
        token = undefined;
        continue;
      }
      if (ended) {
        yield told({ entities: [], checkpoint: poll.end(serverNow) });
        return;
      }
      from = last.at;
      poll.prune(from);
      token = undefined;
      pass = { pages: 0, missed: 0, until: Number.NEGATIVE_INFINITY };
      passes = 0;
    }
  }

  private async rows(scope: Scope, from: number | undefined, token: string | undefined): Promise<RowPage> {
    // an index with a resolution of minutes returns later changes of the same minute first
    const bound = from === undefined ? undefined : from - this.feed.resolutionMs;
    const page = await this.feed.search(scope, bound, token);
    refuseDisorder(this.feed, page.rows, bound);
    return page;
  }

  /** A member of the scope that is back is read from its last position. */
  private async *caughtUp(key: MemberKey, since: number, whole: Scope, poll: Poll<Raw>): AsyncGenerator<ChangePage> {
    const { scope } = await this.feed.members.present(this.feed.members.partOf(key, whole));
    for await (const page of this.changes(scope, checkpointOf(startAt(since)), poll.pageSize)) {
      poll.away.set(key, positionOf(page.checkpoint, this.overflow).from ?? since);
      yield { entities: page.entities, checkpoint: poll.unmoved() };
    }
    poll.away.delete(key);
  }

  /** The members that exist now, if a search was refused because more of them are missing than were known. */
  private async missingSince(thrown: unknown, whole: Scope, known: number): Promise<Present | undefined> {
    if (asSyncError(thrown).kind !== 'invalid') return undefined;
    const present = await this.feed.members.present(whole);
    return present.missing.size > known ? present : undefined;
  }
}

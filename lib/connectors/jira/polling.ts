/**
 * Changes by update time, oldest first, without loss.
 *
 * What Jira gives: a search by `updated >= T` in the order of `updated`, from an index that lags behind writes and may take
 * them in another order than they were made (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/). How
 * that becomes gapless:
 *
 * - The search is asked for ids and update times only; what is new by id and time is then read from the database.
 * - A poll begins LAG_MS before the newest update time that was seen, so a write that the index took late is still found,
 *   and one that is newer however late it is. What was read already is recognised by id and update time, which the checkpoint holds.
 * - Within a poll the next page begins at the last page's time, not at an offset. Where more issues than a page have about the
 *   same time, paging follows the index's own token, and is repeated until a pass finds nothing that it had missed.
 *   Where it found nothing new at all, the next poll reads the same stretch, and is that pass.
 * - After a large import or clean-up more issues lie in that stretch than a checkpoint holds; what it leaves out is kept in
 *   memory, so that only another process reads them again.
 * - The newest issue that was read bears witness: where it is no longer found, a few are looked at, and if they are older than
 *   they were, the server was restored from a back-up.
 */

import type { Entity } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { Overflow } from '../cache';
import type { ChangePage, Checkpoint, Scope } from '../connector';
import { FETCH, type JiraApi, repeated } from './api';
import { among, since } from './jql';
import { keysOf, type MemberKey, type Members, type Present, partOf } from './members';
import {
  checkpointOf,
  LAG_MS,
  LEAST_LAG_MS,
  Poll,
  type Position,
  positionOf,
  RESOLUTION_MS,
  type Row,
  rowOf,
  SEEN,
} from './poll-state';
import type { IssueReader } from './reading';

/** Ids and times per search; Jira may return fewer. */
const ROWS = 1_000;
/** So often is a crowded stretch of time read anew before the next poll has to find what is still missing. */
const MOST_PASSES = 5;

/** One page of rows. */
interface Rows {
  rows: Row[];
  next?: string;
  serverNow?: number;
}

export class IssuePoller {
  private readonly overflow = new Overflow<string, number>();

  constructor(
    private readonly api: JiraApi,
    private readonly reader: IssueReader,
    private readonly members: Members,
    /** rows per search */
    private readonly size = ROWS,
  ) {}

  /** @see Connection.checkpointAt */
  checkpointAt(time: string): Checkpoint {
    const ms = Date.parse(time);
    if (Number.isNaN(ms)) throw new SyncError('invalid', `"${time}" is not a point in time (ISO 8601)`);
    return checkpointOf({ from: ms, seen: new Map(), owed: [], away: new Map() });
  }

  /** @see Connection.latest */
  async latest(whole: Scope, limit: number): Promise<Entity[]> {
    return this.withoutMissing(whole, (scope) => this.newestOf(scope, limit));
  }

  private async newestOf(scope: Scope, limit: number): Promise<Entity[]> {
    const { rows } = await this.rows(`${scopeClause(scope)} ORDER BY updated DESC, key DESC`);
    const read = await this.reader.byId(rows.slice(0, Math.min(limit, FETCH)).map(({ id }) => id));
    // the index may have older times of them
    const found = read.flatMap((entity) => (entity === undefined || entity instanceof SyncError ? [] : [entity]));
    return found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
  }

  /** @see Connection.newest */
  async newest(whole: Scope): Promise<Checkpoint | undefined> {
    return this.withoutMissing(whole, async (scope, missing) => {
      const position = await this.start(scope);
      if (!position || missing.length === 0) return position && checkpointOf(position);
      // once it is back, from where polling begins now
      return checkpointOf({ ...position, away: new Map(missing.map((key) => [key, position.from ?? 0])) });
    });
  }

  /** A search that names a member that is missing is refused: it goes out again without those. */
  private async withoutMissing<T>(whole: Scope, work: (scope: Scope, missing: string[]) => Promise<T>): Promise<T> {
    try {
      return await work(whole, []);
    } catch (thrown) {
      if (asSyncError(thrown).kind !== 'invalid') throw thrown;
      const { scope, missing } = await this.members.present(whole);
      if (missing.size === 0) throw thrown;
      return work(scope, [...missing.keys()]);
    }
  }

  private async start(scope: Scope): Promise<Position | undefined> {
    const jql = `${scopeClause(scope)} ORDER BY updated DESC, key DESC`;
    const rows: Row[] = [];
    let newest = Number.NEGATIVE_INFINITY;
    let token: string | undefined;
    // whatever the next poll's search reaches, as far as a checkpoint can hold it
    do {
      const page = await this.rows(jql, token);
      append(rows, page.rows);
      for (const { at } of page.rows) newest = Math.max(newest, at);
      const last = page.rows.at(-1);
      token = last && page.next !== token && last.at >= newest - LAG_MS && rows.length < SEEN ? page.next : undefined;
      if (token === undefined && rows.length === 0) return undefined;
    } while (token !== undefined);
    const inReach = rows.filter(({ at }) => at >= newest - LAG_MS).sort((a, b) => a.at - b.at);
    // too many of them: what is older counts as read
    const first = inReach.at(-SEEN);
    const from = first && inReach.length >= SEEN ? first.at : newest - LAG_MS;
    // a second that isn't over may bear another change of the same issue
    const isOver = ({ at }: Row) => at % 1000 !== 0 || newest - at >= 1000;
    const seen = new Map(inReach.filter(isOver).map(({ id, at }) => [id, at]));
    return { from, seen, owed: [], away: new Map() };
  }

  /** @see Connection.changes */
  async *changes(whole: Scope, checkpoint: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const start = positionOf(checkpoint, this.overflow);
    for (const key of start.away.keys()) if (!keysOf(whole).has(key)) start.away.delete(key);
    // those that were missing a moment ago are asked about; that others are, a refused search tells
    let { scope, missing } = await this.members.present(whole, new Set(start.away.keys()));
    const poll = new Poll(
      this.api,
      this.reader,
      start,
      whole,
      Math.min(FETCH, Math.max(1, Math.floor(pageSize))),
      this.overflow,
    );
    let from = start.from;
    let token: string | undefined;
    // of the present pass over a stretch that takes several pages
    let pass = { pages: 0, missed: 0, until: Number.NEGATIVE_INFINITY };
    let passes = 0;
    let expired = 0;
    /** tokens of the present stretch */
    const turns = new Set<string>();
    yield* poll.settleOwed();
    for (const [key, since] of start.away) {
      if (!missing.has(key)) yield* this.caughtUp(key, since, whole, poll);
    }
    const told = (page: ChangePage): ChangePage =>
      missing.size > 0 ? { ...page, missing: [...missing.values()] } : page;
    for (;;) {
      let page: Rows;
      try {
        page = await this.rows(queryOf(scope, from), token);
      } catch (thrown) {
        const now = await this.missingSince(thrown, whole, missing.size);
        if (now) {
          ({ scope, missing } = now);
          poll.leave(missing.keys());
          token = undefined;
          continue;
        }
        // the token has expired: what was read is known, and the stretch is read from its beginning
        if (token === undefined || asSyncError(thrown).kind !== 'invalid' || ++expired > MOST_PASSES) throw thrown;
        token = undefined;
        turns.clear();
        continue;
      }
      const last = page.rows.at(-1);
      const ended = page.next === undefined || !last;
      if (poll.anchor && (ended || (last && last.at > poll.anchor.at))) await poll.hear(page.rows);
      const fresh = poll.fresh(page.rows);
      if (fresh.length > 0) expired = 0;
      pass.missed += fresh.filter(({ at }) => at <= pass.until).length;
      pass.pages++;
      for (let at = 0; at < fresh.length; at += poll.pageSize) {
        const some = fresh.slice(at, at + poll.pageSize);
        const entities = await poll.read(some, page.serverNow);
        // the poll's last page carries the checkpoint of its end
        if (ended && pass.pages === 1 && at + poll.pageSize >= fresh.length) {
          yield told({ entities, checkpoint: poll.end(page.serverNow) });
          return;
        }
        yield { entities, checkpoint: poll.middle(some.at(-1)?.at ?? 0) };
      }
      const forward = last && last.at > (from ?? Number.NEGATIVE_INFINITY) + LEAST_LAG_MS;
      if (!ended && !forward) {
        token = page.next;
        if (token !== undefined && turns.has(token)) throw repeated();
        if (token !== undefined) turns.add(token);
        continue;
      }
      turns.clear();
      // a stretch that took several pages is read again until nothing turns up that an earlier pass had skipped
      const isSame = pass.pages > 1 && ended && passes === 0 && poll.isIdle(page.serverNow);
      if (pass.pages > 1 && !isSame && passes < MOST_PASSES && (passes === 0 || pass.missed > 0)) {
        pass = { pages: 0, missed: 0, until: last?.at ?? pass.until };
        passes++;
        token = undefined;
        continue;
      }
      if (ended) {
        yield told({ entities: [], checkpoint: poll.end(page.serverNow) });
        return;
      }
      from = last.at;
      poll.prune(from);
      token = undefined;
      pass = { pages: 0, missed: 0, until: Number.NEGATIVE_INFINITY };
      passes = 0;
    }
  }

  /** A member of the scope that is back is read from where it was left. */
  private async *caughtUp(key: MemberKey, since: number, whole: Scope, poll: Poll): AsyncGenerator<ChangePage> {
    const { scope } = await this.members.present(partOf(key, whole));
    const from = checkpointOf({ from: since, seen: new Map(), owed: [], away: new Map() });
    for await (const { entities, checkpoint } of this.changes(scope, from, poll.pageSize)) {
      poll.away.set(key, positionOf(checkpoint, this.overflow).from ?? since);
      yield { entities, checkpoint: poll.unmoved() };
    }
    poll.away.delete(key);
  }

  /** More members that are missing than were known, where that is why a search was refused. */
  private async missingSince(thrown: unknown, whole: Scope, known: number): Promise<Present | undefined> {
    if (asSyncError(thrown).kind !== 'invalid') return undefined;
    const present = await this.members.present(whole);
    return present.missing.size > known ? present : undefined;
  }

  private async rows(jql: string, token?: string): Promise<Rows> {
    const { issues, next, serverNow } = await this.api.search({ jql, fields: ['updated'], size: this.size, token });
    return { rows: issues.map(rowOf), ...(next ? { next } : {}), ...(serverNow === undefined ? {} : { serverNow }) };
  }
}

const scopeClause = ({ projects, types }: Scope): string =>
  `${among('project', projects)} AND ${among('issuetype', types)}`;

/** Reaches below the bound, since an index of minutes has what is later in the same minute before it. */
const queryOf = (scope: Scope, from: number | undefined): string =>
  `${scopeClause(scope)}${from === undefined ? '' : ` AND ${since('updated', from - RESOLUTION_MS)}`} ORDER BY updated ASC, key ASC`;

/**
 * Polls that the integrations on one system share where they read the same projects and types: one request instead of one for each.
 *
 * Each integration keeps its own checkpoint. What a poll from a checkpoint has brought is kept for a while, with the checkpoint to
 * which it led: whoever has the same checkpoint is given the same pages, as if it had polled at that time, and goes on from there. So
 * nothing is lost by sharing, whatever an integration does:
 *
 * - one that is slow, paused or new has another checkpoint, and asks the system itself. Polls that have brought nothing lead it to where
 *   the others are; what others have read longer ago than it has asked for, it is not given;
 * - one that was set back asks the system itself;
 * - whatever it is given, what it reads last is no older than it has asked for, otherwise it asks the system itself.
 *
 * So there may be several histories of polls. Once nothing has changed for longer than any system hides its changes, a younger one ends
 * in an older one: those who have polled all that time, and found nothing, are as far as the others.
 *
 * A poll that brings something wakes the others, which are given it at once.
 */

import { onBehalfOf, type Priority, type Work } from '../../budget/priority';
import type { ChangePage, Checkpoint, Connection, Scope } from '../../connectors/connector';
import type { Clock } from '../../model/clock';
import { append } from '../../model/lists';

/** A longer poll is a backlog, which each integration reads at its own pace. */
const MOST_SHARED = 500;
/** Polls that are kept, of all scopes; with those before them, for integrations that are behind. */
const MOST_KEPT = 2_000;
/** Items in those. */
const MOST_ITEMS = 5_000;
/** Longer than an index lags behind, or a transaction takes, ms. */
const QUIET_MS = 600_000;
/** Integrations that are woken at the same time. */
const LANES = 8;

/** A page, and the store's sequence when it was asked for. */
export interface SharedPage {
  page: ChangePage;
  readAt: number;
}

/** Polls of which each began where another one ended. */
interface History {
  /** ms since 1970 */
  since: number;
  /** when a poll has brought something new last */
  changedAt: number;
  /** versions in its last poll: those at the border come again with each */
  shown: ReadonlyMap<string, string>;
  /** its last poll that came to its end */
  end?: { checkpoint: Checkpoint; endedAt: number };
}

interface Poll {
  /** ms since 1970 */
  startedAt: number;
  history: History;
  pages: Promise<Pages>;
  /** once it has ended */
  ended?: { to: string; items: number; fresh: number };
}

interface Pages {
  pages: SharedPage[];
  /** there is nothing behind them */
  whole: boolean;
}

/** The last poll that came to its end. */
interface Newest {
  startedAt: number;
  /** its last page */
  page: ChangePage;
  items: number;
  poll?: Poll;
}

/** Where a member is. */
interface Place {
  /** the checkpoint that it has reached */
  at: string;
  /** the last poll that it was given as a whole */
  given?: Poll;
}

export interface Member {
  /** polls at once; undefined = only when its own turn comes */
  wake?(): Promise<unknown>;
}

export interface SharedRequest {
  scope: Scope;
  since: Checkpoint | undefined;
  pageSize: number;
  /** what is read may be so old, ms; 0 = not older than this call */
  freshMs: number;
  /** of the store: what was written later is not in the page */
  sequence(): Promise<number>;
}

const keyOf = (checkpoint: Checkpoint | undefined): string => JSON.stringify(checkpoint ?? null);
const sorted = (ids: readonly string[]): string[] => [...ids].sort();

export class SharedPolls {
  private readonly groups = new Map<string, Group>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** The integrations that read this scope in pages of this size. */
  group(scope: Scope, pageSize: number): Group {
    const key = JSON.stringify([sorted(scope.projects), sorted(scope.types), pageSize]);
    const group = this.groups.get(key) ?? new Group(this.clock);
    this.groups.set(key, group);
    return group;
  }
}

export class Group {
  private readonly members = new Map<Member, Place>();
  /** by the checkpoint from which they began, oldest first */
  private readonly polls = new Map<string, Poll>();
  private readonly histories = new Set<History>();
  /** by the checkpoint to which it has led */
  private readonly ends = new Map<string, History>();
  private newest: Newest | undefined;
  private starting: Promise<Checkpoint | undefined> | undefined;
  private priority: Priority = 'interactive';

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  leave(member: Member): void {
    this.members.delete(member);
    if (this.members.size > 1) return;
    this.polls.clear();
    this.ends.clear();
    this.histories.clear();
  }

  /**
   * A checkpoint up to which a poll has read everything: what changes from now on is behind it.
   * @param freshMs so long ago at most; @see SharedRequest
   */
  end(freshMs: number): Checkpoint | undefined {
    const { newest } = this;
    return newest && this.isFresh(newest, freshMs) ? newest.page.checkpoint : undefined;
  }

  /** @see Connection.newest. Those who start at the same time ask once */
  newestOf(connection: Connection, scope: Scope, freshMs: number): Promise<Checkpoint | undefined> {
    if (freshMs === 0) return connection.newest(scope);
    this.starting ??= connection.newest(scope).finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  /** @see Connection.changes */
  async *changes(member: Member, connection: Connection, request: SharedRequest): AsyncGenerator<SharedPage> {
    const { scope, pageSize, freshMs, sequence } = request;
    const place: Place = this.members.get(member) ?? { at: '' };
    place.at = keyOf(request.since);
    this.members.set(member, place);
    let at = request.since;
    const passed = new Set<string>();
    // alone, it is as if nothing were shared
    while (this.members.size > 1) {
      const from = keyOf(at);
      const reached = this.reached(place, freshMs);
      if (reached) {
        yield { page: reached, readAt: await sequence() };
        return;
      }
      const known = passed.has(from) ? undefined : this.known(from, freshMs);
      passed.add(from);
      const poll = known ?? this.ask(from, connection, { ...request, since: at });
      const { pages, whole } = await poll.pages;
      for (const { page, readAt } of pages) {
        yield { page: known ? structuredClone(page) : page, readAt };
        at = page.checkpoint;
        place.at = keyOf(at);
      }
      if (whole) place.given = poll;
      if (!known && whole && poll.ended?.fresh) this.tell(member, from);
      const joined = whole && !known && freshMs > 0 ? this.joined(poll) : undefined;
      if (joined) {
        yield { page: { entities: [], checkpoint: joined }, readAt: await sequence() };
        place.at = keyOf(joined);
      }
      if (!whole) break;
      if (!known || this.isFresh(poll, freshMs)) return;
    }
    const startedAt = this.clock.now();
    let last: ChangePage | undefined;
    let items = 0;
    let readAt = await sequence();
    for await (const page of connection.changes(scope, at, pageSize)) {
      yield { page, readAt };
      last = page;
      items += page.entities.length;
      place.at = keyOf(page.checkpoint);
      readAt = await sequence();
    }
    if (last) this.newest = { startedAt, page: last, items };
  }

  /**
   * A page without items, for one that was given everything a moment ago. A checkpoint may be the same after a poll that has brought
   * something, so it must have been given that poll.
   */
  private reached({ at, given }: Place, freshMs: number): ChangePage | undefined {
    const { newest } = this;
    if (!newest || !this.isFresh(newest, freshMs) || keyOf(newest.page.checkpoint) !== at) return undefined;
    if (newest.items > 0 && (newest.poll === undefined || newest.poll !== given)) return undefined;
    const { checkpoint, missing } = newest.page;
    return { entities: [], checkpoint, ...(missing && { missing }) };
  }

  private isFresh({ startedAt }: { startedAt: number }, freshMs: number): boolean {
    return freshMs > 0 && this.clock.now() - startedAt <= freshMs;
  }

  /** A poll from this checkpoint that is fresh, or that leads on to a later one. */
  private known(from: string, freshMs: number): Poll | undefined {
    const poll = this.polls.get(from);
    if (!poll) return undefined;
    if (!poll.ended) return freshMs > 0 ? poll : undefined;
    const leadsOn = poll.ended.to !== from && poll.ended.fresh === 0;
    return leadsOn || this.isFresh(poll, freshMs) ? poll : undefined;
  }

  /** Not on behalf of the one that needs it: a backlog of its own must not keep the others waiting. */
  private ask(from: string, connection: Connection, request: SharedRequest): Poll {
    const { priority } = this;
    const work: Work = { priority };
    const startedAt = this.clock.now();
    const history = this.historyAt(from) ?? { since: startedAt, changedAt: startedAt, shown: new Map() };
    const poll: Poll = { startedAt, history, pages: onBehalfOf(work, () => read(connection, request)) };
    this.polls.delete(from);
    this.polls.set(from, poll);
    poll.pages.then(
      ({ pages, whole }) => {
        const items = pages.reduce((sum, { page }) => sum + page.entities.length, 0);
        const last = pages.at(-1)?.page;
        if (!last || !whole || this.polls.get(from) !== poll) this.forget(from, poll);
        else {
          const fresh = this.noted(history, pages);
          this.priority = fresh > 0 ? 'interactive' : 'routine';
          poll.ended = { to: keyOf(last.checkpoint), items, fresh };
          this.ends.set(poll.ended.to, history);
          this.newest = { startedAt: poll.startedAt, page: last, items, poll };
        }
        this.makeRoom();
      },
      () => this.forget(from, poll),
    );
    return poll;
  }

  private historyAt(from: string): History | undefined {
    return this.ends.get(from) ?? this.polls.get(from)?.history;
  }

  /** @returns how many items are new in it */
  private noted(history: History, pages: readonly SharedPage[]): number {
    const now = this.clock.now();
    const shown = new Map(pages.flatMap(({ page }) => page.entities.map(({ id, version }) => [id, version] as const)));
    const fresh = [...shown].filter(([id, version]) => history.shown.get(id) !== version).length;
    history.shown = shown;
    if (fresh > 0) history.changedAt = now;
    const checkpoint = pages.at(-1)?.page.checkpoint;
    if (checkpoint) history.end = { checkpoint, endedAt: now };
    this.histories.add(history);
    for (const one of this.histories) if (now - (one.end?.endedAt ?? 0) > QUIET_MS) this.histories.delete(one);
    return fresh;
  }

  /** The end of the oldest history, once that one and the poll's own have been quiet for long. */
  private joined({ history, startedAt }: Poll): Checkpoint | undefined {
    const now = this.clock.now();
    const isQuiet = ({ since, changedAt }: History): boolean => now - Math.max(since, changedAt) >= QUIET_MS;
    const [oldest] = [...this.histories].sort((one, other) => one.since - other.since);
    if (!oldest?.end || oldest.since >= history.since || !isQuiet(oldest) || !isQuiet(history)) return undefined;
    // what that one has read was there when this one asked
    return oldest.end.endedAt < startedAt ? oldest.end.checkpoint : undefined;
  }

  private forget(from: string, poll: Poll): void {
    if (this.polls.get(from) === poll) this.polls.delete(from);
  }

  private makeRoom(): void {
    const items = (): number => [...this.polls.values()].reduce((sum, { ended }) => sum + (ended?.items ?? 0), 0);
    for (let left = items(); this.polls.size > MOST_KEPT || left > MOST_ITEMS; ) {
      const [oldest] = this.polls;
      if (!oldest) return;
      this.polls.delete(oldest[0]);
      if (oldest[1].ended) this.ends.delete(oldest[1].ended.to);
      left -= oldest[1].ended?.items ?? 0;
    }
  }

  /** Those who are where this poll began are given what it has brought. */
  private tell(reader: Member, from: string): void {
    const behind = this.leadingTo(from);
    const waiting = [...this.members].filter(([member, { at }]) => member !== reader && member.wake && behind.has(at));
    const next = async (): Promise<void> => {
      for (let one = waiting.shift(); one; one = waiting.shift()) await one[0].wake?.().catch(() => undefined);
    };
    for (let lane = 0; lane < LANES; lane++) void next();
  }

  /** The checkpoints from which the kept polls lead to this one, itself included. */
  private leadingTo(to: string): Set<string> {
    const before = new Map<string, string[]>();
    for (const [from, { ended }] of this.polls) {
      if (ended?.fresh !== 0) continue;
      const known = before.get(ended.to);
      if (known) known.push(from);
      else before.set(ended.to, [from]);
    }
    const found = new Set([to]);
    for (const place of found) for (const from of before.get(place) ?? []) found.add(from);
    return found;
  }
}

async function read(connection: Connection, request: SharedRequest): Promise<Pages> {
  const { scope, since, pageSize, sequence } = request;
  const found: SharedPage[] = [];
  let items = 0;
  let readAt = await sequence();
  for await (const page of connection.changes(scope, since, pageSize)) {
    append(found, [{ page, readAt }]);
    items += page.entities.length;
    if (items > MOST_SHARED) return { pages: found, whole: false };
    readAt = await sequence();
  }
  return { pages: found, whole: true };
}

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
 * - The newest issue that was read bears witness: where it is no longer found, a few are looked at, and if they are older than
 *   they were, the server was restored from a back-up.
 */

import type { Entity } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { ChangePage, Checkpoint, Scope } from '../connector';
import { FETCH, type JiraApi } from './api';
import { among, since } from './jql';
import type { IssueReader } from './reading';
import { millisecondsOf, type RawIssue, utcOf } from './shapes';

/** How much later than its neighbours in time the index may take a write: "a few seconds to minutes", says Atlassian. */
const LAG_MS = 600_000;
/** So much at least, where more issues changed meanwhile than a checkpoint holds. */
const LEAST_LAG_MS = 120_000;
/** The coarsest clock that an index compares times with. */
const RESOLUTION_MS = 60_000;
/** An update time of whole seconds may be borne by another change until this long after it. */
const SETTLE_MS = 2_000;
/** The same for a time with milliseconds: `Date` has whole seconds. */
const TICK_MS = 1_000;
/** The `Date` of an answer may be a proxy's. */
const PROXY_MS = 3_000;
/** Ids and times per search; Jira may return fewer. */
const ROWS = 1_000;
/** Issues in a checkpoint, the newest ones. */
const SEEN = 1_000;
const WITNESSES = 10;
/** So often is a crowded stretch of time read anew before the next poll has to find what is still missing. */
const MOST_PASSES = 5;
/** Several nodes behind one address differ: so much is no restored back-up. */
const CLOCK_STEP_MS = 3_000;

/** An issue and its update time, ms since 1970, as the index has it. */
interface Row {
  id: string;
  at: number;
}

interface Position {
  /** ms since 1970; undefined = from the beginning */
  from: number | undefined;
  /** issues read, with the update time that they were read with */
  seen: Map<string, number>;
}

/** One page of rows. */
interface Rows {
  rows: Row[];
  next?: string;
  serverNow?: number;
}

export class IssuePoller {
  constructor(
    private readonly api: JiraApi,
    private readonly reader: IssueReader,
    /** rows per search */
    private readonly size = ROWS,
  ) {}

  /** @see Connection.checkpointAt */
  checkpointAt(time: string): Checkpoint {
    const ms = Date.parse(time);
    if (Number.isNaN(ms)) throw new SyncError('invalid', `"${time}" is not a point in time (ISO 8601)`);
    return checkpointOf({ from: ms, seen: new Map() });
  }

  /** @see Connection.newest */
  async newest(scope: Scope): Promise<Checkpoint | undefined> {
    const jql = `${scopeClause(scope)} ORDER BY updated DESC, key DESC`;
    const rows: Row[] = [];
    let newest = Number.NEGATIVE_INFINITY;
    let token: string | undefined;
    // whatever the next poll's search reaches, as far as a checkpoint can hold it
    do {
      const page = await this.rows(jql, token);
      rows.push(...page.rows);
      for (const { at } of page.rows) newest = Math.max(newest, at);
      const last = page.rows.at(-1);
      token = last && last.at >= newest - LAG_MS && rows.length < SEEN ? page.next : undefined;
      if (token === undefined && rows.length === 0) return undefined;
    } while (token !== undefined);
    const inReach = rows.filter(({ at }) => at >= newest - LAG_MS).sort((a, b) => a.at - b.at);
    // too many of them: what is older counts as read
    const first = inReach.at(-SEEN);
    const from = first && inReach.length >= SEEN ? first.at : newest - LAG_MS;
    // a second that isn't over may bear another change of the same issue
    const isOver = ({ at }: Row) => at % 1000 !== 0 || newest - at >= 1000;
    return checkpointOf({ from, seen: new Map(inReach.filter(isOver).map(({ id, at }) => [id, at])) });
  }

  /** @see Connection.changes */
  async *changes(scope: Scope, checkpoint: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const start = positionOf(checkpoint);
    const poll = new Poll(this.api, this.reader, start, scope, Math.min(FETCH, Math.max(1, Math.floor(pageSize))));
    let from = start.from;
    let token: string | undefined;
    // of the present pass over a stretch that takes several pages
    let pass = { pages: 0, missed: 0, until: Number.NEGATIVE_INFINITY };
    let passes = 0;
    for (;;) {
      const page = await this.rows(queryOf(scope, from), token);
      const last = page.rows.at(-1);
      const ended = page.next === undefined || !last;
      if (poll.anchor && (ended || (last && last.at > poll.anchor.at))) await poll.hear(page.rows);
      const fresh = poll.fresh(page.rows);
      pass.missed += fresh.filter(({ at }) => at <= pass.until).length;
      pass.pages++;
      for (let at = 0; at < fresh.length; at += poll.pageSize) {
        const some = fresh.slice(at, at + poll.pageSize);
        const entities = await poll.read(some, page.serverNow);
        // the poll's last page carries the checkpoint of its end
        if (ended && pass.pages === 1 && at + poll.pageSize >= fresh.length) {
          yield { entities, checkpoint: poll.end(page.serverNow) };
          return;
        }
        yield { entities, checkpoint: poll.middle(some.at(-1)?.at ?? 0) };
      }
      const forward = last && last.at > (from ?? Number.NEGATIVE_INFINITY) + LEAST_LAG_MS;
      if (!ended && !forward) {
        token = page.next;
        continue;
      }
      // a stretch that took several pages is read again until nothing turns up that an earlier pass had skipped
      if (pass.pages > 1 && passes < MOST_PASSES && (passes === 0 || pass.missed > 0)) {
        pass = { pages: 0, missed: 0, until: last?.at ?? pass.until };
        passes++;
        token = undefined;
        continue;
      }
      if (ended) {
        yield { entities: [], checkpoint: poll.end(page.serverNow) };
        return;
      }
      from = last.at;
      poll.prune(from);
      token = undefined;
      pass = { pages: 0, missed: 0, until: Number.NEGATIVE_INFINITY };
      passes = 0;
    }
  }

  private async rows(jql: string, token?: string): Promise<Rows> {
    const { issues, next, serverNow } = await this.api.search({ jql, fields: ['updated'], size: this.size, token });
    return { rows: issues.map(rowOf), ...(next ? { next } : {}), ...(serverNow === undefined ? {} : { serverNow }) };
  }
}

/** What one poll has seen so far, and the checkpoints that follow from it. */
class Poll {
  /** everything read in this poll or known from before, with its time */
  private readonly known: Map<string, number>;
  /** read at a time that another change may still bear: to be read again by the next poll */
  private readonly unsettled = new Set<string>();
  private newest: number | undefined;
  /** the newest issue of the checkpoint, until it has been looked for */
  anchor: Row | undefined;

  constructor(
    private readonly api: JiraApi,
    private readonly reader: IssueReader,
    private readonly start: Position,
    private readonly scope: Scope,
    readonly pageSize: number,
  ) {
    this.known = new Map(start.seen);
    this.anchor = newestOf(start.seen);
    this.newest = this.anchor?.at;
  }

  /** Rows that are new by id and time. */
  fresh(rows: Row[]): Row[] {
    const from = this.start.from ?? Number.NEGATIVE_INFINITY;
    for (const { at } of rows) if (this.newest === undefined || at > this.newest) this.newest = at;
    const isNew = ({ id, at }: Row) => at >= from && at > (this.known.get(id) ?? Number.NEGATIVE_INFINITY);
    return rows.filter(isNew).sort((a, b) => a.at - b.at);
  }

  /** The issues as they are now. */
  async read(rows: Row[], serverNow: number | undefined): Promise<Entity[]> {
    const issues = await this.api.issues(rows.map(({ id }) => id));
    const times = new Map(rows.map(({ id, at }) => [id, at]));
    for (const row of rows) this.known.set(row.id, row.at);
    for (const { id, at } of issues.map(rowOf)) {
      const row = { id, at: Math.max(at, times.get(id) ?? at) };
      this.known.set(id, row.at);
      if (isSettled(row, this.newest, serverNow)) this.unsettled.delete(id);
      else this.unsettled.add(id);
    }
    const entities = await this.reader.entities(issues);
    const { projects, types } = this.scope;
    return entities
      .filter(({ project, type }) => projects.includes(project) && types.includes(type))
      .sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt));
  }

  /** Looks for the newest issue that was read before. @throws SyncError fatal – it is older than it was */
  async hear(rows: Row[]): Promise<void> {
    const anchor = this.anchor;
    this.anchor = undefined;
    if (!anchor || rows.some(({ id, at }) => id === anchor.id && at >= anchor.at)) return;
    const witnesses = [...this.start.seen].slice(-WITNESSES);
    const issues: RawIssue[] = await this.api.issues(
      witnesses.map(([id]) => id),
      { fields: ['updated'] },
    );
    for (const { id, at } of issues.map(rowOf)) {
      const before = this.start.seen.get(id) ?? at;
      if (before - at > CLOCK_STEP_MS) {
        throw new SyncError(
          'fatal',
          `Jira's time goes backwards: issue ${id} was updated at ${new Date(before).toISOString()}, now Jira says ` +
            `${new Date(at).toISOString()}. Was the server restored from a back-up? Check both systems, then set the ` +
            'start of polling anew.',
        );
      }
    }
    // what was deleted or moved away bears no witness any more
    const there = new Set(issues.map(({ id }) => id));
    for (const [id] of witnesses) if (!there.has(id)) this.known.delete(id);
  }

  /** Forgets what lies before a time that is not read again. */
  prune(from: number): void {
    for (const [id, at] of this.known) if (at < from - LAG_MS) this.known.delete(id);
  }

  /** Behind the issues read so far: all that follow have this time or a later one. */
  middle(at: number): Checkpoint {
    return this.checkpoint(this.behind(at));
  }

  end(serverNow: number | undefined): Checkpoint {
    const { newest } = this;
    if (newest === undefined) return checkpointOf(this.start);
    const from = this.behind(newest);
    const times = [...this.known.values()].filter((at) => at >= from).sort((a, b) => a - b);
    const first = times.at(-SEEN);
    if (times.length <= SEEN || first === undefined) return this.checkpoint(from);
    // So many that a checkpoint cannot hold them. Once the server's clock is far beyond them, nothing can appear among them
    // any more, and they needn't be read again and again.
    const over = serverNow !== undefined && serverNow - newest > LAG_MS + RESOLUTION_MS;
    if (over) return this.checkpoint(newest + 1, WITNESSES);
    return this.checkpoint(Math.max(from, Math.min(first, newest - LEAST_LAG_MS)));
  }

  private behind(at: number): number {
    return Math.max(this.start.from ?? Number.NEGATIVE_INFINITY, at - LAG_MS);
  }

  private checkpoint(from: number, most = SEEN): Checkpoint {
    const read = [...this.known].filter(([id, at]) => at >= from - RESOLUTION_MS && !this.unsettled.has(id));
    const newest = read.sort(([, a], [, b]) => a - b).slice(-most);
    return checkpointOf({ from, seen: new Map(newest) });
  }
}

const scopeClause = ({ projects, types }: Scope): string =>
  `${among('project', projects)} AND ${among('issuetype', types)}`;

/** Reaches below the bound, since an index of minutes has what is later in the same minute before it. */
const queryOf = (scope: Scope, from: number | undefined): string =>
  `${scopeClause(scope)}${from === undefined ? '' : ` AND ${since('updated', from - RESOLUTION_MS)}`} ORDER BY updated ASC, key ASC`;

function rowOf({ id, fields }: RawIssue): Row {
  const at = millisecondsOf(fields.updated);
  if (Number.isNaN(at)) throw new SyncError('fatal', `Jira shows issue ${id} without an update time`);
  return { id, at };
}

/**
 * True where no other change can bear an issue's update time any more, since the server's clock had passed it before the issue
 * was read. The clock is known by the newest update time, and by the `Date` of the search's answer; where a database keeps
 * whole seconds, the `Date` is trusted less: it may be a proxy's.
 */
function isSettled({ at }: Row, newest: number | undefined, serverNow: number | undefined): boolean {
  const wholeSeconds = at % 1000 === 0;
  const margin = wholeSeconds ? SETTLE_MS : TICK_MS;
  const now = (serverNow ?? Number.NEGATIVE_INFINITY) - (wholeSeconds ? PROXY_MS : 0);
  return Math.max(newest ?? Number.NEGATIVE_INFINITY, now) - at >= margin;
}

function newestOf(seen: ReadonlyMap<string, number>): Row | undefined {
  let newest: Row | undefined;
  for (const [id, at] of seen) if (!newest || at >= newest.at) newest = { id, at };
  return newest;
}

/** `{from: ISO 8601, seen: ["10001@<ms after from, base 36>"]}` */
function checkpointOf({ from, seen }: Position): Checkpoint {
  if (from === undefined) return {};
  const pairs = [...seen].map(([id, at]) => `${id}@${(at - from).toString(36)}`);
  return { from: new Date(from).toISOString(), ...(pairs.length > 0 ? { seen: pairs } : {}) };
}

function positionOf(checkpoint: Checkpoint | undefined): Position {
  const from = utcOf(checkpoint?.from);
  if (from === undefined) return { from: undefined, seen: new Map() };
  const ms = Date.parse(from);
  const list = Array.isArray(checkpoint?.seen) ? checkpoint.seen : [];
  const pairs = list.flatMap((one): [string, number][] => {
    const [, id, after] = /^(\d+)@(-?[0-9a-z]+)$/.exec(String(one)) ?? [];
    return id && after ? [[id, ms + Number.parseInt(after, 36)]] : [];
  });
  return { from: ms, seen: new Map(pairs) };
}

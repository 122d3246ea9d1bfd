/**
 * Changes by update time, oldest first, without loss.
 *
 * What Redmine gives: `updated_on >= T`, which means later than T − 1 s, sorted by update time and id, at most 100 a page.
 * Times are shown in whole seconds; the database may hold fractions, or none. How that becomes gapless:
 *
 * - Within a poll the pages follow by offset, each beginning with the last issue of the page before. An issue that is
 *   updated meanwhile moves to the end and pulls all others forward; then that first issue is another one, and reading
 *   goes back to where it recognises something.
 * - What lies near the server's "now" may change again within the same second, or be committed late. So the checkpoint
 *   stays SETTLE_MS behind the server's clock as far as that is known, and the next poll reads that span again.
 * - The checkpoint holds the versions last read: they are not passed on twice, and they bear witness against a server
 *   that was restored from a back-up.
 */

import type { Entity } from '../../model/entity';
import { asSyncError, START_AGAIN, SyncError } from '../../model/errors';
import { checkCheckpoint } from '../checkpoint';
import type { ChangePage, Checkpoint, Scope } from '../connector';
import { type Filter, filterQuery, type IssueList, PAGE, type RedmineApi } from './api';
import type { Metadata } from './metadata';
import { type IssueReader, versionOf } from './reading';
import { ServerClock } from './server-clock';
import type { RawIssue } from './shapes';

/** How long after a moment on the server's clock nothing can appear any more that bears this time. */
const SETTLE_MS = 5_000;
/** Versions in a checkpoint: the newest ones. */
const SEEN = 100;
/** Versions remembered during a poll. */
const SEEN_IN_POLL = 2_000;
/** An offset is a full scan for the database: beyond this, reading starts anew at the last time. */
const DEEPEST_OFFSET = 500;
/** Issues in a row that are all known: more than are remembered can only be the same ones again. */
const MOST_BARREN = 2 * SEEN_IN_POLL;
const WITNESSES = 10;
/** Several application servers behind one address differ, and clocks are set back: so much is no restored back-up. */
const CLOCK_STEP_MS = 3_000;

interface Position {
  /** lower bound, whole seconds; undefined = from the beginning */
  time?: string;
  /** how many issues from the lower bound on were read */
  skip: number;
  /** read issues, oldest first, with their versions */
  seen: Map<string, string>;
  /** from here on, what was read in this poll was too near the server's now */
  redo?: string;
}

const isoSecond = (ms: number): string => `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
/** ISO times of one form compare as text. */
const earlier = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined ? b : b === undefined ? a : a < b ? a : b;
const timeOfVersion = (version: string): string => version.slice(0, 'YYYY-MM-DDTHH:MM:SSZ'.length);

function positionOf(checkpoint: Checkpoint | undefined): Position {
  checkCheckpoint(checkpoint, { time: 'time', skip: 'number', seen: 'list', redo: 'time' });
  const text = (value: unknown) => (typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined);
  const count = (value: unknown) => (typeof value === 'number' && value > 0 ? Math.floor(value) : 0);
  const { time, skip, seen, redo } = checkpoint ?? {};
  const pairs = (Array.isArray(seen) ? seen : []).flatMap((one): [string, string][] => {
    const [id, version] = String(one).split('@');
    return id && version ? [[id, version]] : [];
  });
  const position = { time: text(time), skip: count(skip), seen: new Map(pairs), redo: text(redo) };
  // an offset means something only with the issue it was counted to
  return pairs.length > 0 ? position : { ...position, skip: 0 };
}

function checkpointOf({ time, skip, seen, redo }: Position): Checkpoint {
  return {
    ...(time === undefined ? {} : { time }),
    ...(skip > 0 ? { skip } : {}),
    ...(redo === undefined ? {} : { redo }),
    ...(seen.size > 0 ? { seen: [...seen].slice(-SEEN).map(([id, version]) => `${id}@${version}`) } : {}),
  };
}

export class IssuePoller {
  private readonly clock = new ServerClock();

  constructor(
    private readonly api: RedmineApi,
    private readonly metadata: Metadata,
    private readonly reader: IssueReader,
  ) {}

  /** @see Connection.checkpointAt */
  checkpointAt(time: string): Checkpoint {
    const ms = Date.parse(time);
    if (Number.isNaN(ms)) throw new SyncError('invalid', `"${time}" is not a point in time (ISO 8601)`);
    return { time: isoSecond(ms) };
  }

  /** @see Connection.newest */
  async newest(scope: Scope): Promise<Checkpoint | undefined> {
    const filters = await this.scopeFilters(scope);
    const { issues } = await this.query(filters, 'updated_on:desc,id:desc', 0, PAGE);
    const [newest] = issues;
    if (!newest) {
      // Redmine answers for a project that isn't there as for one in which nothing happens
      for (const project of scope.projects) await this.metadata.project(project);
      return undefined;
    }
    const time = newest.updatedOn;
    // the query by this time also returns what is less than a second older
    const inReach = issues.filter(({ updatedOn }) => updatedOn >= isoSecond(Date.parse(time) - 1000)).reverse();
    const seen = new Map(inReach.map((issue) => [issue.id, versionOf(issue)]));
    let skip = 0;
    if (inReach.length === PAGE) skip = (await this.query(since(filters, time), ORDER, 0, 1)).total;
    return checkpointOf({ time, skip, seen });
  }

  /** @see Connection.latest */
  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const filters = await this.scopeFilters(scope);
    const { issues } = await this.query(filters, 'updated_on:desc,id:desc', 0, Math.min(PAGE, limit));
    return this.reader.entities(issues.slice(0, limit));
  }

  /** @see Connection.changes */
  async *changes(scope: Scope, checkpoint: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const filters = await this.scopeFilters(scope);
    const size = Math.min(PAGE, Math.max(1, Math.floor(pageSize)));
    const start = positionOf(checkpoint);
    const position: Position = { ...start, seen: new Map(start.seen) };
    let newest = start.seen.size > 0 ? timeOfVersion([...start.seen.values()].at(-1) ?? '') : start.time;
    let suspicious = start.seen.size > 0;
    let barren = 0;

    for (;;) {
      const anchor = position.skip > 0 ? [...position.seen].at(-1) : undefined;
      const offset = anchor ? position.skip - 1 : 0;
      const limit = anchor ? Math.min(PAGE, size + 1) : size;
      const from = position.time;
      let page = await this.timed(since(filters, from), offset, limit);
      let at = offset;
      if (anchor && !isAt(page.issues[0], anchor)) {
        // something that was read has moved: look one page back for anything recognisable
        at = Math.max(0, position.skip - limit);
        page = await this.timed(since(filters, from), at, limit);
        if (!page.issues.some((issue) => isAt(issue, [issue.id, position.seen.get(issue.id) ?? '']))) {
          position.time = timeOfVersion(anchor[1]);
          position.skip = 0;
          continue;
        }
      }
      if (suspicious) {
        const recognised = page.issues.some((issue) => isAt(issue, [issue.id, start.seen.get(issue.id) ?? '']));
        if (!recognised) await this.hearWitnesses(start.seen, position.seen);
        suspicious = false;
      }
      this.refuseOlder(page.issues, position.seen);

      const isFresh = (issue: RawIssue) => position.seen.get(issue.id) !== versionOf(issue);
      // one more than a page was asked for, with the anchor; it is new itself where it changed within its second
      if (page.issues.filter(isFresh).length > size) page.issues.pop();
      const fresh = page.issues.filter(isFresh);
      for (const issue of page.issues) {
        position.seen.delete(issue.id);
        position.seen.set(issue.id, versionOf(issue));
      }
      trim(position.seen, SEEN_IN_POLL);
      position.skip = at + page.issues.length;
      const last = page.issues.at(-1)?.updatedOn;
      if (last !== undefined && (newest === undefined || last > newest)) newest = last;

      barren = fresh.length > 0 ? 0 : barren + page.issues.length;
      if (barren > MOST_BARREN) {
        throw new SyncError(
          'transient',
          'Redmine’s list of issues does not come to an end: the same issues come again and again',
        );
      }
      const done = position.skip >= page.total || page.issues.length === 0;
      if (!done && this.unsettled(page) !== undefined) await this.learnNewest(filters);
      position.redo = earlier(position.redo, this.unsettled(page));

      const entities = await this.reader.entities(fresh);
      if (done) {
        yield { entities, checkpoint: checkpointOf(end(position, newest, size)) };
        return;
      }
      if (position.skip >= DEEPEST_OFFSET && last !== undefined && (from === undefined || last > from)) {
        position.time = last;
        position.skip = 0;
      }
      yield { entities, checkpoint: checkpointOf(position) };
    }
  }

  private async scopeFilters({ projects, types }: Scope): Promise<Filter[]> {
    const ids: string[] = [];
    let fault: SyncError | undefined;
    for (const id of projects) {
      try {
        ids.push(/^\d+$/.test(id) ? id : (await this.metadata.project(id)).id);
      } catch (thrown) {
        // a project that is gone must not stop the others
        const error = asSyncError(thrown);
        if (error.kind !== 'notFound') throw error;
        fault ??= error;
      }
    }
    if (ids.length === 0 && fault) throw fault;
    return [
      { field: 'project_id', operator: '=', values: ids },
      { field: 'tracker_id', operator: '=', values: types },
    ];
  }

  /**
   * Fewer than the limit, where an answer of so many is too large.
   * @param least so many are needed to get on
   */
  private async query(filters: Filter[], sort: string, offset: number, limit: number, least = 1): Promise<IssueList> {
    for (let most = limit; ; most = Math.ceil(most / 2)) {
      try {
        return await this.api.issues({ ...filterQuery(filters), sort, offset, limit: most });
      } catch (thrown) {
        if (asSyncError(thrown).detail.tooLarge !== true || most <= least) throw thrown;
      }
    }
  }

  private async timed(filters: Filter[], offset: number, limit: number): Promise<IssueList & { sentAt: number }> {
    const sentAt = performance.now();
    const page = await this.query(filters, ORDER, offset, limit, offset > 0 ? 2 : 1);
    const arrivedAt = performance.now();
    if (page.serverNow !== undefined) this.clock.learn(page.serverNow, arrivedAt);
    const last = page.issues.at(-1);
    // it was there when the server looked, so the server's clock had passed its time
    if (last) this.clock.learn(Date.parse(last.updatedOn), arrivedAt);
    return { ...page, sentAt };
  }

  private async learnNewest(filters: Filter[]): Promise<void> {
    const { issues } = await this.query(filters, 'updated_on:desc,id:desc', 0, 1);
    if (issues[0]) this.clock.learn(Date.parse(issues[0].updatedOn), performance.now());
  }

  /** The time from which on the page's issues are too near the server's now; undefined = all are settled. */
  private unsettled({ issues, sentAt }: { issues: RawIssue[]; sentAt: number }): string | undefined {
    const [first, last] = [issues[0], issues.at(-1)];
    if (!first || !last) return undefined;
    const now = this.clock.atLeast(sentAt) ?? Number.NEGATIVE_INFINITY;
    const bound = now - SETTLE_MS;
    if (Date.parse(last.updatedOn) <= bound) return undefined;
    return bound > Date.parse(first.updatedOn) ? isoSecond(bound) : first.updatedOn;
  }

  /**
   * Called where nothing of what was read last is found again. Issues that were deleted or moved away are no longer
   * remembered; one that is older than it was is proof of a restored back-up.
   */
  private async hearWitnesses(known: ReadonlyMap<string, string>, seen: Map<string, string>): Promise<void> {
    const ids = [...known.keys()].slice(-WITNESSES);
    const { issues } = await this.api.issues({ issue_id: ids.join(','), status_id: '*', limit: WITNESSES });
    this.refuseOlder(issues, known);
    for (const id of known.keys()) seen.delete(id);
  }

  /** @throws SyncError fatal – an issue's update time went backwards */
  private refuseOlder(issues: RawIssue[], known: ReadonlyMap<string, string>): void {
    for (const { id, updatedOn } of issues) {
      const before = timeOf(known.get(id));
      if (before !== '' && Date.parse(before) - Date.parse(updatedOn) > CLOCK_STEP_MS) {
        throw new SyncError(
          'fatal',
          `Redmine's time goes backwards: issue ${id} was updated at ${before}, now Redmine says ${updatedOn}. ` +
            `Was the server restored from a back-up? ${START_AGAIN}`,
        );
      }
    }
  }
}

/** Where the next poll starts. */
function end({ time: from, skip, seen, redo }: Position, newest: string | undefined, size: number): Position {
  if (redo !== undefined) return { time: earlier(redo, newest), skip: 0, seen };
  // a last second that fills pages is not read again and again
  return { time: newest ?? from, skip: from === newest && skip > size / 2 ? skip : 0, seen };
}

const ORDER = 'updated_on:asc,id:asc';

const since = (filters: Filter[], time: string | undefined): Filter[] =>
  time === undefined ? filters : [...filters, { field: 'updated_on', operator: '>=', values: [time] }];

const timeOf = (version: string | undefined): string => (version === undefined ? '' : timeOfVersion(version));

const isAt = (issue: RawIssue | undefined, [id, version]: [string, string]): boolean =>
  issue !== undefined && issue.id === id && version !== '' && issue.updatedOn === timeOfVersion(version);

function trim(map: Map<string, string>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return;
    map.delete(key);
  }
}

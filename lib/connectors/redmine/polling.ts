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
 * - An issue that Redmine cannot show breaks every list that holds it. It is found out and gone round (stretches.ts), read
 *   alone, and owed where that fails, too: the checkpoint names it, and the following polls ask again.
 */

import chunk = require('lodash/chunk');

import type { Entity } from '../../model/entity';
import { asSyncError, START_AGAIN, SyncError } from '../../model/errors';
import { checkCheckpoint } from '../checkpoint';
import type { ChangePage, Checkpoint, ReadResult, Scope } from '../connector';
import { readInParts } from '../in-parts';
import { Debts, isOfOne } from '../owed';
import { type Filter, PAGE, type RedmineApi } from './api';
import { type MemberKey, Members, partOf } from './members';
import type { Metadata } from './metadata';
import { type IssueReader, versionOf } from './reading';
import { ServerClock } from './server-clock';
import { isJson, type RawIssue } from './shapes';
import { changedSince, IssueLists, type Stretch } from './stretches';

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
  /** issues that changed and were not delivered */
  owed: Map<string, true>;
}

const isoSecond = (ms: number): string => `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
/** ISO times of one form compare as text. */
const earlier = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined ? b : b === undefined ? a : a < b ? a : b;
const timeOfVersion = (version: string): string => version.slice(0, 'YYYY-MM-DDTHH:MM:SSZ'.length);

function positionOf(checkpoint: Checkpoint | undefined): Position {
  checkCheckpoint(checkpoint, { time: 'time', skip: 'number', seen: 'list', redo: 'time', owed: 'list' });
  const text = (value: unknown) => (typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined);
  const count = (value: unknown) => (typeof value === 'number' && value > 0 ? Math.floor(value) : 0);
  const { time, skip, seen, redo } = checkpoint ?? {};
  const pairs = (Array.isArray(seen) ? seen : []).flatMap((one): [string, string][] => {
    const [id, version] = String(one).split('@');
    return id && version ? [[id, version]] : [];
  });
  const owed = new Map(
    (Array.isArray(checkpoint?.owed) ? checkpoint.owed : []).map((id) => [String(id), true as const]),
  );
  const position = { time: text(time), skip: count(skip), seen: new Map(pairs), redo: text(redo), owed };
  // an offset means something only with the issue it was counted to
  return pairs.length > 0 ? position : { ...position, skip: 0 };
}

function checkpointOf({ time, skip, seen, redo, owed }: Position): Checkpoint {
  return {
    ...(time === undefined ? {} : { time }),
    ...(skip > 0 ? { skip } : {}),
    ...(redo === undefined ? {} : { redo }),
    ...(seen.size > 0 ? { seen: [...seen].slice(-SEEN).map(([id, version]) => `${id}@${version}`) } : {}),
    ...(owed.size > 0 ? { owed: [...owed.keys()] } : {}),
  };
}

export class IssuePoller {
  private readonly clock = new ServerClock();
  private readonly debts = new Debts<string>('Redmine', 'issues');
  private readonly lists: IssueLists;
  private readonly members: Members;

  constructor(
    private readonly api: RedmineApi,
    private readonly metadata: Metadata,
    private readonly reader: IssueReader,
  ) {
    this.lists = new IssueLists(api);
    this.members = new Members(metadata);
  }

  /** @see Connection.checkpointAt */
  checkpointAt(time: string): Checkpoint {
    const ms = Date.parse(time);
    if (Number.isNaN(ms)) throw new SyncError('invalid', `"${time}" is not a point in time (ISO 8601)`);
    return { time: isoSecond(ms) };
  }

  /** @see Connection.newest */
  async newest(scope: Scope): Promise<Checkpoint | undefined> {
    const filters = await this.scopeFilters(scope);
    const issues = await this.lists.newest(filters, PAGE);
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
    if (inReach.length === PAGE) skip = (await this.lists.count(changedSince(filters, time))).total;
    return checkpointOf({ time, skip, seen, owed: new Map() });
  }

  /** @see Connection.latest */
  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const filters = await this.scopeFilters(scope);
    return this.reader.entities(await this.lists.newest(filters, Math.min(PAGE, limit)));
  }

  /** @see Connection.changes */
  async *changes(scope: Scope, since: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const { away, sure } = standingOf(since);
    for await (const { isLast, entities, checkpoint } of this.pass(scope, since, pageSize)) {
      const unsure = standing(checkpoint, away, sure);
      if (!isLast || (away.size === 0 && !this.members.isDue(scope))) {
        yield { entities, checkpoint: unsure };
        continue;
      }
      const looked = await this.look(scope);
      if (!looked) {
        yield { entities, checkpoint: unsure };
        return;
      }
      const { missing } = looked;
      for (const key of missing.keys()) if (!away.has(key)) away.set(key, sure);
      for (const [key, from] of [...away].filter(([one]) => !missing.has(one))) {
        // back: it is read from where it was left
        for await (const page of this.pass(partOf(key, scope), { time: from }, pageSize)) {
          if (page.entities.length > 0) yield { entities: page.entities, checkpoint: standing(since, away, sure) };
        }
        away.delete(key);
      }
      yield {
        entities,
        checkpoint: standing(checkpoint, away),
        ...(missing.size > 0 && { missing: [...missing.values()] }),
      };
    }
  }

  /** @returns undefined = Redmine does not tell now. @throws SyncError forbidden – nothing of the scope is left; auth */
  private async look(scope: Scope): Promise<{ missing: Map<MemberKey, string> } | undefined> {
    const looked = await this.members.look(scope).catch((thrown: unknown) => {
      const error = asSyncError(thrown);
      if (error.kind === 'auth') throw error;
      return undefined;
    });
    if (!looked?.isEmpty) return looked;
    throw new SyncError('forbidden', `Nothing is left to be read: ${[...looked.missing.values()].join('; ')}`);
  }

  private async *pass(
    scope: Scope,
    checkpoint: Checkpoint | undefined,
    pageSize: number,
  ): AsyncGenerator<ChangePage & { isLast?: true }> {
    const filters = await this.scopeFilters(scope);
    const size = Math.min(PAGE, Math.max(1, Math.floor(pageSize)));
    const start = positionOf(checkpoint);
    const position: Position = { ...start, seen: new Map(start.seen) };
    const late = await this.settle(position.owed, filters, size);
    if (late.length > 0) yield { entities: late, checkpoint: checkpointOf(position) };
    let newest = start.seen.size > 0 ? timeOfVersion([...start.seen.values()].at(-1) ?? '') : start.time;
    let suspicious = start.seen.size > 0;
    let barren = 0;

    for (;;) {
      const anchor = position.skip > 0 ? [...position.seen].at(-1) : undefined;
      const offset = anchor ? position.skip - 1 : 0;
      const limit = anchor ? Math.min(PAGE, size + 1) : size;
      const from = position.time;
      let page = await this.timed(filters, position, offset, limit);
      let at = offset;
      if (anchor && !isAt(page.issues[0], anchor)) {
        // something that was read has moved: look one page back for anything recognisable
        at = Math.max(0, position.skip - limit);
        page = await this.timed(filters, position, at, limit);
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
      for (const entities of chunk(await this.alone(page.unshown, position.owed, filters), size)) {
        yield { entities, checkpoint: checkpointOf(position) };
      }

      const isFresh = (issue: RawIssue) => position.seen.get(issue.id) !== versionOf(issue);
      // one more than a page was asked for, with the anchor; it is new itself where it changed within its second
      let reach = page.taken;
      while (page.issues.filter(isFresh).length > size) {
        page.issues.pop();
        page.places.pop();
        reach = (page.places.at(-1) ?? -1) + 1;
      }
      const fresh = page.issues.filter(isFresh);
      for (const issue of page.issues) {
        position.seen.delete(issue.id);
        position.seen.set(issue.id, versionOf(issue));
      }
      trim(position.seen, SEEN_IN_POLL);
      // an anchor is an issue: what stands behind the last one and cannot be shown is met again
      position.skip = at + (page.places.at(-1) ?? -1) + 1;
      const last = page.issues.at(-1)?.updatedOn;
      if (last !== undefined && (newest === undefined || last > newest)) newest = last;

      barren = fresh.length > 0 ? 0 : barren + page.issues.length;
      if (barren > MOST_BARREN) {
        throw new SyncError(
          'transient',
          'Redmine’s list of issues does not come to an end: the same issues come again and again',
        );
      }
      const done = at + reach >= page.total || page.issues.length === 0;
      if (!done && this.unsettled(page) !== undefined) await this.learnNewest(filters);
      position.redo = earlier(position.redo, this.unsettled(page));

      const entities = await this.reader.entities(fresh);
      if (done) {
        yield { entities, checkpoint: checkpointOf(end(position, newest, size)), isLast: true };
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

  /** Issues by id as they are now; those that are not delivered are owed. What has moved out of the scope is left out. */
  private async alone(ids: string[], owed: Map<string, true>, filters: Filter[]): Promise<Entity[]> {
    if (ids.length === 0) return [];
    let results: ReadResult[];
    try {
      results = await this.reader.byId(ids);
    } catch (thrown) {
      // nothing but culprits, or a server that is down: the lists will tell
      const error = asSyncError(thrown);
      if (!isOfOne(error)) throw error;
      results = ids.map(() => error);
    }
    const [projects, types] = filters.map(({ values }) => values);
    const entities: Entity[] = [];
    for (const [index, id] of ids.entries()) {
      const result = results[index];
      if (result instanceof SyncError) {
        this.debts.owe(owed, id, true, result);
        continue;
      }
      this.debts.settle(owed, id);
      if (result && projects?.includes(result.project) && types?.includes(result.type)) entities.push(result);
    }
    return entities;
  }

  /** What earlier polls were not given and this one is. */
  private settle(owed: Map<string, true>, filters: Filter[], most: number): Promise<Entity[]> {
    const due = [...owed.keys()].filter((id) => this.debts.isDue(id));
    return this.alone(due.slice(0, most), owed, filters);
  }

  private async timed(
    filters: Filter[],
    { time, owed }: Position,
    offset: number,
    limit: number,
  ): Promise<Stretch & { sentAt: number }> {
    const sentAt = performance.now();
    const page = await this.lists.stretch(filters, time, offset, limit, owed.keys());
    const arrivedAt = performance.now();
    if (page.serverNow !== undefined) this.clock.learn(page.serverNow, arrivedAt);
    const last = page.issues.at(-1);
    // it was there when the server looked, so the server's clock had passed its time
    if (last) this.clock.learn(Date.parse(last.updatedOn), arrivedAt);
    return { ...page, sentAt };
  }

  private async learnNewest(filters: Filter[]): Promise<void> {
    const [newest] = await this.lists.newest(filters, 1);
    if (newest) this.clock.learn(Date.parse(newest.updatedOn), performance.now());
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
    const { found } = await readInParts(
      ids,
      async (some) => (await this.api.issues({ issue_id: some.join(','), status_id: '*', limit: WITNESSES })).issues,
      () => this.api.assertSignedIn(),
    );
    this.refuseOlder(found, known);
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

/**
 * How the members of the scope stand: those that are missing with the time from which they have to be read, and the time at
 * which reading had come when all others were last known to be there (`sure`).
 */
function standingOf(checkpoint: Checkpoint | undefined): { away: Map<MemberKey, string>; sure: string } {
  checkCheckpoint(checkpoint, { sure: 'time', time: 'time' });
  const left = Object.entries(isJson(checkpoint?.away) ? checkpoint.away : {});
  const away = new Map(left.map(([key, time]): [string, string] => [key, timeOr(time, BEGINNING)]));
  return { away, sure: timeOr(checkpoint?.sure, timeOr(checkpoint?.time, BEGINNING)) };
}

const BEGINNING = '1970-01-01T00:00:00Z';
const timeOr = (time: unknown, other: string): string =>
  typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : other;

/** A checkpoint that tells how the members stand; without `sure`, its own time is that. */
function standing(checkpoint: Checkpoint | undefined, away: ReadonlyMap<MemberKey, string>, sure?: string): Checkpoint {
  const { away: _away, sure: _sure, ...rest } = checkpoint ?? {};
  return {
    ...rest,
    ...(away.size > 0 && { away: Object.fromEntries(away) }),
    ...(sure !== undefined && sure !== rest.time && { sure }),
  };
}

/** Where the next poll starts. */
function end({ time: from, skip, seen, redo, owed }: Position, newest: string | undefined, size: number): Position {
  if (redo !== undefined) return { time: earlier(redo, newest), skip: 0, seen, owed };
  // a last second that fills pages is not read again and again
  return { time: newest ?? from, skip: from === newest && skip > size / 2 ? skip : 0, seen, owed };
}

const timeOf = (version: string | undefined): string => (version === undefined ? '' : timeOfVersion(version));

const isAt = (issue: RawIssue | undefined, [id, version]: [string, string]): boolean =>
  issue !== undefined && issue.id === id && version !== '' && issue.updatedOn === timeOfVersion(version);

function trim(map: Map<string, string>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return;
    map.delete(key);
  }
}

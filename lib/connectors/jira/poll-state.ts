/**
 * What one poll of Jira has seen, and the checkpoints that follow from it. A checkpoint holds a time from which the next poll
 * reads, and the issues from there on that were read, each with its update time.
 */

import type { Entity } from '../../model/entity';
import { START_AGAIN, SyncError } from '../../model/errors';
import type { Overflow } from '../cache';
import { checkCheckpoint } from '../checkpoint';
import type { ChangePage, Checkpoint, Scope } from '../connector';
import type { JiraApi } from './api';
import type { MemberKey } from './members';
import type { IssueReader } from './reading';
import { isJson, millisecondsOf, type RawIssue, textOf, utcOf } from './shapes';

/** How much later than its neighbours in time the index may take a write: "a few seconds to minutes", says Atlassian. */
export const LAG_MS = 600_000;
/** So much at least, where more issues changed meanwhile than a checkpoint holds. */
export const LEAST_LAG_MS = 120_000;
/** The coarsest clock that an index compares times with. */
export const RESOLUTION_MS = 60_000;
/** An update time of whole seconds may be borne by another change until this long after it. */
const SETTLE_MS = 2_000;
/** The same on Data Center, where issues are read from an index: until it has the last change of that second. */
const SETTLE_BY_INDEX_MS = 60_000;
/** The same for a time with milliseconds: `Date` has whole seconds. */
const TICK_MS = 1_000;
/** The `Date` of an answer may be a proxy's. */
const PROXY_MS = 3_000;
/** Issues in a checkpoint, the newest ones. */
export const SEEN = 1_000;
const WITNESSES = 10;
/** Changed issues that Jira does not deliver; more than this is no matter of single issues. */
const MOST_OWED = 100;
/** Several nodes behind one address differ, and an index may round: so much is no restored back-up. */
const CLOCK_STEP_MS = 3_000;

/** An issue and its update time, ms since 1970, as the index has it. */
export interface Row {
  id: string;
  at: number;
}

export interface Position {
  /** ms since 1970; undefined = from the beginning */
  from: number | undefined;
  /** issues read, with the update time that they were read with */
  seen: Map<string, number>;
  /** issues that changed before and were not delivered: they are read first */
  owed: string[];
  /** members of the scope that were missing, each with the time from which it has to be read once it is back */
  away: Map<MemberKey, number>;
}

/** What one poll has seen so far, and the checkpoints that follow from it. */
export class Poll {
  /** everything read in this poll or known from before, with its time */
  private readonly known: Map<string, number>;
  /** read at a time that another change may still bear: to be read again by the next poll */
  private readonly unsettled = new Set<string>();
  /** changed, but not delivered yet */
  private readonly owed: Set<string>;
  /** members of the scope that are missing, with the time from which they have to be read */
  readonly away: Map<MemberKey, number>;
  private newest: number | undefined;
  /** issues read in this poll */
  private count = 0;
  /** the newest issue of the checkpoint, until it has been looked for */
  anchor: Row | undefined;

  constructor(
    private readonly api: JiraApi,
    private readonly reader: IssueReader,
    private readonly start: Position,
    private readonly scope: Scope,
    readonly pageSize: number,
    private readonly overflow: Overflow<string, number>,
  ) {
    this.known = new Map(start.seen);
    this.owed = new Set(start.owed);
    this.away = new Map(start.away);
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
    // what our own write showed at this very time need not be asked for, where nothing else can bear that time
    const own: Entity[] = [];
    for (const row of rows) {
      if (!isSettled(row, this.newest, serverNow, this.api.isCloud)) continue;
      const entity = await this.reader.takeOwn(row.id, row.at);
      if (entity) own.push(entity);
    }
    const isOwn = new Set(own.map(({ id }) => id));
    const { found: issues, errors } = await this.reader.issues(rows.map(({ id }) => id).filter((id) => !isOwn.has(id)));
    this.count += own.length + issues.length;
    const times = new Map(rows.map(({ id, at }) => [id, at]));
    for (const row of rows) {
      this.known.set(row.id, row.at);
      // not delivered: the following polls ask again, however far they have come by then
      if (errors.has(row.id)) this.owe(row.id);
      else this.owed.delete(row.id);
    }
    for (const { id, at } of issues.map(rowOf)) {
      const row = { id, at: Math.max(at, times.get(id) ?? at) };
      this.known.set(id, row.at);
      if (isSettled(row, this.newest, serverNow, this.api.isCloud)) this.unsettled.delete(id);
      else this.unsettled.add(id);
    }
    const entities = [...own, ...(await this.reader.entities(issues))];
    const { projects, types } = this.scope;
    return entities
      .filter(({ project, type }) => projects.includes(project) && types.includes(type))
      .sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt));
  }

  /** @throws SyncError transient – so many are not delivered that it is no matter of single issues */
  private owe(id: string): void {
    this.owed.add(id);
    if (this.owed.size <= MOST_OWED) return;
    throw new SyncError(
      'transient',
      `Jira does not deliver over ${MOST_OWED} issues that have changed: it is asked again`,
    );
  }

  /** From here on these are not read: the time from which they will have to be is kept. */
  leave(keys: Iterable<MemberKey>): void {
    for (const key of keys) if (!this.away.has(key)) this.away.set(key, this.start.from ?? 0);
  }

  /** As things stand, with nothing read. */
  unmoved(): Checkpoint {
    return this.start.from === undefined
      ? checkpointOf({ ...this.start, owed: [...this.owed], away: this.away })
      : this.checkpoint(this.start.from);
  }

  /** What earlier polls were not given and this one is, in pages. */
  async *settleOwed(): AsyncGenerator<ChangePage> {
    const { owed, seen, from = 0 } = this.start;
    for (let at = 0; at < owed.length; at += this.pageSize) {
      const rows = owed.slice(at, at + this.pageSize).map((id) => ({ id, at: seen.get(id) ?? from }));
      const entities = await this.read(rows, undefined);
      if (entities.length > 0) yield { entities, checkpoint: this.unmoved() };
    }
  }

  /** Looks for the newest issue that was read before. @throws SyncError fatal – it is older than it was */
  async hear(rows: Row[]): Promise<void> {
    const anchor = this.anchor;
    this.anchor = undefined;
    if (!anchor || rows.some(({ id, at }) => id === anchor.id && at >= anchor.at - CLOCK_STEP_MS)) return;
    const witnesses = [...this.start.seen].slice(-WITNESSES);
    const { found: issues, errors } = await this.api.issues(
      witnesses.map(([id]) => id),
      { fields: ['updated'] },
    );
    for (const { id, at: shown } of issues.map(rowOf)) {
      const before = this.start.seen.get(id) ?? shown;
      if (before - shown <= CLOCK_STEP_MS) continue;
      // several come from an index on Data Center, which may be behind: one alone comes from the database
      const [alone] = (await this.api.issues([id], { fields: ['updated'] })).found;
      const at = alone ? rowOf(alone).at : before;
      if (before - at > CLOCK_STEP_MS) {
        throw new SyncError(
          'fatal',
          `Jira's time goes backwards: issue ${id} was updated at ${new Date(before).toISOString()}, now Jira says ` +
            `${new Date(at).toISOString()}. Was the server restored from a back-up? ${START_AGAIN}`,
        );
      }
    }
    // what was deleted or moved away bears no witness any more
    const there = new Set(issues.map(({ id }) => id));
    for (const [id] of witnesses) if (!there.has(id) && !errors.has(id)) this.known.delete(id);
  }

  /** Forgets what lies before a time that is not read again. */
  prune(from: number): void {
    for (const [id, at] of this.known) if (at < from - LAG_MS) this.known.delete(id);
  }

  /** Behind the issues read so far: all that follow have this time or a later one. */
  middle(at: number): Checkpoint {
    return this.checkpoint(this.behind(at));
  }

  /** True where nothing new was found and the next poll begins where this one did. */
  isIdle(serverNow: number | undefined): boolean {
    return this.count === 0 && positionOf(this.end(serverNow), this.overflow).from === this.start.from;
  }

  end(serverNow: number | undefined): Checkpoint {
    const { newest } = this;
    if (newest === undefined) return checkpointOf({ ...this.start, owed: [...this.owed], away: this.away });
    const from = this.behind(newest);
    const times = [...this.known.values()].filter((at) => at >= from).sort((a, b) => a - b);
    const first = times.at(-SEEN);
    if (times.length <= SEEN || first === undefined) return this.checkpoint(from);
    // So many that a checkpoint cannot hold them. Once the server's clock is far beyond them, nothing can appear among them
    // any more, and they needn't be read again and again.
    const over = serverNow !== undefined && serverNow - newest > LAG_MS + RESOLUTION_MS;
    if (over) return this.checkpoint(newest + 1, WITNESSES);
    return this.checkpoint(Math.max(from, Math.min(first, newest - LEAST_LAG_MS)), SEEN, true);
  }

  private behind(at: number): number {
    return Math.max(this.start.from ?? Number.NEGATIVE_INFINITY, at - LAG_MS);
  }

  /** @param keepAll what does not fit is kept in memory */
  private checkpoint(from: number, most = SEEN, keepAll = false): Checkpoint {
    const read = [...this.known].filter(([id, at]) => at >= from - RESOLUTION_MS && !this.unsettled.has(id));
    read.sort(([, a], [, b]) => a - b);
    const checkpoint = checkpointOf({ from, seen: new Map(read.slice(-most)), owed: [...this.owed], away: this.away });
    if (!keepAll || read.length <= most) return checkpoint;
    return { ...checkpoint, more: this.overflow.keep(new Map(read)) };
  }
}

export function rowOf({ id, fields }: RawIssue): Row {
  const at = millisecondsOf(fields.updated);
  if (Number.isNaN(at)) throw new SyncError('fatal', `Jira shows issue ${id} without an update time`);
  return { id, at };
}

/**
 * True where no other change can bear an issue's update time any more, since the server's clock had passed it before the issue
 * was read. The clock is known by the newest update time, and by the `Date` of the search's answer; where a database keeps
 * whole seconds, the `Date` is trusted less: it may be a proxy's.
 */
function isSettled(
  { at }: Row,
  newest: number | undefined,
  serverNow: number | undefined,
  fromDatabase: boolean,
): boolean {
  const wholeSeconds = at % 1000 === 0;
  const margin = wholeSeconds ? (fromDatabase ? SETTLE_MS : SETTLE_BY_INDEX_MS) : TICK_MS;
  const now = (serverNow ?? Number.NEGATIVE_INFINITY) - (wholeSeconds ? PROXY_MS : 0);
  return Math.max(newest ?? Number.NEGATIVE_INFINITY, now) - at >= margin;
}

function newestOf(seen: ReadonlyMap<string, number>): Row | undefined {
  let newest: Row | undefined;
  for (const [id, at] of seen) if (!newest || at >= newest.at) newest = { id, at };
  return newest;
}

/**
 * `{from: ISO 8601, seen: ["10001@<ms after from, base 36>"], owed: ["10002"], away: {"project 10200": ISO
 * 8601}}`; `more` names what is kept in memory besides
 */
export function checkpointOf({ from, seen, owed, away }: Position): Checkpoint {
  const missing = [...away].map(([key, at]) => [key, new Date(at).toISOString()]);
  const left = missing.length > 0 ? { away: Object.fromEntries(missing) } : {};
  if (from === undefined) return left;
  const pairs = [...seen].map(([id, at]) => `${id}@${(at - from).toString(36)}`);
  return {
    from: new Date(from).toISOString(),
    ...(pairs.length > 0 ? { seen: pairs } : {}),
    ...(owed.length > 0 ? { owed } : {}),
    ...left,
  };
}

export function positionOf(checkpoint: Checkpoint | undefined, overflow: Overflow<string, number>): Position {
  checkCheckpoint(checkpoint, { from: 'time', seen: 'list' });
  const from = utcOf(checkpoint?.from);
  const missing = isJson(checkpoint?.away) ? Object.entries(checkpoint.away) : [];
  const away = new Map(missing.map(([key, at]): [string, number] => [key, Date.parse(utcOf(at) ?? '') || 0]));
  if (from === undefined) return { from: undefined, seen: new Map(), owed: [], away };
  const ms = Date.parse(from);
  const list = Array.isArray(checkpoint?.seen) ? checkpoint.seen : [];
  const pairs = list.flatMap((one): [string, number][] => {
    const [, id, after] = /^(\d+)@(-?[0-9a-z]+)$/.exec(String(one)) ?? [];
    return id && after ? [[id, ms + Number.parseInt(after, 36)]] : [];
  });
  // the newest last, in any case
  const owed = (Array.isArray(checkpoint?.owed) ? checkpoint.owed : []).flatMap((id) => textOf(id) ?? []);
  return { from: ms, seen: new Map([...overflow.recall(checkpoint?.more), ...pairs]), owed, away };
}

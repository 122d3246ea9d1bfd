/**
 * Reads the changes of a system that numbers them: transactions, revisions, audit entries. No clock is involved, so
 * neither time zones nor equal times can lose a change.
 *
 * Problems and their solutions:
 * - A number may become visible later than a higher one, because it was assigned before its transaction was committed.
 *   The checkpoint therefore stays behind the entries of the last `settleMs`, by the system's own times, and that span
 *   is read again. Entries that were already passed on are recognized by their version.
 * - The order is checked: a page that is not sorted, or contains entries before its start, stops the poll with an error
 *   that names both entries.
 * - The entry at the checkpoint is requested again each time. If it is missing, the newest number is checked: a lower
 *   one is the sign of a restored backup.
 * - An entity that cannot be read blocks nothing: it is owed. The checkpoint names it, and the following polls ask
 *   again.
 * - A permission may be removed while the project itself stays visible: then its entries are silently left out. The
 *   checkpoint therefore names up to two entities of each project, and if a page has nothing of a project, the poll
 *   asks whether they are hidden.
 */

import type { Entity, EntityId, ProjectId } from '../../model/entity';
import { START_AGAIN, SyncError } from '../../model/errors';
import type { ChangePage, Checkpoint, ReadResult } from '../connector';
import { checkCheckpoint } from './checkpoint';
import { isJson } from './json';
import { type Debts, owedOf, owedPart } from './owed';
import { pointInTime } from './zone';

/** One numbered change. */
export interface Numbered {
  seq: number;
  /** the changed entity */
  entity: EntityId;
  /** the time of the change, ms since 1970, by the system's clock */
  at: number;
}

/** How a feed finds out that the entities of a visible project are hidden. */
export interface Sight {
  /** projects of the scope that the system shows */
  projects: readonly ProjectId[];
  /** ids of the newest entities of a project, if any are shown */
  newest(project: ProjectId): Promise<EntityId[]>;
  /** Existing entities that the account cannot see, by the system's own word. */
  hidden(ids: EntityId[]): Promise<ReadonlySet<EntityId>>;
  /** a sentence for users */
  why(project: ProjectId): string;
}

export interface SequenceFeed {
  sight?: Sight;
  /** projects of the scope that the system does not show now, id → a sentence; reading continues without them */
  missing: ReadonlyMap<string, string>;
  /** for errors: "Request Tracker" */
  product: string;
  /** the system's word for an entry: "transaction" */
  entry: string;
  /** time after an entry with a later number until none with an earlier number can appear any longer, ms */
  settleMs: number;
  /** Up to `limit` entries of the scope with `seq` ≥ `from`, in ascending order; `now` if the answer contains the
   * time. */
  entries(from: number, limit: number): Promise<{ entries: Numbered[]; now?: number }>;
  /** The newest entry of the scope, or of everything the account can see; undefined = there is none. */
  newest(where: 'scope' | 'anywhere'): Promise<Numbered | undefined>;
  /** Up to `limit` entities of the scope with ids above `after`, ascending: for a first read without the whole
   * history. */
  everything(after: string | undefined, limit: number): Promise<Stretch>;
  /** In the order of `ids`; undefined = gone, or outside the scope. A SyncError: unknown, to be requested again. */
  read(ids: EntityId[]): Promise<ReadResult[]>;
  /** requests to repeat and their times; lives as long as the connection */
  debts: Debts<EntityId>;
}

/** Entities by ascending id. */
export interface Stretch {
  entities: Entity[];
  /** the last id that was read; undefined = there are no more */
  last?: EntityId;
  /** entities that could not be read */
  failed?: ReadonlyMap<EntityId, SyncError>;
}

/** Entities that changed and could not be read, in the form of the checkpoint. */
type Owed = Map<EntityId, true>;

interface Position {
  seq: number;
  /** a first read is in progress, up to this id */
  after?: string;
  /** the positions of missing members of the scope: once they are back, reading continues from there */
  away: ReadonlyMap<string, number>;
  /** entities of each project that were shown */
  shown: Map<ProjectId, EntityId[]>;
  /** the position from which a project is read that has just been found hidden; only with `Sight` */
  sure?: Sure;
}

/** Two positions. The earlier one was left at least `SIGHT_MS` before the later one was taken, at `at` (ms since
 * 1970). */
interface Sure {
  earlier: number;
  later: number;
  at: number;
}

/** A server may use outdated permissions in one answer and not in the next. */
const SIGHT_MS = 600_000;

/** Number of entities of a project that are checked again. */
const WITNESSES = 2;

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

const withOwed = (checkpoint: Checkpoint, owed: Owed): Checkpoint => {
  const { owed: _before, ...rest } = checkpoint;
  return { ...rest, ...owedPart(owed) };
};

function positionOf({ seq, after, away, shown, sure }: Checkpoint): Position | undefined {
  if (!isNumber(seq)) return undefined;
  const left = Object.entries(isJson(away) ? away : {}).filter((one): one is [string, number] => isNumber(one[1]));
  const seen = Object.entries(isJson(shown) ? shown : {}).map(([project, ids]): [ProjectId, EntityId[]] => [
    project,
    Array.isArray(ids) ? ids.map(String) : [],
  ]);
  const { earlier, later, at } = isJson(sure) ? sure : {};
  return {
    ...{ seq, away: new Map(left), shown: new Map(seen) },
    ...(isNumber(earlier) && isNumber(later) && isNumber(at) && { sure: { earlier, later, at } }),
    ...(typeof after === 'string' && { after }),
  };
}

const checkpointOf = ({ seq, after, away, shown, sure }: Position): Checkpoint => ({
  seq,
  ...(sure && { sure }),
  ...(after !== undefined && { after }),
  ...(away.size > 0 && { away: Object.fromEntries(away) }),
  ...(shown.size > 0 && { shown: Object.fromEntries(shown) }),
});

/** The checkpoint after the newest entry; undefined if there is none. */
export async function newestInSequence(feed: SequenceFeed): Promise<Checkpoint | undefined> {
  const newest = await feed.newest('scope');
  return newest && { seq: newest.seq + 1 };
}

/** From this time on (ISO 8601). The first poll finds the matching number. @see Connection.checkpointAt */
export function sequenceAt(time: string): Checkpoint {
  return { time: new Date(pointInTime(time)).toISOString() };
}

/**
 * The number from which on nothing at or after the time is missed; undefined while that time is in the future. Times
 * grow with the numbers, except for concurrent entries; and an entity may have a slightly later time than its entry
 * (RT sets it afterwards), so both comparisons allow for `settleMs`. A binary search needs some twenty entries.
 */
async function numberAt(feed: SequenceFeed, time: number): Promise<number | undefined> {
  const newest = await feed.newest('scope');
  if (!newest || newest.at < time - feed.settleMs) return undefined;
  let [low, high] = [0, newest.seq];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const first = (await feed.entries(middle, 1)).entries[0];
    if (!first || first.at >= time - feed.settleMs) high = middle;
    else low = first.seq + 1;
  }
  return low;
}

/**
 * @see Connection.changes
 * @throws SyncError fatal if the position is not valid, the order is broken, or the numbers went back
 */
export async function* changesInSequence(
  feed: SequenceFeed,
  since: Checkpoint | undefined,
  pageSize: number,
): AsyncGenerator<ChangePage> {
  const size = Math.max(1, Math.floor(pageSize));
  checkCheckpoint(since, { owed: 'list' });
  const owed = owedOf(since);
  if (since && owed.size > 0) {
    const entities = await settle(feed, owed);
    if (entities.length > 0) yield { entities, checkpoint: withOwed(since, owed) };
  }
  let position = since && positionOf(since);
  if (since && typeof since.time === 'string') {
    const seq = await numberAt(feed, Date.parse(since.time));
    if (seq === undefined) {
      yield { entities: [], checkpoint: withOwed(since, owed) };
      return;
    }
    position = { seq, away: new Map(), shown: new Map() };
  }
  if (since && !position) {
    throw new SyncError('fatal', `The stored position does not belong to ${feed.product}. ${START_AGAIN}`);
  }
  if (!position) {
    const seq = ((await feed.newest('scope'))?.seq ?? -1) + 1;
    position = { seq, after: '', away: new Map(), shown: new Map() };
  }
  const { shown } = position;
  const missing = new Map([...feed.missing, ...(await hiddenProjects(feed, shown, [...position.away.keys()]))]);

  while (position.after !== undefined) {
    const { entities, last, failed }: Stretch = await feed.everything(position.after || undefined, size);
    for (const [id, error] of failed ?? []) feed.debts.owe(owed, id, true, error);
    const { seq, away }: Position = position;
    note(shown, entities);
    position = { seq, away, shown, ...(last !== undefined && { after: last }) };
    if (entities.length > 0) yield { entities, checkpoint: withOwed(checkpointOf(position), owed), ...named(missing) };
  }

  // members that are back continue at their last position; the others read that stretch again and recognize it
  const back = [...position.away].filter(([id]) => !missing.has(id)).map(([, seq]) => seq);
  const start = back.reduce((least, seq) => Math.min(least, seq), position.seq);
  const away = new Map([...missing.keys()].map((id) => [id, position.away.get(id) ?? position.seq]));
  let from = Math.max(0, start - 1);
  let { sure } = position;
  let isFirst = true;
  /** the first entry that was too close to the system's now for all earlier ones to be visible */
  let redo: number | undefined;
  for (;;) {
    const { entries, now } = await feed.entries(from, size + 1);
    refuseDisorder(feed, entries, from);
    // the entry before the position existed when the position was made: if it is missing, the numbers may have gone
    // back
    const isUnknown = isFirst && !since?.time && back.length === 0 && start > 0 && entries[0]?.seq !== from;
    if (isUnknown && (await hiddenProjects(feed, shown, [...(feed.sight?.projects ?? [])])).size === 0)
      await refuseRestored(feed, start);
    const fresh = entries.filter(({ seq }) => (isFirst ? seq >= start : seq > from));
    isFirst = false;
    redo ??= unsettled(feed, entries, start, now);
    const entities = await readOrOwe(feed, owed, [...new Set(fresh.map(({ entity }) => entity))]);
    note(shown, entities);
    const silent = feed.sight?.projects.filter((id) => !entities.some(({ project }) => project === id)) ?? [];
    for (const [id, why] of await hiddenProjects(feed, shown, silent)) {
      if (!away.has(id)) away.set(id, Math.min(sure?.earlier ?? start, start));
      missing.set(id, why);
    }
    if (feed.sight) sure = moved(sure, start, now);
    const last = entries.at(-1);
    const next = last === undefined ? start : last.seq + 1;
    const checkpoint = withOwed(
      checkpointOf({ seq: Math.max(start, redo ?? next), away, shown, ...(sure && { sure }) }),
      owed,
    );
    yield { entities, checkpoint, ...named(missing) };
    if (last === undefined || entries.length <= size) return;
    from = last.seq;
  }
}

function moved(sure: Sure | undefined, seq: number, now: number | undefined): Sure | undefined {
  if (now === undefined || (sure && now - sure.at < SIGHT_MS)) return sure;
  return { earlier: sure?.later ?? seq, later: seq, at: now };
}

const named = (missing: ReadonlyMap<ProjectId, string>): Pick<ChangePage, 'missing'> =>
  missing.size > 0 ? { missing: [...missing].map(([id, why]) => ({ kind: 'project', id, why })) } : {};

/** Stores entities that have just been shown, for the next check. */
function note(shown: Map<ProjectId, EntityId[]>, entities: Entity[]): void {
  for (const { id, project } of entities)
    shown.set(project, [...new Set([id, ...(shown.get(project) ?? [])])].slice(0, WITNESSES));
}

/** The projects whose earlier entities are all hidden now, each with a sentence. */
async function hiddenProjects(
  { sight }: SequenceFeed,
  shown: Map<ProjectId, EntityId[]>,
  projects: ProjectId[],
): Promise<Map<ProjectId, string>> {
  const found = new Map<ProjectId, string>();
  if (!sight) return found;
  const asked = new Map<ProjectId, EntityId[]>();
  for (const project of projects.filter((id) => sight.projects.includes(id))) {
    const ids = shown.get(project) ?? (await sight.newest(project)).slice(0, WITNESSES);
    if (ids.length === 0) continue;
    shown.set(project, ids);
    asked.set(project, ids);
  }
  const hidden = asked.size > 0 ? await sight.hidden([...asked.values()].flat()) : new Set<EntityId>();
  for (const [project, ids] of asked) if (ids.every((id) => hidden.has(id))) found.set(project, sight.why(project));
  return found;
}

/** Entities in their current state, oldest change first; unreadable ones are owed. @throws SyncError if nothing can
 * be read */
async function readOrOwe(feed: SequenceFeed, owed: Owed, ids: EntityId[]): Promise<Entity[]> {
  if (ids.length === 0) return [];
  return byTime(feed.debts.take(owed, ids, await feed.read(ids), () => true));
}

/** Entities that earlier polls could not read and this one can. */
const settle = async (feed: SequenceFeed, owed: Owed): Promise<Entity[]> =>
  byTime(
    await feed.debts.ask(
      owed,
      feed.debts.due(owed),
      (ids) => feed.read(ids),
      () => true,
    ),
  );

/** The position for the next read: after the last entry before which nothing can appear any longer. */
function unsettled({ settleMs }: SequenceFeed, entries: Numbered[], start: number, now?: number): number | undefined {
  // the last entry existed when the system answered, so its clock had passed that time
  const bound = Math.max(now ?? Number.NEGATIVE_INFINITY, entries.at(-1)?.at ?? Number.NEGATIVE_INFINITY) - settleMs;
  const open = entries.findIndex(({ at, seq }) => at > bound && seq >= start);
  if (open === -1) return undefined;
  const before = entries[open - 1];
  return before === undefined ? start : before.seq + 1;
}

const byTime = (entities: Entity[]): Entity[] =>
  [...entities].sort((a, b) => (a.updatedAt < b.updatedAt ? -1 : a.updatedAt > b.updatedAt ? 1 : 0));

function refuseDisorder({ product, entry }: SequenceFeed, entries: Numbered[], from: number): void {
  const first = entries[0];
  if (first && first.seq < from) {
    throw new SyncError(
      'fatal',
      `${product} was asked for every ${entry} from ${from} on and answers with ${first.seq}. It does not filter, so ` +
        'Twinflow uses nothing of this page',
    );
  }
  for (const [index, one] of entries.entries()) {
    const before = entries[index - 1];
    if (before && one.seq <= before.seq) {
      throw new SyncError(
        'fatal',
        `${product} was asked for an ascending order and answers with ${entry} ${one.seq} behind ${before.seq}. Changes ` +
          'could be missed, so Twinflow uses nothing of this page',
      );
    }
  }
}

async function refuseRestored(feed: SequenceFeed, seq: number): Promise<void> {
  const newest = await feed.newest('anywhere');
  // the number before was the newest when the position was made; it may have become invisible since
  if (newest && newest.seq >= seq - 1) return;
  if (!newest && seq <= 1) return;
  throw new SyncError(
    'fatal',
    `${feed.product} goes backwards: ${feed.entry} ${seq - 1} was read, the newest is ${newest?.seq ?? 'none'} now. ` +
      `A backup may have been restored. ${START_AGAIN}`,
  );
}

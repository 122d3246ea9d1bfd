/**
 * Changes of a system that numbers them: transactions, revisions, audit entries. No clock is involved, so neither time
 * zones nor equal times can lose anything.
 *
 * What can go wrong, and how it is met:
 * - A number may become visible later than a higher one, since it was taken before its transaction was committed. So the
 *   checkpoint stays behind what the system has written in the last `settleMs`, by the system's own times, and that span is
 *   read again. What it holds was passed on already and is recognised by its version.
 * - Order is not hoped for: a page that is not sorted, or holds what lies before its start, stops the poll with both entries
 *   named.
 * - The entry at the checkpoint is asked for again each time. Where it does not come, the newest number is looked at: a
 *   lower one is the sign of a restored back-up.
 * - One entity that cannot be read holds up nothing: it is owed. The checkpoint names it, and the following polls ask again.
 */

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, START_AGAIN, SyncError } from '../../model/errors';
import { checkCheckpoint } from '../checkpoint';
import type { ChangePage, Checkpoint, ReadResult } from '../connector';
import { type Debts, isOfOne } from '../owed';
import { isJson } from './json';

/** One numbered change. */
export interface Numbered {
  seq: number;
  /** the entity that it is about */
  entity: EntityId;
  /** when, ms since 1970, by the system's clock */
  at: number;
}

export interface SequenceFeed {
  /** members of the scope (projects, types) that the system does not show now, id → a sentence; they are read without */
  missing: ReadonlyMap<string, string>;
  /** for errors: "Request Tracker" */
  product: string;
  /** what the system calls an entry: "transaction" */
  entry: string;
  /** how long after an entry of a later number one of an earlier number may still appear, ms */
  settleMs: number;
  /** Up to `limit` entries of the scope with `seq` ≥ `from`, in ascending order; `now` where the answer tells the time. */
  entries(from: number, limit: number): Promise<{ entries: Numbered[]; now?: number }>;
  /** The newest entry of the scope, or of all that the account sees; undefined = there is none. */
  newest(where: 'scope' | 'anywhere'): Promise<Numbered | undefined>;
  /** Up to `limit` entities of the scope with ids above `after`, ascending: for a first reading without the whole history. */
  everything(after: string | undefined, limit: number): Promise<Stretch>;
  /** In the order of `ids`; undefined = gone, or outside of the scope. A SyncError: nothing is known, it is asked for again. */
  read(ids: EntityId[]): Promise<ReadResult[]>;
  /** what is asked for again, and when; lives as long as the connection */
  debts: Debts<EntityId>;
}

/** Entities by ascending id. */
export interface Stretch {
  entities: Entity[];
  /** the last id that was looked at; undefined = there are no more */
  last?: EntityId;
  /** those that could not be read */
  failed?: ReadonlyMap<EntityId, SyncError>;
}

/** Entities that changed and could not be read, as the checkpoint has them. */
type Owed = Map<EntityId, true>;

interface Position {
  seq: number;
  /** a first reading is under way, up to this id */
  after?: string;
  /** where members of the scope were left that are missing: once they are back, reading goes on from there */
  away: ReadonlyMap<string, number>;
}

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;

function owedOf(checkpoint: Checkpoint | undefined): Owed {
  checkCheckpoint(checkpoint, { owed: 'list' });
  const list = Array.isArray(checkpoint?.owed) ? checkpoint.owed : [];
  return new Map(list.map((id) => [String(id), true]));
}

const withOwed = (checkpoint: Checkpoint, owed: Owed): Checkpoint => {
  const { owed: _before, ...rest } = checkpoint;
  return owed.size > 0 ? { ...rest, owed: [...owed.keys()] } : rest;
};

function positionOf({ seq, after, away }: Checkpoint): Position | undefined {
  if (!isNumber(seq)) return undefined;
  const left = Object.entries(isJson(away) ? away : {}).filter((one): one is [string, number] => isNumber(one[1]));
  return { seq, away: new Map(left), ...(typeof after === 'string' && { after }) };
}

const checkpointOf = ({ seq, after, away }: Position): Checkpoint => ({
  seq,
  ...(after !== undefined && { after }),
  ...(away.size > 0 && { away: Object.fromEntries(away) }),
});

/** The checkpoint behind the newest entry; undefined where there is none. */
export async function newestInSequence(feed: SequenceFeed): Promise<Checkpoint | undefined> {
  const newest = await feed.newest('scope');
  return newest && { seq: newest.seq + 1 };
}

/** From this time on (ISO 8601); where it begins among the numbers is found out by the first poll. @see Connection.checkpointAt */
export function sequenceAt(time: string): Checkpoint {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new SyncError('invalid', `"${time}" is not a point in time (ISO 8601)`);
  return { time: new Date(ms).toISOString() };
}

/**
 * The number from which on nothing at or after the time is missed; undefined while it has not come. Times grow with the
 * numbers, but for what was under way at once: half an interval is asked for each time, some twenty entries in all.
 */
async function numberAt(feed: SequenceFeed, time: number): Promise<number | undefined> {
  const newest = await feed.newest('scope');
  if (!newest || newest.at < time) return undefined;
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
 * @throws SyncError fatal – the position is not ours, the order is broken, or the numbers went back
 */
export async function* changesInSequence(
  feed: SequenceFeed,
  since: Checkpoint | undefined,
  pageSize: number,
): AsyncGenerator<ChangePage> {
  const size = Math.max(1, Math.floor(pageSize));
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
    position = { seq, away: new Map() };
  }
  if (since && !position) {
    throw new SyncError('fatal', `The stored position is not one of ${feed.product}. ${START_AGAIN}`);
  }
  if (!position) position = { seq: ((await feed.newest('scope'))?.seq ?? -1) + 1, after: '', away: new Map() };
  const missing = feed.missing.size > 0 ? { missing: [...feed.missing.values()] } : {};

  while (position.after !== undefined) {
    const { entities, last, failed }: Stretch = await feed.everything(position.after || undefined, size);
    for (const [id, error] of failed ?? []) feed.debts.owe(owed, id, true, error);
    const { seq, away }: Position = position;
    position = { seq, away, ...(last !== undefined && { after: last }) };
    if (entities.length > 0) yield { entities, checkpoint: withOwed(checkpointOf(position), owed), ...missing };
  }

  // what was missing and is back goes on where it was left; the others read that stretch again, and know it
  const back = [...position.away].filter(([id]) => !feed.missing.has(id)).map(([, seq]) => seq);
  const start = back.reduce((least, seq) => Math.min(least, seq), position.seq);
  const away = new Map([...feed.missing.keys()].map((id) => [id, position.away.get(id) ?? position.seq]));
  let from = Math.max(0, start - 1);
  let isFirst = true;
  /** the first entry that was too near to the system's now for all before it to be there */
  let redo: number | undefined;
  for (;;) {
    const { entries, now } = await feed.entries(from, size + 1);
    refuseDisorder(feed, entries, from);
    // the entry before the position was there when the position was made: without it, something may have gone back
    if (isFirst && !since?.time && back.length === 0 && start > 0 && entries[0]?.seq !== from)
      await refuseRestored(feed, start);
    const fresh = entries.filter(({ seq }) => (isFirst ? seq >= start : seq > from));
    isFirst = false;
    redo ??= unsettled(feed, entries, start, now);
    const entities = await readOrOwe(feed, owed, [...new Set(fresh.map(({ entity }) => entity))]);
    const last = entries.at(-1);
    const next = last === undefined ? start : last.seq + 1;
    const checkpoint = withOwed(checkpointOf({ seq: Math.max(start, redo ?? next), away }), owed);
    yield { entities, checkpoint, ...missing };
    if (last === undefined || entries.length <= size) return;
    from = last.seq;
  }
}

/** Entities as they are now, oldest change first; what cannot be read is owed. @throws SyncError – nothing can be read */
async function readOrOwe(feed: SequenceFeed, owed: Owed, ids: EntityId[]): Promise<Entity[]> {
  if (ids.length === 0) return [];
  const results = await feed.read(ids);
  const entities: Entity[] = [];
  for (const [index, id] of ids.entries()) {
    const result = results[index];
    if (result instanceof SyncError) {
      feed.debts.owe(owed, id, true, result);
      continue;
    }
    feed.debts.settle(owed, id);
    if (result) entities.push(result);
  }
  return byTime(entities);
}

/** What earlier polls could not read and this one can. */
async function settle(feed: SequenceFeed, owed: Owed): Promise<Entity[]> {
  const due = [...owed.keys()].filter((id) => feed.debts.isDue(id));
  try {
    return await readOrOwe(feed, owed, due);
  } catch (thrown) {
    // nothing but culprits, or a server that is down: what follows will tell
    const error = asSyncError(thrown);
    if (!isOfOne(error)) throw error;
    for (const id of due) feed.debts.owe(owed, id, true, error);
    return [];
  }
}

/** Where reading has to begin again: behind the last entry before which nothing can appear any more. */
function unsettled({ settleMs }: SequenceFeed, entries: Numbered[], start: number, now?: number): number | undefined {
  // the last entry was there when the system looked, so its clock had passed that time
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
      `${product} was asked for every ${entry} from ${from} on and answers with ${first.seq}: it does not filter, so ` +
        'nothing of this page is used',
    );
  }
  for (const [index, one] of entries.entries()) {
    const before = entries[index - 1];
    if (before && one.seq <= before.seq) {
      throw new SyncError(
        'fatal',
        `${product} was asked for an ascending order and answers with ${entry} ${one.seq} behind ${before.seq}: something ` +
          'might be missed, so nothing of this page is used',
      );
    }
  }
}

async function refuseRestored(feed: SequenceFeed, seq: number): Promise<void> {
  const newest = await feed.newest('anywhere');
  // one less was the newest when the position was made; it may be out of sight since
  if (newest && newest.seq >= seq - 1) return;
  if (!newest && seq <= 1) return;
  throw new SyncError(
    'fatal',
    `${feed.product} goes backwards: ${feed.entry} ${seq - 1} was read, the newest is ${newest?.seq ?? 'none'} now. ` +
      `Was the server restored from a back-up? ${START_AGAIN}`,
  );
}

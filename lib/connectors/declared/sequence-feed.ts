/**
 * Changes by number: builds, transactions, entries of an audit log. The kit checks the order, reads what may appear late again, and notices
 * a restored backup (kit/sequence.ts). What is not final yet is kept in the checkpoint, `{…, open: ["12"]}`, and read again by each poll.
 */

import chunk = require('lodash/chunk');

import type { EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { ChangePage, Checkpoint, ReadResult, Scope } from '../connector';
import { type Json, numberOf, textOf } from '../kit/json';
import type { FeedMemory } from '../kit/overlap/guarded';
import { changesInSequence, type SequenceFeed as KitFeed, type Numbered } from '../kit/sequence';
import type { Api, DeclaredListing } from './api';
import { type Entities, holds } from './entities';
import { msOf, type SequenceFeed } from './format';
import { entityId } from './ids';
import { valueAt } from './path';
import type { Reading } from './reading';
import type { Stream } from './time-feed';
import { timeOf } from './values';

interface Context {
  api: Api;
  entities: Entities;
  reading: Reading;
}

const MOST_OPEN = 1_000;

/** @param open receives what is not final */
export function numberFeed(
  { api, entities, reading }: Context,
  { type, project }: Stream,
  changes: SequenceFeed,
  scope: Scope,
  memory: FeedMemory,
  open: Set<EntityId> = new Set(),
): KitFeed {
  const { list, newest, final } = changes;
  const vars = (from?: number) => ({
    ...(project !== undefined && { project }),
    ...(from !== undefined && { from: String(from) }),
  });
  const numbered = (item: Json): Numbered => {
    const [seq, at] = [numberOf(valueAt(item, changes.number)), timeOf(valueAt(item, changes.at), type.item.time)];
    const own = textOf(valueAt(item, changes.entity ?? type.item.id));
    if (seq === undefined || own === undefined)
      throw new SyncError('fatal', `${api.product} shows an entry of ${type.name} without a number or id`, {
        malformed: true,
      });
    return {
      seq,
      entity: entityId(api.file, { type, id: own, ...(type.item.within && project !== undefined && { project }) }),
      at: at ?? 0,
    };
  };
  const read = async (ids: EntityId[]): Promise<ReadResult[]> => {
    const found = await reading.find(ids);
    return ids.map((id) => {
      const one = found.get(id);
      open.delete(id);
      if (one === undefined || one instanceof SyncError) return one;
      try {
        const entity = entities.entity(one.type, one.item, one.project ?? project);
        if (!scope.projects.includes(entity.project)) return undefined;
        if (final && !final.every((condition) => holds(one.item, condition))) open.add(id);
        return entity;
      } catch (thrown) {
        return asSyncError(thrown);
      }
    });
  };
  const entries = async (from: number, limit: number) => {
    const { items, serverNow } = await api.some(list, vars(from), 0, limit);
    return { entries: items.map(numbered), ...(serverNow !== undefined && { now: serverNow }) };
  };
  const newestFirst: DeclaredListing = {
    ...list,
    ...(newest.get !== undefined && { get: newest.get }),
    query: { ...list.query, ...newest.query },
  };
  return {
    missing: new Map(),
    product: api.product,
    entry: `entry of ${type.name}`,
    settleMs: msOf(changes.settle),
    debts: memory.debts,
    entries,
    async newest() {
      const { items } = await api.some(newestFirst, vars(), 0, 1);
      return items[0] && numbered(items[0]);
    },
    async everything(after, limit) {
      const { entries: some } = await entries(after === undefined ? 0 : Number(after) + 1, limit);
      const ids = [...new Set(some.map(({ entity }) => entity))];
      const failed = new Map<EntityId, SyncError>();
      const shown = (await read(ids)).flatMap((one, index) => {
        const id = ids[index];
        if (one instanceof SyncError && id !== undefined) failed.set(id, one);
        return one && !(one instanceof SyncError) ? [one] : [];
      });
      const last = some.at(-1);
      return { entities: shown, failed, ...(last && { last: String(last.seq) }) };
    },
    read,
  };
}

export async function* changesByNumber(
  context: Context,
  stream: Stream,
  changes: SequenceFeed,
  scope: Scope,
  memory: FeedMemory,
  since: Checkpoint | undefined,
  pageSize: number,
): AsyncGenerator<ChangePage> {
  const { open: before, ...start } = since ?? {};
  const ids = (Array.isArray(before) ? before : []).map(String);
  const open = new Set<EntityId>(ids);
  const feed = numberFeed(context, stream, changes, scope, memory, open);
  const withOpen = (checkpoint: Checkpoint): Checkpoint => ({
    ...checkpoint,
    ...(open.size > 0 && { open: [...open].slice(-MOST_OPEN) }),
  });
  for (const some of chunk(ids, Math.max(1, Math.floor(pageSize)))) {
    const entities = (await feed.read(some)).flatMap((one, index) => {
      const id = some[index];
      // what could not be read now is read by the next poll
      if (one instanceof SyncError && id !== undefined) open.add(id);
      return one && !(one instanceof SyncError) ? [one] : [];
    });
    if (entities.length > 0) yield { entities, checkpoint: withOpen(start) };
  }
  const from = since === undefined ? undefined : start;
  const { page } = changes.list;
  // the kit asks for one entry more than a page has
  const size = page && 'max' in page ? Math.max(1, Math.min(pageSize, page.max - 1)) : pageSize;
  for await (const { entities, checkpoint } of changesInSequence(feed, from, size))
    yield { entities, checkpoint: withOpen(checkpoint) };
}

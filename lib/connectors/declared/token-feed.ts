/**
 * Changes from a list that goes on from a token, `{token: "…", time: ISO 8601}`. The token in the checkpoint stays behind what is too close
 * to the system's now, so that a row that appears late is read; rows that come again are recognized by their version. A token that the system
 * no longer knows is replaced by the time of the newest row, less `settle`.
 */

import chunk = require('lodash/chunk');

import type { Entity, EntityId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { ChangePage, Checkpoint, Scope } from '../connector';
import { checkCheckpoint } from '../kit/checkpoint';
import type { Json } from '../kit/json';
import { textOf } from '../kit/json';
import { Recent } from '../kit/recent';
import { Track } from '../kit/tokens/track';
import type { Api } from './api';
import { type Entities, holds } from './entities';
import { msOf, type TokenFeed } from './format';
import { valueAt } from './path';
import { seenOf, shortVersion } from './scan-feed';
import { type Stream, timeText } from './time-feed';

const MOST_SEEN = 1_000;

/** Without an answer's `Date`, the newest row shows how late it is at least. */
const isSettled = (newest: number, now: number | undefined, settleMs: number): boolean =>
  now !== undefined && newest <= now - settleMs;

export async function* changesByToken(
  { api, entities }: { api: Api; entities: Entities },
  { type, project }: Stream,
  changes: TokenFeed,
  scope: Scope,
  since: Checkpoint | undefined,
  pageSize: number,
): AsyncGenerator<ChangePage> {
  checkCheckpoint(since, { token: 'text', time: 'time', seen: 'list' });
  const settleMs = msOf(changes.settle);
  let token = textOf(since?.token);
  /** where the feed is begun again without a token */
  let seed = textOf(since?.time);
  let time = seed;
  /** what was read after the token in the checkpoint */
  const seen = new Recent<EntityId, string>(MOST_SEEN, seenOf(since));
  let kept = token;
  let isKept = false;
  let track = new Track(token);
  let restarts = 0;
  const vars = () => {
    const from = time === undefined ? changes.start : timeText(Date.parse(time), changes.time);
    return { ...(project !== undefined && { project }), ...(token !== undefined ? { token } : { from }) };
  };
  for (;;) {
    let page: Awaited<ReturnType<Api['raw']>>;
    try {
      page = await api.raw(changes.list, vars());
    } catch (thrown) {
      const error = asSyncError(thrown);
      const isRefused = error.kind === 'invalid' || error.kind === 'notFound';
      if (!isRefused || token === undefined || time === undefined || restarts > 0) throw error;
      restarts += 1;
      seed = new Date(Date.parse(time) - settleMs).toISOString();
      time = seed;
      [token, kept, isKept, track] = [undefined, undefined, false, new Track(undefined)];
      continue;
    }
    const found: Entity[] = [];
    let newest = time === undefined ? Number.NEGATIVE_INFINITY : Date.parse(time);
    for (const item of page.items) {
      newest = Math.max(newest, entities.known(type, item, project).at);
      if (entities.isOther(type, item) || entities.isGone(type, item)) continue;
      const entity = entities.entity(type, item, project);
      const isNew = seen.get(entity.id) !== shortVersion(entity.version);
      if (isNew && scope.projects.includes(entity.project)) found.push(entity);
    }
    const before = time;
    if (Number.isFinite(newest)) time = new Date(newest).toISOString();
    const next = textOf(valueAt(page.body, changes.next));
    const isLast = isEnd(changes, page.body, page.items) || next === undefined || next === token;
    const parts = chunk(found, Math.max(1, Math.floor(pageSize)));
    const last = parts.pop() ?? [];
    for (const some of parts) {
      for (const { id, version } of some) seen.set(id, shortVersion(version));
      yield { entities: some, checkpoint: positionOf(kept, seed, before, seen) };
    }
    for (const { id, version } of last) seen.set(id, shortVersion(version));
    // what follows the first page that is too new is read again
    isKept ||= !isSettled(newest, page.serverNow, settleMs);
    if (!isKept && next !== undefined) {
      kept = next;
      for (const [id] of [...seen]) seen.delete(id);
    }
    const checkpoint = positionOf(kept, seed, time, seen);
    if (last.length > 0) yield { entities: last, checkpoint };
    if (isLast) {
      if (last.length === 0) yield { entities: [], checkpoint };
      return;
    }
    if (!track.goOn(next, page.items.length)) {
      const words = `${api.product}'s feed of ${type.name} makes no progress: its token leads in a circle`;
      throw new SyncError('transient', words);
    }
    token = next;
  }
}

/** @param seed where the feed begins as long as there is no token; `time` is needed if the token expires */
function positionOf(
  token: string | undefined,
  seed: string | undefined,
  time: string | undefined,
  seen: Iterable<[EntityId, string]>,
): Checkpoint {
  const from = token === undefined ? seed : time;
  const pairs = [...seen].map(([id, digest]) => `${id}@${digest}`);
  return {
    ...(token !== undefined && { token }),
    ...(from !== undefined && { time: from }),
    ...(pairs.length > 0 && { seen: pairs }),
  };
}

const isEnd = ({ end }: TokenFeed, body: unknown, items: readonly Json[]): boolean =>
  end === undefined ? items.length === 0 : typeof body === 'object' && body !== null && holds(body as Json, end);

/** From now on, by the system's clock. */
export async function endByToken({ api }: { api: Api }, { settle }: TokenFeed): Promise<Checkpoint> {
  // an answer tells the system's time
  await api.get(api.file.identity, {});
  return { time: new Date(api.now() - msOf(settle)).toISOString() };
}

/**
 * A second feed, for changes that make no revision: a link that was set on the other end. It has a token of its own,
 * which stays behind what was read until that has had time to settle.
 */

import type { EntityId } from '../../../model/entity';
import { type Json, textOf } from '../json';
import { timeOf } from './position';
import { Track } from './track';

const MOST_SEEN = 500;

export interface LinkPage {
  /** each with a unique text, and the entities that it concerns */
  changes: { key: string; ids: EntityId[] }[];
  token?: string | undefined;
  last: boolean;
}

export interface LinkFeed {
  /** maximum delay of a change, ms */
  settleMs: number;
  /** the system's clock, ms since 1970 */
  now(): number;
  /** @param time lower bound of change times, if there is no token */
  page(token: string | undefined, time: string | undefined): Promise<LinkPage>;
}

interface Standing {
  /** changes up to here have been read and had time to settle */
  token?: string | undefined;
  /** lower bound of change times, as long as there is no token */
  from?: string | undefined;
  /** the end of reading at `since`, by the server's clock: the future token */
  next?: string | undefined;
  since?: string | undefined;
}

/**
 * @param known the feed's position in a checkpoint; undefined = it is read for the first time, from now on
 * @returns entities affected by new changes, each once
 */
export async function readLinks(
  { settleMs, now, page }: LinkFeed,
  known: Json | undefined,
): Promise<{ ids: EntityId[]; position: Json }> {
  const at = now();
  const start: Standing = known
    ? { token: textOf(known.token), from: timeOf(known.from), next: textOf(known.next), since: timeOf(known.since) }
    : { from: new Date(at - settleMs).toISOString() };
  const seen = new Set(Array.isArray(known?.seen) ? known.seen.map(String) : []);
  const met: string[] = [];
  const ids = new Set<EntityId>();
  const track = new Track(start.token);
  for (;;) {
    const { token } = track;
    const { changes, token: next, last } = await page(token, token === undefined ? start.from : undefined);
    for (const change of changes) {
      met.push(change.key);
      if (!seen.has(change.key)) for (const id of change.ids) ids.add(id);
    }
    if (!track.goOn(next, changes.length) || last) break;
  }
  const settled = start.since !== undefined && at - Date.parse(start.since) > settleMs;
  const standing: Standing = {
    ...start,
    ...(settled && { token: start.next, from: undefined }),
    ...((settled || start.next === undefined) && { next: track.token, since: new Date(at).toISOString() }),
  };
  const parts = Object.entries(standing).filter(([, value]) => value !== undefined);
  return { ids: [...ids], position: { ...Object.fromEntries(parts), seen: met.slice(-MOST_SEEN) } };
}

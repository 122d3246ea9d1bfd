/**
 * The entities that a survey looks at, in pages: all of them, or the ones that changed last. What was read is not held:
 * a page is gone when the next one comes. If the system is in trouble it is waited for, and reading resumes behind the
 * last page.
 */

import type { Checkpoint, Connection, Scope } from '../connectors/connector';
import { iso } from '../model/clock';
import type { Entity } from '../model/entity';
import { asSyncError } from '../model/errors';
import type { Patience } from './patience';

export type PagesConnection = Pick<Connection, 'changes' | 'checkpointAt' | 'latest'>;

export const PAGE = 100;
/** Ids remembered so that a page's overlap with the one before it is not counted twice. */
const REMEMBERED = 5_000;
const HOUR = 3_600_000;
/** How far back the search for the newest goes, step by step; in the end, to the beginning. */
const WINDOWS = [HOUR, 24 * HOUR, 7 * 24 * HOUR, 31 * 24 * HOUR, 366 * 24 * HOUR, undefined];
/** Entities read per wanted one, in a window in which very many have changed. */
const READ_FOR_ONE = 10;

/** @throws SyncError – the system can't be read, and has been waited for */
export async function* allEntities(
  connection: PagesConnection,
  scope: Scope,
  patience: Patience,
  since?: Checkpoint,
): AsyncGenerator<Entity[]> {
  const seen = new Set<string>();
  let checkpoint = since;
  for (;;) {
    try {
      for await (const page of connection.changes(scope, checkpoint, PAGE)) {
        checkpoint = page.checkpoint;
        patience.restored();
        const fresh = page.entities.filter(({ id }) => !seen.has(id));
        for (const { id } of fresh) seen.add(id);
        for (const id of seen) {
          if (seen.size <= REMEMBERED) break;
          seen.delete(id);
        }
        if (fresh.length > 0) yield fresh;
      }
      return;
    } catch (thrown) {
      await patience.wait(asSyncError(thrown));
    }
  }
}

export interface Newest {
  entities: Entity[];
  /** these are all that there are */
  whole: boolean;
}

/**
 * The entities that changed last, as they are now. If very many have changed within an hour, some of those.
 * @param now ms since 1970
 * @throws SyncError
 */
export async function newestEntities(
  connection: PagesConnection,
  scope: Scope,
  limit: number,
  now: number,
  patience: Patience,
): Promise<Newest> {
  const latest = await askLatest(connection, scope, limit, patience);
  // fewer than wanted may be all, or only what the system tells cheaply
  if (latest.length >= limit) return { entities: latest.slice(0, limit), whole: false };
  for (const window of WINDOWS) {
    const since = window === undefined ? undefined : connection.checkpointAt(iso(now - window));
    const found = new Map<string, Entity>();
    let read = 0;
    let ended = true;
    for await (const page of allEntities(connection, scope, patience, since)) {
      read += page.length;
      for (const entity of page) {
        // last in the map = changed last
        found.delete(entity.id);
        found.set(entity.id, entity);
      }
      for (const id of found.keys()) {
        if (found.size <= limit) break;
        found.delete(id);
      }
      if (read >= limit * READ_FOR_ONE + PAGE) {
        ended = false;
        break;
      }
    }
    if (found.size < limit && window !== undefined) continue;
    return { entities: [...found.values()].reverse(), whole: window === undefined && ended && read <= limit };
  }
  return { entities: [], whole: true };
}

async function askLatest(
  connection: PagesConnection,
  scope: Scope,
  limit: number,
  patience: Patience,
): Promise<Entity[]> {
  for (;;) {
    try {
      return (await connection.latest?.(scope, limit)) ?? [];
    } catch (thrown) {
      await patience.wait(asSyncError(thrown));
    }
  }
}

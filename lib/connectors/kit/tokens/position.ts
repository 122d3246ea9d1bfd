/** The polling position in a feed of revisions, as stored in checkpoints. Pure. */

import type { EntityId } from '../../../model/entity';
import type { Checkpoint } from '../../connector';
import { checkCheckpoint } from '../checkpoint';
import { isJson, type Json, textOf } from '../json';
import { Recent } from '../recent';

/** Maximum number of revisions in a checkpoint: the newest ones. */
export const SEEN = 1_000;
/** The same in memory: older ones are behind the token. */
const SEEN_IN_MEMORY = 20_000;
/** If a token is not valid (another feed, expired), reading starts this long before what was read last. */
const RESTART_MARGIN_MS = 300_000;

export interface Position {
  /** name of the feed */
  feed: string;
  /** everything up to here has been read and has settled */
  token?: string | undefined;
  /** lower bound of change times, if reading started at a time and nothing has come yet */
  from?: string | undefined;
  /** id → revision, for entities read after the token; oldest first */
  seen: Recent<EntityId, number>;
  /** the newest change time read so far */
  at?: string | undefined;
  /** there are known revisions after the token: the next poll meets them again */
  open: boolean;
  /** the position of the feed of links */
  links?: Json | undefined;
  /** id → revision, for entities that the feed has announced and the system has not delivered: each poll requests
   * them */
  owed: Map<EntityId, number>;
}

/** Times in the same form compare as text: ISO 8601 in UTC with milliseconds. */
export function timeOf(value: unknown): string | undefined {
  const ms = Date.parse(textOf(value) ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

export const restartAt = (newest: string): string => new Date(Date.parse(newest) - RESTART_MARGIN_MS).toISOString();

/**
 * @param feed name of the current feed; a token of another feed is not valid in it
 * @param kept the data for which the checkpoint had no room
 * @throws SyncError fatal if the checkpoint is damaged
 */
export function positionOf(
  checkpoint: Checkpoint | undefined,
  feed: string,
  kept: Iterable<[EntityId, number]> = [],
): Position {
  checkCheckpoint(checkpoint, { token: 'text', from: 'time', seen: 'list', at: 'time', owed: 'list' });
  const { token, from, seen, at, open, links, feed: known, owed } = checkpoint ?? {};
  const position: Position = {
    feed,
    from: timeOf(from),
    seen: new Recent(SEEN_IN_MEMORY, [...kept, ...pairsOf(seen)]),
    at: timeOf(at),
    open: open === true,
    owed: new Map(pairsOf(owed)),
  };
  if (known === feed && isJson(links)) position.links = links;
  if (typeof token === 'string' && known === feed) position.token = token;
  else if (typeof token === 'string' && position.at) position.from = restartAt(position.at);
  return position;
}

/** A modifiable position; the original stays unchanged. */
export const copyOf = (position: Position): Position => ({
  ...position,
  seen: new Recent(SEEN_IN_MEMORY, position.seen),
  owed: new Map(position.owed),
});

/** `["12@3"]` → entity 12 in revision 3 */
function pairsOf(list: unknown): [EntityId, number][] {
  return (Array.isArray(list) ? list : []).flatMap((one): [EntityId, number][] => {
    const [id, rev] = String(one).split('@');
    return id && rev && Number.isInteger(Number(rev)) ? [[id, Number(rev)]] : [];
  });
}

const texts = (pairs: Iterable<[EntityId, number]>): string[] => [...pairs].map(([id, rev]) => `${id}@${rev}`);

export function checkpointOf({ feed, token, from, seen, at, open, links, owed }: Position): Checkpoint {
  return {
    feed,
    ...(token !== undefined && { token }),
    ...(from !== undefined && { from }),
    ...(at !== undefined && { at }),
    ...(open && { open }),
    ...(links && { links }),
    ...(owed.size > 0 && { owed: texts(owed) }),
    ...(seen.size > 0 && { seen: texts(seen).slice(-SEEN) }),
  };
}

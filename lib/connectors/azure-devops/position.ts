/** Where polling stands: what a checkpoint of the feed of revisions holds. Pure. */

import { checkCheckpoint } from '../checkpoint';
import type { Checkpoint } from '../connector';
import { type LinkPosition, linkPositionOf } from './links';
import { idOf, isoOf } from './shapes';

/** Revisions in a checkpoint: the newest ones. */
export const SEEN = 1_000;
/** The same in memory. */
const SEEN_IN_MEMORY = 20_000;
/** A start by time: the feed speaks of "after", and drops fractions in some versions. */
const START_MARGIN_MS = 2_000;
/** Where a token means nothing (another scope, expired), reading starts this long before what was read last. */
export const RESTART_MARGIN_MS = 300_000;

export interface Position {
  /** id of the one project whose feed is read, or `*` for the collection's */
  feed: string;
  /** everything up to here has been read and has settled */
  token?: string;
  /** lower bound of change times, where reading started at a time and nothing has come yet */
  from?: string;
  /** id → revision, of what was read after the token; oldest first */
  seen: Map<number, number>;
  /** the newest change time that was read */
  at?: string;
  /** something that was read lies after the token: the next poll meets it again */
  open: boolean;
  links?: LinkPosition;
  /** id → revision, of what the feed has announced and Azure DevOps has not delivered: it is asked for in each poll */
  owed: Map<number, number>;
}

/** Times of one form compare as text. */
export const padded = (iso: string): string => new Date(iso).toISOString();
export const before = (iso: string, ms: number): string => new Date(Date.parse(iso) - ms).toISOString();
/** What the feed is asked to start behind, where a poll starts at a time. */
export const startOf = (from: string | undefined): string | undefined => from && before(from, START_MARGIN_MS);

export function remember(seen: Map<number, number>, id: number, rev: number): void {
  seen.delete(id);
  seen.set(id, rev);
}

/** An import of millions is not kept in memory: what was read long ago is behind the token. */
export function trim(seen: Map<number, number>): void {
  if (seen.size < 2 * SEEN_IN_MEMORY) return;
  for (const id of seen.keys()) {
    if (seen.size <= SEEN_IN_MEMORY) return;
    seen.delete(id);
  }
}

export function positionOf(checkpoint: Checkpoint | undefined, feed: string): Position {
  checkCheckpoint(checkpoint, { token: 'text', from: 'time', seen: 'list', at: 'time', owed: 'list' });
  const { token, from, seen, at, open, links, feed: known, owed } = checkpoint ?? {};
  const time = (value: unknown) => {
    const iso = isoOf(value);
    return iso && padded(iso);
  };
  const position: Position = {
    feed,
    from: time(from),
    seen: new Map(pairsOf(seen)),
    at: time(at),
    open: open === true,
    owed: new Map(pairsOf(owed)),
  };
  if (known === feed) position.links = linkPositionOf(links);
  // a token of another feed means nothing here
  if (typeof token === 'string' && known === feed) position.token = token;
  else if (typeof token === 'string' && position.at) position.from = before(position.at, RESTART_MARGIN_MS);
  return position;
}

/** `["12@3"]` → work item 12 in revision 3 */
function pairsOf(list: unknown): [number, number][] {
  return (Array.isArray(list) ? list : []).flatMap((one): [number, number][] => {
    const [id, rev] = String(one).split('@');
    const number = idOf(id ?? '');
    return number && Number.isInteger(Number(rev)) ? [[number, Number(rev)]] : [];
  });
}

export function checkpointOf({ feed, token, from, seen, at, open, links, owed }: Position): Checkpoint {
  return {
    feed,
    ...(token === undefined ? {} : { token }),
    ...(from === undefined ? {} : { from }),
    ...(at === undefined ? {} : { at }),
    ...(open ? { open } : {}),
    ...(links ? { links: compactLinks(links) } : {}),
    ...(owed.size > 0 ? { owed: [...owed].map(([id, rev]) => `${id}@${rev}`) } : {}),
    ...(seen.size > 0 ? { seen: [...seen].slice(-SEEN).map(([id, rev]) => `${id}@${rev}`) } : {}),
  };
}

/** Without properties that are undefined. */
const compactLinks = (links: LinkPosition): LinkPosition => linkPositionOf(links) ?? { seen: [] };

/** For queries that a system refuses if they match too much: then only the newest are requested. */

import { SyncError } from '../../model/errors';

/** Days to look back if everything is too much. */
const NARROWER = [1000, 365, 90, 30, 7, 1];
/** Days in which the newest are searched first: most scopes have a change a day. */
const WIDER = [1, 30, 365];
const CENTURY = 36_500;
const MOST_TRIES = 24;

/**
 * Requests all entities, or only those not older than some days. @param days undefined = everything
 * @returns newest first; undefined = too many
 */
type Ask<T> = (days: number | undefined) => Promise<T[] | undefined>;

/** Everything, or as much of the newest as the system answers. @throws SyncError invalid if even a day is too much */
export async function asMuchAsFits<T>(product: string, ask: Ask<T>): Promise<T[]> {
  for (const days of [undefined, ...NARROWER]) {
    const found = await ask(days);
    if (found) return found;
  }
  throw new SyncError('invalid', `${product} has too many matches to answer this query`);
}

/** The newest, at most `top`; fewer if more are too many to be requested. @throws SyncError invalid if too many have
 * the same time */
export async function newestThatFit<T>(top: number, ask: Ask<T>): Promise<T[]> {
  let newest: T[] = [];
  for (const days of [...WIDER, undefined]) {
    const found = await ask(days);
    if (!found) return newest.length > 0 ? newest : newestOfMany((days ?? CENTURY) / 2, ask);
    newest = found;
    if (newest.length >= top) break;
  }
  return newest;
}

/** For days with many changes: a window that is small enough to be answered and still contains some. */
async function newestOfMany<T>(firstDays: number, ask: Ask<T>): Promise<T[]> {
  let [most, least, days] = [firstDays, 0, firstDays];
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const found = await ask(days);
    if (found && found.length > 0) return found;
    if (found) least = days;
    else most = days;
    days = (most + least) / 2;
  }
  const words =
    'Too many changes at the same time to determine the newest. Select a time as the initial sync of the poller';
  throw new SyncError('invalid', words);
}

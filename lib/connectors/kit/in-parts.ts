/**
 * Reads many elements in one request and finds the element that makes the request fail: the request is halved until
 * that element is alone. So an element that a server cannot show, or an answer that is too large, does not affect the
 * others.
 */

import chunk = require('lodash/chunk');

import { asSyncError, type SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { isOfOne } from './owed';

/** What was delivered, and by id the reason for each that was not. */
export interface InParts<T> {
  found: T[];
  failed: Map<string, SyncError>;
}

/** If this many fail alone and none succeeds, the system is in trouble, whatever else it answers. */
const MOST_ALONE = 4;

/**
 * @param read one request for several; what its answer leaves out does not exist
 * @param ask some other request, sent if nothing has succeeded yet: if it fails, too, no element is the cause
 * @throws SyncError for a failure that no single element causes: network, credentials, a server that answers nothing
 */
export async function readInParts<T>(
  ids: readonly string[],
  read: (ids: readonly string[]) => Promise<T[]>,
  ask: () => Promise<unknown>,
): Promise<InParts<T>> {
  const result: InParts<T> = { found: [], failed: new Map() };
  let succeeded = false;
  const part = async (some: readonly string[]): Promise<void> => {
    if (some.length === 0) return;
    try {
      append(result.found, await read(some));
      succeeded = true;
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (!isOfOne(error)) throw error;
      const [first] = some;
      if (some.length === 1 && first !== undefined) {
        if (!succeeded && !error.detail.tooLarge) {
          if (result.failed.size === 0) await ask();
          else if (result.failed.size + 1 >= MOST_ALONE) throw error;
        }
        result.failed.set(first, error);
        return;
      }
      const half = Math.ceil(some.length / 2);
      await part(some.slice(0, half));
      await part(some.slice(half));
    }
  };
  await part(ids);
  return result;
}

/** The same for more ids than one request can take. @param most ids in a request */
export async function readInPortions<T>(
  ids: readonly string[],
  most: number,
  read: (ids: readonly string[]) => Promise<T[]>,
  ask: () => Promise<unknown>,
): Promise<InParts<T>> {
  const result: InParts<T> = { found: [], failed: new Map() };
  for (const some of chunk(ids, most)) {
    const part = await readInParts(some, read, ask);
    append(result.found, part.found);
    for (const [id, error] of part.failed) result.failed.set(id, error);
  }
  return result;
}

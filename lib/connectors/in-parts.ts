/**
 * Reads many things in one request, and finds out which of them is to blame where that request fails: it is halved until
 * the culprit is alone. So one element that a server cannot show, or an answer that is too large, costs the others nothing.
 */

import { asSyncError, type SyncError } from '../model/errors';
import { append } from '../model/lists';
import { isOfOne } from './owed';

/** What was brought, and by id what was not, and why. */
export interface InParts<T> {
  found: T[];
  failed: Map<string, SyncError>;
}

/** So many that fail alone, while not one succeeds, are a system in trouble, whatever else it answers. */
const MOST_ALONE = 4;

/**
 * @param read one request for several; what it leaves out of its answer is not there
 * @param ask some other request, asked where nothing has succeeded yet: if it fails, too, nobody is to blame
 * @throws SyncError – a fault that is not one element's: network, credentials, a server that answers nothing
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

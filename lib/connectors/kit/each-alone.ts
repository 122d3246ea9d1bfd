/** What a system answers, or removes, for one entity at a time only: a few at a time, each failing alone. */

import type { EntityId } from '../../model/entity';
import { asSyncError, type SyncError } from '../../model/errors';
import { inQueues, notSent } from './writes';

/**
 * Removes parts, each failing alone: those of one owner one after the other, each once.
 * @param remove @returns or throws why it was not removed. Once the account is rejected or has to wait, nothing more is tried
 * @returns in the order of the ids
 */
export async function removeEach(
  ids: readonly EntityId[],
  ownerOf: (id: EntityId) => EntityId | undefined,
  concurrency: number,
  remove: (id: EntityId) => Promise<SyncError | undefined>,
): Promise<(SyncError | undefined)[]> {
  const results = new Map<EntityId, SyncError | undefined>();
  let refused: SyncError | undefined;
  await inQueues(
    [...new Set(ids)],
    (id) => ownerOf(id) ?? id,
    concurrency,
    async (id) => {
      const error = refused ? notSent(refused) : await remove(id).catch(asSyncError);
      if (error && concernsAccount(error)) refused ??= error;
      results.set(id, error);
    },
  );
  return ids.map((id) => results.get(id));
}

/** Errors that concern the account or the whole system: no further question is asked. */
const concernsAccount = ({ kind }: SyncError): boolean => kind === 'auth' || kind === 'rateLimited';

/**
 * @param concurrency questions at the same time
 * @param failed called with each error that concerns one entity only
 * @param stops true = the error concerns all entities; default: the account is rejected or has to wait
 * @throws SyncError – one that stops, after the questions under way have been answered
 */
export async function eachAlone<One>(
  all: readonly One[],
  concurrency: number,
  ask: (one: One) => Promise<void>,
  failed: (one: One, error: SyncError) => void,
  stops: (error: SyncError) => boolean = concernsAccount,
): Promise<void> {
  let fault: SyncError | undefined;
  const jobs = all.map((one, index) => ({ one, index }));
  await inQueues(
    jobs,
    ({ index }) => String(index),
    concurrency,
    async ({ one }) => {
      if (fault) return;
      try {
        await ask(one);
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (stops(error)) fault ??= error;
        else failed(one, error);
      }
    },
  );
  if (fault) throw fault;
}

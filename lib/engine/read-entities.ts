/**
 * Entities by their ids, so that one that cannot be delivered – its answer breaks, is refused or too large – costs the
 * others nothing (invariant 12).
 */

import type { ReadResult, Scope } from '../connectors/connector';
import { wholeBatch } from '../connectors/whole-batch';
import type { EntityId } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import { StoreError } from '../store/errors';
import { type Doubt, tryAll } from './blame';
import type { System } from './system';

/**
 * In the order of `ids`.
 * @throws SyncError – the system answers for none of them
 */
export async function readEntities(system: System, scope: Scope, ids: EntityId[]): Promise<ReadResult[]> {
  const results: ReadResult[] = ids.map(() => undefined);
  let fault: SyncError | undefined;
  await tryAll<number>(system, [...ids.keys()], {
    purpose: 'read',
    key: (at) => `read ${ids[at]}`,
    async send(some) {
      try {
        const connection = system.connection();
        const found = await connection.read(
          scope,
          some.flatMap((at) => ids[at] ?? []),
        );
        const [answered, undelivered]: [number[], Doubt<number>[]] = [[], []];
        for (const [index, at] of some.entries()) {
          const result = delivered(found, index, ids[at] ?? '');
          results[at] = result;
          if (result instanceof SyncError) undelivered.push({ work: at, error: result });
          else answered.push(at);
        }
        // the system has answered, so one alone is its own trouble; several, and not a single one delivered, may be the system's
        return { answered, doubts: answered.length === 0 && undelivered.length > 1 ? undelivered : [] };
      } catch (thrown) {
        // our own disk in trouble says nothing about the system
        if (thrown instanceof StoreError) throw thrown;
        const error = wholeBatch(asSyncError(thrown), some.length);
        return { answered: [], doubts: some.map((work) => ({ work, error })) };
      }
    },
    async charge({ work, error }) {
      results[work] = error;
    },
    async excuse([first]: Doubt<number>[]) {
      fault ??= first?.error;
    },
    failedAt: () => undefined,
    isOnly: false,
  });
  if (fault) throw fault;
  return results;
}

/** An answer that leaves one out says nothing about it. */
function delivered(found: readonly ReadResult[], index: number, id: EntityId): ReadResult {
  if (index < found.length) return found[index];
  return new SyncError('fatal', `The system gave no answer for ${id}`);
}

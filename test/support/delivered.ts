/** Unwraps delivered results, for tests in which every read is answered. */

import type { Connection, FindQuery, FindResult, ReadResult, Scope } from '../../lib/connectors/connector';
import type { Entity, EntityId } from '../../lib/model/entity';

/** @throws the SyncError of an entity that was not delivered */
export const delivered = (results: ReadResult[]): (Entity | undefined)[] =>
  results.map((result) => {
    if (result instanceof Error) throw result;
    return result;
  });

/** Current entities; undefined = gone. @throws SyncError if one was not delivered */
export const readNow = async (
  connection: Pick<Connection, 'read'>,
  scope: Scope,
  ids: EntityId[],
): Promise<(Entity | undefined)[]> => delivered(await connection.read(scope, ids));

/** The results of a search. @throws SyncError if one that may match was not delivered */
export const foundIn = (results: FindResult[]): Entity[] =>
  results.map((result) => {
    if (result instanceof Error) throw result;
    return result;
  });

export const findNow = async (
  connection: Pick<Connection, 'find'>,
  query: FindQuery,
  limit: number,
): Promise<Entity[] | undefined> => {
  const found = await connection.find?.(query, limit);
  return found && foundIn(found);
};

/** What was asked for came: for tests in which every read is answered. */

import type { Connection, ReadResult, Scope } from '../../lib/connectors/connector';
import type { Entity, EntityId } from '../../lib/model/entity';

/** @throws the SyncError of what was not delivered */
export const delivered = (results: ReadResult[]): (Entity | undefined)[] =>
  results.map((result) => {
    if (result instanceof Error) throw result;
    return result;
  });

/** Entities as they are now; undefined = gone. @throws SyncError – one was not delivered */
export const readNow = async (
  connection: Pick<Connection, 'read'>,
  scope: Scope,
  ids: EntityId[],
): Promise<(Entity | undefined)[]> => delivered(await connection.read(scope, ids));

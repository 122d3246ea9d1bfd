/** A system's own query language, asked by whoever has a connection. */

import type { EntityId } from '../model/entity';
import { SyncError } from '../model/errors';
import type { Connection, OwnQueries } from './connector';

/** @param name of the system. @throws SyncError invalid – it has no query language */
export function queriesOf({ queries }: Pick<Connection, 'queries'>, name: string): OwnQueries {
  if (queries) return queries;
  throw new SyncError('invalid', `${name} has no query language that a filter can use. Decide by conditions instead`);
}

/** Those of the items that the query finds now. @throws SyncError as `queriesOf` and `OwnQueries.among` */
export const askQuery = async (
  connection: Pick<Connection, 'queries'>,
  name: string,
  query: string,
  ids: readonly EntityId[],
): Promise<ReadonlySet<EntityId>> => queriesOf(connection, name).among(query, ids);

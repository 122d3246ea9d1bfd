/** An item that a person names by its key, its address or its id. */

import type { Connection, Scope } from '../../lib/connectors/connector';
import { showValue } from '../../lib/mapping/describe';
import type { Entity } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import { keyIn } from '../../lib/model/item-key';

const LONGEST_ID = 500;

/**
 * @param named `id` is used if it is given
 * @throws SyncError invalid: nothing was named; notFound: it does not exist, or is not visible; as the system says
 */
export async function findEntity(
  connection: Pick<Connection, 'read' | 'byKey'>,
  scope: Scope,
  { key = '', id = '' }: { key?: string; id?: string },
): Promise<Entity> {
  const wanted = id.trim().slice(0, LONGEST_ID) || keyIn(key);
  if (wanted === '') throw new SyncError('invalid', 'Enter an item key, as the system shows it.');
  const byId = async (): Promise<Entity | undefined> => {
    const [read] = await connection.read(scope, [wanted]);
    if (read instanceof SyncError) throw read;
    return read;
  };
  const found = id.trim() !== '' || !connection.byKey ? await byId() : await connection.byKey(wanted);
  if (found) return found;
  throw new SyncError('notFound', `${showValue(wanted)} was not found or is not visible to this account.`);
}

/** How parts of entities are asked for: together of all owners that have the same types of parts. */

import type { Connection, PartsResult } from '../../connectors/connector';
import type { IntegrationConfig } from '../../model/config';
import type { EntityId, EntityTypeId, Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { partTypes, readScope } from '../routing';

/** Owners of which the same types of parts are read, in their order; types are none where their parts are not synced. */
export function byPartTypes<Owner>(
  config: IntegrationConfig,
  side: Side,
  owners: readonly Owner[],
  typeOf: (owner: Owner) => EntityTypeId,
): { types: EntityTypeId[]; owners: Owner[] }[] {
  const groups = new Map<string, { types: EntityTypeId[]; owners: Owner[] }>();
  for (const owner of owners) {
    const types = partTypes(config, side, typeOf(owner));
    const key = JSON.stringify(types);
    const group = groups.get(key) ?? { types, owners: [] };
    group.owners.push(owner);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/**
 * @param name what people call the system
 * @throws SyncError – invalid: the system shows no parts; or as `Connection.parts` does
 */
export async function partsOf(
  connection: Pick<Connection, 'parts'>,
  name: string,
  { config, side }: { config: IntegrationConfig; side: Side },
  owners: EntityId[],
  types: EntityTypeId[],
): Promise<PartsResult[]> {
  const scope = readScope(config, side);
  if (!scope || types.length === 0) return owners.map(() => undefined);
  if (!connection.parts) throw new SyncError('invalid', `${name} does not show comments or other parts of items`);
  return connection.parts(scope, owners, types);
}

/** What a connector that is wrong on purpose looks like. */

import type { Connection, Scope } from '../../../lib/connectors/connector';
import type { Entity } from '../../../lib/model/entity';

export interface Defect {
  /** part of the title of a check that must fail */
  found: string;
  break(right: Methods): Partial<Connection>;
}

export type Methods = Required<
  Omit<
    Connection,
    | 'remoteLinks'
    | 'keepsMarkers'
    | 'queries'
    | 'queries'
    | 'silentFields'
    | 'silentParts'
    | 'partVerbs'
    | 'mentions'
    | 'pictures'
    | 'revisionIn'
  >
>;

export async function all(connection: Connection, scope: Scope): Promise<Entity[]> {
  const entities: Entity[] = [];
  for await (const page of connection.changes(scope, undefined, 1000)) entities.push(...page.entities);
  return entities;
}

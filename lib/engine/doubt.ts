/** Of entities that may be older than a store that was lost or set back, counterparts may exist that it does not know of. */

import type { Entity } from '../model/entity';

export class StoreDoubt {
  /** entities that are not younger (ISO 8601) are in doubt */
  until: string | undefined;

  has({ createdAt }: Pick<Entity, 'createdAt'>): boolean {
    return this.until !== undefined && (createdAt === undefined || createdAt <= this.until);
  }
}

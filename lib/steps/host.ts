/** What the steps of a chain may ask while they work on a message. A running integration answers, or a plan that only reads. */

import type { Connection } from '../connectors/connector';
import type { Direction, EntityId, Side } from '../model/entity';
import type { LookupValue, UserValue } from '../model/values';
import type { Link } from '../store/store';
import type { UserQuery } from '../sync/users';

export interface StepHost {
  /** @throws SyncError fatal where the side has no usable system */
  connection(side: Side): Pick<Connection, 'fields'>;
  users(side: Side): UserDirectory;
  /** the addresses that a person of the source may have in the target, by the value mappers' domain rules */
  addresses(direction: Direction, email: string): string[];
  /** the entity's link in this integration, for expressions that ask for values when last in sync */
  linkOf(side: Side, entity: EntityId): Promise<Link | undefined>;
  /** what the integration's value tables have for a value; null where they have nothing. @throws Error – no such table */
  lookUp(direction: Direction, table: string, value: unknown): LookupValue | null;
}

/** A system's people; @see Users */
export interface UserDirectory {
  find(by: UserQuery): Promise<UserValue | undefined>;
}

/** What steps may ask for while they process a message. Implemented by a running integration, or by a plan that only
 * reads. */

import type { Connection, ReadResult } from '../connectors/connector';
import type { UserQuery } from '../engine/people';
import type { Direction, EntityId, Side } from '../model/entity';
import type { LookupValue, UserValue } from '../model/values';
import type { Link } from '../store/store';

export interface StepHost {
  /** @throws SyncError fatal if the side has no usable system */
  connection(side: Side): Pick<Connection, 'fields'>;
  users(side: Side): UserDirectory;
  /** the email addresses that a source user may have in the target, by the value mappers' domain rules */
  addresses(direction: Direction, email: string): string[];
  /** the item's link in this integration, for expressions that use last synced values */
  linkOf(side: Side, entity: EntityId): Promise<Link | undefined>;
  /** an item as its system shows it now; what is asked for at the same time is read together. @throws SyncError */
  read(side: Side, entity: EntityId): Promise<ReadResult>;
  /** the system's own query finds the item now; what is asked at the same time is asked together. @throws SyncError */
  inQuery(side: Side, query: string, entity: EntityId): Promise<boolean>;
  /** the match of a value in the integration's value tables; null if there is none. @throws Error if there is no
   * such table */
  lookUp(direction: Direction, table: string, value: unknown): LookupValue | null;
}

/** A system's users; @see Users */
export interface UserDirectory {
  find(by: UserQuery): Promise<UserValue | undefined>;
}

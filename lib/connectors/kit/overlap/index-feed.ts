/** The requests that a poll of an index needs from a system. @see IndexedPoller */

import type { Entity, EntityId } from '../../../model/entity';
import { SyncError } from '../../../model/errors';
import type { Scope } from '../../connector';
import type { Members } from './members';
import type { Order, Timed } from './order';

/** A page of a search. */
export interface RowPage {
  rows: Timed[];
  /** undefined = this is the last page */
  next?: string;
  /** the server's clock, ms since 1970, if the answer contains it */
  serverNow?: number;
}

/** The entities that were read, and by id those that are not delivered now. Ids in neither are gone. */
export interface Delivered<Raw> {
  found: Raw[];
  errors: ReadonlyMap<EntityId, SyncError>;
}

/** The index, and how its rows are read. `toleranceMs`: an update time in the index may be newer than the one it
 * sorts by. */
export interface IndexedFeed<Raw> extends Order {
  /** for errors: "issues" */
  things: string;
  /** maximum delay with which the index may take a write, compared with writes of the same time, ms */
  lagMs: number;
  /** the minimum of that if more has changed meanwhile than a checkpoint can hold, ms */
  leastLagMs: number;
  /** time after an update time of whole seconds until no other change can have it, ms */
  settleMs: number;
  /** maximum number of entities in one read */
  page: number;
  members: Members;
  /**
   * Rows from a time on, ms since 1970, oldest first; without `from`, from the beginning.
   * @param token the end of the previous page
   * @throws SyncError invalid if a member of the scope is missing, or the token has expired
   */
  search(scope: Scope, from: number | undefined, token: string | undefined): Promise<RowPage>;
  /** Rows, newest first. */
  newest(scope: Scope, token?: string): Promise<RowPage>;
  /** At most `page` of them, in their current state. */
  read(ids: EntityId[]): Promise<Delivered<Raw>>;
  /** Current update times; for a single id never from an index that may be behind. */
  times(ids: EntityId[]): Promise<Delivered<Timed>>;
  rowOf(raw: Raw): Timed;
  /** The entities, in their order. */
  show(raws: Raw[]): Promise<Entity[]>;
  /** The entity as Twinflow's own write showed it, if it has not been updated since. @param at its update time, ms
   * since 1970 */
  takeOwn(id: EntityId, at: number): Promise<Entity | undefined>;
}

/** Paging would never end if continued. */
export const repeatedToken = (product: string): SyncError =>
  new SyncError(
    'transient',
    `${product}'s search repeats a page token, or returns only empty pages. Twinflow will try again later`,
  );

/**
 * Parts of linked entities (for example comments): which owners' parts are to be read, and the results. Parts are read
 * completely for each owner, and only once it is linked, so an owner that is never synced costs nothing.
 */

import type { Entity, EntityId, EntityTypeId, Side } from '../../model/entity';
import type { RecordSummary } from './events';
import type { Flow } from './flow';
import type { Link } from './links';

/** An owner whose parts are to be read. */
export interface PartReading {
  /** the owner's */
  link: Link;
  side: Side;
  /** number of reads since someone last asked for it */
  step: number;
}

/** All parts of one owner that have some types. */
export interface PartsRead {
  /** the owner's link */
  link: number;
  types: EntityTypeId[];
  /** all that are there, also those that are not to be recorded; undefined = nothing was read, or the owner is gone */
  present?: EntityId[];
  /** those that are recorded, the oldest first */
  parts: Entity[];
  /** when they are to be read next, in ms since 1970, and which step that is; absent: when somebody asks */
  again?: { dueAt: number; step: number };
}

/**
 * The role of the reader of parts. They are asked for (step 0, due at once) by `record` for entities that have changed, by a
 * landing (`Landing.asks`), by `askParts` and by `askEarlier`.
 */
export interface Parts {
  /** Up to `limit` owners of the flow's side whose parts are due, the longest first. @param now ms since 1970 */
  partsDue(flow: Flow, limit: number, now: number): Promise<PartReading[]>;

  /** When the next one is due, in ms since 1970; undefined if none is. */
  nextParts(flow: Flow): Promise<number | undefined>;

  /**
   * Records what was read, in one transaction. A part with its known version makes no event. A linked part of the owner and of one
   * of the types that is not present makes an event with `Entity.deleted`, unless its known version says so already, or it was
   * linked since `readAt`. A part without link that is not present any more has no event any more, unless that is newer than
   * `readAt`, and is new if it comes back; where its event is sent or has an intent, it makes an event with `Entity.deleted` as
   * well, so that what is being made of it is found. Readings that were asked for again since `readAt`, and those that
   * lack a part that was linked since, stay due; the others are due when
   * `again` says. A reading whose link is gone, or is one of parts itself, is passed over.
   * @param readAt the sequence before they were read (`EventQueue.sequence`)
   */
  recordParts(
    flow: Flow,
    system: string,
    readings: PartsRead[],
    readAt: number,
    urgent?: boolean,
  ): Promise<RecordSummary>;

  /** Asks for the parts of these entities, as far as they have a link and are no parts themselves. */
  askParts(flow: Flow, owners: EntityId[]): Promise<void>;

  /**
   * Asks for the parts of all owners that were linked before parts were chosen to be synced: once for each `wish`, which says what
   * is synced. One call looks at up to `limit` links, of whatever integration, and the next goes on behind them.
   * @param wish undefined = nothing is synced
   * @returns whether another call may find more
   */
  askEarlier(flow: Flow, wish: string | undefined, limit: number): Promise<boolean>;
}

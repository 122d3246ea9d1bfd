/** Backlinks that have yet to be written: tasks beside the event queue, which hold nothing back. */

import type { Side } from '../../model/entity';
import type { StoredError } from './events';
import type { Flow } from './flow';
import type { Link } from './links';

/**
 * An end of a link that has yet to get its backlink (the counterpart's key or URL). It is not an event: it is written
 * separately after the landing that made the link, and its outcome holds no event back. It is either *due* at a time,
 * or it has failed permanently and *rests* until someone retries it.
 */
export interface Owed {
  link: Link;
  /** the end that is to get the backlink */
  side: Side;
  /** attempts that count towards the limit */
  attempts: number;
  /** the last failure */
  error?: StoredError;
}

/** The outcome of an owed end, by the link's number. */
export type OwedOutcome = { link: number; side: Side } & (
  | {
      to: 'done';
      /**
       * The entity's version before and after Twinflow's write, if nothing else happened to the entity in between.
       * `after` becomes the known version if `before` is it, and no event of the entity is unfinished.
       */
      version?: { before: string; after: string };
    }
  /** `dueAt` in ms since 1970 */
  | { to: 'retry'; dueAt: number; charge: boolean; error: StoredError }
  | { to: 'rest'; error: StoredError }
);

export interface OwedCounts {
  due: number;
  resting: number;
  /** of the newest one that rests */
  error?: StoredError;
}

/** The role of the task that writes backlinks. A landing (`Landing.owes`) and a moved entity (`Moved.owes`) add to
 * them. */
export interface Backlinks {
  /**
   * Up to `limit` ends of the flow's side that are owed and due, those waiting longest first. Never returned: an end of
   * a link with an entity that has a sent event, because both would be written at the same time.
   * @param now ms since 1970
   */
  owed(flow: Flow, limit: number, now: number): Promise<Owed[]>;

  /** Skips those that are no longer owed because their link is gone. */
  settleOwed(outcomes: OwedOutcome[]): Promise<void>;

  /** Makes all that rest due at once, with 0 attempts. Returns their number. */
  resumeOwed(integration: string): Promise<number>;

  /**
   * Owes an end of each link (except those of parts) that is older than the setting for backlinks: once for each
   * `wish`, which describes the backlinks. An end that is due stays unchanged; one that rests becomes due again. One
   * call processes up to `limit` links, of any integration, and the next call continues after them. Other settings
   * start again; so does the same setting after a call without.
   * @param wish undefined = no backlinks
   * @returns whether another call may find more
   */
  oweEarlier(flow: Flow, wish: string | undefined, limit: number): Promise<boolean>;

  /** Of side 1 and side 2. */
  owedCounts(integration: string): Promise<[OwedCounts, OwedCounts]>;
}

/** Permanently failed events, for the user who decides about them. */

import type { Side } from '../../model/entity';
import type { Corrections } from '../../model/operations';
import type { StoredEvent } from './events';

/** Selects parked events: all if nothing is given. */
export interface ParkedFilter {
  side?: Side;
  /** part of the entity's id, key or type, or of the error's message; ignores the case of letters a to z */
  search?: string;
}

/** The role of the sidebar: view parked events and retry them. `EventQueue.skip` discards one. */
export interface ParkedEvents {
  /** Parked events, oldest first. */
  parked(integration: string, offset: number, limit: number, filter?: ParkedFilter): Promise<StoredEvent[]>;

  /** Numbers of parked events, rising, those after `after` only. */
  parkedNumbers(integration: string, after: number, limit: number): Promise<number[]>;

  /** An unfinished event of an integration, in any state. */
  event(integration: string, seq: number): Promise<StoredEvent | undefined>;

  /**
   * Returns parked events to waiting, with 0 attempts, without error and mapped fields; all of the integration if no
   * numbers are given. Given corrections replace those of the events. Returns their number.
   */
  unpark(integration: string, events?: number[], corrections?: Corrections): Promise<number>;
}

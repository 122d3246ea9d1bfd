/** What everything that works for one integration knows: its settings, its systems, its store. */

import type { FlowLoad } from '../budget/priority';
import type { Clock } from '../model/clock';
import type { IntegrationConfig } from '../model/config';
import type { Side } from '../model/entity';
import type { SyncError } from '../model/errors';
import type { SyncResult } from '../model/message';
import type { Sides } from '../model/sides';
import type { EngineStore, StoredError, StoredEvent } from '../store/store';
import type { Activity } from './activity';
import type { Declared } from './declared-fields';
import type { StoreDoubt } from './doubt';
import type { PartsDue } from './parts-due';
import type { Peers } from './peers/peers';
import type { CounterpartsInput } from './references/counterparts';
import type { MentionedInput } from './references/mentioned';
import type { Relevance } from './relevance';
import type { System } from './system';

export interface IntegrationEvents {
  /** an event has landed */
  landed?: (result: SyncResult) => void;
  /** a parked event was skipped by a person: no message of it is under way that could report it */
  skipped?: (result: SyncResult) => void;
  /** an event failed: tried again later, or parked */
  failed?: (event: StoredEvent, error: SyncError, parked: boolean) => void;
  /** backlinks failed for this many entities of a side; the error is that of the first */
  unshown?: (side: Side, count: number, first: StoredError) => void;
  /** something changed that a status shows */
  progress?: (side: Side) => void;
}

export interface SyncContext {
  readonly config: IntegrationConfig;
  readonly store: EngineStore;
  readonly clock: Clock;
  readonly events: IntegrationEvents;
  readonly systems: Sides<System>;
  /** what each side has to do: the priority of its requests */
  readonly loads: Sides<FlowLoad>;
  /** what the fields of each side take, as its system declares it */
  readonly declared: Sides<Declared>;
  /** by what values of a side's entities that name other entities are translated */
  readonly counterparts: Sides<CounterpartsInput>;
  /** by what people are translated whom texts of a side's entities mention */
  readonly mentioned: Sides<MentionedInput>;
  /** source fields that the mappers read */
  readonly relevance: Relevance;
  /** parts have been asked for */
  readonly partsDue: PartsDue;
  readonly activity: Activity;
  readonly doubt: StoreDoubt;
  /** the other integrations of this process, over the same store */
  readonly peers: Peers;
}

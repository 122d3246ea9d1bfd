/** The store as a whole: its identity, its content, and closing it. */

/** A store's identity and progress. */
export interface StoreState {
  /** the store's own name */
  store: string;
  /** how many times it was opened, or found to have progressed */
  opened: number;
  /** the number of its newest link, 0 if there is none */
  newest: number;
  /** a create was started whose outcome is unknown: its result may exist without a link */
  begun: boolean;
}

export interface FlowCounts {
  waiting: number;
  held: number;
  sent: number;
  retry: number;
  parked: number;
  shown: number;
  links: number;
}

/** The role of the runtime around the engine: status, witness, removed integrations, shutdown. */
export interface Upkeep {
  /** Records on disk that the store has progressed since the last call, if it has; `state().opened` is the count. */
  advance(): Promise<void>;

  /** The store's identity and progress, for detecting that it was set back. @see witness.ts */
  state(): Promise<StoreState>;

  /**
   * The time (ISO 8601) up to which the store does not know what it had created: entities that are not younger may have
   * counterparts without a link in the store. undefined if there is no doubt. Persistent.
   */
  doubt(): Promise<string | undefined>;

  /** With a time, all snapshots of events also become stale: newer values may have been written since. */
  setDoubt(until: string | undefined): Promise<void>;

  /** Integrations with stored data, deployed or not, in the order in which they first appeared. */
  integrationsKept(): Promise<string[]>;

  /** For side 1 and side 2; each link counts on both, those of parts on none. Cheap enough for a status line. */
  counts(integration: string): Promise<[FlowCounts, FlowCounts]>;

  /** Deletes all data of an integration. */
  purge(integration: string): Promise<void>;

  /** Releases the file for another process. Every later call throws. */
  close(): Promise<void>;
}

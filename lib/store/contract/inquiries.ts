/** Questions of people and tools that watch a running integration. They change nothing. */

import type { EntityId, Side } from '../../model/entity';
import type { StoredError, StoredEvent } from './events';
import type { Flow } from './flow';
import type { Link } from './links';

/** Why an event is parked, without its snapshot, which may be large. */
export interface ParkedError {
  seq: number;
  side: Side;
  error: StoredError;
}

/** What the store knows about one entity of a flow. */
export interface Standing {
  /** its unfinished events: none, one, or two, the held one last */
  events: StoredEvent[];
  /** its known version (contract/events.ts); absent = it was never read, or was forgotten */
  known?: string;
  /** how many other entities refer to it and wait for its counterpart */
  awaitedBy: number;
}

/** A part of the links that a search has looked at. */
export interface FoundLinks {
  /** newest first */
  links: Link[];
  /** the number of a link: the search continues with those below it. Absent = all were looked at */
  next?: number;
}

/** The role of the monitor. */
export interface Inquiries {
  /** Of parked events with numbers beyond `after`, in order. */
  parkedErrors(integration: string, after: number, limit: number): Promise<ParkedError[]>;

  /** When the oldest event of a flow that is waiting, sent or in retry was made, as its source says; undefined = none. */
  oldestOpen(flow: Flow): Promise<string | undefined>;

  /** What is stored about an entity. */
  standing(flow: Flow, entity: EntityId): Promise<Standing>;

  /**
   * Links of an integration, newest first, without those of parts, whose id or key at either end contains a text. One
   * call looks at up to `span` links of the store below number `before`, so that it ends soon.
   * @param text upper and lower case of the letters a to z are the same; empty = all
   * @param before undefined = from the newest
   */
  findLinks(
    integration: string,
    text: string,
    before: number | undefined,
    limit: number,
    span: number,
  ): Promise<FoundLinks>;
}

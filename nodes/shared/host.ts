/**
 * What the nodes of one Node-RED share: the store, the engine, the systems' connections. The nodes are thin: each asks
 * the host for its integration and calls it.
 */

import type { Connection } from '../../lib/connectors/connector';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import type { SyncMessage } from '../../lib/model/message';
import type { UserValue } from '../../lib/model/values';

/** A system's people, looked up once and remembered; looked up again on a miss after a minute. */
export interface UserDirectory {
  /** the person, or undefined where the system has none such. Never guesses: two hits = undefined */
  find(by: { email?: string; login?: string; name?: string }): Promise<UserValue | undefined>;
}

export interface IntegrationRuntime {
  readonly config: IntegrationConfig;
  /** @throws SyncError fatal where the side has no usable system */
  connection(side: Side): Connection;
  users(side: Side): UserDirectory;
  /** Finishes the message's event without effect (filtered out). */
  skip(message: SyncMessage, reason: string): Promise<void>;
  /** The message's event failed in a node: counts the attempt, tries again later or parks. */
  fail(message: SyncMessage, error: unknown): Promise<void>;
}

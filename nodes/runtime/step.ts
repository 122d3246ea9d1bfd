/**
 * Shared by all nodes between poller and writer: they handle only messages of their integration and pairs, pass on
 * others, and turn an exception into a failed event and a message for Catch nodes.
 */

import type { Node, NodeAPI } from 'node-red';
import { isSystemFault } from '../../lib/engine/retry-policy';
import { asSyncError, SyncError } from '../../lib/model/errors';
import { isFor, type SyncMessage } from '../../lib/model/message';
import { damageOf, entityOf, isSyncMessage, noSyncMessage } from '../shared/message';
import { brief } from '../shared/status';
import { type IntegrationRuntime, integrationOf } from './host';

export { isSyncMessage } from '../shared/message';

export interface StepConfig {
  /** id of the integration node */
  integration: string;
  /** 'all', or ids of the type pairs that the node handles */
  pairs?: 'all' | string[];
}

/** One message, one per output (null = none), or nothing at all. */
export type StepResult = SyncMessage | (SyncMessage | null)[] | undefined;

export type StepHandler = (message: SyncMessage, integration: IntegrationRuntime) => StepResult | Promise<StepResult>;

/** Status text, from the integration's catalog because every node needs it. */
export const NO_INTEGRATION = '@twinflow/node-red-sync/twinflow-integration:status.noIntegration';

/**
 * Handles a node's input. The handler returns the messages to send. A message of another integration, or of a pair that
 * the node does not handle, passes unchanged through the first output.
 */
export function step(RED: NodeAPI, node: Node, config: StepConfig, handler: StepHandler): void {
  const integration = integrationOf(RED, config.integration);
  if (!integration) node.status({ fill: 'red', shape: 'ring', text: RED._(NO_INTEGRATION) });
  const pairs = Array.isArray(config.pairs) ? new Set(config.pairs) : 'all';
  /** the error already reported to Catch nodes: one outage is one error, not one per message */
  let told = '';

  node.on('input', (incoming, send, done) => {
    if (!isSyncMessage(incoming)) {
      done(noSyncMessage());
      return;
    }
    const message: SyncMessage = incoming;
    if (!integration) {
      done(new SyncError('fatal', 'This node has no integration: choose one and deploy'));
      return;
    }
    const { sync } = message;
    if (sync.integration !== integration.config.id || !isFor(pairs, sync)) {
      send(incoming);
      done();
      return;
    }
    const fail = (thrown: unknown): void => {
      const error = asSyncError(thrown);
      const fault = isSystemFault(error) ? brief(error) : '';
      const named =
        fault !== '' && fault === told ? undefined : new Error(entityOf(message) + error.message, { cause: error });
      told = fault;
      // After a reported outage the message just ends: calling done without an error would trigger Complete nodes.
      const end = () => {
        if (named !== undefined) done(named);
      };
      // the store is unavailable, too: the event is sent again when it is back
      integration.fail(message, error, node.id).then(end, end);
    };
    const damage = damageOf(message);
    if (damage) {
      fail(damage);
      return;
    }
    const pass = (result: StepResult): void => {
      told = '';
      if (result !== undefined) send(result);
      done();
    };
    try {
      const result = handler(message, integration);
      if (result instanceof Promise) result.then(pass, fail);
      else pass(result);
    } catch (thrown) {
      fail(thrown);
    }
  });
}

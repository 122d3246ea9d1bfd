/**
 * What all nodes between poller and writer do alike: take only messages of their integration and pairs, let others pass,
 * and turn an exception into a failed event and a message for Catch nodes.
 */

import type { Node, NodeAPI } from 'node-red';
import { asSyncError, SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import { isSystemFault } from '../../lib/sync/failure';
import { type IntegrationRuntime, integrationOf } from './host';
import { damageOf, entityOf, isSyncMessage, noSyncMessage } from './message';
import { brief } from './status';

export { isSyncMessage } from './message';

export interface StepConfig {
  /** id of the integration node */
  integration: string;
  /** 'all', or ids of the entity-type pairs that the node works on */
  pairs?: 'all' | string[];
}

/** One message, one per output (null = nothing there), or nothing at all. */
export type StepResult = SyncMessage | (SyncMessage | null)[] | undefined;

export type StepHandler = (message: SyncMessage, integration: IntegrationRuntime) => StepResult | Promise<StepResult>;

/** Status text, from the integration's catalogue since every node needs it. */
export const NO_INTEGRATION = '@twinflow/node-red-sync/twinflow-integration:status.noIntegration';

/**
 * Handles a node's input. The handler returns what is sent on. A message that is not of this integration, or whose pair
 * the node does not work on, passes untouched through the first output.
 */
export function step(RED: NodeAPI, node: Node, config: StepConfig, handler: StepHandler): void {
  const integration = integrationOf(RED, config.integration);
  if (!integration) node.status({ fill: 'red', shape: 'ring', text: RED._(NO_INTEGRATION) });
  const pairs = Array.isArray(config.pairs) ? new Set(config.pairs) : undefined;
  /** the fault that Catch nodes have been told of: one outage is one error, not one for each message */
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
    if (sync.integration !== integration.config.id || (pairs && !pairs.has(sync.pair))) {
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
      // Where an outage has been told of, the message just ends: a call without an error would set off Complete nodes.
      const end = () => {
        if (named !== undefined) done(named);
      };
      // the store is away too: the event is sent again when it is back
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

/** The `twinflow-integration` config node: two systems, the pairs of projects and entity types, and the limits. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { IntegrationConfig } from '../../lib/model/config';
import { readIntegration } from '../../lib/sync/saved';
import { hostOf } from '../shared/host';

type IntegrationDef = NodeDef & Omit<IntegrationConfig, 'id' | 'name'>;

export = (RED: NodeAPI): void => {
  const host = hostOf(RED);

  function Integration(this: Node, def: IntegrationDef): void {
    RED.nodes.createNode(this, def);
    host.acquire();
    const handle = host.addIntegration(readIntegration(def), (text) => this.warn(text));
    handle.ready.catch((error: Error) => this.error(`${def.name}: ${error.message}`));
    this.on('close', (done: () => void) => {
      host
        .removeIntegration(handle)
        .catch((error: unknown) => this.warn(String(error)))
        .then(() => host.release())
        .catch((error: unknown) => this.warn(String(error)))
        .finally(done);
    });
  }

  RED.nodes.registerType('twinflow-integration', Integration);
};

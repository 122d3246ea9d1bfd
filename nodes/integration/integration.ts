/** The `twinflow-integration` config node: two systems, the pairs of projects and entity types, and the limits. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { IntegrationConfig } from '../../lib/model/config';
import { readIntegration } from '../../lib/sync/saved';
import { type Held, hostOf } from '../shared/host';
import { savedDef } from '../shared/saved';
import { isStopped } from '../shared/status';

type IntegrationDef = NodeDef & Omit<IntegrationConfig, 'id' | 'name'>;

function heldWords(name: string, held: Held): string {
  switch (held.why) {
    case 'same':
      return (
        `"${name}" is held: the integration "${held.by}" already syncs the same projects and entity types of the same ` +
        'systems in the same direction, and two of them would do everything twice. Delete one of the two, switch off its ' +
        '"Active", or give it other projects, entity types or directions; then deploy.'
      );
    case 'store':
      return (
        `"${name}" waits: the store was lost or set back, and without it the counterparts of this integration cannot be ` +
        'recognised, so that all of them would be made once more. Stop Node-RED and restore a newer copy of the store; or ' +
        'choose a field for the remote key under "Counterpart", if one was written before, and deploy. If nothing can be ' +
        'there twice, press "Go on" in the Twinflow sidebar, or send a message with the topic "go on" to one of its pollers.'
      );
  }
}

export = (RED: NodeAPI): void => {
  const host = hostOf(RED);

  function Integration(this: Node, saved: IntegrationDef): void {
    RED.nodes.createNode(this, saved);
    host.acquire();
    const { def } = savedDef(RED, this, 'twinflow-integration', saved);
    // what nobody here understands rests: nothing is read or written, nothing is lost
    const config = def ? readIntegration(def) : { ...readIntegration(saved), active: false };
    const handle = host.addIntegration(config, (text) => this.warn(text));
    let told = '';
    handle.onStoreFault(({ message }) => {
      if (message === told) return;
      told = message;
      this.error(`${config.name}: ${message} It is tried again until it can be opened.`);
    });
    handle.ready.then(
      () => told && this.log(`${config.name}: the store could be opened`),
      (thrown: unknown) => {
        if (!isStopped(thrown))
          this.error(`${config.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      },
    );
    handle.onHeld((held) => this.error(heldWords(config.name, held)));
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

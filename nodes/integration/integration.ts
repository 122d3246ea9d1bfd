/** The `twinflow-integration` config node: two systems, the pairs of projects and entity types, and the limits. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readIntegration } from '../../lib/engine/config';
import type { IntegrationConfig } from '../../lib/model/config';
import { type Held, hostOf } from '../runtime/host';
import { savedDef } from '../runtime/saved';
import { isStopped } from '../shared/status';

type IntegrationDef = NodeDef & Omit<IntegrationConfig, 'id' | 'name'>;

function heldWords(name: string, held: Held): string {
  switch (held.why) {
    case 'same':
      return (
        `"${name}" waits: the integration "${held.by}" already syncs the same projects and entity types of the same ` +
        'systems in the same direction, and two of them would do everything twice. Delete one of the two, switch off its ' +
        '"Active", or give it other projects, entity types or directions; then deploy.'
      );
    case 'store':
      return (
        `"${name}" waits: the store was lost or reset, and without it Twinflow cannot recognize the items that this ` +
        'integration created. It would create all of them again. Stop Node-RED and restore a newer copy of the store. Or select ' +
        'the "Counterpart key field" on the tab "Backlinks", if it was written before, and deploy. If nothing can be ' +
        'duplicated, press "Continue…" in the Twinflow sidebar, or send a message with the topic "go on" to one of its pollers.'
      );
    case 'moved':
      return (
        `"${name}" waits: its links were made at ${held.from}, and the system "${held.system}" leads to ${held.to} now, where ` +
        'the same ids may be other items. If it is the same tracker with another URL, press "Continue…" in the Twinflow ' +
        'sidebar, or send a message with the topic "go on" to one of its pollers. If it is another tracker, restore ' +
        'the old URL, and add a new system node and integration for the other one.'
      );
  }
}

export = (RED: NodeAPI): void => {
  const host = hostOf(RED);

  function Integration(this: Node, saved: IntegrationDef): void {
    RED.nodes.createNode(this, saved);
    host.acquire();
    const { def } = savedDef(RED, this, 'twinflow-integration', saved);
    // an integration of an unknown version waits: nothing is read or written, nothing is lost
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

/** The `twinflow-integration` config node: two systems, the pairs of projects and entity types, and the limits. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { IntegrationConfig } from '../../lib/model/config';
import { hostOf } from '../shared/host';

type IntegrationDef = NodeDef & Omit<IntegrationConfig, 'id' | 'name'>;

const PRESET_RETRIES = 3;
const PRESET_LOST_MS = 10 * 60_000;
const LEAST_LOST_MS = 10_000;

/** A saved node as configuration: absent properties get their presets, so that older flows go on working. */
function configOf(def: IntegrationDef): IntegrationConfig {
  const retries = Number(def.retries ?? PRESET_RETRIES);
  const lost = Number(def.lostAfterMs ?? PRESET_LOST_MS);
  return {
    id: def.id,
    name: def.name || def.id,
    active: def.active !== false,
    system1: def.system1,
    system2: def.system2,
    projectPairs: def.projectPairs ?? [],
    typePairs: def.typePairs ?? [],
    remoteKeyField1: def.remoteKeyField1 || undefined,
    remoteKeyField2: def.remoteKeyField2 || undefined,
    retries: Number.isInteger(retries) && retries >= 0 ? retries : PRESET_RETRIES,
    parkFields: def.parkFields === true,
    targetDeleted: def.targetDeleted === 'create' || def.targetDeleted === 'ignore' ? def.targetDeleted : 'park',
    lostAfterMs: Number.isFinite(lost) ? Math.max(LEAST_LOST_MS, lost) : PRESET_LOST_MS,
  };
}

export = (RED: NodeAPI): void => {
  const host = hostOf(RED);

  function Integration(this: Node, def: IntegrationDef): void {
    RED.nodes.createNode(this, def);
    host.acquire();
    const handle = host.addIntegration(configOf(def));
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

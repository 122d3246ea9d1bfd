/** The `twinflow-system` config node: one configured connection, which all integrations that use it share. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { ConnectorConfig, SecretName } from '../../lib/connectors/connector';
import { readSystemSettings } from '../../lib/mapping/node-settings';
import { hostOf } from '../runtime/host';
import { savedDef } from '../runtime/saved';

interface SystemDef extends NodeDef {
  kind: string;
  config: ConnectorConfig;
  proxy: string;
  tls: string;
  ignoreOwn: boolean;
  /** requests; absent = learned from the answers */
  maxRequestsPerSecond?: number;
  maxConcurrent?: number;
}

type Secrets = Record<SecretName, string>;

/** The data of a deployed system for the admin routes, with environment variables filled in. */
interface SystemNode extends Node<Secrets> {
  config: ConnectorConfig;
}

/** Their storage in Node-RED: a `text` may be shown in the form again, a `password` never. */
const CREDENTIALS: Record<SecretName, { type: 'text' | 'password' }> = {
  apiKey: { type: 'password' },
  login: { type: 'text' },
  password: { type: 'password' },
  token: { type: 'password' },
  clientId: { type: 'text' },
  clientSecret: { type: 'password' },
};

export = (RED: NodeAPI): void => {
  const host = hostOf(RED);

  function System(this: SystemNode, saved: SystemDef): void {
    RED.nodes.createNode(this, saved);
    host.acquire();
    const { def = saved, newer } = savedDef(RED, this, 'twinflow-system', saved);
    this.config = def.config ?? {};
    const { ignoreOwn = false, maxRequestsPerSecond, maxConcurrent } = readSystemSettings(def);
    const system = host.addSystem(
      this.id,
      def.name || def.kind,
      {
        ...{ kind: def.kind, config: this.config, credentials: this.credentials ?? {}, proxy: def.proxy, tls: def.tls },
        ...(newer !== '' && { refused: newer }),
      },
      ignoreOwn,
      {
        maxRequestsPerSecond,
        maxConcurrent,
      },
    );
    this.on('close', (done: () => void) => {
      host
        .removeSystem(system)
        .catch((error: unknown) => this.warn(String(error)))
        .then(() => host.release())
        .catch((error: unknown) => this.warn(String(error)))
        .finally(done);
    });
  }

  RED.nodes.registerType<SystemNode, SystemDef, object, Secrets>('twinflow-system', System, {
    credentials: CREDENTIALS,
  });
};

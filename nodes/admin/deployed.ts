/** Looks up deployed system nodes in Node-RED's runtime, for the admin routes. */

import { SECRET_NAMES } from '../../lib/connectors/connector';
import { isObject } from '../shared/connect';
import type { StoredSystem } from './draft';

/** The part of Node-RED's `RED.nodes` that is used here. */
export interface DeployedNodes {
  getNode(id: string): unknown;
  eachNode(callback: (node: object) => void): void;
  getCredentials(id: string): unknown;
}

const id = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function values(from: unknown): Record<string, string | boolean> {
  const entries = Object.entries(isObject(from) ? from : {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string | boolean] => ['string', 'boolean'].includes(typeof entry[1])),
  );
}

/**
 * The deployed system node of this id. A node of another type is never returned: its credentials are not ours to send.
 * Environment variables are filled in by Node-RED when it makes the node, so those values are the running node's.
 */
export function deployedSystem(nodes: DeployedNodes, wanted: string): StoredSystem | undefined {
  let saved: Record<string, unknown> | undefined;
  nodes.eachNode((node) => {
    if (isObject(node) && node.id === wanted && node.type === 'twinflow-system') saved = node;
  });
  if (!saved) return undefined;
  const running = nodes.getNode(wanted);
  const credentials =
    (isObject(running) && isObject(running.credentials) && running.credentials) || nodes.getCredentials(wanted);
  const secrets = Object.entries(values(credentials)).filter(([name]) => SECRET_NAMES.some((known) => known === name));
  return {
    kind: id(saved.kind) ?? '',
    config: values(saved.config),
    ...(isObject(running) && isObject(running.config) && { effective: values(running.config) }),
    credentials: Object.fromEntries(secrets.map(([name, value]) => [name, String(value)])),
    proxy: id(saved.proxy),
    tls: id(saved.tls),
  };
}

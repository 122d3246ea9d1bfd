/** Looks up deployed system nodes in Node-RED's runtime, for the admin routes. */

import { SECRET_NAMES } from '../../lib/connectors/connector';
import { isObject } from '../../lib/model/shape';
import type { StoredSystem } from './draft';

/** The used part of Node-RED's `RED.nodes`. */
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

/** The used part of Node-RED's `RED.util`. */
export interface Settings {
  /** looks in the flow of a running node, then in the global variables and those of the process */
  getSetting(node: unknown, name: string): unknown;
}

/**
 * The value of an environment variable as Node-RED would fill it in for a system node with this id: from the position
 * of a running node, or of any node that is on no tab, which sees the same global variables as a node that is not
 * deployed yet.
 */
export function variableOf(
  nodes: DeployedNodes,
  settings: Settings,
  name: string,
  wanted: string | undefined,
): string | undefined {
  let beside: string | undefined;
  let itself: string | undefined;
  nodes.eachNode((node) => {
    if (!isObject(node) || node.type !== 'twinflow-system') return;
    if (node.id === wanted) itself = id(node.id);
    else if (!node.z && nodes.getNode(String(node.id))) beside = id(node.id);
  });
  // these belong to the node itself and not to others at the same position
  if (/^NR_NODE_/.test(name)) return undefined;
  const running = (itself && nodes.getNode(itself)) || (beside && nodes.getNode(beside)) || undefined;
  const value = settings.getSetting(running, name);
  return value === undefined || value === null ? undefined : String(value);
}

/**
 * The deployed system node with this id. A node of another type is never returned, because its credentials must not be
 * sent.
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

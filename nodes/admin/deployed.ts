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

/** The part of Node-RED's `RED.util` that is used here. */
export interface Settings {
  /** looks in the flow of a running node, then among the global variables and the process's */
  getSetting(node: unknown, name: string): unknown;
}

/**
 * The value of an environment variable as Node-RED would fill it in for a system node of this id: beside a running one, or
 * beside any that belongs to no tab, which sees the same global variables as one that is not deployed yet.
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
  // these are the node's own, and nobody's who stands beside it
  if (/^NR_NODE_/.test(name)) return undefined;
  const running = (itself && nodes.getNode(itself)) || (beside && nodes.getNode(beside)) || undefined;
  const value = settings.getSetting(running, name);
  return value === undefined || value === null ? undefined : String(value);
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

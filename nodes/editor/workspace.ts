/** The current content of the workspace, deployed or not: systems, integrations, and the nodes of an integration. */

import { SECRET_NAMES } from '../../lib/connectors/form';
import { readBacklinks, readProjectPairs, readTypePairs } from '../../lib/mapping/saved';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { isObject, number, text } from './read';

/** The data that the server needs to reach a system: the form's state, deployed or not. */
export interface SystemDraft {
  /** id of the system node: the server finds stored secrets by it */
  id?: string;
  /** for display; not sent */
  name?: string;
  kind: string;
  config: Record<string, string | boolean>;
  /** only secrets typed since the last deploy; all others are read from the store */
  credentials?: Record<string, string>;
  /** ids of an `http proxy` and a `tls-config` node */
  proxy?: string;
  tls?: string;
}

/** Shown in a password input if there is a stored value that the browser does not know. */
export const STORED = '__PWRD__';

export const PRESET_RETRIES = 3;
export const PRESET_LOST_AFTER_MS = 600_000;

/** A config node's id in the editor; '_ADD_' means "none". */
export const nodeId = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value !== '_ADD_' ? value : undefined;

export function configValues(value: unknown): Record<string, string | boolean> {
  if (!isObject(value)) return {};
  const values: Record<string, string | boolean> = {};
  for (const [name, entry] of Object.entries(value)) {
    if (typeof entry === 'string' || typeof entry === 'boolean') values[name] = entry;
  }
  return values;
}

/** A system node in its current state; undefined if there is no such node or no type is selected. */
export function systemDraft(systemNodeId: string | undefined): SystemDraft | undefined {
  const node = systemNodeId ? RED.nodes.node(systemNodeId) : null;
  if (node?.type !== 'twinflow-system' || text(node.kind) === '') return undefined;
  const credentials: Record<string, string> = {};
  for (const name of SECRET_NAMES) {
    const typed = node.credentials?.[name];
    if (typeof typed === 'string' && typed !== STORED) credentials[name] = typed;
  }
  return {
    id: node.id,
    name: RED.utils.getNodeLabel(node, node.id),
    kind: text(node.kind),
    config: configValues(node.config),
    credentials,
    proxy: nodeId(node.proxy),
    tls: nodeId(node.tls),
  };
}

/** An integration node in its current state, with defaults for properties that an older version did not have. */
export function integration(id: string | undefined): IntegrationConfig | undefined {
  const node = id ? RED.nodes.node(id) : null;
  if (node?.type !== 'twinflow-integration') return undefined;
  return {
    id: node.id,
    name: text(node.name),
    active: node.active !== false,
    system1: nodeId(node.system1) ?? '',
    system2: nodeId(node.system2) ?? '',
    projectPairs: readProjectPairs(node.projectPairs),
    typePairs: readTypePairs(node.typePairs),
    backlinks: readBacklinks(node.backlinks),
    retries: number(node.retries, PRESET_RETRIES),
    lostAfterMs: number(node.lostAfterMs, PRESET_LOST_AFTER_MS, 1),
  };
}

/** The two systems of an integration, System 1 first. */
export function systemsOf(integrationId: string | undefined): [SystemDraft | undefined, SystemDraft | undefined] {
  const config = integration(integrationId);
  return [systemDraft(config?.system1), systemDraft(config?.system2)];
}

/** The name of the system on one side of an integration, for labels; undefined if none is selected. */
export function systemName(integrationId: string | undefined, side: Side): string | undefined {
  return systemsOf(integrationId)[side - 1]?.name;
}

/** All integrations in the workspace, by name. */
export function integrations(): IntegrationConfig[] {
  const found: IntegrationConfig[] = [];
  RED.nodes.eachConfig((node) => {
    const config = node.type === 'twinflow-integration' ? integration(node.id) : undefined;
    if (config) found.push(config);
    return undefined;
  });
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

/** Enabled nodes of an integration (mappers, filters, pollers, writers) in the workspace, of one type or of all. */
export function nodesOf(integrationId: string, type?: string): EditorNode[] {
  const found: EditorNode[] = [];
  RED.nodes.eachNode((node) => {
    if (node.integration === integrationId && !node.d && (type === undefined || node.type === type)) found.push(node);
    return undefined;
  });
  return found;
}

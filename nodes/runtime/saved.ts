/** The basis of a node's runtime: its saved properties, upgraded to the current version whether or not its form was
 * opened. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readPairs } from '../../lib/mapping';
import { brokenIn } from '../../lib/mapping/broken';
import { SyncError } from '../../lib/model/errors';
import { type NodeType, upgradeNode } from '../../lib/saved';
import { step } from './step';

/** Status and message, from the system node's catalog because every node needs them. */
const TEXT = '@twinflow/node-red-sync/twinflow-system:shared.newer.';

export interface SavedDef<Def> {
  /** the properties in the current shape; absent if a later Twinflow saved them */
  def?: Def;
  /** why the node cannot be used; '' if it can */
  newer: string;
}

/**
 * A node's properties in the current shape. Properties saved by a newer Twinflow are reported once, as an error and in
 * the status; then the node must do nothing.
 */
export function savedDef<Def extends NodeDef>(RED: NodeAPI, node: Node, type: NodeType, saved: Def): SavedDef<Def> {
  const upgraded = upgradeNode(type, saved);
  if (upgraded.is === 'known') {
    const def = { ...saved, ...upgraded.saved };
    for (const broken of brokenIn(type, def)) node.error(`${nameOf(saved)}: ${broken}`);
    return { def, newer: '' };
  }
  const newer = RED._(`${TEXT}message`, { version: upgraded.version, known: upgraded.known });
  node.status({ fill: 'red', shape: 'ring', text: RED._(`${TEXT}status`) });
  node.error(newer);
  return { newer };
}

/** What people call the node: its name, else its type and id. */
const nameOf = ({ name, type, id }: NodeDef): string => (name ? `"${name}"` : `${type} ${id}`);

type StepDef = NodeDef & { integration: string; pairs: 'all' | string[] };

/** The same for a node between poller and writer. If it cannot be used, it fails its messages, so that they are
 * parked. */
export function savedStep<Def extends StepDef>(RED: NodeAPI, node: Node, type: NodeType, saved: Def): Def | undefined {
  // Node-RED keeps the status of an earlier deploy otherwise
  node.status({});
  const { def, newer } = savedDef(RED, node, type, saved);
  if (def === undefined)
    step(RED, node, { integration: saved.integration, pairs: readPairs(saved.pairs) }, () => {
      throw new SyncError('fatal', newer);
    });
  return def;
}

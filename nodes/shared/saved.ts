/** What a node's runtime starts from: its saved properties, brought to today's version whether its form was opened or not. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readPairs } from '../../lib/mapping';
import { SyncError } from '../../lib/model/errors';
import { type NodeType, upgradeNode } from '../../lib/saved';
import { step } from './step';

/** Status and message, from the system node's catalogue since every node needs them. */
const TEXT = '@twinflow/node-red-sync/twinflow-system:shared.newer.';

export interface SavedDef<Def> {
  /** the properties in today's shape; absent where a later Twinflow saved them */
  def?: Def;
  /** why the node can't be used; '' where it can */
  newer: string;
}

/**
 * A node's properties in today's shape. What a later Twinflow saved is told once, as an error and in the status; the node
 * must do nothing then.
 */
export function savedDef<Def extends NodeDef>(RED: NodeAPI, node: Node, type: NodeType, saved: Def): SavedDef<Def> {
  const upgraded = upgradeNode(type, saved);
  if (upgraded.is === 'known') return { def: { ...saved, ...upgraded.saved }, newer: '' };
  const newer = RED._(`${TEXT}message`, { version: upgraded.version, known: upgraded.known });
  node.status({ fill: 'red', shape: 'ring', text: RED._(`${TEXT}status`) });
  node.error(newer);
  return { newer };
}

type StepDef = NodeDef & { integration: string; pairs: 'all' | string[] };

/** The same for a node between poller and writer; one that can't be used fails what comes in, so that it is parked. */
export function savedStep<Def extends StepDef>(RED: NodeAPI, node: Node, type: NodeType, saved: Def): Def | undefined {
  const { def, newer } = savedDef(RED, node, type, saved);
  if (def === undefined)
    step(RED, node, { integration: saved.integration, pairs: readPairs(saved.pairs) }, () => {
      throw new SyncError('fatal', newer);
    });
  return def;
}

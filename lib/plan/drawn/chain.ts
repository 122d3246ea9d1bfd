/**
 * The nodes that a message passes from a poller to a node, and from there to the writer, in the flow on the canvas.
 * Pure, so it is tested without an editor.
 */

import type { Side } from '../../model/entity';

/** The properties of a canvas node that determine its place in a chain. */
export interface DrawnNode {
  id: string;
  type: string;
  disabled?: boolean;
  /** the tab or subflow that contains it */
  z?: string;
  /** an end of a subflow, seen from inside */
  port?: { direction: 'in' | 'out'; index: number };
  /** for Twinflow's own nodes */
  integration?: string;
  /** for a poller */
  side?: Side;
}

export interface DrawnWire {
  from: string;
  /** output of the node it comes from, 0 = the first */
  port: number;
  to: string;
}

export interface DrawnChain {
  /** ids of Twinflow's steps and of nodes in between, in the order in which a message passes them */
  nodes: string[];
  /** a poller of the side leads to the node */
  polled: boolean;
  /** a writer of the integration follows, or is the node itself */
  written: boolean;
}

const STEPS: readonly string[] = [
  'twinflow-filter',
  'twinflow-field-mapper',
  'twinflow-value-mapper',
  'twinflow-default-mapper',
];
/** They pass on any message unchanged. */
const WIRES: readonly string[] = [
  'junction',
  'link in',
  'link out',
  'subflow',
  'twinflow-poller',
  'twinflow-writer',
  'debug',
];

export const isStep = ({ type }: DrawnNode): boolean => STEPS.includes(type);
/** A node that may change or hold back a message in a way that cannot be predicted. */
export const isForeign = (node: DrawnNode): boolean => !isStep(node) && !WIRES.includes(node.type);

type Nodes = ReadonlyMap<string, DrawnNode>;

/** The outputs for a message that is to be synced: of a filter only the one for matches. */
const leads = (nodes: Nodes, { from, port }: DrawnWire): boolean => {
  const node = nodes.get(from);
  return node !== undefined && !node.disabled && (node.type !== 'twinflow-filter' || port === 0);
};

/**
 * The shortest path from a node to a wanted one, without the first; if there is none, as far as the path leads.
 * @param next the neighbours of a node, in a fixed order
 */
function way(
  start: string,
  next: (id: string) => string[],
  wanted: (id: string) => boolean,
): { path: string[]; found: boolean } {
  const cameFrom = new Map<string, string | undefined>([[start, undefined]]);
  const queue = [start];
  let end = start;
  let found = false;
  for (const id of queue) {
    end = id;
    if (id !== start && wanted(id)) {
      found = true;
      break;
    }
    for (const neighbour of next(id)) {
      if (cameFrom.has(neighbour)) continue;
      cameFrom.set(neighbour, id);
      queue.push(neighbour);
    }
  }
  const path: string[] = [];
  for (let id: string | undefined = end; id !== undefined && id !== start; id = cameFrom.get(id)) path.unshift(id);
  return { path, found };
}

/** The chain through a node. If no poller or writer is wired to it yet, as far as the wires lead. */
export function chainThrough(
  node: string,
  side: Side,
  integration: string,
  drawn: { nodes: DrawnNode[]; wires: DrawnWire[] },
): DrawnChain {
  const nodes: Nodes = new Map(drawn.nodes.map((one) => [one.id, one]));
  const wires = drawn.wires.filter((wire) => leads(nodes, wire) && nodes.get(wire.to)?.disabled !== true);
  const into = new Map<string, string[]>();
  const outOf = new Map<string, string[]>();
  for (const { from, to } of wires) {
    into.set(to, [...(into.get(to) ?? []), from]);
    outOf.set(from, [...(outOf.get(from) ?? []), to]);
  }
  const isPoller = (id: string): boolean => {
    const one = nodes.get(id);
    return one?.type === 'twinflow-poller' && one.integration === integration && one.side === side;
  };
  const isWriter = (id: string): boolean => {
    const one = nodes.get(id);
    return one?.type === 'twinflow-writer' && one.integration === integration;
  };
  // a poller of the other side does not lead here
  const otherPoller = (id: string): boolean => nodes.get(id)?.type === 'twinflow-poller' && !isPoller(id);
  const before = way(node, (id) => (into.get(id) ?? []).filter((from) => !otherPoller(from)), isPoller);
  const after = isWriter(node) ? { path: [], found: true } : way(node, (id) => outOf.get(id) ?? [], isWriter);
  return { nodes: [...before.path.reverse(), node, ...after.path], polled: before.found, written: after.found };
}

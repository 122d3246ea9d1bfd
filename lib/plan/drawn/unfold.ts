/**
 * A canvas without subflows: each instance is replaced by copies of the subflow's nodes, as in the runtime, and wires
 * lead straight in and out. Pure, so it is tested without an editor.
 */

import type { DrawnNode, DrawnWire } from './chain';

export interface Canvas {
  nodes: DrawnNode[];
  wires: DrawnWire[];
}

/** A node of the unfolded canvas. */
export interface UnfoldedNode extends DrawnNode {
  /** the node on the real canvas, or the one of which this is a copy */
  of: string;
}

const SUBFLOW = 'subflow:';
/** Real flows are smaller; a flow made to be endless must not keep anybody waiting. */
const MOST = 20_000;

const templateOf = ({ type }: DrawnNode): string | undefined =>
  type.startsWith(SUBFLOW) ? type.slice(SUBFLOW.length) : undefined;

function grouped<Item>(items: Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

/** The canvas with every instance unfolded. Subflows without an instance stay unchanged, each by itself. */
export function unfold({ nodes, wires }: Canvas): { nodes: UnfoldedNode[]; wires: DrawnWire[] } {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const inside = grouped(nodes, ({ z }) => z ?? '');
  const wiresInside = grouped(wires, ({ from }) => known.get(from)?.z ?? '');
  const used = new Set(nodes.map(templateOf));
  const made: { nodes: UnfoldedNode[]; wires: DrawnWire[] } = { nodes: [], wires: [] };

  /** The end of a wire: at the port of a subflow if the node is an instance. */
  const end = (path: string, id: string, direction: 'in' | 'out', index: number): string => {
    const template = templateOf(known.get(id) ?? { id, type: '' });
    if (template === undefined) return path + id;
    const port = inside.get(template)?.find(({ port }) => port?.direction === direction && port.index === index);
    return `${path}${id}/${port?.id ?? direction}`;
  };

  const copy = (z: string, path: string, disabled: boolean, within: readonly string[]): void => {
    for (const node of inside.get(z) ?? []) {
      if (made.nodes.length >= MOST) return;
      const off = disabled || node.disabled === true;
      const template = templateOf(node);
      if (template === undefined) made.nodes.push({ ...node, id: path + node.id, of: node.id, disabled: off });
      else if (!within.includes(template)) copy(template, `${path}${node.id}/`, off, [...within, template]);
    }
    for (const { from, port, to } of wiresInside.get(z) ?? []) {
      const leavesInstance = templateOf(known.get(from) ?? { id: from, type: '' }) !== undefined;
      made.wires.push({
        from: end(path, from, 'out', port),
        // a message from a subflow's port leaves through its only output
        port: leavesInstance ? 0 : port,
        to: end(path, to, 'in', 0),
      });
    }
  };

  for (const z of inside.keys()) if (!used.has(z)) copy(z, '', false, [z]);
  return made;
}

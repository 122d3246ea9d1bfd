/**
 * Checks whether a poller's messages reach a writer, and whether each side has a poller, in the deployed flow: wires,
 * link nodes, subflows, disabled nodes and tabs. Pure, so it also works on a flow's JSON.
 */

import type { Direction, Side } from '../../lib/model/entity';
import { append } from '../../lib/model/lists';

/** The relevant properties of a node in a flow's JSON. */
export interface WiredNode {
  id: string;
  type: string;
  /** the tab or subflow that contains it */
  z?: string;
  /** disabled */
  d?: boolean;
  /** a disabled tab */
  disabled?: boolean;
  /** per output: ids of the connected nodes */
  wires?: readonly (readonly string[])[];
  /** link nodes: their other ends */
  links?: readonly string[];
  /** link out: `return` leads back to the link call */
  mode?: string;
  /** link call: `dynamic` reads its target from each message */
  linkType?: string;
  /** subflows: the nodes connected to their inputs, and to their outputs */
  in?: readonly { wires?: readonly { id: string }[] }[];
  out?: readonly { wires?: readonly { id: string; port?: number }[] }[];
  /** nodes of this package */
  integration?: string;
  side?: string;
}

export type WiringFault =
  /** no path leads to a writer */
  | 'noWriter'
  /** the only reachable writers belong to another integration */
  | 'otherWriter'
  /** several pollers read this side and none reads the other one, which has pairs in its direction */
  | 'otherSideUnread';

const POLLER = 'twinflow-poller';
const WRITER = 'twinflow-writer';
const SUBFLOW = 'subflow:';
/** Nodes that end a chain: no message continues through them. */
const ENDS = new Set(['debug', 'catch', 'complete', 'status', 'comment', 'file']);
/** Real chains are shorter; a flow made to be endless must not keep anybody waiting. */
const MOST_STEPS = 20_000;

interface Place {
  id: string;
  /** the enclosing subflow instances, outermost first */
  within: readonly string[];
  /** link calls to return to */
  calls: readonly string[];
}

export class Wiring {
  private readonly nodes: ReadonlyMap<string, WiredNode>;

  constructor(nodes: Iterable<WiredNode>) {
    this.nodes = new Map([...nodes].map((node) => [node.id, node]));
  }

  /**
   * The problem in a poller's surroundings; undefined if there is none, or if it is unknown: a message that leaves
   * through a broker or a file may reach a writer elsewhere.
   * @param reads directions in which the integration has pairs
   */
  fault(poller: string, reads: ReadonlySet<Direction>): WiringFault | undefined {
    const node = this.nodes.get(poller);
    // a poller in a subflow has as many surroundings as the subflow has instances
    if (!node || this.nodes.get(node.z ?? '')?.type === 'subflow') return undefined;
    return this.way(node) ?? this.sides(node, reads);
  }

  private sides(poller: WiredNode, reads: ReadonlySet<Direction>): WiringFault | undefined {
    const sideOf = ({ side }: WiredNode): Side => (side === '2' ? 2 : 1);
    const all = [...this.nodes.values()].filter(
      (node) => node.type === POLLER && node.integration === poller.integration && this.isOn(node),
    );
    const alike = all.filter((node) => sideOf(node) === sideOf(poller));
    const other: Direction = sideOf(poller) === 1 ? 'backward' : 'forward';
    return alike.length > 1 && alike.length === all.length && reads.has(other) ? 'otherSideUnread' : undefined;
  }

  private way(poller: WiredNode): WiringFault | undefined {
    const open: Place[] = [{ id: poller.id, within: [], calls: [] }];
    const seen = new Set<string>();
    let stranger = false;
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const key = JSON.stringify(place);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > MOST_STEPS) return undefined;
      const node = this.nodes.get(place.id);
      if (!node || !this.isOn(node)) continue;
      if (node.type === WRITER) {
        if (node.integration === poller.integration) return undefined;
        stranger = true;
        continue;
      }
      if (node !== poller && this.leaves(node)) return undefined;
      append(open, this.next(node, place));
    }
    return stranger ? 'otherWriter' : 'noWriter';
  }

  private isOn(node: WiredNode): boolean {
    const tab = node.z === undefined ? undefined : this.nodes.get(node.z);
    return node.d !== true && tab?.disabled !== true;
  }

  /** The node has no output, or its target is known only to itself: the path of its messages is unknown. */
  private leaves(node: WiredNode): boolean {
    if (node.type === 'link call') return node.linkType === 'dynamic';
    if (node.type === 'link out' || node.type === 'link in' || node.type.startsWith(SUBFLOW)) return false;
    return (node.wires ?? []).length === 0 && !ENDS.has(node.type) && !node.type.startsWith('twinflow-');
  }

  private next(node: WiredNode, { within, calls }: Place): Place[] {
    const to = (ids: readonly string[], inside = within, back = calls): Place[] =>
      ids.map((id) => ({ id, within: inside, calls: back }));
    if (node.type === 'link out') {
      if (node.mode !== 'return') return to(node.links ?? []);
      const call = calls.at(-1);
      const outputs = call === undefined ? [] : (this.nodes.get(call)?.wires ?? []);
      return outputs.flatMap((wire) => to(wire, within, calls.slice(0, -1)));
    }
    // a call that calls itself returns, too
    if (node.type === 'link call')
      return calls.includes(node.id) ? [] : to(node.links ?? [], within, [...calls, node.id]);
    if (node.type.startsWith(SUBFLOW)) {
      const flow = this.nodes.get(node.type.slice(SUBFLOW.length));
      if (!flow || within.includes(node.id)) return [];
      const inside = [...within, node.id];
      const straight = this.outOf(flow, flow.id, 0, inside, calls);
      return [
        ...(flow.in ?? []).flatMap(({ wires }) =>
          to(
            (wires ?? []).map(({ id }) => id),
            inside,
          ),
        ),
        ...straight,
      ];
    }
    return (node.wires ?? []).flatMap((wire, port) => [...to(wire), ...this.leaving(node, port, within, calls)]);
  }

  /** An output may lead out of the subflow that contains the node. */
  private leaving(node: WiredNode, port: number, within: readonly string[], calls: readonly string[]): Place[] {
    const instance = this.nodes.get(within.at(-1) ?? '');
    const flow = instance && this.nodes.get(instance.type.slice(SUBFLOW.length));
    return flow ? this.outOf(flow, node.id, port, within, calls) : [];
  }

  private outOf(
    flow: WiredNode,
    from: string,
    port: number,
    within: readonly string[],
    calls: readonly string[],
  ): Place[] {
    const instance = this.nodes.get(within.at(-1) ?? '');
    const outside = within.slice(0, -1);
    return (flow.out ?? []).flatMap(({ wires }, output) => {
      const comes = (wires ?? []).some(({ id, port: at }) => id === from && (at ?? 0) === port);
      if (!comes || !instance) return [];
      const next = (instance.wires?.[output] ?? []).map((id) => ({ id, within: outside, calls }));
      return [...next, ...this.leaving(instance, output, outside, calls)];
    });
  }
}

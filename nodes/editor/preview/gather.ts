/** Collects what a preview needs from the workspace: the chain through a node, and each node in its current state,
 * deployed or not. */

import type { IntegrationConfig } from '../../../lib/model/config';
import { applies, directionFrom, type Side } from '../../../lib/model/entity';
import {
  chainThrough,
  type DrawnChain,
  type DrawnNode,
  type DrawnWire,
  isForeign,
  isStep,
} from '../../../lib/plan/drawn/chain';
import { unfold } from '../../../lib/plan/drawn/unfold';
import { isObject, text } from '../read';
import { integration, nodeId, type SystemDraft, systemDraft } from '../workspace';

/** Maximum number of chains of a node in a subflow. */
const MOST_COPIES = 50;

/** The data sent to the server. */
export interface PreviewDraft {
  systems: [Omit<SystemDraft, 'name'>, Omit<SystemDraft, 'name'>];
  /** the integration's node */
  integration: object;
  side: Side;
  /** the steps' nodes in order */
  steps: object[];
  /** id of the last step that is shown; absent = all */
  until?: string;
}

export interface Gathered {
  draft: PreviewDraft;
  chain: DrawnChain;
  /** names of nodes in between that do not belong to Twinflow */
  foreign: string[];
  /** id → name, of the steps */
  names: Map<string, string>;
  config: IntegrationConfig;
  /** for both systems */
  systemNames: [string, string];
}

/** The current properties of a node in their saved form: plain JSON. */
function savedOf(node: EditorNode): Record<string, unknown> {
  const definition: unknown = node._def;
  const properties = isObject(definition) && isObject(definition.defaults) ? Object.keys(definition.defaults) : [];
  const saved = properties.map((property) => [property, node[property]]);
  return { ...Object.fromEntries(saved), id: node.id, type: node.type };
}

const labelOf = (node: EditorNode): string => RED.utils.getNodeLabel(node, node.type);

function drawnNode(node: EditorNode): DrawnNode {
  return {
    id: node.id,
    type: node.type,
    disabled: node.d === true,
    ...(typeof node.z === 'string' && { z: node.z }),
    ...(node.type === 'subflow' && {
      port: { direction: node.direction === 'in' ? 'in' : 'out', index: Number(node.i ?? 0) },
    }),
    ...(typeof node.integration === 'string' && { integration: node.integration }),
    ...(node.type === 'twinflow-poller' && { side: String(node.side) === '2' ? 2 : 1 }),
  };
}

/** All nodes and wires of the workspace, with link nodes joined as by wires. @param integrationId of the node
 * itself, as in its form */
function canvas(
  node: EditorNode,
  integrationId: string,
): { nodes: Map<string, EditorNode>; drawn: DrawnNode[]; wires: DrawnWire[] } {
  const nodes = new Map<string, EditorNode>();
  const wires: DrawnWire[] = [];
  RED.nodes.eachNode((one) => {
    nodes.set(one.id, one);
    const targets = one.type === 'link out' && Array.isArray(one.links) ? one.links : [];
    for (const to of targets) if (typeof to === 'string') wires.push({ from: one.id, port: 0, to });
    return undefined;
  });
  RED.nodes.eachLink(({ source, sourcePort, target }) => {
    // the editor does not treat junctions as nodes, but they have wires
    for (const end of [source, target]) if (!nodes.has(end.id)) nodes.set(end.id, end);
    wires.push({ from: source.id, port: sourcePort, to: target.id });
    return undefined;
  });
  const drawn = [...nodes.values()].map((one) =>
    one.id === node.id ? { ...drawnNode(one), integration: integrationId, disabled: false } : drawnNode(one),
  );
  return { nodes, drawn, wires };
}

/**
 * The chain through a node. A node in a subflow is in as many chains as the subflow has instances: the most complete
 * one is shown.
 * @returns the nodes of the real canvas that a message passes, with a subflow's own nodes instead of its instance
 */
function bestChain(
  node: string,
  side: Side,
  integrationId: string,
  drawn: { nodes: DrawnNode[]; wires: DrawnWire[] },
): { chain: DrawnChain; passed: DrawnNode[] } {
  const unfolded = unfold(drawn);
  const copies = unfolded.nodes.filter(({ of }) => of === node).slice(0, MOST_COPIES);
  const chains = copies.map(({ id }) => chainThrough(id, side, integrationId, unfolded));
  const [chain = { nodes: [node], polled: false, written: false }] = chains.sort(
    (a, b) => Number(b.polled) + Number(b.written) - (Number(a.polled) + Number(a.written)),
  );
  const byId = new Map(unfolded.nodes.map((each) => [each.id, { ...each, id: each.of }]));
  const passed = chain.nodes.flatMap((each) => byId.get(each) ?? []);
  return { chain: { ...chain, nodes: passed.map(({ id }) => id) }, passed };
}

/** Sides whose changes are synced to the other one, for the type pairs that a node handles. */
export function sidesOf(config: IntegrationConfig | undefined, pairs: unknown): Side[] {
  const chosen = Array.isArray(pairs) ? new Set(pairs) : undefined;
  return ([1, 2] as const).filter((side) => {
    const direction = directionFrom(side);
    const all = config?.typePairs.flatMap((pair) => (chosen ? [pair, ...(pair.parts ?? [])] : [pair])) ?? [];
    const types = all.filter(({ id }) => chosen?.has(id) ?? true);
    return (
      types.some((pair) => applies(pair.direction, direction)) &&
      config?.projectPairs.some((pair) => applies(pair.direction, direction))
    );
  });
}

/**
 * @param form the node's current state in its open form, instead of the saved one
 * @param whole all steps are shown, not only those up to the node
 * @returns undefined if there is no integration with two systems
 */
export function gather(
  node: EditorNode,
  integrationId: string | undefined,
  side: Side,
  form: object,
  whole: boolean,
): Gathered | undefined {
  const id = nodeId(integrationId);
  const config = integration(id);
  const saved = id === undefined ? null : RED.nodes.node(id);
  const [one, two] = [systemDraft(config?.system1), systemDraft(config?.system2)];
  if (id === undefined || !config || !saved || !one || !two) return undefined;
  const { nodes, drawn, wires } = canvas(node, id);
  const { chain, passed } = bestChain(node.id, side, id, { nodes: drawn, wires });
  // a step of another integration passes on everything
  const steps = passed.filter((each) => isStep(each) && each.integration === id);
  const named = (each: DrawnNode): string => {
    const found = nodes.get(each.id);
    return found ? labelOf(found) : each.type;
  };
  const [{ name: name1, ...system1 }, { name: name2, ...system2 }] = [one, two];
  return {
    draft: {
      systems: [system1, system2],
      integration: savedOf(saved),
      side,
      steps: steps.flatMap((each) => {
        const found = nodes.get(each.id);
        if (!found) return [];
        return [found.id === node.id ? { ...savedOf(found), ...form } : savedOf(found)];
      }),
      ...(!whole && { until: node.id }),
    },
    chain,
    // nodes after this one do not affect the result
    foreign: (whole
      ? passed
      : passed.slice(
          0,
          passed.findIndex((each) => each.id === node.id),
        )
    )
      .filter(isForeign)
      .map(named),
    names: new Map(steps.map((each) => [each.id, named(each)])),
    config,
    systemNames: [text(name1, '1'), text(name2, '2')],
  };
}

/**
 * The steps of a deployed flow that a change passes from a poller to the writer, read from the flow's JSON. The same walk
 * as for a preview of the canvas (chain.ts). Pure.
 */

import type { FieldRow } from '../../model/config';
import { type Direction, directionFrom, type Side } from '../../model/entity';
import type { MappingRow } from '../../model/operations';
import type { FieldId } from '../../model/values';
import { type PlanStep, readStep } from '../steps';
import { chainThrough, type DrawnNode, type DrawnWire, isForeign, isStep } from './chain';
import { unfold } from './unfold';

/** The relevant properties of a node in a flow's JSON. */
export interface SavedNode {
  id: string;
  type: string;
  z?: string;
  d?: boolean;
  disabled?: boolean;
  name?: string;
  wires?: readonly (readonly string[])[];
  links?: readonly string[];
  in?: readonly { wires?: readonly { id: string }[] }[];
  out?: readonly { wires?: readonly { id: string; port?: number }[] }[];
  integration?: string;
  side?: string | number;
}

export interface DeployedChain {
  /** in the order in which a change passes them */
  steps: PlanStep[];
  /** id → what people call it, of the steps */
  names: Map<string, string>;
  /** names of nodes in between that are not Twinflow's, whose effect nobody can foresee */
  foreign: string[];
  /** id of the poller; absent if there is none */
  poller?: string;
  /** the wires lead to a writer */
  written: boolean;
}

/** Short names of node types, for nodes without a name. */
const LABELS: Record<string, string> = {
  'twinflow-filter': 'filter',
  'twinflow-field-mapper': 'field mapper',
  'twinflow-value-mapper': 'value mapper',
  'twinflow-default-mapper': 'default mapper',
};
/** A poller in a subflow is in as many chains as the subflow has instances. */
const MOST_CHAINS = 50;

const nameOf = ({ name, type }: SavedNode): string => name || LABELS[type] || type;

function canvasOf(nodes: readonly SavedNode[]): { nodes: DrawnNode[]; wires: DrawnWire[] } {
  const off = new Set(nodes.filter(({ disabled }) => disabled === true).map(({ id }) => id));
  const drawn: DrawnNode[] = [];
  const wires: DrawnWire[] = [];
  for (const node of nodes) {
    if (node.type === 'subflow') {
      for (const direction of ['in', 'out'] as const) {
        for (const [index, port] of (node[direction] ?? []).entries()) {
          const id = `${node.id}/${direction}${index}`;
          drawn.push({ id, type: 'subflow', z: node.id, port: { direction, index } });
          for (const wire of port.wires ?? []) {
            if (direction === 'in') wires.push({ from: id, port: 0, to: wire.id });
            // an input that is wired straight to an output has the subflow's own id
            else if (wire.id === node.id) wires.push({ from: `${node.id}/in0`, port: 0, to: id });
            else wires.push({ from: wire.id, port: 'port' in wire ? Number(wire.port ?? 0) : 0, to: id });
          }
        }
      }
      continue;
    }
    if (node.type === 'tab') continue;
    drawn.push({
      ...{ id: node.id, type: node.type, disabled: node.d === true || off.has(node.z ?? '') },
      ...(node.z !== undefined && { z: node.z }),
      ...(typeof node.integration === 'string' && { integration: node.integration }),
      ...(node.type === 'twinflow-poller' && { side: String(node.side) === '2' ? 2 : 1 }),
    });
    for (const [port, targets] of (node.wires ?? []).entries()) {
      for (const to of targets) wires.push({ from: node.id, port, to });
    }
    if (node.type === 'link out') for (const to of node.links ?? []) wires.push({ from: node.id, port: 0, to });
  }
  return { nodes: drawn, wires };
}

/**
 * The chain of one side of an integration.
 * @param nodes all nodes of the deployed flows, in the form in which Node-RED saves them
 * @throws SyncError invalid – a node was saved by a newer version
 */
export function deployedChain(nodes: readonly SavedNode[], integration: string, side: Side): DeployedChain {
  const saved = new Map(nodes.map((node) => [node.id, node]));
  const canvas = unfold(canvasOf(nodes));
  const byId = new Map(canvas.nodes.map((node) => [node.id, node]));
  const pollers = canvas.nodes.filter(
    (node) =>
      node.type === 'twinflow-poller' && !node.disabled && node.integration === integration && node.side === side,
  );
  const chains = pollers.slice(0, MOST_CHAINS).map(({ id }) => chainThrough(id, side, integration, canvas));
  const [chain] = chains.sort((a, b) => Number(b.written) - Number(a.written));
  const passed = (chain?.nodes ?? []).flatMap((id) => byId.get(id) ?? []);
  const own = passed.filter((node) => isStep(node) && node.integration === integration);
  const names = new Map<string, string>();
  const steps: PlanStep[] = [];
  for (const { of } of own) {
    const node = saved.get(of);
    const step = node && readStep(node);
    if (!step) continue;
    steps.push(step);
    names.set(step.id, nameOf(node));
  }
  const poller = passed[0]?.of;
  return {
    steps,
    names,
    foreign: passed.filter(isForeign).map(({ of, type }) => nameOf(saved.get(of) ?? { id: of, type })),
    ...(poller !== undefined && { poller }),
    written: chain?.written === true,
  };
}

const targetOf = ({ one, two }: Pick<FieldRow, 'one' | 'two'>, direction: Direction): FieldId | undefined =>
  (direction === 'forward' ? two : one)?.id;

/** The row of a step that says most about a target field: its value table, else its default, else the mapping. */
function rowIn(step: PlanStep, field: FieldId, direction: Direction): number | undefined {
  switch (step.kind) {
    case 'filter':
      return undefined;
    case 'fieldMapper':
      return found(
        step.rows.findIndex(
          (row) => targetOf(row, direction) === field && (row.direction === 'both' || row.direction === direction),
        ),
      );
    case 'valueMapper':
      return found(step.rows.findIndex((row) => targetOf(row, direction) === field));
    case 'defaultMapper': {
      const side = direction === 'forward' ? 2 : 1;
      return found(step.rows.findIndex((row) => row.field.id === field && row.side === side));
    }
  }
}

const found = (index: number): number | undefined => (index < 0 ? undefined : index);

/** Rows of the chain that make a target field's value, in the order in which a change passes them. */
export function rowsFor({ steps, names }: DeployedChain, field: FieldId, side: Side): MappingRow[] {
  return steps.flatMap((step) => {
    const row = rowIn(step, field, directionFrom(side));
    return row === undefined ? [] : [{ node: step.id, name: names.get(step.id) ?? step.id, row, field }];
  });
}

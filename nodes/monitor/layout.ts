/** Where the overview's graph has its systems and integrations, found by dagre. Pure. */

import { Graph, layout } from '@dagrejs/dagre';
import { largest, smallest } from '../../lib/model/lists';

const NARROW = 700;
const SEPARATION = 8;
const HEIGHT = 46;
/** Marks the second box of a system that an integration connects with itself. */
const TWICE = '\n';

export interface Point {
  x: number;
  y: number;
}

/** `x` and `y` are its centre. */
export interface Box extends Point {
  width: number;
  height: number;
}

export interface Places {
  width: number;
  height: number;
  /** by a name from which `systemOf` gets the system's id */
  nodes: Map<string, Box>;
  /** by the integration's id: its label, and the line through it */
  edges: Map<string, Box & { points: Point[] }>;
}

export interface Edge {
  id: string;
  systems: [string, string];
}

export const systemOf = (node: string): string => node.replace(TWICE, '');

export const isNarrow = (room: number): boolean => room < NARROW;

/**
 * All places, in pixels. What is not connected stands one below the other, the largest first. A system with many integrations
 * is as tall as their labels, so that no line crosses a label.
 * @param room width that there is
 */
export function placesOf(integrations: readonly Edge[], room: number): Places {
  const all: Places = { width: 0, height: 0, nodes: new Map(), edges: new Map() };
  for (const group of groupsOf(integrations)) {
    const { width, height, nodes, edges } = placesOfGroup(group, room);
    const below = all.height;
    const down = <P extends Point>(point: P): P => ({ ...point, y: point.y + below });
    for (const [name, box] of nodes) all.nodes.set(name, down(box));
    for (const [id, edge] of edges) all.edges.set(id, { ...down(edge), points: edge.points.map(down) });
    all.width = Math.max(all.width, width);
    all.height += height;
  }
  return all;
}

/** Integrations that are connected by systems, the largest group first. */
function groupsOf(integrations: readonly Edge[]): Edge[][] {
  const groups: { systems: Set<string>; edges: Edge[] }[] = [];
  for (const edge of integrations) {
    const touched = groups.filter(({ systems }) => edge.systems.some((system) => systems.has(system)));
    const joined = {
      systems: new Set([...edge.systems, ...touched.flatMap(({ systems }) => [...systems])]),
      edges: [...touched.flatMap(({ edges }) => edges), edge],
    };
    for (const one of touched) groups.splice(groups.indexOf(one), 1);
    groups.push(joined);
  }
  return groups.map(({ edges }) => edges).sort((a, b) => b.length - a.length);
}

function placesOfGroup(integrations: readonly Edge[], room: number): Places {
  const narrow = isNarrow(room);
  const node = { width: narrow ? 96 : 190, height: HEIGHT };
  const label = { width: narrow ? 112 : 260, height: HEIGHT };
  const degrees = new Map<string, number>();
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    ...{ rankdir: 'LR', ranksep: narrow ? 6 : 24, marginx: 2, marginy: SEPARATION / 2 },
    ...{ nodesep: SEPARATION, edgesep: SEPARATION },
  });
  for (const { id, systems } of integrations) {
    const [from, to] = systems[0] === systems[1] ? [systems[0], systems[1] + TWICE] : systems;
    for (const system of [from, to]) {
      const degree = (degrees.get(system) ?? 0) + 1;
      degrees.set(system, degree);
      graph.setNode(system, { ...node, height: degree * (HEIGHT + SEPARATION) - SEPARATION });
    }
    graph.setEdge(from, to, { ...label, labelpos: 'c', minlen: 1 }, id);
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const nodes: Places['nodes'] = new Map();
  for (const name of graph.nodes()) {
    const { x = 0, y = 0, height: tall = node.height } = graph.node(name);
    nodes.set(name, { x, y, width: node.width, height: tall });
  }
  const labels: { ends: string[]; y: number }[] = [];
  for (const edge of graph.edges()) labels.push({ ends: [edge.v, edge.w], y: graph.edge(edge).y ?? 0 });
  stretch(nodes, labels);
  const edges: Places['edges'] = new Map();
  for (const edge of graph.edges()) {
    const { x = 0, y = 0, points = [] } = graph.edge(edge);
    edges.set(edge.name ?? '', { x, y, ...label, points: reached(points, nodes.get(edge.v), nodes.get(edge.w)) });
  }
  return { width, height, nodes, edges };
}

/** Systems become as tall as it takes to reach the labels of their integrations, as far as there is room in their column. */
function stretch(nodes: Map<string, Box>, labels: readonly { ends: string[]; y: number }[]): void {
  const columns = new Map<number, { box: Box; from: number; to: number }[]>();
  for (const [name, box] of nodes) {
    const own = labels.filter(({ ends }) => ends.includes(name)).map(({ y }) => y);
    const reach = { box, from: smallest(own) - HEIGHT / 2, to: largest(own) + HEIGHT / 2 };
    columns.set(box.x, [...(columns.get(box.x) ?? []), reach]);
  }
  for (const column of columns.values()) {
    column.sort((a, b) => a.box.y - b.box.y);
    const edges = column.map(({ box }) => ({ top: box.y - box.height / 2, bottom: box.y + box.height / 2 }));
    column.forEach(({ box, from, to }, index) => {
      const [above, below] = [column[index - 1], column[index + 1]];
      // where two want the same room, each keeps what dagre gave it
      const top = above && above.to + SEPARATION > from ? (edges[index]?.top ?? from) : from;
      const bottom = below && below.from - SEPARATION < to ? (edges[index]?.bottom ?? to) : to;
      if (bottom - top < HEIGHT) return;
      box.y = (top + bottom) / 2;
      box.height = bottom - top;
    });
  }
}

/** The points, of which the first and the last are at the sides of the two boxes, as straight ahead as possible. */
function reached(points: readonly Point[], from: Box | undefined, to: Box | undefined): Point[] {
  const inner = points.slice(1, -1);
  const [first, last] = [inner[0], inner.at(-1)];
  if (!from || !to || !first || !last) return [...points];
  const side = (box: Box, { x, y }: Point): Point => ({
    x: box.x + (x < box.x ? -box.width / 2 : box.width / 2),
    y: Math.min(box.y + box.height / 2 - SEPARATION, Math.max(box.y - box.height / 2 + SEPARATION, y)),
  });
  return [side(from, first), ...inner, side(to, last)];
}

/** A line through the points, with round corners, as SVG has it. */
export function pathOf([first, ...rest]: readonly Point[]): string {
  if (!first) return '';
  const parts = [`M${first.x},${first.y}`];
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    if (!next) parts.push(`L${point.x},${point.y}`);
    else parts.push(`Q${point.x},${point.y} ${(point.x + next.x) / 2},${(point.y + next.y) / 2}`);
  });
  return parts.join(' ');
}

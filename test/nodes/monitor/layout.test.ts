import assert from 'node:assert/strict';
import { type Box, type Edge, pathOf, placesOf, systemOf } from '../../../nodes/monitor/layout';

const edge = (id: number, one: string, two: string): Edge => ({ id: `i${id}`, systems: [one, two] });
const apart = (a: Box, b: Box): boolean =>
  Math.abs(a.x - b.x) >= (a.width + b.width) / 2 - 1 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2 - 1;

/** Fifty integrations: two hubs, a chain, pairs on their own, one within one system. */
const fifty = (): Edge[] => [
  ...Array.from({ length: 30 }, (_, n) => edge(n, 'Jira', `Redmine ${n}`)),
  ...Array.from({ length: 10 }, (_, n) => edge(30 + n, `Tracker ${n}`, 'Azure DevOps')),
  ...Array.from({ length: 5 }, (_, n) => edge(40 + n, `Chain ${n}`, `Chain ${n + 1}`)),
  ...Array.from({ length: 4 }, (_, n) => edge(45 + n, `One ${n}`, `Two ${n}`)),
  edge(49, 'Itself', 'Itself'),
];

describe("the places of the overview's graph", () => {
  for (const room of [1200, 390]) {
    it(`has each system and each integration once, none over another, in ${room} pixels`, () => {
      const { nodes, edges, width, height } = placesOf(fifty(), room);
      assert.equal(edges.size, 50);
      assert.deepEqual([...new Set([...nodes.keys()].map(systemOf))].length, 31 + 11 + 6 + 8 + 1);
      const boxes = [...nodes.values(), ...edges.values()];
      for (const [index, box] of boxes.entries()) {
        assert.ok(box.x - box.width / 2 >= 0 && box.x + box.width / 2 <= width);
        assert.ok(box.y - box.height / 2 >= 0 && box.y + box.height / 2 <= height);
        for (const other of boxes.slice(index + 1)) assert.ok(apart(box, other), JSON.stringify([box, other]));
      }
    });
  }

  it('leads each line from the side of the one system over its label to the side of the other', () => {
    const { nodes, edges } = placesOf([edge(1, 'a', 'b')], 1200);
    const [a, b, line] = [nodes.get('a'), nodes.get('b'), edges.get('i1')];
    assert.ok(a && b && line);
    const [first, last] = [line.points[0], line.points.at(-1)];
    assert.deepEqual([first?.x, last?.x], [a.x + a.width / 2, b.x - b.width / 2]);
    assert.match(pathOf(line.points), /^M[\d.,]+ Q.* L[\d.,]+$/);
    assert.deepEqual(placesOf([], 1200), { width: 0, height: 0, nodes: new Map(), edges: new Map() });
  });

  it('fits an integration on a phone', () => {
    assert.ok(placesOf([edge(1, 'a', 'b')], 390).width <= 390 - 60);
  });
});

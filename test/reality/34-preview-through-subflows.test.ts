/** The preview follows a chain into a subflow and out of it again, and starts from a mapper within one. */

import assert from 'node:assert/strict';
import { chainThrough, type DrawnNode, type DrawnWire, isForeign } from '../../lib/plan/drawn/chain';
import { unfold } from '../../lib/plan/drawn/unfold';

const wire = (from: string, to: string, port = 0): DrawnWire => ({ from, port, to });
const ours = (id: string, type: string, z: string): DrawnNode => ({
  ...{ id, type: `twinflow-${type}`, integration: 'int', z },
  ...(type === 'poller' && { side: 1 }),
});
const port = (id: string, z: string, direction: 'in' | 'out', index = 0): DrawnNode => ({
  ...{ id, type: 'subflow', z, port: { direction, index } },
});

/** poller → (map: in → fields → function → out 1; in → rest → out 2) → writer, and the second output to a debug node */
const NODES: DrawnNode[] = [
  ours('poller', 'poller', 'tab'),
  { id: 'first', type: 'subflow:map', z: 'tab' },
  ours('writer', 'writer', 'tab'),
  { id: 'debug', type: 'debug', z: 'tab' },
  port('in', 'map', 'in'),
  ours('fields', 'field-mapper', 'map'),
  { id: 'code', type: 'function', z: 'map' },
  port('out1', 'map', 'out', 0),
  port('out2', 'map', 'out', 1),
];
const WIRES = [
  wire('poller', 'first'),
  wire('first', 'writer', 0),
  wire('first', 'debug', 1),
  wire('in', 'fields'),
  wire('fields', 'code'),
  wire('code', 'out1'),
  wire('in', 'out2'),
];

/** The chain by the real canvas's ids. */
function chain(start: string, nodes = NODES, wires = WIRES): string[] {
  const unfolded = unfold({ nodes, wires });
  const of = new Map(unfolded.nodes.map((node) => [node.id, node.of]));
  const from = unfolded.nodes.find((node) => node.of === start);
  return chainThrough(from?.id ?? '', 1, 'int', unfolded).nodes.map((id) => of.get(id) ?? id);
}

describe('a preview through a subflow', () => {
  const whole = ['poller', 'in', 'fields', 'code', 'out1', 'writer'];

  it('passes what is in it, whether it is asked for outside or inside', () => {
    assert.deepEqual(chain('writer'), whole);
    assert.deepEqual(chain('fields'), whole);
    assert.deepEqual(chain('poller'), whole);
  });

  it('names foreign nodes in it, and not its ends', () => {
    const foreign = unfold({ nodes: NODES, wires: WIRES }).nodes.filter(isForeign);
    assert.deepEqual(
      foreign.map(({ of }) => of),
      ['code'],
    );
  });

  it('goes through one in another, and keeps instances of the same one apart', () => {
    const nodes: DrawnNode[] = [
      ...NODES.filter(({ id }) => id !== 'first'),
      { id: 'outer', type: 'subflow:outer', z: 'tab' },
      { id: 'lonely', type: 'subflow:map', z: 'tab' },
      port('outer-in', 'outer', 'in'),
      { id: 'nested', type: 'subflow:map', z: 'outer' },
      port('outer-out', 'outer', 'out'),
    ];
    const wires = [
      ...WIRES.filter(({ from, to }) => from !== 'first' && to !== 'first'),
      wire('poller', 'outer'),
      wire('outer-in', 'nested'),
      wire('nested', 'outer-out'),
      wire('outer', 'writer'),
    ];
    assert.deepEqual(chain('writer', nodes, wires), [
      ...['poller', 'outer-in', 'in', 'fields', 'code', 'out1', 'outer-out', 'writer'],
    ]);
    const copies = unfold({ nodes, wires }).nodes.filter(({ of }) => of === 'fields');
    assert.equal(copies.length, 2);
  });

  it('passes no disabled instance, and a subflow without an instance by itself', () => {
    const disabled = NODES.map((node) => (node.id === 'first' ? { ...node, disabled: true } : node));
    assert.deepEqual(chain('writer', disabled), ['writer']);
    const alone = NODES.filter(({ id }) => id !== 'first');
    assert.deepEqual(chain('fields', alone), ['in', 'fields', 'code', 'out1']);
  });

  it('ends with a subflow that holds itself', () => {
    const circle = [...NODES, { id: 'itself', type: 'subflow:map', z: 'map' }];
    assert.deepEqual(chain('writer', circle, [...WIRES, wire('fields', 'itself')]), whole);
  });
});

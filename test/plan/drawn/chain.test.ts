import assert from 'node:assert/strict';
import { chainThrough, type DrawnNode, type DrawnWire } from '../../../lib/plan/drawn/chain';

const poller = (id: string, side: 1 | 2, more: Partial<DrawnNode> = {}): DrawnNode => ({
  ...{ id, type: 'twinflow-poller', integration: 'int', side },
  ...more,
});
const step = (id: string, type: string, more: Partial<DrawnNode> = {}): DrawnNode => ({
  ...{ id, type: `twinflow-${type}`, integration: 'int' },
  ...more,
});
const wire = (from: string, to: string, port = 0): DrawnWire => ({ from, to, port });

const NODES = [
  poller('p1', 1),
  poller('p2', 2),
  step('filter', 'filter'),
  step('fields', 'field-mapper'),
  step('values', 'value-mapper'),
  step('writer', 'writer'),
];
const WIRES = [
  wire('p1', 'filter'),
  wire('p2', 'filter'),
  wire('filter', 'fields'),
  wire('fields', 'values'),
  wire('values', 'writer'),
];

describe('the chain through a node, as drawn', () => {
  it('leads from the poller of the side to the writer, whichever node is asked for', () => {
    for (const node of ['filter', 'fields', 'values', 'writer']) {
      assert.deepEqual(chainThrough(node, 1, 'int', { nodes: NODES, wires: WIRES }), {
        nodes: ['p1', 'filter', 'fields', 'values', 'writer'],
        polled: true,
        written: true,
      });
    }
  });

  it('takes the side that was asked for, where each has a chain of its own', () => {
    const nodes = [...NODES, step('own', 'field-mapper')];
    const wires = [wire('p1', 'fields'), wire('fields', 'writer'), wire('p2', 'own'), wire('own', 'writer')];
    assert.deepEqual(chainThrough('writer', 1, 'int', { nodes, wires }).nodes, ['p1', 'fields', 'writer']);
    assert.deepEqual(chainThrough('writer', 2, 'int', { nodes, wires }).nodes, ['p2', 'own', 'writer']);
  });

  it('goes through links and junctions and what else lies in between, and ends where wires end', () => {
    const nodes = [...NODES, { id: 'f', type: 'function' }, { id: 'j', type: 'junction' }];
    const wires = [wire('f', 'j'), wire('j', 'fields'), wire('fields', 'values')];
    assert.deepEqual(chainThrough('fields', 1, 'int', { nodes, wires }), {
      nodes: ['f', 'j', 'fields', 'values'],
      polled: false,
      written: false,
    });
  });

  it('follows only what a filter lets through, and no disabled node', () => {
    const wires = [wire('p1', 'filter'), wire('filter', 'fields', 1)];
    assert.equal(chainThrough('fields', 1, 'int', { nodes: NODES, wires }).polled, false);
    const disabled = NODES.map((node) => (node.id === 'filter' ? { ...node, disabled: true } : node));
    assert.deepEqual(chainThrough('fields', 1, 'int', { nodes: disabled, wires: WIRES }).nodes, [
      'fields',
      'values',
      'writer',
    ]);
  });

  it('is not led astray by circles, or by pollers of other integrations', () => {
    const nodes = [poller('strange', 1, { integration: 'other' }), ...NODES];
    const wires = [wire('strange', 'fields'), wire('fields', 'values'), wire('values', 'fields')];
    const chain = chainThrough('fields', 1, 'int', { nodes, wires });
    assert.equal(chain.polled, false);
    assert.ok(chain.nodes.includes('fields') && !chain.nodes.includes('strange'));
  });
});

import assert from 'node:assert/strict';
import { type WiredNode, Wiring } from '../../../nodes/runtime/wiring';

const both = new Set(['forward', 'backward'] as const);
const poller = (id: string, wires: string[], more: Partial<WiredNode> = {}): WiredNode => ({
  ...{ id, type: 'twinflow-poller', z: 'tab', integration: 'i', side: '1', wires: [wires] },
  ...more,
});
const node = (id: string, type: string, wires: string[][], more: Partial<WiredNode> = {}): WiredNode => ({
  ...{ id, type, z: 'tab', wires },
  ...more,
});
const writer = (more: Partial<WiredNode> = {}): WiredNode =>
  node('w', 'twinflow-writer', [[]], { integration: 'i', ...more });
const faultOf = (nodes: WiredNode[], from = 'p'): string | undefined => new Wiring(nodes).fault(from, both);

describe('nodes/shared/wiring', () => {
  it('finds a writer behind mappers, junctions and functions, also where the chain runs in a circle', () => {
    const chain = [
      poller('p', ['f']),
      node('f', 'twinflow-field-mapper', [['j']]),
      node('j', 'junction', [['x', 'd']]),
      node('x', 'function', [[], ['j', 'w']]),
      node('d', 'debug', []),
      writer(),
    ];
    assert.equal(faultOf(chain), undefined);
  });

  it('reports a missing wire, a disabled writer and a disabled tab', () => {
    assert.equal(faultOf([poller('p', []), writer()]), 'noWriter');
    assert.equal(faultOf([poller('p', ['d']), node('d', 'debug', []), writer()]), 'noWriter');
    assert.equal(faultOf([poller('p', ['f']), node('f', 'twinflow-filter', [[]])]), 'noWriter');
    assert.equal(faultOf([poller('p', ['w']), writer({ d: true })]), 'noWriter');
    const elsewhere = [
      poller('p', ['o']),
      node('o', 'link out', [], { links: ['n'] }),
      node('n', 'link in', [['w']], { z: 'other' }),
      writer({ z: 'other' }),
    ];
    assert.equal(faultOf([...elsewhere, { id: 'other', type: 'tab', disabled: true }]), 'noWriter');
    assert.equal(faultOf([...elsewhere, { id: 'other', type: 'tab', disabled: false }]), undefined);
  });

  it('reports a chain that ends at the writer of another integration', () => {
    assert.equal(faultOf([poller('p', ['w']), writer({ integration: 'j' })]), 'otherWriter');
  });

  it('says nothing where a message leaves by a way that it cannot see', () => {
    assert.equal(faultOf([poller('p', ['m']), node('m', 'mqtt out', [])]), undefined);
    assert.equal(faultOf([poller('p', ['c']), node('c', 'link call', [[]], { linkType: 'dynamic' })]), undefined);
  });

  it('goes through link calls and comes back from them', () => {
    const call = [
      poller('p', ['c']),
      node('c', 'link call', [['w']], { links: ['n'] }),
      node('n', 'link in', [['r']]),
      node('r', 'link out', [], { mode: 'return' }),
    ];
    assert.equal(faultOf([...call, writer()]), undefined);
    assert.equal(faultOf(call), 'noWriter');
  });

  it('goes through subflows, nested ones too, in at the right input and out at the right output', () => {
    const subflow = [
      poller('p', ['s']),
      node('s', 'subflow:outer', [['d'], ['w']]),
      {
        id: 'outer',
        type: 'subflow',
        in: [{ wires: [{ id: 'k' }] }],
        out: [{ wires: [] }, { wires: [{ id: 'k', port: 0 }] }],
      },
      node('k', 'subflow:inner', [[]], { z: 'outer' }),
      { id: 'inner', type: 'subflow', in: [{ wires: [{ id: 'g' }] }], out: [{ wires: [{ id: 'g', port: 1 }] }] },
      node('g', 'switch', [[], []], { z: 'inner' }),
      node('d', 'debug', []),
    ];
    assert.equal(faultOf([...subflow, writer()]), undefined);
    const other = subflow.map((one) => (one.id === 's' ? { ...one, wires: [['w'], ['d']] } : one));
    assert.equal(faultOf([...other, writer()]), 'noWriter');
  });

  it('reports two pollers on one side while nobody reads the other one', () => {
    const pair = (side: string, more: Partial<WiredNode> = {}): WiredNode[] => [
      poller('p', ['w']),
      poller('q', ['w'], { side, ...more }),
      writer(),
    ];
    assert.equal(faultOf(pair('1')), 'otherSideUnread');
    assert.equal(faultOf(pair('2')), undefined);
    assert.equal(
      faultOf(pair('2', { d: true })),
      undefined,
      'one poller alone may have its partner in another Node-RED',
    );
    assert.equal(faultOf(pair('1', { integration: 'j' })), undefined);
    assert.equal(new Wiring(pair('1')).fault('p', new Set(['forward'])), undefined, 'the other side has no pairs');
  });

  it('ends in a flow that is made to have no end', () => {
    const nodes = Array.from({ length: 3_000 }, (_, n) =>
      node(`n${n}`, 'function', [Array.from({ length: 20 }, (_, m) => `n${(n * 7 + m * 13) % 3_000}`)]),
    );
    assert.equal(faultOf([poller('p', ['n0']), ...nodes]), 'noWriter');
  });
});

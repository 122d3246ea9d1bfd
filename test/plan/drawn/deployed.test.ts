import assert from 'node:assert/strict';
import { deployedChain, rowsFor, type SavedNode } from '../../../lib/plan/drawn/deployed';
import { example } from '../../support/examples';

const flow = () => example('sandbox-both-ways', {}) as SavedNode[];
const integrationOf = (nodes: SavedNode[]): string =>
  nodes.find(({ type }) => type === 'twinflow-integration')?.id ?? '';

describe('the chain of a deployed flow', () => {
  it('leads from the poller of each side to the writer, with the steps as they are saved', () => {
    const nodes = flow();
    for (const side of [1, 2] as const) {
      const chain = deployedChain(nodes, integrationOf(nodes), side);
      assert.equal(chain.written, true);
      assert.ok(chain.poller);
      assert.deepEqual(chain.foreign, []);
      assert.ok(chain.steps.some(({ kind }) => kind === 'fieldMapper'));
      assert.equal(chain.names.size, chain.steps.length);
    }
  });

  it('says which rows make a target field, in each direction', () => {
    const nodes = flow();
    const chain = deployedChain(nodes, integrationOf(nodes), 1);
    const rows = rowsFor(chain, 'Microsoft.VSTS.Common.Priority', 1);
    assert.deepEqual(
      rows.map(({ node }) => chain.steps.find(({ id }) => id === node)?.kind),
      ['fieldMapper', 'valueMapper'],
    );
    assert.ok(rows.every(({ row }) => typeof row === 'number'));
    assert.deepEqual(rowsFor(chain, 'no-such-field', 1), []);
    assert.deepEqual(
      rowsFor(chain, 'priority', 1).filter(({ row }) => row === undefined),
      [],
    );
  });

  it('knows a flow without a poller, with a disabled tab, or with a node of somebody else in between', () => {
    const nodes = flow();
    const id = integrationOf(nodes);
    assert.deepEqual(deployedChain([], id, 1).steps, []);
    assert.equal(deployedChain(nodes, 'another', 1).poller, undefined);
    const tab = nodes.find(({ type }) => type === 'tab');
    const off = nodes.map((node) => (node === tab ? { ...node, disabled: true } : node));
    assert.equal(deployedChain(off, id, 1).poller, undefined);
    const first = nodes.find(({ type, side }) => type === 'twinflow-poller' && String(side) !== '2');
    assert.ok(first);
    const between: SavedNode = { id: 'fn', type: 'function', name: 'My code', z: first.z, wires: first.wires };
    const changed = [...nodes.map((node) => (node === first ? { ...node, wires: [['fn']] } : node)), between];
    assert.deepEqual(deployedChain(changed, id, 1).foreign, ['My code']);
  });

  it('goes through subflows and link nodes', () => {
    const poller: SavedNode = { id: 'p', type: 'twinflow-poller', z: 't', integration: 'i', side: '1', wires: [['s']] };
    const mapper: SavedNode = {
      id: 'm',
      type: 'twinflow-field-mapper',
      z: 'sub',
      integration: 'i',
      wires: [[]],
    };
    const nodes: SavedNode[] = [
      { id: 't', type: 'tab' },
      poller,
      { id: 'sub', type: 'subflow', in: [{ wires: [{ id: 'm' }] }], out: [{ wires: [{ id: 'm', port: 0 }] }] },
      mapper,
      { id: 's', type: 'subflow:sub', z: 't', wires: [['lo']] },
      { id: 'lo', type: 'link out', z: 't', links: ['li'] },
      { id: 'li', type: 'link in', z: 't', wires: [['w']] },
      { id: 'w', type: 'twinflow-writer', z: 't', integration: 'i' },
    ];
    const chain = deployedChain(nodes, 'i', 1);
    assert.deepEqual([chain.steps.map(({ id }) => id), chain.written, chain.poller], [['m'], true, 'p']);
  });
});

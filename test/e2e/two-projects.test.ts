/** One chain of mappers serves several project pairs of its integration, in a real Node-RED. */

import assert from 'node:assert/strict';
import { example, sandboxes } from '../support/examples';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const BUG = '10101';
const DEMO = { one: { id: '10000', name: 'Demo' }, two: { id: '6ce954b1-0001', name: 'Fabrikam' }, direction: 'both' };
const OTHER = { one: { id: '10001', name: 'Other' }, two: { id: '6ce954b1-0002', name: 'Contoso' }, direction: 'both' };
const AREA = { id: 'System.AreaPath', name: 'Area Path', type: 'lookup' };

const nameOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, 'name') : undefined;

/** The example with a second project pair; what differs by project is computed in one row. */
function flow(): FlowNode[] {
  const expression = `{"name": $entity().project = "${OTHER.one.id}" ? "Contoso" : "Fabrikam"}`;
  const row = {
    two: AREA,
    direction: 'forward',
    syncWhen: 'create',
    transform: { forward: { kind: 'jsonata', expression } },
  };
  return example('sandbox-both-ways', {
    'twinflow-poller': { interval: 1, unit: 'seconds' },
    'twinflow-integration': { projectPairs: [DEMO, OTHER] },
  }).map((node) =>
    node.type === 'twinflow-field-mapper' && Array.isArray(node.rows) ? { ...node, rows: [...node.rows, row] } : node,
  );
}

describe('e2e/two project pairs, one mapping', function () {
  this.timeout(60_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    await red.deploy(flow());
  });
  after(async () => {
    trackers?.close();
    await red?.stop();
  });

  const inAzure = (title: string) =>
    trackers.azure.list({ limit: 100 }).entities.find(({ fields }) => fields['System.Title'] === title);

  it('brings each entity into the counterpart of its project, and changes back', async () => {
    for (const [project, summary] of [
      [DEMO.one.id, 'Cart loses items'],
      [OTHER.one.id, 'Invoice lacks tax'],
    ] as const)
      trackers.jira.create('alice', { project, type: BUG, fields: { summary, priority: { name: 'High' } } });
    const found = await until('both are there', () => {
      const both = [inAzure('Cart loses items'), inAzure('Invoice lacks tax')];
      return both.every((entity) => entity !== undefined) ? both : undefined;
    });
    assert.deepEqual(
      found.map((entity) => [entity?.project, nameOf(entity?.fields[AREA.id])]),
      [
        [DEMO.two.id, 'Fabrikam'],
        [OTHER.two.id, 'Contoso'],
      ],
    );
    trackers.azure.edit('carol', found[1]?.id ?? '', { 'System.State': { name: 'Active' } });
    await until('the other project’s bug is in progress', () =>
      trackers.jira
        .list({ limit: 100 })
        .entities.some(({ project, fields }) => project === OTHER.one.id && nameOf(fields.status) === 'In Progress'),
    );
  });
});

/** A real Node-RED: what a node has shown below itself goes with the deploy that mends it. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { example } from '../../support/examples';
import { type FlowNode, NodeRed } from '../../support/node-red';

const STEPS = ['twinflow-filter', 'twinflow-field-mapper', 'twinflow-value-mapper', 'twinflow-default-mapper'];

/** The texts below the nodes, as an editor that is opened now gets them. */
async function statuses(red: NodeRed): Promise<Map<string, string>> {
  const socket = new WebSocket(`${red.url.replace('http', 'ws')}/comms`);
  const found = new Map<string, string>();
  socket.addEventListener('message', ({ data }) => {
    const messages: { topic?: string; data?: { text?: string } }[] = [JSON.parse(String(data))].flat();
    for (const { topic = '', data: status } of messages)
      if (topic.startsWith('status/')) found.set(topic.slice('status/'.length), status?.text ?? '');
  });
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  socket.send(JSON.stringify({ subscribe: 'status/#' }));
  await sleep(500);
  socket.close();
  return found;
}

describe('nodes: a status after a deploy', function () {
  this.timeout(60_000);
  let red: NodeRed;
  after(() => red?.stop());

  it('is gone when the node has got its integration', async () => {
    red = await NodeRed.start();
    const flow = example('sandbox-both-ways');
    const tab = flow.find(({ type }) => type === 'tab')?.id;
    const integration = flow.find(({ type }) => type === 'twinflow-integration')?.id ?? assert.fail();
    const drawn = flow.filter(({ type }) => !STEPS.includes(type));
    const steps = (its: string): FlowNode[] =>
      STEPS.map((type, index) => ({
        ...{
          id: `57a7${index}`,
          type,
          z: tab,
          x: 100,
          y: 100,
          integration: its,
          pairs: 'all',
          version: 1,
          wires: [[]],
        },
        rows: type === 'twinflow-field-mapper' ? flow.find((node) => node.type === type)?.rows : [],
        conditions: [],
      }));
    const ids = STEPS.map((_type, index) => `57a7${index}`);

    await red.deploy([...drawn, ...steps('')]);
    const before = await statuses(red);
    for (const id of ids) assert.match(before.get(id) ?? '', /integration/i, id);

    await red.deploy([...drawn, ...steps(integration)], 'nodes');
    const later = await statuses(red);
    for (const id of ids) assert.equal(later.get(id) ?? '', '', `${id} still shows an old status`);
  });
});

/**
 * A chain without a writer, two pollers on one side, a Start that has no effect any more: each was green and silent. In a
 * real Node-RED each says what is wrong, and the topic "start" begins again at the poller's Start.
 */

import assert from 'node:assert/strict';
import { example, sandboxes } from '../support/examples';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';

interface State {
  id: string;
  sides?: { begun: boolean; counts: { links: number } }[];
}

const idOf = (type: string): string => example('sandbox-both-ways').find((node) => node.type === type)?.id ?? '';

describe('reality 29: a chain that leads nowhere', function () {
  this.timeout(60_000);
  let red: NodeRed;

  before(async () => {
    red = await NodeRed.start();
  });
  after(() => red?.stop());

  const shows = async (flow: FlowNode[], text: string): Promise<void> => {
    await red.deploy(flow);
    await until(`the log says "${text}"`, () => red.log.includes(text));
  };

  it('a poller whose wire to the writer is missing says so at once', async () => {
    const flow = example('sandbox-both-ways', { 'twinflow-default-mapper': { wires: [[]] } });
    await shows(flow, 'reach no writer');
  });

  it('a poller whose chain ends at another integration names that', async () => {
    const flow = example('sandbox-both-ways', { 'twinflow-writer': { integration: 'another' } });
    await shows(flow, 'only writers of another integration');
  });

  it('two pollers on System 1 say that System 2 is never read', async () => {
    await shows(example('sandbox-both-ways', { 'twinflow-poller': { side: '1' } }), 'set one poller to System 2');
  });

  it('the complete chain says nothing', async () => {
    await red.deploy(example('sandbox-both-ways'));
    await until('it runs', async () => {
      const { items } = await red.get<{ items: State[] }>('/twinflow/operations');
      return items[0]?.sides?.every(({ begun }) => begun) === true;
    });
    // the flow before may have said something until it ended
    const said = red.log.slice(red.log.lastIndexOf('Starting flows'));
    assert.doesNotMatch(said, /reach no writer|another integration|never detected/);
  });
});

describe('reality 29: Start of a poller that has read before', function () {
  this.timeout(60_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    for (const summary of ['one', 'two', 'three'])
      trackers.jira.create('alice', { project: '10000', type: '10101', fields: { summary } });
  });
  after(async () => {
    trackers?.close();
    await red?.stop();
  });

  const flow = (start: string): FlowNode[] => {
    const inject = (topic: string): FlowNode => ({
      ...{ id: `inject-${topic}`, type: 'inject', z: idOf('tab'), name: '', props: [{ p: 'topic', vt: 'str' }], topic },
      ...{ repeat: '', once: false, x: 100, y: 400, wires: [[idOf('twinflow-poller')]] },
    });
    const set = { 'twinflow-poller': { start, schedule: 'manual' } };
    return [...example('sandbox-both-ways', set), inject('start'), inject('poll')];
  };
  const side = async () => (await red.get<{ items: State[] }>('/twinflow/operations')).items[0]?.sides?.[0];
  const polled = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 1_500));

  it('counts no more, which the form shows; the topic "start" reads from it again, and twice makes no twins', async () => {
    await red.deploy(flow('newest'));
    assert.equal((await side())?.begun, false);
    await red.post('/inject/inject-poll', {});
    await until('it has read', async () => (await side())?.begun === true);

    await red.deploy(flow('all'));
    await red.post('/inject/inject-poll', {});
    await polled();
    const before = trackers.azure.list({ limit: 1 }).total;
    assert.equal((await side())?.counts.links, 0, 'another Start alone changes nothing');

    await red.post('/inject/inject-start', {});
    await until('all three are linked', async () => (await side())?.counts.links === 3);
    await red.post('/inject/inject-start', {});
    await polled();
    assert.equal(trackers.azure.list({ limit: 1 }).total, before + 3);
  });
});

/** The events node in a real Node-RED: parked changes, conflicts, an outage and its end, and the summary as messages. */

import assert from 'node:assert/strict';
import { example, sandboxes } from '../support/examples';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const DEMO = '10000';
const BUG = '10101';

interface Told {
  topic: string;
  payload: string;
  event: {
    kind: string;
    count?: number;
    items?: { key: string }[];
    integrations?: { name: string; synced?: number }[];
  };
}

describe('e2e/events node', function () {
  this.timeout(90_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  const flow = (): FlowNode[] => {
    const text = JSON.stringify(
      example('sandbox-both-ways', {
        'twinflow-poller': { interval: 1, unit: 'seconds' },
        'twinflow-integration': { retries: 0 },
      }),
    )
      .replaceAll('"direction":"both"}', '"direction":"both","conflict":"park"}')
      .replace(
        '{"one":{"id":"1","name":"Highest"},"two":{"id":"1","name":"1"}',
        '{"one":{"id":"1","name":"Highest"},"two":{"id":"9","name":"9"}',
      );
    const nodes = JSON.parse(text) as FlowNode[];
    const [tab] = nodes.filter(({ type }) => type === 'tab');
    const z = tab?.id ?? '';
    return [
      ...nodes,
      { ...{ id: 'events', type: 'twinflow-events', z, name: '', integration: '', collect: 1 }, wires: [['told']] },
      {
        ...{ id: 'told', type: 'function', z, wires: [[]], outputs: 0 },
        func: 'const all = global.get("told") || []; all.push({ topic: msg.topic, payload: msg.payload, event: msg.event }); global.set("told", all);',
      },
      { ...{ id: 'ask', type: 'http in', z, url: '/told', method: 'get', wires: [['answer']] } },
      {
        ...{ id: 'answer', type: 'function', z, outputs: 1, wires: [['reply']] },
        func: 'msg.payload = global.get("told") || []; return msg;',
      },
      { ...{ id: 'reply', type: 'http response', z, wires: [] } },
      { ...{ id: 'now', type: 'http in', z, url: '/now', method: 'get', wires: [['events', 'reply']] } },
    ];
  };

  const told = async (kind: string): Promise<Told[]> =>
    ((await (await fetch(`${red.url}/told`)).json()) as Told[]).filter(({ event }) => event.kind === kind);
  const create = (summary: string, name: string) =>
    trackers.jira.create('alice', { project: DEMO, type: BUG, fields: { summary, priority: { name } } });
  const azure = (title: string) =>
    trackers.azure.list({ limit: 100 }).entities.find(({ fields }) => fields['System.Title'] === title);

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    await red.deploy(flow());
  });

  after(async () => {
    trackers?.close();
    await red?.stop();
  });

  it('tells of parked changes that belong together in one message, with their errors as text', async () => {
    for (const title of ['A', 'B <script>', 'C']) create(title, 'Highest');
    const found = await until('three were told', async () => {
      const all = await told('parked');
      return all.reduce((sum, { event }) => sum + (event.count ?? 0), 0) === 3 && all;
    });
    const [first] = found;
    assert.match(first?.topic ?? '', /^Jira ↔ Azure DevOps: (1 change|\d+ changes) parked$/);
    assert.match(first?.payload ?? '', /DEMO-\d+: .*Priority has no value/);
    assert.match(first?.event.items?.[0]?.key ?? '', /^DEMO-/);
  });

  it('tells of a conflict', async () => {
    create('Contested', 'High');
    const two = await until('it is in Azure DevOps', () => azure('Contested'));
    const one = trackers.jira.list({ limit: 100 }).entities.find(({ fields }) => fields.summary === 'Contested');
    assert.ok(one && two);
    trackers.jira.edit('alice', one.id, { summary: 'One' });
    trackers.azure.edit('bob', two.id, { 'System.Title': 'Two' });
    const [conflict] = await until('it was told', async () => {
      const all = await told('conflict');
      return all.length > 0 && all;
    });
    assert.match(conflict?.topic ?? '', /wait(s)? for a decision$/);
  });

  it('sends a summary when it is asked to', async () => {
    // the activity is stored every two seconds
    const summary = await until('the summary counts what was synced', async () => {
      await fetch(`${red.url}/now`);
      return (await told('summary')).find(({ event }) => (event.integrations?.[0]?.synced ?? 0) > 0);
    });
    assert.match(summary.topic, /^Twinflow, last 24 hours: \d+ synced, \d+ parked$/);
    assert.match(summary.payload, /Jira ↔ Azure DevOps: \d+ synced/);
  });
});

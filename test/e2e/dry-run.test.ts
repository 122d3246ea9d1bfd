/** A dry run of the sandbox example in a real Node-RED: both trackers stay as they are, until it ends. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncResult } from '../../lib/model/message';
import { example, sandboxes } from '../support/examples';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';

const DEMO = '10000';
const BUG = '10101';
const PRIORITY = 'Microsoft.VSTS.Common.Priority';

/** The example, with the writer's results kept for who asks for them. */
function flow(dryRun: boolean): FlowNode[] {
  const nodes = example('sandbox-both-ways', {
    'twinflow-poller': { interval: 1, unit: 'seconds' },
    'twinflow-writer': { dryRun },
  });
  const z = nodes.find(({ type }) => type === 'tab')?.id;
  const keep = "global.set('results', [...(global.get('results') || []), msg.payload]);";
  const tell = "msg.payload = global.get('results') || []; return msg;";
  return [
    ...nodes.map((node) => (node.type === 'twinflow-writer' ? { ...node, wires: [['keep']] } : node)),
    { id: 'keep', type: 'function', z, func: keep, outputs: 0, wires: [] },
    { id: 'in', type: 'http in', z, url: '/results', method: 'get', wires: [['tell']] },
    { id: 'tell', type: 'function', z, func: tell, outputs: 1, wires: [['out']] },
    { id: 'out', type: 'http response', z, wires: [] },
  ];
}

describe('e2e/dry run', function () {
  this.timeout(90_000);
  let red: NodeRed;
  let trackers: ReturnType<typeof sandboxes>;

  before(async () => {
    red = await NodeRed.start();
    trackers = sandboxes(red.userDir);
    trackers.jira.create('alice', {
      project: DEMO,
      type: BUG,
      fields: { summary: 'Cart loses items', priority: { name: 'Highest' }, labels: ['shop'] },
    });
    trackers.azure.create('carol', {
      project: '6ce954b1-0001',
      type: 'User Story',
      fields: { 'System.Title': 'Guest checkout', 'System.AreaPath': { name: 'Fabrikam' } },
    });
    await red.deploy(flow(true));
  });

  after(async () => {
    trackers?.close();
    await red?.stop();
  });

  const results = () => red.get<SyncResult[]>('/results');
  const revisions = () => [trackers.jira.revision(), trackers.azure.revision()];
  const totals = () => [trackers.jira.list({ limit: 1 }).total, trackers.azure.list({ limit: 1 }).total];
  const bug = () => {
    const [entity] = trackers.jira.list({ limit: 10 }).entities.filter(({ type }) => type === BUG);
    assert.ok(entity);
    return entity;
  };
  const counts = async () => {
    const { items } = await red.get<{
      items: { dryRun?: boolean; sides: { counts: { shown: number; waiting: number; links: number } }[] }[];
    }>('/twinflow/operations');
    return { dryRun: items[0]?.dryRun, shown: items[0]?.sides.map((side) => side.counts.shown) };
  };

  it('reports what it would create on both sides, with all fields, and both trackers stay untouched', async () => {
    const before = revisions();
    const told = await until('both are told', async () => {
      const all = await results();
      return all.length >= 2 ? all : undefined;
    });
    assert.deepEqual(told.map(({ outcome, direction }) => [outcome, direction]).sort(), [
      ['dryRun', 'backward'],
      ['dryRun', 'forward'],
    ]);
    const forward = told.find(({ direction }) => direction === 'forward')?.dryRun;
    assert.equal(forward?.outcome, 'created');
    assert.deepEqual(forward?.target, { type: 'Bug', project: '6ce954b1-0001' });
    const after = Object.fromEntries(
      Object.entries(forward?.changes ?? {}).map(([field, change]) => {
        assert.equal(change.before, null, field);
        return [field, change.after];
      }),
    );
    assert.equal(after['System.Title'], 'Cart loses items');
    assert.equal(Reflect.get(Object(after[PRIORITY]), 'name'), '1');
    assert.equal(Reflect.get(Object(after['System.AreaPath']), 'name'), 'Fabrikam', 'a default is part of it');
    assert.equal(after['Custom.ExternalId'], bug().key);
    await sleep(2_500);
    assert.equal((await results()).length, 2, 'each is told once');
    assert.deepEqual(revisions(), before);
    assert.deepEqual(await counts(), { dryRun: true, shown: [1, 1] });
  });

  it('keeps them through a crash, reports nothing twice, and reports an entity again when it has changed', async () => {
    await red.restart('SIGKILL');
    assert.deepEqual((await until('it runs', async () => counts())).shown, [1, 1]);
    await sleep(2_500);
    assert.deepEqual(await results(), []);
    trackers.jira.edit('alice', bug().id, { summary: 'Cart loses everything' });
    const told = await until('the change is told', async () => (await results())[0]);
    assert.equal(told.dryRun?.changes['System.Title']?.after, 'Cart loses everything');
    assert.deepEqual((await counts()).shown, [1, 1]);
    assert.deepEqual(totals(), [1, 1]);
  });

  it('reports all of them again on request', async () => {
    const { items } = await red.get<{ items: { id: string }[] }>('/twinflow/operations');
    const answer = await red.post('/twinflow/dry-run/again', { integration: items[0]?.id });
    assert.deepEqual(answer, { count: 2 });
    await until('both are told', async () => (await results()).length === 3);
    assert.deepEqual(totals(), [1, 1]);
  });

  it('brings each over exactly once when the writer alone is deployed without it', async () => {
    await red.deploy(flow(false), 'nodes');
    await until('both have arrived', () => totals().every((total) => total === 2));
    await sleep(3_500);
    assert.deepEqual(totals(), [2, 2]);
    assert.deepEqual(await counts(), { dryRun: undefined, shown: [0, 0] });
    const titles = trackers.azure.list({ limit: 10 }).entities.map(({ fields }) => fields['System.Title']);
    assert.deepEqual(titles.sort(), ['Cart loses everything', 'Guest checkout']);
    assert.doesNotMatch(red.log, /\[error\]/);
  });

  it('reports the difference for entities that are linked: before and after of what has changed', async () => {
    await red.deploy(flow(true), 'nodes');
    const before = trackers.azure.revision();
    const count = (await results()).length;
    trackers.jira.edit('alice', bug().id, { priority: { name: 'Low' } });
    const told = await until('the change is told', async () => (await results())[count]);
    assert.equal(told.dryRun?.outcome, 'updated');
    const names = Object.entries(told.dryRun?.changes ?? {}).map(([field, change]) => [
      field,
      Reflect.get(Object(change.before), 'name'),
      Reflect.get(Object(change.after), 'name'),
    ]);
    assert.deepEqual(names, [[PRIORITY, '1', '4']]);
    assert.equal(trackers.azure.revision(), before);
  });
});

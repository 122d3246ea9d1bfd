/**
 * Parents between two real Redmine servers whose numbers mean other issues, in a real Node-RED: bugs in one integration, the
 * features that they are under in another.
 */

import assert from 'node:assert/strict';
import type { SyncResult } from '../../lib/model/message';
import { type FlowNode, NodeRed } from '../support/node-red';
import { describeWithRedmine, type RedmineApi } from '../support/redmine';
import { until } from '../support/wait';

interface Issue {
  id: number;
  subject: string;
  parent?: { id: number };
}

const BETA = 2;
const ALPHA = 1;
const TRACKERS = { bugs: 1, features: 2 };
type Name = keyof typeof TRACKERS;

const field = (id: string, name: string, type: string) => ({ id, name, type });
const row = (id: string, name: string, type: string) => ({
  ...{ one: field(id, name, type), two: field(id, name, type), direction: 'both' },
});
const choice = (id: number) => ({ id: String(id), name: String(id) });

/** @param polled integrations that are polled; the others are there, and nobody reads for them */
function flow(urls: string[], keys: string[], polled: Name[]): FlowNode[] {
  const z = 'tab';
  const nodes: FlowNode[] = [{ id: z, type: 'tab', label: 'References' }];
  for (const [index, url] of urls.entries()) {
    const credentials = { apiKey: keys[index] ?? '' };
    nodes.push({
      id: `system${index + 1}`,
      type: 'twinflow-system',
      name: 'AB'[index] ?? '',
      kind: 'redmine',
      config: { url },
      credentials,
    });
  }
  for (const name of ['bugs', 'features'] as const) {
    const type = choice(TRACKERS[name]);
    const common = { z, integration: `int-${name}`, pairs: 'all' };
    nodes.push({
      ...{
        id: `int-${name}`,
        type: 'twinflow-integration',
        name,
        active: true,
        system1: 'system1',
        system2: 'system2',
        retries: 0,
      },
      projectPairs: [{ one: choice(BETA), two: choice(BETA), direction: 'both' }],
      typePairs: [{ id: name, one: type, two: type, direction: 'both' }],
    });
    for (const side of polled.includes(name) ? ['1', '2'] : []) {
      const wires = [[`${name} fields`]];
      const schedule = { schedule: 'interval', interval: 1, unit: 'seconds', start: 'all' };
      nodes.push({ ...common, ...schedule, id: `${name} poller ${side}`, type: 'twinflow-poller', side, wires });
    }
    const rows = [row('subject', 'Subject', 'text'), row('parent', 'Parent task', 'reference')];
    nodes.push({ ...common, id: `${name} fields`, type: 'twinflow-field-mapper', rows, wires: [[`${name} writer`]] });
    nodes.push({ ...common, id: `${name} writer`, type: 'twinflow-writer', batchSize: 20, wires: [['collect']] });
  }
  const script = { type: 'function', z, outputs: 1, libs: [] };
  const collect = 'global.set("told", [...(global.get("told") || []), msg.payload.outcome ? msg.payload : msg.error]);';
  return [
    ...nodes,
    { id: 'faults', type: 'catch', z, scope: null, wires: [['collect']] },
    { ...script, id: 'collect', func: collect, wires: [[]] },
    { id: 'page', type: 'http in', z, url: '/told', method: 'get', wires: [['show']] },
    { ...script, id: 'show', func: 'msg.payload = global.get("told") || []; return msg;', wires: [['answer']] },
    { id: 'answer', type: 'http response', z, wires: [] },
  ];
}

describeWithRedmine('01: parents between two real Redmine servers', function (a, b) {
  this.timeout(180_000);
  const run = process.pid;
  let red: NodeRed;
  const people: Record<'a' | 'b', RedmineApi> = { a: a.as('alice'), b: b.as('alice') };

  const create = async (on: 'a' | 'b', subject: string, more: object = {}): Promise<Issue> => {
    const issue = { project_id: BETA, tracker_id: TRACKERS.bugs, subject: `${subject} ${run}`, ...more };
    return (await people[on].post<{ issue: Issue }>('/issues.json', { issue })).issue;
  };
  const find = async (on: 'a' | 'b', subject: string): Promise<Issue | undefined> => {
    const query = new URLSearchParams({ project_id: `${BETA}`, status_id: '*', limit: '100', sort: 'id:desc' });
    const { issues } = await people[on].get<{ issues: Issue[] }>(`/issues.json?${query}`);
    return issues.find((issue) => issue.subject === `${subject} ${run}`);
  };
  /** The subject of what the issue of this subject is under. */
  const parentOf = async (on: 'a' | 'b', subject: string): Promise<string | undefined> => {
    const parent = (await find(on, subject))?.parent;
    if (!parent) return undefined;
    return (await people[on].get<{ issue: Issue }>(`/issues/${parent.id}.json`)).issue.subject.replace(` ${run}`, '');
  };
  const told = () => red.get<(SyncResult | { message: string })[]>('/told');
  const deploy = (...polled: Name[]) => red.deploy(flow([a.url, b.url], [a.key('sync'), b.key('sync')], polled));

  before(async () => {
    red = await NodeRed.start();
  });
  after(() => red?.stop());
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(red.log.slice(-4000));
  });

  it('a bug that comes before its feature is put under it by itself, after a kill -9, and never under the stranger of that number', async () => {
    for (let n = 1; n <= 6; n += 1) await create('b', `stranger ${n}`, { tracker_id: 3 });
    const feature = await create('a', 'feature', { tracker_id: TRACKERS.features });
    await create('a', 'bug', { parent_issue_id: feature.id });
    await create('a', 'sub-bug', { parent_issue_id: (await find('a', 'bug'))?.id });
    await deploy('bugs');
    await until('the bugs are there', async () => (await find('b', 'bug')) && (await find('b', 'sub-bug')), 60_000);
    assert.equal(await parentOf('b', 'bug'), undefined);
    await until('the sub-bug is under the bug', async () => (await parentOf('b', 'sub-bug')) === 'bug', 60_000);
    const warnings = (await told()).flatMap((one) => ('warnings' in one ? one.warnings : []));
    assert.ok(
      warnings.some(
        ({ field, reason }) => field === 'parent' && reason.startsWith(`waits for ${feature.id}, which has no`),
      ),
      JSON.stringify(warnings),
    );
    assert.equal(await parentOf('a', 'bug'), 'feature');

    await red.restart('SIGKILL');
    await deploy('bugs', 'features');
    await until('the bug is under the feature', async () => (await parentOf('b', 'bug')) === 'feature', 60_000);
    assert.notEqual((await find('b', 'feature'))?.id, feature.id);
    assert.equal(await parentOf('a', 'bug'), 'feature');
  });

  it('and back: a bug of B is under the counterpart of its parent on A, moves to another one, and out of both', async () => {
    const [feature, bug] = [await find('b', 'feature'), await find('b', 'bug')];
    const child = await create('b', 'child', { parent_issue_id: bug?.id });
    await until('the child is under the bug', async () => (await parentOf('a', 'child')) === 'bug', 60_000);
    await people.b.put(`/issues/${child.id}.json`, { issue: { parent_issue_id: feature?.id } });
    await until('the child is under the feature', async () => (await parentOf('a', 'child')) === 'feature', 60_000);
    const there = await find('a', 'child');
    await people.a.put(`/issues/${there?.id}.json`, { issue: { parent_issue_id: '' } });
    await until('the child is under nothing', async () => (await parentOf('b', 'child')) === undefined, 60_000);
  });

  it('a parent in another project, which the target refuses, costs only the parent, and that is reported', async () => {
    const parent = await create('a', 'far parent', { tracker_id: TRACKERS.features });
    const counterpart = await until('the parent is there', () => find('b', 'far parent'), 60_000);
    await people.b.put(`/issues/${counterpart.id}.json`, { issue: { project_id: ALPHA } });
    await create('a', 'far child', { parent_issue_id: parent.id });
    const child = await until('the child is there', () => find('b', 'far child'), 60_000);
    assert.equal(child.parent, undefined);
    const reasons = await until('it is told', async () => {
      const all = (await told()).flatMap((one) => ('warnings' in one ? one.warnings : []));
      const found = all.filter(({ reason }) => reason.startsWith('B does not take it'));
      return found.length > 0 ? found : undefined;
    });
    assert.match(reasons[0]?.reason ?? '', /Parent task is invalid/);
    assert.equal(await parentOf('a', 'far child'), 'far parent');
  });
});

/**
 * Plan and dry run between two real Redmine servers, each behind a recorder that notes every request: nothing but reading
 * until the dry run ends, and then exactly what was told.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncResult } from '../../lib/model/message';
import type { SurveyView } from '../../lib/plan';
import { type FlowNode, NodeRed } from '../support/node-red';
import { type RecordingProxy, recordingProxy } from '../support/proxy';
import { describeWithRedmine, type RedmineApi } from '../support/redmine';
import { redmineFlow } from '../support/redmine-flow';
import { until } from '../support/wait';

/** the example is about Alpha; here Beta, in which no other test writes at the same time */
const BETA = 2;
const STEPS = ['filter', 'field-mapper', 'value-mapper', 'default-mapper'].map((step) => `twinflow-${step}`);

interface Issue {
  id: number;
  subject: string;
  priority: { name: string };
}

describeWithRedmine('e2e/redmine: plan and dry run', function (a, b) {
  this.timeout(120_000);
  const [onA, onB] = [a.as('alice'), b.as('alice')];
  const run = `#${Date.now().toString(36)}`;
  let red: NodeRed;
  let proxyA: RecordingProxy;
  let proxyB: RecordingProxy;
  let issue: Issue;

  function flow(dryRun: boolean): FlowNode[] {
    const ends = [
      { url: proxyA.url, key: a.key('sync') },
      { url: proxyB.url, key: b.key('sync') },
    ] as const;
    const nodes = redmineFlow(BETA, ...ends);
    const z = nodes.find(({ type }) => type === 'tab')?.id;
    const keep = "global.set('results', [...(global.get('results') || []), msg.payload]);";
    const tell = "msg.payload = global.get('results') || []; return msg;";
    return [
      ...nodes.map((node) => (node.type === 'twinflow-writer' ? { ...node, dryRun, wires: [['keep']] } : node)),
      { id: 'keep', type: 'function', z, func: keep, outputs: 0, wires: [] },
      { id: 'in', type: 'http in', z, url: '/results', method: 'get', wires: [['tell']] },
      { id: 'tell', type: 'function', z, func: tell, outputs: 1, wires: [['out']] },
      { id: 'out', type: 'http response', z, wires: [] },
    ];
  }
  const told = async (id: number) =>
    (await red.get<SyncResult[]>('/results')).filter(({ source, direction }) => {
      return source.id === String(id) && direction === 'forward';
    });
  const writes = () => [...proxyA.writes(), ...proxyB.writes()].map(({ method, path }) => `${method} ${path}`);
  const find = async (server: RedmineApi, subject: string): Promise<Issue[]> => {
    const query = `project_id=${BETA}&status_id=*&limit=100&sort=id:desc`;
    const { issues } = await server.get<{ issues: Issue[] }>(`/issues.json?${query}`);
    return issues.filter((found) => found.subject === subject);
  };

  before(async () => {
    [proxyA, proxyB] = [await recordingProxy(a.url), await recordingProxy(b.url)];
    red = await NodeRed.start();
    await red.deploy(flow(true));
    await until('both sides have been polled', () => proxyA.requests.length > 2 && proxyB.requests.length > 2);
    await sleep(2_000);
    const body = { issue: { project_id: BETA, subject: `Cart loses items ${run}`, priority_id: 2 } };
    issue = (await onA.post<{ issue: Issue }>('/issues.json', body)).issue;
  });

  after(async () => {
    await red?.stop();
    await proxyA?.stop();
    await proxyB?.stop();
  });

  it('reports the complete issue that it would create, and sends nothing but reading requests', async () => {
    const [result] = await until('it is told', async () => {
      const found = await told(issue.id);
      return found.length > 0 ? found : undefined;
    });
    assert.equal(result?.dryRun?.outcome, 'created');
    assert.equal(result?.dryRun?.changes.subject?.after, issue.subject);
    await sleep(2_500);
    assert.equal((await told(issue.id)).length, 1);
    assert.deepEqual(writes(), []);
    assert.deepEqual(await find(onB, issue.subject), []);
  });

  it('is planned as well, by the drafts of the form, in a few requests', async () => {
    const flows = await red.flows();
    const integration = flows.find(({ type }) => type === 'twinflow-integration');
    const systems = flows.filter(({ type }) => type === 'twinflow-system');
    const steps = STEPS.flatMap((type) => flows.filter((node) => node.type === type));
    const before = proxyA.requests.length + proxyB.requests.length;
    const since = Date.now();
    const asked = { integration, systems, steps1: steps, steps2: steps, sample: 25 };
    await red.post('/twinflow/survey', asked);
    const { survey, fault } = await until(
      'the plan is made',
      async () => {
        const address = `/twinflow/survey?integration=${integration?.id}`;
        const { survey: view } = await red.get<{ survey: SurveyView }>(address);
        return view.state === 'running' ? undefined : view;
      },
      60_000,
    );
    assert.equal(fault, undefined);
    // both sides are polled each second meanwhile, with two requests at most; a busy machine takes long for a plan
    const polls = (2 * 2 * (Date.now() - since)) / 1_000;
    const requests = proxyA.requests.length + proxyB.requests.length - before;
    const samples = survey.groups.flatMap(({ direction, samples: found }) => {
      return direction === 'forward' ? (found.create ?? []) : [];
    });
    const plan = samples.find(({ source }) => source.id === String(issue.id));
    assert.ok(plan, JSON.stringify(survey.groups.map(({ read, fault: why, outcomes }) => ({ read, why, outcomes }))));
    const [result] = await told(issue.id);
    const planned = plan.fields.filter(({ effect }) => effect === 'write').map(({ field, after }) => [field, after]);
    const shown = Object.entries(result?.dryRun?.changes ?? {}).map(([field, { after }]) => [field, after]);
    assert.deepEqual(Object.fromEntries(planned), Object.fromEntries(shown), 'plan and dry run tell the same');
    assert.deepEqual(writes(), []);
    // up to 25 issues of each way and type are planned whole
    assert.ok(requests < 150 + polls, `${requests} requests, of which ${polls} may be polls`);
  });

  it('lands exactly once when the dry run has ended, and then rests', async () => {
    await red.deploy(flow(false), 'nodes');
    // the systems are connected again and their lists are read, which is slow if the servers are busy
    await until('it is in B', async () => (await find(onB, issue.subject)).length > 0, 60_000);
    await sleep(5_000);
    assert.equal((await find(onB, issue.subject)).length, 1);
    const creates = proxyB.writes().filter(({ method, body }) => method === 'POST' && body.includes(run));
    assert.equal(creates.length, 1);
    assert.equal((await find(onA, issue.subject)).length, 1);
  });
});

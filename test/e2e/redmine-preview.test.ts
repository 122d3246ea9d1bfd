/**
 * Previews between two real Redmine servers, one with Markdown and one with Textile, by the routes of a real Node-RED: what
 * was shown is what the flow then does. The browser never has the keys: the server takes those that are deployed.
 */

import assert from 'node:assert/strict';
import { equalValues } from '../../lib/mapping/compare';
import type { SideView } from '../../lib/model/operations';
import type { EntityPlan } from '../../lib/plan/types';
import { type FlowNode, NodeRed } from '../support/node-red';
import { type RecordingProxy, recordingProxy } from '../support/proxy';
import { describeWithRedmine } from '../support/redmine';
import { redmineFlow } from '../support/redmine-flow';
import { until } from '../support/wait';

const BETA = 2;

interface Preview {
  plan: EntityPlan;
  title: string;
  deployed: boolean;
}

describeWithRedmine('e2e/redmine: previews', function (a, b) {
  this.timeout(120_000);
  const people = { a: a.as('alice'), b: b.as('alice') };
  const run = `#${Date.now().toString(36)}`;
  let red: NodeRed;
  let flow: FlowNode[];
  let issue = 0;
  let proxies: RecordingProxy[] = [];

  const of = (type: string): FlowNode[] => flow.filter((node) => node.type === type);

  before(async () => {
    proxies = [await recordingProxy(a.url), await recordingProxy(b.url)];
    const [one = '', two = ''] = proxies.map(({ url }) => url);
    const drawn = redmineFlow(BETA, { url: one, key: a.key('sync') }, { url: two, key: b.key('sync') });
    const z = drawn.find(({ type }) => type === 'tab')?.id;
    const buttons = drawn
      .filter(({ type }) => type === 'twinflow-poller')
      .map(({ id, side }) => ({ id: `button${side}`, type: 'inject', z, props: [], wires: [[id]] }));
    const byHand = drawn.map((node) => (node.type === 'twinflow-poller' ? { ...node, schedule: 'manual' } : node));
    red = await NodeRed.start({ flows: [...byHand, ...buttons] });
    flow = await red.flows();
    await poll(1);
    await poll(2);
  });
  after(async () => {
    await red?.stop();
    for (const proxy of proxies) await proxy.stop();
  });

  async function sides(): Promise<[SideView, SideView]> {
    const { items } = await red.get<{ items: { sides: [SideView, SideView] }[] }>('/twinflow/operations');
    assert.ok(items[0]);
    return items[0].sides;
  }

  async function poll(side: 1 | 2): Promise<void> {
    const before = (await sides())[side - 1]?.lastPoll?.at;
    await red.post(`/inject/button${side}`, {});
    const landed = async (): Promise<boolean> => {
      const now = (await sides())[side - 1];
      const open = now ? now.counts.waiting + now.counts.sent + now.counts.retry : 1;
      return now?.polling === false && now.lastPoll !== undefined && now.lastPoll.at !== before && open === 0;
    };
    await until('what was polled has landed', landed, 60_000);
  }

  async function preview(side: 1 | 2, key: string | number): Promise<Preview> {
    const [one, two] = of('twinflow-system').map(({ id, kind, config }) => ({ id, kind, config }));
    const steps = ['filter', 'field-mapper', 'value-mapper', 'default-mapper'].flatMap((step) =>
      of(`twinflow-${step}`),
    );
    const [integration] = of('twinflow-integration');
    const body = { systems: [one, two], integration, side, key: String(key), steps };
    const writes = (): number => proxies.reduce((sum, proxy) => sum + proxy.writes().length, 0);
    const before = writes();
    const answer = await red.post<Preview>('/twinflow/preview', body);
    assert.equal(writes(), before, 'a preview only reads');
    return answer;
  }

  /** Every field that was to be written shows, in the end, what was shown before. */
  function assertCameTrue(planned: EntityPlan, now: EntityPlan): void {
    // what shows the counterpart is written once, and no part of a later plan
    const written = planned.fields.filter(({ effect, how }) => effect === 'write' && how[0]?.origin !== 'key');
    assert.ok(written.length > 0);
    for (const { field, after } of written) {
      const shown = now.fields.find((one) => one.field === field)?.before;
      assert.ok(equalValues(after, shown ?? null), `${field}: ${JSON.stringify({ after, shown })}`);
    }
  }

  it('shows a new issue as it then is in the other server', async () => {
    const description = 'It **fails**:\n\n* log in\n* see `500`\n\n> never again';
    const fields = { project_id: BETA, tracker_id: 1, subject: `Previewed ${run}`, description, priority_id: 3 };
    const made = await people.a.post<{ issue: { id: number } }>('/issues.json', { issue: fields });
    issue = made.issue.id;
    const { plan, title, deployed } = await preview(1, `#${issue}`);
    assert.equal(plan.outcome.kind, 'create', JSON.stringify(plan.outcome));
    assert.equal(title, `Previewed ${run}`);
    assert.equal(deployed, true);
    await poll(1);
    const { plan: now } = await preview(1, issue);
    assert.deepEqual(now.outcome, { kind: 'nothing', why: 'unchanged' });
    assertCameTrue(plan, now);
  });

  it('shows what edits of both sides come to, block by block in rich text', async () => {
    const before = (await preview(1, issue)).plan;
    const twin = before.target?.id ?? '';
    const textile = before.fields.find(({ field }) => field === 'description')?.before;
    assert.ok(typeof textile === 'object' && textile !== null && 'content' in textile && textile.format === 'textile');
    await people.b.put(`/issues/${twin}.json`, {
      issue: { description: textile.content.replace('never again', 'never *again*'), done_ratio: 30 },
    });
    const description = 'It **fails** again:\n\n* log in\n* see `500`\n\n> never again';
    await people.a.put(`/issues/${issue}.json`, { issue: { description, subject: `Renamed ${run}` } });
    const { plan } = await preview(1, issue);
    assert.equal(plan.outcome.kind, 'update', JSON.stringify(plan.outcome));
    const text = plan.fields.find(({ field }) => field === 'description');
    assert.equal(text?.warnings[0]?.kind, 'conflict');
    await poll(1);
    assertCameTrue(plan, (await preview(1, issue)).plan);
    const { plan: back } = await preview(2, twin);
    assert.equal(back.outcome.kind, 'update', JSON.stringify(back.outcome));
    await poll(2);
    assertCameTrue(back, (await preview(2, twin)).plan);
  });

  it('offers the newest issues', async () => {
    const [one, two] = of('twinflow-system').map(({ id, kind, config }) => ({ id, kind, config }));
    const [integration] = of('twinflow-integration');
    const body = { systems: [one, two], integration, side: 1 };
    const { items } = await red.post<{ items: { key: string; title: string }[] }>('/twinflow/preview/latest', body);
    assert.ok(
      items.some(({ key, title }) => key === String(issue) && title === `Renamed ${run}`),
      JSON.stringify(items),
    );
  });
});

/**
 * Both sides edit the same issue between two polls, on two real Redmine servers: different fields, and the same field
 * under each policy that a row can have. Pollers wait for their button, so that it is known which side is read first; each
 * history is played with either side first. At the end of each, nothing is written any more.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FallbackPolicy } from '../../lib/model/config';
import type { SyncResult } from '../../lib/model/message';
import type { ParkedView, SideView } from '../../lib/model/operations';
import { type FlowNode, NodeRed } from '../support/node-red';
import { type RecordingProxy, recordingProxy } from '../support/proxy';
import { describeWithRedmine, type RedmineApi } from '../support/redmine';
import { redmineFlow } from '../support/redmine-flow';
import { until } from '../support/wait';

interface Issue {
  id: number;
  subject: string;
  description: string;
  status: { id: number };
  priority: { id: number };
  due_date: string | null;
  done_ratio: number;
  estimated_hours: number | null;
}

type Which = 'a' | 'b';
const SIDES: Which[] = ['a', 'b'];
const BETA = 2;
/** field → how its row decides where both sides changed it */
const CONFLICTS: Record<string, string> = {
  done_ratio: 'system1',
  estimated_hours: 'system2',
  due_date: 'newest',
  description: 'merge',
  priority: 'park',
};
const MOST_ROUNDS = 8;

/** The Redmine example with policies, a button for each poller, and a page that shows what came out of the writer. */
function flowWithButtons(flow: FlowNode[], fallback: FallbackPolicy): FlowNode[] {
  const z = flow.find(({ type }) => type === 'tab')?.id;
  const buttons = flow
    .filter(({ type }) => type === 'twinflow-poller')
    .map(({ id, side }) => ({ id: `button${side}`, type: 'inject', z, props: [], wires: [[id]] }));
  const collect = 'global.set("told", [...(global.get("told") || []), msg.payload.outcome ? msg.payload : msg.error]);';
  const page = 'msg.payload = global.get("told") || []; return msg;';
  const script = { type: 'function', z, outputs: 1, libs: [] };
  const own: FlowNode[] = [
    { ...script, id: 'collect', func: collect, wires: [[]] },
    { id: 'page', type: 'http in', z, url: '/told', method: 'get', wires: [['show']] },
    { ...script, id: 'show', func: page, wires: [['answer']] },
    { id: 'answer', type: 'http response', z, wires: [] },
  ];
  const changed = flow.map((node): FlowNode => {
    if (node.type === 'twinflow-poller') return { ...node, schedule: 'manual' };
    // what a row parks is parked at once
    if (node.type === 'twinflow-integration') return { ...node, retries: 0 };
    if (node.type === 'twinflow-writer' || node.type === 'catch') return { ...node, wires: [['collect']] };
    if (node.type !== 'twinflow-field-mapper') return node;
    const rows = (node.rows as { one: { id: string } }[]).map((row) => {
      const conflict = CONFLICTS[row.one.id];
      return conflict ? { ...row, conflict, ...(conflict === 'merge' && { fallback }) } : row;
    });
    return { ...node, rows };
  });
  return [...changed, ...buttons, ...own];
}

describeWithRedmine('e2e/redmine: both sides edit between two polls', (a, b) => {
  const people: Record<Which, RedmineApi> = { a: a.as('alice'), b: b.as('alice') };
  const run = `#${Date.now().toString(36)}`;
  let red: NodeRed;
  let proxies: Record<Which, RecordingProxy>;
  let integration = '';
  let number = 0;
  let told = 0;

  const writes = (): number => proxies.a.writes().length + proxies.b.writes().length;
  const edit = (on: Which, id: number, issue: object): Promise<void> => people[on].put(`/issues/${id}.json`, { issue });

  async function read(on: Which, id: number): Promise<Issue> {
    return (await people[on].get<{ issue: Issue }>(`/issues/${id}.json`)).issue;
  }

  async function sides(): Promise<[SideView, SideView]> {
    const { items } = await red.get<{ items: { id: string; sides: [SideView, SideView] }[] }>('/twinflow/operations');
    const found = items.find(({ id }) => id === integration);
    assert.ok(found);
    return found.sides;
  }

  /** One poll of these sides, until all that it found has landed or is parked. */
  async function poll(...which: Which[]): Promise<void> {
    const before = await sides();
    for (const side of which) await red.post(`/inject/button${side === 'a' ? 1 : 2}`, {});
    await until(
      'what was polled has landed',
      async () => {
        const now = await sides();
        const polled = which.every((side) => {
          const at = side === 'a' ? 0 : 1;
          return !now[at].polling && now[at].lastPoll && now[at].lastPoll.at !== before[at].lastPoll?.at;
        });
        const open = now.map(({ counts }) => counts.waiting + counts.held + counts.sent + counts.retry);
        return polled && open.every((count) => count === 0);
      },
      60_000,
    );
  }

  /** Polls both sides until two polls in a row have written nothing; more than a few is a loop. */
  async function rest(): Promise<void> {
    let quiet = 0;
    for (let round = 0; round < MOST_ROUNDS && quiet < 2; round += 1) {
      const before = writes();
      await poll('a', 'b');
      quiet = writes() === before ? quiet + 1 : 0;
    }
    assert.equal(quiet, 2, `after ${MOST_ROUNDS} polls it still writes`);
  }

  /** A linked pair, at rest. */
  async function pair(fields: object = {}): Promise<Record<Which, number>> {
    number += 1;
    const subject = `Edited ${number} ${run}`;
    const issue = { project_id: BETA, tracker_id: 1, subject, ...fields };
    const { issue: made } = await people.a.post<{ issue: Issue }>('/issues.json', { issue });
    await rest();
    const query = new URLSearchParams({ project_id: `${BETA}`, status_id: '*', limit: '100', sort: 'id:desc' });
    const { issues } = await people.b.get<{ issues: Issue[] }>(`/issues.json?${query}`);
    const hits = issues.filter((other) => other.subject === subject);
    assert.equal(hits.length, 1);
    // whole seconds: an edit must be later than what was there
    await sleep(1_100);
    told = (await red.get<object[]>('/told')).length;
    return { a: made.id, b: hits[0]?.id ?? 0 };
  }

  /** What results and Catch nodes have said of a field since the pair was made. */
  async function said(field: string): Promise<string[]> {
    const news = (await red.get<(SyncResult | { message: string })[]>('/told')).slice(told);
    return news.flatMap((one) =>
      'warnings' in one
        ? one.warnings.filter((warning) => warning.field === field).map(({ reason }) => reason)
        : [one.message],
    );
  }

  async function parked(): Promise<ParkedView[]> {
    return (await red.get<{ items: ParkedView[] }>(`/twinflow/parked?integration=${integration}`)).items;
  }

  async function deploy(fallback: FallbackPolicy): Promise<void> {
    const flow = redmineFlow(
      BETA,
      { url: proxies.a.url, key: a.key('sync') },
      { url: proxies.b.url, key: b.key('sync') },
    );
    integration = flow.find(({ type }) => type === 'twinflow-integration')?.id ?? '';
    await red.deploy(flowWithButtons(flow, fallback));
  }

  before(async function () {
    this.timeout(90_000);
    proxies = { a: await recordingProxy(a.url), b: await recordingProxy(b.url) };
    red = await NodeRed.start();
    await deploy('system1');
    await poll('a', 'b');
  });

  after(async () => {
    await red?.stop();
    await proxies?.a.stop();
    await proxies?.b.stop();
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(red.log.slice(-4000));
  });

  for (const first of SIDES) {
    const second: Which = first === 'a' ? 'b' : 'a';
    describe(`${first.toUpperCase()} is polled first`, function () {
      this.timeout(120_000);

      it('keeps the edits of both where they are in different fields', async () => {
        const ids = await pair({ priority_id: 2, done_ratio: 0 });
        await edit('a', ids.a, { subject: `Renamed on A ${run}-${first}`, done_ratio: 30 });
        await edit('b', ids.b, { status_id: 2, estimated_hours: 4 });
        await poll(first);
        await poll(second);
        await rest();
        for (const side of SIDES) {
          const issue = await read(side, ids[side]);
          assert.equal(issue.subject, `Renamed on A ${run}-${first}`);
          assert.deepEqual([issue.done_ratio, issue.status.id, issue.estimated_hours], [30, 2, 4]);
        }
        assert.deepEqual(await parked(), []);
      });

      it('System 1 wins: both show its value, and a result says that the other one was given up', async () => {
        const ids = await pair({ done_ratio: 0 });
        await edit('a', ids.a, { done_ratio: 20 });
        await edit('b', ids.b, { done_ratio: 70 });
        await poll(first);
        await poll(second);
        await rest();
        for (const side of SIDES) assert.equal((await read(side, ids[side])).done_ratio, 20);
        assert.match((await said('done_ratio')).join(), /Changed on both sides/);
      });

      it('System 2 wins: both show its value, and a result says that the other one was given up', async () => {
        const ids = await pair({ estimated_hours: 1 });
        await edit('a', ids.a, { estimated_hours: 2 });
        await edit('b', ids.b, { estimated_hours: 7 });
        await poll(first);
        await poll(second);
        await rest();
        for (const side of SIDES) assert.equal((await read(side, ids[side])).estimated_hours, 7);
        assert.match((await said('estimated_hours')).join(), /Changed on both sides/);
      });

      for (const newest of SIDES) {
        it(`the newest wins, here that of ${newest.toUpperCase()}`, async () => {
          const ids = await pair({ due_date: '2026-12-01' });
          const older: Which = newest === 'a' ? 'b' : 'a';
          const dates: Record<Which, string> = { a: '2026-12-10', b: '2026-12-20' };
          await edit(older, ids[older], { due_date: dates[older] });
          await sleep(1_100);
          await edit(newest, ids[newest], { due_date: dates[newest] });
          await poll(first);
          await poll(second);
          await rest();
          for (const side of SIDES) assert.equal((await read(side, ids[side])).due_date, dates[newest]);
          assert.match((await said('due_date')).join(), /Changed on both sides/);
        });
      }

      it('merge keeps the lines of both, in the markup of each server', async () => {
        const ids = await pair({ description: 'First\n\nSecond\n\nThird' });
        await edit('a', ids.a, { description: 'First, **said A**\n\nSecond\n\nThird' });
        await edit('b', ids.b, { description: 'First\n\nSecond\n\nThird, *said B*' });
        await poll(first);
        await poll(second);
        await rest();
        assert.match((await read('a', ids.a)).description, /^First, \*\*said A\*\*\s+Second\s+Third, \*\*said B\*\*$/);
        assert.match((await read('b', ids.b)).description, /^First, \*said A\*\s+Second\s+Third, \*said B\*$/);
        assert.deepEqual(await said('description'), []);
      });

      it('where both changed one line, the second choice decides, and a result says so', async () => {
        const ids = await pair({ description: 'First\n\nSecond' });
        await edit('a', ids.a, { description: 'First of A\n\nSecond' });
        await edit('b', ids.b, { description: 'First of B\n\nSecond' });
        await poll(first);
        await poll(second);
        await rest();
        for (const side of SIDES) assert.match((await read(side, ids[side])).description, /^First of A\s+Second$/);
        assert.match((await said('description')).join(), /Changed on both sides/);
      });

      it('park leaves both as they are until a person decides', async () => {
        const ids = await pair({ priority_id: 1 });
        await edit('a', ids.a, { priority_id: 3 });
        await edit('b', ids.b, { priority_id: 5 });
        await poll(first);
        await poll(second);
        await rest();
        assert.equal((await read('a', ids.a)).priority.id, 3);
        assert.equal((await read('b', ids.b)).priority.id, 5);
        const waiting = await parked();
        assert.ok(waiting.length > 0);
        for (const { error } of waiting) {
          assert.equal(error.kind, 'conflict');
          assert.match(error.fields?.priority ?? '', /Changed on both sides/);
        }
        assert.match((await said('priority')).join(), /parked: retry or skip it in the Twinflow sidebar/);

        // the person decides in System 1's favour, by hand, and retries
        await edit('b', ids.b, { priority_id: 3 });
        await red.post('/twinflow/parked/retry', { integration });
        await rest();
        for (const side of SIDES) assert.equal((await read(side, ids[side])).priority.id, 3);
        assert.deepEqual(await parked(), []);
      });
    });
  }

  it('both sides polled at once: each edit of another field is on both', async function () {
    this.timeout(120_000);
    const pairs = [];
    for (let count = 0; count < 5; count += 1) pairs.push(await pair({ done_ratio: 0 }));
    for (const [index, ids] of pairs.entries()) {
      await edit('a', ids.a, { done_ratio: 10 * (index + 1) });
      await edit('b', ids.b, { estimated_hours: index + 1 });
    }
    await poll('a', 'b');
    await rest();
    for (const [index, ids] of pairs.entries()) {
      for (const side of SIDES) {
        const { done_ratio, estimated_hours } = await read(side, ids[side]);
        assert.deepEqual([done_ratio, estimated_hours], [10 * (index + 1), index + 1]);
      }
    }
  });
});

/**
 * The Redmine example between two real servers, each behind a recorder that notes every request: what is written, what
 * isn't, and what a change costs. The numbers are design invariants.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeRed } from '../support/node-red';
import { type RecordingProxy, recordingProxy } from '../support/proxy';
import { describeWithRedmine, type RedmineApi } from '../support/redmine';
import { redmineFlow } from '../support/redmine-flow';
import { until } from '../support/wait';

interface Issue {
  id: number;
  subject: string;
  description: string;
  tracker: { name: string };
  status: { name: string };
  priority: { name: string };
  assigned_to?: { name: string };
  custom_fields: { id: number; name: string; value: string | string[] }[];
}

/** the example is about Alpha; here Beta, in which no other test writes */
const BETA = 2;

const custom = (issue: Issue, name: string) => issue.custom_fields.find((field) => field.name === name)?.value;

describeWithRedmine('e2e/redmine: two real servers, both ways', (a, b) => {
  const [onA, onB] = [a.as('alice'), b.as('alice')];
  /** in every subject, so that what others left on the servers is not taken for ours */
  const run = `#${Date.now().toString(36)}`;
  let red: NodeRed;
  let proxyA: RecordingProxy;
  let proxyB: RecordingProxy;

  async function find(server: RedmineApi, subject: string): Promise<Issue | undefined> {
    const query = new URLSearchParams({ project_id: String(BETA), status_id: '*', limit: '100', sort: 'id:desc' });
    const { issues } = await server.get<{ issues: Issue[] }>(`/issues.json?${query}`);
    const hits = issues.filter((issue) => issue.subject === subject);
    assert.ok(hits.length < 2, `"${subject}" is there ${hits.length} times`);
    return hits[0];
  }

  const create = async (server: RedmineApi, issue: object): Promise<Issue> =>
    (await server.post<{ issue: Issue }>('/issues.json', { issue: { project_id: BETA, ...issue } })).issue;

  /** No request but reading for three polls. */
  async function quiet(): Promise<void> {
    let last = -1;
    await until(
      'nothing is written any more',
      async () => {
        await sleep(3_200);
        const now = proxyA.writes().length + proxyB.writes().length;
        const same = now === last;
        last = now;
        return same;
      },
      40_000,
    );
  }

  before(async function () {
    this.timeout(60_000);
    [proxyA, proxyB] = [await recordingProxy(a.url), await recordingProxy(b.url)];
    red = await NodeRed.start();
    await red.deploy(
      redmineFlow(BETA, { url: proxyA.url, key: a.key('sync') }, { url: proxyB.url, key: b.key('sync') }),
    );
    await until('both sides have been polled', () => proxyA.requests.length > 2 && proxyB.requests.length > 2);
    await sleep(2_000);
  });

  after(async () => {
    await red?.stop();
    await proxyA?.stop();
    await proxyB?.stop();
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(red.log.slice(-4000));
  });

  it('writes nothing at all before something changes', async function () {
    this.timeout(20_000);
    await sleep(2_500);
    assert.deepEqual([...proxyA.writes(), ...proxyB.writes()], []);
  });

  it('creates the counterpart in the words, the markup and the custom fields of the other server', async function () {
    this.timeout(40_000);
    const subject = `Cart loses items ${run}`;
    await create(onA, {
      subject,
      description: 'Add **two** books, then reload.',
      tracker_id: 1,
      priority_id: 4,
      custom_fields: [
        { id: 3, value: 'Major' },
        { id: 5, value: ['API', 'Database'] },
      ],
    });
    const defect = await until('the defect is there', () => find(onB, subject), 30_000, 300);
    assert.equal(defect.tracker.name, 'Defect');
    assert.equal(defect.priority.name, 'Critical');
    assert.equal(defect.status.name, 'Open');
    assert.match(defect.description, /Add \*two\* books/, 'Markdown has become Textile');
    assert.equal(custom(defect, 'Impact'), 'S2');
    assert.deepEqual(custom(defect, 'Labels'), ['api', 'db']);
  });

  it('5: brings a change back as one request that holds the one field', async function () {
    this.timeout(60_000);
    await quiet();
    proxyA.clear();
    proxyB.clear();
    const subject = `Cart loses items ${run}`;
    const defect = await find(onB, subject);
    assert.ok(defect);
    await onB.put(`/issues/${defect.id}.json`, { issue: { status_id: 2, notes: 'I am on it' } });
    await until(
      'the status is there',
      async () => (await find(onA, subject))?.status.name === 'In Progress',
      30_000,
      300,
    );
    await quiet();
    const [write, ...more] = proxyA.writes();
    assert.ok(write);
    assert.deepEqual(more, []);
    assert.equal(write.method, 'PUT');
    const { issue } = JSON.parse(write.body) as { issue: Record<string, unknown> };
    assert.deepEqual(Object.keys(issue), ['status_id']);
    assert.equal(Number(issue.status_id), 2);
    assert.deepEqual(proxyB.writes(), [], '4: what was written does not come back');
  });

  it('8: costs few requests for each of thirty changes', async function () {
    this.timeout(120_000);
    await quiet();
    proxyA.clear();
    proxyB.clear();
    const subjects = Array.from({ length: 30 }, (_, index) => `Batch ${index} ${run}`);
    for (const subject of subjects) await create(onA, { subject, tracker_id: 2 });
    for (const subject of subjects) await until(`${subject} is there`, () => find(onB, subject), 60_000, 300);
    const reads = [proxyA, proxyB].map(({ requests, writes }) => requests.length - writes().length);
    await quiet();
    const writes = [...proxyA.writes(), ...proxyB.writes()];
    assert.equal(proxyB.writes().filter(({ method }) => method === 'POST').length, 30);
    console.log(`    ${writes.length / 30} writes and ${(reads[0] ?? 0) + (reads[1] ?? 0)} reads for 30 changes`);
    assert.ok(writes.length <= 60, `${writes.length} writes`);
  });

  it('2: creates once where the answer to a create is lost', async function () {
    this.timeout(90_000);
    const subject = `Answer lost ${run}`;
    let lost = 0;
    proxyB.interfere = (method, path) => {
      if (method !== 'POST' || !path.startsWith('/issues.json') || lost > 0) return undefined;
      lost += 1;
      return 'lose';
    };
    const issue = await create(onA, { subject, tracker_id: 1 });
    await until('the answer was lost', () => lost === 1, 30_000);
    await until('it is there', () => find(onB, subject), 30_000, 300);
    await quiet();
    proxyB.interfere = undefined;
    // the link is what the next change needs
    await onA.put(`/issues/${issue.id}.json`, { issue: { priority_id: 5 } });
    await until(
      'the next change is there',
      async () => (await find(onB, subject))?.priority.name === 'Blocker',
      60_000,
      300,
    );
  });

  it('9: waits while a server answers 503, and loses nothing', async function () {
    this.timeout(120_000);
    const subject = `In the outage ${run}`;
    proxyB.interfere = () => ({ status: 503, headers: { 'Retry-After': '2' }, body: '{}' });
    await create(onA, { subject, tracker_id: 1 });
    await sleep(6_000);
    const during = proxyB.requests.filter(({ status, at }) => status === 503 && at > Date.now() - 4_000).length;
    assert.ok(during <= 8, `${during} requests in four seconds of the outage`);
    proxyB.interfere = undefined;
    await until('it is there', () => find(onB, subject), 90_000, 500);
  });

  it('10: keeps the keys out of the log and of the flow file', async () => {
    const { readFileSync } = await import('node:fs');
    const texts = [red.log, JSON.stringify(await red.flows()), readFileSync(`${red.userDir}/flows.json`, 'utf8')];
    for (const text of texts) for (const key of [a.key('sync'), b.key('sync')]) assert.ok(!text.includes(key));
  });
});

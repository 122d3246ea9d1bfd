/**
 * Attachments between a real Redmine and a strict stand-in of Jira in a real Node-RED that is killed while they are on their way: each
 * is there once on both sides, with the same bytes. Jira cannot rename, and Redmine takes fewer characters in names.
 */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { attachTo } from '../connectors/redmine/files';
import { describeWith } from '../support/need';
import { type FlowNode, NodeRed } from '../support/node-red';
import { type RedmineServer, redmine } from '../support/redmine';
import { until } from '../support/wait';
import { type Jira, startJira } from '../systems/jira';
import type { Issue } from '../systems/jira/issue';

const PAIRS = 3;
const POLL_SECONDS = 2;

/** Bytes of a file: most are small, one takes a moment. */
const CONTENTS: [name: string, bytes: () => Buffer][] = [
  ['image.png', () => randomBytes(20_000)],
  // pasted again: equal in name and size
  ['image.png', () => randomBytes(20_000)],
  ['empty.txt', () => Buffer.alloc(0)],
  ['Übersicht 🚢 #1 & so.txt', () => Buffer.from('ä'.repeat(1_000))],
  ['large.bin', () => randomBytes(4_000_000)],
];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

interface Shown {
  id: number;
  filename: string;
  author: { name: string };
}

function flow(one: RedmineServer, two: Jira): FlowNode[] {
  const z = 'tab';
  const common = { z, integration: 'integration', pairs: 'all' };
  const attachment = { id: 'attachment', name: 'Attachment' };
  const parts = [{ id: 'files', role: 'attachment', one: attachment, two: attachment, direction: 'both' }];
  const poller = { ...common, type: 'twinflow-poller', schedule: 'interval', interval: POLL_SECONDS, unit: 'seconds' };
  const text = (id: string) => ({ id, name: id, type: 'text', maxLength: 255 });
  const jiraConfig = { deployment: 'cloud', url: two.url, auth: 'apiToken', email: 'sync@example.com' };
  return [
    { id: z, type: 'tab', label: 'Files' },
    {
      ...{ id: 'side-one', type: 'twinflow-system', name: 'Redmine', kind: 'redmine', config: { url: one.url } },
      credentials: { apiKey: one.key('sync') },
    },
    {
      ...{ id: 'side-two', type: 'twinflow-system', name: 'Jira', kind: 'jira', config: jiraConfig },
      credentials: { apiKey: two.person('sync').apiToken },
    },
    {
      ...{ id: 'integration', type: 'twinflow-integration', name: 'Files', active: true, retries: 3 },
      ...{ system1: 'side-one', system2: 'side-two' },
      projectPairs: [{ one: { id: '1', name: 'Alpha' }, two: { id: '10200', name: 'Demo' }, direction: 'both' }],
      typePairs: [
        { id: 'bug', one: { id: '1', name: 'Bug' }, two: { id: '10002', name: 'Bug' }, direction: 'both', parts },
      ],
    },
    { ...poller, id: 'poller1', side: '1', start: 'newest', wires: [['fields']] },
    { ...poller, id: 'poller2', side: '2', start: 'newest', wires: [['fields']] },
    {
      ...{ ...common, id: 'fields', type: 'twinflow-field-mapper', wires: [['writer']] },
      rows: [{ one: text('subject'), two: text('summary'), direction: 'both' }],
    },
    { ...common, id: 'writer', type: 'twinflow-writer', batchSize: 20, wires: [['out']] },
    { id: 'out', type: 'debug', z, active: true, console: false, wires: [] },
    { id: 'faults', type: 'catch', z, scope: null, wires: [['fault']] },
    { id: 'fault', type: 'debug', z, active: true, console: true, complete: 'error', wires: [] },
  ];
}

describeWith('e2e/files-redmine-jira: attachments both ways', redmine('a'), function (server) {
  this.timeout(600_000);
  const run = `#${Date.now().toString(36)}`;
  const alice = server.as('alice');
  const titles = Array.from({ length: PAIRS }, (_, index) => `Files ${index} ${run}`);
  /** what people have attached, as Redmine names it */
  const expected = new Map<string, string[]>(titles.map((title) => [title, []]));
  let jira: Jira;
  let red: NodeRed;
  let numbers: Map<string, number>;

  const issue = (title: string): Issue =>
    jira.site.all().find(({ values }) => values.summary === title) ?? assert.fail(title);
  const number = (title: string): number => numbers.get(title) ?? assert.fail(title);
  const shown = async (title: string): Promise<Shown[]> => {
    const path = `/issues/${number(title)}.json?include=attachments`;
    return (await alice.get<{ issue: { attachments: Shown[] } }>(path)).issue.attachments;
  };
  /** As Redmine names it; a picture whose name is taken gets another one there, since texts refer to pictures by name. */
  const named = (name: string, digest: string) =>
    `${name.replaceAll('%', '_').replace(/^image-[0-9a-f]{4}\.png$/, 'image.png')} ${digest}`;
  const inJira = (title: string) =>
    issue(title)
      .attachments.map(({ name, stored }) => named(name, stored.sha256.slice(0, 16)))
      .sort();
  async function inRedmine(title: string): Promise<string[]> {
    const files: string[] = [];
    for (const { id, filename } of await shown(title)) {
      const headers = { 'X-Redmine-API-Key': alice.key };
      const answer = await fetch(`${alice.url}/attachments/download/${id}`, { headers });
      assert.equal(answer.status, 200, filename);
      files.push(named(filename, sha256(new Uint8Array(await answer.arrayBuffer()))));
    }
    return files.sort();
  }
  async function there(): Promise<number> {
    let count = 0;
    for (const title of titles) count += issue(title).attachments.length + (await shown(title)).length;
    return count;
  }
  async function agreed(): Promise<void> {
    const wanted = 2 * [...expected.values()].flat().length;
    await until('both sides show as many files as there are', async () => (await there()) === wanted, 240_000, 2_000);
    for (const title of titles) {
      const all = expected.get(title)?.toSorted();
      assert.deepEqual(inJira(title), all, `${title} in Jira`);
      assert.deepEqual(await inRedmine(title), all, `${title} in Redmine`);
    }
  }
  async function attach(title: string, side: 'jira' | 'redmine', name: string, bytes: Buffer): Promise<void> {
    if (side === 'redmine') await attachTo(alice, number(title), name, new Uint8Array(bytes));
    else jira.site.attach(jira.person('bob'), issue(title), name, jira.files.keep(bytes));
    expected.get(title)?.push(named(name, sha256(bytes)));
  }

  before(async () => {
    server.reset();
    jira = await startJira({ indexLagMs: 300 });
    red = await NodeRed.start();
    await red.deploy(flow(server, jira));
    await sleep(2 * POLL_SECONDS * 1_000);
    for (const subject of titles)
      await alice.post('/issues.json', { issue: { project_id: 1, tracker_id: 1, subject } });
    const query = `project_id=1&status_id=*&limit=100&subject=~${encodeURIComponent(run)}`;
    const { issues } = await alice.get<{ issues: { id: number; subject: string }[] }>(`/issues.json?${query}`);
    numbers = new Map(issues.map(({ id, subject }) => [subject, id]));
    const isThere = (title: string) => jira.site.all().some(({ values }) => values.summary === title);
    await until('the issues are in Jira', () => titles.every(isThere), 120_000);
  });

  after(async () => {
    await red?.stop();
    await jira?.stop();
    server.reset();
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(red.log.slice(-4000));
  });

  it('arrive once each with their bytes, although Node-RED is killed and answers are lost', async () => {
    for (const [round, [name, bytes]] of CONTENTS.entries()) {
      for (const [index, title] of titles.entries())
        await attach(title, (index + round) % 2 === 0 ? 'redmine' : 'jira', name, bytes());
      if (round !== 1 && round !== 4) continue;
      const had = await there();
      await until('a file has arrived', async () => (await there()) > had, 120_000, 100);
      jira.faults.lostAnswers.push('POST /issue/{issueIdOrKey}/attachments');
      await red.restart('SIGKILL');
    }
    const [first = ''] = titles;
    await attach(first, 'jira', '100% sure.txt', Buffer.from('sure'));
    await agreed();
    assert.deepEqual(jira.violations ?? [], []);
  });

  it('that are renamed in Redmine keep their names in Jira, and those deleted follow both ways', async () => {
    const [first = '', second = ''] = titles;
    const original = (await shown(first)).find(({ author }) => author.name !== 'Sync Robot');
    assert.ok(original);
    const before = inJira(first);
    await alice.send('PATCH', `/attachments/${original.id}.json`, { attachment: { filename: 'renamed.png' } });
    const ours = issue(second).attachments.find(({ by }) => by === 'bob');
    assert.ok(ours);
    jira.site.detach(jira.person('bob'), issue(second), ours);
    // Redmine does not tell: the next change of the issue brings it
    await alice.put(`/issues/${number(first)}.json`, { issue: { subject: `${first} again` } });
    await until(
      'the copy of the deleted original is gone',
      async () => (await shown(second)).length === CONTENTS.length - 1,
      120_000,
      1_000,
    );
    await until(
      'the change of the issue is in Jira',
      () => jira.site.all().some(({ values }) => values.summary === `${first} again`),
      120_000,
    );
    await sleep(3 * POLL_SECONDS * 1_000);
    const renamed = jira.site.all().find(({ values }) => values.summary === `${first} again`);
    const names = renamed?.attachments.map(({ name, stored }) => named(name, stored.sha256.slice(0, 16))).sort();
    assert.deepEqual(names, before);
    assert.doesNotMatch(red.log, /\[error\]/);
  });
});

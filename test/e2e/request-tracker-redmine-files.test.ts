/**
 * Files and relations between a real Redmine and a real Request Tracker, in a real Node-RED that is killed while files are on their way:
 * each is there once on both sides, files with the same bytes, and nothing comes back.
 */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { attachTo } from '../connectors/redmine/files';
import { describeWith, type Needed } from '../support/need';
import { type FlowNode, NodeRed } from '../support/node-red';
import { type RecordingProxy, recordingProxy } from '../support/proxy';
import { type RedmineServer, redmine } from '../support/redmine';
import { type RtServer, requestTracker } from '../support/request-tracker';
import { until } from '../support/wait';

const POLL_SECONDS = 2;
const ITEMS = 3;
/** Generous: the machine may be ten times slower than usual. */
const PATIENCE_MS = 180_000;

const [a, rt] = [redmine('a'), requestTracker];
const both: Needed<{ issues: RedmineServer; tickets: RtServer }> =
  'missing' in a ? a : 'missing' in rt ? rt : { there: { issues: a.there, tickets: rt.there } };

const text = (id: string, name: string) => ({ id, name, type: 'text' });
const items = (id: string, name: string) => ({ id, name, type: 'reference', multi: true });

/** As the field mapper proposes it. */
const ROWS = [
  [text('subject', 'Subject'), text('Subject', 'Subject')],
  [items('relation_blocks', 'Blocks'), items('DependedOnBy', 'Depended on by')],
  [items('relation_blocked', 'Blocked by'), items('DependsOn', 'Depends on')],
].map(([one, two]) => ({ one, two, direction: 'both' }));

function flow(redmineUrl: string, redmineKey: string, rtUrl: string, token: string): FlowNode[] {
  const common = { z: 'tab', integration: 'int', pairs: 'all', name: '' };
  const poller = (side: string): FlowNode => ({
    ...{ ...common, id: `poller${side}`, type: 'twinflow-poller', side, schedule: 'interval', interval: POLL_SECONDS },
    ...{ unit: 'seconds', start: 'newest', wires: [['fields']] },
  });
  const parts = (id: string, role: string) => {
    const type = { id: role, name: role };
    return { id, role, one: type, two: type, direction: 'both' };
  };
  const pair = { one: { id: '1', name: 'Bug' }, two: { id: 'ticket', name: 'Ticket' }, direction: 'both' };
  return [
    { id: 'tab', type: 'tab', label: 'Files' },
    {
      ...{ id: 'system1', type: 'twinflow-system', name: 'Redmine', kind: 'redmine', config: { url: redmineUrl } },
      credentials: { apiKey: redmineKey },
    },
    {
      ...{ id: 'system2', type: 'twinflow-system', name: 'RT', kind: 'request-tracker', config: { url: rtUrl } },
      credentials: { token },
    },
    {
      ...{ id: 'int', type: 'twinflow-integration', name: 'bugs', active: true, retries: 3 },
      ...{ system1: 'system1', system2: 'system2', backlinks: { 1: { key: 'cf_1' }, 2: { key: 'CF.2' } } },
      projectPairs: [{ one: { id: '1', name: 'Alpha' }, two: { id: '1', name: 'General' }, direction: 'both' }],
      typePairs: [{ id: 'bug', ...pair, parts: [parts('comments', 'comment'), parts('files', 'attachment')] }],
    },
    poller('1'),
    poller('2'),
    { ...common, id: 'fields', type: 'twinflow-field-mapper', rows: ROWS, wires: [['writer']] },
    { ...common, id: 'writer', type: 'twinflow-writer', batchSize: 20, wires: [[]] },
  ];
}

/** Names and bytes: most are small, one takes a moment, some have names or texts that are easily spoilt. */
const CONTENTS: [string, Buffer][] = [
  ['image.png', randomBytes(20_000)],
  // pasted again: equal in name and size
  ['image.png', randomBytes(20_000)],
  ['Übersicht 🚢 #1 & so.txt', Buffer.from('ä'.repeat(1_000))],
  ['latin1.txt', Buffer.from('Größe 5 µm\r\n', 'latin1')],
  ['large.bin', randomBytes(4_000_000)],
];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
/** A copy of a picture whose name is taken gets another one, so that texts show the right picture. */
const entry = (name: string, bytes: Uint8Array): string =>
  `${name.replace(/^image-[0-9a-f]+\.png$/, 'image.png')} ${sha256(bytes)}`;

interface Attached {
  id: number;
  filename: string;
}
interface Relation {
  id: number;
  issue_id: number;
  issue_to_id: number;
  relation_type: string;
}

describeWith('e2e/request-tracker and redmine: files and relations', both, function ({ issues, tickets }) {
  this.timeout(2 * PATIENCE_MS + 240_000);
  const run = `#${Date.now().toString(36)}`;
  const subjects = Array.from({ length: ITEMS }, (_, index) => `Files ${index} ${run}`);
  const alice = issues.as('alice');
  const proxies: RecordingProxy[] = [];
  const issueOf = new Map<string, number>();
  const ticketOf = new Map<string, string>();
  let red: NodeRed;

  const issue = (subject: string): number => issueOf.get(subject) ?? assert.fail(subject);
  const ticket = (subject: string): string => ticketOf.get(subject) ?? assert.fail(subject);
  const attached = async (subject: string): Promise<Attached[]> =>
    (await alice.get<{ issue: { attachments: Attached[] } }>(`/issues/${issue(subject)}.json?include=attachments`))
      .issue.attachments;
  const held = async (subject: string) =>
    (await tickets.held(ticket(subject))).filter(({ Filename }) => Filename !== '');
  const inRedmine = async (subject: string): Promise<string[]> => {
    const all: string[] = [];
    for (const { id, filename } of await attached(subject)) {
      const headers = { 'X-Redmine-API-Key': alice.key };
      const answer = await fetch(`${alice.url}/attachments/download/${id}`, { headers });
      assert.equal(answer.status, 200, filename);
      all.push(entry(filename, new Uint8Array(await answer.arrayBuffer())));
    }
    return all.sort();
  };
  const inRt = async (subject: string): Promise<string[]> => {
    const all: string[] = [];
    for (const { id, Filename } of await held(subject)) all.push(entry(Filename, await tickets.bytes(id)));
    return all.sort();
  };
  const findBoth = async (): Promise<boolean> => {
    const query = `project_id=1&status_id=*&limit=100&subject=~${encodeURIComponent(run)}`;
    const found = await alice.get<{ issues: { id: number; subject: string }[] }>(`/issues.json?${query}`);
    for (const { id, subject } of found.issues) issueOf.set(subject, id);
    const path = `tickets?query=${encodeURIComponent(`Subject LIKE '${run}'`)}&fields=Subject&per_page=100`;
    const { items: there } = await tickets.send<{ items: { id: string; Subject: string }[] }>('alice', 'GET', path);
    for (const { id, Subject } of there) ticketOf.set(Subject, id);
    return subjects.every((subject) => issueOf.has(subject) && ticketOf.has(subject));
  };

  before(async () => {
    tickets.configure();
    tickets.reset();
    proxies.push(await recordingProxy(issues.url), await recordingProxy(tickets.url));
    const [one, two] = proxies.map(({ url }) => url);
    red = await NodeRed.start();
    await red.deploy(flow(one ?? '', issues.key('sync'), two ?? '', tickets.token('sync')));
    await sleep(2 * POLL_SECONDS * 1_000);
    for (const [index, subject] of subjects.entries())
      if (index % 2 === 0) await alice.post('/issues.json', { issue: { project_id: 1, tracker_id: 1, subject } });
      else await tickets.send('alice', 'POST', 'ticket', { Queue: '1', Subject: subject });
    await until('all items are there on both sides', findBoth, PATIENCE_MS, 2_000);
  });

  after(async () => {
    await red?.stop();
    for (const proxy of proxies) await proxy.stop();
    tickets.reset();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(red.log.slice(-4000));
  });

  it('files arrive once each with their bytes, although Node-RED is killed while they are on their way', async () => {
    const expected = new Map<string, string[]>(subjects.map((subject) => [subject, []]));
    const sent = proxies.map((proxy) => proxy.writes().length);
    for (const [round, [name, content]] of CONTENTS.entries())
      for (const [index, subject] of subjects.entries()) {
        const bytes = new Uint8Array(content);
        // the bytes of a file are its own
        if (name !== 'latin1.txt' && name.endsWith('.txt') === false) bytes[0] = 65 + index;
        if ((index + round) % 2 === 0) await attachTo(alice, issue(subject), name, bytes);
        else await tickets.attach('alice', ticket(subject), { name, bytes }, 'correspond');
        expected.get(subject)?.push(entry(name, bytes));
      }
    await until(
      'a file is on its way',
      () => proxies.some((proxy, index) => proxy.writes().length > (sent[index] ?? 0)),
      PATIENCE_MS,
      20,
    );
    await red.restart('SIGKILL');
    await until(
      'both sides have as many files as there are',
      async () => {
        const counts = await Promise.all(
          subjects.flatMap((subject) => [attached(subject), held(subject)]).map(async (all) => (await all).length),
        );
        return counts.every((count) => count >= CONTENTS.length);
      },
      PATIENCE_MS,
      2_000,
    );
    // what would come twice, or come back, has time to
    await sleep(3 * POLL_SECONDS * 1_000);
    for (const subject of subjects) {
      const wanted = expected.get(subject)?.toSorted();
      assert.deepEqual(await inRedmine(subject), wanted, `${subject} in Redmine`);
      assert.deepEqual(await inRt(subject), wanted, `${subject} in RT`);
    }
  });

  it('a file of an internal comment stays where it is, and its text as well', async () => {
    const [subject = ''] = subjects;
    const secret = { name: 'secret.txt', bytes: new Uint8Array(Buffer.from('for us')), text: 'a secret' };
    await tickets.attach('alice', ticket(subject), secret, 'comment');
    await tickets.attach('alice', ticket(subject), { ...secret, name: 'told.txt', text: 'told to all' }, 'correspond');
    const names = async () => (await attached(subject)).map(({ filename }) => filename);
    await until(
      'the file of the reply has arrived',
      async () => (await names()).includes('told.txt'),
      PATIENCE_MS,
      1_000,
    );
    const path = `/issues/${issue(subject)}.json?include=journals`;
    const notes = async (): Promise<string> =>
      JSON.stringify((await alice.get<{ issue: { journals: { notes: string | null }[] } }>(path)).issue.journals);
    await until('the reply has arrived', async () => (await notes()).includes('told to all'), PATIENCE_MS, 1_000);
    assert.ok(!(await names()).includes('secret.txt'));
    assert.ok(!(await notes()).includes('a secret'));
    // the messages that carry our files say nothing, and so are no comments
    const own = (await tickets.held(ticket(subject))).filter(
      ({ Filename, ContentType }) => Filename === '' && ContentType.startsWith('text/'),
    );
    assert.ok(own.length > 0);
    assert.ok(!/"notes":"[^"]*attach/i.test(await notes()));
  });

  it('relations go both ways, once each, and are removed from either side', async () => {
    const [one = '', two = '', three = ''] = subjects;
    const relations = async (): Promise<string[]> => {
      const each = new Map<number, Relation>();
      for (const subject of subjects) {
        const path = `/issues/${issue(subject)}.json?include=relations`;
        const { issue: shown } = await alice.get<{ issue: { relations?: Relation[] } }>(path);
        for (const relation of shown.relations ?? []) each.set(relation.id, relation);
      }
      const nameOf = (id: number) => subjects.findIndex((subject) => issue(subject) === id);
      return [...each.values()].map((r) => `${nameOf(r.issue_id)} ${r.relation_type} ${nameOf(r.issue_to_id)}`).sort();
    };
    const links = async (): Promise<string[]> => {
      const all: string[] = [];
      for (const [index, subject] of subjects.entries()) {
        const { _hyperlinks: shown } = await tickets.send<{ _hyperlinks: { ref: string; id?: string }[] }>(
          'alice',
          'GET',
          `ticket/${ticket(subject)}`,
        );
        for (const { ref, id } of shown)
          if (ref === 'depended-on-by')
            all.push(`${index} blocks ${subjects.findIndex((other) => ticket(other) === id)}`);
      }
      return all.sort();
    };
    const agreed = (what: string, wanted: string[]) =>
      until(
        what,
        async () => (await relations()).join() === wanted.join() && (await links()).join() === wanted.join(),
        PATIENCE_MS,
        1_000,
      );
    await tickets.send('alice', 'PUT', `ticket/${ticket(two)}`, { AddDependsOn: [ticket(one)] });
    await agreed('the link of RT is a relation in Redmine', ['0 blocks 1']);
    const relation = { issue_to_id: issue(three), relation_type: 'blocks' };
    await alice.post(`/issues/${issue(two)}/relations.json`, { relation });
    // Redmine says nothing of relations: a sign of life brings it at once
    await alice.put(`/issues/${issue(two)}.json`, { issue: { done_ratio: 10 } });
    await agreed('the relation of Redmine is a link in RT', ['0 blocks 1', '1 blocks 2']);
    await tickets.send('alice', 'PUT', `ticket/${ticket(one)}`, { DeleteDependedOnBy: [ticket(two)] });
    await agreed('the link that is removed in RT is gone from Redmine', ['1 blocks 2']);
    await sleep(3 * POLL_SECONDS * 1_000);
    assert.deepEqual([await relations(), await links()], [['1 blocks 2'], ['1 blocks 2']]);
  });
});

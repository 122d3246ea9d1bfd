/**
 * A real Redmine and a real Request Tracker in a real Node-RED: tickets and issues go both ways with their states, and a
 * Node-RED that is killed in the middle makes nothing twice.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Needed } from '../support/need';
import { describeWith } from '../support/need';
import { type FlowNode, NodeRed } from '../support/node-red';
import { type RedmineServer, redmine } from '../support/redmine';
import { type RtServer, requestTracker } from '../support/request-tracker';
import { until } from '../support/wait';

const COUNT = 40;
const POLL_SECONDS = 2;

const [a, rt] = [redmine('a'), requestTracker];
const both: Needed<{ issues: RedmineServer; tickets: RtServer }> =
  'missing' in a ? a : 'missing' in rt ? rt : { there: { issues: a.there, tickets: rt.there } };

function flow(issues: RedmineServer, tickets: RtServer): FlowNode[] {
  const node = (id: string, type: string, wires: string[], more: object): FlowNode => ({
    ...{ id, type: `twinflow-${type}`, z: 'tab', name: '', integration: 'integration', x: 200, y: 100, wires: [wires] },
    ...{ version: 1, ...more },
  });
  const system = { type: 'twinflow-system', proxy: '', tls: '', ignoreOwn: false, version: 1 };
  const poller = {
    schedule: 'interval',
    interval: POLL_SECONDS,
    unit: 'seconds',
    pageSize: 50,
    window: 100,
    start: 'newest',
  };
  const status = [
    { id: 'status', name: 'Status', type: 'lookup' },
    { id: 'Status', name: 'Status', type: 'lookup' },
  ];
  const pair = (one: string, two: string, direction = 'both') => ({
    one: { name: one },
    two: { name: two },
    direction,
  });
  return [
    { id: 'tab', type: 'tab', label: 'Tickets' },
    {
      ...{ ...system, id: 'system1', name: 'Redmine', kind: 'redmine', config: { url: issues.url } },
      credentials: { apiKey: issues.key('sync') },
    },
    {
      ...{ ...system, id: 'system2', name: 'RT', kind: 'request-tracker', config: { url: tickets.url } },
      credentials: { token: tickets.token('sync') },
    },
    {
      ...{ id: 'integration', type: 'twinflow-integration', name: 'Tickets', active: true, retries: 3, version: 2 },
      ...{ system1: 'system1', system2: 'system2', lostAfterMs: 600_000 },
      backlinks: { 1: { key: 'cf_1' }, 2: { key: 'CF.2' } },
      projectPairs: [{ one: { id: '1', name: 'Alpha' }, two: { id: '1', name: 'General' }, direction: 'both' }],
      typePairs: [
        {
          ...{ id: 'bug', one: { id: '1', name: 'Bug' }, two: { id: 'ticket', name: 'Ticket' }, direction: 'both' },
          parts: [
            {
              ...{ id: 'comments', role: 'comment', direction: 'both' },
              ...{ one: { id: 'comment', name: 'Comment' }, two: { id: 'comment', name: 'Comment' } },
            },
          ],
        },
      ],
    },
    node('poller1', 'poller', ['fields'], { ...poller, side: '1' }),
    node('poller2', 'poller', ['fields'], { ...poller, side: '2' }),
    node('fields', 'field-mapper', ['values'], {
      pairs: 'all',
      rows: [
        {
          one: { id: 'subject', name: 'Subject', type: 'text', maxLength: 255 },
          two: { id: 'Subject', name: 'Subject', type: 'text', maxLength: 200 },
          direction: 'both',
        },
        {
          one: { id: 'description', name: 'Description', type: 'richtext', format: 'markdown' },
          two: { id: 'Content', name: 'Description', type: 'richtext', format: 'html' },
          direction: 'both',
        },
        { one: status[0], two: status[1], direction: 'both' },
      ],
    }),
    node('values', 'value-mapper', ['writer'], {
      pairs: 'all',
      rows: [
        {
          ...{ one: status[0], two: status[1], ignoreCase: true, sameName: true },
          pairs: [
            pair('New', 'new'),
            pair('In Progress', 'open'),
            pair('Resolved', 'resolved'),
            pair('Closed', 'resolved', 'forward'),
          ],
        },
      ],
    }),
    node('writer', 'writer', ['landed'], { batchSize: 20 }),
    { id: 'landed', type: 'debug', z: 'tab', name: '', active: true, console: false, x: 400, y: 100, wires: [] },
    { id: 'failed', type: 'catch', z: 'tab', name: '', scope: null, x: 200, y: 300, wires: [['shown']] },
    { id: 'shown', type: 'debug', z: 'tab', name: '', active: true, console: true, x: 400, y: 300, wires: [] },
  ];
}

describeWith('e2e/request-tracker and redmine', both, function ({ issues, tickets }) {
  this.timeout(240_000);
  const run = `#${Date.now().toString(36)}`;
  const alice = issues.as('alice');
  let red: NodeRed;

  async function inRedmine(): Promise<{ id: number; subject: string; status: string }[]> {
    const found: { id: number; subject: string; status: { name: string } }[] = [];
    for (let offset = 0; ; offset += 100) {
      const query = `project_id=1&status_id=*&limit=100&offset=${offset}&subject=~${encodeURIComponent(run)}`;
      const page = await alice.get<{ issues: typeof found; total_count: number }>(`/issues.json?${query}`);
      found.push(...page.issues);
      if (offset + 100 >= page.total_count) break;
    }
    return found.map(({ id, subject, status }) => ({ id, subject, status: status.name }));
  }

  async function inRt(): Promise<{ id: string; subject: string; status: string }[]> {
    const query = encodeURIComponent(`Subject LIKE '${run}'`);
    const path = `tickets?query=${query}&fields=Subject,Status&per_page=100`;
    const { items } = await tickets.send<{ items: { id: string; Subject: string; Status: string }[] }>(
      'alice',
      'GET',
      path,
    );
    return items.map(({ id, Subject, Status }) => ({ id, subject: Subject, status: Status }));
  }

  before(async () => {
    tickets.reset();
    red = await NodeRed.start();
    await red.deploy(flow(issues, tickets));
    await sleep(2 * POLL_SECONDS * 1_000);
  });
  after(() => red?.stop());

  it(`1, 2: ${COUNT} of each side arrive once on the other, although Node-RED is killed twice in the middle`, async () => {
    const work = async (): Promise<void> => {
      for (let n = 0; n < COUNT; n += 1) {
        await alice.post('/issues.json', { issue: { project_id: 1, tracker_id: 1, subject: `Issue ${n} ${run}` } });
        await tickets.send('alice', 'POST', 'ticket', { Queue: '1', Subject: `Ticket ${n} ${run}` });
      }
    };
    const working = work();
    for (const part of [0.4, 1]) {
      await until('a part has arrived', async () => (await inRt()).length >= part * COUNT, 90_000, 300);
      await red.restart('SIGKILL');
    }
    await working;
    await until('all are in RT', async () => (await inRt()).length >= 2 * COUNT, 90_000, 500);
    await until('all are in Redmine', async () => (await inRedmine()).length >= 2 * COUNT, 90_000, 500);
    // what would come twice, or come back, has time to
    await sleep(3 * POLL_SECONDS * 1_000);
    for (const there of [await inRt(), await inRedmine()]) {
      const subjects = there.map(({ subject }) => subject);
      assert.equal(new Set(subjects).size, subjects.length, 'something is there twice');
      assert.equal(subjects.length, 2 * COUNT);
    }
  });

  it('a status that is set on either side arrives on the other', async () => {
    const [ticket] = await inRt();
    assert.ok(ticket);
    await tickets.send('alice', 'PUT', `ticket/${ticket.id}`, { Status: 'open' });
    const issue = await until(
      'the issue is in progress',
      async () =>
        (await inRedmine()).find(({ subject, status }) => subject === ticket.subject && status === 'In Progress'),
      30_000,
      300,
    );
    await alice.put(`/issues/${issue.id}.json`, { issue: { status_id: 3 } });
    await until(
      'the ticket is resolved',
      async () => (await inRt()).some(({ id, status }) => id === ticket.id && status === 'resolved'),
      30_000,
      300,
    );
  });

  it('descriptions arrive with new items; what Redmine makes of them later stays, since RT keeps its first messages', async () => {
    const [subject1, subject2] = [`Described in Redmine ${run}`, `Described in RT ${run}`];
    await alice.post('/issues.json', {
      issue: { project_id: 1, tracker_id: 1, subject: subject1, description: 'It is **broken**.' },
    });
    const { id } = await tickets.send<{ id: string }>('alice', 'POST', 'ticket', {
      ...{ Queue: '1', Subject: subject2 },
      ...{ Content: '<p>It is <b>slow</b>.</p>', ContentType: 'text/html' },
    });
    const ticket = await until(
      'the issue is in RT',
      async () => (await inRt()).find(({ subject }) => subject === subject1),
      60_000,
      500,
    );
    const copy = await until(
      'the ticket is in Redmine',
      async () => (await inRedmine()).find(({ subject }) => subject === subject2),
      60_000,
      500,
    );
    const textIn = async (one: string): Promise<string> => {
      const path = `ticket/${one}/attachments?per_page=100&fields=Content,ContentType`;
      const { items } = await tickets.send<{ items: { Content: string }[] }>('alice', 'GET', path);
      return items.map(({ Content }) => Content).join('|');
    };
    const description = async (one: number): Promise<string> =>
      (await alice.get<{ issue: { description: string } }>(`/issues/${one}.json`)).issue.description;
    assert.match(await textIn(ticket.id), /It is <strong>broken<\/strong>\./);
    assert.equal((await description(copy.id)).trim(), 'It is **slow**.');
    // an edit in Redmine cannot follow, and a later change of the ticket does not undo it
    await alice.put(`/issues/${copy.id}.json`, {
      issue: { description: 'It is fast now.', subject: `${subject2}, too` },
    });
    await until(
      'the subject is in RT',
      async () => (await inRt()).some(({ subject }) => subject === `${subject2}, too`),
      60_000,
      500,
    );
    await tickets.send('alice', 'PUT', `ticket/${id}`, { Subject: `${subject2}, once more` });
    await until(
      'the subject is back in Redmine',
      async () => (await inRedmine()).some(({ subject }) => subject === `${subject2}, once more`),
      60_000,
      500,
    );
    assert.equal(await description(copy.id), 'It is fast now.');
    assert.equal(await textIn(id), '<p>It is <b>slow</b>.</p>');
  });

  it('what is said on either side is there once on the other, in its order; nothing is mailed to requestors', async () => {
    const [ticket] = await inRt();
    const issue = (await inRedmine()).find(({ subject }) => subject === ticket?.subject);
    assert.ok(ticket && issue);
    const inNotes = async (): Promise<string[]> => {
      const path = `/issues/${issue.id}.json?include=journals`;
      const { issue: found } = await alice.get<{ issue: { journals: { notes: string | null }[] } }>(path);
      return found.journals.flatMap(({ notes }) => /\bsaid \d\b/.exec(notes ?? '')?.[0] ?? []);
    };
    const inTicket = async (): Promise<{ text: string; type: string }[]> => {
      const path = `ticket/${ticket.id}/history?per_page=100&fields=Type`;
      const { items } = await tickets.send<{ items: { id: string; Type: string }[] }>('alice', 'GET', path);
      const types = new Map(items.map(({ id, Type }) => [id, Type]));
      const content = `ticket/${ticket.id}/attachments?per_page=100&fields=Content,TransactionId`;
      const all = await tickets.send<{ items: { Content: string; TransactionId: string }[] }>('alice', 'GET', content);
      return all.items.flatMap(({ Content, TransactionId }) => {
        const text = /\bsaid \d\b/.exec(Content)?.[0];
        return text === undefined ? [] : [{ text, type: types.get(TransactionId) ?? '' }];
      });
    };
    for (const count of [1, 2, 3])
      await alice.put(`/issues/${issue.id}.json`, { issue: { notes: `**said ${count}**` } });
    await until('three are in RT', async () => (await inTicket()).length === 3, 60_000, 500);
    await red.restart('SIGKILL');
    for (const count of [4, 5])
      await tickets.send('alice', 'POST', `ticket/${ticket.id}/correspond`, {
        Content: `said ${count}`,
        ContentType: 'text/plain',
      });
    await until('five are in Redmine', async () => (await inNotes()).length === 5, 90_000, 500);
    await sleep(3 * POLL_SECONDS * 1_000);
    assert.deepEqual(await inNotes(), ['said 1', 'said 2', 'said 3', 'said 4', 'said 5']);
    assert.deepEqual(await inTicket(), [
      ...[1, 2, 3].map((count) => ({ text: `said ${count}`, type: 'Comment' })),
      ...[4, 5].map((count) => ({ text: `said ${count}`, type: 'Correspond' })),
    ]);
  });
});

/**
 * A system that can't be reached, refuses, or answers nonsense: a sandbox on one side, a real Redmine on the other, with
 * the fault in between. All cases run side by side; then each fault ends, and each change must be there once.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { listOf, openSandbox, type SandboxSpace, sandboxFile } from '../../../lib/connectors/sandbox';
import type { FieldChoice } from '../../../lib/model/config';
import { type FlowNode, NodeRed } from '../../support/node-red';
import { freePort } from '../../support/ports';
import { type Interference, type RecordingProxy, recordingProxy } from '../../support/proxy';
import { describeWithRedmine } from '../../support/redmine';
import { until } from '../../support/wait';
import { AdminView } from './admin-view';
import { chain, field, press, row, spaceOf, tracker } from './chain';

interface Issue {
  id: number;
  subject: string;
  description: string;
  status: { name: string };
}

interface Case {
  /** ends the sentence "waits while …", or "parks …" */
  what: string;
  /** what the proxy in front of the server does, by method and the number of such requests so far */
  interfere?: (method: string, count: number) => Interference | undefined;
  /** the wrong settings of the system node, which a person corrects */
  wrong?: Partial<{ url: string; key: string; project: string; type: string }>;
  /** what the Catch node is told, with the entity named */
  says: RegExp;
  /** the status of the poller of that side, where it has trouble too */
  status?: RegExp;
  /** it is this change that the system does not take: it is parked */
  parks?: true;
}

const HTML = '<!DOCTYPE html><html><head><title>Down for maintenance</title></head><body>Back at noon</body></html>';
const html = (status: number): Interference => ({ status, headers: { 'Content-Type': 'text/html' }, body: HTML });
/** announces more than it sends */
const half = (status: number): Interference => ({
  status,
  headers: { 'Content-Length': '5000', Connection: 'close' },
  body: '{"issues":[{"id":1,"subj',
});
const firstPost =
  (instead: Interference): Case['interfere'] =>
  (method, count) =>
    method === 'POST' && count === 1 ? instead : undefined;
/** a text field of the seeded server */
const FOREIGN_KEY = 'cf_1';
const FIVE_MB = 5_000_000;
const WRONG_KEY = 'f00df00df00df00df00df00df00df00df00df00d';

describeWithRedmine('e2e/bad input: connections', function (_a, b) {
  this.timeout(60_000);
  const run = Date.now().toString(36);
  const subjectOf = (name: string) => `Bad connection: ${name} #${run}`;
  const prefixOf = (name: string) => `${name}${run}`;
  const keyOf = (name: string) => `${prefixOf(name)}-1`;
  const proxies = new Map<string, RecordingProxy>();
  const spaces = new Map<string, SandboxSpace>();
  let red: NodeRed;
  let view: AdminView;
  /** addresses that are known only when the tests run */
  const places: Record<string, string> = {};
  const servers: Server[] = [];
  let big: Issue | undefined;

  const cases: Record<string, Case> = {
    closed: {
      what: 'nothing listens at the address',
      says: /bug \S+-1 → closed 2: .*GET \S+ on 127\.0\.0\.1:\d+: Connection refused\. Check that the server is running and the port is correct/,
      status: /Connection refused\. Check that the server is running/,
    },
    unknown: {
      what: 'for a host name that does not exist',
      wrong: { url: 'http://redmine.invalid' },
      says: /bug \S+-1 → unknown 2: .*GET \S+ on redmine\.invalid: Host not found. Check the URL/,
      status: /redmine\.invalid: Host not found. Check the URL/,
    },
    stranger: {
      what: 'another program answers at the port',
      says: /bug \S+-1 → stranger 2: .*GET \S+ on 127\.0\.0\.1:\d+: Not an HTTP server/,
      status: /127\.0\.0\.1:\d+: Not an HTTP server/,
    },
    address: {
      what: 'the address of the system is none',
      wrong: { url: 'redmine' },
      says: /bug \S+-1 → address 2: .*System "address 2" cannot be used: Redmine: The URL is not valid/,
      status: /System "address 2" cannot be used: Redmine: The URL is not valid/,
    },
    keyless: {
      what: 'the system has no credentials',
      wrong: { key: '' },
      says: /bug \S+-1 → keyless 2: .*System "keyless 2" cannot be used: Redmine: API key is missing/,
      status: /System "keyless 2" cannot be used: Redmine: API key is missing/,
    },
    refused: {
      what: 'the key is refused',
      wrong: { key: WRONG_KEY },
      says: /bug \S+-1 → refused 2: .*Sign-in failed. Check the credentials in the system node \(HTTP 401\)/,
      status: /Sign-in failed. Check the credentials in the system node/,
    },
    page: {
      what: 'where a web page answers in place of the API',
      interfere: () => html(200),
      says: /bug \S+-1 → page 2: .*The URL returns HTML, not the API of Redmine\. Check the URL/,
      status: /The URL returns HTML, not the API of Redmine/,
    },
    maintenance: {
      what: 'the server is down for maintenance',
      interfere: () => html(503),
      says: /bug \S+-1 → maintenance 2: .*System unavailable \(HTTP 503\): Down for maintenance/,
      status: /System unavailable \(HTTP 503\): Down for maintenance/,
    },
    broken: {
      what: 'answers end in the middle of their JSON',
      interfere: () => ({ status: 200, body: '{"issues":[{"id":1,"subj' }),
      says: /bug \S+-1 → broken 2: .*Invalid or truncated JSON response/,
      status: /Invalid or truncated JSON response/,
    },
    short: {
      what: 'answers end before they are complete',
      interfere: () => half(200),
      says: /bug \S+-1 → short 2: .*Connection lost/,
      status: /Connection lost/,
    },
    cut: {
      what: 'connections are cut',
      interfere: () => 'cut',
      says: /bug \S+-1 → cut 2: .*Connection lost/,
      status: /Connection lost/,
    },
    lost: {
      what: 'the answer to a create that was carried out is lost',
      interfere: firstPost('lose'),
      says: /bug \S+-1 → lost 2: POST .*Connection lost/,
    },
    torn: {
      what: 'the answer to a create that was not carried out is torn',
      interfere: firstPost(half(201)),
      says: /bug \S+-1 → torn 2: POST .*Connection lost/,
    },
    project: {
      what: 'for a project that is not there',
      wrong: { project: '9999' },
      says: /bug \S+-1 → project 2: Redmine shows this account no project "9999": check project and membership/,
      parks: true,
    },
    tracker: {
      what: 'for a tracker that is not there',
      wrong: { type: '9999' },
      says: /bug \S+-1 → tracker 2: Project Alpha has no tracker with the id "9999"/,
      parks: true,
    },
  };

  const redmineField = (id: string, name: string, more: Partial<FieldChoice> = {}): FieldChoice => ({
    ...field('title'),
    id,
    name,
    ...more,
  });
  const forward = 'forward' as const;
  const rows = [
    row('title', redmineField('subject', 'Subject')),
    {
      ...row('text', redmineField('description', 'Description', { type: 'richtext', format: 'textile' })),
      direction: forward,
    },
    { ...row('urgency', redmineField('status', 'Status', { type: 'lookup' })), direction: forward },
  ];

  /** @param given without a key, Node-RED keeps the one it has */
  function tab(name: string, given: Case['wrong'] = {}): FlowNode[] {
    const { url = places[name] ?? proxies.get(name)?.url ?? b.url, key, project = '1', type = '1' } = given;
    const config = { url, auth: 'apiKey', textFormatting: 'textile', concurrency: '2' };
    const credentials = key === undefined ? undefined : { apiKey: key };
    const system = { kind: 'redmine', config, credentials, project, type };
    // the other side's key is what a create is found again by
    const integration = project === '1' ? { backlinks: { 2: { key: FOREIGN_KEY } } } : {};
    return chain(name, { systems: [undefined, system], integration, rows, poller2: { start: 'newest', interval: 60 } });
  }

  const wrongFlow = () => [
    ...Object.entries(cases).flatMap(([name, { wrong }]) => tab(name, { key: b.key('sync'), ...wrong })),
    ...tab('developer', { key: b.key('bob') }),
    ...tab('large', { key: b.key('sync'), project: '2' }),
  ];
  /** Changes only the wrong part of the flow, as a user would. The other nodes are not restarted. */
  const rightFlow = () => [
    ...Object.entries(cases).flatMap(([name, { wrong }]) =>
      tab(name, wrong?.key === undefined ? {} : { key: b.key('sync') }),
    ),
    ...tab('developer', { key: b.key('sync') }),
    ...tab('large', { project: '2' }),
  ];

  async function issues(name: string): Promise<Issue[]> {
    const found = await b
      .as('admin')
      .get<{ issues: Issue[] }>('/issues.json?project_id=1&status_id=*&limit=100&sort=id:desc');
    return found.issues.filter(({ subject }) => subject === subjectOf(name));
  }

  const space = (name: string): SandboxSpace => {
    const found = spaces.get(name);
    assert.ok(found);
    return found;
  };
  const create = (name: string, fields = {}) =>
    space(name).create('alice', { project: 'p', type: 'bug', fields: { title: subjectOf(name), ...fields } });

  /** @returns its port */
  async function listen(server: Server, port = 0): Promise<number> {
    servers.push(server.listen(port, '127.0.0.1'));
    await once(server, 'listening');
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  before(async () => {
    places.closed = `http://127.0.0.1:${await freePort()}`;
    const stranger = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('SSH-2.0-OpenSSH_9.2p1\r\n');
    });
    places.stranger = `http://127.0.0.1:${await listen(stranger)}`;
    for (const [name, { interfere }] of Object.entries(cases)) {
      const proxy = await recordingProxy(b.url);
      proxies.set(name, proxy);
      const counts: Record<string, number> = {};
      if (!interfere) continue;
      proxy.interfere = (method) => {
        const count = (counts[method] ?? 0) + 1;
        counts[method] = count;
        return interfere(method, count);
      };
    }
    red = await NodeRed.start();
    view = await AdminView.open(red);
    const states = tracker((fields) => {
      const names = ['Open', 'Active', 'Fixed', 'Needs info', 'Done', "Won't fix"];
      for (const one of fields) if (one.id === 'urgency') one.values = listOf(names);
    });
    const file = sandboxFile(red.userDir);
    for (const name of [...Object.keys(cases), 'developer', 'large']) {
      const projects = [{ id: 'p', name: 'Project', prefix: prefixOf(name) }];
      spaces.set(name, openSandbox({ file, space: spaceOf(name, 1), template: { ...states, projects } }));
    }
    await red.deploy(wrongFlow());
    for (const name of Object.keys(cases)) create(name);
    create('developer', { urgency: { name: 'Done' } });
    create('large', { text: { format: 'markdown', content: 'x'.repeat(FIVE_MB) } });
  });

  after(async () => {
    view?.close();
    for (const one of spaces.values()) one.close();
    await red?.stop();
    for (const proxy of proxies.values()) await proxy.stop();
    for (const server of servers) server.close();
    if (big) await b.as('admin').delete(`/issues/${big.id}.json`);
  });

  /** What the Catch node was told of our change; other issues of the server are none of our business. */
  const problems = (name: string) =>
    view.problems(name).filter(({ message }) => message.includes(`bug ${keyOf(name)} `));

  describe('reports the change, and the cause on both ends, if', () => {
    for (const [name, { what, says, status, parks }] of Object.entries(cases)) {
      it(what, async () => {
        const { source } = await view.problemLike(name, says);
        assert.equal(source.id, `${name}-writer`);
        if (status) {
          const shown = await until(`the poller shows ${status}`, () =>
            view.history(`${name}-poller2`).find(({ text }) => status.test(text)),
          );
          assert.equal(shown.fill, 'red');
          await view.problemLike(name, status);
        }
        if (parks) await view.statusLike(`${name}-poller1`, /1 parked\)$/);
        // one outage is one error, however often it was tried; another one tells that it was parked
        assert.ok(problems(name).length <= 2, JSON.stringify(problems(name)));
      });
    }

    it('reports a status that the workflow does not allow, although Redmine takes it without a word', async () => {
      const created = await view.resultOf('developer', keyOf('developer'));
      space('developer').edit('alice', created.source.id, { urgency: { name: "Won't fix" } });
      const { message, source } = await view.problemLike('developer', /ignored some fields/);
      assert.match(
        message,
        new RegExp(`bug ${keyOf('developer')} → developer 2: ${created.target?.key} ignored some fields. status: `),
      );
      assert.match(message, /workflow does not let this account change the status from Done to Won't fix/);
      assert.equal(source.id, 'developer-writer');
      await view.statusLike('developer-poller1', /1 parked\)$/);
      assert.equal((await issues('developer'))[0]?.status.name, 'Done');
    });
  });

  describe('brings the change across, once, when that is over:', () => {
    before(async () => {
      const { port } = new URL(places.closed ?? '');
      const back = createServer((socket) => {
        const onward = connect(Number(new URL(b.url).port), new URL(b.url).hostname);
        pipeline(socket, onward, socket, () => undefined);
      });
      await listen(back, Number(port));
      for (const proxy of proxies.values()) proxy.interfere = undefined;
      delete places.stranger;
      await red.deploy(rightFlow(), 'nodes');
      for (const name of spaces.keys()) await press(red, `${name}-retry1`);
    });

    for (const [name, { what }] of Object.entries(cases)) {
      it(what, async () => {
        await until('it is there', async () => (await issues(name)).length > 0, 45_000, 500);
        await until('it is linked', () => view.results(name).some(({ source }) => source.key === keyOf(name)));
        assert.equal((await issues(name)).length, 1);
        await until(
          'the other side is read again',
          async () => {
            await press(red, `${name}-poll2`);
            return /^\d+ pending, \d+ linked/.test(view.status(`${name}-poller2`)?.text ?? '');
          },
          30_000,
          500,
        );
      });
    }

    it('a status, when the account may set it', async () => {
      const status = async () => (await issues('developer'))[0]?.status.name;
      await until('it is there', async () => (await status()) === "Won't fix", 30_000, 300);
    });
  });

  describe('at the end', () => {
    it('brings a description of 5 MB across', async () => {
      const { target } = await view.resultOf('large', keyOf('large'));
      const { issue } = await b.as('admin').get<{ issue: Issue }>(`/issues/${target?.id}.json`);
      big = issue;
      assert.equal(issue.description.length, FIVE_MB);
    });

    it('Node-RED runs as it did, with a log that is not full', async () => {
      await red.get('/settings');
      assert.doesNotMatch(red.log, /unhandled|uncaught|TypeError|at .*\.js:\d+|\[error\]/i);
    });

    it('10: no key is to be seen anywhere', async () => {
      const texts = [red.log, view.everything(), JSON.stringify(await red.flows())];
      texts.push(readFileSync(join(red.userDir, 'flows.json'), 'utf8'));
      for (const text of texts) {
        for (const key of [b.key('sync'), b.key('bob'), WRONG_KEY]) assert.ok(!text.includes(key));
      }
    });
  });
});

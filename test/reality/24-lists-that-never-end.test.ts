/** Servers that page without end, repeat a page, or answer with hundreds of thousands of entries at once. */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { abandonable } from '../../lib/connectors/http/abandon';
import { allPages, LONGEST_LIST } from '../../lib/connectors/kit/paging';
import { redmine } from '../../lib/connectors/redmine';
import { SyncError } from '../../lib/model/errors';
import { within } from '../../nodes/admin/respond';
import { httpServer, json, stopAll, type TestServer } from '../connectors/http/servers';

const connect = (server: TestServer) =>
  redmine.connect({ url: server.url, auth: 'apiKey', apiKey: 'key', textFormatting: 'textile' }, {});

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: from + index,
    name: `Project ${from + index}`,
    identifier: `p${from + index}`,
  }));

describe('a list that never ends', function () {
  this.timeout(60_000);
  afterEach(stopAll);

  it('ends with a page that brings nothing new, whatever the total says', async () => {
    const server = await httpServer(json({ projects: numbered(1, 100), total_count: 1_000_000 }));
    const projects = await connect(server).projects();
    assert.equal(projects.length, 100);
    assert.ok(server.requests.length <= 4, `${server.requests.length} requests`);
  });

  it('ends where it has more entries than anybody can use, even one at a time', async () => {
    let asked = 0;
    const one = await allPages(async (offset) => {
      asked += 1;
      return { items: [offset], more: true };
    }, String);
    assert.ok(one.length <= 1_000 && asked <= 1_000);
    const many = await allPages(
      async (offset) => ({ items: numbered(offset, 3_000), more: true }),
      ({ id }) => String(id),
    );
    assert.equal(many.length, LONGEST_LIST);
  });

  it('of 400,000 entries in one page is read, not spread over the stack', async () => {
    const server = await httpServer(json({ projects: numbered(1, 400_000), total_count: 400_000 }));
    const projects = await connect(server).projects();
    assert.equal(projects.length, LONGEST_LIST);
  });

  it('of issues that come again and again ends the poll with a reason', async () => {
    const issue = (id: number) => ({
      ...{
        id,
        subject: 'x',
        project: { id: 1, name: 'P' },
        tracker: { id: 1, name: 'T' },
        status: { id: 1, name: 'S' },
      },
      ...{ priority: { id: 1, name: 'N' }, author: { id: 1, name: 'A' } },
      ...{ created_on: '2020-01-01T00:00:00Z', updated_on: '2020-01-01T00:00:00Z' },
    });
    const issues = Array.from({ length: 100 }, (_, index) => issue(index + 1));
    const server = await httpServer(
      json({ issues, total_count: 1e9, projects: [], trackers: [], issue_statuses: [], custom_fields: [] }),
    );
    const connection = connect(server);
    await assert.rejects(
      async () => {
        let pages = 0;
        for await (const _page of connection.changes({ projects: ['1'], types: ['1'] }, undefined, 100)) {
          pages += 1;
          assert.ok(pages < 500, 'it goes on and on');
        }
      },
      (thrown: unknown) =>
        thrown instanceof SyncError && thrown.kind === 'transient' && /does not end/.test(thrown.message),
    );
  });
});

describe('a question of a form', function () {
  this.timeout(30_000);
  afterEach(stopAll);

  it('sends no further request once its time is over', async () => {
    let next = 0;
    const server = await httpServer((_request, response) => {
      next += 100;
      const body = JSON.stringify({ projects: numbered(next, 100), total_count: 1e9 });
      setTimeout(() => response.writeHead(200, { 'Content-Type': 'application/json' }).end(body), 30);
    });
    const connection = connect(server);
    await assert.rejects(
      within(300, () => connection.projects()),
      /no answer within/,
    );
    await sleep(100);
    const sent = server.requests.length;
    await sleep(400);
    assert.equal(server.requests.length, sent, 'requests went on');
    assert.ok(sent < 30);
  });

  it('ends the request that is under way', async () => {
    let ended: (() => void) | undefined;
    const closed = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const server = await httpServer((request) => {
      request.socket.once('close', () => ended?.());
    });
    const ending = new AbortController();
    const answer = abandonable(ending.signal, () => connect(server).projects());
    answer.catch(() => undefined);
    await sleep(200);
    ending.abort();
    await assert.rejects(answer, /nobody waits for the answer/);
    await closed;
  });
});

describe('the code', () => {
  it('spreads no list into a call: a long one would overflow the stack', () => {
    const found = globSync('{lib,nodes}/**/*.ts').flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          /\.(?:push|unshift|splice)\((?:\w+, *)*\.\.\.|Math\.(?:max|min)\([^)]*\.\.\./.test(line) &&
          !line.includes('unshift(...halves(')
            ? [`${file}:${index + 1} ${line.trim()}`]
            : [],
        ),
    );
    assert.deepEqual(found, []);
  });
});

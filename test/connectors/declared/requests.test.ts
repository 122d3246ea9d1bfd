/** A request of a declared connector stays below its system's address, whoever wishes otherwise. */

import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import { numberedPages } from '../../../lib/connectors/declared/api';
import { SyncError } from '../../../lib/model/errors';
import { failure } from '../../support/failure';
import { httpServer, stopAll, type TestServer } from '../http/servers';
import { changed, connectorOf, SMALL } from './small';

const SCOPE = { projects: ['all'], types: ['ticket'] };
const TICKET = { id: 1, at: '2026-01-01T00:00:00Z', title: 'One' };

const open: Connection[] = [];

/** @param answers by path below /api */
async function system(answers: Record<string, unknown>, headers: Record<string, string> = {}): Promise<TestServer> {
  return httpServer((request, response) => {
    const path = (request.url ?? '').replace(/^.*\/api/, '').split('?')[0] ?? '';
    const body = answers[path];
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(body ?? { message: 'Not here' }));
  });
}

function connect(file: unknown, url: string, more: Record<string, string> = {}): Connection {
  const connection = connectorOf(file).connect({ url, token: 'geheim-123456', ...more }, {});
  open.push(connection);
  return connection;
}

describe('requests of a declared connector', () => {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close?.()));
    await stopAll();
  });

  const spaces = {
    ...{ by: 'list', get: '/spaces', id: 'id', name: 'name', items: 'items' },
    page: { by: 'link', next: 'next' },
  };
  const linked = changed('types.0.item.project', 'space', changed('projects', spaces));

  it('follow the link to a next page below the base, and no other: it would get the token', async () => {
    const elsewhere = await system({ '/spaces': { items: [{ id: 'b', name: 'B' }] } });
    const answers: Record<string, unknown> = {};
    const own = await system(answers);
    const connection = connect(linked, own.url);
    const links = [
      `${elsewhere.url}/api/spaces`,
      `//127.0.0.1:${elsewhere.port}/api/spaces`,
      `${own.url}/admin/tokens`,
      `${own.url}/api/../admin/tokens`,
      'http://[',
      'file:///etc/passwd',
    ];
    for (const next of links) {
      answers['/spaces'] = { items: [{ id: 'a', name: 'A' }], next };
      const error = await failure(connection.projects());
      assert.equal(error.kind, 'fatal', next);
      assert.match(error.message, /which is not below/);
    }
    assert.deepEqual(elsewhere.requests, []);
    assert.ok(
      own.requests.every((one) => one.startsWith('GET /api/spaces')),
      own.requests.join(),
    );
    answers['/spaces'] = { items: [{ id: 'a', name: 'A' }], next: `${own.url}/api/more?cursor=a%20b` };
    answers['/more'] = { items: [{ id: 'b', name: 'B' }], next: null };
    assert.deepEqual(
      (await connection.projects()).map(({ id }) => id),
      ['a', 'b'],
    );
    assert.equal(own.requests.at(-1), 'GET /api/more?cursor=a%20b');
  });

  it('end where a list of links goes in a circle', async () => {
    const answers: Record<string, unknown> = {};
    const own = await system(answers);
    answers['/spaces'] = { items: [{ id: 'a', name: 'A' }], next: '/api/spaces' };
    assert.equal((await connect(linked, own.url).projects()).length, 1);
    assert.ok(own.requests.length <= 3, `${own.requests.length} requests`);
  });

  it('end where links to further pages never end, and where an answer does not', async function () {
    this.timeout(60_000);
    const own = await httpServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const at = Number(searchParams.get('at') ?? 0);
      const page = { items: [{ id: `s${at}`, name: `Space ${at}` }], next: `/api/spaces?at=${at + 1}` };
      if (!pathname.endsWith('/me')) return void response.end(JSON.stringify(page));
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
        if (!response.destroyed) response.once('drain', more);
      };
      response.write('"');
      more();
    });
    const connection = connectorOf(linked).connect(
      { url: own.url, token: 'geheim-123456' },
      { http: { maxBytes: 256 * 1024 } },
    );
    open.push(connection);
    await connection.projects();
    assert.ok(own.requests.length <= 400, `${own.requests.length} requests`);
    const error = await failure(connection.identify());
    assert.match(error.message, /larger than 256 KB/);
  });

  it('cannot be led out of the base by a setting, an id or a key', async () => {
    const own = await system({ '/me': { id: 1, login: 'me' }, '/tickets/1': TICKET });
    const file = changed('types.0.read.get', '/tickets/{id|path}', SMALL);
    const connection = connect(file, own.url);
    for (const id of ['..', '.', '../admin', '../../x', '%2e%2e', '..%2f..', '1/../../../admin', 'a?b#c', '\\..\\..']) {
      const results = await connection.read(SCOPE, [id]).catch((thrown: unknown) => [thrown]);
      assert.ok(results[0] === undefined || results[0] instanceof SyncError, id);
      await connection.byKey?.(id).catch((thrown: unknown) => assert.ok(thrown instanceof SyncError));
    }
    for (const one of own.requests) assert.match(one, /^GET \/api\/tickets\/[^/]*$/);
    const spaced = changed('types.0.read.get', '/{setting.space|segments}/{id|path}');
    const before = own.requests.length;
    for (const space of ['..', '../../admin', '/admin', 'a/../../admin', 'https://evil.example/']) {
      const error = await failure(connect(spaced, own.url, { space }).read(SCOPE, ['1']));
      assert.equal(error.kind, 'invalid', space);
    }
    assert.equal(own.requests.length, before, own.requests.slice(before).join());
  });

  it('have no header that a setting could end', async () => {
    const file = changed('http.headers', { 'X-Space': 'in {setting.space}' });
    for (const space of ['a\r\nX-Admin: 1', 'a\nb', 'ä\u0000'])
      assert.throws(() => connect(file, 'http://127.0.0.1:1', { space }), SyncError, JSON.stringify(space));
  });

  it('write a title with each query language’s signs as that title', async () => {
    const titles = [`it's`, `"x" \\ 'y'`, '{id} {{id}}', "'; DROP TABLE t; --", '^NQactive=true', 'a eq b or 1 eq 1'];
    const bodies: string[] = [];
    const own = await httpServer((request, response, body) => {
      bodies.push(body);
      const isWrite = request.method === 'POST';
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const title: unknown = isWrite ? (JSON.parse(body) as { title: unknown }).title : titles[0];
      response.end(JSON.stringify({ ...TICKET, title }));
    });
    const connection = connect(changed('types.0.create', { post: '/tickets', exact: true }), own.url);
    for (const title of titles) {
      const [result] =
        (await connection.write?.(SCOPE, [{ kind: 'create', type: 'ticket', project: 'all', fields: { title } }])) ??
        [];
      assert.ok(result?.ok && result.entity.fields.title === title, title);
    }
    assert.deepEqual(
      bodies.map((body) => (JSON.parse(body) as { title: unknown }).title),
      titles,
    );
  });

  it('say what is wrong with settings before anything is sent', () => {
    assert.throws(() => connectorOf(SMALL).connect({ url: 'ftp://x', token: 't' }, {}), /URL must begin with https/);
    assert.throws(() => connectorOf(SMALL).connect({ url: 'http://x' }, {}), /Token is missing/);
  });

  it('cover any stretch of a list with numbered pages by one page, or two neighbours', () => {
    for (let offset = 0; offset < 230; offset++)
      for (const limit of [1, 2, 7, 50, 99, 100]) {
        const { size, first, count } = numberedPages(offset, limit, 100);
        assert.ok(size <= 100 && count <= 2, `${offset} ${limit}`);
        assert.ok(first * size <= offset && offset + limit <= (first + count) * size, `${offset} ${limit}`);
      }
  });
});

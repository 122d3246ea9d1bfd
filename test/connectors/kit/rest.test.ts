/** REST calls: credentials, what error answers mean, lists in pages. Against a real HTTP server that a test controls. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Credentials } from '../../../lib/connectors/kit/auth';
import { isJson } from '../../../lib/connectors/kit/json';
import { byOffset, type ErrorTable, Rest } from '../../../lib/connectors/kit/rest';
import { failure } from '../../support/failure';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body: unknown;
}

describe('connector kit: REST calls', () => {
  let server: Server;
  let url: string;
  let answer: (request: IncomingMessage, body: string) => Answer;
  let open: Rest[] = [];
  const asked: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => {
        body += part.toString();
      });
      request.on('end', () => {
        asked.push(`${request.method} ${request.url}`);
        const { status = 200, headers, body: text } = answer(request, body);
        response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
        response.end(typeof text === 'string' ? text : JSON.stringify(text));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  beforeEach(() => {
    asked.length = 0;
  });
  afterEach(() => {
    for (const rest of open) rest.close();
    open = [];
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const errors: ErrorTable = {
    read: (_status, body) =>
      isJson(body) && typeof body.message === 'string'
        ? { text: body.message, code: String(body.code ?? ''), isOwn: body.code !== undefined }
        : undefined,
    kinds: [
      ['StaleObject', 'conflict'],
      [/quota/i, 'rateLimited'],
      [418, 'forbidden'],
    ],
  };
  const make = (credentials: Credentials): Rest => {
    const rest = new Rest({ baseUrl: url, product: 'Example', credentials, options: { retries: 0 }, errors });
    open.push(rest);
    return rest;
  };
  const token: Credentials = { kind: 'bearer', token: 'sesame-open' };
  it('show who we are in each way', async () => {
    const seen: unknown[] = [];
    answer = ({ headers }) => {
      seen.push(headers.authorization ?? headers['x-key']);
      return { body: {} };
    };
    await make({ kind: 'key', header: 'X-Key', key: 'k1' }).get('me');
    await make({ kind: 'basic', username: '', password: 'pat' }).get('me');
    await make(token).get('me');
    await make({ kind: 'bearer', scheme: 'token', token: '1-2-x' }).get('me');
    assert.deepEqual(seen, ['k1', `Basic ${btoa(':pat')}`, 'Bearer sesame-open', 'token 1-2-x']);
  });

  it('take a kind of error from code, words or status, and notFound only from the system’s own answer', async () => {
    const cases: [Answer, string][] = [
      [{ status: 400, body: { code: 'StaleObject', message: 'changed' } }, 'conflict'],
      [{ status: 400, body: { code: 'X', message: 'Over your quota' } }, 'rateLimited'],
      [{ status: 418, body: { code: 'X', message: 'tea' } }, 'forbidden'],
      [{ status: 404, body: { code: 'X', message: 'no such thing' } }, 'notFound'],
      [{ status: 404, body: { message: 'no route' } }, 'transient'],
      [{ status: 404, headers: { 'Content-Type': 'text/html' }, body: '<html>nginx</html>' }, 'transient'],
      [{ status: 422, body: { code: 'X', message: 'too long' } }, 'invalid'],
    ];
    for (const [given, kind] of cases) {
      answer = () => given;
      assert.equal((await failure(make(token).get('thing'))).kind, kind, JSON.stringify(given));
    }
  });

  it('say that it is another API which answers', async () => {
    answer = () => ({ body: ['not', 'an', 'object'] });
    const error = await failure(make(token).get('me'));
    assert.equal(error.message, "GET me: not a response of Example's API. Check the URL");
  });

  it('keep credentials out of errors', async () => {
    answer = () => ({ status: 403, body: { code: 'X', message: 'sesame-open may not' } });
    assert.match((await failure(make(token).get('me'))).message, /\*\*\* may not/);
  });

  it('read a list to its end, each entry once, and no further than asked', async () => {
    const all = Array.from({ length: 7 }, (_, id) => ({ id }));
    answer = ({ url: path }) => {
      const query = new URL(path ?? '', url).searchParams;
      const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))];
      return { body: { things: all.slice(offset, offset + limit), total_count: all.length } };
    };
    const paging = byOffset('things', 3);
    assert.deepEqual(await make(token).all('things', paging), all);
    assert.equal(asked.length, 3);
    assert.equal((await make(token).all('things', paging, {}, 4)).length, 4);
    // a server that does not page sends the same for ever
    answer = () => ({ body: { things: all.slice(0, 3), total_count: 1_000_000 } });
    assert.equal((await make(token).all('things', paging)).length, 3);
  });

  describe('with an OAuth client', () => {
    const client = (encoding: 'form' | 'json'): Credentials => ({
      ...{ kind: 'client', product: 'The sign-in', tokenUrl: `${url}token?v=2`, encoding },
      ...{ clientId: 'id', clientSecret: 'secret-of-it', scope: 'all' },
    });

    it('fetch one token for many calls, in the way that the sign-in wants', async () => {
      for (const encoding of ['form', 'json'] as const) {
        asked.length = 0;
        let sent = '';
        answer = ({ url: path, headers }, body) => {
          if (path?.startsWith('/token')) {
            sent = body;
            return { body: { access_token: 'fresh', expires_in: 3_600 } };
          }
          assert.equal(headers.authorization, 'Bearer fresh');
          return { body: {} };
        };
        const rest = make(client(encoding));
        await Promise.all([rest.get('a'), rest.get('b')]);
        await rest.get('c');
        assert.deepEqual(
          asked.filter((one) => one.includes('token')),
          ['POST /token?v=2'],
        );
        const fields = encoding === 'json' ? JSON.parse(sent) : Object.fromEntries(new URLSearchParams(sent));
        assert.deepEqual(fields, {
          ...{ grant_type: 'client_credentials', client_id: 'id', client_secret: 'secret-of-it', scope: 'all' },
        });
      }
    });

    it('ask once more with a new token where the old one is refused', async () => {
      let count = 0;
      answer = ({ url: path, headers }) => {
        if (path?.startsWith('/token')) return { body: { access_token: `t${++count}`, expires_in: 3_600 } };
        return headers.authorization === 'Bearer t1'
          ? { status: 401, body: {} }
          : { body: { by: headers.authorization } };
      };
      assert.deepEqual(await make(client('form')).get('me'), { by: 'Bearer t2' });
      answer = ({ url: path }) =>
        path?.startsWith('/token') ? { body: { access_token: 'dead' } } : { status: 401, body: {} };
      asked.length = 0;
      assert.equal((await failure(make(client('form')).get('me'))).kind, 'auth');
      assert.equal(asked.length, 4, 'not for ever');
    });

    it('renew a token before its end, and say what the sign-in says', async () => {
      answer = ({ url: path }) =>
        path?.startsWith('/token') ? { body: { access_token: 'short', expires_in: 30 } } : { body: {} };
      const rest = make(client('form'));
      await rest.get('a');
      await rest.get('b');
      assert.equal(asked.filter((one) => one.includes('token')).length, 2);
      answer = () => ({
        status: 400,
        body: { error: 'invalid_client', error_description: 'secret-of-it has expired' },
      });
      const error = await failure(make(client('form')).get('a'));
      assert.equal(error.kind, 'auth');
      assert.match(error.message, /\*\*\* has expired/);
    });
  });
});

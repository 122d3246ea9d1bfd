import assert from 'node:assert/strict';
import { SyncError, type SyncErrorKind } from '../../../lib/model/errors';
import { client, endAll, failure, KEY } from './clients';
import { closedPort, httpServer, json, rawServer } from './servers';

describe('HTTP client', function () {
  this.timeout(10_000);

  afterEach(endAll);

  describe('requests', () => {
    it('answers with parsed JSON, status and headers, and undefined for an empty body', async () => {
      const server = await httpServer((request, response, body) => {
        if (request.method === 'PUT') response.writeHead(204).end();
        else
          json({ path: request.url, body: body && JSON.parse(body) }, 201, { 'X-Total': '7' })(request, response, body);
      });
      const http = client(`${server.url}/redmine`);
      const created = await http.post('issues.json', { subject: 'Grüße 🚢' });
      assert.deepEqual([created.status, created.headers['x-total']], [201, '7']);
      assert.deepEqual(created.body, { path: '/redmine/issues.json', body: { subject: 'Grüße 🚢' } });
      assert.equal(server.headers['content-type'], 'application/json');
      assert.equal((await http.put('issues/1.json', {})).body, undefined);
    });

    it('repeats names of the query for lists and leaves out undefined', async () => {
      const server = await httpServer(json({}));
      await client(server.url).get('/issues.json', { 'f[]': ['a', 'b'], 'op[a]': '>=', limit: 5, none: undefined });
      assert.deepEqual(server.requests, ['GET /issues.json?f%5B%5D=a&f%5B%5D=b&op%5Ba%5D=%3E%3D&limit=5']);
    });

    it('sends Basic credentials and a Buffer as it is', async () => {
      const server = await httpServer((_request, response, body) => json({ body })(_request, response, body));
      const http = client(server.url, {}, { headers: {}, auth: { username: 'jo:e', password: 'pä ss' } });
      const headers = { 'Content-Type': 'application/octet-stream' };
      const { body } = await http.post('uploads.json', Buffer.from('raw bytes'), { headers });
      assert.deepEqual(body, { body: 'raw bytes' });
      assert.equal(server.headers['content-type'], 'application/octet-stream');
      assert.equal(server.headers.authorization, `Basic ${Buffer.from('jo:e:pä ss').toString('base64')}`);
    });

    it('keeps its connection alive, and opens no more than allowed', async () => {
      const server = await httpServer((request, response, body) =>
        setTimeout(() => json({})(request, response, body), 20),
      );
      const http = client(server.url, { maxSockets: 2 });
      await Promise.all(Array.from({ length: 8 }, () => http.get('a')));
      assert.equal(server.requests.length, 8);
      assert.equal(server.connections, 2);
    });

    it('calls a hook for each request that was sent, with its status, and masks secrets in the address', async () => {
      const seen: unknown[] = [];
      const server = await httpServer((request, response, body) =>
        json({}, request.url?.startsWith('/no') ? 404 : 200)(request, response, body),
      );
      const http = client(server.url, { onRequest: (...told) => void seen.push(told) });
      await http.get('a', { q: 1, api_key: 'hidden-value' });
      await failure(http.get('no'), 'transient');
      assert.deepEqual(seen, [
        ['GET', '/a?q=1&api_key=***', 200],
        ['GET', '/no', 404],
      ]);
    });

    it('refuses an address that is none, or that holds credentials', () => {
      const refused = (url: string) => {
        assert.throws(
          () => client(url),
          (error) => error instanceof SyncError && error.kind === 'invalid' && !error.message.includes('pass-word'),
          url,
        );
      };
      for (const url of ['', 'redmine.example.com', 'ftp://x', 'https://joe:pass-word@x']) refused(url);
    });

    it('ends what is under way when it is closed', async () => {
      const server = await httpServer(() => undefined);
      const http = client(server.url);
      const call = failure(http.get('slow'), 'transient');
      setTimeout(() => http.close(), 100);
      assert.match((await call).message, /closed/);
      assert.equal(server.requests.length, 1);
    });
  });

  describe('errors by status', () => {
    const kinds: [number, SyncErrorKind][] = [
      [400, 'invalid'],
      [401, 'auth'],
      [403, 'forbidden'],
      [404, 'transient'],
      [410, 'transient'],
      [409, 'conflict'],
      [412, 'conflict'],
      [418, 'fatal'],
      [422, 'invalid'],
      [429, 'rateLimited'],
      [500, 'transient'],
      [501, 'transient'],
    ];
    for (const [status, kind] of kinds) {
      it(`${status} is ${kind}, with the system's words`, async () => {
        const server = await httpServer(json({ errors: [`no, said with ${KEY}`] }, status));
        const error = await failure(client(server.url).post('x', {}), kind);
        assert.equal(error.detail.status, status);
        assert.match(error.detail.answer ?? '', /no, said with \*\*\*/);
        assert.equal(server.requests.length, 1, 'is not repeated');
      });
    }

    it("takes kind, words and fields from the connector's reading of the body", async () => {
      const server = await httpServer(json({ errors: ['Subject cannot be blank'] }, 422));
      const parseError = (status: number, body: unknown) => ({
        text: `${status} ${JSON.stringify(body)}`,
        fields: { subject: 'cannot be blank' },
        kind: 'conflict' as const,
      });
      const error = await failure(client(server.url, {}, { parseError }).post('x', {}), 'conflict');
      assert.equal(error.detail.answer, '422 {"errors":["Subject cannot be blank"]}');
      assert.deepEqual(error.detail.fields, { subject: 'cannot be blank' });
    });

    it('cuts a long answer and shows of a page only its title', async () => {
      const server = await httpServer((request, response) => {
        const html = request.url === '/html';
        response.writeHead(500, { 'Content-Type': html ? 'text/html' : 'text/plain' });
        response.end(html ? `<html><title>Oops &amp; more</title><body>${'x'.repeat(9999)}</body>` : 'y'.repeat(9999));
      });
      const http = client(server.url);
      assert.equal((await failure(http.get('html'), 'transient')).detail.answer, 'Oops &amp; more');
      assert.equal((await failure(http.get('text'), 'transient')).detail.answer?.length, 501);
    });

    it('reads Retry-After as seconds and as a date of the server, whose clock may differ', async () => {
      const server = await httpServer((request, response, body) => {
        const date = request.url === '/date';
        const headers = date
          ? { Date: 'Tue, 01 Jan 2030 00:00:00 GMT', 'Retry-After': 'Tue, 01 Jan 2030 00:01:30 GMT' }
          : { 'Retry-After': '17' };
        json({}, 429, headers)(request, response, body);
      });
      const http = client(server.url);
      assert.equal((await failure(http.get('seconds'), 'rateLimited')).detail.retryAfterMs, 17_000);
      assert.equal((await failure(http.get('date'), 'rateLimited')).detail.retryAfterMs, 90_000);
    });

    it('takes 503 with Retry-After for a rate limit, and leaves a long pause to the caller', async () => {
      const server = await httpServer(json({}, 503, { 'Retry-After': '120' }));
      const error = await failure(client(server.url).get('x'), 'rateLimited');
      assert.equal(error.detail.retryAfterMs, 120_000);
      assert.equal(server.requests.length, 1);
    });
  });

  describe('answers that are none', () => {
    const page: Parameters<typeof httpServer>[0] = (_request, response) =>
      void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!DOCTYPE html><title>Sign in</title>');

    it('takes HTML for a wrong address', async () => {
      const server = await httpServer(page);
      const error = await failure(client(server.url).get('issues.json'), 'fatal');
      assert.match(error.message, /returns HTML, not the API of Redmine\. Check the URL/);
      assert.equal(error.detail.answer, 'Sign in');
    });

    it('takes other text for a wrong address, and broken JSON for a fault that may pass', async () => {
      const server = await httpServer(
        (request, response) => void response.end(request.url === '/text' ? 'It works!' : '{"issues": [{"id": 1'),
      );
      const http = client(server.url, { retries: 0 });
      assert.match((await failure(http.get('text'), 'fatal')).message, /Check the URL/);
      assert.match((await failure(http.get('cut'), 'transient')).message, /truncated/);
    });

    it('says of a create whose answer is broken that it may have been carried out', async () => {
      const server = await httpServer((_request, response) => void response.writeHead(201).end('{"issue": {"id'));
      assert.equal((await failure(client(server.url).post('x', {}), 'transient')).detail.uncertain, true);
    });

    it('takes a body that ends too early for a fault that may pass', async () => {
      const server = await httpServer((_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
        response.write('{"issues": [');
        setTimeout(() => response.destroy(), 30);
      });
      await failure(client(server.url, { retries: 0 }).get('x'), 'transient');
      assert.equal((await failure(client(server.url).post('x', {}), 'transient')).detail.uncertain, true);
    });

    it('stops reading an answer that is too large', async () => {
      const server = await httpServer((_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        for (let i = 0; i < 100; i++) response.write('x'.repeat(10_000));
        response.end();
      });
      const error = await failure(client(server.url, { maxBytes: 64 * 1024 }).get('x'), 'fatal');
      assert.match(error.message, /larger than 64 KB/);
      assert.equal(server.requests.length, 1, 'is not repeated');
    });
  });

  describe('redirects', () => {
    it('follows a GET within the host', async () => {
      const server = await httpServer((request, response, body) =>
        request.url === '/old'
          ? void response.writeHead(302, { Location: '/new?x=1' }).end()
          : json('there')(request, response, body),
      );
      assert.equal((await client(server.url).get('old')).body, 'there');
    });

    it('never leaves the host, so that the key does not', async () => {
      const other = await httpServer(json('caught'));
      const server = await httpServer(
        (_request, response) => void response.writeHead(307, { Location: `${other.url}/x` }).end(),
      );
      const error = await failure(client(server.url).get('x'), 'fatal');
      assert.match(error.message, new RegExp(`redirects to ${other.url}/x. Check the URL`));
      assert.deepEqual(other.requests, []);
    });

    it('repeats no write elsewhere, and ends in a circle', async () => {
      const server = await httpServer(
        (_request, response) => void response.writeHead(302, { Location: '/again' }).end(),
      );
      assert.equal((await failure(client(server.url).post('x', {}), 'fatal')).detail.uncertain, false);
      assert.equal(server.requests.length, 1);
      assert.match((await failure(client(server.url).get('x'), 'fatal')).message, /circles/);
    });
  });

  describe('repetition', () => {
    /** Answers with each status in turn, then with 200. */
    const moody = (...statuses: number[]): Parameters<typeof httpServer>[0] => {
      let turn = 0;
      return (request, response, body) => json({}, statuses[turn++] ?? 200)(request, response, body);
    };

    it('repeats what changes nothing twice at most', async () => {
      const mended = await httpServer(moody(503, 502));
      assert.equal((await client(mended.url).get('x')).status, 200);
      assert.equal(mended.requests.length, 3);
      const broken = await httpServer(json({}, 504));
      await failure(client(broken.url).put('x', {}), 'transient');
      assert.equal(broken.requests.length, 3);
    });

    it('never repeats a create by itself', async () => {
      const server = await httpServer(moody(503));
      const error = await failure(client(server.url).post('x', {}), 'transient');
      assert.deepEqual([server.requests.length, error.detail.uncertain], [1, false]);
      const again = await httpServer(moody(503));
      assert.equal((await client(again.url).post('x', {}, { idempotent: true })).status, 200);
    });

    it('repeats after a connection that broke', async () => {
      let turn = 0;
      const server = await httpServer((request, response, body) =>
        turn++ === 0 ? void request.socket.destroy() : json('ok')(request, response, body),
      );
      assert.equal((await client(server.url).get('x')).body, 'ok');
    });

    it('waits as long as the server says, if that is not long', async () => {
      let turn = 0;
      const server = await httpServer((request, response, body) =>
        json({}, turn++ === 0 ? 503 : 200, { 'Retry-After': '1' })(request, response, body),
      );
      const begun = performance.now();
      await client(server.url).get('x');
      assert.ok(performance.now() - begun >= 990);
    });
  });

  describe('the fate of a write', () => {
    it('is certain where nothing listens', async () => {
      const http = client(`http://127.0.0.1:${await closedPort()}`);
      const error = await failure(http.post('x', {}), 'transient');
      assert.equal(error.detail.uncertain, false);
      assert.match(error.message, /Connection refused/);
    });

    it('is certain where the host is unknown', async () => {
      const error = await failure(client('http://no-such-host.invalid').post('x', {}), 'fatal').catch(() =>
        failure(client('http://no-such-host.invalid').post('x', {}), 'transient'),
      );
      assert.equal(error.detail.uncertain, false);
      assert.match(error.message, /no-such-host\.invalid: (Host not found|The name server)/);
    });

    it('is uncertain where the connection broke after it was sent', async () => {
      const server = await httpServer((request) => void request.socket.destroy());
      assert.equal((await failure(client(server.url).post('x', {}), 'transient')).detail.uncertain, true);
      assert.equal(server.requests.length, 1);
    });

    it('is uncertain where no answer came in time', async () => {
      const server = await httpServer(() => undefined);
      const error = await failure(client(server.url, { timeoutMs: 150 }).post('x', {}), 'transient');
      assert.equal(error.detail.uncertain, true);
      assert.match(error.message, /Request timed out/);
    });

    for (const status of [500, 502, 504]) {
      it(`is uncertain after ${status}`, async () => {
        const server = await httpServer(json({}, status));
        assert.equal((await failure(client(server.url).post('x', {}), 'transient')).detail.uncertain, true);
      });
    }

    it('is no question for what may be repeated', async () => {
      const server = await httpServer(json({}, 500));
      assert.equal((await failure(client(server.url).put('x', {}), 'transient')).detail.uncertain, undefined);
    });
  });

  describe('time', () => {
    it('bounds a call with all its repetitions', async () => {
      const server = await httpServer(() => undefined);
      const begun = performance.now();
      await failure(client(server.url, { timeoutMs: 300 }).get('x'), 'transient');
      assert.ok(performance.now() - begun < 1500);
    });

    it('bounds an answer that drips', async () => {
      const server = await httpServer((_request, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 30);
        response.on('close', () => clearInterval(drip));
      });
      await failure(client(server.url, { timeoutMs: 300 }).get('x'), 'transient');
    });

    it('bounds the connecting, for TLS with its handshake; then nothing was sent', async () => {
      const silent = await rawServer((socket) => void socket.on('error', () => undefined));
      const http = client(silent.url.replace('http:', 'https:'), { connectTimeoutMs: 150 });
      const error = await failure(http.post('x', {}), 'transient');
      assert.match(error.message, /Host unreachable/);
      assert.equal(error.detail.uncertain, false);
    });
  });
});

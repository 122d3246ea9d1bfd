/** Files that are read as streams: what was announced, or an error. */

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { abandonable } from '../../../lib/connectors/http/abandon';
import { isLogin, mayFollow } from '../../../lib/connectors/http/elsewhere';
import { client, endAll, failure, KEY } from './clients';
import { read } from './files';
import { selfSigned, streamServer } from './servers';

const BYTES = Buffer.from('the bytes of a picture 🚢');
const size = BYTES.length;

const sends =
  (bytes: Uint8Array | string, headers: Record<string, string> = {}, status = 200) =>
  (_request: unknown, response: ServerResponse): void => {
    response.writeHead(status, { 'Content-Type': 'image/png', ...headers });
    response.end(bytes);
  };

describe('downloads', function () {
  this.timeout(20_000);
  afterEach(endAll);

  it('are opened with our credentials and come byte for byte, with size and media type', async () => {
    const server = await streamServer(sends(BYTES, { 'Content-Length': String(size) }));
    const file = await client(`${server.url}/redmine`).download('attachments/download/5/a%20b.png', { size });
    assert.deepEqual([file.size, file.mediaType], [size, 'image/png']);
    assert.deepEqual(await read(file), BYTES);
    assert.deepEqual(server.requests, ['GET /redmine/attachments/download/5/a%20b.png']);
    assert.equal(server.headers['x-redmine-api-key'], KEY);
    assert.equal(server.headers.accept, '*/*');
  });

  it('may be empty, and need no announced size where the answer has one', async () => {
    const server = await streamServer((request, response) =>
      sends(request.url === '/none' ? '' : BYTES, { 'Content-Length': request.url === '/none' ? '0' : String(size) })(
        request,
        response,
      ),
    );
    const http = client(server.url);
    assert.deepEqual(await read(await http.download('none', { size: 0 })), Buffer.alloc(0));
    assert.deepEqual(await read(await http.download('some')), BYTES);
  });

  describe('that are not the file', () => {
    it('because the answer announces another size, or none, fail before anything is read', async () => {
      const server = await streamServer((request, response) =>
        sends(BYTES, request.url === '/chunked' ? {} : { 'Content-Length': String(size) })(request, response),
      );
      const http = client(server.url, { retries: 0 });
      const error = await failure(http.download('x', { size: size + 1 }), 'transient');
      assert.match(error.message, new RegExp(`announces ${size} bytes, but the file has ${size + 1}`));
      assert.match((await failure(http.download('chunked'), 'transient')).message, /size of the file/);
    });

    it('because fewer or more bytes come fail at the end, and what was handed on is never all of it', async () => {
      const big = Buffer.alloc(300_000, 'x');
      for (const announced of [big.length + 1, big.length - 1]) {
        const server = await streamServer((_request, response) => {
          response.writeHead(200, { 'Content-Type': 'image/png' });
          response.end(big);
        });
        const file = await client(server.url).download('x', { size: announced });
        let got = 0;
        const reading = (async () => {
          for await (const part of file.bytes) got += part.length;
        })();
        await failure(reading, 'transient');
        assert.ok(got < announced, `${got} of ${announced} bytes were handed on`);
      }
    });

    it('because the connection breaks fail', async () => {
      const server = await streamServer((_request, response) => {
        response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': '100' });
        response.write('only this');
        setTimeout(() => response.destroy(), 30);
      });
      await failure(client(server.url).download('x', { size: 100 }).then(read), 'transient');
    });

    it('because a page comes fail: auth where it asks for a sign-in', async () => {
      const page = (title: string) =>
        `<!DOCTYPE html><html><head><title>${title}</title></head><body>${'x'.repeat(500_000)}</body></html>`;
      const server = await streamServer((request, response) => {
        const text = page(request.url === '/login' ? 'Sign in · Example' : 'Scanning your file');
        sends(text, { 'Content-Type': 'text/html', 'Content-Length': String(text.length) })(request, response);
      });
      const http = client(server.url, { retries: 0 });
      const refused = await failure(http.download('login', { size, name: 'a.png' }), 'auth');
      assert.match(refused.message, /a web page instead of the file: Sign in/);
      await failure(http.download('scan'), 'transient');
    });

    it('but a page is a file where one was expected', async () => {
      const html = '<html><title>Sign in</title>a report</html>';
      const server = await streamServer((request, response) => {
        const marked: Record<string, string> =
          request.url === '/marked' ? { 'Content-Disposition': 'attachment; filename="x"' } : {};
        sends(html, { 'Content-Type': 'text/html', 'Content-Length': String(html.length), ...marked })(
          request,
          response,
        );
      });
      const http = client(server.url);
      const asked = { size: html.length };
      for (const [path, expected] of Object.entries({
        name: { ...asked, name: 'Report.HTML' },
        type: { ...asked, mediaType: 'text/html' },
        marked: asked,
      }))
        assert.equal((await read(await http.download(path, expected))).toString(), html, path);
    });

    for (const status of [202, 203, 204, 206]) {
      it(`because of HTTP ${status} are transient`, async () => {
        const server = await streamServer(sends(status === 204 ? '' : BYTES, {}, status));
        const error = await failure(client(server.url, { retries: 0 }).download('x', { size }), 'transient');
        assert.match(error.message, new RegExp(`HTTP ${status}`));
      });
    }

    it('because of an error status have the kind of that error, and the system’s words', async () => {
      const server = await streamServer((request, response) => {
        response.writeHead(Number(request.url?.slice(1)), { 'Content-Type': 'application/json' });
        response.end(JSON.stringify({ errors: [`not for ${KEY}`] }));
      });
      const parseError = (status: number, body: unknown) =>
        status === 404 ? { kind: 'notFound' as const, text: JSON.stringify(body) } : undefined;
      const http = client(server.url, { retries: 0 }, { parseError });
      await failure(http.download('401'), 'auth');
      await failure(http.download('403'), 'forbidden');
      await failure(http.download('429'), 'rateLimited');
      await failure(http.download('500'), 'transient');
      assert.equal((await failure(http.download('404'), 'notFound')).detail.answer, '{"errors":["not for ***"]}');
    });
  });

  it('that a server encodes nevertheless are decoded, and a file that is compressed itself is not', async () => {
    const zipped = gzipSync(BYTES);
    const server = await streamServer(
      sends(zipped, { 'Content-Encoding': 'gzip', 'Content-Length': String(zipped.length) }),
    );
    const http = client(server.url);
    assert.deepEqual(await read(await http.download('x', { size })), BYTES);
    assert.deepEqual(await read(await http.download('x.gz', { size: zipped.length })), zipped);
  });

  describe('of silent servers', () => {
    it('fail after the idle time, before the answer and in the middle of it, and are not bounded as a whole', async () => {
      const server = await streamServer(async (request, response) => {
        if (request.url === '/silent') return;
        response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': '10' });
        for (let i = 0; i < 10; i++) {
          if (request.url === '/stops' && i === 5) return;
          response.write('x');
          await sleep(60);
        }
        response.end();
      });
      const http = client(server.url, { timeoutMs: 200, idleMs: 200, retries: 0 });
      assert.equal((await read(await http.download('slow', { size: 10 }))).length, 10);
      const middle = await failure(http.download('stops', { size: 10 }).then(read), 'transient');
      assert.match(middle.message, /Request timed out/);
      await failure(http.download('silent'), 'transient');
    });

    it('do not fail because their reader is slow', async () => {
      const parts = Buffer.alloc(1_000_000);
      const server = await streamServer(sends(parts, { 'Content-Length': String(parts.length) }));
      const file = await client(server.url, { idleMs: 100 }).download('x');
      let got = 0;
      for await (const part of file.bytes) {
        if (got === 0) await sleep(300);
        got += part.length;
      }
      assert.equal(got, parts.length);
    });
  });

  describe('that are redirected', () => {
    it('follow within the host with our headers, and to another one without any of ours', async () => {
      const store = await streamServer((request, response) =>
        request.url?.startsWith('/back')
          ? response.writeHead(302, { Location: `${server.url}/open` }).end()
          : sends(BYTES, { 'Content-Length': String(size) })(request, response),
      );
      const seen: (string | undefined)[] = [];
      const server = await streamServer((request, response) => {
        seen.push(`${request.url} ${request.headers['x-redmine-api-key'] ?? 'nothing'}`);
        const to = { '/a': '/b', '/b': `${store.url}/signed?token=1`, '/c': `${store.url}/back` }[request.url ?? ''];
        if (to) response.writeHead(303, { Location: to, 'Set-Cookie': 'session=1' }).end();
        else sends(BYTES, { 'Content-Length': String(size) })(request, response);
      });
      const http = client(server.url, {}, { auth: { username: 'joe', password: 'pass-word' } });
      assert.deepEqual(await read(await http.download('a', { size, headers: { 'X-Mine': 'yes' } })), BYTES);
      assert.deepEqual(seen, [`/a ${KEY}`, `/b ${KEY}`]);
      assert.deepEqual(Object.keys(store.headers).sort(), [
        'accept',
        'accept-encoding',
        'connection',
        'host',
        'user-agent',
      ]);
      assert.deepEqual(await read(await http.download('c', { size })), BYTES);
      assert.deepEqual(seen.slice(2), [`/c ${KEY}`, '/open nothing']);
    });

    it('to where one signs in are auth, and never a file', async () => {
      const server = await streamServer((request, response) => {
        if (request.url?.startsWith('/login')) sends(BYTES, { 'Content-Length': String(size) })(request, response);
        else response.writeHead(302, { Location: '/login.jsp?os_destination=%2Ffile' }).end();
      });
      const error = await failure(client(server.url).download('file', { size }), 'auth');
      assert.match(error.message, /a sign-in page/);
      assert.deepEqual(server.requests, ['GET /file']);
    });

    it('and refused there say nothing about our credentials, nor about our budget', async () => {
      const told: unknown[] = [];
      const gate = { enter: () => ({ done: (...answer: unknown[]) => void told.push(answer) }) };
      const store = await streamServer(sends('<Error>expired</Error>', { 'Retry-After': '600' }, 403));
      const server = await streamServer((_request, response) =>
        response.writeHead(302, { Location: `${store.url}/signed` }).end(),
      );
      const error = await failure(client(server.url, { gate, retries: 0 }).download('x', { size }), 'transient');
      assert.match(error.message, /redirects to a host that answers HTTP 403/);
      assert.deepEqual(told, [
        [302, undefined],
        [undefined, undefined],
      ]);
    });

    it('are not followed in circles, nor from TLS to plain text, nor to this machine from elsewhere', async () => {
      const server = await streamServer((_request, response) => response.writeHead(302, { Location: '/again' }).end());
      assert.match((await failure(client(server.url).download('x'), 'fatal')).message, /circles/);
      const follows = (from: string, to: string) => mayFollow(new URL(from), new URL(to));
      assert.ok(follows('https://a.example/x', 'https://media.example/y'));
      assert.ok(!follows('https://a.example/x', 'http://media.example/y'));
      assert.ok(!follows('https://a.example/x', 'ftp://media.example/y'));
      assert.ok(!follows('https://a.example/x', 'https://joe:secret@media.example/y'));
      for (const host of ['169.254.169.254', 'localhost', '127.0.0.1', '[::1]', '[fe80::1]', '[::ffff:127.0.0.1]'])
        assert.ok(!follows('http://a.example/x', `http://${host}/latest`), host);
    });

    it('know a place to sign in from a file that is called like one', () => {
      const login = ['/login', '/jira/login.jsp', '/_signin', '/users/sign_in', '/saml2', '/oauth2/authorize'];
      for (const path of login) assert.ok(isLogin(new URL(path, 'https://x.example')), path);
      assert.ok(isLogin(new URL('https://login.microsoftonline.com/common')));
      for (const path of ['/secure/attachment/1/login.png', '/files/authority.txt', '/catalogue/login-screen.jpg'])
        assert.ok(!isLogin(new URL(path, 'https://x.example')), path);
    });

    it('show the certificate of ours to nobody abroad', async () => {
      const pem = selfSigned('abroad', 'IP:127.0.0.1');
      let shown: boolean | undefined;
      const store = createTlsServer({ ...pem, requestCert: true, rejectUnauthorized: false }, (request, response) => {
        shown =
          request.socket instanceof TLSSocket && Object.keys(request.socket.getPeerCertificate() ?? {}).length > 0;
        response.writeHead(200, { 'Content-Length': String(size) }).end(BYTES);
      });
      await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve));
      try {
        const address = store.address();
        assert.ok(address && typeof address === 'object');
        const server = await streamServer((_request, response) =>
          response.writeHead(302, { Location: `https://127.0.0.1:${address.port}/x` }).end(),
        );
        const http = client(server.url, { tls: { ...pem, ca: pem.cert } });
        assert.deepEqual(await read(await http.download('x', { size })), BYTES);
        assert.equal(shown, false);
      } finally {
        store.close();
        store.closeAllConnections();
      }
    });

    it('to an address that an answer gave, on another host, are not even begun', async () => {
      const foreign = await streamServer(sends(BYTES));
      const server = await streamServer(sends(BYTES));
      await failure(client(server.url).download(`${foreign.url}/content/1`), 'fatal');
      assert.deepEqual(foreign.requests, []);
    });
  });

  it('leave their turn in the budget to others as soon as the answer begins', async () => {
    const told: unknown[] = [];
    const gate = { enter: () => ({ done: (status: unknown) => void told.push(status) }) };
    const server = await streamServer((_request, response) => {
      response.writeHead(200, { 'Content-Length': '2' });
      response.write('a');
    });
    const file = await client(server.url, { gate }).download('x');
    assert.deepEqual(told, [200]);
    file.close();
  });

  it('end when nobody wants them, and when the client is closed', async () => {
    let open = 0;
    const server = await streamServer((_request, response) => {
      open += 1;
      response.on('close', () => {
        open -= 1;
      });
      response.writeHead(200, { 'Content-Length': '1000000' });
      response.write('a'.repeat(500_000));
    });
    const ended = async () => {
      for (let wait = 0; open > 0 && wait < 100; wait++) await sleep(10);
      assert.equal(open, 0);
    };
    const http = client(server.url);
    (await http.download('unread')).close();
    await ended();
    for await (const part of (await http.download('left')).bytes) {
      assert.ok(part.length > 0);
      break;
    }
    await ended();
    const abort = new AbortController();
    const abandoned = abandonable(abort.signal, async () => read(await http.download('abandoned')));
    setTimeout(() => abort.abort(), 50);
    assert.match((await failure(abandoned, 'transient')).message, /canceled/);
    await ended();
    const closed = http.download('closed').then(read);
    setTimeout(() => http.close(), 50);
    assert.match((await failure(closed, 'transient')).message, /Twinflow closed the connection/);
    await ended();
  });
});

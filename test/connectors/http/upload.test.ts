/** Files that are sent as streams: whole, once, or not at all. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { formWith, octets } from '../../../lib/connectors/http/bodies';
import { Rest } from '../../../lib/connectors/kit/rest';
import { SyncError } from '../../../lib/model/errors';
import { client, endAll, failure, KEY } from './clients';
import { fileOf } from './files';
import { httpServer, json, streamServer } from './servers';

const PARTS = ['the bytes ', 'of a picture ', '🚢'];
const file = () => fileOf('a b.png', PARTS, { mediaType: 'image/png' });
const megabytes = (count: number) =>
  fileOf(
    'large.bin',
    Array.from({ length: count }, () => Buffer.alloc(1_000_000, 'x')),
  );

describe('uploads', function () {
  this.timeout(20_000);
  afterEach(endAll);

  it('send a file as it is, with its length and our credentials, and read the answer', async () => {
    const server = await httpServer((_request, response, body) => json({ body }, 201)(_request, response, body));
    const source = file();
    const { status, body } = await client(server.url).upload('POST', 'uploads.json', octets(source), {
      query: { filename: 'a b.png' },
    });
    assert.deepEqual([status, body], [201, { body: PARTS.join('') }]);
    assert.deepEqual(server.requests, ['POST /uploads.json?filename=a+b.png']);
    const { headers } = server;
    assert.equal(headers['content-length'], String(source.size));
    assert.equal(headers['content-type'], 'application/octet-stream');
    assert.equal(headers['x-redmine-api-key'], KEY);
    assert.equal(headers['transfer-encoding'], undefined);
    assert.deepEqual([source.opened, source.closed], [1, 1]);
  });

  it('send an empty file', async () => {
    const server = await httpServer((_request, response, body) => json({ body })(_request, response, body));
    const { body } = await client(server.url).upload('POST', 'x', octets(fileOf('none', [])));
    assert.deepEqual([body, server.headers['content-length']], [{ body: '' }, '0']);
  });

  it('send a form whose length is known, with the name as it is, and nothing in it that ends a header', async () => {
    const server = await httpServer((_request, response, body) => json({ body })(_request, response, body));
    const name = 'Übersicht "1"\r\nX-Evil: 1 🚢.png';
    const source = fileOf(name, PARTS, { mediaType: 'image/png\r\nX-Evil: 2' });
    const { body } = await client(server.url).upload(
      'POST',
      'x',
      formWith('file', source, { comment: 'two\r\nlines' }),
      {
        headers: { 'X-Atlassian-Token': 'no-check' },
      },
    );
    const boundary = /boundary=(\S+)/.exec(server.headers['content-type'] ?? '')?.[1] ?? '';
    const expected = [
      `--${boundary}\r\nContent-Disposition: form-data; name="comment"\r\n\r\ntwo\r\nlines\r\n`,
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="Übersicht %221%22%0D%0AX-Evil: 1 🚢.png"\r\n`,
      'Content-Type: application/octet-stream\r\n\r\n',
      `${PARTS.join('')}\r\n--${boundary}--\r\n`,
    ].join('');
    assert.deepEqual(body, { body: expected });
    assert.equal(server.headers['content-length'], String(Buffer.byteLength(expected)));
    assert.equal(server.headers['x-atlassian-token'], 'no-check');
  });

  it('of many megabytes arrive whole', async () => {
    const hash = createHash('sha256');
    const server = await streamServer((request, response) => {
      request.on('data', (part: Buffer) => void hash.update(part));
      request.on('end', () => json({})(request, response, ''));
    });
    await client(server.url).upload('POST', 'x', octets(megabytes(30)));
    assert.equal(hash.digest('hex'), createHash('sha256').update(Buffer.alloc(30_000_000, 'x')).digest('hex'));
  });

  describe('whose file does not come whole', () => {
    const broken = [
      ['breaks off', fileOf('x', ['abc'], { size: 10 })],
      [
        'fails while it is read',
        fileOf('x', [], {
          size: 10,
          open: async () => ({
            size: 10,
            close: () => undefined,
            bytes: (async function* () {
              yield Buffer.from('abc');
              await sleep(20);
              throw new SyncError('auth', 'GET /file on there answers a web page', { status: 200 });
            })(),
          }),
        }),
      ],
      ['has another size when it is opened', fileOf('x', ['abc'], { size: 3, open: () => fileOf('x', ['ab']).open() })],
      [
        'is gone when it is opened',
        fileOf('x', [], { size: 3, open: () => Promise.reject(new SyncError('notFound', 'There is no such file')) }),
      ],
    ] as const;
    for (const [what, source] of broken) {
      it(`because it ${what}: an error of the source, and nothing is carried out`, async () => {
        let whole = 0;
        const server = await streamServer((request, response) => {
          request.resume();
          request.on('end', () => {
            if (request.complete) whole += 1;
            json({})(request, response, '');
          });
        });
        const error = await client(server.url)
          .upload('POST', 'x', octets(source))
          .then(
            () => assert.fail('it should have failed'),
            (thrown: unknown) => thrown,
          );
        assert.ok(error instanceof SyncError);
        assert.deepEqual([error.detail.content, error.detail.uncertain], [true, false]);
        await sleep(30);
        assert.equal(whole, 0);
      });
    }
  });

  it('that are refused before they are sent whole end at once, with the words of the refusal', async () => {
    const server = await streamServer((request, response) => {
      // a proxy that reads the length and no byte
      json({ errors: ['larger than 5 MB'] }, 413)(request, response, '');
    });
    const source = megabytes(100);
    const error = await failure(client(server.url).upload('POST', 'x', octets(source)), 'invalid');
    assert.match(error.detail.answer ?? '', /larger than 5 MB/);
    assert.equal(source.closed, 1);
  });

  it('whose connection breaks in the middle were not carried out, and say that the file may be too large', async () => {
    const server = await streamServer((request) => {
      request.once('data', () => request.socket.destroy());
    });
    const error = await failure(client(server.url).upload('POST', 'x', octets(megabytes(50))), 'transient');
    assert.equal(error.detail.uncertain, false);
    assert.match(error.message, /too large for the system/);
  });

  it('whose answer is lost may have been carried out', async () => {
    const server = await streamServer((request) => {
      request.resume();
      request.on('end', () => request.socket.destroy());
    });
    const error = await failure(client(server.url).upload('POST', 'x', octets(file())), 'transient');
    assert.equal(error.detail.uncertain, true);
  });

  it('to a server that accepts nothing end after the idle time, and those whose file is slow do not', async () => {
    const server = await streamServer((request, response) => {
      if (request.url === '/stuck') return;
      request.resume();
      request.on('end', () => json({})(request, response, ''));
    });
    const http = client(server.url, { idleMs: 200 });
    const error = await failure(http.upload('POST', 'stuck', octets(megabytes(50))), 'transient');
    assert.match(error.message, /Request timed out/);
    const slow = fileOf('x', [], {
      size: 4,
      open: async () => ({
        size: 4,
        close: () => undefined,
        bytes: (async function* () {
          for (let i = 0; i < 4; i++) {
            await sleep(150);
            yield Buffer.from('x');
          }
        })(),
      }),
    });
    assert.equal((await http.upload('POST', 'slow', octets(slow))).status, 200);
  });

  for (const [status, kind] of [
    [401, 'auth'],
    [403, 'forbidden'],
    [422, 'invalid'],
    [429, 'rateLimited'],
    [500, 'transient'],
  ] as const) {
    it(`answered ${status} are ${kind}, and are not repeated`, async () => {
      const server = await httpServer(json({ errors: ['no'] }, status, status === 429 ? { 'Retry-After': '3' } : {}));
      const source = file();
      const error = await failure(client(server.url).upload('POST', 'x', octets(source)), kind);
      assert.equal(error.detail.status, status);
      assert.deepEqual([source.opened, server.requests.length], [1, 1]);
    });
  }

  it('are not redirected anywhere', async () => {
    const server = await httpServer((_request, response) => response.writeHead(307, { Location: '/there' }).end());
    const error = await failure(client(server.url).upload('POST', 'x', octets(file())), 'fatal');
    assert.equal(error.detail.uncertain, false);
    assert.deepEqual(server.requests, ['POST /x']);
  });

  it('open the file again for a second attempt: with a new token, or where they may be repeated', async () => {
    let tokens = 0;
    const server = await httpServer((request, response, body) => {
      if (request.url === '/token')
        json({ access_token: `token-${++tokens}`, expires_in: 3600 })(request, response, body);
      else if (request.headers.authorization === 'Bearer token-1') json({}, 401)(request, response, body);
      else json({ body })(request, response, body);
    });
    const rest = new Rest({
      baseUrl: `${server.url}/`,
      product: 'Test',
      credentials: {
        kind: 'client',
        product: 'Test',
        tokenUrl: `${server.url}/token`,
        clientId: 'a',
        clientSecret: 'b',
      },
      options: {},
      errors: { read: () => undefined },
    });
    const source = file();
    assert.deepEqual((await rest.upload('POST', 'x', octets(source))).body, { body: PARTS.join('') });
    assert.deepEqual([source.opened, source.closed, tokens], [2, 2, 2]);
    rest.close();

    let fails = 1;
    const shaky = await httpServer((request, response, body) =>
      json({ body }, fails-- > 0 ? 502 : 200)(request, response, body),
    );
    const again = file();
    const answer = await client(shaky.url).upload('PUT', 'x', octets(again), { idempotent: true });
    assert.deepEqual([answer.body, again.opened], [{ body: PARTS.join('') }, 2]);
  });

  it('have their turn until they are answered, and the file is opened before: both may be one system', async () => {
    const order: string[] = [];
    const gate = {
      enter: () => {
        order.push('enter');
        return { done: (status: unknown) => void order.push(`done ${status}`) };
      },
    };
    const server = await httpServer(json({}));
    const open = async () => {
      order.push('open');
      return file().open();
    };
    const { size } = file();
    await client(server.url, { gate }).upload('POST', 'x', { contentType: 'text/plain', length: size, open });
    assert.deepEqual(order, ['open', 'enter', 'done 200']);
  });

  it('end when the client is closed', async () => {
    const server = await streamServer((request) => void request.on('data', () => undefined));
    const http = client(server.url);
    const source = fileOf('x', ['abc'], {
      size: 10,
      open: async () => ({ size: 10, bytes: endless(), close: () => undefined }),
    });
    async function* endless() {
      yield Buffer.from('abc');
      await sleep(3_000);
    }
    const sending = failure(http.upload('POST', 'x', octets(source)), 'transient');
    setTimeout(() => http.close(), 50);
    assert.match((await sending).message, /Twinflow closed the connection/);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { inspect } from 'node:util';
import { client, endAll, failure, KEY } from './clients';
import { closedPort, httpServer, httpsServer, json, type Pem, proxyServer, selfSigned } from './servers';

describe('HTTP client, through proxies and TLS', function () {
  this.timeout(10_000);

  afterEach(endAll);

  describe('proxy', () => {
    it('forwards plain requests through it, with its credentials, which the system does not see', async () => {
      const server = await httpServer(json('through'));
      const proxy = await proxyServer('joe:pa%ss');
      const options = { proxy: { url: proxy.url, username: 'joe', password: 'pa%ss' } };
      assert.equal((await client(server.url, options).get('x')).body, 'through');
      assert.deepEqual(proxy.requests, [`GET ${server.url}/x`]);
      assert.equal(server.headers['proxy-authorization'], undefined);
      assert.equal(server.headers['x-redmine-api-key'], KEY);
    });

    it('says that a proxy rejected the credentials, and keeps them secret', async () => {
      const server = await httpServer(json('through'));
      const proxy = await proxyServer('joe:right');
      const options = { proxy: { url: proxy.url, username: 'joe', password: 'wrong-one' } };
      const error = await failure(client(server.url, options).get('x'), 'fatal');
      assert.match(error.message, /proxy http:\/\/127\.0\.0\.1:\d+ rejected the credentials/);
      assert.ok(!inspect(error, { depth: 8 }).includes('wrong-one'));
      assert.deepEqual(server.requests, []);
    });

    it('goes straight to hosts of the no-proxy list', async () => {
      const server = await httpServer(json('straight'));
      const dead = `http://127.0.0.1:${await closedPort()}`;
      for (const entry of ['127.0.0.1', `127.0.0.1:${server.port}`, '*']) {
        const options = { proxy: { url: dead, noProxy: ['other.example', entry] } };
        assert.equal((await client(server.url, options).get('x')).body, 'straight');
      }
      for (const entry of ['127.0.0.1:1', '7.0.0.1', '']) {
        const options = { retries: 0, proxy: { url: dead, noProxy: [entry] } };
        assert.match((await failure(client(server.url, options).get('x'), 'transient')).message, /proxy/);
      }
    });
  });

  const openssl = spawnSync('openssl', ['version']).status === 0;
  (openssl ? describe : describe.skip)(`TLS${openssl ? '' : ' (needs openssl)'}`, () => {
    let here: Pem;
    let elsewhere: Pem;
    before(() => {
      here = selfSigned('here', 'IP:127.0.0.1');
      elsewhere = selfSigned('elsewhere.example', 'DNS:elsewhere.example');
    });

    it('refuses an unknown certificate, and says where to make it known', async () => {
      const server = await httpsServer(here, json('secret'));
      const error = await failure(client(server.url).post('x', {}), 'fatal');
      assert.match(error.message, /certificate is not trusted.*tls-config node/);
      assert.equal(error.detail.uncertain, false);
      assert.deepEqual(server.requests, []);
    });

    it('trusts a certificate that was added, or all if set so', async () => {
      const server = await httpsServer(here, json('secret'));
      assert.equal((await client(server.url, { tls: { ca: here.cert } }).get('x')).body, 'secret');
      assert.equal((await client(server.url, { tls: { verify: false } }).get('x')).body, 'secret');
    });

    it("refuses another host's certificate, unless that is the name to expect", async () => {
      const server = await httpsServer(elsewhere, json('secret'));
      const error = await failure(client(server.url, { tls: { ca: elsewhere.cert } }).get('x'), 'fatal');
      assert.match(error.message, /certificate is for another host/);
      const named = { tls: { ca: elsewhere.cert, servername: 'elsewhere.example' } };
      assert.equal((await client(server.url, named).get('x')).body, 'secret');
    });

    it('shows its own certificate to a server that wants one', async () => {
      const options = { ...here, ca: elsewhere.cert, requestCert: true, rejectUnauthorized: true };
      const server = await httpsServer(options, json('known'));
      const tls = { ca: here.cert, cert: elsewhere.cert, key: elsewhere.key };
      assert.equal((await client(server.url, { tls }).get('x')).body, 'known');
      await failure(client(server.url, { tls: { ca: here.cert }, retries: 0 }).get('x'), 'fatal');
    });

    it('says that a key cannot be used', () => {
      const tls = { cert: here.cert, key: 'no key at all' };
      const server = 'https://127.0.0.1:1';
      const made = client(server, { tls, retries: 0 });
      return failure(made.get('x'), 'fatal').then((error) => assert.match(error.message, /tls-config/));
    });

    it('tunnels through a proxy, TLS reaching to the system itself', async () => {
      const server = await httpsServer(here, json('tunnelled'));
      const proxy = await proxyServer('joe:secret-word');
      const way = { url: proxy.url, username: 'joe', password: 'secret-word' };
      const http = client(server.url, { proxy: way, tls: { ca: here.cert } });
      assert.equal((await http.get('x')).body, 'tunnelled');
      assert.equal((await http.get('y')).body, 'tunnelled');
      assert.deepEqual(proxy.requests, [`CONNECT 127.0.0.1:${server.port}`], 'one tunnel, kept alive');
      assert.match((await failure(client(server.url, { proxy: way }).get('x'), 'fatal')).message, /not trusted/);
      const stranger = { ...way, password: 'another-word' };
      const error = await failure(client(server.url, { proxy: stranger, tls: { ca: here.cert } }).get('x'), 'fatal');
      assert.match(error.message, /rejected the credentials/);
      assert.equal(server.requests.length, 2);
    });
  });
});

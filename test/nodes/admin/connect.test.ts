import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ConnectContext, Connector, ConnectorConfig } from '../../../lib/connectors/connector';
import { connectSystem, httpOptions } from '../../../nodes/shared/connect';
import { connection, TRACKER } from './harness';

/** Config nodes as Node-RED's own code makes them: texts where uploaded, buffers where read from files. */
const NODES: Record<string, object> = {
  proxy: {
    url: ' http://proxy.example:3128 ',
    noproxy: ['localhost', ''],
    credentials: { username: 'u', password: 'p' },
  },
  bareProxy: { url: 'http://proxy.example:3128', noproxy: [] },
  tls: {
    valid: true,
    addTLSOptions: (options: object) =>
      Object.assign(options, {
        ca: Buffer.from('-----BEGIN CA'),
        cert: '-----BEGIN CERT',
        key: '-----BEGIN KEY',
        passphrase: 'pp',
        servername: 'tracker.local',
        rejectUnauthorized: false,
      }),
  },
  verifying: { valid: true, addTLSOptions: (options: object) => Object.assign(options, { rejectUnauthorized: true }) },
  unreadable: { valid: false, addTLSOptions: (options: object) => options },
  pfx: { valid: true, addTLSOptions: (options: object) => Object.assign(options, { pfx: Buffer.from('x') }) },
};
const nodes = { getNode: (id: string) => NODES[id] };

describe('HTTP options from Node-RED config nodes', () => {
  it("take address, sign-in and exceptions from an 'http proxy' node", () => {
    assert.deepEqual(httpOptions(nodes, { proxy: 'proxy' }), {
      proxy: { url: 'http://proxy.example:3128', username: 'u', password: 'p', noProxy: ['localhost'] },
    });
    assert.deepEqual(httpOptions(nodes, { proxy: 'bareProxy' }), {
      proxy: { url: 'http://proxy.example:3128', username: undefined, password: undefined },
    });
  });

  it("take PEM texts from a 'tls-config' node, whether uploaded or read from files", () => {
    assert.deepEqual(httpOptions(nodes, { tls: 'tls' }).tls, {
      ca: '-----BEGIN CA',
      cert: '-----BEGIN CERT',
      key: '-----BEGIN KEY',
      passphrase: 'pp',
      servername: 'tracker.local',
      verify: false,
    });
    assert.equal(httpOptions(nodes, { tls: 'verifying' }).tls?.verify, true);
  });

  it('are refused with the way out where the node is not deployed, not readable or of a format we cannot use', () => {
    assert.throws(() => httpOptions(nodes, { proxy: 'gone' }), /not deployed or has no URL. Deploy it/);
    assert.throws(() => httpOptions(nodes, { tls: 'gone' }), /not deployed. Deploy it/);
    assert.throws(() => httpOptions(nodes, { tls: 'unreadable' }), /not readable/);
    assert.throws(() => httpOptions(nodes, { tls: 'pfx' }), /Use PEM files/);
  });

  it('are empty where nothing is chosen', () => assert.deepEqual(httpOptions(nodes, {}), {}));
});

describe('a system node', () => {
  it('becomes a connection of its kind, with configuration and secrets as one', () => {
    let received: [ConnectorConfig, ConnectContext] | undefined;
    const connector: Connector = {
      ...TRACKER,
      connect: (config, context) => {
        received = [config, context];
        return connection();
      },
    };
    const settings = {
      kind: 'tracker',
      config: { url: 'https://t.example' },
      credentials: { apiKey: 'k' },
      tls: 'verifying',
    };
    connectSystem(nodes, (kind) => (kind === 'tracker' ? connector : undefined), settings, {
      dataFolder: '/data',
      http: { timeoutMs: 25_000 },
    });
    assert.deepEqual(received?.[0], { url: 'https://t.example', apiKey: 'k' });
    assert.equal(received?.[1].dataFolder, '/data');
    assert.equal(received?.[1].http?.timeoutMs, 25_000);
    assert.equal(received?.[1].http?.tls?.verify, true);
  });

  it('of a kind that is not there says so', () => {
    const settings = { kind: 'gone', config: {}, credentials: {} };
    assert.throws(() => connectSystem(nodes, () => undefined, settings), /There is no connector "gone"/);
  });
});

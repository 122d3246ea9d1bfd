import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { registerLive } from '../../../nodes/admin/live';
import { until } from '../../support/wait';

describe('the stream of events for open pages', () => {
  let server: ReturnType<typeof createServer>;
  let end: () => void;
  let denied = false;
  let watchers: Set<(integration: string) => void>;

  beforeEach(async () => {
    denied = false;
    watchers = new Set();
    const app = express();
    end = registerLive(
      {
        httpAdmin: app,
        auth: {
          needsPermission: (permission) => (_request, response, next) => {
            if (denied || permission !== 'twinflow.read') response.status(401).end();
            else next();
          },
        },
      },
      {
        watch: (listener) => {
          watchers.add(listener);
          return () => watchers.delete(listener);
        },
      },
      5,
    );
    server = createServer(app);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  /** Opens it, and collects what arrives. */
  async function open(headers: Record<string, string> = {}) {
    const { port } = server.address() as AddressInfo;
    const ending = new AbortController();
    const response = await fetch(`http://127.0.0.1:${port}/twinflow/events`, { headers, signal: ending.signal });
    const got = { status: response.status, text: '', ended: false, close: () => ending.abort() };
    const read = async () => {
      for await (const chunk of response.body ?? []) got.text += new TextDecoder().decode(chunk);
      got.ended = true;
    };
    read().catch(() => undefined);
    return got;
  }

  it('names what has changed, many changes at once in one event, and watches only while somebody listens', async () => {
    assert.equal(watchers.size, 0);
    const first = await open();
    const second = await open();
    await until('it is open', () => first.text.includes('event: open'));
    assert.equal(watchers.size, 1);
    for (const listener of watchers) for (const id of ['a', 'b', 'a']) listener(id);
    await until('both have the event', () =>
      [first, second].every(({ text }) => text.includes('"integrations":["a","b"]')),
    );
    assert.equal(first.text.match(/event: changed/g)?.length, 1);
    first.close();
    second.close();
    await until('nobody watches', () => watchers.size === 0);
  });

  it('10: needs the permission to read, and is not given to pages of other sites', async () => {
    denied = true;
    assert.equal((await open()).status, 401);
    denied = false;
    assert.equal((await open({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).status, 400);
    assert.equal(watchers.size, 0);
  });

  it('ends when all streams are ended, as at a deploy', async () => {
    const stream = await open();
    end();
    await until('it has ended', () => stream.ended);
    await until('nobody watches', () => watchers.size === 0);
  });
});

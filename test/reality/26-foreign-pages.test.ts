/**
 * Node-RED without `adminAuth`, and a page of another site open in the same browser: whatever it sends, no system is asked,
 * nothing is uploaded, nothing is previewed. Sent by a real Chromium, and as raw requests.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithChromium } from '../support/chromium';
import { NodeRed } from '../support/node-red';

/** Starts a server; notes what was asked of it. */
async function listening(answer: string, seen: string[]): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(answer);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe('admin routes without adminAuth', function () {
  this.timeout(60_000);
  let red: NodeRed;
  /** the system that a foreign page would have asked */
  const asked: string[] = [];
  let victim: Awaited<ReturnType<typeof listening>>;

  before(async () => {
    victim = await listening('{}', asked);
    red = await NodeRed.start({
      flows: [{ id: 'system', type: 'twinflow-system', kind: 'sandbox', config: {}, version: 1 }],
    });
  });
  after(async () => {
    await red?.stop();
    victim?.server.close();
  });
  beforeEach(() => asked.splice(0));

  const draft = () => ({
    kind: 'redmine',
    config: { url: `http://127.0.0.1:${victim.port}`, auth: 'apiKey' },
    credentials: { apiKey: 'k' },
  });
  const send = (path: string, headers: Record<string, string>, body: string) =>
    fetch(`${red.url}/twinflow/${path}`, { method: 'POST', headers, body });
  const uploads = () => {
    const folder = join(red.userDir, 'twinflow', 'tables');
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  /** of a GET that another site's page makes; fetch() of Node.js says its own mode */
  const statusOf = (path: string, mode: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': mode };
      get(`${red.url}/twinflow/${path}`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
  const json = { 'Content-Type': 'application/json' };

  it('answer the editor, and tools that are no browser', async () => {
    const body = JSON.stringify({ system: draft() });
    for (const headers of [
      json,
      { ...json, Origin: red.url },
      { ...json, Origin: red.url, 'Sec-Fetch-Site': 'same-origin' },
      { ...json, Origin: 'https://nodered.example.com', 'Sec-Fetch-Site': 'same-origin' },
      { ...json, Origin: 'http://nodered.example.com', 'X-Forwarded-Host': 'nodered.example.com' },
    ]) {
      asked.splice(0);
      await send('test', headers, body);
      assert.ok(asked.length > 0, JSON.stringify(headers));
    }
  });

  it('refuse every body that a form of a foreign page can send', async () => {
    const form = new URLSearchParams({
      'system[kind]': 'redmine',
      'system[config][url]': draft().config.url,
      'system[config][auth]': 'apiKey',
    });
    const bodies: [string, string][] = [
      ['application/x-www-form-urlencoded', form.toString()],
      ['text/plain', JSON.stringify({ system: draft() })],
      ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--'],
      ['', JSON.stringify({ system: draft() })],
    ];
    for (const [type, body] of bodies) {
      for (const route of [
        'test',
        'projects',
        'preview',
        'preview/latest',
        'survey',
        'tables?name=a.csv',
        'tables/inspect',
        'mapping-files/read',
        'parked/retry',
        'dry-run/again',
        'sandbox/api/create',
      ]) {
        const response = await send(route, { 'Content-Type': type }, body);
        assert.equal(response.status, 415, `${type} ${route}`);
      }
    }
    assert.deepEqual(asked, []);
    assert.deepEqual(uploads(), []);
  });

  it('refuse JSON and files from another origin, whichever way the browser says so', async () => {
    for (const more of [
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { Origin: red.url.replace('127.0.0.1', 'localhost') },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'http://127.0.0.1:1' },
    ]) {
      const headers = Object.fromEntries(Object.entries(more));
      const tested = await send('test', { ...json, ...headers }, JSON.stringify({ system: draft() }));
      assert.equal(tested.status, 400);
      assert.match(await tested.text(), /requests of other sites/);
      const stored = await send(
        'tables?name=a.csv',
        { 'Content-Type': 'application/octet-stream', ...headers },
        'a;b\n1;2\n',
      );
      assert.equal(stored.status, 400);
    }
    assert.deepEqual(asked, []);
    assert.deepEqual(uploads(), []);
    assert.equal(await statusOf('operations', 'no-cors'), 400);
    assert.equal(await statusOf('sandbox/', 'navigate'), 200, 'a link to the sandbox in another system works');
  });

  it('answer JSON that is nested too deeply with a sentence', async () => {
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    for (const route of [
      'test',
      'preview',
      'survey',
      'parked/retry',
      'parked/correct',
      'tables/inspect',
      'tables/export',
      'mapping-files/write',
      'sandbox/api/create',
    ]) {
      for (const body of [deep, `[${'['.repeat(5_000)}${']'.repeat(5_000)}]`]) {
        const response = await send(route, json, body);
        const text = await response.text();
        assert.ok(
          response.status >= 400 && response.status < 500,
          `${route}: ${response.status} ${body.slice(0, 9)} ${text.slice(0, 200)}`,
        );
        assert.doesNotMatch(text, /\bat .*\.js|Maximum call stack/, route);
        assert.equal(typeof (JSON.parse(text) as { error: { message: string } }).error.message, 'string');
      }
    }
  });

  describeWithChromium('in a real browser', (launch) => {
    it('hear nothing of what a foreign page sends', async () => {
      const site = await listening('', []);
      const browser = await launch();
      try {
        // another port of this machine is another origin of the same site; localhost is another site
        for (const home of [`http://127.0.0.1:${site.port}/`, `http://localhost:${site.port}/`]) {
          await browser.page.goto(home);
          const result = await browser.page.evaluate(
            async ({ url, body, target }) => {
              const parts = new FormData();
              parts.set('file', new Blob(['a;b']), 'a.csv');
              const form1 = new URLSearchParams({ 'system[kind]': 'redmine', 'system[config][url]': target });
              const tries: [string, RequestInit][] = [
                ['test', { body }],
                ['test', { body: new Blob([body]) }],
                ['test', { body: form1 }],
                ['tables?name=a.csv', { body: parts }],
                ['tables?name=a.csv', { body: new Blob(['a;b\n1;2\n']) }],
                ['test', { mode: 'cors', headers: { 'Content-Type': 'application/json' }, body }],
              ];
              for (const [path, init] of tries) {
                await fetch(`${url}/twinflow/${path}`, {
                  method: 'POST',
                  mode: 'no-cors',
                  credentials: 'include',
                  ...init,
                }).catch(() => undefined);
              }
              // a form that the page sends by itself
              const frame = document.createElement('iframe');
              frame.name = 'hidden';
              const form = document.createElement('form');
              Object.assign(form, {
                action: `${url}/twinflow/test`,
                method: 'POST',
                enctype: 'text/plain',
                target: 'hidden',
              });
              const input = document.createElement('input');
              Object.assign(input, { name: body.replace(/}$/, ',"x":"'), value: '"}' });
              form.append(input);
              document.body.append(frame, form);
              form.submit();
              return tries.length;
            },
            { url: red.url, body: JSON.stringify({ system: draft() }), target: draft().config.url },
          );
          assert.equal(result, 6);
          await sleep(500);
        }
        assert.deepEqual(asked, []);
        assert.deepEqual(uploads(), []);
      } finally {
        await browser.close();
        site.server.close();
      }
    });
  });
});

/**
 * A real Node-RED with logins: what nobody, somebody who may read, and somebody who may do everything get from each route of
 * the admin API, the page's own files, and no secret in any answer.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { example } from '../support/examples';
import { NodeRed, projectRoot } from '../support/node-red';
import { until } from '../support/wait';

const CANARY = 'c4n4ry-that-nobody-may-see';

interface Description {
  paths: Record<string, Partial<Record<'get' | 'post', { security: { token: string[] }[] }>>>;
}

describe('e2e/monitor: permissions', function () {
  this.timeout(90_000);
  let red: NodeRed;
  let tokens: Record<'reader' | 'owner', string>;

  before(async () => {
    // bcrypt of "secret"
    const password = '$2b$04$vhys2ALEn1ZGvpiKj7HaQetXCrvOhq197rZSkOjTpcYFg9VGEOKTe';
    const users = [
      { username: 'reader', password, permissions: ['twinflow.read'] },
      { username: 'owner', password, permissions: '*' },
    ];
    red = await NodeRed.start({ settings: { adminAuth: { type: 'credentials', users } } });
    const login = async (username: string): Promise<string> => {
      const response = await fetch(`${red.url}/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ client_id: 'node-red-editor', grant_type: 'password', scope: '' },
          ...{ username, password: 'secret' },
        }),
      });
      const answer = (await response.json()) as { access_token: string };
      return answer.access_token;
    };
    tokens = { reader: await login('reader'), owner: await login('owner') };
    const nodes = example('sandbox-both-ways', { 'twinflow-poller': { interval: 1, unit: 'seconds' } });
    const named = nodes.map((node) =>
      node.type === 'twinflow-system' ? { ...node, credentials: { apiKey: CANARY, password: CANARY } } : node,
    );
    const deployed = await call('POST', '/flows', tokens.owner, named);
    assert.equal(deployed.status, 204, deployed.text);
    await until('it runs', async () => /"sides"/.test((await call('GET', '/twinflow/operations', tokens.owner)).text));
  });

  after(() => red?.stop());

  async function call(method: string, path: string, token?: string, body?: unknown) {
    const ending = new AbortController();
    const response = await fetch(red.url + path, {
      ...{ method, signal: ending.signal },
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const isStream = /event-stream/.test(response.headers.get('content-type') ?? '');
    const text = isStream ? '' : await response.text();
    if (isStream) ending.abort();
    return { status: response.status, text };
  }

  const routes = () => {
    const file = join(projectRoot, 'nodes/admin/openapi.json');
    const { paths } = JSON.parse(readFileSync(file, 'utf8')) as Description;
    return Object.entries(paths).flatMap(([path, methods]) =>
      (['get', 'post'] as const).flatMap((method) => {
        const permission = methods[method]?.security[0]?.token[0];
        return permission === undefined ? [] : [{ path, method: method.toUpperCase(), permission }];
      }),
    );
  };

  it('10: refuses everything without a login, and what changes something to who may only read', async () => {
    assert.ok(routes().length > 20);
    for (const { path, method, permission } of routes()) {
      const body = method === 'POST' ? {} : undefined;
      assert.equal((await call(method, path, undefined, body)).status, 401, `${method} ${path} without a login`);
      assert.equal((await call(method, path, 'made-up', body)).status, 401, `${method} ${path} with a made-up token`);
      const asReader = (await call(method, path, tokens.reader, body)).status;
      if (permission === 'twinflow.write') assert.equal(asReader, 401, `${method} ${path} to who may read`);
      else assert.notEqual(asReader, 401, `${method} ${path} to who may read`);
    }
  });

  it('10: answers who may do everything, and never with a secret', async () => {
    const [integration] = (
      JSON.parse((await call('GET', '/twinflow/operations', tokens.owner)).text) as { items: { id: string }[] }
    ).items;
    assert.ok(integration);
    for (const { path, method } of routes()) {
      if (path === '/twinflow/forget') continue;
      const query = method === 'GET' ? `?integration=${integration.id}&entity=1&event=1` : '';
      const body = method === 'POST' ? { integration: integration.id, key: 'DEMO-1', side: 1 } : undefined;
      const { status, text } = await call(method, path + query, tokens.owner, body);
      assert.notEqual(status, 401, path);
      assert.ok(status < 500, `${method} ${path}: ${status} ${text}`);
      assert.ok(!text.includes(CANARY), path);
    }
  });

  it('10: gives a backup, which holds values of items, only to who may write, and takes none from others', async () => {
    for (const token of [undefined, 'made-up', tokens.reader]) {
      assert.equal((await call('GET', '/twinflow/backup', token)).status, 401);
      const headers = { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` };
      const sent = await fetch(`${red.url}/twinflow/backup`, { method: 'POST', headers, body: 'x' });
      assert.equal(sent.status, 401);
    }
    const { status, text } = await call('GET', '/twinflow/backup', tokens.owner);
    assert.equal(status, 200);
    assert.match(text, /^SQLite format 3/);
    assert.ok(!text.includes(CANARY));
    assert.equal((await call('POST', '/twinflow/backup', tokens.owner, {})).status, 415);
  });

  it('shows the page to everybody: it contains no data, and runs nothing but its own files', async () => {
    const response = await fetch(`${red.url}/twinflow/`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self'/);
    const redirected = await fetch(`${red.url}/twinflow`, { redirect: 'manual' });
    assert.equal(redirected.headers.get('location'), 'twinflow/');
    assert.equal((await fetch(`${red.url}/twinflow/page.js`)).status, 200);
  });
});

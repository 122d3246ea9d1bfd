/** The HTTP client behind a system's budget, against a real server that counts. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Budget } from '../../../lib/budget/request-budget';
import { systemClock } from '../../../lib/model/clock';
import { client, endAll, failure } from './clients';
import { type Handler, httpServer, json } from './servers';

/** `limit` requests in each window, told as GitHub or as the IETF tells it; 429 beyond. */
function limited(limit: number, windowMs: number) {
  const seen = { ok: 0, refused: 0, mostOut: 0 };
  let [window, used, out] = [0, 0, 0];
  const handler: Handler = (request, response, body) => {
    const now = Date.now();
    if (Math.floor(now / windowMs) !== window) [window, used] = [Math.floor(now / windowMs), 0];
    const resetMs = (window + 1) * windowMs - now;
    out += 1;
    seen.mostOut = Math.max(seen.mostOut, out);
    const ok = used < limit;
    if (ok) used += 1;
    seen[ok ? 'ok' : 'refused'] += 1;
    const reset = String(Math.ceil(resetMs / 1000));
    const headers = { RateLimit: `"api";r=${limit - used};t=${reset}`, 'RateLimit-Policy': `"api";q=${limit};w=2` };
    setTimeout(() => {
      out -= 1;
      json({}, ok ? 200 : 429, ok ? headers : { ...headers, 'Retry-After': reset })(request, response, body);
    }, 5);
  };
  return { seen, handler };
}

describe('HTTP client behind a request budget', function () {
  this.timeout(30_000);
  afterEach(endAll);

  it('asks before each request that is sent, including redirects and repetitions, and reports each answer', async () => {
    let fail = 1;
    const server = await httpServer((request, response, body) => {
      if (request.url === '/from') response.writeHead(302, { Location: '/to' }).end();
      else if (fail-- > 0) json({}, 502)(request, response, body);
      else
        json({}, 200, { 'X-RateLimit-Limit': '9', 'X-RateLimit-Remaining': '8', 'X-RateLimit-Reset': '60' })(
          request,
          response,
          body,
        );
    });
    const told: unknown[] = [];
    const gate = {
      enter: (name: string) => {
        told.push(name.replace(/127.*/, 'host'));
        return { done: (...answer: unknown[]) => void told.push(...answer) };
      },
    };
    await client(server.url, { gate }).get('from');
    const quota = { name: 'default', limit: 9, remaining: 8, resetMs: 60_000 };
    const hops = ['GET /from on host', 302, undefined, 'GET /from on host'];
    assert.deepEqual(told, [
      ...hops,
      502,
      undefined,
      ...hops.slice(0, 3),
      'GET /from on host',
      200,
      { quotas: [quota] },
    ]);
  });

  it('hands back its turn where no answer comes, and where it was closed while it waited', async () => {
    const server = await httpServer(() => undefined);
    const budget = new Budget(systemClock, { maxConcurrent: 1 });
    const http = client(server.url, { gate: budget, timeoutMs: 150, retries: 0 });
    assert.match((await failure(http.get('slow'), 'transient')).message, /Request timed out/);
    assert.equal(budget.view().out, 0);
    const first = failure(http.get('slow'), 'transient');
    const second = failure(http.post('late', {}), 'transient');
    http.close();
    await first;
    const error = await second;
    assert.match(error.message, /^POST \/late: Twinflow closed the connection; nothing was sent$/);
    assert.ok(!error.detail.uncertain);
    assert.ok(!server.requests.some((request) => request.startsWith('POST')));
    assert.equal(budget.view().out, 0);
  });

  it('does not count the time of waiting as the server’s', async () => {
    const server = await httpServer(json({}));
    const budget = new Budget(systemClock, { maxRequestsPerSecond: 5 });
    const http = client(server.url, { gate: budget, timeoutMs: 250 });
    await Promise.all(Array.from({ length: 6 }, () => http.get('a')));
    assert.equal(server.requests.length, 6);
  });

  it('is refused for good reasons in words, and nothing is sent', async () => {
    const server = await httpServer(json({}, 429, { 'Retry-After': '1800' }));
    const budget = new Budget(systemClock);
    const http = client(server.url, { gate: budget });
    await failure(http.get('a'), 'rateLimited');
    const error = await failure(http.post('b', {}), 'rateLimited');
    assert.match(error.message, /^POST \/b on 127\.0\.0\.1:\d+: the system accepts no requests for another \d+ s/);
    assert.equal(error.detail.uncertain, false);
    assert.ok((error.detail.retryAfterMs ?? 0) > 1_700_000);
    assert.deepEqual(server.requests, ['GET /a']);
  });

  it('takes a 403 with nothing left for a limit, as GitHub means it', async () => {
    const reset = String(Math.floor(Date.now() / 1000) + 120);
    const headers = { 'X-RateLimit-Limit': '60', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': reset };
    const server = await httpServer(json({}, 403, headers));
    const error = await failure(client(server.url).get('a'), 'rateLimited');
    assert.ok((error.detail.retryAfterMs ?? 0) > 100_000);
  });

  it('uses what a real server allows, and is not refused', async () => {
    const { seen, handler } = limited(40, 2_000);
    const server = await httpServer(handler);
    const budget = new Budget(systemClock);
    const http = client(server.url, { gate: budget });
    // from the beginning of a window on
    await sleep(2_000 - (Date.now() % 2_000));
    const end = performance.now() + 6_000;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (performance.now() < end) await http.get('a');
      }),
    );
    assert.equal(seen.refused, 0);
    assert.ok(seen.ok >= 0.85 * 120, `${seen.ok} of 120; windows as short as this lose some to whole seconds`);
    assert.ok(seen.mostOut <= 4, `${seen.mostOut} at once`);
  });

  it('keeps to a configured rate, and uses over 95 % of it', async () => {
    const { seen, handler } = limited(1_000_000, 2_000);
    const server = await httpServer(handler);
    const budget = new Budget(systemClock, { maxRequestsPerSecond: 50 });
    const http = client(server.url, { gate: budget });
    const end = performance.now() + 3_000;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (performance.now() < end) await http.get('a');
      }),
    );
    assert.ok(seen.ok >= 0.95 * 150 && seen.ok <= 150 * 1.05 + 10, `${seen.ok} of 150`);
  });
});

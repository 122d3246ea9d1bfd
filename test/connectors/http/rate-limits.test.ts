import assert from 'node:assert/strict';
import { rateAnswer } from '../../../lib/connectors/http/rate-limits';

const NOW = Date.UTC(2026, 0, 5, 11, 0, 0);
const date = 'Mon, 05 Jan 2026 10:00:00 GMT';
/** an hour behind ours */
const SERVER_NOW = Date.parse(date);
const read = (status: number, headers: Record<string, string>) => rateAnswer(status, headers, NOW);

describe('What answers say about limits', () => {
  it('is nothing where they say nothing', () => {
    assert.equal(read(200, { date, 'content-type': 'application/json' }), undefined);
    assert.equal(read(500, { date }), undefined);
  });

  it('reads GitHub: an epoch in seconds, by the server’s own clock', () => {
    const headers = {
      date,
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '4999',
      'x-ratelimit-reset': String(SERVER_NOW / 1000 + 1800),
      'x-ratelimit-resource': 'core',
    };
    assert.deepEqual(read(200, headers), {
      quotas: [{ name: 'core', limit: 5000, remaining: 4999, resetMs: 1_800_000 }],
    });
  });

  it('takes GitHub’s 403 with nothing left for a pause until the reset, and a plain 403 for none', () => {
    const reset = String(SERVER_NOW / 1000 + 90);
    const used = { date, 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
    assert.equal(read(403, used)?.retryAfterMs, 90_000);
    assert.equal(read(403, { ...used, 'retry-after': '60' })?.retryAfterMs, 60_000);
    assert.equal(read(403, { ...used, 'x-ratelimit-remaining': '7' })?.retryAfterMs, undefined);
    assert.equal(read(403, { ...used, 'x-vss-e2eid': 'x' })?.retryAfterMs, undefined, 'Azure DevOps: no permission');
  });

  it('reads Jira Cloud: ISO times with a refusal, several quotas, and those it leaves out as unlimited', () => {
    const refused = {
      date,
      'retry-after': '1847',
      'x-ratelimit-limit': '100000',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '2026-01-05T10:30Z',
      'ratelimit-reason': 'jira-quota-global-based',
    };
    assert.deepEqual(read(429, refused), {
      quotas: [{ name: 'default', limit: 100_000, remaining: 0, resetMs: 1_800_000 }],
      retryAfterMs: 1_847_000,
    });
    const several = {
      'ratelimit-policy': '"global-app-quota";q=65000;w=3600,"jira-burst-based";q=100;w=1',
      ratelimit: '"global-app-quota";t=200,"jira-burst-based";r=90;t=1',
    };
    assert.deepEqual(read(200, several)?.quotas, [
      { name: 'jira-burst-based', limit: 100, remaining: 90, resetMs: 1_000 },
    ]);
    // what is left in this second, with no word of a reset
    assert.equal(read(200, { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '99' }), undefined);
  });

  it('reads Jira Data Center’s token bucket as the time until it is full', () => {
    const bucket = {
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': '40',
      'x-ratelimit-interval-seconds': '1',
      'x-ratelimit-fillrate': '10',
      'retry-after': '0',
    };
    assert.deepEqual(read(200, bucket), {
      quotas: [{ name: 'default', limit: 100, remaining: 40, resetMs: 6_000 }],
      retryAfterMs: 0,
    });
  });

  it('reads Azure DevOps: units, not requests; a delay; a pause asked for with an answer that succeeded', () => {
    const headers = {
      date,
      'x-ratelimit-resource': 'Concurrency',
      'x-ratelimit-delay': '1.250',
      'x-ratelimit-limit': '200',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(SERVER_NOW / 1000 + 300),
      'retry-after': '5',
    };
    assert.deepEqual(read(200, headers), {
      quotas: [{ name: 'Concurrency', limit: 200, remaining: 0, resetMs: 300_000, soft: true }],
      retryAfterMs: 5_000,
      delayedMs: 1_250,
    });
  });

  it('reads the drafts of the IETF, old and new', () => {
    const each = [{ name: 'default', limit: 100, remaining: 50, resetMs: 30_000 }];
    assert.deepEqual(
      read(200, { 'ratelimit-policy': '"default";q=100;w=60', ratelimit: '"default";r=50;t=30' })?.quotas,
      each,
    );
    assert.deepEqual(read(200, { ratelimit: 'limit=100, remaining=50, reset=30' })?.quotas, each);
    const separate = { 'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '50', 'ratelimit-reset': '30' };
    assert.deepEqual(read(200, separate)?.quotas, each);
    const gitLab = { ...separate, 'ratelimit-limit': '100', 'ratelimit-reset': String(SERVER_NOW / 1000 + 30), date };
    assert.deepEqual(read(200, gitLab)?.quotas, each);
    const huggingFace = { 'ratelimit-policy': '"fixed window";"api";q=1000;w=300', ratelimit: '"api";r=994;t=28' };
    assert.deepEqual(read(200, huggingFace)?.quotas, [{ name: 'api', limit: 1000, remaining: 994, resetMs: 28_000 }]);
  });

  it('passes over quotas of other things than requests', () => {
    const bytes = { 'ratelimit-policy': '"b";q=65535;qu="content-bytes";w=10', ratelimit: '"b";r=3;t=5' };
    assert.equal(read(200, bytes), undefined);
  });

  it('knows a refusal that concerns one entity: Jira Cloud’s of too many writes to an issue', () => {
    const issue = read(429, { 'retry-after': '5', 'ratelimit-reason': 'jira-per-issue-on-write' });
    assert.deepEqual([issue?.retryAfterMs, issue?.ofOne], [5_000, true]);
    assert.equal(read(429, { 'retry-after': '5', 'ratelimit-reason': 'jira-quota-based' })?.ofOne, undefined);
  });

  it('takes Retry-After for a pause only where it means one', () => {
    assert.equal(read(202, { 'retry-after': '5' }), undefined);
    assert.equal(read(301, { 'retry-after': '5' }), undefined);
    assert.equal(read(429, { 'retry-after': '2.5' })?.retryAfterMs, 2_500);
    assert.equal(read(503, { date, 'retry-after': 'Mon, 05 Jan 2026 10:00:20 GMT' })?.retryAfterMs, 20_000);
  });

  it('bounds and passes over nonsense', () => {
    const odd = (reset: string) =>
      read(200, { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '5', 'x-ratelimit-reset': reset })?.quotas[0]
        ?.resetMs;
    assert.equal(odd('999999999999999'), 24 * 3_600_000);
    assert.equal(odd('1'), 1_000);
    assert.equal(odd(String(NOW)), 0, 'an epoch in milliseconds');
    assert.equal(odd('soon'), undefined);
    assert.equal(odd('-4'), undefined);
    assert.equal(odd('NaN'), undefined);
    const many = Array.from({ length: 1_000 }, (_, index) => `"q${index}";r=1;t=1`).join(',');
    assert.equal(read(200, { ratelimit: many })?.quotas.length, 8);
    assert.equal(read(200, { ratelimit: `${'"'.repeat(50_000)};r=1` }), undefined);
  });
});

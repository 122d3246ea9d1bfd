/** Web links without permission, page tokens that repeat or come with empty pages, permissions that a flow will need, points. */

import assert from 'node:assert/strict';
import { type Connection, REMOTE_LINK } from '../../lib/connectors/connector';
import { rateAnswer } from '../../lib/connectors/http/rate-limits';
import { asSyncError } from '../../lib/model/errors';
import {
  BUG,
  connect,
  DEMO,
  type Deployment,
  make,
  poll,
  requestsOf,
  scope,
  start,
  written,
} from '../connectors/jira/server';
import type { Jira, JiraOptions } from '../systems/jira';

describe('Jira', () => {
  let jira: Jira;
  let connection: Connection;
  const begin = async (options: JiraOptions = {}) => {
    jira = await start(options);
    connection = connect(jira);
    return connection;
  };
  afterEach(async () => {
    await connection.close?.();
    await jira.stop();
  });

  it('writes the fields of an update whose web link it refuses, and says that the link alone is missing', async () => {
    await begin({ withheld: { sync: ['LINK_ISSUES'] } });
    const { id } = make(jira, 'Old');
    const remoteLink = { url: 'https://example.org/1', title: 'Other: 1', key: 'twinflow:1' };
    const [result] =
      (await connection.write?.(scope, [{ kind: 'update', id, fields: { summary: 'New' }, remoteLink }])) ?? [];
    const done = written(result);
    assert.equal(done.entity.fields.summary, 'New');
    assert.match(done.ignored?.[REMOTE_LINK] ?? '', /The fields were written without it: .*permission to link issues/);
  });

  for (const deployment of ['cloud', 'datacenter'] as Deployment[]) {
    it(`is tested for every permission that a flow may need (${deployment})`, async () => {
      const withheld = ['LINK_ISSUES', 'MODIFY_REPORTER', 'SCHEDULE_ISSUES', 'RESOLVE_ISSUES'];
      await begin({ deployment, withheld: { sync: withheld } });
      const missing = (await connection.identify()).missing?.join('\n') ?? '';
      for (const name of ['Link issues', 'Modify reporter', 'Schedule issues', 'Resolve issues'])
        assert.match(missing, new RegExp(name));
    });

    it(`lists resolutions by the address that is not deprecated (${deployment})`, async () => {
      await begin({ deployment });
      const requests = await requestsOf(jira, () => connection.fields(DEMO, BUG));
      const own = requests.filter((request) => /resolution/.test(request));
      assert.deepEqual(own, [deployment === 'cloud' ? 'GET resolution/search' : 'GET resolution']);
    });
  }

  describe('paging', () => {
    const searches = (answer: (count: number) => object) => {
      let count = 0;
      jira.interfere(/POST \/rest\/api\/3\/search\/jql/, () => ({ status: 200, body: answer(++count) }), 1_000);
    };
    const row = (id: string) => ({ id, key: `DEMO-${id}`, fields: { updated: '2026-01-01T00:00:00.000+0000' } });

    it('stops at a page token that comes again, with an error that passes', async () => {
      await begin();
      searches(() => ({ issues: [], nextPageToken: 'the same', isLast: false }));
      const before = jira.requests.length;
      const error = asSyncError(await poll(connection, undefined).catch((thrown: unknown) => thrown));
      assert.equal(error.kind, 'transient');
      assert.match(error.message, /repeats a page token/);
      assert.ok(jira.requests.length - before < 5);
    });

    it('stops at a full page whose token comes again', async () => {
      await begin();
      const { id } = make(jira, 'Row');
      searches(() => ({ issues: [row(id)], nextPageToken: 'the same', isLast: false }));
      const before = jira.requests.length;
      const error = asSyncError(await poll(connection, undefined).catch((thrown: unknown) => thrown));
      assert.equal(error.kind, 'transient');
      assert.ok(jira.requests.length - before < 20, String(jira.requests.length - before));
    });

    it('goes on behind an empty page that has a token: the rest is not hidden', async () => {
      await begin();
      const { id } = make(jira, 'Behind empty pages');
      searches((count) =>
        count % 3 === 0
          ? { issues: [row(id)], isLast: true }
          : { issues: [], nextPageToken: `page ${count}`, isLast: false },
      );
      assert.deepEqual([...new Set((await poll(connection, undefined)).ids)], [id]);
    });
  });
});

describe("Jira Cloud's points of an hour", () => {
  // as they were seen: https://community.developer.atlassian.com/t/2026-point-based-rate-limits/97828
  const told = (left: number) => ({
    'beta-ratelimit-policy': '"tenant-app-quota";q=100100;w=3600',
    'beta-ratelimit': `"tenant-app-quota";r=${left};t=2107`,
    'x-ratelimit-limit': '350',
    'x-ratelimit-remaining': '349',
    'x-ratelimit-reset': '2026-03-26T16:25Z',
  });
  const now = Date.parse('2026-03-26T16:24:52Z');

  it('are read beside the limits of requests', () => {
    const quotas = rateAnswer(200, told(17_842), now)?.quotas ?? [];
    assert.deepEqual(
      quotas.map(({ name, limit, remaining, soft }) => [name, limit, remaining, soft ?? false]),
      [
        ['default', 350, 349, false],
        ['beta tenant-app-quota', 100_100, 17_842, true],
      ],
    );
  });

  it('stop nothing while they are not enforced, and count where a refusal says so', () => {
    assert.equal(rateAnswer(200, told(0), now)?.quotas.length, 1);
    assert.equal(rateAnswer(429, told(0), now)?.retryAfterMs, 2_107_000);
  });
});

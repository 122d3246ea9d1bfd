/** The stand-in refuses what Jira refuses: otherwise the connector's tests would prove little. */

import assert from 'node:assert/strict';
import { type Jira, startJira } from './index';
import { JqlError, parseJql } from './jql';
import { offsetAt, stampOf, timeOfWallClock } from './zone';

describe("the stand-in's JQL", () => {
  it('understands conditions, lists, functions and order', () => {
    assert.deepEqual(parseJql('project in (1, "A b") AND creator = currentUser() ORDER BY updated ASC, key DESC'), {
      where: {
        kind: 'and',
        clauses: [
          {
            kind: 'test',
            field: 'project',
            operator: 'in',
            operands: [
              { kind: 'number', value: 1 },
              { kind: 'text', value: 'A b' },
            ],
          },
          { kind: 'test', field: 'creator', operator: '=', operands: [{ kind: 'call', name: 'currentUser' }] },
        ],
      },
      order: [
        { field: 'updated', descending: false },
        { field: 'key', descending: true },
      ],
    });
  });

  for (const jql of [
    'project =',
    'project = a b',
    'project in 1',
    'project ? 1',
    'summary ~ "a\\q"',
    'a = 1 ORDER updated',
    'a = and',
    '(a = 1',
    'a = "open',
  ]) {
    it(`refuses ${jql}`, () => {
      assert.throws(() => parseJql(jql), JqlError);
    });
  }
});

describe("the stand-in's clock", () => {
  it('shows times in the zone, and reads the wall clock in it, over a change of summer time', () => {
    assert.equal(stampOf('America/New_York', Date.parse('2026-07-01T12:00:00.123Z')), '2026-07-01T08:00:00.123-0400');
    assert.equal(offsetAt('Australia/Lord_Howe', Date.parse('2026-01-01T00:00:00Z')), 11 * 3_600_000);
    assert.equal(offsetAt('Australia/Lord_Howe', Date.parse('2026-07-01T00:00:00Z')), 10.5 * 3_600_000);
    assert.equal(
      new Date(timeOfWallClock('Europe/Berlin', 2026, 10, 25, 2, 30)).toISOString(),
      '2026-10-25T00:30:00.000Z',
    );
    assert.equal(new Date(timeOfWallClock('Europe/Berlin', 2026, 12, 1, 12)).toISOString(), '2026-12-01T11:00:00.000Z');
  });
});

describe('the stand-in for Jira Cloud', () => {
  let jira: Jira;
  before(async () => {
    jira = await startJira({ timeZone: 'America/New_York', indexLagMs: 200 });
  });
  after(() => jira.stop());

  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const credentials = Buffer.from(`alice@example.com:${jira.person('alice').apiToken}`).toString('base64');
    const response = await fetch(`${jira.url}${path}`, {
      method,
      headers: { Authorization: `Basic ${credentials}`, 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, text };
  };
  const create = (fields: Record<string, unknown>) => {
    const place = { project: { key: 'DEMO' }, issuetype: { name: 'Bug' } };
    return call('POST', '/rest/api/3/issue/bulk', { issueUpdates: [{ fields: { ...place, ...fields } }] });
  };
  const search = (request: Record<string, unknown>) =>
    call('POST', '/rest/api/3/search/jql', { fields: ['summary'], ...request });

  it('refuses plain text where a document is required, and names the field', async () => {
    const { status, text } = await create({ summary: 'x', description: 'plain' });
    assert.equal(status, 400);
    assert.match(text, /"description":"Operation value must be an Atlassian Document/);
  });

  it('refuses fields that are not on the screen, and unknown ones', async () => {
    const { text } = await create({ summary: 'x', customfield_10025: [], nonsense: 1 });
    assert.match(
      text,
      /"customfield_10025":"Field 'customfield_10025' cannot be set. It is not on the appropriate screen, or unknown."/,
    );
    assert.match(text, /"nonsense":"Field 'nonsense' cannot be set/);
  });

  it('has no old search, and refuses unbounded queries, unknown fields, functions and values', async () => {
    assert.equal((await call('POST', '/rest/api/3/search', { jql: 'project = DEMO' })).status, 410);
    for (const [jql, words] of [
      ['ORDER BY updated', /Unbounded JQL queries/],
      ['nothing = 1', /Field 'nothing' does not exist/],
      ['creator = somebody()', /Unable to find JQL function/],
      ['project = NOPE', /The value 'NOPE' does not exist for the field 'project'/],
      ['updated >= "2026-01-01T00:00:00Z"', /Date value .* is invalid/],
    ] as const) {
      const { status, text } = await search({ jql });
      assert.equal(status, 400, jql);
      assert.match(text, words);
    }
  });

  it('shows a write in searches later than in the issue itself, unless it is to be reconciled', async () => {
    const { text } = await create({ summary: 'Fresh' });
    const { issues } = JSON.parse(text);
    const [{ id }] = issues;
    const found = async (request = {}) =>
      JSON.parse((await search({ jql: 'project = DEMO', ...request })).text).issues.map(
        (one: { id: string }) => one.id,
      );
    assert.ok(!(await found()).includes(id));
    assert.ok((await found({ reconcileIssues: [Number(id)] })).includes(id));
    assert.equal((await call('GET', `/rest/api/3/issue/${id}`)).status, 200);
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.ok((await found()).includes(id));
  });

  it("reads a quoted time in the account's zone", async () => {
    const now = Date.now();
    const wall = (ms: number) =>
      new Date(ms + offsetAt('America/New_York', ms)).toISOString().slice(0, 16).replace('T', ' ');
    const count = async (jql: string) =>
      JSON.parse((await search({ jql: `project = DEMO AND ${jql}` })).text).issues.length;
    assert.ok((await count(`updated >= "${wall(now - 120_000)}"`)) > 0);
    assert.equal(
      await count(`updated >= "${new Date(now - 120_000).toISOString().slice(0, 16).replace('T', ' ')}"`),
      0,
    );
    assert.ok((await count(`updated >= ${now - 120_000}`)) > 0);
  });

  it('limits bulk requests', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => String(index));
    assert.equal((await call('POST', '/rest/api/3/issue/bulkfetch', { issueIdsOrKeys: many(101) })).status, 400);
    assert.equal(
      (await call('POST', '/rest/api/3/issue/bulk', { issueUpdates: many(51).map(() => ({ fields: {} })) })).status,
      400,
    );
  });

  it('sends the newest forty changes with a bulk fetch that asks for them, newest first', async () => {
    const issue = jira.site.create(jira.person('alice'), {
      fields: { project: { key: 'DEMO' }, issuetype: { name: 'Bug' }, summary: 'Change 0' },
    });
    for (let n = 1; n <= 41; n++) jira.site.edit(jira.person('bob'), issue, { fields: { summary: `Change ${n}` } });
    const fetched = async (request: Record<string, unknown>) => {
      const { text } = await call('POST', '/rest/api/3/issue/bulkfetch', { issueIdsOrKeys: [issue.id], ...request });
      return JSON.parse(text).issues[0];
    };
    const { total, histories } = (await fetched({ expand: ['changelog'] })).changelog;
    assert.equal(total, 40);
    assert.deepEqual(
      histories.map(({ items }: { items: { toString: string }[] }) => items[0]?.toString),
      Array.from({ length: 40 }, (_, index) => `Change ${41 - index}`),
    );
    assert.equal((await fetched({})).changelog, undefined);
    const broken = jira.violations?.filter((words) => words.includes('bulkfetch (200)')) ?? [];
    assert.deepEqual(broken, []);
  });

  it('refuses a transition that is not offered, and one without its required field', async () => {
    const issue = jira.site.create(jira.person('alice'), {
      fields: { project: { key: 'DEMO' }, issuetype: { name: 'Bug' }, summary: 'Flow' },
    });
    const go = (id: string) => call('POST', `/rest/api/3/issue/${issue.id}/transitions`, { transition: { id } });
    assert.match((await go('41')).text, /illegal workflow operation/);
    assert.equal((await go('11')).status, 204);
    assert.equal((await go('21')).status, 204);
    assert.match((await go('41')).text, /"resolution":"Resolution is required."/);
  });

  it('refuses who is not signed in', async () => {
    assert.equal(
      (await call('GET', '/rest/api/3/myself', undefined, { Authorization: 'Basic bm9ib2R5Om5vdGhpbmc=' })).status,
      401,
    );
  });

  it('notices what breaks the description', async function () {
    if (!jira.violations) this.skip();
    jira.violations.length = 0;
    await call('GET', '/rest/api/3/field?nonsense=1');
    await search({ jql: 'project = DEMO', maxResults: 'ten' });
    const found = jira.violations.splice(0);
    assert.match(found[0] ?? '', /no query parameter "nonsense"/);
    assert.match(found[1] ?? '', /maxResults must be integer/);
  });
});

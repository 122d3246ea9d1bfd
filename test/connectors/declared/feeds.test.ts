/** A declared feed is held to its file at run time: what the system does otherwise stops the poll, and loses nothing. */

import assert from 'node:assert/strict';
import type { Checkpoint, Connection } from '../../../lib/connectors/connector';
import { failure } from '../../support/failure';
import { github, REPOSITORY, startGithub, TOKEN } from './github';
import type { StandIn } from './stand-in';

const SCOPE = { projects: [REPOSITORY], types: ['issue'] };
const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('a declared feed by time', () => {
  let server: StandIn;
  let connection: Connection;

  beforeEach(async () => {
    server = await startGithub();
    connection = github.connect({ url: server.url, token: TOKEN }, {});
    server.stopped = NOW;
  });
  afterEach(async () => {
    await connection.close?.();
    await server.stop();
  });

  const add = (title: string) => server.create('issue', REPOSITORY, { title }, 'alice').number;

  const poll = async (since: Checkpoint | undefined, size = 7, scope = SCOPE) => {
    const titles: unknown[] = [];
    let checkpoint = since;
    let missing: unknown;
    for await (const page of connection.changes(scope, since, size)) {
      titles.push(...page.entities.map(({ fields }) => fields.title));
      checkpoint = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
      missing = page.missing ?? missing;
    }
    return { titles, checkpoint, missing };
  };

  const fill = (count: number, from = 0) => {
    for (let at = from; at < from + count; at++) {
      server.stopped = NOW + at * 60_000;
      add(`title ${at}`);
    }
  };

  it('stops where the order is ignored, names both rows, and reads all of them once it is kept', async () => {
    fill(5);
    const { checkpoint } = await poll(undefined);
    fill(20, 5);
    server.change(server.row(3), { title: 'changed' });
    server.ignores = 'order';
    const error = await failure(poll(checkpoint));
    assert.equal(error.kind, 'fatal');
    assert.match(
      error.message,
      /ascending order and answers with Issue octo\/hello#\d+ of .* behind Issue octo\/hello#\d+ of /,
    );
    server.ignores = 'nothing';
    const { titles } = await poll(checkpoint);
    assert.equal(new Set(titles.filter((title) => title !== 'title 4')).size, 21);
  });

  it('stops where the filter is ignored, and a poll from the future is not taken for one with news', async () => {
    fill(5);
    const future = connection.checkpointAt('2099-01-01T00:00:00Z');
    assert.deepEqual((await poll(future)).titles, []);
    server.ignores = 'filters';
    const error = await failure(poll(future));
    assert.match(error.message, /was asked for what changed since 2099-01-01T00:00:00.000Z and answers with Issue/);
    assert.match(error.message, /does not filter/);
  });

  it('does not begin in the middle where the newest are not first', async () => {
    fill(5);
    server.ignores = 'order';
    server.change(server.row(1), { title: 'last' });
    assert.match((await failure(connection.newest(SCOPE))).message, /was asked for the newest first/);
  });

  it('gives the same set in pages of 7 and of 50, all of one second among them', async () => {
    fill(10);
    for (let at = 0; at < 120; at++) add(`same second ${at}`);
    const [small, large] = [await poll(undefined, 7), await poll(undefined, 50)];
    assert.equal(new Set(small.titles).size, 130);
    assert.deepEqual(new Set(small.titles), new Set(large.titles));
  });

  it('stops where pages are smaller than the file says, and names the size: positions are counted in pages', async () => {
    for (let at = 0; at < 70; at++) add(`same second ${at}`);
    server.cap = 30;
    assert.match(
      (await failure(poll(undefined, 50))).message,
      /asked for 50 entries .* answers with 30 .* set page\.max to 30/,
    );
    server.cap = Number.POSITIVE_INFINITY;
    assert.equal(new Set((await poll(undefined, 50)).titles).size, 70);
  });

  it('loses nothing while rows move, also when the process dies after each page', async () => {
    fill(60);
    const seen = new Set<unknown>();
    let at = 0;
    server.onList = () => {
      server.stopped = NOW + 7_200_000 + at * 1_000;
      at += 1;
      if (at < 40) server.change(server.row(1 + ((at * 7) % 60)), { title: `moved ${at}` });
    };
    let since: Checkpoint | undefined;
    for (let polls = 0; polls < 60; polls++) {
      const once = github.connect({ url: server.url, token: TOKEN }, {});
      for await (const page of once.changes(SCOPE, since, 7)) {
        for (const { fields } of page.entities) seen.add(fields.title);
        since = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
        break;
      }
      await once.close?.();
    }
    const lost = server.rows.map(({ item }) => item.title).filter((title) => !seen.has(title));
    assert.deepEqual(lost, []);
  });

  it('finds a row that appears later than a newer one', async () => {
    fill(3);
    let { checkpoint } = await poll(undefined);
    server.stopped = NOW + 3_600_000;
    server.lagMs = 400;
    add('late');
    server.lagMs = 0;
    server.stopped += 2_000;
    add('newer');
    const seen: unknown[] = [];
    const until = Date.now() + 5_000;
    while (!seen.includes('late') && Date.now() < until) {
      const read = await poll(checkpoint);
      seen.push(...read.titles);
      checkpoint = read.checkpoint;
    }
    assert.ok(seen.includes('newer') && seen.includes('late'), seen.join());
  });

  it('leaves pull requests out, also whole pages of them', async () => {
    for (let at = 0; at < 150; at++)
      server.create('issue', REPOSITORY, { title: `pull ${at}`, pull_request: {} }, 'alice');
    add('an issue');
    assert.deepEqual((await poll(undefined, 50)).titles, ['an issue']);
    assert.deepEqual(
      (await connection.latest?.(SCOPE, 5))?.map(({ fields }) => fields.title),
      ['an issue'],
    );
    assert.deepEqual(await connection.read(SCOPE, [`${REPOSITORY}#1`]), [undefined]);
  });

  it('goes on in the other repositories while one is hidden, and reads there what happened meanwhile', async () => {
    const both = { ...SCOPE, projects: [REPOSITORY, 'octo/other.js'] };
    fill(3);
    const first = await poll(undefined, 7, both);
    server.interfere = (_method, path) =>
      path.startsWith('/repos/octo/hello') ? { status: 404, body: { message: 'Not Found' } } : undefined;
    server.stopped = NOW + 3_600_000;
    add('hidden');
    server.create('issue', 'octo/other.js', { title: 'elsewhere' }, 'alice');
    const during = await poll(first.checkpoint, 7, both);
    assert.deepEqual(during.titles, ['elsewhere']);
    assert.match(JSON.stringify(during.missing), /"kind":"project","id":"octo\/hello"/);
    server.interfere = undefined;
    assert.deepEqual((await poll(during.checkpoint, 7, both)).titles, ['hidden']);
    server.interfere = () => ({ status: 404, body: { message: 'Not Found' } });
    assert.equal((await failure(poll(during.checkpoint))).kind, 'forbidden');
  });

  it('says so where a repository was renamed', async () => {
    fill(2);
    const both = { ...SCOPE, projects: [REPOSITORY, 'octo/other.js'] };
    server.spoil = (_method, path, answer) =>
      path.startsWith('/repos/octo/hello/issues') && Array.isArray(answer.body)
        ? {
            ...answer,
            body: answer.body.map((one: object) => ({
              ...one,
              repository_url: 'https://api.github.com/repos/octo/hallo',
            })),
          }
        : answer;
    const { titles, missing } = await poll(undefined, 7, both);
    assert.deepEqual(titles, []);
    assert.match(JSON.stringify(missing), /If it was renamed, choose \\"octo\/hallo\\"/);
  });

  it('finds issues by their title among all of a repository, however it is compared', async () => {
    fill(250);
    add("It's ONE");
    const find = async (values: string[], how?: 'equal' | 'ignoreCase' | 'inside') =>
      (
        await connection.find?.(
          { project: REPOSITORY, type: 'issue', field: { id: 'title', values, ...(how && { how }) } },
          10,
        )
      )?.map((one) => (one instanceof Error ? one : one.fields.title));
    assert.deepEqual(await find(['title 249', 'title 3']), ['title 3', 'title 249']);
    assert.deepEqual(await find(["it's one"], 'ignoreCase'), ["It's ONE"]);
    assert.deepEqual(await find(['one'], 'inside'), ["It's ONE"]);
    assert.deepEqual(await find(['no such title'], 'equal'), []);
  });

  it('refuses a position that is damaged or of another connector', async () => {
    for (const since of [{ token: 'x' }, { streams: 'x' }, { from: 'yesterday' }, { streams: { issue: 3 } }])
      assert.equal((await failure(poll(since))).kind, 'fatal', JSON.stringify(since));
  });
});

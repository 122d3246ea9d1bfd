/** Declared feeds without a filter by update time: by token, by number, and by comparing everything. */

import assert from 'node:assert/strict';
import type { Checkpoint, Connection } from '../../../lib/connectors/connector';
import { failure } from '../../support/failure';
import { httpServer, stopAll } from '../http/servers';
import { changed, connectorOf, SMALL } from './small';

type Item = { id: number; at: string; title: string; running?: boolean };
const SCOPE = { projects: ['all'], types: ['ticket'] };
const START = Date.parse('2026-03-01T00:00:00Z');

/** A system of which the tests change items, clock and answers. */
class System {
  items: Item[] = [];
  now = START;
  url = '';
  /** of the list; undefined = the system's own */
  list: (params: URLSearchParams) => { status?: number; body: unknown } = () => ({ body: [] });
  requests: string[] = [];

  async start(): Promise<this> {
    const server = await httpServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
      this.requests.push(`${pathname}?${searchParams}`);
      const id = /\/tickets\/(\d+)$/.exec(pathname)?.[1];
      const one = this.items.find((item) => String(item.id) === id);
      const { status = 200, body } = pathname.endsWith('/me')
        ? { body: { id: 1, login: 'me' } }
        : id === undefined
          ? this.list(searchParams)
          : { status: one ? 200 : 404, body: one ?? { message: 'no such ticket' } };
      response.writeHead(status, { 'Content-Type': 'application/json', Date: new Date(this.now).toUTCString() });
      response.end(JSON.stringify(body));
    });
    this.url = server.url;
    return this;
  }

  put(id: number, title: string, more: Partial<Item> = {}): void {
    this.items = this.items.filter((item) => item.id !== id);
    this.items.push({ id, title, at: new Date(this.now).toISOString(), ...more });
  }
}

const open: Connection[] = [];
const connect = (changes: unknown, { url }: System): Connection => {
  const connection = connectorOf(changed('types.0.changes', changes)).connect({ url, token: 'geheim' }, {});
  open.push(connection);
  return connection;
};

async function poll(connection: Connection, since: Checkpoint | undefined, size = 5, pages = 1_000) {
  const titles: unknown[] = [];
  let checkpoint = since;
  for await (const page of connection.changes(SCOPE, since, size)) {
    titles.push(...page.entities.map(({ fields }) => fields.title));
    checkpoint = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
    pages -= 1;
    if (pages === 0) break;
  }
  return { titles, checkpoint };
}

describe('other declared feeds', () => {
  let system: System;
  beforeEach(async () => {
    system = await new System().start();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close?.()));
    await stopAll();
  });

  describe('by token', () => {
    const changes = {
      feed: 'token',
      list: { get: '/tickets', query: { cursor: '{token}', start_time: '{from}' }, items: 'tickets' },
      ...{ next: 'after', end: { path: 'end', is: true }, time: 'seconds', settle: '60s', start: '0' },
    };
    const PAGE = 4;

    /** Items by time of change; a cursor is a place in that list, of this life of the server. */
    const byCursor = (life = 'a') => {
      system.list = (params) => {
        const cursor = params.get('cursor');
        if (cursor !== null && !cursor.startsWith(life)) return { status: 422, body: { message: 'unknown cursor' } };
        const since = Number(params.get('start_time') ?? 0) * 1_000;
        const [at, id] = cursor === null ? [since, -1] : (cursor.slice(1).split(',').map(Number) as [number, number]);
        const behind = (item: Item) => {
          const own = Date.parse(item.at);
          return own > at || (own === at && item.id > id);
        };
        const sorted = [...system.items].sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.id - b.id);
        const some = sorted.filter(behind);
        const tickets = some.slice(0, PAGE);
        const last = tickets.at(-1);
        const after = last ? `${life}${Date.parse(last.at)},${last.id}` : (cursor ?? `${life}${since},-1`);
        return { body: { tickets, after, end: some.length <= PAGE } };
      };
    };

    it('reads everything once in pages, goes on from the token, and survives a crash after each page', async () => {
      byCursor();
      for (let id = 1; id <= 23; id++) {
        system.put(id, `title ${id}`);
        if (id % 5 === 0) system.now += 1_000;
      }
      system.now += 3_600_000;
      const seen = new Set<unknown>();
      let since: Checkpoint | undefined;
      for (let at = 0; at < 30; at++) {
        const read = await poll(connect(changes, system), since, 3, 1);
        for (const title of read.titles) seen.add(title);
        since = read.checkpoint;
      }
      assert.equal(seen.size, 23);
      system.put(7, 'changed');
      const { titles } = await poll(connect(changes, system), since);
      assert.deepEqual(titles, ['changed']);
    });

    it('reads what appears late, with an older time', async () => {
      byCursor();
      system.put(1, 'one');
      system.now += 10_000;
      system.put(2, 'two');
      const connection = connect(changes, system);
      const first = await poll(connection, undefined);
      assert.deepEqual(first.titles, ['one', 'two']);
      system.put(3, 'late', { at: new Date(START + 5_000).toISOString() });
      assert.ok((await poll(connection, first.checkpoint)).titles.includes('late'));
    });

    it('begins again a little before the newest row where the token is no longer known', async () => {
      byCursor();
      for (let id = 1; id <= 9; id++) {
        system.put(id, `title ${id}`);
        system.now += 60_000;
      }
      system.now += 3_600_000;
      const connection = connect(changes, system);
      const { checkpoint } = await poll(connection, undefined);
      byCursor('b');
      system.put(20, 'new');
      const { titles } = await poll(connection, checkpoint);
      assert.ok(titles.includes('new') && !titles.includes('title 1'), titles.join());
    });

    it('starts now by default, and stops where tokens go in a circle', async () => {
      byCursor();
      system.put(1, 'old');
      system.now += 3_600_000;
      const connection = connect(changes, system);
      assert.deepEqual((await poll(connection, await connection.newest(SCOPE))).titles, []);
      let count = 0;
      system.list = () => {
        count += 1;
        return { body: { tickets: [], after: count % 2 === 0 ? 'a' : 'b', end: false } };
      };
      assert.match((await failure(poll(connection, undefined))).message, /leads in a circle/);
    });
  });

  describe('by number', () => {
    const changes = {
      feed: 'sequence',
      list: { get: '/tickets', query: { from: '{from}', order: 'asc' }, page: { by: 'offset', max: 10 } },
      newest: { query: { order: 'desc' } },
      ...{ number: 'id', at: 'at', settle: '1s', final: [{ path: 'running', is: false }] },
    };
    let ignores: 'nothing' | 'filter' | 'order' = 'nothing';
    beforeEach(() => {
      ignores = 'nothing';
      system.list = (params) => {
        const from = ignores === 'filter' ? 0 : Number(params.get('from') ?? 0);
        const sign = params.get('order') === 'desc' || ignores === 'order' ? -1 : 1;
        const rows = system.items.filter(({ id }) => id >= from).sort((a, b) => sign * (a.id - b.id));
        const offset = Number(params.get('offset'));
        return { body: rows.slice(offset, offset + Number(params.get('limit'))) };
      };
    });
    const build = (id: number, running = false) => {
      system.now += 10_000;
      system.put(id, `build ${id}${running ? ' running' : ''}`, { running });
    };

    it('reads builds by number, and a running one again until it is done', async () => {
      for (let id = 1; id <= 25; id++) build(id);
      const connection = connect(changes, system);
      const first = await poll(connection, undefined);
      assert.equal(new Set(first.titles).size, 25);
      build(26, true);
      const second = await poll(connection, first.checkpoint);
      assert.ok(second.titles.includes('build 26 running'));
      build(27);
      const third = await poll(connection, second.checkpoint);
      assert.ok(third.titles.includes('build 27'));
      system.put(26, 'build 26', { running: false });
      const fourth = await poll(connection, third.checkpoint);
      assert.ok(fourth.titles.includes('build 26'), fourth.titles.join());
      assert.ok(!JSON.stringify(fourth.checkpoint).includes('open'));
    });

    it('starts behind the newest', async () => {
      for (let id = 1; id <= 5; id++) build(id);
      const connection = connect(changes, system);
      const since = await connection.newest(SCOPE);
      build(6);
      assert.deepEqual((await poll(connection, since)).titles, ['build 6']);
    });

    it('stops where the filter or the order is ignored, or numbers went back', async () => {
      for (let id = 1; id <= 5; id++) build(id);
      const connection = connect(changes, system);
      const { checkpoint } = await poll(connection, undefined);
      for (let id = 6; id <= 8; id++) build(id);
      ignores = 'filter';
      assert.match((await failure(poll(connection, checkpoint))).message, /does not filter/);
      ignores = 'order';
      assert.match((await failure(poll(connection, checkpoint))).message, /ascending order/);
      ignores = 'nothing';
      const read = await poll(connection, checkpoint);
      assert.deepEqual(new Set(read.titles), new Set(['build 6', 'build 7', 'build 8']));
      system.items = system.items.filter(({ id }) => id < 4);
      assert.match((await failure(poll(connection, read.checkpoint))).message, /goes backwards/);
    });
  });

  describe('by comparing everything', () => {
    const changes = { feed: 'scan', list: { get: '/tickets', page: { by: 'offset', max: 10 } }, max: 40 };
    beforeEach(() => {
      system.list = (params) => {
        const offset = Number(params.get('offset'));
        const rows = [...system.items].sort((a, b) => a.id - b.id);
        return { body: rows.slice(offset, offset + Number(params.get('limit'))) };
      };
    });

    it('brings what is new or differs, also with the same time, and nothing twice', async () => {
      for (let id = 1; id <= 25; id++) system.put(id, `title ${id}`);
      const connection = connect(changes, system);
      const first = await poll(connection, undefined, 4);
      assert.equal(first.titles.length, 25);
      assert.deepEqual((await poll(connection, first.checkpoint)).titles, []);
      const [same] = system.items;
      assert.ok(same);
      same.title = 'changed silently';
      system.put(30, 'new');
      const second = await poll(connection, first.checkpoint, 1, 1);
      const third = await poll(connection, second.checkpoint);
      assert.deepEqual([...second.titles, ...third.titles].sort(), ['changed silently', 'new']);
    });

    it('starts now, or at a time', async () => {
      system.put(1, 'old');
      const connection = connect(changes, system);
      assert.deepEqual((await poll(connection, await connection.newest(SCOPE))).titles, []);
      const since = connection.checkpointAt(new Date(START + 1_000).toISOString());
      system.now += 5_000;
      system.put(2, 'later');
      const { titles, checkpoint } = await poll(connection, since);
      assert.deepEqual(titles, ['later']);
      assert.deepEqual((await poll(connection, checkpoint)).titles, []);
    });

    it('refuses a list that is too long to be compared, and never reads a part of it', async () => {
      for (let id = 1; id <= 41; id++) system.put(id, `title ${id}`);
      assert.match(
        (await failure(poll(connect(changes, system), undefined))).message,
        /more than 40 entries of Ticket/,
      );
    });
  });

  it('are checked like the first one', () => {
    assert.doesNotThrow(() => connectorOf(SMALL));
    const broken: [unknown, RegExp][] = [
      [
        { feed: 'token', list: { get: '/t' }, next: 'a', time: 'iso', settle: '1s' },
        /nothing goes on from a \{token\}/,
      ],
      [{ feed: 'scan', list: { get: '/t' }, max: 90_000 }, /a whole number from 1 to 20000/],
      [{ feed: 'sequence', list: { get: '/t' }, number: 'id', at: 'at', newest: {}, settle: '1s' }, /nothing filters/],
    ];
    for (const [changes, says] of broken) assert.throws(() => connectorOf(changed('types.0.changes', changes)), says);
  });
});

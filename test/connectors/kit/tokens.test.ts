/** Polling by a feed of revisions that goes by tokens, on a feed of a few lines. */

import assert from 'node:assert/strict';
import type { Checkpoint } from '../../../lib/connectors/connector';
import {
  type Announced,
  changesByToken,
  FeedMemory,
  type RevisionFeed,
  tokenAt,
  tokenBehind,
} from '../../../lib/connectors/kit/tokens/feed';
import { readLinks } from '../../../lib/connectors/kit/tokens/links';
import { checkpointOf, positionOf } from '../../../lib/connectors/kit/tokens/position';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';

const START = Date.parse('2026-03-29T00:59:00Z');
const SETTLE_MS = 120_000;

describe('connector kit: a feed by tokens', () => {
  /** revisions in the order in which the feed shows them */
  let feed: (Announced & { late?: true })[];
  let current: Map<string, number>;
  let now: number;
  let broken: Set<string>;
  let memory: FeedMemory;
  let pageLength: number;
  let asked: string[];

  beforeEach(() => {
    [feed, current, now, broken] = [[], new Map(), START, new Set()];
    [memory, pageLength, asked] = [new FeedMemory('Example', 'things'), 3, []];
  });

  function change(id: string, late?: true): void {
    const rev = (current.get(id) ?? 0) + 1;
    current.set(id, rev);
    now += 1_000;
    feed.push({ id, rev, at: new Date(now).toISOString(), ...(late && { late }) });
  }

  const entityOf = (id: string): Entity => {
    const rev = current.get(id) ?? 0;
    return {
      id,
      key: id,
      type: 'Thing',
      project: 'P',
      version: `${rev}`,
      updatedAt: new Date(START).toISOString(),
      fields: {},
    };
  };

  const source = (name: string): RevisionFeed<Announced> => ({
    ...{ product: 'Example', thing: 'thing', name, settleMs: SETTLE_MS, now: () => now },
    async page(token, time) {
      asked.push(token ?? time ?? 'all');
      if (token === 'unknown') throw new SyncError('invalid', 'no such token');
      const from = token === undefined ? 0 : Number(token.split(':')[1]);
      const shown = feed.map((one, index) => ({ ...one, index })).filter(({ late }) => !late);
      const behind = shown.filter(({ index, at }) => index >= from && (time === undefined || at >= time));
      const changes = behind.slice(0, pageLength);
      const next = (changes.at(-1)?.index ?? from - 1) + 1;
      return { changes, token: `${name}:${next}`, last: behind.length <= pageLength };
    },
    relevant: async (changes) => changes,
    read: async (revisions) =>
      revisions.map(({ id }) =>
        broken.has(id) ? new SyncError('transient', `no ${id}`, { status: 500 }) : entityOf(id),
      ),
    revisions: async (ids) => new Map(ids.map((id) => [id, current.get(id) ?? 0])),
    revisionOf: ({ version }) => Number(version),
    includes: () => true,
  });

  async function poll(since: Checkpoint | undefined, name = 'all', size = 10) {
    const ids: string[] = [];
    let checkpoint: Checkpoint = {};
    for await (const page of changesByToken(source(name), memory, since, size)) {
      ids.push(...page.entities.map(({ id }) => id));
      checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
    }
    return { ids, checkpoint };
  }

  it('brings what changed, and nothing twice', async () => {
    for (const id of ['1', '2', '3', '4']) change(id);
    const first = await poll(undefined);
    assert.deepEqual(first.ids, ['1', '2', '3', '4']);
    assert.deepEqual((await poll(first.checkpoint)).ids, []);
    change('2');
    assert.deepEqual((await poll(first.checkpoint)).ids, ['2']);
  });

  it('stays behind what may still come late', async () => {
    change('1', true);
    for (const id of ['2', '3', '4', '5']) change(id);
    const first = await poll(undefined);
    assert.deepEqual(first.ids, ['2', '3', '4', '5']);
    delete feed[0]?.late;
    const second = await poll(first.checkpoint);
    assert.deepEqual(second.ids, ['1']);
    now += 2 * SETTLE_MS;
    pageLength = 30;
    for (let id = 6; id < 30; id += 1) change(String(id));
    now += 2 * SETTLE_MS;
    const third = await poll(second.checkpoint);
    assert.equal(third.checkpoint.token, `all:${feed.length}`, 'all has settled');
  });

  it('starts at a time, or behind what was newest', async () => {
    for (const id of ['1', '2', '3']) change(id);
    const [, second, third] = feed;
    assert.ok(second && third);
    assert.deepEqual((await poll(tokenAt(second.at))).ids, ['2', '3']);
    assert.deepEqual((await poll(tokenBehind(third))).ids, []);
    assert.throws(() => tokenAt('yesterday'), /not a point in time/);
  });

  it('asks again for what was not delivered', async () => {
    for (const id of ['1', '2']) change(id);
    broken.add('1');
    const first = await poll(undefined);
    assert.deepEqual([first.ids, first.checkpoint.owed], [['2'], ['1@1']]);
    broken.clear();
    const second = await poll(first.checkpoint);
    assert.deepEqual([second.ids, second.checkpoint.owed], [['1'], undefined]);
  });

  it('reads from a little before where its token means nothing', async () => {
    for (const id of ['1', '2']) change(id);
    const { checkpoint } = await poll(undefined);
    change('3');
    assert.deepEqual((await poll({ ...checkpoint, token: 'unknown' })).ids, ['3']);
    assert.deepEqual((await poll({ ...checkpoint, token: 'all:2' }, 'other')).ids, ['3']);
    assert.ok(!asked.slice(-1)[0]?.startsWith('all'), 'a token of another feed is not sent');
  });

  it('stops where a revision went backwards, and only there', async () => {
    for (const id of ['1', '1', '2']) change(id);
    const { checkpoint } = await poll(undefined);
    // the feed lags: it shows an old revision, a read the new one
    feed.pop();
    feed.pop();
    assert.deepEqual((await poll(checkpoint)).ids, []);
    current.set('1', 1);
    await assert.rejects(poll(checkpoint), /thing 1 was at revision 2, now it is at 1/);
  });

  it('says so where there is more and no way to it', async () => {
    for (const id of ['1', '2', '3', '4']) change(id);
    const circle: RevisionFeed<Announced> = {
      ...source('all'),
      page: async () => ({ changes: [], token: 'same', last: false }),
    };
    const pass = async () => {
      for await (const page of changesByToken(circle, memory, undefined, 10)) assert.ok(page);
    };
    await assert.rejects(pass, /makes no progress/);
  });

  it('reads the checkpoints that stores hold, and writes them in the same form', () => {
    const stored = {
      ...{ feed: '*', token: '812;_Key', at: '2026-03-29T00:59:00.123Z', open: true },
      links: {
        token: '1;links',
        next: '2;links',
        since: '2026-03-29T00:58:00Z',
        seen: ['3>4@2026-03-29T00:58:00Z:true'],
      },
      ...{ owed: ['12@3'], seen: ['11@1', '12@3'] },
    };
    assert.deepEqual(checkpointOf(positionOf(stored, '*')), stored);
    const started = { feed: '*', from: '2026-03-29T00:59:00.000Z' };
    assert.deepEqual(checkpointOf(positionOf({ from: '2026-03-29T00:59:00Z' }, '*')), started);
  });

  it('of links reads what is behind its token until that has settled', async () => {
    const changes = [{ key: 'a', ids: ['1'] }];
    const links = () => ({
      settleMs: SETTLE_MS,
      now: () => now,
      page: async (token: string | undefined) => ({
        changes: token === '1' ? [] : changes,
        token: '1',
        last: true,
      }),
    });
    const first = await readLinks(links(), undefined);
    assert.deepEqual(first.ids, ['1']);
    const second = await readLinks(links(), first.position);
    assert.deepEqual([second.ids, second.position.token], [[], undefined]);
    now += 2 * SETTLE_MS;
    const third = await readLinks(links(), second.position);
    assert.deepEqual([third.ids, third.position.token], [[], '1']);
    assert.deepEqual((await readLinks(links(), third.position)).position.seen, []);
  });
});

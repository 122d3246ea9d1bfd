/** Polling of an index that lags behind writes: nothing is lost, and what an index should not do stops the poll. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ChangePage, Checkpoint, Scope } from '../../../lib/connectors/connector';
import type { IndexedFeed, RowPage } from '../../../lib/connectors/kit/overlap/index-feed';
import { IndexedPoller } from '../../../lib/connectors/kit/overlap/indexed';
import { Members } from '../../../lib/connectors/kit/overlap/members';
import type { Timed } from '../../../lib/connectors/kit/overlap/order';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';

const START = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;
const LAG_MS = 10 * MINUTE;
const scope: Scope = { projects: ['p', 'q'], types: ['t'] };
const iso = (ms: number): string => new Date(ms).toISOString();

interface Row extends Timed {
  project: string;
}

/** A tracker whose index takes each write when it likes. */
class Tracker {
  now = START;
  readonly rows = new Map<string, Row>();
  /** what the index has, and what it has not taken yet */
  private readonly index = new Map<string, Timed>();
  private waiting: { row: Timed; from: number }[] = [];
  readonly gone = new Set<string>();
  readonly poisoned = new Set<string>();
  ignoresOrder = false;
  ignoresBound = false;
  searches = 0;
  onSearch: () => void = () => undefined;

  /** @param lagMs until the index has it */
  touch(id: string, lagMs = 0, project = 'p'): void {
    const row = { id, at: this.now, project: this.rows.get(id)?.project ?? project };
    this.rows.set(id, row);
    this.waiting.push({ row, from: this.now + lagMs });
    this.now += 1;
  }

  private entity({ id, at, project }: Row): Entity {
    return { id, key: id, type: 't', project, version: iso(at), updatedAt: iso(at), fields: { at } };
  }

  private search(asked: Scope, from: number, descending: boolean, token: string | undefined): RowPage {
    this.searches += 1;
    this.onSearch();
    const missing = asked.projects.find((id) => this.gone.has(id));
    if (missing) throw new SyncError('invalid', `there is no project ${missing}`);
    for (const { row, from: when } of this.waiting) {
      if (when > this.now) continue;
      const known = this.index.get(row.id);
      if (!known || known.at < row.at) this.index.set(row.id, row);
    }
    this.waiting = this.waiting.filter(({ from: when }) => when > this.now);
    const bound = this.ignoresBound ? Number.NEGATIVE_INFINITY : from;
    const found = [...this.index.values()].filter(
      ({ id, at }) => at >= bound && asked.projects.includes(this.rows.get(id)?.project ?? ''),
    );
    const order = this.ignoresOrder ? 0 : 1;
    found.sort((a, b) => order * (a.at - b.at) * (descending ? -1 : 1) || Number(a.id) - Number(b.id));
    const start = Number(token ?? 0);
    const rows = found.slice(start, start + 4);
    const isLast = start + 4 >= found.length;
    return { rows, ...(!isLast && { next: String(start + 4) }), serverNow: Math.floor(this.now / 1000) * 1000 };
  }

  feed(): IndexedFeed<Row> {
    const read = (ids: string[]) => ({
      found: ids.flatMap((id) => (this.poisoned.has(id) ? [] : (this.rows.get(id) ?? []))),
      errors: new Map(
        ids.flatMap((id) =>
          this.poisoned.has(id) ? [[id, new SyncError('transient', 'broken', { status: 500 })] as const] : [],
        ),
      ),
    });
    return {
      ...{ product: 'The tracker', thing: 'ticket', things: 'tickets', page: 3, settleMs: 2_000 },
      ...{ lagMs: LAG_MS, leastLagMs: 2 * MINUTE, resolutionMs: MINUTE, toleranceMs: MINUTE },
      members: new Members('type', async ({ projects }) => ({
        projects: new Map(projects.filter((id) => this.gone.has(id)).map((id) => [id, `no ${id}`])),
        types: new Map(),
      })),
      search: async (asked, from = Number.NEGATIVE_INFINITY, token) => this.search(asked, from, false, token),
      newest: async (asked, token) => this.search(asked, Number.NEGATIVE_INFINITY, true, token),
      read: async (ids) => read(ids),
      times: async (ids) => read(ids),
      rowOf: (row) => row,
      show: async (rows) => rows.map((row) => this.entity(row)),
      takeOwn: async () => undefined,
    };
  }
}

/** Keeps what came as a store does, and may die at any page. */
class Reader {
  readonly seen = new Map<string, unknown>();
  checkpoint: Checkpoint | undefined;
  private poller: IndexedPoller<Row>;

  constructor(private readonly tracker: Tracker) {
    this.poller = new IndexedPoller(tracker.feed());
  }

  async poll(size = 3, pages = Number.POSITIVE_INFINITY): Promise<ChangePage[]> {
    const read: ChangePage[] = [];
    for await (const page of this.poller.changes(scope, this.checkpoint, size)) {
      read.push(page);
      for (const { id, fields } of page.entities) this.seen.set(id, fields.at);
      this.checkpoint = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
      if (read.length >= pages) break;
    }
    return read;
  }

  die(): void {
    this.poller = new IndexedPoller(this.tracker.feed());
  }

  lost(): string[] {
    return [...this.tracker.rows.values()].flatMap(({ id, at }) => (this.seen.get(id) === at ? [] : [id]));
  }
}

const failure = (work: Promise<unknown>): Promise<SyncError> =>
  work.then(
    () => assert.fail('the poll should have stopped'),
    (thrown: unknown) => (thrown instanceof SyncError ? thrown : assert.fail(String(thrown))),
  );

type Step =
  | { do: 'touch'; at: number; count: number; lagMs: number }
  | { do: 'wait'; ms: number }
  | { do: 'poison'; at: number }
  | { do: 'poll'; size: number; pages: number; dies: boolean; meanwhile: number[] };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('touch' as const),
      at: fc.nat(30),
      count: fc.integer({ min: 1, max: 8 }),
      lagMs: fc.constantFrom(0, 0, 5_000, 90_000, 9 * MINUTE),
    }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 1_000, 30_000, 5 * MINUTE, 60 * MINUTE) }),
    fc.record({ do: fc.constant('poison' as const), at: fc.nat(30) }),
    fc.record({
      do: fc.constant('poll' as const),
      size: fc.integer({ min: 1, max: 3 }),
      pages: fc.constantFrom(1, 2, 99),
      dies: fc.boolean(),
      meanwhile: fc.array(fc.nat(30), { maxLength: 4 }),
    }),
  ),
  { maxLength: 30 },
);

describe('connector kit: changes from an index', () => {
  it('loses nothing, whatever the index takes late, cannot be read or dies, between pages and polls', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const tracker = new Tracker();
        const reader = new Reader(tracker);
        for (const step of history) {
          if (step.do === 'touch')
            for (let i = 0; i < step.count; i += 1) tracker.touch(String(step.at + i), step.lagMs);
          else if (step.do === 'wait') tracker.now += step.ms;
          else if (step.do === 'poison') tracker.poisoned.add(String(step.at));
          else {
            const changes = [...step.meanwhile];
            tracker.onSearch = () => {
              const id = changes.shift();
              if (id !== undefined) tracker.touch(String(id));
            };
            await reader.poll(step.size, step.pages);
            tracker.onSearch = () => undefined;
            if (step.dies) reader.die();
          }
        }
        tracker.poisoned.clear();
        tracker.now += LAG_MS;
        for (let last = 0; last < 2; last += 1) {
          reader.die();
          await reader.poll();
        }
        assert.deepEqual(reader.lost(), []);
      }),
      { numRuns: 300 },
    );
  });

  it('rests at one search that brings nothing', async () => {
    const tracker = new Tracker();
    for (let id = 1; id <= 3; id += 1) tracker.touch(String(id));
    tracker.now += MINUTE;
    const reader = new Reader(tracker);
    await reader.poll();
    reader.seen.clear();
    tracker.searches = 0;
    await reader.poll();
    assert.deepEqual([tracker.searches, reader.seen.size], [1, 0]);
  });

  it('stops where the index does not sort, or does not filter, and names the rows; nothing is lost once it does', async () => {
    const tracker = new Tracker();
    for (const id of ['1', '2', '3']) {
      tracker.touch(id);
      tracker.now += 30 * MINUTE;
    }
    const reader = new Reader(tracker);
    await reader.poll();
    tracker.touch('1');
    tracker.now += MINUTE;
    tracker.ignoresBound = true;
    assert.match((await failure(reader.poll())).message, /asked for what changed since .* answers with ticket 2 of/);
    tracker.ignoresOrder = true;
    reader.checkpoint = undefined;
    assert.match(
      (await failure(reader.poll())).message,
      /ascending order and answers with ticket 2 of .* behind ticket 1/,
    );
    assert.deepEqual(reader.lost(), ['1']);
    tracker.ignoresOrder = false;
    tracker.ignoresBound = false;
    await reader.poll();
    assert.deepEqual(reader.lost(), []);
  });

  it('reads the others where a project is gone, and that one from where it was left once it is back', async () => {
    const tracker = new Tracker();
    const reader = new Reader(tracker);
    tracker.touch('1', 0, 'p');
    tracker.touch('2', 0, 'q');
    tracker.now += MINUTE;
    await reader.poll();
    tracker.gone.add('q');
    tracker.touch('1');
    tracker.touch('2');
    tracker.now += MINUTE;
    const away = await reader.poll();
    assert.deepEqual(away.at(-1)?.missing, [{ kind: 'project', id: 'q', why: 'no q' }]);
    assert.deepEqual(reader.lost(), ['2']);
    tracker.now += 24 * 60 * MINUTE;
    tracker.touch('1');
    tracker.now += MINUTE;
    await reader.poll();
    tracker.gone.clear();
    await reader.poll();
    assert.deepEqual(reader.lost(), []);
    assert.ok(!('away' in (reader.checkpoint ?? {})));
  });

  it('asks again for what was not delivered, however far it has come by then', async () => {
    const tracker = new Tracker();
    const reader = new Reader(tracker);
    tracker.touch('1');
    tracker.touch('2');
    tracker.poisoned.add('1');
    tracker.now += MINUTE;
    await reader.poll();
    assert.deepEqual(reader.checkpoint?.owed, ['1']);
    tracker.now += 24 * 60 * MINUTE;
    tracker.touch('2');
    tracker.now += MINUTE;
    await reader.poll();
    tracker.poisoned.clear();
    await reader.poll();
    assert.deepEqual(reader.lost(), []);
    assert.ok(!('owed' in (reader.checkpoint ?? {})));
  });

  it('does not take one that was not delivered for long, and is older than the rest by now, for a restored backup', async () => {
    const tracker = new Tracker();
    const reader = new Reader(tracker);
    tracker.touch('1');
    tracker.poisoned.add('1');
    tracker.now += 60 * MINUTE;
    tracker.touch('2');
    tracker.now += 60 * MINUTE;
    for (let polls = 0; polls < 3; polls += 1) await reader.poll();
    tracker.poisoned.clear();
    for (let polls = 0; polls < 3; polls += 1) await reader.poll();
    tracker.rows.delete('2');
    await reader.poll();
    assert.deepEqual(reader.lost(), []);
  });

  it('takes a position that is damaged for no beginning', async () => {
    const reader = new Reader(new Tracker());
    reader.checkpoint = { from: 'yesterday' };
    assert.match((await failure(reader.poll())).message, /position of this poller is damaged \(from/);
  });
});

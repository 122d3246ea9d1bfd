/** Lists in which one row that cannot be shown breaks every page: the others come, and that one is named by counting. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Narrowing, ShownLists } from '../../../lib/connectors/kit/overlap/unshown';
import { SyncError } from '../../../lib/model/errors';
import { broken } from './fake-tracker';

interface Row {
  id: string;
  at: string;
}

const PAGE = 10;
const START = Date.parse('2026-01-01T00:00:00Z');
const timeOf = (second: number): string => `${new Date(START + second * 1000).toISOString().slice(0, 19)}Z`;

/** A list over rows; a page that holds a poisoned one, or more than `most` rows, is an error. */
class Server {
  readonly rows: Row[] = [];
  readonly poisoned = new Set<string>();
  most = PAGE;
  down = false;
  asked = 0;

  constructor(seconds: readonly number[]) {
    for (const [index, second] of seconds.entries()) this.rows.push({ id: String(index + 1), at: timeOf(second) });
  }

  private matching(where: readonly Narrowing[]): Row[] {
    this.asked += 1;
    if (this.down) throw broken();
    const fits = ({ id, at }: Row) =>
      where.every(({ from, until, ids }) => {
        if (from !== undefined && at < from) return false;
        if (until !== undefined && at > until) return false;
        if (ids === undefined) return true;
        if (!('low' in ids)) return ids.includes(id);
        return Number(id) >= ids.low && Number(id) <= (ids.high ?? Number.POSITIVE_INFINITY);
      });
    return this.rows.filter(fits);
  }

  lists(): ShownLists<Row, Narrowing[], 'asc' | 'desc'> {
    return new ShownLists({
      ...{ product: 'The server', things: 'rows', page: PAGE },
      ...{ oldestFirst: 'asc' as const, newestFirst: 'desc' as const },
      key: ({ id, at }) => ({ id, at, version: at }),
      narrow: (where, by) => [...where, by],
      rows: async (where, sort, offset, limit) => {
        const all = this.matching(where);
        all.sort(
          (a, b) => (sort === 'asc' ? 1 : -1) * (Date.parse(a.at) - Date.parse(b.at) || Number(a.id) - Number(b.id)),
        );
        const rows = all.slice(offset, offset + limit);
        if (rows.some(({ id }) => this.poisoned.has(id))) throw broken();
        if (rows.length > this.most) throw new SyncError('fatal', 'too large', { tooLarge: true });
        return { rows, total: all.length };
      },
      count: async (where) => ({ rows: [], total: this.matching(where).length }),
    });
  }
}

describe('connector kit: lists with rows that cannot be shown', () => {
  it('bring every row that can be shown, and name the others, wherever they stand', async () => {
    const seconds = fc.array(fc.nat(6), { minLength: 1, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(
        seconds,
        fc.array(fc.nat(13), { maxLength: 3 }),
        fc.integer({ min: 1, max: PAGE }),
        async (at, poison, size) => {
          const server = new Server(at);
          for (const index of poison) {
            const row = server.rows[index];
            if (row) server.poisoned.add(row.id);
          }
          const shown: string[] = [];
          const named = new Set<string>();
          try {
            for (let offset = 0, known: string[] = []; ; ) {
              const page = await server.lists().stretch([], undefined, offset, size, known);
              shown.push(...page.rows.map(({ id }) => id));
              for (const id of page.unshown) named.add(id);
              known = [...named];
              offset += page.taken;
              if (offset >= page.total || page.taken === 0) break;
            }
          } catch (thrown) {
            // nothing can be shown at all: that is a server in trouble
            if (server.poisoned.size < server.rows.length && size > 1) throw thrown;
            return;
          }
          const expected = server.rows.map(({ id }) => id).filter((id) => !server.poisoned.has(id));
          assert.deepEqual([...new Set(shown)].sort(), expected.sort());
          for (const id of server.poisoned) assert.ok(named.has(id), `row ${id} is named`);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('cost one request where all can be shown', async () => {
    const server = new Server([1, 2, 3]);
    assert.equal((await server.lists().stretch([], timeOf(2), 0, PAGE, [])).rows.length, 2);
    assert.equal(server.asked, 1);
  });

  it('ask for fewer rows where an answer of so many is too large', async () => {
    const server = new Server([1, 2, 3, 4, 5, 6, 7, 8]);
    server.most = 3;
    const { rows, taken } = await server.lists().stretch([], undefined, 0, 8, []);
    assert.deepEqual([rows.length, taken], [2, 2]);
  });

  it('show the newest that can be shown, and tell of a page what went wrong with the others', async () => {
    const server = new Server([1, 2, 3, 4, 5]);
    server.poisoned.add('5');
    assert.deepEqual(
      (await server.lists().newest([], 2)).map(({ id }) => id),
      ['4', '3'],
    );
    const { rows, failed, taken } = await server.lists().page([], 'asc', 2, 3);
    assert.deepEqual([rows.map(({ id }) => id), failed.length, taken], [['3', '4'], 1, 3]);
    assert.equal(await server.lists().count([], timeOf(3)), 3);
  });

  it('blame no row where the server is in trouble', async () => {
    const server = new Server([1, 2, 3]);
    server.down = true;
    await assert.rejects(server.lists().stretch([], undefined, 0, PAGE, []), /cannot be shown/);
    await assert.rejects(server.lists().newest([], 2), /cannot be shown/);
  });
});

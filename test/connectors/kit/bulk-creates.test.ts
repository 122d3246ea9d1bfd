/** Creates that go several in a request: what each becomes, and what a new entity still lacks. */

import assert from 'node:assert/strict';
import type { WriteOperation } from '../../../lib/connectors/connector';
import { type BulkCreates, writeEach } from '../../../lib/connectors/kit/writes';
import { isWholeBatch } from '../../../lib/connectors/whole-batch';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { Fields } from '../../../lib/model/values';

const create = (title: string): WriteOperation => ({ kind: 'create', project: 'p', type: 't', fields: { title } });
const entity = (id: string, title: string): Entity => ({
  ...{ id, key: id, type: 't', project: 'p', version: 'v', updatedAt: '2026-01-01T00:00:00Z', fields: { title } },
});

/** Makes ids of titles; what the parts do is for each test to say. */
function write(titles: string[], bulk: Partial<BulkCreates<Fields, Entity>> = {}) {
  const kept: string[] = [];
  const updated: string[] = [];
  const results = writeEach<Fields>(
    {
      ...{ product: 'The system', thing: 'Thing ', concurrency: 2 },
      prepare: async ({ fields }) => ({ request: fields, expected: fields }),
      send: async (operation) => {
        assert.equal(operation.kind, 'update');
        updated.push('an update');
        return { id: 'old' };
      },
      describe: async (shown) => shown,
      readBack: async (ids) => ids.map((id) => entity(id, id.replace('id of ', ''))),
      keep: ({ id }) => kept.push(id),
      bulk: {
        most: 2,
        create: async (some) => some.map(({ request }) => `id of ${request.title}`),
        created: async () => undefined,
        complete: async (id) => ({ id }),
        ...bulk,
      },
    },
    [...titles.map(create), { kind: 'update', id: 'old', fields: {} }],
  );
  return { results, kept, updated };
}

describe('connector kit: creates in one request', () => {
  it('answer for each, with what it shows when it is read back', async () => {
    const sizes: number[] = [];
    const { results, kept } = write(['a', 'b', 'c'], {
      create: async (some) => {
        sizes.push(some.length);
        return some.map(({ request }) => `id of ${request.title}`);
      },
    });
    assert.deepEqual(
      (await results).map((one) => one.ok && one.entity.id),
      ['id of a', 'id of b', 'id of c', 'old'],
    );
    assert.deepEqual(sizes, [2, 1]);
    assert.equal(kept.length, 4);
  });

  it('blame a refused one alone, and complete the others', async () => {
    const completed: string[] = [];
    const { results } = write(['a', 'b'], {
      create: async ([first, second]) => [
        `id of ${first?.request.title}`,
        new SyncError('invalid', `${second?.request.title} is refused`),
      ],
      complete: async (id) => {
        completed.push(id);
        return { id };
      },
    });
    const [a, b] = await results;
    assert.ok(a?.ok && b && !b.ok);
    assert.match(b.error.message, /b is refused/);
    assert.ok(!isWholeBatch(b.error));
    assert.deepEqual(completed, ['id of a']);
  });

  it('blame nobody where the request fails as a whole; what follows goes out', async () => {
    let requests = 0;
    const { results } = write(['a', 'b', 'c'], {
      create: async (some) => {
        requests += 1;
        if (requests === 1) throw new SyncError('transient', 'broken', { uncertain: true });
        return some.map(({ request }) => `id of ${request.title}`);
      },
    });
    const [a, b, c] = await results;
    for (const one of [a, b]) assert.ok(one && !one.ok && isWholeBatch(one.error) && one.error.detail.uncertain);
    assert.ok(c?.ok);
  });

  it('end where the account is refused: nothing more is sent, and of those nothing is uncertain', async () => {
    let requests = 0;
    const { results, updated } = write(['a', 'b', 'c'], {
      create: async () => {
        requests += 1;
        throw new SyncError('auth', 'who are you', { uncertain: true });
      },
    });
    const [, , c, last] = await results;
    assert.deepEqual([requests, updated], [1, []]);
    for (const one of [c, last]) assert.ok(one && !one.ok && one.error.kind === 'auth' && !one.error.detail.uncertain);
  });

  it('are there although what they lack cannot be written: that is theirs alone, and reported', async () => {
    const { results } = write(['a', 'b'], {
      complete: async (id) => {
        if (id === 'id of a') throw new SyncError('transient', 'half done', { uncertain: true });
        return { id, ignored: { colour: 'no such colour' } };
      },
    });
    const [a, b] = await results;
    assert.ok(a && !a.ok && a.error.detail.uncertain);
    assert.deepEqual(b?.ok && b.ignored, { colour: 'no such colour' });
  });
});

/** People are matched exactly; revisions are joined and sorted; what is remembered is bounded. */

import assert from 'node:assert/strict';
import { joined, MOST_REVISIONS, newestFirst, revisionOf } from '../../../lib/connectors/kit/history';
import { Cache } from '../../../lib/connectors/kit/metadata';
import { matchesQuery, userOfValue, whoIsMeant } from '../../../lib/connectors/kit/people';
import { OwnWrites, Recent } from '../../../lib/connectors/kit/recent';
import type { Entity } from '../../../lib/model/entity';
import type { UserValue } from '../../../lib/model/values';

describe('connector kit: people', () => {
  const alice: UserValue = { id: '1', name: 'Alice Adams', login: 'alice', email: 'Alice@Example.com' };

  it('match in whatever case, exactly or not at all, but for a search', () => {
    assert.ok(matchesQuery(alice, { email: ' alice@example.COM ' }));
    assert.ok(matchesQuery(alice, { login: 'ALICE' }) && matchesQuery(alice, { name: 'alice adams' }));
    assert.ok(!matchesQuery(alice, { email: 'lice@example.com' }) && !matchesQuery(alice, { name: 'Alice' }));
    assert.ok(
      matchesQuery(alice, { search: 'ADAM' }) && matchesQuery(alice, {}) && !matchesQuery(alice, { search: 'bob' }),
    );
    assert.ok(!matchesQuery({ name: 'X' }, { email: '' }), 'a person without an address has none');
  });

  it('are found by what they sign in with, where that is an address', () => {
    const bob = { login: 'bob@example.com' };
    assert.ok(!matchesQuery(bob, { email: 'bob@example.com' }));
    assert.ok(matchesQuery(bob, { email: 'bob@example.com' }, { signInByEmail: true }));
  });

  it('are looked for by address, then login, then name, until somebody is found', async () => {
    const asked: object[] = [];
    const { found, by } = await whoIsMeant(alice, async (query) => {
      asked.push(query);
      return query.login ? [alice] : [];
    });
    assert.deepEqual(
      [found, by, asked],
      [[alice], { login: 'alice' }, [{ email: 'Alice@Example.com' }, { login: 'alice' }]],
    );
    assert.deepEqual(await whoIsMeant({}, async () => assert.fail('nothing to ask for')), { found: [], by: undefined });
  });

  it('of another system are read without trust', () => {
    assert.deepEqual(userOfValue('Bob'), { name: 'Bob' });
    assert.deepEqual(userOfValue({ id: 7, name: 'Bob', login: '', email: null }), { name: 'Bob' });
    for (const odd of [null, undefined, 3, ['a']]) assert.deepEqual(userOfValue(odd), {});
  });
});

describe('connector kit: history', () => {
  it('joins the changes of one field, and leaves out what changed none', () => {
    const entry = { id: '5', at: '2026-01-01T00:00:00Z' };
    const changes = [
      { field: 'tags', old: null, new: 'a' },
      { field: 'tags', old: 'b', new: null },
      { field: 'title', old: 'x', new: 'y' },
    ];
    const [revision] = revisionOf({ ...entry, changes });
    assert.deepEqual(revision?.fields, { tags: { old: ['b'], new: ['a'] }, title: { old: 'x', new: 'y' } });
    assert.deepEqual(revisionOf({ ...entry, changes: [] }), []);
    assert.deepEqual(revisionOf({ id: '5', at: undefined, changes }), []);
    assert.equal(joined(null, null), null);
  });

  it('shows the newest first, by id within one time, and no more than a hundred', () => {
    const at = '2026-01-01T00:00:00Z';
    const entries = [
      { id: '9', at },
      { id: '10', at },
      { id: '2', at: '2026-01-02T00:00:00Z' },
    ];
    assert.deepEqual(
      newestFirst(entries).map(({ id }) => id),
      ['2', '10', '9'],
    );
    const many = Array.from({ length: 300 }, (_, id) => ({ id: String(id), at }));
    assert.equal(newestFirst(many).length, MOST_REVISIONS);
    assert.equal(newestFirst(many)[0]?.id, '299');
  });
});

describe('connector kit: what is remembered', () => {
  const entity = (title: string): Entity => ({
    ...{
      id: '1',
      key: '1',
      type: 't',
      project: 'p',
      version: 'v',
      updatedAt: '2026-01-01T00:00:00Z',
      fields: { title },
    },
  });

  it('of entities are the newest', () => {
    const recent = new Recent<string, number>(2, [
      ['a', 1],
      ['b', 2],
    ]);
    recent.set('a', 3);
    recent.set('c', 4);
    assert.deepEqual(
      [...recent],
      [
        ['a', 3],
        ['c', 4],
      ],
    );
    assert.deepEqual([recent.last(), recent.size, recent.get('b')], [['c', 4], 2, undefined]);
  });

  it('of own writes is given once, and not at all where it is large', () => {
    const own = new OwnWrites(10, 300);
    own.keep('1@2', entity('small'));
    own.keep('2@1', entity('x'.repeat(300)));
    assert.deepEqual(own.take('1@2'), { entity: entity('small'), isExact: true });
    assert.deepEqual([own.take('1@2'), own.take('2@1')], [undefined, undefined]);
  });

  it('of the structure has an age, is asked for once by many, and not kept where it failed', async () => {
    let asked = 0;
    const cache = new Cache<number>(60_000);
    const load = async () => ++asked;
    assert.deepEqual(await Promise.all([cache.remember('a', load), cache.remember('a', load)]), [1, 1]);
    assert.equal(await cache.within('a', 0, load), 2);
    assert.equal(await cache.remember('a', load), 2);
    await assert.rejects(cache.within('a', 0, () => Promise.reject(new Error('down'))));
    assert.equal(await cache.remember('a', load), 3);
  });
});

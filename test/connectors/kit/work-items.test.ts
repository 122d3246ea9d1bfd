import assert from 'node:assert/strict';
import { perItem, readPatterns, wholeOf } from '../../../lib/connectors/kit/work-items';
import type { Entity } from '../../../lib/model/entity';

const find = readPatterns('#{number}, {key}-{number}');

describe('Work items in messages', () => {
  for (const [message, found] of [
    ['Fixes #1', ['1 fixes']],
    ['fixed: #1', ['1 fixes']],
    ['Closes #1, #2 and DEMO-3', ['1 closes', '2 closes', 'DEMO-3 closes']],
    ['Resolved DEMO-3; see #4', ['DEMO-3 resolves', '4']],
    ['See #1. Fixes #1', ['1 fixes']],
    ['Prefixes #1', ['1']],
    ['Does not fix the door of #1', ['1']],
    ['fixes\n\n#1', ['1 fixes']],
    ['constructor #1, toString #2', ['1', '2']],
    ['nothing', []],
  ] as const) {
    it(`${JSON.stringify(message)} names ${found.join(', ') || 'none'}`, () => {
      const shown = find(message).map(({ id, keyword }) => (keyword ? `${id} ${keyword}` : id));
      assert.deepEqual(shown, found);
    });
  }

  it('a pattern may contain the closing word', () => {
    assert.deepEqual(readPatterns('Fixes {number}')('Fixes 3, fixes 4, Fixes 5'), [
      { id: '3', keyword: 'fixes' },
      { id: '5', keyword: 'fixes' },
    ]);
  });

  it('at most a hundred are named, and a long message costs no time', () => {
    const start = performance.now();
    assert.equal(find(Array.from({ length: 50_000 }, (_, n) => `fixes #${n}`).join(' ')).length, 100);
    find('fix '.repeat(25_000));
    assert.ok(performance.now() - start < 2_000);
  });

  it('an entity is read once for each, by an id that leads back to it', () => {
    const commit: Entity = {
      ...{ id: 'demo:abc', key: 'abc', type: 'commit', project: 'demo', version: 'abc' },
      ...{ updatedAt: '2026-12-01T00:00:00.000Z', fields: { summary: 'Fixes #1, see #2' } },
    };
    const [one, two] = perItem(commit, find('Fixes #1. See #2'), 'commit-item');
    assert.deepEqual(one?.fields, {
      summary: 'Fixes #1, see #2',
      workItem: '1',
      keyword: { id: 'fixes', name: 'fixes' },
    });
    assert.deepEqual([two?.type, two?.fields.workItem, two?.fields.keyword], ['commit-item', '2', null]);
    assert.notEqual(one?.id, two?.id);
    assert.deepEqual(
      [wholeOf(one?.id ?? ''), wholeOf(two?.id ?? ''), wholeOf('demo:abc')],
      ['demo:abc', 'demo:abc', undefined],
    );
  });
});

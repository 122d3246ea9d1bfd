import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pairChanges, reviewDefaults, reviewFields, reviewValues } from '../../../lib/mapping/exchange';
import type { FieldRow, ValueRow } from '../../../lib/model';
import { field, row } from '../helper';
import { anyMapping } from './arbitrary';

const [a, b, c] = ['A', 'B', 'C'].map((name) => field(name, 'text'));
const x = field('X', 'text');

describe('mapping/exchange: what an import would change', () => {
  const present: FieldRow[] = [row(a, x), row(b, x, { direction: 'forward' }), row(b, x, { direction: 'backward' })];
  const incoming: FieldRow[] = [row(c, x), row(b, x, { direction: 'backward', conflict: 'park' }), row(a, x)];

  it('is shown row by row, and depends on whether the present rows stay', () => {
    const merged = reviewFields(present, incoming, 'merge');
    assert.deepEqual(merged.rows, [present[0], present[1], incoming[1], incoming[0]]);
    assert.deepEqual([merged.added, merged.removed, merged.same], [[incoming[0]], [], 2]);
    assert.deepEqual(merged.changed, [{ before: present[2], after: incoming[1] }]);
    const replaced = reviewFields(present, incoming, 'replace');
    assert.deepEqual(replaced.rows, incoming);
    assert.deepEqual([replaced.added.length, replaced.changed.length, replaced.same], [1, 1, 1]);
    assert.deepEqual(replaced.removed, [present[1]]);
  });

  it('is nothing where a mapping is imported into itself', () => {
    fc.assert(
      fc.property(
        anyMapping,
        fc.constantFrom('merge' as const, 'replace' as const),
        ({ fields = [], values = [] }, mode) => {
          const [one, two] = [reviewFields(fields, fields, mode), reviewValues(values, values, mode)];
          assert.deepEqual([one.rows, two.rows], [fields, values]);
          for (const { added, changed, removed } of [one, two])
            assert.deepEqual([added.length, changed.length, removed.length], [0, 0, 0]);
        },
      ),
    );
  });

  it('puts the pairs of a table together, the new ones in front, since the first one counts', () => {
    const pair = (one: string, two: string, id?: string) => ({
      ...{ one: { ...(id && { id }), name: one }, two: { name: two } },
      direction: 'both' as const,
    });
    const table = (...pairs: ValueRow['pairs']): ValueRow => ({
      one: field('P', 'lookup'),
      two: field('S', 'lookup'),
      pairs,
    });
    const before = table(pair('High', '1', '3'), pair('Low', '3'));
    const { rows, changed } = reviewValues([before], [table(pair('High', '2'), pair('High', '1'))], 'merge');
    assert.deepEqual(
      rows[0]?.pairs.map(({ one, two }) => [one.name, two.name]),
      [
        ['High', '2'],
        ['High', '1'],
        ['Low', '3'],
      ],
    );
    const { added, removed } = pairChanges(before, changed[0]?.after ?? before);
    assert.deepEqual([added.length, removed.length], [1, 0]);
  });

  it('knows a default by side and field', () => {
    const rows = reviewDefaults(
      [{ field: x, side: 1, value: 'old' }],
      [
        { field: x, side: 1, value: 'new' },
        { field: x, side: 2 },
      ],
      'merge',
    );
    assert.deepEqual([rows.changed.length, rows.added.length], [1, 1]);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  mappedFieldsOf,
  readConditions,
  readDefaultRows,
  readFieldRows,
  readPairs,
  readValueRows,
  relevantFields,
  withMappedFields,
} from '../../lib/mapping';
import { type FieldRow, SyncError, type SyncMessage } from '../../lib/model';
import { field, row } from './helper';

describe('mapping/saved: rows of a saved flow', () => {
  const one = field('Labels', 'text', { multi: true, maxLength: 255 });
  const two = field('Size', 'number', { integer: true });
  const body = field('Body', 'richtext', { format: 'html' });

  it('come back as they were saved', () => {
    const rows: FieldRow[] = [
      { one, two, direction: 'forward', syncWhen: 'create', applyWhen: 'always', conflict: 'park' },
      { two: body, direction: 'forward', constant: { format: 'text', content: 'x' } },
    ];
    assert.deepEqual(readFieldRows(JSON.parse(JSON.stringify(rows))), rows);
    const values = [
      {
        one,
        two,
        pairs: [{ one: { name: 'S' }, two: { id: '1', name: '1' }, direction: 'both' }],
        ignoreCase: false,
        sameName: true,
      },
    ];
    assert.deepEqual(readValueRows(JSON.parse(JSON.stringify(values))), values);
    const defaults = [{ field: two, side: 1, value: 0, unresolved: 'park' }];
    assert.deepEqual(readDefaultRows(JSON.parse(JSON.stringify(defaults))), defaults);
    const conditions = [
      { field: one, operator: 'oneOf', value: ['a', 'b'] },
      {
        mode: 'none',
        conditions: [
          { field: two, operator: 'changed', of: 'linked' },
          { mode: 'any', conditions: [] },
        ],
      },
    ];
    assert.deepEqual(readConditions(JSON.parse(JSON.stringify(conditions))), conditions);
  });

  it('lose what has the wrong shape, and get defaults for what is missing', () => {
    assert.deepEqual(readFieldRows([null, 7, {}, { one: {} }, { one: { id: 'a' }, direction: 'sideways' }]), [
      { one: { id: 'a', name: 'a', type: 'text' }, direction: 'both' },
    ]);
    assert.deepEqual(readValueRows([{ one, two }]), [{ one, two, pairs: [], ignoreCase: true, sameName: true }]);
    assert.deepEqual(readConditions([{ field: one, operator: 'less' }]), [{ field: one, operator: 'is' }]);
    const deep = (depth: number): unknown => ({ mode: 'all', conditions: depth === 0 ? [] : [deep(depth - 1)] });
    assert.equal(JSON.stringify(readConditions([deep(50)])).match(/mode/g)?.length, 8);
    assert.equal(readPairs(undefined), 'all');
    assert.deepEqual(readPairs(['bug', 3]), ['bug']);
  });

  it('never make a reader throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (saved) => {
        for (const read of [readFieldRows, readValueRows, readDefaultRows, readConditions]) {
          assert.equal(Array.isArray(read(saved)), true);
          read([saved]);
        }
      }),
    );
  });
});

describe('mapping/relevant: source fields that a mapper reads', () => {
  it('are those of rows that apply in the direction and have a target', () => {
    const rows = [
      row(field('A', 'text'), field('B', 'text')),
      row(field('C', 'text'), field('D', 'text'), { direction: 'backward' }),
      row(field('E', 'text'), undefined, { direction: 'forward' }),
    ];
    const relevant = relevantFields(rows);
    assert.deepEqual([...relevant[1].fields], ['a']);
    assert.deepEqual([...relevant[2].fields], ['b', 'd']);
    assert.equal(relevant[1].always, false);
  });

  it('are all fields where a constant is written at every change', () => {
    const relevant = relevantFields([
      row(undefined, field('B', 'text'), { direction: 'forward', constant: 'x', applyWhen: 'always' }),
    ]);
    assert.deepEqual([relevant[1].always, relevant[2].always], [true, false]);
  });
});

describe('mapping/message', () => {
  const entity = { id: '1', key: 'A-1', type: 'Bug', project: 'A', updatedAt: '2024-05-01T10:00:00Z' };
  const message: SyncMessage = {
    topic: 't',
    payload: { b: 1 },
    sync: {
      ...{ integration: 'i', direction: 'forward', event: '1.1', kind: 'update', entity, changed: ['a'], pair: 'p' },
      target: { type: 'Bug', project: 'B' },
    },
  };

  it('keeps what other nodes have added, and forgets what is resolved', () => {
    const before = {
      ...message,
      mine: true,
      sync: { ...message.sync, mapped: {}, unresolved: { b: { reason: 'r', value: 1 } } },
    };
    const after = withMappedFields(before, { fields: { b: 2 }, mapped: { b: { from: ['a'] } }, unresolved: {} });
    assert.equal(after.mine, true);
    assert.equal('unresolved' in after.sync, false);
    assert.deepEqual(mappedFieldsOf(after, 'value mapper').fields, { b: 2 });
  });

  it('that no field mapper has mapped is refused', () => {
    assert.throws(
      () => mappedFieldsOf(message, 'value mapper'),
      (error) => error instanceof SyncError && error.kind === 'fatal',
    );
  });
});

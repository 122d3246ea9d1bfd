import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Condition, matches, needsValue, type Operator, operatorsFor } from '../../lib/mapping';
import type { Fields, FieldType, Value } from '../../lib/model';
import { anyValue } from './arbitrary';
import { field } from './helper';

const test = (
  type: FieldType,
  operator: Operator,
  value: Value | undefined,
  actual: Value | undefined,
  changed: string[] = [],
) => matches([{ field: field('F', type), operator, value }], 'all', actual === undefined ? {} : { f: actual }, changed);

describe('mapping/conditions', () => {
  it('compares list entries by id, else by name', () => {
    assert.equal(test('lookup', 'is', { id: '1', name: 'New' }, { id: '1', name: 'Neu' }), true);
    assert.equal(test('lookup', 'is', { name: 'new' }, { id: '1', name: 'New' }), true);
    assert.equal(test('lookup', 'isNot', { id: '2', name: 'Done' }, { id: '1', name: 'New' }), true);
    assert.equal(test('lookup', 'oneOf', [{ name: 'New' }, { name: 'Open' }], { id: '1', name: 'Open' }), true);
    assert.equal(test('lookup', 'oneOf', [{ name: 'New' }], { name: 'Done' }), false);
  });

  it('meets "is" by one of several values and "is not" by none', () => {
    const labels = ['ui', 'db'];
    assert.equal(test('text', 'is', 'db', labels), true);
    assert.equal(test('text', 'isNot', 'db', labels), false);
    assert.equal(test('text', 'isNot', 'net', labels), true);
  });

  it('looks into texts, whatever the case unless told otherwise', () => {
    assert.equal(test('text', 'contains', 'LOGIN', 'The login fails'), true);
    assert.equal(test('text', 'startsWith', 'the', 'The login fails'), true);
    assert.equal(test('richtext', 'contains', 'b', { format: 'text', content: 'abc' }), true);
    assert.equal(test('user', 'contains', 'example.org', { name: 'Ann', email: 'ann@example.org' }), true);
    const exact: Condition[] = [{ field: field('F', 'text'), operator: 'contains', value: 'LOGIN' }];
    assert.equal(matches(exact, 'all', { f: 'login' }, [], { matchCase: true }), false);
  });

  it('compares times as times and numbers as numbers', () => {
    assert.equal(test('datetime', 'less', '2024-03-01T12:00:00Z', '2024-03-01T12:30:00+01:00'), true);
    assert.equal(test('date', 'atLeast', '2024-03-01', '2024-03-01'), true);
    assert.equal(test('date', 'greater', '2024-03-01', '2024-03-01'), false);
    assert.equal(test('datetime', 'is', '2024-03-01', '2024-03-01T15:00:00.000Z'), true);
    assert.equal(test('number', 'greater', 9, 10), true);
    assert.equal(test('number', 'atMost', 9, 10), false);
    assert.equal(test('number', 'less', 9, null), false);
  });

  it('tells empty from not empty; a missing field is empty', () => {
    assert.equal(test('text', 'isEmpty', undefined, undefined), true);
    assert.equal(test('text', 'isEmpty', undefined, []), true);
    assert.equal(test('boolean', 'isNotEmpty', undefined, false), true);
  });

  it('knows what changed', () => {
    assert.equal(test('text', 'changed', undefined, 'a', ['f']), true);
    assert.equal(test('text', 'changed', undefined, 'a', ['g']), false);
  });

  it('wants all or any of the conditions; none let everything through', () => {
    const conditions: Condition[] = [
      { field: field('A', 'text'), operator: 'is', value: 'x' },
      { field: field('B', 'text'), operator: 'is', value: 'y' },
    ];
    const payload: Fields = { a: 'x', b: 'z' };
    assert.equal(matches(conditions, 'all', payload, []), false);
    assert.equal(matches(conditions, 'any', payload, []), true);
    assert.equal(matches([], 'all', payload, []), true);
    assert.equal(matches([], 'any', payload, []), true);
  });

  it('offers operators for every type and never throws, whatever the payload', () => {
    const types: FieldType[] = [
      'text',
      'richtext',
      'number',
      'boolean',
      'date',
      'datetime',
      'duration',
      'lookup',
      'user',
      'reference',
      'url',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.oneof(fc.jsonValue(), anyValue), anyValue, (type, actual, value) => {
        for (const operator of operatorsFor(type)) {
          const result = test(type, operator, needsValue(operator) ? value : undefined, actual as Value);
          assert.equal(typeof result, 'boolean');
        }
        assert.notEqual(test(type, 'is', value, actual as Value), test(type, 'isNot', value, actual as Value));
      }),
    );
  });
});

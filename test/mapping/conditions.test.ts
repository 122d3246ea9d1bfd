import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type Condition,
  type ConditionGroup,
  type Facts,
  isComplete,
  matches,
  needsValue,
  type Operator,
  operatorsFor,
} from '../../lib/mapping';
import { explain, explainedIn, reasonOf } from '../../lib/mapping/explain-conditions';
import type { Fields, FieldType, Value } from '../../lib/model';
import { anyValue } from './arbitrary';
import { field } from './helper';

const test = (
  type: FieldType,
  operator: Operator,
  value: Value | undefined,
  actual: Value | undefined,
  changed: string[] = [],
) =>
  matches(
    { mode: 'all', conditions: [{ field: field('F', type), operator, value }] },
    { item: { fields: actual === undefined ? {} : { f: actual }, changed } },
  );

const facts = (fields: Fields, changed: string[] = []): Facts => ({ item: { fields, changed } });

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

  it('looks into texts, whatever the case unless set otherwise', () => {
    assert.equal(test('text', 'contains', 'LOGIN', 'The login fails'), true);
    assert.equal(test('text', 'startsWith', 'the', 'The login fails'), true);
    assert.equal(test('richtext', 'contains', 'b', { format: 'text', content: 'abc' }), true);
    assert.equal(test('user', 'contains', 'example.org', { name: 'Ann', email: 'ann@example.org' }), true);
    const exact: Condition[] = [{ field: field('F', 'text'), operator: 'contains', value: 'LOGIN' }];
    assert.equal(matches({ mode: 'all', conditions: exact }, facts({ f: 'login' }), { matchCase: true }), false);
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

  it('distinguishes empty and not empty; a missing field is empty', () => {
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
    assert.equal(matches({ mode: 'all', conditions }, facts(payload)), false);
    assert.equal(matches({ mode: 'any', conditions }, facts(payload)), true);
    assert.equal(matches({ mode: 'none', conditions }, facts(payload)), false);
    assert.equal(matches({ mode: 'none', conditions }, facts({ a: 'z' })), true);
    for (const mode of ['all', 'any', 'none'] as const)
      assert.equal(matches({ mode, conditions: [] }, facts(payload)), true);
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
        for (const [operator, opposite] of OPPOSITES) {
          assert.notEqual(test(type, operator, value, actual as Value), test(type, opposite, value, actual as Value));
        }
      }),
    );
  });

  it('knows what a field was when last in sync, and the fields of the linked item', () => {
    const state = (more: Partial<Condition>): ConditionGroup => ({
      mode: 'all',
      conditions: [{ field: field('State', 'lookup'), operator: 'is', value: { name: 'Open' }, ...more }],
    });
    const item = { fields: { state: { name: 'Closed' } }, changed: ['state'], before: { state: { name: 'Open' } } };
    assert.equal(matches(state({ operator: 'was' }), { item }), true);
    assert.equal(matches(state({ operator: 'was', value: { name: 'Closed' } }), { item }), false);
    assert.equal(matches(state({ operator: 'was' }), { item: { ...item, before: undefined } }), false);
    const linked = { fields: { state: { name: 'Open' } }, changed: [], before: { state: { name: 'New' } } };
    assert.equal(matches(state({ of: 'linked' }), { item, linked }), true);
    assert.equal(matches(state({ of: 'linked', operator: 'was' }), { item, linked }), false);
    assert.equal(matches(state({ of: 'linked', operator: 'changed' }), { item, linked }), false);
    // without a linked item its fields are empty
    assert.equal(matches(state({ of: 'linked' }), { item }), false);
    assert.equal(matches(state({ of: 'linked', operator: 'isEmpty' }), { item }), true);
  });

  it('looks for a value that a list has not, and for text that is not there', () => {
    assert.equal(test('lookup', 'noneOf', [{ name: 'New' }, { name: 'Open' }], { name: 'Done' }), true);
    assert.equal(test('lookup', 'noneOf', [{ name: 'New' }, { name: 'Done' }], { name: 'done' }), false);
    assert.equal(test('text', 'noneOf', ['a', 'b'], ['b', 'c']), false);
    assert.equal(test('text', 'containsNot', 'internal', 'An Internal note'), false);
    assert.equal(test('text', 'containsNot', 'internal', undefined), true);
    assert.equal(test('richtext', 'containsNot', 'x', { format: 'text', content: 'abc' }), true);
  });

  it('say in words which condition is met, and why an item is left out', () => {
    const group: ConditionGroup = {
      mode: 'all',
      conditions: [
        { field: field('Summary', 'text'), operator: 'contains', value: 'login' },
        {
          mode: 'any',
          conditions: [
            { field: field('Priority', 'lookup'), operator: 'oneOf', value: [{ name: 'High' }, { name: 'Urgent' }] },
            { field: field('Labels', 'text'), operator: 'is', value: 'customer' },
          ],
        },
      ],
    };
    const explained = explain(group, facts({ summary: 'Login fails', priority: { name: 'Low' } }));
    assert.equal(explained.met, false);
    assert.deepEqual(
      explainedIn(explained).map(({ words }) => words),
      [
        'Summary contains "login": met, it is "Login fails"',
        'Priority is one of "High", "Urgent": not met, it is "Low"',
        'Labels is "customer": not met, it is empty',
      ],
    );
    assert.equal(
      reasonOf(explained),
      '(one of these must be met: Priority is one of "High", "Urgent": not met, it is "Low"; Labels is "customer": not met, it is empty)',
    );
    assert.equal(reasonOf(explain(group, facts({ summary: 'login', labels: ['customer'] }))), '');
    const none: ConditionGroup = { mode: 'none', conditions: group.conditions.slice(0, 1) };
    assert.equal(
      reasonOf(explain(none, facts({ summary: 'login' }))),
      'none of these may be met: Summary contains "login": met, it is "login"',
    );
  });

  it('are complete if each has its value, in groups as well', () => {
    const open: Condition = { field: field('A', 'text'), operator: 'is' };
    assert.equal(isComplete(open), false);
    assert.equal(isComplete({ ...open, operator: 'changed' }), true);
    assert.equal(isComplete({ mode: 'all', conditions: [{ mode: 'any', conditions: [open] }] }), false);
  });
});

const OPPOSITES: [Operator, Operator][] = [
  ['is', 'isNot'],
  ['oneOf', 'noneOf'],
  ['contains', 'containsNot'],
  ['isEmpty', 'isNotEmpty'],
];

describe('mapping/conditions: groups', () => {
  const condition: fc.Arbitrary<Condition> = fc.record({
    field: fc.constantFrom(field('A', 'text'), field('B', 'lookup'), field('C', 'number')),
    operator: fc.constantFrom<Operator>(
      'is',
      'isNot',
      'contains',
      'containsNot',
      'isEmpty',
      'changed',
      'was',
      'noneOf',
    ),
    value: fc.constantFrom<Value>('x', { name: 'x' }, 1, ['x', 'y']),
    of: fc.constantFrom(undefined, 'linked' as const),
  });
  const { group } = fc.letrec<{ group: ConditionGroup; rule: ConditionGroup | Condition }>((tie) => ({
    rule: fc.oneof({ depthSize: 'small' }, condition, tie('group')),
    group: fc.record({
      mode: fc.constantFrom('all', 'any', 'none'),
      conditions: fc.array(tie('rule'), { maxLength: 4 }),
    }),
  }));
  const fields = fc.dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.constantFrom<Value>(null, 'x', 'y', { name: 'x' }, 1),
  );
  const item = fc.record({
    fields,
    changed: fc.subarray(['a', 'b', 'c']),
    before: fc.option(fields, { nil: undefined }),
  });
  const known: fc.Arbitrary<Facts> = fc.record({ item, linked: fc.option(item, { nil: undefined }) });

  it('are explained as they are evaluated, and only what is not met has a reason', () => {
    fc.assert(
      fc.property(group, known, (rules, given) => {
        const explained = explain(rules, given);
        assert.equal(explained.met, matches(rules, given));
        assert.equal(reasonOf(explained) === '', explained.met);
      }),
    );
  });

  it('mean the same in any order, nested in a group of their own, and by De Morgan', () => {
    fc.assert(
      fc.property(group, known, (rules, given) => {
        const met = matches(rules, given);
        assert.equal(matches({ ...rules, conditions: [...rules.conditions].reverse() }, given), met);
        assert.equal(matches({ mode: 'all', conditions: [rules] }, given), met);
        assert.equal(matches({ mode: 'none', conditions: [rules] }, given), !met);
        if (rules.conditions.length === 0) return;
        const each = rules.conditions.map((rule): ConditionGroup => ({ mode: 'none', conditions: [rule] }));
        const any = matches({ mode: 'any', conditions: rules.conditions }, given);
        assert.equal(matches({ mode: 'none', conditions: rules.conditions }, given), !any);
        assert.equal(matches({ mode: 'all', conditions: each }, given), !any);
      }),
    );
  });
});

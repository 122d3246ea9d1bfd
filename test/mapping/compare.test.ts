import assert from 'node:assert/strict';
import fc from 'fast-check';
import { equalValues, normalise } from '../../lib/mapping/compare';
import type { FieldType, Value } from '../../lib/model';
import { anyValue } from './arbitrary';

const same = (a: Value | undefined, b: Value | undefined, type?: FieldType) =>
  assert.equal(equalValues(a, b, type) && equalValues(b, a, type), true, `${JSON.stringify(a)} = ${JSON.stringify(b)}`);
const differ = (a: Value | undefined, b: Value | undefined, type?: FieldType) =>
  assert.equal(
    equalValues(a, b, type) || equalValues(b, a, type),
    false,
    `${JSON.stringify(a)} ≠ ${JSON.stringify(b)}`,
  );

describe('mapping/compare: equal values', () => {
  it('takes every way of being empty as the same', () => {
    const empty: (Value | undefined)[] = [null, undefined, '', [], { format: 'html', content: ' \n' }];
    for (const a of empty) for (const b of empty) same(a, b);
    differ(null, 0);
    differ('', false);
  });

  it('forgives line ends and blanks around text, not inside it', () => {
    same('one\r\ntwo\r\n', 'one\ntwo');
    differ('one two', 'one  two');
    differ('Login fails', 'login fails');
  });

  it('forgives trailing blanks of rich text, but not a different markup or an indent', () => {
    same({ format: 'markdown', content: '# A  \r\n\r\nb\r\n\r\n' }, { format: 'markdown', content: '# A\n\nb' });
    differ({ format: 'markdown', content: 'a' }, { format: 'textile', content: 'a' });
    differ({ format: 'markdown', content: '    code' }, { format: 'markdown', content: 'code' });
    same('plain', { format: 'text', content: 'plain\n' }, 'richtext');
  });

  it('reads the Atlassian document format as JSON, whatever the order of its keys', () => {
    same(
      { format: 'adf', content: '{"type":"doc","version":1,"content":[]}' },
      { format: 'adf', content: '{ "version":1, "content":[], "type":"doc" }' },
    );
    differ({ format: 'adf', content: '{"type":"rule"}' }, { format: 'adf', content: '{"type":"mediaSingle"}' });
  });

  it('compares numbers with a tolerance and reads numeric text where the field is a number', () => {
    same(0.1 + 0.2, 0.3);
    same(1e15 + 0.25, 1e15);
    differ(1, 1.001);
    same('5', 5, 'number');
    differ('5', 5, 'text');
  });

  it('compares times as instants and dates as days', () => {
    same('2024-03-01T10:00:00Z', '2024-03-01T11:00:00.000+01:00', 'datetime');
    same('2024-03-01T10:00:00Z', '2024-03-01T10:00:00.000Z');
    differ('2024-03-01T10:00:00Z', '2024-03-01T10:00:01Z', 'datetime');
    same('2024-03-01', '2024-03-01T00:00:00Z', 'date');
  });

  it('compares people by e-mail, else id, else name', () => {
    same({ id: '1', email: 'Ann@Example.org' }, { id: '77', email: 'ann@example.org' }, 'user');
    differ({ id: '1', email: 'ann@example.org' }, { id: '1', email: 'bob@example.org' }, 'user');
    same({ id: '1', name: 'Ann' }, { id: '1', name: 'Ann Lee', email: 'ann@example.org' }, 'user');
    same({ name: 'Ann' }, { id: '1', name: 'Ann' }, 'user');
    differ({ email: 'ann@example.org' }, { name: 'Ann' }, 'user');
  });

  it('compares list entries by id where both have one, else by name without regard to case', () => {
    same({ id: '3', name: 'High' }, { id: '3', name: 'Hoch' }, 'lookup');
    differ({ id: '3', name: 'High' }, { id: '4', name: 'High' }, 'lookup');
    same({ name: 'high' }, { id: '4', name: 'High' }, 'lookup');
    same('High', { id: '4', name: 'High' }, 'lookup');
  });

  it('compares lists as sets', () => {
    same(['b', 'a', 'a'], ['a', 'b']);
    same(
      [{ name: 'UI' }, { id: '2', name: 'Core' }],
      [
        { id: '2', name: 'Kern' },
        { id: '1', name: 'ui' },
      ],
      'lookup',
    );
    differ([{ name: 'UI' }, { name: 'Core' }], [{ name: 'UI' }], 'lookup');
    same(['a'], 'a');
    differ(['a', 'b'], ['a']);
    differ(['a'], ['a', 'b']);
    same([2, 1], [1, 2]);
  });

  it('holds for any value with itself, in both orders, and with its own normal form', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        assert.equal(equalValues(a, structuredClone(a)), true);
        assert.equal(equalValues(a, b), equalValues(b, a));
        assert.equal(equalValues(a, normalise(a)), true);
        assert.deepEqual(normalise(normalise(a)), normalise(a));
      }),
    );
  });

  it('never throws, whatever JSON a system or a function node put there', () => {
    const types: (FieldType | undefined)[] = [
      undefined,
      'text',
      'richtext',
      'number',
      'date',
      'datetime',
      'lookup',
      'user',
    ];
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.constantFrom(...types), (a, b, type) => {
        equalValues(a as Value, b as Value, type);
      }),
    );
  });
});

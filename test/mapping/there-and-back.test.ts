/**
 * Every pair of field types: what goes over and comes back is the same, or the form has said before that it is not. And
 * nothing is lost on the way without a word.
 */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  compileDefaultRows,
  compileDomains,
  compileFieldRows,
  compileUserRows,
  compileValueRows,
  directoryOf,
  equalValues,
  readDefaultRows,
  resolveUsers,
  rowIssues,
} from '../../lib/mapping';
import type { FieldChoice, FieldRow, FieldType, SingleValue, Value, ValueRow } from '../../lib/model';
import { richTextConverter } from '../../lib/richtext';
import { anyLookup, anyUser } from './arbitrary';

const day = fc
  .date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2100-01-01') })
  .map((date) => date.toISOString());
const text = fc.string({ maxLength: 30 }).map((value) => `x${value}`);

/** Values as connectors give them, by type. */
const VALUES: Record<FieldType, fc.Arbitrary<SingleValue>> = {
  text,
  url: fc.constantFrom('https://a.example', 'http://b.example/c'),
  richtext: text.map((content) => ({ format: 'markdown' as const, content })),
  number: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
  boolean: fc.boolean(),
  date: day.map((time) => time.slice(0, 10)),
  datetime: day,
  duration: fc.integer({ min: 0, max: 1e8 }),
  lookup: anyLookup,
  user: anyUser,
  reference: fc.record({ id: text, key: text }),
};
const TYPES = Object.keys(VALUES) as FieldType[];

const anyField = (id: string): fc.Arbitrary<FieldChoice> =>
  fc
    .record({
      type: fc.constantFrom(...TYPES),
      multi: fc.boolean(),
      integer: fc.boolean(),
      maxLength: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
    })
    .map(({ type, multi, integer, maxLength }) => ({
      ...{ id, name: id, type },
      ...(multi && { multi }),
      ...(integer && type === 'number' && { integer }),
      ...(maxLength !== undefined && ['text', 'richtext'].includes(type) && { maxLength }),
      ...(type === 'richtext' && { format: 'markdown' as const }),
    }));

/** A value that the field can hold. */
const heldBy = (field: FieldChoice): fc.Arbitrary<Value> => {
  const { maxLength, integer } = field;
  const fits = (value: SingleValue): boolean => {
    const length =
      typeof value === 'string' ? value : typeof value === 'object' && 'content' in value ? value.content : '';
    return maxLength === undefined || length.length <= maxLength;
  };
  const single = VALUES[field.type]
    .filter(fits)
    .map((value) => (integer && typeof value === 'number' ? Math.round(value) : value));
  return field.multi ? fc.array(single, { minLength: 1, maxLength: 3 }) : single;
};

const anyCase = fc
  .tuple(anyField('one'), anyField('two'))
  .chain(([one, two]) => fc.tuple(fc.constant(one), fc.constant(two), heldBy(one)));

const options = { richText: richTextConverter };

describe('mapping: there and back, for every pair of types', () => {
  it('a value comes back as itself, or the form has said that it may not', () => {
    const silent = new Map<string, string>();
    const pairs = new Set<string>();
    fc.assert(
      fc.property(anyCase, ([one, two, value]) => {
        const row: FieldRow = { one, two, direction: 'both' };
        pairs.add(`${one.type} ${two.type}`);
        if (rowIssues(row, [row], {}).length > 0) return;
        const over = compileFieldRows([row], 'forward', options)({ one: value });
        const back = compileFieldRows([row], 'backward', options)(over.fields);
        const same = equalValues(value, back.fields.one, one.type);
        if (!same) {
          const kind = `${one.type}${one.multi ? '[]' : ''} → ${two.type}${two.multi ? '[]' : ''}`;
          silent.set(kind, JSON.stringify([value, over.fields.two, back.fields.one, one, two]));
        }
      }),
      { numRuns: 10_000 },
    );
    assert.equal(pairs.size, TYPES.length ** 2);
    assert.deepEqual(
      [...silent].map((entry) => entry.join(': ')),
      [],
    );
  });

  it('a text of blanks and separators is an empty list', () => {
    const row = (two: FieldChoice): FieldRow => ({
      one: { id: 'one', name: 'one', type: 'text' },
      two,
      direction: 'both',
    });
    for (const type of TYPES.filter((one) => one !== 'richtext'))
      for (const blank of [' ', ' , ', ','])
        assert.deepEqual(
          compileFieldRows([row({ id: 'two', name: 'two', type, multi: true })], 'forward', options)({ one: blank })
            .fields,
          { two: null },
        );
  });

  it('any JSON goes through all mappers without an exception: it comes across, or the reason is reported', async () => {
    const anyDefault = fc.record({
      side: fc.constant(2 as const),
      policy: fc.constantFrom('default', 'leave', 'park'),
    });
    const run = async (
      [one, two, _value]: [FieldChoice, FieldChoice, Value],
      json: unknown,
      chosen: { policy: string },
    ) => {
      const rows: FieldRow[] = [{ one, two, direction: 'both' }];
      const tables: ValueRow[] = [
        { one, two, pairs: [{ one: { id: '1', name: 'x' }, two: { id: '2', name: 'y' }, direction: 'both' }] },
      ];
      const defaults = readDefaultRows([{ field: two, side: 2, unresolved: chosen.policy, empty: chosen.policy }]);
      const mapped = compileFieldRows(rows, 'forward', options)({ one: json as Value });
      const valued = compileValueRows(tables, 'forward')(mapped);
      const rewrite = compileDomains([{ one: 'a.example', two: 'b.example', direction: 'both' }], 'forward');
      const find = directoryOf([{ id: '7', email: 'x@b.example' }]);
      const resolved = await resolveUsers(valued, compileUserRows(tables, 'forward'), find, undefined, rewrite);
      for (const kind of ['create', 'update'] as const) {
        const { fields, unresolved } = compileDefaultRows(defaults, 'forward')(resolved, kind);
        JSON.stringify([fields, unresolved]);
        const isTold = unresolved.two !== undefined && unresolved.two.reason !== '';
        const isLeft = kind === 'create' && chosen.policy === 'leave';
        assert.ok('two' in fields || isTold || isLeft, JSON.stringify([json, fields, unresolved]));
      }
    };
    await fc.assert(fc.asyncProperty(anyCase, fc.jsonValue(), anyDefault, run), { numRuns: 3_000 });
  });
});

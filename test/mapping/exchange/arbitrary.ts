/** Random mappings as forms save them: fields from one pool for each side, so that a field looks the same in every row. */

import fc from 'fast-check';
import type { MappingDocument } from '../../../lib/mapping/exchange';
import { readDefaultRows, readDomains, readFieldRows, readValueRows } from '../../../lib/mapping/saved';
import type { FieldChoice, FieldRow, Transform, ValueRow } from '../../../lib/model/config';
import type { Value } from '../../../lib/model/values';
import { anyValue } from '../arbitrary';

/** Texts that files are known to get wrong, among any others. */
const awkward = fc.constantFrom(
  ...['=1+1', '+5', '-3', '@sum', "'quoted", ' lead', 'trail ', 'a\r\nb', 'a\nb', '\t', '_x0041_', '_x000D_', '&amp;'],
  ...['json: 1', 'json:', 'High [3]', '[3]', 'a; b', 'yes', 'nein', '↔', 'template: x', '1,5', '00123', '1e3', 'TRUE'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '\ud800',
    '😀',
    '{{Summary}}',
    '<b>',
    '"',
    'ÄÖÜ',
    'none',
    '12:30',
  ],
);
const anyText = fc.oneof(awkward, fc.string({ maxLength: 20, unit: 'binary' }), fc.string({ maxLength: 20 }));
const words = anyText.filter((text) => text !== '');

const anyField: fc.Arbitrary<FieldChoice> = fc
  .record(
    {
      id: words,
      name: words,
      type: fc.constantFrom(
        ...(['text', 'richtext', 'number', 'boolean', 'date', 'datetime', 'duration', 'lookup', 'user'] as const),
        ...(['reference', 'url'] as const),
      ),
      multi: fc.constant(true as const),
      maxLength: fc.integer({ min: 1, max: 100_000 }),
      integer: fc.constant(true as const),
      format: fc.constantFrom('html' as const, 'markdown' as const, 'jira-wiki' as const),
    },
    { requiredKeys: ['id', 'name', 'type'] },
  )
  .map((field) => ({ ...field }));

const anyPool = fc.uniqueArray(anyField, { minLength: 1, maxLength: 6, selector: ({ id }) => id });
const anyDirection = fc.constantFrom('both' as const, 'forward' as const, 'backward' as const);
const anyEntry = fc.oneof(fc.record({ name: words }), fc.record({ id: words, name: words }));
const anyExtras = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ note: fc.jsonValue() }).map((extras) => JSON.parse(JSON.stringify(extras))) },
);

/** A template's fields are those that its text names, as a form saves them. */
const anyTransform = (sources: FieldChoice[]): fc.Arbitrary<Transform> =>
  fc.oneof(
    fc.constant({ kind: 'automatic' as const }),
    fc.tuple(words, fc.option(fc.constantFrom(...sources))).map(([words, field]): Transform => {
      const text = words.replaceAll('{{', '{');
      if (field === null || !/^[^{}\s]+$/.test(field.id)) return { kind: 'template', template: text };
      return { kind: 'template', template: `${text} {{${field.id}}}`, fields: [field] };
    }),
    words.map((expression): Transform => ({ kind: 'jsonata', expression })),
  );

/** Values as JSON has them: no -0, no undefined. */
const anySavedValue: fc.Arbitrary<Value> = anyValue.map((value) => JSON.parse(JSON.stringify(value)) as Value);

function anyFieldRow(ones: FieldChoice[], twos: FieldChoice[]): fc.Arbitrary<FieldRow> {
  const end = (fields: FieldChoice[]) => fc.option(fc.constantFrom(...fields), { nil: undefined, freq: 6 });
  return fc
    .record(
      {
        one: end(ones),
        two: end(twos),
        direction: anyDirection,
        constant: anySavedValue,
        syncWhen: fc.constantFrom('both', 'create', 'update'),
        applyWhen: fc.constantFrom('changed', 'always'),
        conflict: fc.constantFrom('newest', 'system1', 'system2', 'merge', 'park'),
        fallback: fc.constantFrom('newest', 'system1', 'system2', 'park'),
        transform: fc.record({ forward: anyTransform(ones), backward: anyTransform(twos) }, { requiredKeys: [] }),
        extras: anyExtras,
      },
      { requiredKeys: ['direction', 'extras'] },
    )
    .map(({ extras, ...row }) => ({ ...extras, ...row }) as FieldRow);
}

const anySheet = fc.record({
  from: fc.oneof(
    fc.record({ kind: fc.constant('path'), path: words }),
    fc.record({ kind: fc.constant('upload'), id: words, name: words }),
  ),
  sheet: anyText,
  one: anyText,
  two: anyText,
  backward: fc.boolean(),
});

function anyTables(ones: FieldChoice[], twos: FieldChoice[]): fc.Arbitrary<ValueRow[]> {
  const row = fc.record(
    {
      one: fc.constantFrom(...ones),
      two: fc.constantFrom(...twos),
      pairs: fc.array(fc.record({ one: anyEntry, two: anyEntry, direction: anyDirection }), { maxLength: 5 }),
      sheet: anySheet,
      ignoreCase: fc.boolean(),
      sameName: fc.boolean(),
    },
    { requiredKeys: ['one', 'two', 'pairs'] },
  );
  return fc
    .uniqueArray(row, { maxLength: 4, selector: ({ one, two }) => JSON.stringify([one.id, two.id]) })
    .map((rows) => rows as ValueRow[]);
}

/** A document that holds what its own readers leave as it is: a saved mapping. */
export const anyMapping: fc.Arbitrary<MappingDocument> = fc.tuple(anyPool, anyPool).chain(([ones, twos]) =>
  fc
    .record(
      {
        name: words.filter((text) => text === text.trim()),
        fields: fc.array(anyFieldRow(ones, twos), { maxLength: 6 }),
        values: anyTables(ones, twos),
        domains: fc.array(fc.record({ one: anyText, two: anyText, direction: anyDirection }), { maxLength: 3 }),
        defaults: fc.array(
          fc
            .record(
              {
                side: fc.constantFrom(1 as const, 2 as const),
                at: fc.nat(),
                value: anySavedValue,
                empty: fc.constantFrom('default' as const, 'clear' as const, 'leave' as const, 'park' as const),
                unresolved: fc.constantFrom('default' as const, 'leave' as const, 'park' as const),
              },
              { requiredKeys: ['side', 'at'] },
            )
            .map(({ at, ...row }) => {
              const fields = row.side === 1 ? ones : twos;
              return { ...row, field: fields[at % fields.length] };
            }),
          { maxLength: 4 },
        ),
      },
      { requiredKeys: ['fields'] },
    )
    .map(({ name, fields, values, domains, defaults }) => ({
      ...(name !== undefined && { name }),
      fields: readFieldRows(fields),
      ...(values && { values: readValueRows(values) }),
      ...(domains && { domains: readDomains(domains) }),
      ...(defaults && { defaults: readDefaultRows(defaults) }),
    })),
);

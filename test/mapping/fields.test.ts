import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compatibility, compileFieldRows, convertValue, equalValues } from '../../lib/mapping';
import type { FieldChoice, FieldType, SingleValue, Value } from '../../lib/model';
import { anyLookup, anyRichText, anyUser, anyValue } from './arbitrary';
import { field, row } from './helper';

const TYPES: FieldType[] = [
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

/** Maps one value from a field "From" to a field "To". */
function convert(
  value: Value,
  from: FieldType,
  to: FieldType,
  source: Partial<FieldChoice> = {},
  target: Partial<FieldChoice> = {},
) {
  const map = compileFieldRows([row(field('From', from, source), field('To', to, target))], 'forward');
  const { fields, unresolved } = map({ from: value });
  return { value: fields.to, reason: unresolved.to?.reason, lossy: unresolved.to?.lossy };
}

describe('mapping/fields: rows', () => {
  const summary = field('Summary', 'text');
  const title = field('Title', 'text', { maxLength: 20 });

  it('reads a row left to right forward and right to left backward', () => {
    const rows = [row(summary, title)];
    assert.deepEqual(compileFieldRows(rows, 'forward')({ summary: 'Login fails' }).fields, { title: 'Login fails' });
    assert.deepEqual(compileFieldRows(rows, 'backward')({ title: 'Login fails' }).fields, { summary: 'Login fails' });
  });

  it('leaves a one-way row out of the other direction', () => {
    const rows = [row(summary, title, { direction: 'forward' })];
    assert.deepEqual(compileFieldRows(rows, 'backward')({ title: 'x' }), { fields: {}, mapped: {}, unresolved: {} });
  });

  it('produces nothing for a field that is absent and clears the target for one that is empty', () => {
    const map = compileFieldRows([row(summary, title)], 'forward');
    assert.deepEqual(map({}).fields, {});
    assert.deepEqual(map({}).mapped, {});
    for (const empty of [null, '', []]) assert.deepEqual(map({ summary: empty }).fields, { title: null });
  });

  it('gives the constant of a row without source field, in its direction only', () => {
    const rows = [row(undefined, field('Team', 'text'), { constant: 'Platform', applyWhen: 'always' })];
    const { fields, mapped } = compileFieldRows(rows, 'forward')({ anything: 1 });
    assert.deepEqual(fields, { team: 'Platform' });
    assert.deepEqual(mapped.team, { from: [], conflict: 'newest', applyWhen: 'always', type: 'text' });
    assert.deepEqual(compileFieldRows(rows, 'backward')({ team: 'x' }).fields, {});
  });

  it('says which source field a value came from and what the row wants of the writer', () => {
    const rows = [row(summary, title, { syncWhen: 'create', conflict: 'park' })];
    assert.deepEqual(compileFieldRows(rows, 'forward')({ summary: 'a' }).mapped.title, {
      from: ['summary'],
      conflict: 'park',
      syncWhen: 'create',
      type: 'text',
    });
  });

  it('lets the newest change win in a two-way row and the source in a one-way row', () => {
    const conflict = (direction: 'forward' | 'backward', setting: 'forward' | 'backward' | 'both') =>
      Object.values(
        compileFieldRows([row(summary, title, { direction: setting })], direction)({ summary: 'a', title: 'b' }).mapped,
      )[0]?.conflict;
    assert.equal(conflict('forward', 'both'), 'newest');
    assert.equal(conflict('forward', 'forward'), 'system1');
    assert.equal(conflict('backward', 'backward'), 'system2');
  });

  it('lets the later of two rows for one target win, if it has a value', () => {
    const rows = [row(field('A', 'text'), title), row(field('B', 'text'), title)].map((one) => ({
      ...one,
      direction: 'forward' as const,
    }));
    const map = compileFieldRows(rows, 'forward');
    assert.equal(map({ a: 'one', b: 'two' }).fields.title, 'two');
    assert.equal(map({ a: 'one', b: null }).fields.title, 'one');
    assert.equal(map({ a: null, b: null }).fields.title, null);
    assert.deepEqual(map({ a: 'one', b: 'two' }).mapped.title?.from, ['a', 'b']);
  });

  it('reads only own properties of a payload', () => {
    const map = compileFieldRows([row({ id: 'constructor', name: 'Odd', type: 'text' }, title)], 'forward');
    assert.deepEqual(map({}).fields, {});
  });

  it('lets a text of just the longest length through', () => {
    const longest = 'x'.repeat(20);
    assert.deepEqual(compileFieldRows([row(summary, title)], 'forward')({ summary: longest }).fields, {
      title: longest,
    });
  });

  it('keeps a text that is too long out of the target, whole, and says so', () => {
    const long = 'A title of far more than twenty characters';
    const { fields, unresolved, mapped } = compileFieldRows([row(summary, title)], 'forward')({ summary: long });
    assert.equal('title' in fields, false);
    assert.equal(unresolved.title?.value, long);
    assert.equal(unresolved.title?.reason, `Summary: "${long}" has 42 characters; Title allows 20`);
    assert.deepEqual(mapped.title?.from, ['summary']);
  });
});

describe('mapping/fields: conversion of types', () => {
  it('wraps text as rich text and unwraps it', () => {
    assert.deepEqual(convert('a <b>', 'text', 'richtext').value, { format: 'text', content: 'a <b>' });
    assert.equal(convert({ format: 'text', content: 'a' }, 'richtext', 'text').value, 'a');
  });

  it('hands rich text of another markup to the converter, and costs only the field if that fails', () => {
    const rows = [row(field('Body', 'richtext'), field('Text', 'richtext', { format: 'html' }))];
    const html = compileFieldRows(rows, 'forward', (text, format) => ({ format, content: `<p>${text.content}</p>` }));
    assert.deepEqual(html({ body: { format: 'markdown', content: 'a' } }).fields.text, {
      format: 'html',
      content: '<p>a</p>',
    });
    const broken = compileFieldRows(rows, 'forward', () => {
      throw new Error('no such markup');
    });
    const { fields, unresolved } = broken({ body: { format: 'markdown', content: 'a' } });
    assert.deepEqual(fields, {});
    assert.match(unresolved.text?.reason ?? '', /Body: "a" could not be converted: no such markup/);
  });

  it('reads numbers from text and writes them', () => {
    assert.equal(convert(' 3.5 ', 'text', 'number').value, 3.5);
    assert.equal(convert(3.5, 'number', 'text').value, '3.5');
    assert.equal(convert('three', 'text', 'number').reason, 'From: "three" is not a number, which To requires');
    assert.equal(convert('0x10', 'text', 'number').value, undefined);
    assert.equal(convert({ id: '3', name: '2' }, 'lookup', 'number').value, 2);
  });

  it('rounds where the target holds whole numbers, and warns', () => {
    const rounded = convert(2.5, 'number', 'number', {}, { integer: true });
    assert.equal(rounded.value, 3);
    assert.equal(rounded.lossy, true);
    assert.match(rounded.reason ?? '', /From: 2.5 was rounded to 3/);
  });

  it('takes a date as midnight UTC and a time as its day in UTC', () => {
    assert.equal(convert('2024-02-29', 'date', 'datetime').value, '2024-02-29T00:00:00.000Z');
    assert.equal(convert('2024-03-01T00:30:00+02:00', 'datetime', 'date').value, '2024-02-29');
    assert.equal(convert('2023-02-29', 'text', 'date').reason, 'From: "2023-02-29" is not a date, which To requires');
    assert.equal(convert('31.12.2024', 'text', 'date').value, undefined);
  });

  it('writes yes and no, and reads the usual words for them', () => {
    assert.equal(convert(true, 'boolean', 'text').value, 'Yes');
    assert.deepEqual(convert(false, 'boolean', 'lookup').value, { name: 'No' });
    assert.equal(convert({ name: 'TRUE' }, 'lookup', 'boolean').value, true);
    assert.equal(convert(0, 'number', 'boolean').value, false);
    assert.equal(convert('maybe', 'text', 'boolean').value, undefined);
  });

  it('takes plain numbers as hours and durations as seconds', () => {
    assert.equal(convert(1.5, 'number', 'duration').value, 5400);
    assert.equal(convert(5400, 'duration', 'number').value, 1.5);
    assert.equal(convert(5400, 'duration', 'text').value, '1h 30m');
    assert.equal(convert('1h 30m', 'text', 'duration').value, 5400);
    assert.equal(convert('PT2H', 'text', 'duration').value, 7200);
    assert.equal(convert('soon', 'text', 'duration').value, undefined);
  });

  it('strips ids from list entries and people, and keeps them beside for the value mapper', () => {
    const map = compileFieldRows(
      [
        row(field('Priority', 'lookup'), field('Severity', 'lookup')),
        row(field('Owner', 'user'), field('Lead', 'user')),
      ],
      'forward',
    );
    const { fields, mapped } = map({
      priority: { id: '5', name: 'High' },
      owner: { id: '7', name: 'Ann', login: 'ann', email: 'a@x.org' },
    });
    assert.deepEqual(fields, { severity: { name: 'High' }, lead: { name: 'Ann', login: 'ann', email: 'a@x.org' } });
    assert.deepEqual(mapped.severity?.source, { id: '5', name: 'High' });
    assert.equal(mapped.lead?.type, 'user');
  });

  it('reads an e-mail address or a name as a person, and a person as the name', () => {
    assert.deepEqual(convert('ann@example.org', 'text', 'user').value, { email: 'ann@example.org' });
    assert.deepEqual(convert('Ann Lee', 'text', 'user').value, { name: 'Ann Lee' });
    assert.equal(convert({ id: '7', name: 'Ann Lee' }, 'user', 'text').value, 'Ann Lee');
  });

  it('leaves references to the writer, which knows the links', () => {
    assert.deepEqual(convert({ id: '17', key: 'DEMO-17' }, 'reference', 'reference').value, {
      id: '17',
      key: 'DEMO-17',
    });
    assert.equal(convert({ id: '17', key: 'DEMO-17' }, 'reference', 'text').value, 'DEMO-17');
  });

  it('joins several values into one text and reads them back', () => {
    assert.equal(convert(['ui', 'db'], 'text', 'text', { multi: true }).value, 'ui, db');
    assert.deepEqual(convert('ui, db', 'text', 'text', {}, { multi: true }).value, ['ui', 'db']);
    assert.deepEqual(convert('ui, db', 'text', 'lookup', {}, { multi: true }).value, [{ name: 'ui' }, { name: 'db' }]);
  });

  it('takes the first of several values where the target holds one, and warns', () => {
    const first = convert([{ name: 'UI' }, { name: 'Core' }], 'lookup', 'lookup', { multi: true });
    assert.deepEqual(first.value, { name: 'UI' });
    assert.equal(first.lossy, true);
    assert.match(first.reason ?? '', /From: "UI", "Core" has 2 values; To allows one: the first was used, 1 left out/);
    assert.deepEqual(convert({ name: 'UI' }, 'lookup', 'lookup', {}, { multi: true }).value, [{ name: 'UI' }]);
  });

  it('takes over the values of a list that can be converted and names the one that cannot', () => {
    const some = convert(['1', 'two'], 'text', 'number', { multi: true }, { multi: true });
    assert.deepEqual(some.value, [1]);
    assert.equal(some.lossy, true);
    assert.match(some.reason ?? '', /"two" is not a number/);
  });
});

describe('mapping/fields: properties', () => {
  const anyType = fc.constantFrom(...TYPES);
  const anyField = (name: string) =>
    fc.record({
      id: fc.constant(name),
      name: fc.constant(name),
      type: anyType,
      multi: fc.boolean(),
      maxLength: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
      integer: fc.boolean(),
    });

  it('never throws and loses nothing silently, whatever JSON the payload is', () => {
    fc.assert(
      fc.property(anyField('a'), anyField('b'), fc.oneof(fc.jsonValue(), anyValue), (source, target, value) => {
        const map = compileFieldRows([{ one: source, two: target, direction: 'forward' }], 'forward');
        const { fields, mapped, unresolved } = map({ a: value as Value });
        assert.deepEqual(mapped.b?.from, ['a']);
        assert.equal('b' in fields || unresolved.b !== undefined, true);
        if (unresolved.b !== undefined) {
          assert.equal(unresolved.b.lossy === true, 'b' in fields);
          assert.match(unresolved.b.reason, /^a: /);
          assert.equal(unresolved.b.reason.includes('\n'), false);
        }
        assert.equal(Array.isArray(fields.b) && target.multi === false, false);
        JSON.stringify(fields);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps what the compatibility of two types promises', () => {
    const values: Record<FieldType, fc.Arbitrary<SingleValue>> = {
      text: fc.string({ minLength: 1 }).map((text) => `x${text}`),
      url: fc.webUrl(),
      richtext: anyRichText.map((text) => ({ ...text, content: `x${text.content}` })),
      number: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
      boolean: fc.boolean(),
      date: fc
        .date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2100-01-01') })
        .map((date) => date.toISOString().slice(0, 10)),
      datetime: fc
        .date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2100-01-01') })
        .map((date) => date.toISOString()),
      duration: fc.integer({ min: 0, max: 1e7 }),
      lookup: anyLookup,
      user: anyUser.filter((user) => 'name' in user || 'email' in user || 'login' in user),
      reference: fc.record({ id: fc.string({ minLength: 1 }).map((id) => `x${id}`), url: fc.webUrl() }),
    };
    fc.assert(
      fc.property(
        anyType.chain((type) => fc.tuple(fc.constant(type), values[type])),
        anyType,
        ([from, value], to) => {
          const [source, target] = [field('From', from), field('To', to)];
          const promise = compatibility(source, target).kind;
          const result = convertValue(value, source, target);
          if (promise === 'ok') assert.equal('value' in result && result.lossy === undefined, true, `${from} → ${to}`);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('comes back equal after a round trip between types that lose nothing', () => {
    const pairs: [FieldType, FieldType, fc.Arbitrary<SingleValue>][] = [
      ['text', 'richtext', fc.string()],
      ['number', 'text', fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })],
      ['boolean', 'text', fc.boolean()],
      ['boolean', 'lookup', fc.boolean()],
      ['duration', 'number', fc.integer({ min: 0, max: 1e8 })],
      ['duration', 'text', fc.integer({ min: 0, max: 1e8 })],
      ['lookup', 'text', fc.record({ name: fc.string({ minLength: 1 }).map((name) => `x${name}`) })],
    ];
    for (const [from, to, values] of pairs) {
      const rows = [row(field('From', from), field('To', to))];
      const [there, back] = [compileFieldRows(rows, 'forward'), compileFieldRows(rows, 'backward')];
      fc.assert(
        fc.property(values, (value) => {
          const returned = back(there({ from: value }).fields).fields.from;
          assert.equal(
            equalValues(value, returned, from),
            true,
            `${JSON.stringify(value)} → ${JSON.stringify(returned)}`,
          );
        }),
      );
    }
  });
});

import assert from 'node:assert/strict';
import {
  checkDefaultRows,
  checkFieldRows,
  checkValueRows,
  type Finding,
  type Live,
  type ValuesContext,
} from '../../lib/checks';
import { indexSheet } from '../../lib/mapping/tables/sheet-index';
import type { DefaultRow, Field, FieldRow, LookupValue, ValueRow } from '../../lib/model';
import { declared, field, row } from '../mapping/helper';

const live = (ones: Field[], twos: Field[]): Live => ({
  one: new Map(ones.map((one) => [one.id, one])),
  two: new Map(twos.map((two) => [two.id, two])),
});
const values = (...names: string[]): LookupValue[] => names.map((name, index) => ({ id: String(index + 1), name }));
const told = (findings: Finding[]): string[] =>
  findings.map(({ level, code, label, direction, side, names }) => {
    const words = names.list ?? names.round ?? names.value ?? (names.was && `${names.was} → ${names.name}`) ?? '';
    return [level, code, `[${label}]`, direction ?? side ?? '', words].filter((part) => part !== '').join(' ');
  });

const [summary, title] = [field('Summary', 'text'), field('Title', 'text')];
const [priority, severity] = [field('Priority', 'lookup'), field('Severity', 'lookup')];

describe('checks: a field mapper’s rows against the systems', () => {
  const ones = [declared('Summary', 'text'), declared('Priority', 'lookup')];
  const rows = [row(summary, title), row(priority, severity)];

  it('are fine where nothing has changed', () => {
    const twos = [declared('Title', 'text', { required: true }), declared('Severity', 'lookup')];
    assert.deepEqual(told(checkFieldRows(rows, { live: live(ones, twos) })), []);
  });

  it('say nothing of a side that could not be asked', () => {
    assert.deepEqual(told(checkFieldRows(rows, { live: { one: undefined, two: undefined } })), []);
  });

  it('name a field by its id when it has another name, and the new name', () => {
    const twos = [declared('Headline', 'text', { id: 'title' }), declared('Severity', 'lookup')];
    assert.deepEqual(told(checkFieldRows(rows, { live: live(ones, twos) })), [
      'note renamed [Summary ↔ Title] 2 Title → Headline',
    ]);
  });

  it('name a field that is gone, and distinguish it from a new one with the same name', () => {
    const twos = [declared('Title', 'text', { id: 'title2' })];
    assert.deepEqual(told(checkFieldRows(rows, { live: live(ones, twos) })), [
      'error moved [Summary ↔ Title] 2',
      'error unknownField [Priority ↔ Severity] 2',
    ]);
  });

  it('name another type, and what that makes of the values', () => {
    const twos = [declared('Title', 'number'), declared('Severity', 'lookup', { multi: true })];
    const found = checkFieldRows(rows, { live: live(ones, twos) });
    assert.deepEqual(told(found), [
      'warning typeChanged [Summary ↔ Title] 2',
      'warning mustBeNumber [Summary ↔ Title] forward',
      'warning typeChanged [Priority ↔ Severity] 2',
      'warning firstOnly [Priority ↔ Severity] backward',
    ]);
    assert.deepEqual([found[0]?.names.wasType, found[0]?.names.isType], ['text', 'number']);
  });

  it('name a target that holds less by now, is read-only, or is written on create only', () => {
    const many = [declared('Summary', 'text', { maxLength: 500 }), declared('Priority', 'lookup', { readOnly: true })];
    const twos = [declared('Title', 'text', { maxLength: 100 }), declared('Severity', 'lookup', { createOnly: true })];
    assert.deepEqual(told(checkFieldRows(rows, { live: live(many, twos) })), [
      'warning tooLong [Summary ↔ Title] forward',
      'warning createOnlyTarget [Priority ↔ Severity] forward',
      'error readOnlyTarget [Priority ↔ Severity] backward',
    ]);
  });

  it('do not repeat a loss that the person at the form has seen', () => {
    const [from, to] = [field('At', 'datetime'), field('Day', 'date')];
    const known = live([declared('At', 'datetime')], [declared('Day', 'date')]);
    assert.deepEqual(told(checkFieldRows([row(from, to)], { live: known })), []);
  });

  it('name required fields that nothing gives a value, in the directions in which entities are made', () => {
    const twos = [
      declared('Title', 'text'),
      declared('Severity', 'lookup'),
      declared('Area', 'lookup', { required: true }),
    ];
    const context = { live: live(ones, twos) };
    assert.deepEqual(told(checkFieldRows(rows, context)), ['error unmapped [Area] forward']);
    assert.deepEqual(told(checkFieldRows(rows, { ...context, directions: ['backward'] })), []);
    const defaults: DefaultRow[] = [{ field: field('Area', 'lookup'), side: 2, value: { name: 'All' } }];
    assert.deepEqual(told(checkFieldRows(rows, { ...context, defaults })), []);
  });

  it('name a constant that the list does not have', () => {
    const constant: FieldRow = row(undefined, severity, { constant: { id: '9', name: 'Blocker' } });
    const twos = [declared('Severity', 'lookup', { values: values('Low', 'High') })];
    assert.deepEqual(told(checkFieldRows([constant], { live: live(ones, twos) })), [
      'error goneValues [→ Severity] 2 Blocker',
    ]);
    const other: FieldRow = row(undefined, severity, { constant: { id: '9', name: 'high' } });
    assert.deepEqual(told(checkFieldRows([other], { live: live(ones, twos) })), [
      'warning otherIds [→ Severity] 2 high',
    ]);
  });
});

describe('checks: a value mapper’s tables against the systems', () => {
  const lists = live(
    [declared('Priority', 'lookup', { values: values('Low', 'Normal', 'Urgent') })],
    [declared('Severity', 'lookup', { values: values('Minor', 'Medium', 'Critical') })],
  );
  const table = (...pairs: [number, string, number, string][]): ValueRow => ({
    ...{ one: priority, two: severity, sameName: false },
    pairs: pairs.map(([id1, one, id2, two]) => ({
      one: { id: String(id1), name: one },
      two: { id: String(id2), name: two },
      direction: 'both',
    })),
  });
  const whole = table([1, 'Low', 1, 'Minor'], [2, 'Normal', 2, 'Medium'], [3, 'Urgent', 3, 'Critical']);
  const check = (row: ValueRow, more: Partial<ValuesContext> = {}) =>
    told(checkValueRows([row], [], { live: lists, ...more }));

  it('are fine where each value has its counterpart', () => {
    assert.deepEqual(check(whole), []);
  });

  it('name values without counterpart, each way that is mapped', () => {
    const part = table([1, 'Low', 1, 'Minor']);
    assert.deepEqual(check(part), [
      'warning unpaired [Priority ↔ Severity] forward Normal, Urgent',
      'warning unpaired [Priority ↔ Severity] backward Medium, Critical',
    ]);
    const mapped = [row(priority, severity, { direction: 'forward' })];
    assert.deepEqual(check(part, { mapped }), ['warning unpaired [Priority ↔ Severity] forward Normal, Urgent']);
  });

  it('name none that a sheet has, and none of which the default mapper says what becomes', () => {
    const part = table([1, 'Low', 1, 'Minor']);
    const find = (item: { name?: string }) => (item.name === 'Normal' ? { name: 'Medium' } : undefined);
    const sheets = new Map([[part, { forward: { find } }]]);
    assert.deepEqual(check(part, { sheets })[0], 'warning unpaired [Priority ↔ Severity] forward Urgent');
    const defaults: DefaultRow[] = [{ field: severity, side: 2, unresolved: 'park' }];
    assert.deepEqual(check(part, { defaults }), ['warning unpaired [Priority ↔ Severity] backward Medium, Critical']);
  });

  it('name what a sheet makes of values and the other list does not have, be it a name or an id', () => {
    const part = table([1, 'Low', 1, 'Minor']);
    const cells = { Low: 'Overruled', Normal: 'Medum', Urgent: '3' };
    const sheets = new Map([[part, indexSheet({ one: Object.keys(cells), two: Object.values(cells) })]]);
    const mapped = [row(priority, severity, { direction: 'forward' })];
    assert.deepEqual(check(part, { sheets, mapped }), ['warning goneValues [Priority ↔ Severity] 2 Medum']);
  });

  it('name values that the lists no longer have, have under another id, or call otherwise', () => {
    const old = table([1, 'Low', 1, 'Minor'], [2, 'Standard', 7, 'Medium'], [8, 'Asap', 3, 'Critical']);
    assert.deepEqual(check(old), [
      'warning goneValues [Priority ↔ Severity] 1 Asap',
      'note renamedValues [Priority ↔ Severity] 1 Standard → Normal',
      'warning otherIds [Priority ↔ Severity] 2 Medium',
      'warning unpaired [Priority ↔ Severity] forward Urgent',
    ]);
  });

  it('name a table that nothing maps, and mapped lists that have none', () => {
    assert.deepEqual(check(whole, { mapped: [row(summary, title)] }), ['warning unusedTable [Priority ↔ Severity]']);
    assert.deepEqual(told(checkValueRows([], [], { live: lists, mapped: [row(priority, severity)] })), [
      'warning noTable [Priority ↔ Severity] forward Low, Normal, Urgent',
      'warning noTable [Priority ↔ Severity] backward Minor, Medium, Critical',
    ]);
  });

  it('name domain rules that are none, or whose people come back as others', () => {
    const rules = [
      { one: 'corp.example', two: 'x y', direction: 'both' as const },
      { one: 'a.example', two: 'b.example', direction: 'both' as const },
      { one: 'c.example', two: 'b.example', direction: 'both' as const },
    ];
    assert.deepEqual(told(checkValueRows([], rules, { live: lists })), [
      'error badDomain [corp.example ↔ x y]',
      'warning comesBack [c.example ↔ b.example] @c.example → @b.example → @a.example',
    ]);
  });
});

describe('checks: a default mapper’s rows against the systems', () => {
  const fields = live(
    [],
    [
      declared('Severity', 'lookup', { values: values('Minor', 'Medium') }),
      declared('Title', 'text', { maxLength: 10 }),
      declared('Effort', 'number', { integer: true }),
      declared('Id', 'number', { readOnly: true }),
      declared('Kind', 'text', { createOnly: true }),
    ],
  );
  const check = (...rows: DefaultRow[]) => told(checkDefaultRows(rows, fields));
  const defaults = (
    name: string,
    type: Field['type'],
    value?: DefaultRow['value'],
    more: Partial<DefaultRow> = {},
  ): DefaultRow => ({
    ...{ field: field(name, type), side: 2 as const, ...more },
    ...(value !== undefined && { value }),
  });

  it('are fine where the field takes the default', () => {
    assert.deepEqual(
      check(
        defaults('Severity', 'lookup', { id: '1', name: 'Minor' }),
        defaults('Title', 'text', 'none'),
        defaults('Effort', 'number', 3),
      ),
      [],
    );
  });

  it('name defaults that are not in the list, too long, of another type', () => {
    assert.deepEqual(
      check(
        defaults('Severity', 'lookup', { id: '9', name: 'Blocker' }),
        defaults('Title', 'text', 'far too long for it'),
        defaults('Effort', 'number', 2.5),
        defaults('Effort', 'number', 'three'),
      ),
      [
        'error goneValues [Severity] 2 Blocker',
        'error longValues [Title] 2 far too long for it',
        'error wrongType [Effort] 2 2.5',
        'warning twoRows [Effort] 2',
        'error wrongType [Effort] 2 "three"',
      ],
    );
  });

  it('name fields that are gone, read-only, or written on create only', () => {
    assert.deepEqual(check(defaults('Gone', 'text', 'x'), defaults('Id', 'number', 1), defaults('Kind', 'text', 'x')), [
      'error unknownField [Gone] 2',
      'error readOnlyTarget [Id] 2',
      'note createOnlyTarget [Kind] 2',
    ]);
  });

  it('name a row that promises a default and has none', () => {
    assert.deepEqual(check(defaults('Title', 'text', undefined, { unresolved: 'default' })), [
      'warning noDefault [Title] 2',
    ]);
    assert.deepEqual(check(defaults('Title', 'text', undefined, { empty: 'default' })), [
      'warning noDefault [Title] 2',
    ]);
  });
});

import assert from 'node:assert/strict';
import { missingRequired, rowIssues, unmappedValues } from '../../lib/mapping';
import type { Field, FieldRow, ValueRow } from '../../lib/model';
import { missingOf } from '../../lib/plan/checks';
import { declared, field, row } from './helper';

const known = (...fields: Field[]) => new Map(fields.map((one) => [one.id, one]));
const codes = (one: FieldRow, rows: FieldRow[] = [one], fields: Parameters<typeof rowIssues>[2] = {}) =>
  rowIssues(one, rows, fields).map(({ level, code, direction }) => `${level} ${code} ${direction}`);

describe('mapping/coverage: a row', () => {
  it('is fine between fields of one type', () => {
    assert.deepEqual(codes(row(field('A', 'text'), field('B', 'text'))), []);
  });

  it('says how a conversion loses something or fails', () => {
    assert.deepEqual(codes(row(field('A', 'datetime'), field('B', 'date'))), ['warning timeLost forward']);
    assert.deepEqual(codes(row(field('A', 'user'), field('B', 'number'))), [
      'error noConversion forward',
      'error noConversion backward',
    ]);
    assert.deepEqual(codes(row(field('A', 'datetime'), field('B', 'date'), { direction: 'backward' })), []);
  });

  it('must not write into a read-only field, nor name one that is gone', () => {
    const one = row(field('A', 'text'), field('B', 'text'));
    assert.deepEqual(codes(one, [one], { two: known(declared('B', 'text', { readOnly: true })) }), [
      'error readOnlyTarget forward',
    ]);
    assert.deepEqual(codes(one, [one], { two: known(declared('C', 'text')) }), [
      'error unknownField forward',
      'error unknownField backward',
    ]);
    const created = { two: known(declared('B', 'text', { createOnly: true })) };
    assert.deepEqual(codes(one, [one], created), ['warning createOnlyTarget forward']);
    const once: FieldRow = { ...one, syncWhen: 'create' };
    assert.deepEqual(codes(once, [once], created), []);
  });

  it('needs a constant where it has no source field, and a target', () => {
    assert.deepEqual(codes(row(undefined, field('B', 'text'))), ['error noConstant forward']);
    assert.deepEqual(codes(row(undefined, field('B', 'text'), { constant: 'x' })), []);
    assert.deepEqual(codes(row(undefined, undefined)), ['error noField forward']);
    assert.deepEqual(codes(row(field('A', 'text'), undefined, { direction: 'forward' })), ['error noField forward']);
  });

  it('hears of another row for the same target', () => {
    const rows = [
      row(field('A', 'text'), field('B', 'text'), { direction: 'forward' }),
      row(field('C', 'text'), field('B', 'text')),
    ];
    assert.deepEqual(
      rows.map((one) => codes(one, rows)),
      [['warning sameTarget forward'], ['warning sameTarget forward']],
    );
  });
});

describe('mapping/coverage: required fields', () => {
  const targets = [
    declared('Title', 'text', { required: true }),
    declared('Id', 'number', { required: true, readOnly: true }),
  ];
  const title = field('Title', 'text');
  const missing = (...args: Parameters<typeof missingRequired>) =>
    missingRequired(...args).map(({ field: one, why }) => `${one.name} ${why}`);

  it('are named where no row, constant or default gives them a value', () => {
    assert.deepEqual(missing(targets, [], [], 'forward'), ['Title unmapped']);
    assert.deepEqual(missing(targets, [row(field('A', 'text'), title)], [], 'forward'), []);
    assert.deepEqual(missing(targets, [row(undefined, title, { constant: 'x' })], [], 'forward'), []);
    assert.deepEqual(missing(targets, [], [{ field: title, side: 2, value: 'x' }], 'forward'), []);
  });

  it('are named where the only row goes the other way or writes updates only', () => {
    assert.deepEqual(missing(targets, [row(field('A', 'text'), title, { direction: 'backward' })], [], 'forward'), [
      'Title unmapped',
    ]);
    assert.deepEqual(missing(targets, [row(field('A', 'text'), title, { syncWhen: 'update' })], [], 'forward'), [
      'Title unmapped',
    ]);
    assert.deepEqual(missing(targets, [], [{ field: title, side: 1, value: 'x' }], 'forward'), ['Title unmapped']);
  });

  it('are no problem where the system gives a new item a value of its own', () => {
    const state = declared('State', 'lookup', { required: true, hasDefault: true });
    assert.deepEqual(missing([state], [], [], 'forward'), []);
    const rows = [row(field('A', 'lookup'), field('State', 'lookup'))];
    assert.deepEqual(missing([state], rows, [], 'forward', known(declared('A', 'lookup'))), []);
    assert.deepEqual(missingOf({ title: 'x' }, known(state, declared('Title', 'text', { required: true }))), []);
  });

  it('may be empty where their source field may be', () => {
    const rows = [row(field('A', 'text'), title)];
    assert.deepEqual(missing(targets, rows, [], 'forward', known(declared('A', 'text'))), ['Title mayBeEmpty']);
    assert.deepEqual(missing(targets, rows, [], 'forward', known(declared('A', 'text', { required: true }))), []);
  });
});

describe('mapping/coverage: values', () => {
  const values: ValueRow = {
    one: field('Priority', 'lookup'),
    two: field('Severity', 'lookup'),
    pairs: [{ one: { name: 'High' }, two: { name: '1' }, direction: 'forward' }],
  };
  const named = (...names: string[]) => names.map((name) => ({ name }));

  it('without counterpart are named, by direction', () => {
    const strict = { ...values, sameName: false };
    assert.deepEqual(unmappedValues(strict, 'forward', named('High', 'Low')), named('Low'));
    assert.deepEqual(unmappedValues(strict, 'backward', named('1', '2')), named('1', '2'));
  });

  it('of the same name count as mapped if the target has them', () => {
    assert.deepEqual(unmappedValues(values, 'forward', named('High', 'Low'), named('low')), []);
    assert.deepEqual(unmappedValues(values, 'forward', named('High', 'Low'), named('1')), named('Low'));
  });
});

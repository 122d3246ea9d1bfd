import assert from 'node:assert/strict';
import {
  entriesNamed,
  type MappingDocument,
  matchFields,
  type Places,
  staleExpressions,
  withEntries,
  withFields,
} from '../../../lib/mapping/exchange';
import type { Field } from '../../../lib/model';
import { declared, field, row } from '../helper';

const other = (fields: Field[], sameSystem = false) => ({ fields, sameSystem });
const severity = field('Severity', 'lookup', { multi: true });
const title = field('Title', 'text');

const matched = (document: MappingDocument, places: Places) =>
  matchFields(document, places).map(({ side, field, now, by, why }) => [side, field.id, now?.id, by ?? why]);

describe('mapping/exchange: a mapping for other projects', () => {
  it('finds its fields by id, then by name and type, and keeps what it does not find', () => {
    const document: MappingDocument = {
      fields: [
        row(field('Summary', 'text'), title),
        row(severity, field('Impact', 'lookup')),
        row(field('Due', 'date'), field('Gone', 'text')),
      ],
    };
    const places: Places = {
      1: other([
        declared('Summary', 'text', { maxLength: 80, required: true }),
        declared('severity', 'lookup', { id: 'customfield_9' }),
        declared('Due', 'text', { id: 'due_text' }),
      ]),
      2: other([declared('Headline', 'text', { id: 'title' }), declared('Impact', 'lookup', { id: 'i9' })]),
    };
    assert.deepEqual(matched(document, places), [
      [1, 'summary', 'summary', 'same'],
      [1, 'severity', 'customfield_9', 'name'],
      [1, 'due', undefined, 'none'],
      [2, 'title', 'title', 'id'],
      [2, 'impact', 'i9', 'name'],
      [2, 'gone', undefined, 'none'],
    ]);
    const { fields } = withFields(document, matchFields(document, places));
    assert.deepEqual(
      fields?.map(({ one, two }) => [one?.id, two?.id]),
      [
        ['summary', 'title'],
        ['customfield_9', 'i9'],
        ['due', 'gone'],
      ],
    );
    assert.deepEqual(fields?.[0]?.one, { id: 'summary', name: 'Summary', type: 'text', maxLength: 80 });
  });

  it('trusts an id over a name in the same system only: other systems number their own fields', () => {
    const team = declared('Team', 'lookup', { id: 'customfield_1' });
    const moved = declared('Severity', 'lookup', { id: 'customfield_2' });
    const document: MappingDocument = { fields: [row({ ...severity, id: 'customfield_1' }, title)] };
    const found = (sameSystem: boolean) =>
      matched(document, { 1: other([team, moved], sameSystem), 2: other([], sameSystem) })[0]?.slice(2);
    assert.deepEqual(found(false), ['customfield_2', 'name']);
    assert.deepEqual(found(true), ['customfield_1', 'id']);
  });

  it('does not choose between two fields of the same name and type', () => {
    const twice = [declared('Title', 'text', { id: 'a' }), declared('Title', 'text', { id: 'b' })];
    const document: MappingDocument = { defaults: [{ field: title, side: 2, value: 'x' }] };
    assert.deepEqual(matched(document, { 1: other([]), 2: other(twice) }), [[2, 'title', undefined, 'several']]);
  });

  it('leaves a side alone that can not be asked', () => {
    const document: MappingDocument = { fields: [row(title, title)] };
    assert.deepEqual(matched(document, { 1: { sameSystem: false }, 2: { sameSystem: false } }), []);
  });

  it('renames the fields of a template, and lists the expressions to check', () => {
    const fields = [severity];
    const document: MappingDocument = {
      fields: [
        row(severity, title, {
          transform: { forward: { kind: 'template', template: '{{ Severity }}/{{severity}} {{x}}', fields } },
        }),
        row(undefined, title, { transform: { forward: { kind: 'jsonata', expression: 'severity', fields } } }),
      ],
    };
    const impact = declared('Impact', 'lookup', { id: 'severity', multi: true });
    const inOther = { 1: other([impact], true), 2: other([]) };
    assert.deepEqual(withFields(document, matchFields(document, inOther)).fields?.[0]?.transform?.forward, {
      ...{ kind: 'template', template: '{{Impact}}/{{severity}} {{x}}' },
      fields: [{ id: 'severity', name: 'Impact', type: 'lookup', multi: true }],
    });
    assert.deepEqual(staleExpressions(document, matchFields(document, inOther)), []);
    const elsewhere = { 1: other([declared('Severity', 'lookup', { id: 'cf7' })]), 2: other([]) };
    const matches = matchFields(document, elsewhere);
    const after = withFields(document, matches).fields?.[0]?.transform?.forward;
    assert.equal(after?.kind === 'template' && after.template, '{{Severity}}/{{cf7}} {{x}}');
    assert.deepEqual(staleExpressions(document, matches), [document.fields?.[1]]);
  });
});

describe('mapping/exchange: list entries and people in other projects', () => {
  const person = field('Owner', 'user');
  const document: MappingDocument = {
    fields: [row(undefined, severity, { direction: 'forward', constant: [{ id: '1', name: 'High' }] })],
    values: [
      {
        ...{ one: severity, two: person },
        pairs: [
          { one: { id: '1', name: 'High' }, two: { id: '5', name: 'Ann Archer' }, direction: 'both' },
          { one: { id: '2', name: 'Odd' }, two: { name: 'bob@example.org' }, direction: 'forward' },
        ],
      },
    ],
    defaults: [{ field: person, side: 2, value: { id: '5', name: 'Ann Archer', email: 'ann@example.org' } }],
  };
  const lists = {
    severity: [
      { id: '1', name: 'Blocker' },
      { id: '7', name: 'high' },
    ],
    owner: [
      { id: '5', name: 'Someone Else' },
      { id: '50', name: 'Ann A.', email: 'ANN@example.org' },
      { id: '51', name: 'Ann Archer' },
      { id: '60', name: 'Bob', email: 'bob@example.org' },
    ],
  };
  const entries = (_side: 1 | 2, { id }: { id: string }) => (id === 'owner' ? lists.owner : lists.severity);

  it('are found by name, address or login; an id of another system is never carried over', () => {
    const { document: after, unknown } = withEntries(document, { 1: other([]), 2: other([]) }, entries);
    assert.deepEqual(after.fields?.[0]?.constant, [{ id: '7', name: 'high' }]);
    assert.deepEqual(after.values?.[0]?.pairs, [
      { one: { id: '7', name: 'high' }, two: { name: 'Ann Archer', id: '51' }, direction: 'both' },
      { one: { name: 'Odd' }, two: { name: 'bob@example.org', id: '60' }, direction: 'forward' },
    ]);
    assert.deepEqual(after.defaults?.[0]?.value, { id: '50', name: 'Ann Archer', email: 'ann@example.org' });
    assert.deepEqual(
      unknown.map(({ side, value }) => [side, value]),
      [[1, { id: '2', name: 'Odd' }]],
    );
  });

  it('keep their ids in another project of the same system', () => {
    const { document: after } = withEntries(document, { 1: other([], true), 2: other([], true) }, entries);
    assert.deepEqual(after.fields?.[0]?.constant, [{ id: '1', name: 'Blocker' }]);
    assert.deepEqual(after.values?.[0]?.pairs[1]?.one, { id: '2', name: 'Odd' });
  });

  it('stay as they are where nobody could be asked', () => {
    const { document: after, unknown } = withEntries(document, { 1: other([]), 2: other([]) }, () => undefined);
    assert.deepEqual(after, document);
    assert.deepEqual(unknown, []);
  });

  it('are listed field by field, so that each list is asked for once', () => {
    assert.deepEqual(
      entriesNamed(document).map(({ side, field: { id }, values }) => [side, id, values.length]),
      [
        [2, 'severity', 1],
        [1, 'severity', 2],
        [2, 'owner', 3],
      ],
    );
  });
});

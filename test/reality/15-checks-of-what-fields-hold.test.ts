/** 15, 16: what a field cannot hold, or not any more, is told before a change meets it: in forms, and after a deploy. */

import assert from 'node:assert/strict';
import { checkDefaultRows, checkFieldRows, checkValueRows, type Finding, type Live, sentence } from '../../lib/checks';
import type { Field, ValueRow } from '../../lib/model';
import type { ListValue } from '../../lib/model/values';
import german from '../../nodes/field-mapper/locales/de/field-mapper.json';
import english from '../../nodes/field-mapper/locales/en-US/field-mapper.json';
import { declared, field, row } from '../mapping/helper';

const versions: ListValue[] = [
  { id: '1', name: '1.0', selectable: false },
  { id: '2', name: '2.0' },
];
const tags = { multi: true, entry: { without: '\\s', says: 'a tag has no blanks' } };
const TWOS: Field[] = [
  declared('Title', 'text', { maxLength: 10 }),
  declared('Tags', 'text', tags),
  declared('Version', 'lookup', { values: versions }),
  declared('Area', 'lookup', { entry: { without: '/', says: 'an area has no slash' } }),
];
const LIVE: Live = {
  one: new Map([declared('Release', 'lookup', { values: versions })].map((one) => [one.id, one])),
  two: new Map(TWOS.map((two) => [two.id, two])),
};
const told = (found: Finding[]): string[] =>
  found.map(({ level, code, names }) => `${level} ${code} ${names.list ?? ''}`);
const [title, tag] = [field('Title', 'text'), field('Tags', 'text', { multi: true })];
const [version, area] = [field('Version', 'lookup'), field('Area', 'lookup')];

describe('Checks of what fields hold', () => {
  it('name constants that are too long, against a rule, or no longer selectable', () => {
    const rows = [
      row(undefined, title, { constant: 'eleven long' }),
      row(undefined, tag, { constant: ['web', 'two words'] }),
      row(undefined, version, { constant: { id: '1', name: '1.0' } }),
      row(undefined, version, { constant: { id: '2', name: '2.0' } }),
      row(undefined, area, { constant: { name: 'A/B' } }),
    ];
    assert.deepEqual(told(checkFieldRows(rows, { live: LIVE })), [
      'error longValues eleven long',
      'error unfitValues two words',
      'error closedValues 1.0',
      'error unfitValues A/B',
    ]);
  });

  it('name defaults of the same kinds', () => {
    const found = checkDefaultRows(
      [
        { field: title, side: 2, value: 'eleven long' },
        { field: tag, side: 2, value: ['web', 'two words'] },
        { field: version, side: 2, value: { id: '1', name: '1.0' } },
      ],
      LIVE,
    );
    assert.deepEqual(told(found), [
      'error longValues eleven long',
      'error unfitValues two words',
      'error closedValues 1.0',
    ]);
  });

  it('name what a table writes, not what it only reads', () => {
    const release = field('Release', 'lookup');
    const table = (direction: 'both' | 'forward' | 'backward'): ValueRow => ({
      ...{ one: release, two: version },
      pairs: [{ one: { id: '2', name: '2.0' }, two: { id: '1', name: '1.0' }, direction }],
    });
    const check = (rows: ValueRow[]) =>
      told(checkValueRows(rows, [], { live: LIVE })).filter((text) => !text.includes('unpaired'));
    assert.deepEqual(check([table('both')]), ['warning closedValues 1.0']);
    assert.deepEqual(check([table('forward')]), ['warning closedValues 1.0']);
    assert.deepEqual(check([table('backward')]), []);
  });

  it('say it in the language of the reader', () => {
    const rows = [row(undefined, tag, { constant: ['two words'] }), row(undefined, title, { constant: 'eleven long' })];
    const found = checkFieldRows(rows, { live: LIVE });
    const inWords = (texts: Record<string, string>) =>
      found.map((one) =>
        sentence(one, (key, names) =>
          Object.entries(names).reduce(
            (text, [name, word]) => text.replace(`__${name}__`, word),
            texts[key.slice('issue.'.length)] ?? '',
          ),
        ),
      );
    assert.deepEqual(inWords(english.mapping.issue), [
      '→ Tags: Tags does not accept two words: a tag has no blanks',
      '→ Title: Title allows 10 characters, too few for: eleven long',
    ]);
    assert.deepEqual(inWords(german.mapping.issue), [
      '→ Tags: Tags nimmt two words nicht an: a tag has no blanks',
      '→ Title: Title erlaubt 10 Zeichen, zu wenig für: eleven long',
    ]);
  });
});

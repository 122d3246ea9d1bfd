import assert from 'node:assert/strict';
import { CellTooLong, fromSheets, type MappingDocument, type TextSheet, toSheets } from '../../../lib/mapping/exchange';
import { COLUMNS } from '../../../lib/mapping/exchange/words';
import { expressionReads } from '../../../lib/mapping/transform-expression';
import { field } from '../helper';

const summary = field('Summary', 'text');
const priority = field('Priority', 'lookup');
const title = { ...field('Title', 'text'), id: 'System.Title' };
const severity = field('Severity', 'lookup');
const known = { 1: [[summary, priority]], 2: [[title, severity]] };

const fieldSheet = (...rows: string[][]): TextSheet => ({
  name: 'field mapper',
  rows: [
    ['system 1 FIELD', 'Direction', 'System 2 field', 'Value of System 2 field (→)', 'Constant', 'Notes'],
    ...rows,
  ],
});
const told = (sheets: TextSheet[]) =>
  fromSheets(sheets, { known }).problems.map(({ sheet, row, code, value }) => [sheet, row, code, value]);

describe('mapping/exchange: a workbook that a person made', () => {
  it('needs no more than the two fields of each row, by name or id, in any case', () => {
    const { document, remarks } = fromSheets(
      [fieldSheet(['SUMMARY', '', 'system.title'], [], ['priority', '<-', 'Severity'])],
      {
        known,
      },
    );
    assert.deepEqual(document?.fields, [
      { one: summary, two: title, direction: 'both' },
      { one: priority, two: severity, direction: 'backward' },
    ]);
    assert.deepEqual(remarks, [{ sheet: 'field mapper', row: 1, code: 'strangeColumn', value: 'Notes' }]);
  });

  it('is understood in German as well, with its columns in another order', () => {
    const sheet = {
      name: 'Felder zuordnen',
      rows: [
        ['Wenn beide Seiten geändert haben', 'Feld von System 2', 'Richtung', 'Feld von System 1'],
        ['System 1 gewinnt', 'Title', 'vorwärts', 'Summary'],
      ],
    };
    assert.deepEqual(fromSheets([sheet], { known }).document?.fields, [
      { one: summary, two: title, direction: 'forward', conflict: 'system1' },
    ]);
  });

  it('is refused as a whole, each fault reported with its sheet and row as the spreadsheet counts', () => {
    const sheets = [
      fieldSheet(['Prio', '↔', 'Severity'], ['Summary', 'sideways', 'Title'], [], ['', '→', 'Severity', 'tmpl: x']),
      {
        name: 'Value mapper',
        rows: [
          [],
          ['System 1 field', 'System 2 field', 'System 1 value', 'System 2 value'],
          ['Priority', 'Severity', 'High', ''],
        ],
      },
      {
        name: 'Default mapper',
        rows: [
          ['Field', 'Default'],
          ['Title', 'x'],
        ],
      },
    ];
    assert.deepEqual(told(sheets), [
      ['field mapper', 2, 'unknownField', 'Prio'],
      ['field mapper', 3, 'unknownWord', 'sideways'],
      ['field mapper', 5, 'badTransform', 'tmpl: x'],
      ['Value mapper', 3, 'noValue', ''],
      ['Default mapper', 1, 'noColumn', COLUMNS.side['en-US']],
    ]);
    assert.equal(fromSheets(sheets, { known }).document, undefined);
  });

  it('reports a constant that does not fit its field, and a name that two fields have', () => {
    const points = field('Points', 'number');
    const twice = [points, { ...points, id: 'points2' }];
    const read = (sheet: TextSheet) => fromSheets([sheet], { known: { 1: [], 2: [twice] } }).problems[0];
    assert.deepEqual(read(fieldSheet(['', '', 'points2', '', 'many'])), {
      ...{ sheet: 'field mapper', row: 2, code: 'badValue', value: 'many' },
    });
    assert.equal(read(fieldSheet(['', '', 'POINTS', '', '1']))?.code, 'ambiguousField');
    assert.equal(read(fieldSheet(['', '', 'Points [points2]', '', '1,5'])), undefined);
  });

  it('reports duplicates, and applies them unchanged', () => {
    const sheet = fieldSheet(['Summary', '↔', 'Title'], ['Summary', '→', 'Title'], ['Priority', '←', 'Severity']);
    const { document, remarks } = fromSheets([sheet], { known });
    assert.equal(document?.fields?.length, 3);
    assert.deepEqual(
      remarks.filter(({ code }) => code === 'sameRow'),
      [{ sheet: 'field mapper', row: 3, code: 'sameRow', value: '2' }],
    );
  });

  it('gives an expression the fields that it reads', () => {
    const sheet = fieldSheet(['Summary', '→', 'Title', 'Expression (JSONata): $uppercase(summary)']);
    const { document } = fromSheets([sheet], { known, expressionReads });
    assert.deepEqual(document?.fields?.[0]?.transform, {
      forward: { kind: 'jsonata', expression: '$uppercase(summary)', fields: [summary] },
    });
  });

  it('takes names such as __proto__ for the texts they are', () => {
    const sheet = fieldSheet(['__proto__', '↔', 'constructor'], ['Summary', 'toString', 'Title']);
    sheet.rows[0]?.push('More (JSON)', '__proto__');
    sheet.rows.push(['Summary', '↔', 'Title', '', '', '', '{"__proto__": {"polluted": true}, "note": 1}', 'x']);
    assert.deepEqual(
      told([sheet]).map(([, row, code]) => [row, code]),
      [
        [2, 'unknownField'],
        [2, 'unknownField'],
        [3, 'unknownWord'],
      ],
    );
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });

  it('says so where it is no mapping, of a later version, or empty', () => {
    const about = (...rows: string[][]): TextSheet => ({ name: 'Mapping', rows });
    assert.deepEqual(told([{ name: 'Sheet1', rows: [['a', 'b']] }]), [['', 0, 'nothingIn', '']]);
    assert.deepEqual(told([about(['version', '2'])]), [['Mapping', 0, 'newerVersion', '2']]);
    assert.deepEqual(told([about(['format', 'other'])]), [['Mapping', 0, 'notMapping', '']]);
  });
});

describe('mapping/exchange: a workbook as it is written', () => {
  const mapping: MappingDocument = {
    fields: [
      {
        ...{ one: summary, two: title, direction: 'both', syncWhen: 'create', conflict: 'merge', fallback: 'system2' },
        mentions: 'names',
        transform: {
          forward: { kind: 'template', template: '{{Summary}}!', fields: [summary] },
          backward: { kind: 'automatic' },
        },
      },
    ],
    values: [
      {
        ...{ one: priority, two: severity, ignoreCase: true, sameName: false },
        pairs: [{ one: { id: '3', name: 'High' }, two: { name: '=1+1' }, direction: 'forward' }],
      },
    ],
    defaults: [{ field: severity, side: 2, value: { name: 'Minor' }, unresolved: 'leave' }],
  };

  it('reads as the forms do', () => {
    const sheets = Object.fromEntries(toSheets(mapping, 'en-US').map(({ name, rows }) => [name, rows]));
    assert.deepEqual(sheets['Field mapper'], [
      [
        ...[
          'System 1 field',
          'Direction',
          'System 2 field',
          'Value of System 2 field (→)',
          'Value of System 1 field (←)',
        ],
        ...['Sync when', 'Write field', 'If both sides changed', 'If merging fails', 'Mentions of people', 'Constant'],
      ],
      [
        ...['Summary', '↔', 'Title', 'template: {{Summary}}!', 'converted automatically', 'created only', ''],
        ...['Merge both', 'System 2 wins', 'Names only', ''],
      ],
    ]);
    assert.deepEqual(sheets['Value mapper']?.[1], ['Priority', 'Severity', 'High [3]', '→', '=1+1']);
    assert.deepEqual(sheets['Default mapper']?.[1], [
      'System 2',
      'Severity',
      'Minor',
      '',
      'If no match: keep the field',
    ]);
  });

  it('refuses a text that no cell can hold, and says where', () => {
    const long: MappingDocument = { fields: [{ two: title, direction: 'forward', constant: 'x'.repeat(40_000) }] };
    assert.throws(
      () => toSheets(long, 'en-US'),
      (thrown) => thrown instanceof CellTooLong && thrown.sheet === 'Field mapper' && thrown.row === 2,
    );
  });
});

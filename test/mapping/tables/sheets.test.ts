import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeText, parseCsv } from '../../../lib/mapping/tables/csv';
import { indexSheet } from '../../../lib/mapping/tables/sheet-index';
import { inspectSheets, readColumns, writeTable } from '../../../lib/mapping/tables/sheets';
import { checkZip } from '../../../lib/mapping/tables/zip';
import { SyncError } from '../../../lib/model';
import { type Row, workbook, zip } from './files';

const users: Row[] = [
  ['Jira', 'Redmine'],
  ['ann@example.org', 'alee'],
  ['bob@example.org', 'bmay'],
];

const pairs = (bytes: Buffer, one: string, two: string, sheet = ''): string[][] => {
  const columns = readColumns(bytes, sheet, { one, two });
  return columns.one.map((left, row) => [left, columns.two[row] ?? '']);
};

const refused = (bytes: Buffer, why: RegExp): void => {
  assert.throws(
    () => inspectSheets(bytes),
    (error) => error instanceof SyncError && error.kind === 'invalid' && why.test(error.message),
  );
};

describe('mapping/tables: sheets', () => {
  for (const bookType of ['xlsx', 'ods'] as const) {
    it(`reads two columns of an ${bookType} file by their heads`, () => {
      const file = workbook({ People: users, Other: [['a', 'b']] }, { bookType });
      assert.deepEqual(
        inspectSheets(file).map(({ name, columns, rows }) => ({ name, columns, rows })),
        [
          { name: 'People', columns: ['Jira', 'Redmine'], rows: 2 },
          { name: 'Other', columns: ['a', 'b'], rows: 0 },
        ],
      );
      assert.deepEqual(pairs(file, 'Redmine', 'Jira', 'People'), [
        ['alee', 'ann@example.org'],
        ['bmay', 'bob@example.org'],
      ]);
    });
  }

  it('takes a formula for its saved result, and leaves out a row whose cell is an error or empty', () => {
    const rows: Row[] = [
      ['from', 'to'],
      ['a', { v: 'A', f: 'UPPER(A2)' }],
      ['b', { error: true }],
      ['c', null],
      [null, 'D'],
    ];
    const columns = readColumns(workbook({ S: rows }), '', { one: 'from', two: 'to' });
    assert.deepEqual(columns, { one: ['a'], two: ['A'], incomplete: 3 });
  });

  it('gives every cell of a merged range its value', () => {
    const rows: Row[] = [
      ['from', 'to'],
      ['Open', 'Active'],
      ['New', null],
      ['Draft', null],
      ['Done', 'Closed'],
    ];
    assert.deepEqual(pairs(workbook({ S: rows }, { merges: ['B2:B4'] }), 'from', 'to'), [
      ['Open', 'Active'],
      ['New', 'Active'],
      ['Draft', 'Active'],
      ['Done', 'Closed'],
    ]);
  });

  it('reads numbers with all their digits, as text or as numbers, with the zeros that are shown in front', () => {
    const rows: Row[] = [
      ['id', 'value'],
      ['00123', 'text'],
      [{ v: 123, z: '00000' }, 'shown with zeros'],
      [123, 'number'],
      [12345678901, 'long'],
      [0.1, 'fraction'],
      [{ v: 45429, z: 'yyyy-mm-dd' }, 'date'],
      [{ v: true }, 'yes/no'],
    ];
    assert.deepEqual(
      pairs(workbook({ S: rows }), 'id', 'value').map(([id]) => id),
      ['00123', '00123', '123', '12345678901', '0.1', '2024-05-17', 'true'],
    );
  });

  it('names columns without head, or with the head of another one, by their letter', () => {
    const file = workbook({ S: [[null], ['name', 'name', null], ['a', 'b', 'c']] });
    assert.deepEqual(inspectSheets(file)[0]?.columns, ['name', 'name (B)', 'C']);
    assert.deepEqual(pairs(file, 'name (B)', 'C'), [['b', 'c']]);
  });

  it('says which sheets and columns there are where the chosen one is gone', () => {
    const file = workbook({ People: users });
    assert.throws(() => pairs(file, 'Jira', 'Redmine', 'Users'), /no sheet "Users" \(it has: People\)/);
    assert.throws(() => pairs(file, 'Jira', 'GitHub'), /no column "GitHub" \(it has: Jira, Redmine\)/);
  });

  it('writes a workbook that it reads back: pairs, and the values of both sides', () => {
    const file = writeTable({
      heads: ['Priority', 'Severity'],
      pairs: [
        ['High', '1'],
        ['=1+1', '@x'],
      ],
      values: [['High', 'Low'], ['1']],
    });
    assert.deepEqual(pairs(file, 'Priority', 'Severity'), [
      ['High', '1'],
      ['=1+1', '@x'],
    ]);
    assert.deepEqual(
      inspectSheets(file).map(({ name, rows }) => [name, rows]),
      [
        ['Table', 2],
        ['Values', 2],
      ],
    );
  });

  it('takes names such as __proto__ for the texts they are', () => {
    const file = workbook({
      S: [
        ['__proto__', 'constructor'],
        ['__proto__', 'toString'],
        ['constructor', '__proto__'],
      ],
    });
    assert.deepEqual(pairs(file, '__proto__', 'constructor'), [
      ['__proto__', 'toString'],
      ['constructor', '__proto__'],
    ]);
    const table = indexSheet(readColumns(file, '', { one: '__proto__', two: 'constructor' }));
    assert.deepEqual(table.forward?.find({ name: '__proto__' }), { name: 'toString' });
    assert.equal(table.forward?.find({ name: 'hasOwnProperty' }), undefined);
    assert.equal(Object.keys(Object.prototype).length, 0);
  });
});

describe('mapping/tables: csv', () => {
  it('finds out what stands between the cells, and keeps quotes, line breaks and leading zeros', () => {
    assert.deepEqual(parseCsv('a,b\r\n"x ""y"", z",007\r\n'), [
      ['a', 'b'],
      ['x "y", z', '007'],
    ]);
    assert.deepEqual(parseCsv('a;b;c\n1;"2\n3";4'), [
      ['a', 'b', 'c'],
      ['1', '2\n3', '4'],
    ]);
    assert.deepEqual(parseCsv('sep=|\na|b'), [['a', 'b']]);
    assert.deepEqual(parseCsv('a\tb\n\n,\t'), [['a', 'b'], [''], [',', '']]);
  });

  it('reads what Excel writes: UTF-8 with mark, UTF-16, Windows-1252', () => {
    const text = 'Name;Wert\nMüller;hoch';
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`), utf16, Buffer.from(text, 'latin1')]) {
      assert.deepEqual(pairs(bytes, 'Name', 'Wert'), [['Müller', 'hoch']]);
    }
    assert.throws(() => decodeText(Buffer.from([1, 0, 2])), TypeError);
  });

  it('is no SYLK file because its first head is ID', () => {
    assert.deepEqual(pairs(Buffer.from('ID;Name\n1;Ann'), 'ID', 'Name'), [['1', 'Ann']]);
  });

  it('parses any text without an exception, and reads back what was written', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseCsv(text))));
    const cell = fc.string().filter((text) => !text.includes('\r') || text.includes('\n'));
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }), (rows) => {
        const text = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')).join('\n');
        assert.deepEqual(parseCsv(text), rows);
      }),
    );
  });
});

describe('mapping/tables: files that are no use, or mean harm', () => {
  it('are refused with what to do: empty, half written, a picture, a web page, an old workbook, a protected one', () => {
    const good = workbook({ People: users });
    refused(Buffer.alloc(0), /empty/);
    refused(good.subarray(0, good.length / 2), /damaged or not completely written/);
    refused(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1]), /neither a workbook/);
    refused(Buffer.from('<!DOCTYPE html><table>'), /web page/);
    const old = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]);
    refused(old, /Excel 97–2003.*Save it as \.xlsx/);
    refused(Buffer.concat([old, Buffer.from('EncryptedPackage', 'utf16le')]), /protected by a password/);
    refused(zip([{ name: 'xl/workbook.xml', data: Buffer.from('x'), flags: 1 }]), /protected by a password/);
    refused(zip([{ name: 'a.txt', data: Buffer.from('hello') }]), /can't be read as a workbook/);
  });

  it('are refused before they are unpacked where they would fill the memory', () => {
    const limits = { entries: 10, unpacked: 1_000_000 };
    const zeros = Buffer.alloc(2_000_000);
    assert.throws(() => checkZip(zip([{ name: 'a', data: zeros }]), limits), /grow to more than 1 MB/);
    assert.throws(() => checkZip(zip([{ name: 'a', data: zeros, size: 1000 }]), limits), /larger than it declares/);
    assert.throws(
      () => checkZip(zip([{ name: 'a', data: Buffer.from('x'), size: 1000 }]), limits),
      /does not have its declared size/,
    );
    const many = Array.from({ length: 11 }, (_, n) => ({ name: `${n}`, data: Buffer.from('x') }));
    assert.throws(() => checkZip(zip(many), limits), /more than 10 parts/);
    assert.doesNotThrow(() => checkZip(zip(many.slice(1)), limits));
    refused(workbook({ S: users }, { merges: ['A1:XFD1048576'] }), /merges too many cells/);
  });

  it('throw a reason for people, and nothing else, whatever a byte of them is turned into', function () {
    this.timeout(60_000);
    const good = workbook({ S: users });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        try {
          inspectSheets(bytes);
        } catch (error) {
          assert.ok(error instanceof SyncError, String(error));
          assert.equal(error.kind, 'invalid');
        }
      }),
      { numRuns: 200 },
    );
  });

  it('cost no more than they hold where a sheet claims a million rows', () => {
    const sheet =
      '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' +
      '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>' +
      '<row r="1048576"><c r="A1048576" t="str"><v>x</v></c><c r="XFD1048576" t="str"><v>y</v></c></row></sheetData></worksheet>';
    const book =
      '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ' +
      'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>';
    const relations =
      '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" ' +
      'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>';
    const types =
      '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
      '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>' +
      '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>';
    const file = zip(
      [
        { name: '[Content_Types].xml', text: types },
        { name: 'xl/workbook.xml', text: book },
        { name: 'xl/_rels/workbook.xml.rels', text: relations },
        { name: 'xl/worksheets/sheet1.xml', text: sheet },
      ].map(({ name, text }) => ({ name, data: Buffer.from(text) })),
    );
    const [found] = inspectSheets(file);
    assert.equal(found?.rows, 1);
    assert.deepEqual(found?.columns, ['a', 'b']);
  });
});

describe('mapping/tables: look-up', () => {
  const columns = { one: ['Ann Lee', 'ann lee', 'bob@example.org', '17'], two: ['alee', 'alee2', 'bmay', 'seventeen'] };

  it('finds a value by its name, address, login or id, whatever the case, the exact one first', () => {
    const { forward } = indexSheet(columns);
    assert.deepEqual(forward?.find({ name: ' Ann Lee ' }), { name: 'alee' });
    assert.deepEqual(forward?.find({ name: 'ann lee' }), { name: 'alee2' });
    assert.deepEqual(forward?.find({ name: 'ANN LEE' }), { name: 'alee' });
    assert.deepEqual(forward?.find({ name: 'Bob', email: 'Bob@Example.org' }), { name: 'bmay' });
    assert.deepEqual(forward?.find({ id: '17', name: 'x' }), { name: 'seventeen' });
    assert.equal(forward?.find({ name: 'nobody' }), undefined);
  });

  it('goes back with the columns swapped, unless the sheet is for one way, and by case if set so', () => {
    assert.deepEqual(indexSheet(columns).backward?.find({ name: 'bmay' }), { name: 'bob@example.org' });
    assert.equal(indexSheet(columns, { backward: false }).backward, undefined);
    assert.equal(indexSheet(columns, { ignoreCase: false }).forward?.find({ name: 'ANN LEE' }), undefined);
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileOf, keepUpload, plainFileName, uploadName } from '../../lib/tables/files';
import { columnsOfFile, inspectFile, workbookOf } from '../../lib/tables/runner';
import { SheetTable } from '../../lib/tables/sheet-table';
import { type Row, workbook } from '../mapping/tables/files';
import { until } from '../support/wait';

describe('tables: sheets on the server', function () {
  this.timeout(60_000);
  let folder = '';
  let open: SheetTable[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-tables-'));
  });
  afterEach(() => {
    for (const table of open) table.close();
    open = [];
    rmSync(folder, { recursive: true, force: true });
  });

  const path = (): string => join(folder, 'users.xlsx');
  const write = (rows: Row[]): void => writeFileSync(path(), workbook({ Users: rows }));
  const table = (): SheetTable => {
    const source = { from: { kind: 'path' as const, path: path() }, sheet: 'Users', one: 'Jira', two: 'Redmine' };
    const made = new SheetTable({
      dataFolder: folder,
      source,
      ignoreCase: true,
      onChange: () => undefined,
      everyMs: 30,
    });
    open.push(made);
    return made;
  };
  const found = (sheet: SheetTable, name: string): string | undefined =>
    sheet.state.tables?.forward?.find({ name })?.name;

  it('are read again when the file changes', async () => {
    write([
      ['Jira', 'Redmine'],
      ['ann', 'alee'],
    ]);
    const sheet = table();
    await sheet.ready;
    assert.equal(found(sheet, 'Ann'), 'alee');
    assert.equal(sheet.state.rows, 1);
    write([
      ['Jira', 'Redmine'],
      ['ann', 'ann.lee'],
      ['bob', 'bmay'],
    ]);
    await until('the sheet was read again', () => (found(sheet, 'bob') ? true : undefined));
    assert.equal(found(sheet, 'ann'), 'ann.lee');
    assert.equal(sheet.state.problem, undefined);
  });

  it('keep the last good table where the file is half written or gone, say so, and go on when it is whole again', async () => {
    write([
      ['Jira', 'Redmine'],
      ['ann', 'alee'],
    ]);
    const sheet = table();
    await sheet.ready;
    writeFileSync(
      path(),
      workbook({
        Users: [
          ['Jira', 'Redmine'],
          ['ann', 'other'],
        ],
      }).subarray(0, 400),
    );
    await until('the broken file was noticed', () => sheet.state.problem);
    assert.match(sheet.state.problem ?? '', /damaged or not completely written/);
    assert.equal(found(sheet, 'ann'), 'alee');
    rmSync(path());
    await until('the missing file was noticed', () => (/no file/.test(sheet.state.problem ?? '') ? true : undefined));
    assert.equal(found(sheet, 'ann'), 'alee');
    write([
      ['Jira', 'Redmine'],
      ['ann', 'back'],
    ]);
    await until('the good file was read', () => (found(sheet, 'ann') === 'back' ? true : undefined));
    assert.equal(sheet.state.problem, undefined);
  });

  it('have their last good table after a restart beside a broken file too', async () => {
    write([
      ['Jira', 'Redmine'],
      ['ann', 'alee'],
    ]);
    await table().ready;
    writeFileSync(path(), 'no such thing');
    const sheet = table();
    await sheet.ready;
    assert.equal(found(sheet, 'ann'), 'alee');
    assert.match(sheet.state.problem ?? '', /no sheet|no column/);
  });

  it('have no table at all where none was ever good', async () => {
    const sheet = table();
    await sheet.ready;
    assert.equal(sheet.state.tables, undefined);
    assert.match(sheet.state.problem ?? '', /There is no file/);
  });

  it('are kept under an id of ours when they are uploaded; no id leads elsewhere', async () => {
    const id = await keepUpload(folder, '../../etc/pass\u0000wd.xlsx', workbook({ S: [['a'], ['1']] }));
    assert.equal(await uploadName(folder, id), 'passwd.xlsx');
    assert.equal((await inspectFile(fileOf(folder, { kind: 'upload', id, name: '' })))[0]?.rows, 1);
    for (const wrong of ['..', '../x', `${id}/..`, ''])
      assert.throws(() => fileOf(folder, { kind: 'upload', id: wrong, name: '' }), /no such uploaded sheet/);
    assert.throws(() => fileOf(folder, { kind: 'path', path: 'users.xlsx' }), /must be absolute/);
    assert.equal(plainFileName('C:\\temp\\users.xlsx'), 'users.xlsx');
  });

  it('of 200,000 rows are read while this process goes on, and looked up in at once', async () => {
    const rows = ['Jira;Redmine', ...Array.from({ length: 200_000 }, (_, n) => `user${n}@example.org;u${n}`)];
    writeFileSync(path(), rows.join('\n'));
    let longest = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const columns = await columnsOfFile(path(), '', { one: 'Jira', two: 'Redmine' });
    clearInterval(beat);
    assert.equal(columns.one.length, 200_000);
    assert.equal(columns.two[199_999], 'u199999');
    assert.ok(longest < 1_500, `stood still for ${longest} ms`);
  });

  it('that take too long or too much memory are given up, with the reason', async () => {
    writeFileSync(path(), workbook({ S: Array.from({ length: 30_000 }, (_, n) => [`a${n}`, `b${n}`]) }));
    await assert.rejects(inspectFile(path(), { ms: 5 }), /could not be read within/);
    await assert.rejects(inspectFile(path(), { memoryMb: 16 }), /more than 16 MB of memory/);
  });

  it('are exported with the values of both sides', async () => {
    const file = await workbookOf({ heads: ['A', 'B'], pairs: [['x', 'y']], values: [['x'], ['y', 'z']] });
    writeFileSync(path(), file);
    assert.deepEqual(await columnsOfFile(path(), 'Table', { one: 'A', two: 'B' }), {
      one: ['x'],
      two: ['y'],
      incomplete: 0,
    });
  });
});

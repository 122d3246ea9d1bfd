/** Sheets are uploaded by people who may mean harm: what they can hold up, learn and fill. */

import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { mock } from 'node:test';
import { jira } from '../../lib/connectors/jira';
import { positionOf } from '../../lib/connectors/kit/tokens/position';
import { redmine } from '../../lib/connectors/redmine';
import { openSqliteStore } from '../../lib/store/sqlite';
import { keepUpload, QUOTA, tablesFolder } from '../../lib/tables/files';
import { columnsOfFile, inspectFile } from '../../lib/tables/runner';
import { zip } from '../mapping/tables/files';

const zipOf = (parts: Record<string, string>): Buffer =>
  zip(Object.entries(parts).map(([name, text]) => ({ name, data: Buffer.from(text) })));

/** An OpenDocument sheet of under 2 KB that stands for two hundred million cells. */
function hugeInside(): Buffer {
  const cell =
    '<table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>';
  const row = `<table:table-row table:number-rows-repeated="1048576">${cell}</table:table-row>`;
  const content = `<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet><table:table table:name="a">${row.repeat(12)}</table:table></office:spreadsheet></office:body></office:document-content>`;
  const manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>';
  return zipOf({
    'META-INF/manifest.xml': manifest,
    'styles.xml': '<office:document-styles/>',
    mimetype: 'application/vnd.oasis.opendocument.spreadsheet',
    'content.xml': content,
  });
}

describe('a sheet of a stranger', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-sheets-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

  const small = () => {
    const file = join(folder, 'good.csv');
    writeFileSync(file, 'one;two\na;b\n');
    return file;
  };

  it('that is huge inside delays neither the tables of deployed flows nor another form, and is ended', async () => {
    const bomb = join(folder, 'bomb.ods');
    const bytes = hugeInside();
    writeFileSync(bomb, bytes);
    assert.ok(bytes.length < 2_000, `${bytes.length} bytes`);
    const begun = performance.now();
    const ending = inspectFile(bomb).then(
      () => 'read',
      (thrown: unknown) => String(thrown),
    );
    const good = small();
    const columns = await columnsOfFile(good, '', { one: 'one', two: 'two' }, { for: 'flow' });
    assert.deepEqual(columns.one, ['a']);
    await inspectFile(good);
    assert.ok(performance.now() - begun < 8_000, `others waited ${performance.now() - begun} ms`);
    assert.match(await ending, /could not be read within 10 seconds|needs more than 1024 MB/);
    assert.ok(performance.now() - begun < 13_000);
  });

  it('is not unpacked where it would grow more than a sheet ever does', async () => {
    const file = join(folder, 'bomb.xlsx');
    writeFileSync(file, zipOf({ 'xl/workbook.xml': ' '.repeat(100_000_000) }));
    await assert.rejects(inspectFile(file), /would grow to more than 16 MB/);
  });

  it('is read by a process that has nothing of Node-RED’s environment', async () => {
    process.env.TWINFLOW_TEST_SECRET = 'shh';
    const fork = mock.method(childProcess, 'fork');
    try {
      await inspectFile(small());
      const environments = fork.mock.calls.map(({ arguments: [, , options] }) => Object(options).env as object);
      assert.equal(environments.length, 1);
      for (const env of environments)
        assert.deepEqual(
          Object.keys(env).filter((name) => name !== 'SYSTEMROOT'),
          [],
        );
    } finally {
      fork.mock.restore();
      delete process.env.TWINFLOW_TEST_SECRET;
    }
  });

  it('is kept for its owner’s eyes only, and only while there is room', async () => {
    const before = { ...QUOTA };
    try {
      const id = await keepUpload(folder, 'a.csv', Buffer.from('a;b'));
      if (process.platform !== 'win32') {
        const own = join(tablesFolder(folder), id);
        assert.equal(statSync(own).mode & 0o777, 0o700);
        assert.equal(statSync(join(own, 'sheet')).mode & 0o777, 0o600);
      }
      QUOTA.files = 2;
      await keepUpload(folder, 'b.csv', Buffer.from('a;b'));
      await assert.rejects(keepUpload(folder, 'c.csv', Buffer.from('a;b')), /space for uploaded sheets is full/);
      Object.assign(QUOTA, { files: 500, bytes: 8 });
      await assert.rejects(keepUpload(folder, 'c.csv', Buffer.from('a;b')), /space for uploaded sheets is full/);
    } finally {
      Object.assign(QUOTA, before);
    }
  });
});

describe('a stored position that is damaged', () => {
  const scope = { projects: ['1'], types: ['1'] };
  const systems = [
    redmine.connect({ url: 'http://127.0.0.1:1', auth: 'apiKey', apiKey: 'k', textFormatting: 'textile' }, {}),
    jira.connect({ deployment: 'cloud', url: 'http://127.0.0.1:1', auth: 'apiToken', email: 'a@b.c', apiKey: 'k' }, {}),
  ];
  const broken = [{ time: 'soon' }, { from: 'soon' }];

  systems.forEach((connection, index) => {
    it(`is reported, not treated as the beginning (${['Redmine', 'Jira'][index]})`, async () => {
      const pages = connection.changes(scope, broken[index], 10);
      await assert.rejects(pages[Symbol.asyncIterator]().next(), /stored position of this poller is damaged/);
      await connection.close?.();
    });
  });

  it('is reported, not treated as the beginning (Azure DevOps)', () => {
    for (const checkpoint of [{ token: 5 }, { from: 'soon' }, { seen: 'x' }])
      assert.throws(() => positionOf(checkpoint, '*'), /stored position of this poller is damaged/);
  });

  it('is reported by the store as well, where it is no JSON', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'twinflow-position-'));
    const file = join(folder, 'store.sqlite');
    const flow = { integration: 'i', side: 1 } as const;
    let store = await openSqliteStore({ file });
    await store.setCheckpoint(flow, { time: 'x' });
    await store.close();
    for (const text of ['{"time":', '"x"', '[]']) {
      const db = new DatabaseSync(file);
      db.prepare('UPDATE flows SET checkpoint = ?').run(text);
      db.close();
      store = await openSqliteStore({ file });
      await assert.rejects(store.checkpoint(flow), { kind: 'damaged', message: /position of a poller is damaged/ });
      await store.close();
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
});

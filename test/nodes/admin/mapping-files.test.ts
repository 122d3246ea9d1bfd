import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { NodeAPI } from 'node-red';
import xlsx from 'xlsx';
import type { TextSheet } from '../../../lib/mapping/exchange';
import { registerMappingFileRoutes } from '../../../nodes/admin/mapping-files';
import { workbook, zip } from '../../mapping/tables/files';

/** Node-RED's own express, with the body parser that its editor API uses. */
const express = createRequire(require.resolve('node-red'))('express') as (() => NodeAPI['httpAdmin']) & {
  json(options: object): Parameters<NodeAPI['httpAdmin']['use']>[0];
};

describe('admin routes: mapping files', function () {
  this.timeout(60_000);
  let server: Server;
  let url = '';
  let asked: string[] = [];

  before(async () => {
    const app = express();
    app.use(express.json({ limit: '5mb' }));
    const auth = {
      needsPermission:
        (permission: string): ReturnType<NodeAPI['auth']['needsPermission']> =>
        (_request, _response, next) => {
          asked.push(permission);
          next();
        },
    };
    registerMappingFileRoutes({ httpAdmin: app, auth });
    server = createServer(app);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/twinflow/mapping-files`;
  });
  after(() => {
    server.close();
  });
  beforeEach(() => {
    asked = [];
  });

  const read = (bytes: Buffer): Promise<Response> =>
    fetch(`${url}/read`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
    });
  const write = (body: unknown): Promise<Response> =>
    fetch(`${url}/write`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
  const sheetsOf = async (response: Response): Promise<TextSheet[]> =>
    ((await response.json()) as { sheets: TextSheet[] }).sheets;
  const message = async (response: Response): Promise<string> =>
    ((await response.json()) as { error: { message: string } }).error.message;

  it('give back to the letter what they were given, each row in its place', async () => {
    const sheets = [{ name: 'A', rows: [['x', ' y '], [], ['', '_x0041_', '=1+1', 'a\nb', '&amp;', '00012']] }];
    const answer = await write({ sheets });
    assert.match(answer.headers.get('content-type') ?? '', /spreadsheetml/);
    assert.deepEqual(await sheetsOf(await read(await bytesOf(answer))), sheets);
    assert.deepEqual(asked, ['twinflow.write', 'twinflow.write']);
  });

  it('write every cell as a text, so that nothing in it is ever calculated', async () => {
    const risky = ['=HYPERLINK("http://x","y")', '+1', '-1', '@SUM(A1)', '\t=1', "=cmd|' /C calc'!A0"];
    const book = xlsx.read(await bytesOf(await write({ sheets: [{ name: 'A', rows: [risky] }] })), { cellNF: true });
    const cells = Object.entries(book.Sheets.A ?? {}).filter(([place]) => /^[A-Z]+1$/.test(place));
    assert.deepEqual(
      cells.map(([, cell]) => [cell.t, cell.v, cell.f, cell.z]),
      risky.map((text) => ['s', text, undefined, '@']),
    );
  });

  it('read of a formula what was saved as its result, never the formula', async () => {
    const file = workbook({ A: [[{ v: 2, f: '1+1' }, { f: 'WEBSERVICE("http://x")' }, 'text', { error: true }]] });
    assert.deepEqual(await sheetsOf(await read(file)), [{ name: 'A', rows: [['2', '', 'text']] }]);
  });

  it('read workbooks of LibreOffice', async () => {
    const file = workbook({ Blatt: [['a', null, 'b'], ['1']] }, { bookType: 'ods' });
    assert.deepEqual(await sheetsOf(await read(file)), [{ name: 'Blatt', rows: [['a', '', 'b'], ['1']] }]);
  });

  it('refuse files that are not workbooks, are broken, declare a false size, or are too large', async () => {
    const lying = zip([{ name: 'xl/workbook.xml', data: Buffer.alloc(1_000_000), size: 1000 }]);
    for (const [bytes, why] of [
      [Buffer.from('System 1 field;System 2 field\n'), /not a workbook/],
      [workbook({ A: [['x']] }).subarray(0, 300), /not completely written/],
      [lying, /larger than it declares/],
      [Buffer.alloc(0), /empty/],
      [Buffer.alloc(16_000_001), /larger than 16 MB/],
    ] as const) {
      const answer = await read(bytes);
      assert.equal(answer.status, 422);
      assert.match(await message(answer), why);
    }
  });

  it('refuse to write nothing, and write what can be written of anything else', async () => {
    for (const body of [{}, { sheets: 3 }, { sheets: [null, { name: '[]', rows: [] }] }])
      assert.equal((await write(body)).status, 422);
    const odd = { sheets: [{ name: 'a/b:c', rows: [null, ['x', 3, null, { a: 1 }], 'no'] }] };
    assert.deepEqual(await sheetsOf(await read(await bytesOf(await write(odd)))), [{ name: 'abc', rows: [[], ['x']] }]);
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { readColumns } from '../../../lib/mapping/tables/sheets';
import { registerTableRoutes } from '../../../nodes/admin/tables';
import { workbook } from '../../mapping/tables/files';

/** Node-RED's own express, with the body parser that its editor API uses. */
const express = createRequire(require.resolve('node-red'))('express') as (() => NodeAPI['httpAdmin']) & {
  json(options: object): Parameters<NodeAPI['httpAdmin']['use']>[0];
};

describe('admin routes: sheets', function () {
  this.timeout(60_000);
  let folder = '';
  let server: Server;
  let url = '';
  let asked: string[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-admin-tables-'));
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
    registerTableRoutes({ httpAdmin: app, auth }, () => folder);
    server = createServer(app);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/twinflow/tables`;
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    asked = [];
  });

  const upload = (bytes: Buffer, name = 'users.xlsx'): Promise<Response> =>
    fetch(`${url}?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
    });
  const post = (route: string, body: object): Promise<Response> =>
    fetch(`${url}/${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const message = async (response: Response): Promise<string> =>
    ((await response.json()) as { error: { message: string } }).error.message;
  const good = workbook({
    Users: [
      ['Jira', 'Redmine'],
      ['ann', 'alee'],
      ['bob', 'bmay'],
    ],
  });

  it('keep an upload, say what is in it, and find it again by its id', async () => {
    const answer = await upload(good, '../users.xlsx');
    assert.equal(answer.status, 200);
    const { id, name, sheets } = (await answer.json()) as {
      id: string;
      name: string;
      sheets: { columns: string[]; rows: number }[];
    };
    assert.equal(name, 'users.xlsx');
    assert.deepEqual([sheets[0]?.columns, sheets[0]?.rows], [['Jira', 'Redmine'], 2]);
    const again = (await (await post('inspect', { from: { kind: 'upload', id } })).json()) as { name: string };
    assert.equal(again.name, 'users.xlsx');
    const sheet = { from: { kind: 'upload', id }, sheet: 'Users', one: 'Jira', two: 'Redmine' };
    const found = await post('look-up', {
      sheet,
      ones: [{ name: 'Ann' }, { name: 'Eve' }],
      twos: [{ id: 'x', name: 'bmay' }],
    });
    assert.deepEqual(await found.json(), { forward: ['alee', null], backward: ['bob'] });
    // people, by whatever is known of them
    const people = await post('look-up', {
      sheet,
      ones: [
        { id: '7', name: 'Ann Lee', login: 'ann' },
        { id: '8', email: 'eve@a.example' },
      ],
      twos: [{ id: '9', name: 'B. May', email: 'bmay' }, null, 3],
    });
    assert.deepEqual(await people.json(), { forward: ['alee', null], backward: ['bob', null, null] });
  });

  it('ask for the permission to write, each of them', async () => {
    await upload(good);
    for (const route of ['inspect', 'look-up', 'export']) await post(route, {});
    const [write, deploy] = ['twinflow.write', 'flows.write'];
    assert.deepEqual(asked, [write, write, deploy, write, deploy, write]);
  });

  it('keep nothing of a file that cannot be read, and say why', async () => {
    const before = readdirSync(join(folder, 'twinflow', 'tables')).length;
    const answer = await upload(good.subarray(0, 200));
    assert.equal(answer.status, 422);
    assert.match(await message(answer), /not completely written/);
    assert.equal(readdirSync(join(folder, 'twinflow', 'tables')).length, before);
  });

  it('refuse more than a sheet may have before it is read', async () => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(64_000_001),
    });
    assert.equal(answer.status, 422);
    assert.match(await message(answer), /larger than 64 MB/);
  });

  it('read a file on the server by its complete path, and no upload of another name', async () => {
    const file = join(folder, 'users.csv');
    writeFileSync(file, 'a;b\n1;2\n');
    assert.equal((await post('inspect', { from: { kind: 'path', path: file } })).status, 200);
    assert.match(
      await message(await post('inspect', { from: { kind: 'path', path: `${file}.gone.csv` } })),
      /There is no file/,
    );
    assert.match(
      await message(await post('inspect', { from: { kind: 'path', path: '/etc/passwd' } })),
      /must end in \.xlsx/,
    );
    for (const from of [{ kind: 'upload', id: '../../x' }, { kind: 'path', path: 'users.csv' }, {}, null]) {
      assert.equal((await post('inspect', { from })).status, 422);
    }
  });

  it('name an upload that another server has by its name, not by a folder of this one', async () => {
    const from = { kind: 'upload', id: '00000000-0000-4000-8000-000000000000', name: 'people.xlsx' };
    assert.equal(
      await message(await post('inspect', { from })),
      'The uploaded sheet people.xlsx is not on this server. Upload it again.',
    );
  });

  it('give a workbook of pairs, whatever the request holds', async () => {
    const answer = await post('export', {
      heads: ['A', 'B'],
      pairs: [['x', 'y'], ['z'], null, 3],
      values: [['x'], 'no'],
    });
    assert.match(answer.headers.get('content-type') ?? '', /spreadsheetml/);
    const file = Buffer.from(await answer.arrayBuffer());
    assert.deepEqual(readColumns(file, 'Table', { one: 'A', two: 'B' }).one, ['x']);
    assert.equal((await post('export', {})).status, 200);
  });
});

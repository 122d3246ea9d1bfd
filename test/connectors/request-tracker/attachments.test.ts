/** What the conformance suite cannot ask of all systems: Request Tracker's files are in messages, and it may keep only a part of them. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  broughtParts,
  type Connection,
  type WriteOperation,
  type WriteResult,
} from '../../../lib/connectors/connector';
import { requestTracker as connector } from '../../../lib/connectors/request-tracker';
import type { FileContent } from '../../../lib/model/content';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import { describeWith } from '../../support/need';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { requestTracker } from '../../support/request-tracker';
import { attachTo } from './files';

const scope = { projects: ['1'], types: ['ticket'] };

function fileOf(name: string, bytes: Uint8Array, mediaType?: string): FileContent {
  async function* all(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const open = async () => ({ size: bytes.length, bytes: all(), close: () => undefined });
  return { name, size: bytes.length, open, ...(mediaType !== undefined && { mediaType }) };
}

describeWith('Request Tracker attachments, on the real server', requestTracker, function (rt) {
  this.timeout(120_000);
  const open: Connection[] = [];
  let proxy: RecordingProxy;
  let connection: Connection;
  let ticket: string;

  const connected = (): Connection => {
    const made = connector.connect({ url: proxy.url, token: rt.token('sync') }, {});
    open.push(made);
    return made;
  };
  const creation = (content: FileContent): WriteOperation => ({
    ...{ kind: 'create', type: 'attachment', project: '1', owner: ticket, content },
    fields: { name: content.name },
  });
  const write = async (...operations: WriteOperation[]): Promise<WriteResult[]> =>
    (await connection.write?.(scope, operations)) ?? [];
  const made = (result: WriteResult | undefined): Entity =>
    result?.ok ? result.entity : assert.fail(result?.error.message ?? 'no result');
  const refused = (result: WriteResult | undefined): SyncError =>
    result && !result.ok ? result.error : assert.fail('it was written');
  const parts = async (types = ['comment', 'attachment']): Promise<Entity[]> => {
    const [found] = (await connection.parts?.(scope, [ticket], types)) ?? [];
    const brought = broughtParts(found);
    return Array.isArray(brought) ? brought : assert.fail(`${brought}`);
  };
  const names = async (): Promise<unknown[]> => (await parts(['attachment'])).map(({ fields }) => fields.name);
  async function read(id: string): Promise<Buffer> {
    const held: Uint8Array[] = [];
    for await (const part of (await connection.open?.(id))?.bytes ?? []) held.push(part);
    return Buffer.concat(held);
  }
  const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));

  before(async () => {
    rt.configure();
    rt.reset();
    proxy = await recordingProxy(rt.url);
  });

  after(async () => {
    await Promise.all(open.map((one) => one.close?.()));
    await proxy?.stop();
    rt.configure();
    rt.reset();
  });

  beforeEach(async () => {
    proxy.interfere = undefined;
    connection = connected();
    const body = { Queue: '1', Subject: 'Files', Content: 'described', ContentType: 'text/plain' };
    ticket = (await rt.send<{ id: string }>('alice', 'POST', 'ticket', body)).id;
    proxy.clear();
  });

  it('of a comment with a text are parts beside it; a file alone is no comment, nor is the text of a ticket', async () => {
    const both = { name: 'both.txt', bytes: bytesOf('file'), text: 'said', type: 'text/plain' };
    await rt.attach('alice', ticket, both);
    await rt.attach('alice', ticket, { name: 'alone.txt', bytes: bytesOf('alone'), type: 'text/plain' }, 'correspond');
    const found = await parts();
    assert.deepEqual(
      found.map(({ type, fields: { text, name, visibility } }) => [type, text ?? name, visibility]),
      [
        ['comment', { format: 'text', content: 'said' }, { id: 'internal', name: 'Internal' }],
        ['attachment', 'both.txt', { id: 'internal', name: 'Internal' }],
        ['attachment', 'alone.txt', { id: 'public', name: 'Public' }],
      ],
    );
    assert.deepEqual((await parts(['comment'])).length, 1);
    assert.deepEqual((await read(found[1]?.id ?? '')).toString(), 'file');
  });

  it('that we add are no comments, and are not mailed: they are added as comments', async () => {
    const file = made((await write(creation(fileOf('ours.bin', randomBytes(100)))))[0]);
    assert.deepEqual(
      (await parts()).map(({ id }) => id),
      [file.id],
    );
    assert.deepEqual(file.fields.visibility, { id: 'internal', name: 'Internal' });
  });

  it('of a new ticket are there, with the account that made it', async () => {
    const FileContent = Buffer.from('first').toString('base64');
    const Attachments = [{ FileName: 'first.txt', FileType: 'text/plain', FileContent }];
    const body = { Queue: '1', Subject: 'Files', Content: 'described', Attachments };
    ticket = (await rt.send<{ id: string }>('alice', 'POST', 'ticket', body)).id;
    const [file, ...others] = await parts();
    assert.ok(file && others.length === 0);
    assert.deepEqual([file.fields.name, file.createdBy?.login], ['first.txt', 'alice']);
  });

  it('keep their bytes, whatever their text is encoded in', async () => {
    const contents: [string, string, Uint8Array][] = [
      ['latin1.txt', 'text/plain', new Uint8Array(Buffer.from('Größe 5 µm\r\n', 'latin1'))],
      ['utf16.txt', 'text/plain', new Uint8Array(Buffer.from('\ufeffhallo', 'utf16le'))],
      ['page.html', 'text/html', new Uint8Array(Buffer.from('<p>ä</p>', 'latin1'))],
      ['mail.eml', 'message/rfc822', bytesOf('Subject: x\r\n\r\nhello\r\n')],
      ['data.csv', 'text/csv', new Uint8Array(Buffer.from('ä;ö\n', 'latin1'))],
      ['noise.txt', 'text/plain', new Uint8Array(randomBytes(1_000))],
    ];
    for (const [name, type, bytes] of contents) {
      const file = made((await write(creation(fileOf(name, bytes, type))))[0]);
      assert.deepEqual([file.fields.name, file.fields.size], [name, bytes.length], name);
      assert.deepEqual(await read(file.id), Buffer.from(bytes), name);
    }
  });

  it('that somebody has attached are carried as RT keeps them: a text in another encoding has become UTF-8', async () => {
    const bytes = new Uint8Array(Buffer.from('Größe', 'latin1'));
    await rt.attach('alice', ticket, { name: 'latin1.txt', bytes, type: 'text/plain' });
    const [file] = await parts();
    assert.ok(file);
    assert.equal((await read(file.id)).toString('utf8'), 'Größe');
    assert.equal(file.fields.size, Buffer.byteLength('Größe'));
  });

  it('that are not there are notFound, though RT fails on them with 500; while RT is in trouble, that is no answer', async () => {
    const missing = `${ticket}#attachment-99999999`;
    const of = (id: string) =>
      read(id).catch((thrown: unknown) => (thrown instanceof SyncError ? thrown.kind : thrown));
    assert.equal(await of(missing), 'notFound');
    const file = await attachTo(rt, ticket, 'there.txt', bytesOf('there'));
    proxy.interfere = (method, path) =>
      method === 'GET' && path.includes('/attachment/')
        ? { status: 500, body: '{"message":"Internal Server Error"}' }
        : undefined;
    assert.equal(await of(file), 'transient');
    proxy.interfere = undefined;
    assert.deepEqual((await read(file)).toString(), 'there');
  });

  it('are refused where they cannot be changed, and where they would be empty', async () => {
    const file = made((await write(creation(fileOf('one', bytesOf('one')))))[0]);
    const renaming: WriteOperation = { kind: 'update', id: file.id, fields: { name: 'two' } };
    assert.equal(refused((await write(renaming))[0]).kind, 'forbidden');
    const empty = refused((await write(creation(fileOf('empty', new Uint8Array()))))[0]);
    assert.deepEqual([empty.kind, empty.detail.uncertain ?? false], ['invalid', false]);
    assert.deepEqual(await names(), ['one']);
    assert.equal(connection.remove, undefined);
  });

  it('without the right to comment name the right', async () => {
    const alone = connector.connect({ url: proxy.url, token: rt.token('sync') }, {});
    open.push(alone);
    proxy.interfere = (method, path) =>
      method === 'POST' && path.endsWith('/comment')
        ? { status: 400, body: '{"message":"Permission Denied"}' }
        : undefined;
    const error = refused((await write(creation(fileOf('one', bytesOf('one')))))[0]);
    assert.equal(error.kind, 'forbidden');
    assert.match(error.message, /Permission Denied.*CommentOnTicket/);
  });

  for (const [how, kept] of [
    ['DropLongAttachments', 'nothing'],
    ['TruncateLongAttachments', 'a part'],
  ])
    it(`of which RT keeps ${kept} are refused with its limit, which is known from then on; they are no files`, async () => {
      rt.configure(`Set($MaxAttachmentSize, 4000); Set($${how}, 1);`);
      try {
        await fetch(`${proxy.url}/REST/2.0/rt`).catch(() => undefined);
        const large = () => new Uint8Array(randomBytes(3_500));
        await attachTo(rt, ticket, 'small.bin', new Uint8Array(randomBytes(100)));
        await rt.attach('alice', ticket, { name: 'theirs.bin', bytes: large() });
        const [before, error] = [
          await connection.fileRules?.('1'),
          refused((await write(creation(fileOf('ours.bin', large()))))[0]),
        ];
        assert.equal(before?.maxBytes, undefined);
        assert.equal(error.kind, 'invalid');
        assert.match(error.message, /RT keeps files of at most 3000 bytes.*MaxAttachmentSize/);
        assert.equal((await connection.fileRules?.('1'))?.maxBytes, 3_000);
        assert.deepEqual(await names(), ['small.bin']);
      } finally {
        rt.configure();
        await fetch(`${proxy.url}/REST/2.0/rt`).catch(() => undefined);
      }
    });

  it('cost three requests each to write, and one for 50 messages more than comments to read', async () => {
    made((await write(creation(fileOf('first', bytesOf('first')))))[0]);
    proxy.clear();
    made((await write(creation(fileOf('second', bytesOf('second')))))[0]);
    const paths = () =>
      proxy.requests.map(({ method, path }) => `${method} ${path.replace(/^.REST.2.0.|\?.*|\d+(?=\/)/g, '')}`);
    assert.deepEqual(paths(), ['POST ticket//comment', 'GET transactions', 'POST attachments']);
    await parts();
    proxy.clear();
    await parts(['comment']);
    const comments = paths().length;
    proxy.clear();
    await parts();
    assert.equal(paths().length, comments + 1);
  });
});

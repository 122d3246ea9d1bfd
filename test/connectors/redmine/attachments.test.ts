/** What the conformance suite cannot ask of all systems: Redmine's attachments when answers are lost, numbers come again, or the issue
 * is not taken as it is. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Connection, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { FileContent } from '../../../lib/model/content';
import type { Entity } from '../../../lib/model/entity';
import type { SyncError } from '../../../lib/model/errors';
import { describeWith } from '../../support/need';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { changeSettings } from '../../support/redmine-roles';
import { attachmentsOf, attachTo, numberOf } from './files';
import { connectTo, scope, server } from './server';

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

function fileOf(name: string, text: string, digest?: string): FileContent {
  const bytes = bytesOf(text);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const open = async () => ({ size: bytes.length, bytes: all(), close: () => undefined });
  return { name, size: bytes.length, ...(digest !== undefined && { digest }), open };
}

describeWith('Redmine attachments, on the real server', server, function (redmine) {
  this.timeout(60_000);
  const alice = redmine.as('alice');
  const open: Connection[] = [];
  let proxy: RecordingProxy;
  let connection: Connection;
  let issue: string;

  /** A connection that remembers nothing. */
  const connected = (): Connection => {
    const made = connectTo(proxy.url, redmine.key('sync')).connection;
    open.push(made);
    return made;
  };
  const creation = (content: FileContent, owner = issue): WriteOperation => ({
    ...{ kind: 'create', type: 'attachment', project: '1', owner, content },
    fields: { name: content.name },
  });
  const write = async (...operations: WriteOperation[]): Promise<WriteResult[]> =>
    (await connection.write?.(scope, operations)) ?? [];
  const made = (result: WriteResult | undefined): Entity =>
    result?.ok ? result.entity : assert.fail(result?.error.message ?? 'no result');
  const error = (result: WriteResult | undefined): SyncError =>
    result && !result.ok ? result.error : assert.fail('it was written');
  const names = async (): Promise<string[]> => (await attachmentsOf(alice, issue)).map(({ filename }) => filename);
  const newIssue = async (): Promise<string> => {
    const created = { project_id: 1, tracker_id: 1, subject: 'Files' };
    return String((await alice.post<{ issue: { id: number } }>('/issues.json', { issue: created })).issue.id);
  };
  const isUpdate = (method: string, path: string) => method === 'PUT' && path.startsWith('/issues/');
  const paths = () => proxy.requests.map(({ method, path }) => `${method} ${path.replace(/[?].*|\d+(?=[./])/g, '')}`);
  async function read(id: string): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const part of (await connection.open?.(id))?.bytes ?? []) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  before(async () => {
    redmine.reset();
    proxy = await recordingProxy(redmine.url);
  });

  after(async () => {
    await Promise.all(open.map((one) => one.close?.()));
    await proxy?.stop();
    redmine.reset();
  });

  beforeEach(async () => {
    proxy.interfere = undefined;
    proxy.rewrite = undefined;
    connection = connected();
    issue = await newIssue();
    proxy.clear();
  });

  it('whose update was carried out and whose answer was lost are there once, and are reported as written', async () => {
    proxy.interfere = (method, path) => (isUpdate(method, path) ? 'lose' : undefined);
    const [one, two] = await write(creation(fileOf('one.txt', 'one')), creation(fileOf('two.txt', 'two')));
    assert.deepEqual([made(one).fields.name, made(two).fields.name], ['one.txt', 'two.txt']);
    assert.deepEqual(await names(), ['one.txt', 'two.txt']);
  });

  it('whose update never arrived fail in doubt; those whose upload broke off are certainly not there', async () => {
    proxy.interfere = (method, path) => (isUpdate(method, path) ? 'cut' : undefined);
    assert.equal(error((await write(creation(fileOf('one.txt', 'one'))))[0]).detail.uncertain, true);
    proxy.interfere = (method, path) => (method === 'POST' && path.startsWith('/uploads') ? 'lose' : undefined);
    const broken = error((await write(creation(fileOf('two.txt', 'two'))))[0]);
    assert.deepEqual([broken.kind, broken.detail.uncertain], ['transient', false]);
    assert.deepEqual(await names(), []);
  });

  it('of one issue cost a request each, one for all to attach them, and one to look', async () => {
    const files = ['a', 'b', 'c'].map((name) => creation(fileOf(name, name)));
    made((await write(creation(fileOf('first', 'first'))))[0]);
    proxy.clear();
    for (const result of await write(...files)) made(result);
    const upload = 'POST /uploads.json';
    assert.deepEqual(paths(), [upload, upload, upload, 'PUT /issues/.json', 'GET /issues/.json']);
  });

  it('of many issues are read with one request, and together with their notes with one for each issue', async () => {
    const other = await newIssue();
    for (const owner of [issue, other]) await attachTo(alice, owner, 'a.txt', bytesOf(owner));
    await alice.put(`/issues/${issue}.json`, { issue: { notes: 'said' } });
    await connection.identify();
    proxy.clear();
    const alone = await connection.parts?.(scope, [issue, other], ['attachment']);
    assert.deepEqual(
      paths().filter((path) => path.includes('issues')),
      ['GET /issues.json'],
    );
    proxy.clear();
    const both = await connection.parts?.(scope, [issue, other], ['comment', 'attachment']);
    assert.deepEqual(
      paths().filter((path) => path.includes('issues')),
      ['GET /issues/.json', 'GET /issues/.json'],
    );
    // those of one second have no order
    const kinds = (found: unknown) => (Array.isArray(found) ? found.map(({ type }: Entity) => type).sort() : found);
    assert.deepEqual(alone?.map(kinds), [['attachment'], ['attachment']]);
    assert.deepEqual(both?.map(kinds), [['attachment', 'comment'], ['attachment']]);
  });

  it('say how they moved their issue, unless somebody else has changed it as well', async () => {
    await connection.parts?.(scope, [issue], ['comment', 'attachment']);
    const versionNow = async () => {
      const [item] = await connection.read(scope, [issue]);
      return item && 'version' in item ? item.version : undefined;
    };
    const before = await versionNow();
    const [one] = await write(creation(fileOf('one', 'one')));
    assert.ok(one?.ok);
    assert.deepEqual(one.owner, { before, after: await versionNow() });
    await alice.put(`/issues/${issue}.json`, { issue: { notes: 'said meanwhile' } });
    const [two] = await write(creation(fileOf('two', 'two')));
    assert.ok(two?.ok);
    assert.equal(two.owner, undefined);
  });

  it('are not mistaken for others that got their number after they were deleted', async () => {
    const gone = await attachTo(alice, issue, 'gone.txt', bytesOf('gone'));
    assert.equal(await read(gone), 'gone');
    await alice.delete(`/attachments/${numberOf(gone)}.json`);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const next = await attachTo(alice, issue, 'next.txt', bytesOf('next'));
    assert.equal(numberOf(next), numberOf(gone), 'this Redmine gives numbers out again');
    await assert.rejects(read(gone), { kind: 'notFound' });
    assert.deepEqual(await connection.read(scope, [gone]), [undefined]);
    assert.deepEqual(await connection.remove?.(scope, [gone]), [undefined]);
    assert.deepEqual(await names(), ['next.txt']);
  });

  it('that were renamed since they were read are still given out', async () => {
    await attachTo(alice, issue, 'before.txt', bytesOf('the bytes'));
    const [parts] = (await connection.parts?.(scope, [issue], ['attachment'])) ?? [];
    const [part] = Array.isArray(parts) ? parts : [];
    assert.ok(part);
    await alice.send('PATCH', `/attachments/${numberOf(part.id)}.json`, { attachment: { filename: 'after ü.txt' } });
    assert.equal(await read(part.id), 'the bytes');
  });

  it('have a description, which can be changed; it moves their version, not their issue', async () => {
    const { id, version } = made((await write(creation(fileOf('a.txt', 'a'))))[0]);
    const [item] = await connection.read(scope, [issue]);
    const changed = made((await write({ kind: 'update', id, fields: { description: 'A picture' } }))[0]);
    assert.deepEqual([changed.fields.description, changed.fields.name], ['A picture', 'a.txt']);
    assert.notEqual(changed.version, version);
    assert.deepEqual(await connection.read(scope, [issue]), [item]);
  });

  it('with an extension that is not allowed are refused in words', async () => {
    await changeSettings(redmine, 'attachments', { attachment_extensions_denied: 'exe' });
    try {
      const [refused, taken] = await write(creation(fileOf('run.exe', 'MZ')), creation(fileOf('a.txt', 'a')));
      const { kind, message, detail } = error(refused);
      assert.equal(kind, 'invalid');
      assert.match(message, /"run.exe" for issue \d+ .*not allowed/i);
      assert.equal(detail.ofOwner, undefined);
      made(taken);
      assert.equal((await connection.fileRules?.('1'))?.maxBytes, undefined);
    } finally {
      await changeSettings(redmine, 'attachments', { attachment_extensions_denied: '' });
    }
  });

  it('that are too large tell how large they may be, and the next ones are not even sent', async () => {
    await changeSettings(redmine, 'attachments', { attachment_max_size: '10' });
    try {
      const refused = error((await write(creation(fileOf('large.txt', 'x'.repeat(20_000)))))[0]);
      assert.match(refused.message, /exceeds the maximum allowed file size \(10240\)/);
      assert.equal(refused.kind, 'invalid');
      assert.equal((await connection.fileRules?.('1'))?.maxBytes, 10_240);
    } finally {
      await changeSettings(redmine, 'attachments', { attachment_max_size: '20480' });
    }
  });

  it('of an issue that Redmine does not take as it is fail for that, and not for the file', async () => {
    proxy.interfere = (method, path) =>
      isUpdate(method, path) ? { status: 422, body: '{"errors":["Severity cannot be blank"]}' } : undefined;
    const refused = error((await write(creation(fileOf('a.txt', 'a'))))[0]);
    assert.deepEqual([refused.kind, refused.detail.ofOwner], ['invalid', true]);
    assert.match(refused.message, /does not take the issue as it is: .*Severity cannot be blank/);
  });

  it('of which other bytes arrive than were sent are not attached', async () => {
    const wrong = createHash('sha256').update('something else').digest('hex');
    const [changed, right] = await write(
      creation(fileOf('a.txt', 'a', wrong)),
      creation(fileOf('b.txt', 'b', createHash('sha256').update('b').digest('hex'))),
    );
    assert.match(error(changed).message, /other bytes than were sent/);
    made(right);
    assert.deepEqual(await names(), ['b.txt']);
  });

  it('are all there for an account that sees no private notes, unlike its comments', async () => {
    await attachTo(alice, issue, 'a.txt', bytesOf('a'));
    proxy.rewrite = (path, body) => (path.startsWith('/roles/') ? body.replace('"view_private_notes",', '') : body);
    const [found] = (await connected().parts?.(scope, [issue], ['comment', 'attachment'])) ?? [];
    assert.ok(found && 'shown' in found);
    assert.deepEqual([found.shown.length, found.all], [1, ['attachment']]);
  });
});

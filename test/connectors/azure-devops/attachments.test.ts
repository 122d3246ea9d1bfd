/** Attachments in Azure DevOps beyond the conformance suite: uploads without a trace, sizes that nobody tells, places that move. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { AzureDevOpsApi } from '../../../lib/connectors/azure-devops/api';
import { AttachmentRequests } from '../../../lib/connectors/azure-devops/attachments/requests';
import type { Connection, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { FileContent } from '../../../lib/model/content';
import type { Entity } from '../../../lib/model/entity';
import type { SyncError } from '../../../lib/model/errors';
import type { StandIn } from '../../systems/azure-devops';
import { type Colleague, connectTo, createBug, FABRIKAM, personOf, poll, scope, standIns } from './support';

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

function fileOf(name: string, text: string): FileContent {
  const bytes = bytesOf(text);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return { name, size: bytes.length, open: async () => ({ size: bytes.length, bytes: all(), close: () => undefined }) };
}

function zeros(name: string, size: number): FileContent {
  const part = Buffer.alloc(77_777);
  async function* all(): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; left -= part.length) yield part.subarray(0, left);
  }
  return { name, size, open: async () => ({ size, bytes: all(), close: () => undefined }) };
}

describe('Azure DevOps: attachments', function () {
  this.timeout(60_000);
  const start = standIns();
  let standIn: StandIn;
  let connection: Connection;
  let alice: Colleague;
  let bug: string;

  beforeEach(async () => {
    ({ standIn, connection, alice } = await start());
    bug = (await createBug(connection, {})).id;
  });

  const item = (id = bug) => standIn.service.state.items.get(Number(id)) ?? assert.fail(id);
  const names = () =>
    item().relations.flatMap(({ rel, attributes }) => (rel === 'AttachedFile' ? attributes.name : []));
  const creation = (content: FileContent, fields = {}, owner = bug): WriteOperation => ({
    ...{ kind: 'create', type: 'attachment', project: FABRIKAM, owner, content },
    fields: { name: content.name, ...fields },
  });
  const write = async (...operations: WriteOperation[]): Promise<WriteResult[]> =>
    (await connection.write?.(scope, operations)) ?? [];
  const made = (result: WriteResult | undefined): Entity =>
    result?.ok ? result.entity : assert.fail(result?.error.message ?? 'no result');
  const error = (result: WriteResult | undefined): SyncError =>
    result && !result.ok ? result.error : assert.fail('it was written');
  const allOf = async (owner = bug, from = connection): Promise<Entity[]> => {
    const [found] = (await from.parts?.(scope, [owner], ['attachment'])) ?? [];
    assert.ok(Array.isArray(found), String(found));
    return found;
  };
  const read = async (id: string): Promise<string> => {
    const parts: Uint8Array[] = [];
    for await (const part of (await connection.open?.(id))?.bytes ?? []) parts.push(part);
    return Buffer.concat(parts).toString();
  };
  const requestsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
    const before = standIn.requests.length;
    await work();
    return standIn.requests.slice(before).map((one) => one.replace(/[0-9a-f-]{36}/g, 'ID').replace(/\d+$/, 'N'));
  };

  it('cost an upload and an update each, and no look afterwards; several of one work item share the update', async () => {
    await allOf();
    const one = await requestsOf(async () => made((await write(creation(fileOf('a.txt', 'a'))))[0]));
    assert.deepEqual(one, ['POST /_apis/wit/attachments', 'PATCH /_apis/wit/workitems/N']);
    const three = await requestsOf(async () => {
      for (const result of await write(...['b', 'c', 'd'].map((name) => creation(fileOf(name, name))))) made(result);
    });
    assert.deepEqual(three, [...Array(3).fill('POST /_apis/wit/attachments'), 'PATCH /_apis/wit/workitems/N']);
    assert.deepEqual(names(), ['a.txt', 'b', 'c', 'd']);
  });

  it('come with their work items and comments in one request, and say how they moved them', async () => {
    await alice.attach(bug, 'a.txt', bytesOf('a'));
    const requests = await requestsOf(async () => {
      const [found] = (await connection.parts?.(scope, [bug], ['comment', 'attachment'])) ?? [];
      assert.ok(Array.isArray(found));
      assert.deepEqual(
        found.map(({ type, createdBy }) => [type, createdBy?.login]),
        [['attachment', 'alice@example.com']],
      );
    });
    assert.deepEqual(requests, ['POST /_apis/wit/workitemsbatch']);
    const [before] = await connection.read(scope, [bug]);
    const [result] = await write(creation(fileOf('b.txt', 'b')));
    assert.ok(result?.ok && before && 'version' in before);
    const [after] = await connection.read(scope, [bug]);
    assert.deepEqual(result.owner, { before: before.version, after: after && 'version' in after && after.version });
  });

  it('were added by whom the updates of their work item say, which are read once', async () => {
    await alice.attach(bug, 'a.txt', bytesOf('a'));
    made((await write(creation(fileOf('b.txt', 'b'))))[0]);
    await alice.change(bug, { 'System.Title': 'Changed since' });
    const other = connectTo(standIn);
    try {
      const authors = async () => (await allOf(bug, other)).map(({ createdBy }) => createdBy?.login);
      const first = await requestsOf(async () =>
        assert.deepEqual(await authors(), ['alice@example.com', 'sync@example.com']),
      );
      assert.deepEqual(
        first.filter((one) => one.endsWith('/updates')),
        [`GET /_apis/wit/workItems/${bug}/updates`],
      );
      const second = await requestsOf(authors);
      assert.deepEqual(second, ['POST /_apis/wit/workitemsbatch']);
    } finally {
      await other.close?.();
    }
  });

  it('bring their work item into the next poll when they are added or removed by others', async () => {
    const { checkpoint } = await poll(connection, undefined);
    const id = await alice.attach(bug, 'a.txt', bytesOf('a'));
    const second = await poll(connection, checkpoint);
    assert.deepEqual(second.ids, [bug]);
    await alice.detach(id);
    assert.deepEqual((await poll(connection, second.checkpoint)).ids, [bug]);
  });

  it('whose update was carried out and whose answer was lost are reported as written', async () => {
    standIn.loseNextAnswer = true;
    const [one, two] = await write(creation(fileOf('one.txt', 'one')), creation(fileOf('two.txt', 'two')));
    assert.deepEqual([made(one).fields.name, made(two).fields.name], ['one.txt', 'two.txt']);
    assert.deepEqual(names(), ['one.txt', 'two.txt']);
  });

  it('whose upload breaks off leave nothing that anybody sees', async () => {
    standIn.fail({ status: 500, body: { message: 'TF401349: An unexpected error has occurred.' } }, 3);
    const { kind, detail } = error((await write(creation(fileOf('a.txt', 'a'))))[0]);
    assert.deepEqual([kind, detail.uncertain], ['transient', false]);
    assert.deepEqual(names(), []);
  });

  describe('too large for one request', () => {
    const size = 1_000_007;
    let api: AzureDevOpsApi;
    let requests: AttachmentRequests;

    beforeEach(() => {
      const credentials = { kind: 'basic', username: '', password: personOf('sync').token } as const;
      api = new AzureDevOpsApi(`${standIn.url}/`, '7.1', credentials, undefined);
      requests = new AttachmentRequests(api, { atOnce: 500_000, chunk: 400_000 });
    });
    afterEach(() => api.close());

    it('go in chunks, and come whole', async () => {
      let upload = '';
      const sent = await requestsOf(async () => {
        upload = await requests.upload(zeros('film.mp4', size));
      });
      assert.deepEqual(sent, ['POST /_apis/wit/attachments', ...Array(3).fill('PUT /_apis/wit/attachments/ID')]);
      const { stored } = standIn.service.state.attachments.get(upload) ?? {};
      assert.deepEqual(
        [stored?.size, stored?.sha256],
        [size, createHash('sha256').update(Buffer.alloc(size)).digest('hex')],
      );
    });

    for (const comes of [size - 1, size + 1]) {
      it(`fail as their source does if ${comes} bytes come in place of ${size}`, async () => {
        const source = zeros('film.mp4', comes);
        const open = async () => ({ ...(await source.open()), size });
        await assert.rejects(requests.upload({ ...source, size, open }), {
          kind: 'transient',
          detail: { content: true, uncertain: false },
        });
      });
    }
  });

  it('that are too large say how large they may be, and the next ones are not even sent', async () => {
    standIn.faults.mostAttachmentBytes = 2 * 1024 * 1024;
    assert.equal((await connection.fileRules?.(FABRIKAM))?.maxBytes, undefined);
    const { kind, message, detail } = error((await write(creation(zeros('large.bin', 3_000_000))))[0]);
    assert.deepEqual([kind, detail.uncertain, detail.ofOwner], ['invalid', false, undefined]);
    assert.match(message, /"large.bin" for work item \d+ was not taken: TF237082: .*\(2.000 MB\(s\)\)/);
    const { maxBytes = 0 } = (await connection.fileRules?.(FABRIKAM)) ?? {};
    assert.ok(maxBytes >= 2 * 1024 * 1024 && maxBytes < 3_000_000, String(maxBytes));
  });

  it('that are too many are left out, and those that fit are attached', async () => {
    standIn.faults.mostAttachments = 2;
    const results = await write(...['a', 'b', 'c'].map((name) => creation(fileOf(name, name))));
    const [, , third] = results;
    const { kind, message, detail } = error(third);
    assert.deepEqual([kind, detail.ofOwner], ['invalid', undefined]);
    assert.match(message, /"c" for work item \d+ was not attached: VS403313: .*no more than 2 attachments/);
    assert.deepEqual(names(), ['a', 'b']);
  });

  it('that are empty are refused in words, if this service does not take them', async () => {
    standIn.faults.takesNoEmpty = true;
    const { kind, message } = error((await write(creation(fileOf('empty.txt', ''))))[0]);
    assert.equal(kind, 'invalid');
    assert.match(message, /"empty.txt" for work item \d+ was not taken: .*empty/);
  });

  it('whose client did not tell their size have that of their bytes, which is asked for once', async () => {
    const id = await alice.attach(bug, 'a.txt', bytesOf('the bytes'), { resourceSize: undefined, comment: undefined });
    assert.equal(item().relations.at(-1)?.attributes.resourceSize, 0);
    const [part] = await allOf();
    assert.equal(part?.fields.size, 9);
    assert.deepEqual(await requestsOf(() => allOf()), ['POST /_apis/wit/workitemsbatch']);
    assert.equal(await read(id), 'the bytes');
    standIn.faults.filesWithoutLength = true;
    await alice.attach(bug, 'b.txt', bytesOf('other'), { resourceSize: undefined });
    const [, unknown] = await allOf();
    assert.equal(unknown?.fields.size, null, 'nobody says it');
  });

  it('have a description, which can be changed, and names that cannot', async () => {
    await alice.attach(bug, 'before.txt', bytesOf('x'));
    const { id, version, fields } = made((await write(creation(fileOf('a.txt', 'a'), { description: 'One' })))[0]);
    assert.equal(fields.description, 'One');
    const [result] = await write({ kind: 'update', id, fields: { description: 'Two', name: 'b.txt' } });
    assert.ok(result?.ok);
    assert.deepEqual([result.entity.fields.description, result.entity.fields.name], ['Two', 'a.txt']);
    assert.deepEqual(result.ignored, { name: 'Azure DevOps cannot rename attachments' });
    assert.notEqual(result.entity.version, version);
    const long = error((await write({ kind: 'update', id, fields: { description: 'x'.repeat(256) } }))[0]);
    assert.equal(long.kind, 'invalid');
    assert.deepEqual(names(), ['before.txt', 'a.txt']);
  });

  it('are removed by their place, also if somebody edits meanwhile, and are no longer there the second time', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) ids.push(await alice.attach(bug, name, bytesOf(name)));
    const [a = '', , c = ''] = ids;
    standIn.beforeNext(/^PATCH .*workitems/, () =>
      standIn.writes.touch(Number(bug), item().revisions[0]?.by ?? assert.fail()),
    );
    assert.deepEqual(await connection.remove?.(scope, [a, c]), [undefined, undefined]);
    assert.deepEqual(names(), ['b', 'd']);
    assert.deepEqual(await connection.remove?.(scope, [a]), [undefined]);
    assert.deepEqual(names(), ['b', 'd']);
  });

  it('whose place was moved by a link from elsewhere, which makes no revision, are not taken for others', async () => {
    const [a, b] = [await alice.attach(bug, 'a', bytesOf('a')), await alice.attach(bug, 'b', bytesOf('b'))];
    standIn.beforeNext(/^PATCH .*workitems/, () => void item().relations.reverse());
    assert.deepEqual(await connection.remove?.(scope, [a]), [undefined]);
    assert.deepEqual(names(), ['b']);
    assert.equal(await read(b), 'b');
  });

  it('keep their place beside links; pictures that are pasted into a text are there, without a relation', async () => {
    const path = '_apis/wit/attachments?fileName=picture.png';
    const { url } = (await alice.send('POST', path, bytesOf('png'), 'application/octet-stream')) as { url: string };
    await alice.change(bug, { 'System.Description': `<img src="${url}">` });
    const other = (await createBug(connection, { 'System.Title': 'Other' })).id;
    const [result] =
      (await connection.write?.(scope, [
        { kind: 'update', id: bug, fields: { 'relation_System.LinkTypes.Related': [{ id: other }] } },
      ])) ?? [];
    assert.ok(result?.ok);
    const id = made((await write(creation(fileOf('a.txt', 'a'))))[0]).id;
    const pasted = `${bug}#attachment-${/attachments\/([\da-f-]{36})/.exec(url)?.[1]}`;
    assert.deepEqual(
      (await allOf()).map((one) => [one.id, one.fields.name, one.fields.size]),
      [
        [pasted, 'picture.png', 3],
        [id, 'a.txt', 1],
      ],
    );
    assert.equal(await read(pasted), 'png');
    const [, kept] = (await connection.remove?.(scope, [id, pasted])) ?? [];
    assert.equal(kept?.kind, 'forbidden');
    assert.match(kept?.message ?? '', /only an edit of the text changes that/);
    assert.deepEqual(
      item().relations.map(({ rel }) => rel),
      ['System.LinkTypes.Related'],
    );
  });

  it('of a work item that is gone are gone; of one that is hidden they are not', async () => {
    const id = await alice.attach(bug, 'a.txt', bytesOf('a'));
    standIn.faults.hidden.add(Number(bug));
    const [hidden] = await connection.read(scope, [id]);
    assert.ok(hidden && !('version' in hidden));
    assert.equal(hidden.kind, 'forbidden');
    assert.equal((await connection.remove?.(scope, [id]))?.[0]?.kind, 'forbidden');
    assert.equal(error((await write(creation(fileOf('b', 'b'))))[0]).kind, 'forbidden');
    standIn.faults.hidden.clear();
    await alice.remove(bug);
    assert.deepEqual(await connection.read(scope, [id]), [undefined]);
    assert.deepEqual(await connection.remove?.(scope, [id]), [undefined]);
    assert.equal(error((await write(creation(fileOf('b', 'b'))))[0]).kind, 'notFound');
  });

  it('are refused in words where the account may not edit', async () => {
    standIn.faults.lacking.add('write');
    const { kind, detail } = error((await write(creation(fileOf('a', 'a'))))[0]);
    assert.deepEqual([kind, detail.uncertain], ['forbidden', false]);
    standIn.faults.lacking.clear();
  });

  it('are attached although answers show no relations', async () => {
    standIn.faults.answersWithoutRelations = true;
    const part = made((await write(creation(fileOf('a.txt', 'a'))))[0]);
    assert.equal(part.fields.name, 'a.txt');
    assert.deepEqual(await connection.remove?.(scope, [part.id]), [undefined]);
    assert.deepEqual(names(), []);
  });

  it('of Services may have 60 MB, which is known beforehand', async () => {
    const services = connectTo({ url: 'https://dev.azure.com/fabrikam' });
    try {
      assert.equal((await services.fileRules?.(FABRIKAM))?.maxBytes, 60 * 1024 * 1024);
    } finally {
      await services.close?.();
    }
  });
});

/** Attachments in Jira beyond the conformance suite: how bytes are given out, what is refused and why, and what reading costs. */

import assert from 'node:assert/strict';
import type { Connection, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { FileContent } from '../../../lib/model/content';
import type { SyncError } from '../../../lib/model/errors';
import type { Value } from '../../../lib/model/values';
import type { Jira, JiraOptions } from '../../systems/jira';
import type { Comment, Issue } from '../../systems/jira/issue';
import {
  assertContract,
  connect,
  DEMO,
  edit,
  make,
  poll,
  refused,
  requestsOf,
  SUPP,
  scope,
  start,
  written,
} from './server';

function fileOf(name: string, text: string): FileContent {
  const bytes = new TextEncoder().encode(text);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return { name, size: bytes.length, open: async () => ({ size: bytes.length, bytes: all(), close: () => undefined }) };
}

const idOf = (value: Value | undefined): unknown =>
  typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;

async function read(connection: Connection, id: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of (await connection.open?.(id))?.bytes ?? []) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('Jira: attachments', function () {
  this.timeout(20_000);
  const open: Connection[] = [];
  let jira: Jira;
  let connection: Connection;
  let issue: Issue;

  async function begin(options: JiraOptions = {}, config = {}): Promise<void> {
    jira = await start(options);
    connection = connect(jira, config);
    open.push(connection);
    issue = make(jira, 'Files');
  }

  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close?.()));
    await jira?.stop();
    assertContract(jira);
  });

  /** Somebody attaches a file in the browser. */
  function attach(name: string, text: string, to = issue, by = 'bob'): string {
    const { id } = jira.site.attach(jira.person(by), to, name, jira.files.keep(Buffer.from(text)));
    return `${to.id}#attachment-${id}`;
  }
  const creation = (content: FileContent, owner = issue.id): WriteOperation => ({
    ...{ kind: 'create', type: 'attachment', project: DEMO, owner, content },
    fields: { name: content.name },
  });
  const write = async (...operations: WriteOperation[]): Promise<WriteResult[]> =>
    (await connection.write?.(scope, operations)) ?? [];
  const errorOf = async (operation: WriteOperation): Promise<SyncError> => refused((await write(operation))[0]);
  const names = () => issue.attachments.map(({ name }) => name);

  describe('are given out', () => {
    it('on Cloud by Jira itself, with one request', async () => {
      await begin();
      const id = attach('a.txt', 'the bytes');
      await connection.parts?.(scope, [issue.id], ['attachment']);
      const requests = await requestsOf(jira, async () => assert.equal(await read(connection, id), 'the bytes'));
      assert.deepEqual(requests, [`GET attachment/content/${id.split('-')[1]}`]);
      assert.deepEqual(jira.mediaRequests, []);
    });

    it('on Cloud by a signed address on another host, if Jira redirects all the same: without credentials', async () => {
      await begin();
      jira.faults.alwaysRedirects = true;
      const id = attach('a.txt', 'the bytes');
      assert.equal(await read(connection, id), 'the bytes');
      const [{ headers } = { headers: {} }, ...others] = jira.mediaRequests;
      assert.deepEqual(others, []);
      assert.deepEqual(
        Object.keys(headers).filter((name) => /auth|cookie|atlassian|token/.test(name)),
        [],
      );
    });

    it('on Data Center by the page that has them, whatever their names are', async () => {
      await begin({ deployment: 'datacenter' });
      for (const name of ['..', 'a b#1?.txt', 'Ü/..%2F.txt', 'x'.repeat(300)])
        assert.equal(await read(connection, attach(name, name)), name);
    });

    it('not, where an old Data Center wants another sign-in for them: that pauses nothing else, and says what helps', async () => {
      await begin({ deployment: 'datacenter' });
      jira.faults.tokensGetNoFiles = true;
      const id = attach('a.txt', 'the bytes');
      await assert.rejects(read(connection, id), (error: SyncError) => {
        assert.equal(error.kind, 'transient');
        assert.match(error.message, /takes the credentials, .* personal access token: sign in with a password/);
        return true;
      });
      const { login, password } = jira.person('sync');
      const other = connect(jira, { auth: 'basic', login, password });
      open.push(other);
      assert.equal(await read(other, id), 'the bytes');
      jira.faults.credentials = 'refused';
      await assert.rejects(read(connection, id), { kind: 'auth' });
    });

    it('by their id after a restart, and also after their issue was moved', async () => {
      await begin();
      const id = attach('a.txt', 'the bytes');
      jira.site.move(jira.person('bob'), issue, SUPP);
      assert.equal(await read(connection, id), 'the bytes');
      const [found] = await connection.read(scope, [id]);
      assert.ok(found && 'version' in found);
      assert.deepEqual([found.id, found.owner?.key, found.project], [id, jira.site.keyOf(issue), SUPP]);
    });
  });

  describe('cost', () => {
    it('nothing beside comments: both come with a hundred issues in one request', async () => {
      await begin();
      const other = make(jira, 'Others');
      attach('a.txt', 'a');
      attach('b.txt', 'b', other);
      jira.site.comment(jira.person('bob'), issue);
      await connection.parts?.(scope, [issue.id], ['attachment']);
      const requests = await requestsOf(jira, async () => {
        const found = await connection.parts?.(scope, [issue.id, other.id], ['comment', 'attachment']);
        const kinds = found?.map((one) => (Array.isArray(one) ? one.map(({ type }) => type).sort() : one));
        assert.deepEqual(kinds, [['attachment', 'comment'], ['attachment']]);
      });
      assert.deepEqual(requests, ['POST issue/bulkfetch']);
    });

    it('one request each to add and to delete', async () => {
      await begin();
      await connection.parts?.(scope, [issue.id], ['attachment']);
      let id = '';
      const adding = await requestsOf(jira, async () => {
        id = written((await write(creation(fileOf('a.txt', 'a'))))[0]).entity.id;
      });
      assert.deepEqual(adding, [`POST issue/${issue.id}/attachments`]);
      const deleting = await requestsOf(jira, async () => connection.remove?.(scope, [id]));
      assert.deepEqual(deleting, [`DELETE attachment/${id.split('-')[1]}`]);
    });
  });

  it('bring their issue into the next poll when they are added or deleted', async () => {
    await begin();
    const { checkpoint } = await poll(connection, undefined);
    const id = attach('a.txt', 'a');
    const second = await poll(connection, checkpoint);
    assert.ok(second.ids.includes(issue.id));
    const { attachment } = jira.site.findAttachment(id.split('-')[1] ?? '') ?? {};
    assert.ok(attachment);
    const { version } = second.entities.find((one) => one.id === issue.id) ?? {};
    jira.site.detach(jira.person('bob'), issue, attachment);
    const third = await poll(connection, second.checkpoint);
    assert.notEqual(third.entities.find((one) => one.id === issue.id)?.version, version);
  });

  it('are sent at the pace that Cloud takes for one issue', async () => {
    await begin();
    jira.faults.perIssue = [{ most: 2, withinMs: 1_000 }];
    const results = await write(...['a', 'b', 'c'].map((name) => creation(fileOf(name, name))));
    for (const result of results) written(result);
    assert.deepEqual(names(), ['a', 'b', 'c']);
  });

  it('whose field is hidden say nothing of what is deleted, and the comments come all the same', async () => {
    await begin();
    const id = attach('a.txt', 'a');
    jira.site.comment(jira.person('bob'), issue);
    jira.faults.attachmentsHidden = true;
    const [both] = (await connection.parts?.(scope, [issue.id], ['comment', 'attachment'])) ?? [];
    assert.ok(both && 'shown' in both);
    assert.deepEqual([both.shown.map(({ type }) => type), both.all], [['comment'], ['comment']]);
    const [one] = await connection.read(scope, [id]);
    assert.ok(one && !('version' in one));
    assert.match(one.message, /field "Attachment" is hidden/);
  });

  it('of an issue that is gone are gone, and those of a hidden project are not', async () => {
    await begin();
    const id = attach('a.txt', 'a');
    await connection.parts?.(scope, [issue.id], ['attachment']);
    jira.site.hidden.add(DEMO);
    const [hidden] = await connection.read(scope, [id]);
    assert.ok(hidden && !('version' in hidden));
    assert.equal(hidden.kind, 'forbidden');
    jira.site.hidden.delete(DEMO);
    jira.site.remove(issue);
    assert.deepEqual(await connection.read(scope, [id]), [undefined]);
    assert.deepEqual(await connection.remove?.(scope, [id]), [undefined]);
    const error = await errorOf(creation(fileOf('b.txt', 'b')));
    assert.deepEqual([error.kind, error.detail.uncertain ?? false], ['notFound', false]);
  });

  describe('of comments that not everybody sees', () => {
    const INTERNAL = { properties: { 'sd.public.comment': { internal: true } } };
    const visibilities = async (from = issue): Promise<unknown> => {
      const [found] = (await connection.parts?.(scope, [from.id], ['attachment'])) ?? [];
      assert.ok(Array.isArray(found));
      return Object.fromEntries(found.map(({ fields }) => [fields.name, idOf(fields.visibility)]));
    };
    const say = (body: Comment['body'], more: Partial<Comment>, to = issue, by = 'bob') =>
      jira.site.comment(jira.person(by), to, body, more);
    const media = (attrs: object) => ({ type: 'mediaSingle', content: [{ type: 'media', attrs }] });
    const document = (...content: object[]) => ({ type: 'doc', version: 1, content });
    const inService = () => {
      issue = make(jira, 'Request', { project: '10203' });
    };

    for (const deployment of ['cloud', 'datacenter'] as const) {
      it(`on ${deployment} are internal: by the names that their texts show`, async () => {
        await begin({ deployment });
        inService();
        for (const name of ['secret.png', 'secret.txt', 'plain.png', 'shown.txt']) attach(name, name);
        const isCloud = deployment === 'cloud';
        say(
          isCloud ? document(media({ type: 'file', id: 'x', alt: 'secret.png' })) : 'See !secret.png|width=300! first',
          INTERNAL,
        );
        say(
          isCloud
            ? document({ type: 'paragraph', content: [{ type: 'mediaInline', attrs: { alt: 'secret.txt' } }] })
            : 'In [the log|^secret.txt]',
          { visibility: { type: 'role', value: 'Developers' } },
        );
        say(isCloud ? document(media({ type: 'file', id: 'y', alt: 'shown.txt' })) : 'And [^shown.txt]', {});
        assert.deepEqual(await visibilities(), {
          'secret.png': 'internal',
          'secret.txt': 'internal',
          'plain.png': 'public',
          'shown.txt': 'public',
        });
      });
    }

    it('are internal by who has added them just before, if their texts do not name them', async () => {
      await begin();
      inService();
      attach('mine.png', 'a');
      attach('theirs.png', 'b', issue, 'alice');
      say(document(media({ type: 'file', id: 'x', alt: 'The screen after login' })), INTERNAL);
      assert.deepEqual(await visibilities(), { 'mine.png': 'internal', 'theirs.png': 'public' });
    });

    it('cost no further request, and get another version when their comment becomes public', async () => {
      await begin();
      inService();
      const id = attach('secret.png', 'a');
      const comment = say(document(media({ type: 'file', id: 'x', alt: 'secret.png' })), INTERNAL);
      const requests = await requestsOf(jira, async () =>
        assert.deepEqual(await visibilities(), { 'secret.png': 'internal' }),
      );
      assert.ok(
        requests.every((one) => !one.includes('/comment')),
        requests.join(', '),
      );
      const [before] = await connection.read(scope, [id]);
      jira.site.editComment(jira.person('bob'), issue, comment, { properties: {} }, true);
      const [after] = await connection.read(scope, [id]);
      assert.ok(before && after && 'version' in before && 'version' in after);
      assert.notEqual(after.version, before.version);
      assert.equal(idOf(after.fields.visibility), 'public');
    });

    it('are as visible as their issue if we add them: internal ones cannot be added', async () => {
      await begin();
      const field = (await connection.fields(DEMO, 'attachment')).find(({ id }) => id === 'visibility');
      assert.equal(field?.readOnly, true);
    });
  });

  for (const deployment of ['cloud', 'datacenter'] as const) {
    describe(`on ${deployment} are not taken`, () => {
      it('if they are too large, which Jira says beforehand', async () => {
        await begin({ deployment });
        jira.faults.uploadLimit = 1_000;
        assert.equal((await connection.fileRules?.(DEMO))?.maxBytes, 1_000);
        const error = await errorOf(creation(fileOf('large.txt', 'x'.repeat(1_001))));
        assert.deepEqual([error.kind, error.detail.uncertain ?? false], ['invalid', false]);
        assert.match(error.message, /"large.txt" for issue \d+ was not attached: it has 1001 bytes.*of 1000 bytes/);
      });

      it('if attachments are switched off, which Jira says beforehand', async () => {
        await begin({ deployment });
        jira.faults.attachmentsEnabled = false;
        assert.match((await connection.fileRules?.(DEMO))?.none ?? '', /switched off in Jira's settings/);
        const error = await errorOf(creation(fileOf('a.txt', 'a')));
        assert.equal(error.kind, 'forbidden');
        assert.match(error.message, /attachments are switched off in Jira's settings/);
      });

      it('if the account may not attach files', async () => {
        await begin({ deployment, withheld: { sync: ['CREATE_ATTACHMENTS'] } });
        const error = await errorOf(creation(fileOf('a.txt', 'a')));
        assert.equal(error.kind, 'forbidden');
        assert.match(error.message, /"a.txt" for issue \d+ .* lacks the permission "Create attachments"/);
        assert.ok((await connection.identify()).missing.some((words) => words.includes('Create attachments')));
      });

      it('if they are empty and this Jira does not take that', async () => {
        await begin({ deployment });
        jira.faults.takesNoEmpty = true;
        const error = await errorOf(creation(fileOf('empty.txt', '')));
        assert.equal(error.kind, 'invalid');
        assert.match(error.message, /"empty.txt" for issue \d+ was not attached: .*empty/);
      });
    });
  }

  it('of others stay if the account may delete only its own', async () => {
    await begin({ withheld: { sync: ['DELETE_ALL_ATTACHMENTS'] } });
    const theirs = attach('theirs.txt', 'a');
    const mine = written((await write(creation(fileOf('mine.txt', 'b'))))[0]).entity.id;
    const [error, other] = (await connection.remove?.(scope, [theirs, mine])) ?? [];
    assert.equal(error?.kind, 'forbidden');
    assert.match(error?.message ?? '', /was not deleted: the account lacks the permission "Delete all attachments"/);
    assert.equal(other, undefined);
    assert.deepEqual(names(), ['theirs.txt']);
  });

  it('that arrive with another size than they were sent with are deleted again', async () => {
    await begin();
    const id = attach('a.txt', 'short').split('-')[1];
    const created = new Date().toISOString();
    const body = [{ id, filename: 'a.txt', size: 5, created }];
    jira.interfere(/^POST .*\/attachments$/, () => ({ status: 200, body }));
    const error = await errorOf(creation(fileOf('a.txt', 'longer')));
    assert.deepEqual([error.kind, error.detail.uncertain], ['transient', false]);
    assert.match(error.message, /with 5 bytes instead of 6, and was deleted again/);
    assert.deepEqual(names(), []);
  });

  it('are not renamed, and an edit of their issue does not change them', async () => {
    await begin();
    const { id, version } = written((await write(creation(fileOf('a.txt', 'a'))))[0]).entity;
    const { entity, ignored } = written((await write({ kind: 'update', id, fields: { name: 'b.txt' } }))[0]);
    assert.deepEqual([entity.fields.name, ignored], ['a.txt', { name: 'Jira cannot rename attachments' }]);
    edit(jira, issue.id, { summary: 'Other words' });
    const [again] = await connection.read(scope, [id]);
    assert.equal(again && 'version' in again && again.version, version);
  });
});

/**
 * Comments of Azure DevOps, where the service differs, fails or refuses. What every connector's comments must do is in the conformance
 * suite.
 */

import assert from 'node:assert/strict';
import type { Connection, ConnectorConfig, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Entity } from '../../../lib/model/entity';
import type { RichText } from '../../../lib/model/values';
import { foundIn } from '../../support/delivered';
import type { StandIn, StandInOptions } from '../../systems/azure-devops';
import { type Colleague, connectTo, createBug, FABRIKAM, poll, rejected, scope, standIns } from './support';

const html = (content: string): RichText => ({ format: 'html', content });
const markdown = (content: string): RichText => ({ format: 'markdown', content });

describe('Comments of Azure DevOps', () => {
  const start = standIns();
  let standIn: StandIn;
  let connection: Connection;
  let alice: Colleague;

  const begin = async (options?: StandInOptions, config?: ConnectorConfig) => {
    ({ standIn, connection, alice } = await start(options, config));
  };
  beforeEach(() => begin());

  const write = async (...operations: WriteOperation[]): Promise<WriteResult[]> =>
    (await connection.write?.(scope, operations)) ?? [];
  const creation = (owner: string, text: RichText): WriteOperation => ({
    ...{ kind: 'create', type: 'comment', project: FABRIKAM, owner, fields: { text } },
  });
  const landed = (result: WriteResult | undefined) => {
    assert.ok(result);
    if (!result.ok) assert.fail(result.error.message);
    return result;
  };
  const refusal = (result: WriteResult | undefined) => {
    assert.ok(result && !result.ok, 'was written');
    return result.error;
  };
  const create = async (owner: string, text: RichText) => landed((await write(creation(owner, text)))[0]).entity;
  const update = async (id: string, text: RichText) => (await write({ kind: 'update', id, fields: { text } }))[0];
  const parts = async (owner: string): Promise<Entity[]> => {
    const [found] = (await connection.parts?.(scope, [owner], ['comment'])) ?? [];
    assert.ok(Array.isArray(found), String(found));
    return found;
  };
  const requests = async (work: () => Promise<unknown>): Promise<string[]> => {
    const before = standIn.requests.length;
    await work();
    return standIn.requests.slice(before);
  };
  const item = (id: string) => {
    const found = standIn.service.state.item(Number(id));
    assert.ok(found);
    return found;
  };

  describe('are read', () => {
    it('with one request for each work item that has any, and none for the others', async () => {
      const bugs = await Promise.all(
        [1, 2, 3].map((number) => createBug(connection, { 'System.Title': `Bug ${number}` })),
      );
      await alice.comments.add(bugs[1]?.id ?? '', ['Said']);
      const ids = bugs.map(({ id }) => id);
      const asked = await requests(async () => {
        const found = await connection.parts?.(scope, ids, ['comment']);
        assert.deepEqual(
          found?.map((one) => (Array.isArray(one) ? one.length : one)),
          [0, 1, 0],
        );
      });
      assert.deepEqual(asked, [
        'POST /_apis/wit/workitemsbatch',
        `GET /${FABRIKAM}/_apis/wit/workItems/${ids[1]}/comments`,
      ]);
    });

    it('and lead a person to the place where they stand', async () => {
      const { id } = await createBug(connection, {});
      const part = await create(id, html('<p>Here</p>'));
      const own = part.id.replace(`${id}#comment-`, '');
      assert.equal(part.url, `${standIn.url}/Fabrikam/_workitems/edit/${id}#${own}`);
    });

    it('where the last of them was deleted: none is left, although the work item no longer counts any', async () => {
      const { id } = await createBug(connection, {});
      const [comment = ''] = await alice.comments.add(id, ['Short']);
      assert.equal((await parts(id)).length, 1);
      await alice.comments.remove(comment);
      assert.deepEqual(await parts(id), []);
      assert.deepEqual(await connection.read(scope, [comment]), [undefined]);
    });

    it('several of one work item in one request, those that were deleted by the service’s own word', async () => {
      const { id } = await createBug(connection, {});
      const [one = '', two = '', three = ''] = await alice.comments.add(id, ['a', 'b', 'c']);
      await alice.comments.remove(two);
      const asked = await requests(async () => {
        const found = await connection.read(scope, [three, two, one]);
        assert.deepEqual(
          found.map((part) => part && 'id' in part && part.id),
          [three, undefined, one],
        );
      });
      assert.equal(asked.length, 2, asked.join('\n'));
    });

    it('with what they were before somebody edited them', async () => {
      const { id } = await createBug(connection, {});
      const part = await create(id, html('one'));
      await alice.comments.edit(part.id, 'two');
      const [edit] = (await connection.history?.(part.id)) ?? [];
      assert.deepEqual(edit?.fields.text, { old: html('one'), new: html('two') });
      assert.equal(edit?.by?.name, 'Alice Archer');
    });
  });

  describe('move their work item', () => {
    it('as each write says, so that nobody has to look what has changed', async () => {
      const bug = await createBug(connection, {});
      const results = (await write(creation(bug.id, html('one')), creation(bug.id, html('two')))).map(landed);
      assert.deepEqual(
        results.map(({ owner }) => owner),
        [
          { before: '1', after: '2' },
          { before: '2', after: '3' },
        ],
      );
    });

    it('and an edit does, too', async () => {
      const bug = await createBug(connection, {});
      const [comment = ''] = await alice.comments.add(bug.id, ['one']);
      await connection.read(scope, [bug.id]);
      const edited = landed(await update(comment, html('one!')));
      assert.deepEqual(edited.owner, { before: '2', after: '3' });
    });

    it('but in the middle of a discussion: the poll looks once, at its end', async () => {
      const bug = await createBug(connection, {});
      landed((await write(creation(bug.id, html('one'))))[0]);
      const asked = await requests(async () => {
        const [result] = await write(creation(bug.id, html('two')));
        assert.equal(landed(result).owner, undefined);
      });
      assert.equal(asked.length, 1);
    });

    it('and say nothing where somebody else was there as well', async () => {
      const bug = await createBug(connection, {});
      await alice.change(bug.id, { 'System.Title': 'Renamed' });
      const [result] = await write(creation(bug.id, html('one')));
      assert.equal(landed(result).owner, undefined);
    });

    it('or not: where an edit should be none of its revisions, it is not said to be one', async () => {
      const bug = await createBug(connection, {});
      const part = await create(bug.id, html('one'));
      standIn.faults.commentsAreSilent = true;
      const edited = landed(await update(part.id, html('two')));
      assert.equal(edited.owner, undefined);
      assert.deepEqual(await parts(bug.id), [edited.entity]);
    });

    it('cost one request each in a batch, and one more for all; the poll that meets them reads nothing', async () => {
      const bugs = await Promise.all(
        Array.from({ length: 10 }, (_, index) => createBug(connection, { 'System.Title': `Bug ${index}` })),
      );
      // who we are is asked once
      await write(creation((await createBug(connection, {})).id, html('First')));
      const { checkpoint } = await poll(connection, undefined);
      const asked = await requests(() => write(...bugs.map(({ id }) => creation(id, html('Said')))));
      assert.equal(asked.length, 11, asked.join('\n'));
      const polled = await requests(() => poll(connection, checkpoint));
      assert.deepEqual(
        polled.filter((request) => request.includes('workitemsbatch')),
        [],
      );
    });

    it('so that an update that was prepared before is a conflict, and is prepared again', async () => {
      const bug = await createBug(connection, {});
      await connection.read(scope, [bug.id]);
      await alice.comments.add(bug.id, ['Meanwhile']);
      const fields = { 'System.Title': 'Renamed' };
      const [result] = await write({ kind: 'update', id: bug.id, fields });
      assert.equal(refusal(result).kind, 'conflict');
    });
  });

  describe('hold HTML or Markdown, each as it says itself', () => {
    it('Markdown is written as such, and edits keep it', async () => {
      await begin({}, { longText: 'markdown' });
      const { id } = await createBug(connection, {});
      const part = await create(id, markdown('**bold** and a < b'));
      assert.equal(item(id).comments[0]?.markdown, true);
      assert.equal(item(id).comments[0]?.text, '**bold** and a &lt; b');
      landed(await update(part.id, markdown('*thin*')));
      const [now] = await parts(id);
      assert.match(JSON.stringify(now?.fields.text), /"format":"markdown","content":"\*thin\*"/);
    });

    it('an edit in the other format changes it', async () => {
      const { id } = await createBug(connection, {});
      const part = await create(id, markdown('**bold**'));
      landed(await update(part.id, html('<b>bold</b>')));
      assert.deepEqual((await parts(id))[0]?.fields.text, html('<b>bold</b>'));
    });

    it('Markdown is refused where the server does not know it', async () => {
      await begin({ markdown: false }, { apiVersion: '7.0' });
      const { id } = await createBug(connection, {});
      const error = refusal((await write(creation(id, markdown('**no**'))))[0]);
      assert.match(error.detail.fields?.text ?? '', /this server does not know Markdown/);
    });
  });

  describe('whose answers are lost', () => {
    it('are found among our own of their work item', async () => {
      const { id } = await createBug(connection, {});
      await alice.comments.add(id, ['<p>Lost</p>']);
      const since = new Date(Date.now() - 1_000).toISOString();
      standIn.loseNextAnswer = true;
      const [result] = await write(creation(id, html('<p>Lost</p>')));
      assert.equal(refusal(result).detail.uncertain, true);
      const query = { project: FABRIKAM, type: 'comment', owner: id };
      const found = foundIn((await connection.find?.({ ...query, createdBySelfSince: since }, 10)) ?? []);
      assert.deepEqual(
        found.map(({ fields }) => fields.text),
        [html('<p>Lost</p>')],
      );
      assert.deepEqual(await connection.find?.({ ...query, marker: 'any' }, 10), []);
    });
  });

  describe('that are refused', () => {
    it('name the permission, and “Test connection” names it before', async () => {
      const { id } = await createBug(connection, {});
      standIn.faults.lacking.add('comments');
      const error = refusal((await write(creation(id, html('no'))))[0]);
      assert.equal(error.kind, 'forbidden');
      assert.match(error.message, /"Edit work item comments in this node"/);
      const { missing = [] } = await connection.identify();
      assert.match(missing.join('\n'), /lacks the permission "Edit work item comments in this node"/);
    });

    it('say that it may take their author, where somebody else wrote them', async () => {
      const { id } = await createBug(connection, {});
      const [theirs = ''] = await alice.comments.add(id, ['theirs']);
      const own = await create(id, html('own'));
      standIn.faults.authorsOnly = true;
      await parts(id);
      landed(await update(own.id, html('own!')));
      const error = refusal(await update(theirs, html('no')));
      assert.equal(error.kind, 'forbidden');
      assert.match(error.message, /may let only those who wrote a comment change it/);
      const [refused] = (await connection.remove?.(scope, [theirs])) ?? [];
      assert.equal(refused?.kind, 'forbidden');
    });

    it('since a work item has as many revisions as REST takes: invalid, and not the service’s trouble', async () => {
      const { id } = await createBug(connection, {});
      standIn.faults.mostRevisions = 1;
      const error = refusal((await write(creation(id, html('no'))))[0]);
      assert.equal(error.kind, 'invalid');
      assert.match(error.message, /revisions are supported/);
    });

    it('since the server is too old: it offers no comments, and says so', async () => {
      standIn.faults.commentsMissing = true;
      const types = await connection.entityTypes(FABRIKAM);
      assert.equal(
        types.some(({ role }) => role === 'comment'),
        false,
      );
      const { missing = [] } = await connection.identify();
      assert.match(missing.join('\n'), /no resource for comments of work items/);
    });
  });

  it('are offered although the service breaks on the work item that is asked about', async () => {
    standIn.faults.broken.add(1);
    const types = await connection.entityTypes(FABRIKAM);
    assert.ok(types.some(({ role }) => role === 'comment'));
  });

  it('of a work item that was moved to another project are written there', async () => {
    const { id } = await createBug(connection, {});
    const part = await create(id, html('one'));
    item(id).fields['System.TeamProject'] = 'Contoso';
    for (const revision of item(id).revisions) revision.fields['System.TeamProject'] = 'Contoso';
    landed(await update(part.id, html('two')));
    assert.equal(item(id).comments[0]?.text, 'two');
  });

  it('of a work item that is hidden are neither read as none nor deleted', async () => {
    const { id } = await createBug(connection, {});
    const part = await create(id, html('one'));
    standIn.faults.hidden.add(Number(id));
    const [found] = (await connection.parts?.(scope, [id], ['comment'])) ?? [];
    assert.ok(found && 'kind' in found && found.kind === 'forbidden');
    const [error] = (await connection.remove?.(scope, [part.id])) ?? [];
    assert.equal(error?.kind, 'forbidden');
    standIn.faults.hidden.clear();
    assert.equal((await parts(id)).length, 1);
  });

  it('are read by another connection that knows nothing yet', async () => {
    const { id } = await createBug(connection, {});
    const part = await create(id, html('one'));
    const other = connectTo(standIn);
    assert.deepEqual(await other.read(scope, [part.id]), [part]);
    const [result] =
      (await other.write?.(scope, [{ kind: 'update', id: part.id, fields: { text: html('two') } }])) ?? [];
    landed(result);
    assert.match((await rejected(other.history?.('999#comment-1'))).message, /999/);
    await other.close?.();
  });
});

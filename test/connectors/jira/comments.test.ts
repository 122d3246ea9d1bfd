/**
 * Comments of Jira, where sites differ, fail or refuse: what comes with an issue is capped, internal comments, answers that are
 * lost, limits of one issue, permissions. What every connector's comments must do is in the conformance suite.
 */

import assert from 'node:assert/strict';
import type { Connection, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { Fields } from '../../../lib/model/values';
import { foundIn } from '../../support/delivered';
import type { Jira, JiraOptions } from '../../systems/jira';
import type { Comment, Issue } from '../../systems/jira/issue';
import {
  adf,
  assertContract,
  BUG,
  connect,
  DEMO,
  type Deployment,
  make,
  refused,
  requestsOf,
  start,
  written,
} from './server';

const HELP = '10203';
const scope = { projects: [DEMO, HELP], types: [BUG] };
const INTERNAL = { id: 'internal', name: 'Internal' };
const PUBLIC = { id: 'public', name: 'Public' };

for (const deployment of ['cloud', 'datacenter'] as const) {
  describe(`Comments of Jira, ${deployment}`, () => {
    let jira: Jira;
    let connection: Connection;

    const begin = async (options: JiraOptions = {}) => {
      await end();
      jira = await start({ deployment, ...options });
      connection = connect(jira);
    };
    const end = async () => {
      await connection?.close?.();
      await jira?.stop();
      assertContract(jira);
    };
    beforeEach(() => begin());
    afterEach(end);

    const isCloud = deployment === 'cloud';
    const rich = (text: string) => (isCloud ? adf(text) : { format: 'jira-wiki' as const, content: text });
    const say = (issue: Issue, text: string, more: Partial<Comment> = {}, by = 'bob') =>
      jira.site.comment(jira.person(by), issue, jira.site.text(text), more);
    const parts = async (issue: Issue): Promise<Entity[]> => {
      const [found] = (await connection.parts?.(scope, [issue.id], ['comment'])) ?? [];
      assert.ok(Array.isArray(found), String(found));
      return found;
    };
    const write = async (...operations: WriteOperation[]): Promise<WriteResult[]> =>
      (await connection.write?.(scope, operations)) ?? [];
    const creation = (issue: Issue, text: string, fields: Fields = {}, marker?: string): WriteOperation => ({
      ...{ kind: 'create', type: 'comment', project: issue.project, owner: issue.id },
      fields: { text: rich(text), ...fields },
      ...(marker !== undefined && { marker }),
    });
    const create = async (issue: Issue, text: string, fields: Fields = {}): Promise<Entity> =>
      written((await write(creation(issue, text, fields)))[0]).entity;
    const update = async (id: string, fields: Fields) => (await write({ kind: 'update', id, fields }))[0];
    const visibility = ({ fields }: Entity) => [fields.visibility, fields.restrictedTo];

    describe('are read', () => {
      it('with their issues: a hundred issues in a request on Cloud, one request for each on Data Center', async () => {
        const issues = Array.from({ length: 30 }, (_, index) => make(jira, `Item ${index}`));
        for (const issue of issues) say(issue, 'Said');
        const ids = issues.map(({ id }) => id);
        const requests = await requestsOf(jira, async () => {
          const found = await connection.parts?.(scope, ids, ['comment']);
          assert.ok(found?.every((one) => Array.isArray(one) && one.length === 1));
        });
        assert.equal(requests.length, isCloud ? 1 : 30, requests.join('\n'));
      });

      it('from the issue’s own list where not all come with it: the oldest would be treated as deleted', async () => {
        const issue = make(jira, 'Long discussion');
        const ids = Array.from({ length: 12 }, (_, index) => say(issue, `Remark ${index}`).id);
        jira.faults.embedded = 5;
        assert.deepEqual(
          (await parts(issue)).map(({ key }) => key),
          ids.map((id) => `DEMO-${issue.number}#${id}`),
        );
      });

      it('not as a whole where Jira speaks of more than it shows: an error, and nothing is concluded', async () => {
        const issue = make(jira, 'Cut off');
        say(issue, 'One');
        const body = { startAt: 0, maxResults: 100, total: 2, comments: [] };
        jira.faults.embedded = 0;
        jira.interfere(/\/comment$/, () => ({ status: 200, body }), 10);
        const [found] = (await connection.parts?.(scope, [issue.id], ['comment'])) ?? [];
        assert.ok(found instanceof SyncError && found.kind === 'transient');
        assert.match(found.message, /2 comments, and shows 0/);
      });

      it('by their ids, whatever their issues, and what is gone is distinguished from what an answer leaves out', async () => {
        const [one, two] = [make(jira, 'One'), make(jira, 'Two')];
        const made = [await create(one, 'a'), await create(two, 'b'), await create(two, 'c')];
        const [a, b, c] = made;
        assert.ok(a && b && c);
        const gone = jira.site.findComment(b.id.replace(/^.*-/, ''));
        assert.ok(gone);
        jira.site.removeComment(jira.person('bob'), gone.issue, gone.comment, false);
        jira.faults.leftOut.add(one.id);
        jira.faults.listed = 1;
        const requests = await requestsOf(jira, async () => {
          assert.deepEqual(await connection.read(scope, [a.id, b.id, c.id]), [a, undefined, c]);
        });
        assert.ok(requests.length <= 8, requests.join('\n'));
      });

      it('and lead a person to the place where they stand', async () => {
        const issue = make(jira, 'Addressed');
        const part = await create(issue, 'Here');
        const own = part.id.replace(/^.*-/, '');
        assert.equal(part.id, `${issue.id}#comment-${own}`);
        assert.equal(part.url, `${jira.url}/browse/DEMO-${issue.number}?focusedCommentId=${own}#comment-${own}`);
      });

      it('although their edits move the issue on this site: declared silent, they are found nevertheless', async () => {
        jira.faults.commentsMove = true;
        const issue = make(jira, 'Moves');
        const part = await create(issue, 'One');
        const before = issue.updated;
        await new Promise((resolve) => setTimeout(resolve, 5));
        written(await update(part.id, { text: rich('Two') }));
        assert.ok(issue.updated > before);
        assert.deepEqual([...(connection.silentParts ?? [])], ['edit', 'delete']);
      });
    });

    describe('of a service project', () => {
      const request = () => make(jira, 'Request', { project: HELP });

      it('are internal where they were asked to be, and public where nothing was said', async () => {
        const issue = request();
        const hidden = await create(issue, 'For the team', { visibility: INTERNAL });
        const open = await create(issue, 'For the customer');
        assert.deepEqual([hidden, open].map(visibility), [
          [INTERNAL, null],
          [PUBLIC, null],
        ]);
        assert.deepEqual(await parts(issue), [hidden, open]);
        assert.deepEqual(await connection.read(scope, [hidden.id, open.id]), [hidden, open]);
        assert.deepEqual(issue.comments[0]?.properties['sd.public.comment'], { internal: true });
      });

      it('are deleted at once where they come out public and were to be internal', async () => {
        const issue = request();
        jira.faults.alwaysPublic = true;
        const [result] = await write(creation(issue, 'For the team', { visibility: INTERNAL }));
        const error = refused(result);
        assert.equal(error.kind, 'invalid');
        assert.match(
          error.message,
          /was to be internal, and Jira shows it to customers: so it was deleted again at once/,
        );
        assert.ok(error.detail.fields?.visibility);
        assert.deepEqual(issue.comments, []);
      });

      it('are not tried again for a while where they came out public: each would be seen, and mailed', async () => {
        const issue = request();
        jira.faults.alwaysPublic = true;
        const operation = creation(issue, 'For the team', { visibility: INTERNAL });
        refused((await write(operation))[0]);
        const requests = await requestsOf(jira, async () => {
          const error = refused((await write(operation, creation(issue, 'Another', { visibility: INTERNAL })))[1]);
          assert.match(error.detail.fields?.visibility ?? '', /none is added to HELP-\d+ for an hour/);
          written((await write(creation(issue, 'For the customer')))[0]);
        });
        const writes = requests.filter((one) => !one.startsWith('GET'));
        assert.deepEqual(writes, [`POST issue/${issue.id}/comment`]);
      });

      it('become internal before their new text is written, and stay as they are where Jira does not hide them', async () => {
        const issue = request();
        const part = await create(issue, 'For the customer');
        const hidden = written(await update(part.id, { text: rich('A secret'), visibility: INTERNAL })).entity;
        assert.deepEqual(visibility(hidden), [INTERNAL, null]);
        assert.deepEqual(await parts(issue), [hidden]);
        const other = await create(issue, 'For the customer');
        jira.faults.alwaysPublic = true;
        const error = refused(await update(other.id, { text: rich('A secret'), visibility: INTERNAL }));
        assert.match(error.message, /its text was not changed/);
        assert.equal(JSON.stringify(issue.comments.at(-1)?.body).includes('secret'), false);
      });

      it('become public where a person decided so', async () => {
        const issue = request();
        const part = await create(issue, 'For the team', { visibility: INTERNAL });
        const open = written(await update(part.id, { visibility: PUBLIC })).entity;
        assert.deepEqual(visibility(open), [PUBLIC, null]);
        assert.deepEqual(await parts(issue), [open]);
      });

      it('count as internal where Jira does not tell', async () => {
        const issue = request();
        say(issue, 'Said', { properties: {} });
        jira.faults.untold = true;
        const [part] = await parts(issue);
        // an empty list of properties tells on Data Center
        assert.ok(part);
        assert.deepEqual(visibility(part), [isCloud ? INTERNAL : PUBLIC, null]);
      });

      it('offer both values, which nobody can choose elsewhere: there an internal comment is refused, and nothing is written', async () => {
        const field = async (project: string) =>
          (await connection.fields(project, 'comment')).find(({ id }) => id === 'visibility');
        assert.deepEqual((await field(HELP))?.values, [PUBLIC, INTERNAL]);
        assert.deepEqual([(await field(HELP))?.readOnly, (await field(DEMO))?.readOnly], [undefined, true]);
        const issue = make(jira, 'No service');
        const [result] = await write(creation(issue, 'For the team', { visibility: INTERNAL }));
        const error = refused(result);
        assert.equal(error.kind, 'invalid');
        assert.match(error.detail.fields?.visibility ?? '', /is in no service project/);
        assert.deepEqual(issue.comments, []);
      });
    });

    describe('that are for a group or role', () => {
      it('are internal, with its name, and an edit of their text does not show them to everybody', async () => {
        const issue = make(jira, 'Restricted');
        const { id } = say(issue, 'For few', { visibility: { type: 'role', value: 'Developers' } });
        jira.faults.editsReveal = true;
        const [part] = await parts(issue);
        assert.ok(part);
        assert.deepEqual(visibility(part), [INTERNAL, 'Developers']);
        const edited = written(await update(part.id, { text: rich('For few, again') })).entity;
        assert.deepEqual(visibility(edited), [INTERNAL, 'Developers']);
        assert.deepEqual(jira.site.findComment(id)?.comment.visibility?.value, 'Developers');
      });

      it('are not made public by us', async () => {
        const issue = make(jira, 'Restricted');
        say(issue, 'For few', { visibility: { type: 'group', value: 'staff' } });
        const [part] = await parts(issue);
        const error = refused(await update(part?.id ?? '', { visibility: PUBLIC }));
        assert.match(error.message, /restricted to staff, and only a person makes it public/);
      });
    });

    describe('whose answers are lost', () => {
      it('are found by their marker, even if edited since, and in no other issue', async () => {
        const [issue, other] = [make(jira, 'Lost'), make(jira, 'Other')];
        await create(issue, 'Before');
        const lost = 'POST /issue/{issueIdOrKey}/comment';
        jira.faults.lostAnswers.push(lost);
        const [result] = await write(creation(issue, 'Lost', {}, 'marker 1'));
        assert.equal(refused(result).detail.uncertain, true);
        const [, comment] = issue.comments;
        assert.ok(comment);
        const text = { body: jira.site.text('Edited') };
        await new Promise((resolve) => setTimeout(resolve, 5));
        jira.site.editComment(jira.person('alice'), issue, comment, text, false);
        const find = async (owner: Issue) =>
          foundIn(
            (await connection.find?.({ project: DEMO, type: 'comment', owner: owner.id, marker: 'marker 1' }, 2)) ?? [],
          );
        const [found] = await find(issue);
        assert.equal(found?.id, `${issue.id}#comment-${comment.id}`);
        assert.deepEqual(await find(other), []);
        const [edit] = (await connection.history?.(found?.id ?? '')) ?? [];
        assert.equal(edit?.by?.name, 'Alice Adams');
        assert.equal(edit?.fields.text?.old, null);
      });

      it('of edits and deletions leave one state: they go out again', async () => {
        const issue = make(jira, 'Lost');
        const part = await create(issue, 'One');
        const retrying = connect(jira);
        await retrying.close?.();
        jira.faults.lostAnswers.push('PUT /issue/{issueIdOrKey}/comment/{id}');
        const first = await update(part.id, { text: rich('Two') });
        if (first && !first.ok) written(await update(part.id, { text: rich('Two') }));
        assert.equal(issue.comments.length, 1);
        jira.faults.lostAnswers.push('DELETE /issue/{issueIdOrKey}/comment/{id}');
        const [error] = (await connection.remove?.(scope, [part.id])) ?? [];
        if (error) assert.deepEqual(await connection.remove?.(scope, [part.id]), [undefined]);
        assert.deepEqual(issue.comments, []);
      });
    });

    describe('that are refused', () => {
      const withheld = (...keys: string[]) => begin({ withheld: { sync: keys } });

      it('name the permission to add them', async () => {
        await withheld('ADD_COMMENTS');
        const error = refused((await write(creation(make(jira, 'Closed'), 'No')))[0]);
        assert.equal(error.kind, 'forbidden');
        assert.match(error.message, /lacks the permission "Add comments"\. Jira says: .*permission to comment/);
      });

      it('name the permission to change those of others, and one’s own are changed', async () => {
        await withheld('EDIT_ALL_COMMENTS', 'DELETE_ALL_COMMENTS');
        const issue = make(jira, 'Mixed');
        const own = await create(issue, 'Ours');
        say(issue, 'Theirs');
        const theirs = (await parts(issue))[1]?.id ?? '';
        written(await update(own.id, { text: rich('Ours, again') }));
        const edit = refused(await update(theirs, { text: rich('No') }));
        assert.equal(edit.kind, 'forbidden');
        assert.match(edit.message, /other people's comments there; it lacks the permission "Edit all comments"/);
        const errors = (await connection.remove?.(scope, [theirs, own.id])) ?? [];
        assert.match(errors[0]?.message ?? '', /lacks the permission "Delete all comments"/);
        assert.equal(errors[1], undefined);
      });

      it('are reported by “Test connection”', async () => {
        await withheld('ADD_COMMENTS', 'EDIT_ALL_COMMENTS', 'DELETE_OWN_COMMENTS', 'DELETE_ALL_COMMENTS');
        const { missing = [] } = await connection.identify();
        const text = missing.join('\n');
        for (const words of [
          /add comments \(Add comments\)/,
          /change other people's comments \(Edit all comments\)/,
          /delete its own comments \(Delete own comments\)/,
          /delete other people's comments \(Delete all comments\)/,
        ])
          assert.match(text, words);
        assert.doesNotMatch(text, /change its own comments/);
      });

      it('since an issue holds no more', async () => {
        const issue = make(jira, 'Full');
        say(issue, 'One');
        jira.faults.mostComments = 1;
        const error = refused((await write(creation(issue, 'Two')))[0]);
        assert.equal(error.kind, 'invalid');
        assert.match(error.message, /takes no more comments for it \(5,000 on Cloud\)/);
      });

      it('name their text where it is too long', async () => {
        const error = refused((await write(creation(make(jira, 'Long'), 'x'.repeat(32_768))))[0]);
        assert.match(error.detail.fields?.text ?? '', /32,767/);
      });
    });

    if (isCloud) cloudOnly(() => ({ jira, connection }), deployment);
  });
}

function cloudOnly(now: () => { jira: Jira; connection: Connection }, _deployment: Deployment): void {
  const creations = (issue: Issue, count: number): WriteOperation[] =>
    Array.from({ length: count }, (_, index) => ({
      ...{ kind: 'create', type: 'comment', project: issue.project, owner: issue.id },
      fields: { text: adf(`Remark ${index}`) },
    }));

  describe('of one issue', () => {
    it('are written at the pace that Jira takes, in their order, and none is refused', async function () {
      this.timeout(20_000);
      const { jira, connection } = now();
      jira.faults.perIssue = [{ most: 20, withinMs: 2_000 }];
      const issue = make(jira, 'Backlog');
      const began = performance.now();
      const results = (await connection.write?.(scope, creations(issue, 45))) ?? [];
      for (const result of results) written(result);
      assert.deepEqual(jira.faults.pausedIssues, []);
      assert.ok(performance.now() - began >= 4_000);
      const texts = issue.comments.map(({ body }) => /Remark \d+/.exec(JSON.stringify(body))?.[0]);
      assert.deepEqual(
        texts,
        results.map((_, index) => `Remark ${index}`),
      );
    });

    it('wait where Jira refuses more, for as long as it says, and nobody is to blame', async function () {
      this.timeout(20_000);
      const { jira, connection } = now();
      // somebody else writes to it as well
      jira.faults.perIssue = [{ most: 2, withinMs: 1_000 }];
      const [issue, other] = [make(jira, 'Busy'), make(jira, 'Quiet')];
      const operations = [...creations(issue, 5), ...creations(other, 1)];
      for (const result of (await connection.write?.(scope, operations)) ?? []) written(result);
      assert.ok(jira.faults.pausedIssues.length > 0);
      assert.equal(issue.comments.length, 5);
    });
  });

  it('are edited without a mail where watchers are not to be mailed', async () => {
    const { jira } = now();
    const quiet = connect(jira, { notify: false });
    const issue = make(jira, 'Quiet');
    const { id } = jira.site.comment(jira.person('sync'), issue);
    const operation: WriteOperation = { kind: 'update', id: `${issue.id}#comment-${id}`, fields: { text: adf('Two') } };
    written(((await quiet.write?.(scope, [operation])) ?? [])[0]);
    assert.deepEqual(jira.site.mails, []);
    await quiet.close?.();
  });
}

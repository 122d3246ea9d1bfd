/**
 * The stand-in answers a client that others wrote, jira.js, unchanged: the calls that a tool for syncing makes, each with the
 * documented answer. On Cloud every exchange is validated against Atlassian's description as well.
 */

import assert from 'node:assert/strict';
import { AgileClient, Version3Client } from 'jira.js';
import { contractMissing } from './contract';
import { type Jira, startJira } from './index';

const text = (words: string) => ({
  version: 1,
  type: 'doc' as const,
  content: [{ type: 'paragraph', content: [{ type: 'text', text: words }] }],
});

describe(`stand-in for Jira Cloud, driven by jira.js${contractMissing ? ` (${contractMissing})` : ''}`, () => {
  let jira: Jira;
  let client: Version3Client;
  let agile: AgileClient;

  before(async () => {
    jira = await startJira();
    const { email, apiToken } = jira.person('alice');
    const config = { host: jira.url, authentication: { basic: { email, apiToken } } };
    client = new Version3Client(config);
    agile = new AgileClient(config);
  });
  after(async () => {
    await jira.stop();
    assert.deepEqual(jira.violations ?? [], []);
  });

  const make = async (fields: Record<string, unknown> = {}) => {
    const place = { project: { key: 'DEMO' }, issuetype: { name: 'Bug' }, summary: 'Made by jira.js' };
    return client.issues.createIssue({ fields: { ...place, ...fields } });
  };
  const failure = async (call: Promise<unknown>): Promise<{ status: number; words: string }> => {
    const thrown: unknown = await call.then(
      () => assert.fail('it should have been refused'),
      (error: unknown) => error,
    );
    const { status } = Object(thrown);
    return { status, words: JSON.stringify(Object(thrown)) + String(thrown) };
  };

  describe('who and where', () => {
    it('myself, serverInfo, permissions', async () => {
      const me = await client.myself.getCurrentUser();
      assert.deepEqual([me.displayName, me.accountType, me.active], ['Alice Adams', 'atlassian', true]);
      assert.equal((await client.serverInfo.getServerInfo()).deploymentType, 'Cloud');
      const { permissions } = await client.permissions.getMyPermissions({ permissions: 'LINK_ISSUES,MODIFY_REPORTER' });
      assert.match(JSON.stringify(permissions), /"LINK_ISSUES":\{[^}]*"havePermission":true/);
    });

    it('people: one, some, who may be given work', async () => {
      const carol = jira.person('carol');
      const shown = await client.users.getUser({ accountId: carol.accountId });
      assert.deepEqual([shown.displayName, shown.emailAddress], ['Carol Clark', undefined], 'the address is hidden');
      const dave = await client.users.getUser({ accountId: jira.person('dave').accountId });
      assert.equal(dave.active, false);
      const names = (list: { displayName?: string }[]) => list.map(({ displayName }) => displayName);
      assert.deepEqual(names(await client.userSearch.findUsers({ query: 'erin' })), ['Erin Evans']);
      const assignable = names(await client.userSearch.findAssignableUsers({ project: 'DEMO', query: '' }));
      assert.deepEqual(assignable, ['Sync Account', 'Alice Adams', 'Bob Brown', 'Carol Clark']);
      assert.equal((await client.users.getAllUsers({})).length, 7);
    });

    it('projects: all, one, of a team, of a service desk', async () => {
      const { values, total } = await client.projects.searchProjects({ orderBy: 'key' });
      assert.equal(total, 4);
      assert.deepEqual(
        values.map(({ key, style, projectTypeKey }) => [key, style, projectTypeKey]),
        [
          ['DEMO', 'classic', 'software'],
          ['SUPP', 'classic', 'software'],
          ['TEAM', 'next-gen', 'software'],
          ['HELP', 'classic', 'service_desk'],
        ],
      );
      const project = await client.projects.getProject({ projectIdOrKey: 'TEAM' });
      assert.equal(project.simplified, true);
      assert.equal((await failure(client.projects.getProject({ projectIdOrKey: 'NOPE' }))).status, 404);
    });

    it('what a project has: versions, archived ones too, components, statuses by type', async () => {
      const versions = await client.projectVersions.getProjectVersions({ projectIdOrKey: 'DEMO' });
      assert.deepEqual(
        versions.filter(({ archived }) => archived).map(({ name }) => name),
        ['0.9'],
      );
      const components = await client.projectComponents.getProjectComponents({ projectIdOrKey: 'DEMO' });
      assert.equal(components.length, 3);
      const statuses = await client.projects.getAllStatuses({ projectIdOrKey: 'DEMO' });
      assert.ok(statuses.find(({ name }) => name === 'Bug')?.statuses?.some(({ name }) => name === 'In Review'));
    });

    it('lists: issue types, statuses, priorities, resolutions, kinds of links', async () => {
      const types = await client.issueTypes.getIssueAllTypes();
      assert.deepEqual(
        types.map(({ name, subtask }) => [name, subtask]),
        [
          ['Epic', false],
          ['Story', false],
          ['Bug', false],
          ['Task', false],
          ['Sub-task', true],
        ],
      );
      assert.equal((await client.issueTypes.getIssueType({ id: '10002' })).name, 'Bug');
      assert.ok((await client.workflowStatuses.getStatuses()).some(({ name }) => name === 'Done'));
      assert.equal((await client.issueResolutions.searchResolutions()).values?.length, 3);
      assert.equal((await client.issueLinkTypes.getIssueLinkTypes()).issueLinkTypes?.[0]?.name, 'Blocks');
    });

    it('fields: a parent has no schema', async () => {
      const fields = await client.issueFields.getFields();
      const parent = fields.find(({ id }) => id === 'parent');
      assert.deepEqual([parent?.name, parent?.schema], ['Parent', undefined]);
      assert.equal(fields.find(({ id }) => id === 'customfield_10011')?.schema?.type, 'option');
    });

    it('screens: of creates, page by page, and of edits, which are empty where nothing can be edited', async () => {
      const meta = await client.issues.getCreateIssueMetaIssueTypeId({ projectIdOrKey: 'DEMO', issueTypeId: '10004' });
      const parent = meta.fields?.find(({ fieldId }) => fieldId === 'parent');
      assert.deepEqual([parent?.required, parent?.schema?.type], [true, 'issuelink']);
      const { id } = await make();
      const edit = await client.issues.getEditIssueMeta({ issueIdOrKey: id });
      assert.ok(Object.keys(edit.fields ?? {}).includes('customfield_10025'));
      const issue = jira.site.find(id);
      assert.ok(issue);
      issue.status = '10305';
      assert.deepEqual((await client.issues.getEditIssueMeta({ issueIdOrKey: id })).fields, {});
      const refusal = await failure(client.issues.editIssue({ issueIdOrKey: id, fields: { summary: 'No' } }));
      assert.equal(refusal.status, 400);
      assert.match(refusal.words, /cannot be set. It is not on the appropriate screen/);
    });

    it('boards by type, and their sprints', async () => {
      const boards = async (type?: 'scrum' | 'simple') =>
        (await agile.board.getAllBoards({ projectKeyOrId: type === 'simple' ? 'TEAM' : 'DEMO', type })).values.map(
          ({ name }) => name,
        );
      assert.deepEqual(await boards(), ['DEMO board', 'DEMO flow']);
      assert.deepEqual(await boards('scrum'), ['DEMO board']);
      assert.deepEqual(await boards('simple'), ['TEAM board', 'TEAM ideas']);
      const sprints = await agile.board.getAllSprints({ boardId: 1, state: 'active' });
      assert.deepEqual(
        sprints.values.map(({ name, originBoardId }) => [name, originBoardId]),
        [['Sprint 2', 1]],
      );
      const none = await failure(agile.board.getAllSprints({ boardId: 4 }));
      assert.equal(none.status, 400);
      assert.match(none.words, /does not support sprints/);
    });
  });

  describe('issues', () => {
    it('one is created, read, changed and deleted', async () => {
      const made = await make({ description: text('Details'), labels: ['a'] });
      assert.match(made.key, /^DEMO-\d+$/);
      const read = await client.issues.getIssue({ issueIdOrKey: made.id });
      assert.deepEqual(read.fields.labels, ['a']);
      await client.issues.editIssue({ issueIdOrKey: made.id, fields: { summary: 'Changed' } });
      await client.issues.assignIssue({ issueIdOrKey: made.id, accountId: jira.person('bob').accountId });
      const again = await client.issues.getIssue({ issueIdOrKey: made.key, fields: ['summary', 'assignee'] });
      assert.deepEqual([again.fields.summary, again.fields.assignee?.displayName], ['Changed', 'Bob Brown']);
      assert.deepEqual(Object.keys(again.fields).sort(), ['assignee', 'summary']);
      await client.issues.deleteIssue({ issueIdOrKey: made.id });
      const gone = await failure(client.issues.getIssue({ issueIdOrKey: made.id }));
      assert.equal(gone.status, 404);
      assert.match(gone.words, /Issue does not exist or you do not have permission to see it/);
    });

    it('refusals name their fields, in Jira’s words', async () => {
      const refusal = await failure(
        make({ summary: 'two\nlines', labels: ['two words'], versions: [{ name: '0.9' }] }),
      );
      assert.equal(refusal.status, 400);
      for (const words of [/newline characters/, /contains spaces/, /is not valid/]) assert.match(refusal.words, words);
    });

    it('several are created, those that fail by their number', async () => {
      const place = { project: { key: 'DEMO' }, issuetype: { name: 'Bug' } };
      const { issues, errors } = await client.issues.createIssues({
        issueUpdates: [{ fields: { ...place, summary: 'One' } }, { fields: { ...place } }],
      });
      assert.equal(issues?.length, 1);
      assert.equal(errors?.[0]?.failedElementNumber, 1);
    });

    it('several are fetched: those that are not visible are left out, and those that cannot be read now are named', async () => {
      const [one, two, secret] = [await make(), await make(), await make({ security: { id: '10901' } })];
      jira.faults.undelivered.add(two.id);
      const bob = jira.person('bob');
      const authentication = { basic: { email: bob.email, apiToken: bob.apiToken } };
      const other = new Version3Client({ host: jira.url, authentication });
      const ids = [one.id, two.id, secret.id, '999999'];
      const { issues, issueErrors } = await other.issues.bulkFetchIssues({ issueIdsOrKeys: ids, fields: ['summary'] });
      jira.faults.undelivered.clear();
      assert.deepEqual(
        issues?.map(({ id }) => id),
        [one.id],
      );
      assert.deepEqual(
        issueErrors?.map(({ id }) => id),
        [two.id],
      );
    });

    it('`*all` has comments, and a minus takes them out', async () => {
      const { id } = await make();
      const comment = await client.issueComments.addComment({ issueIdOrKey: id, comment: text('Hello') });
      assert.equal(comment.author?.displayName, 'Alice Adams');
      const listed = await client.issueComments.getComments({ issueIdOrKey: id });
      assert.equal(listed.total, 1);
      const all = await client.issues.getIssue({ issueIdOrKey: id, fields: ['*all'] });
      assert.equal(all.fields.comment?.total, 1);
      const less = await client.issues.getIssue({ issueIdOrKey: id, fields: ['*all', '-comment'] });
      assert.equal(less.fields.comment, undefined);
    });

    it('comments: added with properties, listed in pages and by ids, edited, deleted', async () => {
      const { id } = await make();
      const made = [];
      for (const words of ['One', 'Two', 'Three']) {
        const properties = [{ key: 'twinflow', value: { marker: words } }];
        made.push(await client.issueComments.addComment({ issueIdOrKey: id, comment: text(words), properties }));
      }
      const [one, two, three] = made.map((comment) => comment.id ?? '');
      assert.ok(one && two && three);
      const page = await client.issueComments.getComments({
        issueIdOrKey: id,
        startAt: 1,
        maxResults: 1,
        orderBy: '-created',
      });
      assert.deepEqual([page.total, page.comments?.map((comment) => comment.id)], [3, [two]]);
      const { values } = await client.issueComments.getCommentsByIds({
        ids: [Number(three), Number(one), 999_999],
        expand: 'properties',
      });
      assert.deepEqual(
        values?.map((comment) => comment.properties?.[0]?.value),
        [{ marker: 'Three' }, { marker: 'One' }],
      );
      assert.equal(values?.[0]?.jsdPublic, true);
      await client.issueComments.updateComment({ issueIdOrKey: id, id: two, body: text('Two again') });
      const again = await client.issueComments.getComment({ issueIdOrKey: id, id: two });
      assert.ok(JSON.stringify(again.body).includes('Two again'));
      await client.issueComments.deleteComment({ issueIdOrKey: id, id: two });
      const gone = await failure(client.issueComments.getComment({ issueIdOrKey: id, id: two }));
      assert.equal(gone.status, 404);
      assert.match(gone.words, /Can not find a comment for the id/);
      const property = await client.issueCommentProperties.getCommentProperty({
        commentId: one,
        propertyKey: 'twinflow',
      });
      assert.deepEqual(property.value, { marker: 'One' });
    });

    it('comments for a role are kept from who is not in it, who may not write for it either', async () => {
      const { id } = await make();
      const visibility = { type: 'role' as const, value: 'Administrators' };
      await client.issueComments.addComment({ issueIdOrKey: id, comment: text('For few'), visibility });
      const bob = jira.person('bob');
      const other = new Version3Client({
        host: jira.url,
        authentication: { basic: { email: bob.email, apiToken: bob.apiToken } },
      });
      assert.equal((await other.issueComments.getComments({ issueIdOrKey: id })).total, 0);
      const refusal = await failure(
        other.issueComments.addComment({ issueIdOrKey: id, comment: text('No'), visibility }),
      );
      assert.equal(refusal.status, 400);
      assert.match(refusal.words, /not a member of the project role: Administrators/);
    });

    it('comments are refused where there are too many, empty ones, and too many at once', async () => {
      const { id } = await make();
      const add = () => client.issueComments.addComment({ issueIdOrKey: id, comment: text('More') });
      await add();
      jira.faults.mostComments = 1;
      assert.equal((await failure(add())).status, 413);
      jira.faults.mostComments = 5_000;
      jira.faults.perIssue = [{ most: 3, withinMs: 60_000 }];
      await add();
      assert.equal((await failure(add())).status, 429);
      jira.faults.perIssue = [];
      const long = text('x'.repeat(32_768));
      const refusal = await failure(client.issueComments.addComment({ issueIdOrKey: id, comment: long }));
      assert.match(refusal.words, /exceeds the allowed limit of 32,767/);
    });

    it('an issue brings no more than so many of its comments, the newest', async () => {
      const { id } = await make();
      for (const words of ['One', 'Two', 'Three'])
        await client.issueComments.addComment({ issueIdOrKey: id, comment: text(words) });
      jira.faults.embedded = 2;
      const { fields } = await client.issues.getIssue({ issueIdOrKey: id, fields: ['comment'] });
      jira.faults.embedded = 100;
      const { comments, total } = fields.comment ?? {};
      assert.deepEqual([comments?.length, total], [2, 3]);
      assert.ok(JSON.stringify(comments).includes('Three'));
    });

    it('statuses change by transitions that are offered', async () => {
      const { id } = await make();
      const { transitions } = await client.issues.getTransitions({ issueIdOrKey: id });
      assert.deepEqual(
        transitions?.map(({ name, to }) => [name, to?.name]),
        [['Start', 'In Progress']],
      );
      await client.issues.doTransition({ issueIdOrKey: id, transition: { id: '11' } });
      assert.equal((await client.issues.getIssue({ issueIdOrKey: id })).fields.status.name, 'In Progress');
      const illegal = await failure(client.issues.doTransition({ issueIdOrKey: id, transition: { id: '41' } }));
      assert.equal(illegal.status, 400);
    });

    it('changelogs: of one, of several', async () => {
      const { id } = await make();
      await client.issues.editIssue({ issueIdOrKey: id, fields: { summary: 'Logged' } });
      const { values } = await client.issues.getChangeLogs({ issueIdOrKey: id });
      assert.equal(values?.[0]?.items?.[0]?.toString, 'Logged');
      const bulk = await client.issues.getBulkChangelogs({ issueIdsOrKeys: [id] });
      assert.equal(bulk.issueChangeLogs?.[0]?.issueId, id);
      assert.equal(bulk.issueChangeLogs?.[0]?.changeHistories?.length, 1);
    });

    it('web links: written twice by one global id, they are there once', async () => {
      const { id } = await make();
      for (const title of ['First', 'Second']) {
        const object = { url: 'https://example.org/1', title };
        await client.issueRemoteLinks.createOrUpdateRemoteIssueLink({
          issueIdOrKey: id,
          globalId: 'twinflow:1',
          object,
        });
      }
      const links = await client.issueRemoteLinks.getRemoteIssueLinks<{ object?: { title?: string } }[]>({
        issueIdOrKey: id,
      });
      assert.deepEqual(
        [links].flat().map(({ object }) => object?.title),
        ['Second'],
      );
    });

    it('properties come with a create, and are read', async () => {
      const place = { project: { key: 'DEMO' }, issuetype: { name: 'Bug' } };
      const { id } = await client.issues.createIssue({
        fields: { ...place, summary: 'Marked' },
        properties: [{ key: 'twinflow', value: { marker: 'm' } }],
      });
      const property = await client.issueProperties.getIssueProperty({ issueIdOrKey: id, propertyKey: 'twinflow' });
      assert.deepEqual(property.value, { marker: 'm' });
    });
  });

  describe('searches', () => {
    const found = async (jql: string) =>
      (
        await client.issueSearch.searchForIssuesUsingJqlEnhancedSearchPost({
          jql,
          fields: ['summary'],
          maxResults: 100,
        })
      ).issues?.map(({ fields }) => fields.summary) ?? [];

    it('go by page tokens to the end', async () => {
      for (let n = 0; n < 5; n++) await make({ summary: `Paged ${n}`, labels: ['paged'] });
      const titles: string[] = [];
      let nextPageToken: string | undefined;
      do {
        const page = await client.issueSearch.searchForIssuesUsingJqlEnhancedSearchPost({
          jql: 'labels = paged ORDER BY created ASC',
          fields: ['summary'],
          maxResults: 2,
          nextPageToken,
        });
        titles.push(...(page.issues ?? []).map(({ fields }) => fields.summary));
        nextPageToken = page.nextPageToken ?? undefined;
      } while (nextPageToken);
      assert.deepEqual([...titles].sort(), ['Paged 0', 'Paged 1', 'Paged 2', 'Paged 3', 'Paged 4']);
      assert.equal((await client.issueSearch.countIssues({ jql: 'labels = paged' })).count, 5);
    });

    it('know IS EMPTY, relative dates and functions', async () => {
      const bob = { accountId: jira.person('bob').accountId };
      await make({ summary: 'With', labels: ['dated'], assignee: bob });
      await make({ summary: 'Without', labels: ['dated'] });
      assert.deepEqual(await found('labels = dated AND assignee IS EMPTY'), ['Without']);
      assert.deepEqual(await found('labels = dated AND assignee IS NOT EMPTY'), ['With']);
      assert.equal((await found('labels = dated AND created >= -1d')).length, 2);
      assert.deepEqual(await found('labels = dated AND updated < -1h'), []);
      assert.equal((await found('labels = dated AND updated <= now()')).length, 2);
      assert.deepEqual(await found('labels IS EMPTY AND summary ~ "nothing"'), []);
    });

    it('refuse what is not there, as a whole', async () => {
      const refusal = await failure(
        client.issueSearch.searchForIssuesUsingJqlEnhancedSearchPost({ jql: 'project in (DEMO, NOPE)' }),
      );
      assert.equal(refusal.status, 400);
      assert.match(refusal.words, /The value 'NOPE' does not exist for the field 'project'/);
    });

    it('and an issue that was moved: it has a new key, and the old one leads to it', async () => {
      const made = await make({ summary: 'Moved' });
      const issue = jira.site.find(made.id);
      assert.ok(issue);
      jira.site.move(jira.person('bob'), issue, '10201');
      const read = await client.issues.getIssue({ issueIdOrKey: made.key });
      assert.match(read.key, /^SUPP-/);
      assert.equal(read.id, made.id);
    });
  });

  describe('trouble', () => {
    it('a dead token is answered with 200 and nothing, and a header', async () => {
      jira.faults.credentials = 'silent';
      const { issues } = await client.issueSearch.searchForIssuesUsingJqlEnhancedSearchPost({ jql: 'project = DEMO' });
      assert.deepEqual(issues, []);
      assert.equal((await client.projects.searchProjects({})).total, 0);
      const me = await failure(client.myself.getCurrentUser());
      assert.equal(me.status, 401);
      jira.faults.credentials = undefined;
    });

    it('a character that no database holds breaks the whole request', async () => {
      assert.equal((await failure(make({ summary: 'nul \0' }))).status, 500);
    });

    it('5xx for one element, a proxy’s page for all', async () => {
      const { id } = await make();
      jira.faults.poisoned.add(id);
      assert.equal(
        (await failure(client.issues.bulkFetchIssues({ issueIdsOrKeys: [id], fields: ['summary'] }))).status,
        500,
      );
      jira.faults.poisoned.clear();
      jira.faults.proxyAnswers = true;
      assert.equal((await failure(client.issues.getIssue({ issueIdOrKey: id }))).status, 404);
      jira.faults.proxyAnswers = false;
    });
  });
});

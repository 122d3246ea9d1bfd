/**
 * The stand-in answers the client that Microsoft publishes, unchanged: it asks for addresses with OPTIONS, says the version
 * in `Accept`, and reads what it gets by the types of the API. 45 calls, each with the documented answer.
 */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { getPersonalAccessTokenHandler, WebApi } from 'azure-devops-node-api';
import type { ICoreApi } from 'azure-devops-node-api/CoreApi';
import { Operation } from 'azure-devops-node-api/interfaces/common/VSSInterfaces';
import {
  CommentSortOrder,
  TreeStructureGroup,
  WorkItemErrorPolicy,
  WorkItemExpand,
  WorkItemTypeFieldsExpandLevel,
} from 'azure-devops-node-api/interfaces/WorkItemTrackingInterfaces';
import type { IWorkItemTrackingApi } from 'azure-devops-node-api/WorkItemTrackingApi';
import { contractMissing } from './contract';
import { PEOPLE } from './people';
import { type StandIn, startAzureDevOps } from './server';

const PATCH = { 'Content-Type': 'application/json-patch+json' };
const set = (field: string, value: unknown) => ({ op: Operation.Add, path: `/fields/${field}`, value });

describe(`stand-in for Azure DevOps, driven by azure-devops-node-api${contractMissing ? ` (${contractMissing})` : ''}`, () => {
  let standIn: StandIn;
  let web: WebApi;
  let core: ICoreApi;
  let wit: IWorkItemTrackingApi;

  before(async () => {
    standIn = await startAzureDevOps();
    web = new WebApi(standIn.url, getPersonalAccessTokenHandler(PEOPLE[0]?.token ?? ''), { allowRetries: false });
    core = await web.getCoreApi();
    wit = await web.getWorkItemTrackingApi();
  });
  after(async () => {
    await standIn.stop();
    assert.deepEqual([...new Set(standIn.violations)], []);
  });

  const create = async (title: string, type = 'Bug', ...more: object[]) => {
    const made = await wit.createWorkItem(PATCH, [set('System.Title', title), ...more], 'Fabrikam', type);
    assert.ok(made.id);
    return made.id;
  };
  const update = (id: number, ...operations: object[]) => wit.updateWorkItem(PATCH, operations, id);
  const refusal = async (call: Promise<unknown>): Promise<string> => {
    const error = await call.then(
      () => assert.fail('was not refused'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof Error);
    return error.message;
  };

  it('connect: who the account is', async () => {
    const { authenticatedUser, deploymentType } = await web.connect();
    assert.equal(authenticatedUser?.providerDisplayName, 'Alice Archer');
    assert.equal(String(deploymentType), 'hosted');
  });

  it('finds every address by OPTIONS, once for each area', () => {
    const asked = standIn.requests.filter((request) => request.startsWith('OPTIONS'));
    assert.deepEqual(asked, [...new Set(asked)]);
  });

  it('getProjects, getProject by name and by id, null for one that is not there', async () => {
    const projects = await core.getProjects();
    assert.deepEqual(
      projects.map(({ name }) => name),
      ['Fabrikam', 'Contoso'],
    );
    const found = await core.getProject('fabrikam');
    assert.equal((await core.getProject(found.id ?? '')).name, 'Fabrikam');
    assert.equal(await core.getProject('Nowhere'), null);
  });

  it('getTeams and getTeamMembersWithExtendedProperties: who can be chosen, and not who has left', async () => {
    const [team] = await core.getTeams('Fabrikam');
    const members = await core.getTeamMembersWithExtendedProperties('Fabrikam', team?.id ?? '');
    const names = members.map(({ identity }) => identity?.displayName);
    assert.ok(names.includes('Alice Archer'));
    assert.ok(!names.includes('Gregory Gone'));
  });

  it('getWorkItemTypes and getWorkItemType: states and transitions', async () => {
    const types = await wit.getWorkItemTypes('Fabrikam');
    assert.ok(types.some(({ name, isDisabled }) => name === 'Issue' && isDisabled));
    const bug = await wit.getWorkItemType('Fabrikam', 'Bug');
    assert.deepEqual(
      bug.states?.map(({ name }) => name),
      ['New', 'Active', 'Resolved', 'Closed'],
    );
    assert.equal(await wit.getWorkItemType('Fabrikam', 'Nothing'), null);
  });

  it('getWorkItemTypeStates, getWorkItemTypeCategories', async () => {
    const states = await wit.getWorkItemTypeStates('Fabrikam', 'Bug');
    assert.deepEqual(
      states.map(({ category }) => category),
      ['Proposed', 'InProgress', 'Resolved', 'Completed'],
    );
    const categories = await wit.getWorkItemTypeCategories('Fabrikam');
    assert.ok(categories.some(({ referenceName }) => referenceName === 'Microsoft.HiddenCategory'));
  });

  it('getWorkItemTypeFieldsWithReferences and …Field…: lists only where they are asked for', async () => {
    const bare = await wit.getWorkItemTypeFieldsWithReferences('Fabrikam', 'Bug');
    assert.ok(bare.every((field) => field.allowedValues === undefined));
    const field = await wit.getWorkItemTypeFieldWithReferences(
      'Fabrikam',
      'Bug',
      'Microsoft.VSTS.Common.Severity',
      WorkItemTypeFieldsExpandLevel.All,
    );
    assert.deepEqual(field.allowedValues, ['1 - Critical', '2 - High', '3 - Medium', '4 - Low']);
    assert.equal(field.defaultValue, '3 - Medium');
  });

  it('getFields, getField by name and by reference name', async () => {
    assert.ok((await wit.getFields()).length > 40);
    assert.equal((await wit.getField('Title')).referenceName, 'System.Title');
    assert.equal((await wit.getField('System.Title')).name, 'Title');
  });

  it('getRelationTypes', async () => {
    const types = await wit.getRelationTypes();
    assert.ok(types.some(({ referenceName }) => referenceName === 'System.LinkTypes.Hierarchy-Reverse'));
  });

  it('createWorkItem: with defaults; refused without a title, validated only', async () => {
    const made = await wit.createWorkItem(PATCH, [set('System.Title', 'First')], 'Fabrikam', 'Bug');
    assert.equal(made.rev, 1);
    assert.equal(made.fields?.['System.State'], 'New');
    assert.equal(made.fields?.['Microsoft.VSTS.Common.Severity'], '3 - Medium');
    assert.match(await refusal(wit.createWorkItem(PATCH, [set('System.Title', '')], 'Fabrikam', 'Bug')), /TF401320/);
    const before = standIn.service.state.items.size;
    const judged = await wit.createWorkItem(PATCH, [set('System.Title', 'Not made')], 'Fabrikam', 'Bug', true);
    assert.equal(judged.id, -1);
    assert.equal(standIn.service.state.items.size, before);
  });

  it('updateWorkItem: what a create gave by default can be taken away', async () => {
    const id = await create('Empty');
    const shown = await update(id, { op: Operation.Remove, path: '/fields/Microsoft.VSTS.Common.Severity' });
    assert.equal(shown.fields?.['Microsoft.VSTS.Common.Severity'], undefined);
  });

  it('createWorkItem: a line end in a title is refused', async () => {
    assert.match(
      await refusal(wit.createWorkItem(PATCH, [set('System.Title', 'a\nb')], 'Fabrikam', 'Bug')),
      /TF401320: Rule Error for field Title.*InvalidCharacters/,
    );
  });

  it('getWorkItem: all fields, some, with links, and null for one that is not there', async () => {
    const parent = await create('Parent', 'Feature');
    const child = await create('Child', 'Bug', {
      op: Operation.Add,
      path: '/relations/-',
      value: { rel: 'System.LinkTypes.Hierarchy-Reverse', url: `${standIn.url}/_apis/wit/workItems/${parent}` },
    });
    const bare = await wit.getWorkItem(child);
    assert.equal(bare.relations, undefined);
    assert.equal(bare.fields?.['System.Parent'], parent);
    const linked = await wit.getWorkItem(child, undefined, undefined, WorkItemExpand.Relations);
    assert.equal(linked.relations?.[0]?.rel, 'System.LinkTypes.Hierarchy-Reverse');
    const some = await wit.getWorkItem(child, ['System.Title']);
    assert.deepEqual(some.fields, { 'System.Title': 'Child' });
    assert.equal(await wit.getWorkItem(999_999), null);
    assert.equal(await wit.getWorkItem(child, undefined, undefined, undefined, 'Contoso'), null);
  });

  it('getWorkItems and getWorkItemsBatch: holes where they are asked for, else all or none', async () => {
    const id = await create('One of two');
    const omitted = await wit.getWorkItems([id, 999_999], undefined, undefined, undefined, WorkItemErrorPolicy.Omit);
    assert.deepEqual(
      omitted.map((item) => item?.id ?? null),
      [id, null],
    );
    const batch = await wit.getWorkItemsBatch({
      ids: [999_999, id],
      errorPolicy: WorkItemErrorPolicy.Omit,
      $expand: WorkItemExpand.Relations,
    });
    assert.deepEqual(
      batch.map((item) => item?.id ?? null),
      [null, id],
    );
    assert.equal(await wit.getWorkItems([id, 999_999]), null);
  });

  it('updateWorkItem: by its revision, 412 where it has moved on', async () => {
    const id = await create('Before');
    const test = { op: Operation.Test, path: '/rev', value: 1 };
    assert.equal((await update(id, test, set('System.Title', 'After'))).rev, 2);
    assert.match(await refusal(update(id, test, set('System.Title', 'Later'))), /VS403351/);
  });

  it('updateWorkItem: somebody by name, address, and both as old clients write it; nobody who has left', async () => {
    const id = await create('Assigned');
    for (const text of ['Bob Baker', 'bob@example.com', 'Bob Baker <bob@example.com>']) {
      const shown = await update(id, set('System.AssignedTo', text));
      assert.equal(shown.fields?.['System.AssignedTo']?.uniqueName, 'bob@example.com', text);
      await update(id, { op: Operation.Remove, path: '/fields/System.AssignedTo' });
    }
    for (const text of ['gregory@example.com', 'Nobody <nobody@example.com>'])
      assert.match(await refusal(update(id, set('System.AssignedTo', text))), /unknown identity/);
  });

  it('updateWorkItem: tags as they may be', async () => {
    const id = await create('Tagged');
    const shown = await update(id, set('System.Tags', 'b; a, c'));
    assert.equal(shown.fields?.['System.Tags'], 'a; b; c');
    for (const tag of ['✨ new', '🐛 bug', 'zero\u200bwidth', 'x'.repeat(401)])
      assert.match(await refusal(update(id, set('System.Tags', tag))), /TF401407/, tag);
    const many = Array.from({ length: 101 }, (_, index) => `t${index}`).join(';');
    assert.match(await refusal(update(id, set('System.Tags', many))), /TF401243/);
  });

  it('getTags: those of the project', async () => {
    const names = (await wit.getTags('Fabrikam')).map(({ name }) => name);
    assert.ok(names.includes('a') && names.includes('c'));
  });

  it('updateWorkItem: another type; what that one lacks goes', async () => {
    const id = await create('Bug or task', 'Bug', set('Microsoft.VSTS.TCM.ReproSteps', '<p>so</p>'));
    const shown = await update(id, set('System.WorkItemType', 'Task'));
    assert.equal(shown.fields?.['System.WorkItemType'], 'Task');
    assert.equal(shown.fields?.['Microsoft.VSTS.TCM.ReproSteps'], undefined);
    assert.match(await refusal(update(id, set('System.WorkItemType', 'Nothing'))), /VS402323/);
  });

  it('updateWorkItem: another project, with paths of that one', async () => {
    const id = await create('Moves', 'Bug', set('System.AreaPath', 'Fabrikam\\Web'));
    assert.match(await refusal(update(id, set('System.TeamProject', 'Contoso'))), /TF401347/);
    const shown = await update(
      id,
      set('System.TeamProject', 'Contoso'),
      set('System.AreaPath', 'Contoso\\Shop'),
      set('System.IterationPath', 'Contoso'),
    );
    assert.equal(shown.fields?.['System.TeamProject'], 'Contoso');
    assert.equal(shown.id, id);
  });

  it('getRevisions, getRevision, getUpdates, getUpdate: what it was, and what changed', async () => {
    const id = await create('Rev 1');
    await update(id, set('System.Title', 'Rev 2'));
    const revisions = await wit.getRevisions(id);
    assert.deepEqual(
      revisions.map(({ rev, fields }) => [rev, fields?.['System.Title']]),
      [
        [1, 'Rev 1'],
        [2, 'Rev 2'],
      ],
    );
    assert.equal((await wit.getRevision(id, 1)).fields?.['System.Title'], 'Rev 1');
    const updates = await wit.getUpdates(id);
    assert.deepEqual(updates[1]?.fields?.['System.Title'], { oldValue: 'Rev 1', newValue: 'Rev 2' });
    assert.equal((await wit.getUpdate(id, 2)).rev, 2);
  });

  it('addComment, getComments, getComment, updateComment, deleteComment', async () => {
    const id = await create('Talked about');
    const made = await wit.addComment({ text: 'one' }, 'Fabrikam', id);
    await wit.addComment({ text: 'two' }, 'Fabrikam', id);
    assert.equal((await wit.getWorkItem(id)).fields?.['System.CommentCount'], 2);
    const asked = await wit.getComments('Fabrikam', id, 1, undefined, false, undefined, CommentSortOrder.Desc);
    assert.deepEqual([asked.totalCount, asked.comments?.[0]?.text], [2, 'two']);
    const rest = await wit.getComments('Fabrikam', id, 1, asked.continuationToken);
    assert.equal(rest.comments?.[0]?.text, 'one');
    assert.equal(rest.continuationToken, undefined);
    const changed = await wit.updateComment({ text: 'one!' }, 'Fabrikam', id, made.id ?? 0);
    assert.deepEqual([changed.text, changed.version], ['one!', 2]);
    assert.equal((await wit.getComment('Fabrikam', id, made.id ?? 0)).modifiedBy?.displayName, 'Alice Archer');
    await wit.deleteComment('Fabrikam', id, made.id ?? 0);
    assert.equal(await wit.getComment('Fabrikam', id, made.id ?? 0), null);
    assert.equal((await wit.getComments('Fabrikam', id)).totalCount, 1);
  });

  it('comments have versions, and each change of one is a revision of its work item', async () => {
    const id = await create('Edited');
    const made = await wit.addComment({ text: 'one' }, 'Fabrikam', id);
    await wit.updateComment({ text: 'two' }, 'Fabrikam', id, made.id ?? 0);
    const versions = await wit.getCommentVersions('Fabrikam', id, made.id ?? 0);
    assert.deepEqual(
      versions.map(({ version, text }) => [version, text]),
      [
        [1, 'one'],
        [2, 'two'],
      ],
    );
    assert.equal((await wit.getWorkItem(id)).rev, 3);
    await wit.deleteComment('Fabrikam', id, made.id ?? 0);
    assert.equal((await wit.getWorkItem(id)).rev, 4);
    assert.equal((await wit.getComment('Fabrikam', id, made.id ?? 0, true)).isDeleted, true);
  });

  it('comments are refused to who may not edit them, and where a work item has too many revisions', async () => {
    const id = await create('Closed');
    standIn.faults.lacking.add('comments');
    await assert.rejects(wit.addComment({ text: 'no' }, 'Fabrikam', id), /VS403418/);
    standIn.faults.lacking.delete('comments');
    standIn.faults.mostRevisions = 1;
    await assert.rejects(wit.addComment({ text: 'no' }, 'Fabrikam', id), /up to 1 revisions are supported/);
    standIn.faults.mostRevisions = 10_000;
  });

  it('a text in History is a comment', async () => {
    const id = await create('With history', 'Bug', set('System.History', 'first words'));
    assert.equal((await wit.getComments('Fabrikam', id)).comments?.[0]?.text, 'first words');
    assert.equal((await wit.getWorkItem(id)).fields?.['System.History'], undefined);
  });

  it('deleteWorkItem, getDeletedWorkItem, getDeletedWorkItems, restoreWorkItem, destroyWorkItem', async () => {
    const id = await create('Short-lived');
    assert.equal((await wit.deleteWorkItem(id)).id, id);
    assert.equal(await wit.getWorkItem(id), null);
    assert.equal((await wit.getDeletedWorkItem(id)).name, 'Short-lived');
    const found = await wit.getDeletedWorkItems([1, id, 999_999]);
    assert.deepEqual(
      found.map((one) => [one.id, one.code]),
      [
        [1, 404],
        [id, 200],
        [999_999, 404],
      ],
    );
    await wit.restoreWorkItem({ isDeleted: false }, id);
    assert.equal((await wit.getWorkItem(id)).fields?.['System.Title'], 'Short-lived');
    await wit.deleteWorkItem(id);
    await wit.destroyWorkItem(id);
    assert.equal(await wit.getDeletedWorkItem(id), null);
  });

  it('getRootNodes, getClassificationNode, createOrUpdate…, update…, delete…: the trees of iterations', async () => {
    const [areas, iterations] = await wit.getRootNodes('Fabrikam', 2);
    assert.deepEqual([areas?.name, iterations?.name], ['Fabrikam', 'Fabrikam']);
    const group = TreeStructureGroup.Iterations;
    const made = await wit.createOrUpdateClassificationNode({ name: 'Sprint 9' }, 'Fabrikam', group, 'Release 1');
    assert.equal(made.name, 'Sprint 9');
    assert.match(
      await refusal(wit.createOrUpdateClassificationNode({ name: 'sprint 9' }, 'Fabrikam', group, 'Release 1')),
      /VS402371/,
    );
    for (const name of ['a/b', 'CON', 'lpt1', '..', 'R&D', 'x'.repeat(256)])
      assert.match(await refusal(wit.createOrUpdateClassificationNode({ name }, 'Fabrikam', group)), /VS402371/, name);
    const id = await create('In a sprint', 'Bug', set('System.IterationPath', 'Fabrikam\\Release 1\\Sprint 9'));
    await wit.updateClassificationNode({ name: 'Sprint 10' }, 'Fabrikam', group, 'Release 1\\Sprint 9');
    const { fields } = await wit.getWorkItem(id);
    assert.equal(fields?.['System.IterationPath'], 'Fabrikam\\Release 1\\Sprint 10');
    const node = await wit.getClassificationNode('Fabrikam', group, 'Release 1/Sprint 10');
    assert.equal(node.id, made.id);
    await wit.deleteClassificationNode('Fabrikam', group, 'Release 2');
    assert.equal(await wit.getClassificationNode('Fabrikam', group, 'Release 2'), null);
  });

  it('queryByWiql: ids in the order that is asked for', async () => {
    const ids = [await create('Query 1', 'Epic'), await create('Query 2', 'Epic')];
    const query = `SELECT [System.Id] FROM WorkItems WHERE [System.WorkItemType] = 'Epic' ORDER BY [System.Id] DESC`;
    const { workItems } = await wit.queryByWiql({ query }, { project: 'Fabrikam' });
    assert.deepEqual(
      workItems?.map(({ id }) => id),
      ids.toReversed(),
    );
  });

  it('readReportingRevisionsGet and …Post: pages by token, to the last', async () => {
    const first = await wit.readReportingRevisionsGet(
      'Fabrikam',
      ['System.Title'],
      ['Bug'],
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      true,
      undefined,
      undefined,
      2,
    );
    assert.equal(first.values?.length, 2);
    assert.equal(first.isLastBatch, false);
    const all: (number | undefined)[] = [];
    let token: string | undefined;
    do {
      const page = await wit.readReportingRevisionsPost({ types: ['Bug'], includeLatestOnly: true }, 'Fabrikam', token);
      all.push(...(page.values ?? []).map(({ id }) => id));
      token = page.isLastBatch ? undefined : page.continuationToken;
    } while (token !== undefined);
    assert.ok(all.length > 5);
    assert.equal(new Set(all).size, all.length);
  });

  it('getReportingLinksByLinkType: who is whose child', async () => {
    const { values } = await wit.getReportingLinksByLinkType('Fabrikam', ['System.LinkTypes.Hierarchy-Forward']);
    assert.ok((values?.length ?? 0) > 0);
  });

  it('createAttachment and getAttachmentContent: what was put in comes out', async () => {
    const header = { 'Content-Type': 'application/octet-stream' };
    const made = await wit.createAttachment(header, Readable.from(['hello']), 'hello.txt');
    const stream = await wit.getAttachmentContent(made.id ?? '');
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    assert.equal(text, 'hello');
  });

  it('a token that is not known: every call is refused, or answered with a page', async () => {
    for (const credentialsDead of ['page', '401', '401-html'] as const) {
      standIn.faults.credentialsDead = credentialsDead;
      const answer = await wit.getWorkItem(1).catch((error: Error) => error);
      assert.ok(answer === null || answer instanceof Error, credentialsDead);
    }
    standIn.faults.credentialsDead = undefined;
    assert.ok(await wit.getWorkItem(1));
  });
});

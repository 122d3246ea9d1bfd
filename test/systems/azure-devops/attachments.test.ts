/** The stand-in refuses uploads and relations as the service does: otherwise the connector's tests would prove little. */

import assert from 'node:assert/strict';
import { personOf } from '../../connectors/azure-devops/support';
import { type StandIn, startAzureDevOps } from './index';

describe("the stand-in's attachments, Azure DevOps", () => {
  let standIn: StandIn;

  beforeEach(async () => {
    standIn = await startAzureDevOps();
  });
  afterEach(async () => {
    await standIn.stop();
    assert.deepEqual(standIn.violations, []);
  });

  async function send(method: string, path: string, body?: BodyInit, headers: Record<string, string> = {}) {
    const basic = Buffer.from(`:${personOf('sync').token}`).toString('base64');
    const version = `${path.includes('?') ? '&' : '?'}api-version=7.1`;
    const answer = await fetch(`${standIn.url}/${path}${version}`, {
      ...{ method, headers: { Authorization: `Basic ${basic}`, ...headers } },
      ...(body !== undefined && { body }),
    });
    const text = await answer.text();
    return { status: answer.status, text, json: text.startsWith('{') ? JSON.parse(text) : {} };
  }
  const octets = { 'Content-Type': 'application/octet-stream' };
  const upload = (text = 'the bytes', query = 'fileName=a.txt', headers = octets) =>
    send('POST', `_apis/wit/attachments?${query}`, text, headers);
  const patch = (id: number, operations: unknown[]) =>
    send('PATCH', `_apis/wit/workitems/${id}?$expand=relations`, JSON.stringify(operations), {
      'Content-Type': 'application/json-patch+json',
    });
  const adding = (url: string, attributes = {}) => ({
    ...{ op: 'add', path: '/relations/-' },
    value: { rel: 'AttachedFile', url, attributes },
  });
  const create = async (): Promise<number> => {
    const made = await send(
      'POST',
      'Fabrikam/_apis/wit/workitems/$Bug',
      JSON.stringify([{ op: 'add', path: '/fields/System.Title', value: 'Files' }]),
      { 'Content-Type': 'application/json-patch+json' },
    );
    return made.json.id;
  };

  it('takes octets alone, up to a size, and says what is too large', async () => {
    assert.equal((await upload()).status, 200);
    assert.equal(
      (await upload('a=b', 'fileName=a', { 'Content-Type': 'application/x-www-form-urlencoded' })).status,
      415,
    );
    standIn.faults.mostAttachmentBytes = 5;
    const { status, text } = await upload();
    assert.equal(status, 400);
    assert.match(text, /TF237082: .*exceeds the supported file upload size/);
  });

  it('gives the bytes back, whether or not a work item has them', async () => {
    const { json } = await upload('Übersicht');
    assert.equal(
      (await send('GET', `_apis/wit/attachments/${json.id}?fileName=a.txt&download=true`)).text,
      'Übersicht',
    );
    assert.equal((await send('GET', '_apis/wit/attachments/00000000-0000-4000-8000-000000000000')).status, 404);
  });

  it('takes chunks that follow each other, and shows nothing before the last', async () => {
    const { json } = await upload('', 'fileName=a.txt&uploadType=chunked');
    const put = (text: string, range: string) =>
      send('PUT', `_apis/wit/attachments/${json.id}?fileName=a.txt`, text, { ...octets, 'Content-Range': range });
    assert.equal((await put('late', 'bytes 4-7/8')).status, 400);
    assert.equal((await put('firs', 'bytes 0-3/8')).status, 200);
    assert.equal((await send('GET', `_apis/wit/attachments/${json.id}`)).status, 404);
    assert.equal((await put('t', 'bytes 4-7/8')).status, 400);
    assert.equal((await put('last', 'bytes 4-7/8')).status, 200);
    assert.equal((await send('GET', `_apis/wit/attachments/${json.id}`)).text, 'firslast');
  });

  it('attaches what was uploaded, once, with a number, times and the size that was told', async () => {
    const id = await create();
    const { json } = await upload();
    const added = await patch(id, [adding(json.url, { comment: '', resourceSize: 9 })]);
    const [{ attributes }] = added.json.relations;
    assert.deepEqual([attributes.name, attributes.resourceSize, typeof attributes.id], ['a.txt', 9, 'number']);
    assert.equal(attributes.authorizedDate, added.json.fields['System.ChangedDate']);
    assert.equal((await patch(id, [adding(json.url)])).status, 400);
    assert.equal((await patch(id, [adding(`${standIn.url}/_apis/wit/attachments/unknown`)])).status, 400);
    const other = await upload();
    const silent = await patch(id, [adding(other.json.url, { resourceSize: 9 })]);
    assert.equal(silent.json.relations[1].attributes.resourceSize, 0, 'nobody who gives no comment is shown a size');
  });

  it('has a limit for each work item, and for comments', async () => {
    const id = await create();
    standIn.faults.mostAttachments = 1;
    assert.equal((await patch(id, [adding((await upload()).json.url, { comment: 'x'.repeat(256) })])).status, 400);
    assert.equal((await patch(id, [adding((await upload()).json.url)])).status, 200);
    assert.match((await patch(id, [adding((await upload()).json.url)])).text, /VS403313/);
  });

  it('changes the comment of a relation, and nothing else of it', async () => {
    const id = await create();
    await patch(id, [adding((await upload()).json.url, { comment: 'one' })]);
    const changed = await patch(id, [{ op: 'replace', path: '/relations/0/attributes/comment', value: 'two' }]);
    assert.equal(changed.json.relations[0].attributes.comment, 'two');
    assert.equal((await patch(id, [{ op: 'replace', path: '/relations/0/attributes/name', value: 'b' }])).status, 400);
    const updates = await send('GET', `_apis/wit/workItems/${id}/updates`);
    const kinds = updates.json.value.map(({ relations }: { relations?: object }) => Object.keys(relations ?? {}));
    assert.deepEqual(kinds, [[], ['added'], ['updated']]);
  });
});

/** The stand-in is as strict as the service, and tells where a request or an answer is not as described. */

import assert from 'node:assert/strict';
import { Contract, contractMissing } from './contract';
import { PEOPLE } from './people';
import { type StandIn, startAzureDevOps } from './server';

const PATCH = 'application/json-patch+json';

describe('stand-in for Azure DevOps', () => {
  let standIn: StandIn;
  before(async () => {
    standIn = await startAzureDevOps({ queryLimit: 3 });
  });
  after(() => standIn.stop());

  async function call(method: string, path: string, body?: unknown, contentType = 'application/json') {
    const basic = Buffer.from(`:${PEOPLE[0]?.token}`).toString('base64');
    const response = await fetch(`${standIn.url}/${path}`, {
      method,
      headers: { Authorization: `Basic ${basic}`, ...(body === undefined ? {} : { 'Content-Type': contentType }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const answer: Record<string, unknown> = text === '' ? {} : JSON.parse(text);
    return { status: response.status, answer };
  }

  const title = (value: unknown) => [{ op: 'add', path: '/fields/System.Title', value }];
  const create = async () =>
    (await call('POST', 'Fabrikam/_apis/wit/workitems/$Bug?api-version=7.1', title('A'), PATCH)).answer.id;

  it('takes patches as JSON Patch only', async () => {
    const { status, answer } = await call('POST', 'Fabrikam/_apis/wit/workitems/$Bug?api-version=7.1', title('A'));
    assert.equal(status, 415);
    assert.equal(answer.typeKey, 'VssRequestContentTypeNotSupportedException');
  });

  it('wants a version where something changes, and the preview flag where there is a preview only', async () => {
    assert.equal((await call('GET', '_apis/projects')).status, 200);
    assert.equal((await call('POST', '_apis/wit/wiql', { query: 'x' })).status, 400);
    assert.equal((await call('GET', '_apis/projects?api-version=8.0')).status, 400);
    assert.equal((await call('GET', '_apis/projects?api-version=7.2')).status, 400);
    assert.equal((await call('GET', '_apis/projects?api-version=7.2-preview.4')).status, 200);
    assert.equal((await call('GET', '_apis/connectionData?api-version=7.1')).status, 400);
    assert.equal((await call('GET', '_apis/connectionData?api-version=7.1-preview')).status, 200);
  });

  it('tests the revision before anything is changed', async () => {
    const id = await create();
    const patch = (rev: number) => [{ op: 'test', path: '/rev', value: rev }, ...title('B')];
    const path = `_apis/wit/workitems/${id}?api-version=7.1`;
    assert.equal((await call('PATCH', path, patch(1), PATCH)).answer.rev, 2);
    const { status, answer } = await call('PATCH', path, patch(1), PATCH);
    assert.deepEqual([status, answer.typeKey], [412, 'TestPatchOperationFailedException']);
    // a change that changes nothing makes no revision
    assert.equal((await call('PATCH', path, title('B'), PATCH)).answer.rev, 2);
  });

  it('refuses unknown fields, system fields, unknown people and empty required ones, each by name', async () => {
    for (const [field, value, words] of [
      ['Custom.Nothing', 'x', /TF51535.*Custom\.Nothing/],
      ['System.CreatedDate', '2020-01-01T00:00:00Z', /TF401320.*Created Date.*ReadOnly/],
      ['System.AssignedTo', 'nobody@example.com', /unknown identity/],
      ['System.AreaPath', 'Fabrikam\\Nowhere', /TF401347/],
      ['System.Title', '', /TF401320.*Title.*InvalidEmpty/],
    ] as const) {
      const body = [...title('A'), { op: 'add', path: `/fields/${field}`, value }];
      const { status, answer } = await call('POST', 'Fabrikam/_apis/wit/workitems/$Bug?api-version=7.1', body, PATCH);
      assert.equal(status, 400, field);
      assert.match(String(answer.message), words);
    }
  });

  it('has the limits of the service', async () => {
    const ids = Array.from({ length: 201 }, (_, i) => i + 1);
    assert.equal((await call('POST', '_apis/wit/workitemsbatch?api-version=7.1', { ids })).status, 400);
    const both = { ids: [1], fields: ['System.Id'], $expand: 'relations' };
    assert.equal((await call('POST', '_apis/wit/workitemsbatch?api-version=7.1', both)).status, 400);
    const batch = ids.map(() => ({ method: 'PATCH', uri: '/x', headers: {}, body: [] }));
    assert.equal((await call('PATCH', '_apis/wit/$batch?api-version=7.1', batch)).status, 400);
    for (let count = 0; count < 4; count++) await create();
    const query = "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = 'Fabrikam'";
    const { status, answer } = await call('POST', '_apis/wit/wiql?api-version=7.1&$top=1', { query });
    assert.equal(status, 400);
    assert.match(String(answer.message), /VS402337/);
  });

  it('parses queries strictly', async () => {
    for (const query of [
      'SELECT [System.Id] FROM WorkItems',
      "SELECT [System.Id] FROM WorkItems WHERE [Nothing] = 'x'",
      "SELECT [System.Id] FROM WorkItems WHERE [System.Title] = 'it's'",
      "SELECT [System.Id] FROM WorkItems WHERE [System.Description] = 'x'",
      // a time needs timePrecision
      "SELECT [System.Id] FROM WorkItems WHERE [System.ChangedDate] > '2026-01-01T10:00:00Z'",
    ]) {
      assert.equal((await call('POST', '_apis/wit/wiql?api-version=7.1', { query })).status, 400, query);
    }
  });

  it('wants new work items of a batch distinguished by negative numbers', async () => {
    const request = (...ids: number[]) => ({
      method: 'PATCH',
      uri: '/Fabrikam/_apis/wit/workitems/$Task?api-version=7.1',
      headers: { 'Content-Type': PATCH },
      body: [...ids.map((value) => ({ op: 'add', path: '/id', value })), ...title('A')],
    });
    const codesOf = async (...requests: object[]) => {
      const { answer } = await call('PATCH', '_apis/wit/$batch?api-version=7.1', requests);
      return (answer.value as { code: number }[]).map(({ code }) => code);
    };
    assert.deepEqual(await codesOf(request(-1), request(-2)), [200, 200]);
    assert.deepEqual(await codesOf(request(), request(), request(-1)), [200, 400, 400]);
  });

  it('takes back all of a batch only if requested', async () => {
    const request = (value: string, id: number) => ({
      method: 'PATCH',
      uri: '/Fabrikam/_apis/wit/workitems/$Task?api-version=7.1',
      headers: { 'Content-Type': PATCH },
      body: [{ op: 'add', path: '/id', value: id }, ...title(value)],
    });
    const { answer } = await call('PATCH', '_apis/wit/$batch?api-version=7.1', [request('A', -1), request('', -2)]);
    const codes = (answer.value as { code: number }[]).map(({ code }) => code);
    assert.deepEqual(codes, [200, 400]);
  });

  it('knows no other tokens and organisations', async () => {
    const response = await fetch(`${standIn.url}/_apis/projects?api-version=7.1`);
    assert.equal(response.status, 203);
    assert.match(response.headers.get('content-type') ?? '', /html/);
    assert.match(await response.text(), /Sign In/);
  });

  const describeContract = contractMissing === undefined ? describe : describe.skip;
  describeContract(
    `comparison with the vendor's description${contractMissing ? ` (skipped: ${contractMissing})` : ''}`,
    () => {
      const good = {
        method: 'POST',
        path: '/_apis/wit/workitemsbatch',
        query: new URLSearchParams('api-version=7.1'),
        contentType: 'application/json',
        body: { ids: [1], errorPolicy: 'omit' },
        status: 200,
        answer: { count: 1, value: [{ id: 1, rev: 1, fields: {}, url: 'x' }] },
      };
      const violations = (change: object): string[] => {
        const contract = new Contract();
        contract.check({ ...good, ...change });
        return contract.violations;
      };

      it('has nothing against what is as described', () => assert.deepEqual(violations({}), []));

      for (const [what, change] of Object.entries({
        'an unknown parameter': { query: new URLSearchParams('api-version=7.1&top=3') },
        'a missing version': { query: new URLSearchParams() },
        'an unknown property of a request': { body: { ids: [1], policy: 'omit' } },
        'a wrong type in a request': { body: { ids: ['one'] } },
        'a value that is not offered': { body: { ids: [1], errorPolicy: 'ignore' } },
        'another content type': { contentType: 'text/plain' },
        'a wrong type in an answer': { answer: { count: 1, value: [{ id: 'one' }] } },
        'a list without its wrapper': { answer: [] },
        'an address that is not described': { path: '/_apis/wit/everything' },
      })) {
        it(`finds ${what}`, () => assert.notDeepEqual(violations(change), []));
      }
    },
  );
});

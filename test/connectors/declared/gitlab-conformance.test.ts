/** GitLab issues, a connector without a line of code, pass the conformance suite on the stand-in. */

import assert from 'node:assert/strict';
import type { Checkpoint, Connection } from '../../../lib/connectors/connector';
import { connectorConformance } from '../../conformance/connector';
import { gitlab, PROJECT, startGitlab, TOKEN } from './gitlab';
import type { StandIn } from './stand-in';
import { byNumber, troublesOf } from './troubles';

const open: Connection[] = [];
let server: StandIn | undefined;

connectorConformance('GitLab issues (declared)', {
  markers: false,
  lacks: {
    markersBack: 'an issue has no place for markers',
    searchableField: 'its only text besides the title is formatted',
    history: 'connector files declare no history',
    deletion: 'only owners of a project delete issues',
    leaveOut: 'where the stand-in hides a row in a list, the poll ends with that page and goes on with the next poll',
    poisonEntity: 'a list that breaks does not say which issue breaks it',
  },
  async start() {
    const started = await startGitlab();
    server = started;
    const connect = (): Connection => {
      const connection = gitlab.connect({ url: started.url, token: TOKEN }, {});
      open.push(connection);
      return connection;
    };
    const number = (id: string): number => Number(id.split('#')[1]);
    return {
      connection: connect(),
      reconnect: connect,
      troubles: { ...troublesOf(started, byNumber), leaveOut: undefined },
      scope: { projects: [PROJECT, '8'], types: ['issue'] },
      project: PROJECT,
      type: 'issue',
      title: 'title',
      samples: [
        {
          field: 'description',
          values: [
            { format: 'markdown', content: 'one **two**' },
            { format: 'markdown', content: '- three\n- four' },
          ],
        },
        { field: 'state', values: [{ name: 'closed' }, { name: 'opened' }], stays: true },
        { field: 'labels', values: [[{ name: 'bug' }, { name: "it's a label" }], [{ name: 'to do' }]] },
        { field: 'assignees', values: [[{ login: 'alice' }], [{ login: 'bob' }, { login: 'alice' }]] },
        { field: 'milestone', values: [{ name: '1.0' }, { id: '32', name: '2.0' }] },
        { field: 'due_date', values: ['2027-02-28', '2028-02-29'] },
        { field: 'confidential', values: [true, false], stays: true },
      ],
      person: {
        user: { login: 'alice', id: '2', email: 'alice@example.com' },
        create: async (titles) =>
          titles.map((title) => `${PROJECT}#${started.create('issue', PROJECT, { title }, 'alice').number}`),
        async retitle(id, title) {
          started.change(started.row(number(id)), { title });
        },
      },
    };
  },
  async stop() {
    await Promise.all(open.map((connection) => connection.close?.()));
    await server?.stop();
  },
});

describe('merge requests and pipelines of GitLab', () => {
  const scope = { projects: [PROJECT], types: ['issue', 'merge_request', 'pipeline'] };
  let started: StandIn;
  let connection: Connection;
  before(async () => {
    started = await startGitlab();
    connection = gitlab.connect({ url: started.url, token: TOKEN }, {});
  });
  after(async () => {
    await connection.close?.();
    await started.stop();
  });

  it('are read beside issues, with ids of their own, and never written', async () => {
    const types = await connection.entityTypes(PROJECT);
    assert.deepEqual(
      types.map(({ id, access }) => [id, access]),
      [
        ['issue', undefined],
        ['merge_request', 'read'],
        ['pipeline', 'read'],
      ],
    );
    assert.ok((await connection.fields(PROJECT, 'pipeline')).every(({ readOnly }) => readOnly));
    started.create('issue', PROJECT, { title: 'An issue' }, 'alice');
    started.create(
      'merge_request',
      PROJECT,
      { title: 'A change', state: 'opened', labels: ['bug'], draft: false },
      'alice',
    );
    const build = started.create(
      'pipeline',
      PROJECT,
      { status: 'running', ref: 'main', sha: 'abc', source: 'push' },
      'alice',
    );
    const seen = new Map<string, unknown>();
    const poll = async (since: Checkpoint | undefined): Promise<Checkpoint | undefined> => {
      let last = since;
      for await (const page of connection.changes(scope, since, 5)) {
        for (const { id, type, fields } of page.entities) seen.set(id, [type, fields.title ?? fields.status]);
        last = page.checkpoint;
      }
      return last;
    };
    const checkpoint = await poll(undefined);
    assert.deepEqual(Object.fromEntries(seen), {
      '7#1': ['issue', 'An issue'],
      'merge_request:7#2': ['merge_request', 'A change'],
      'pipeline:7#3': ['pipeline', { name: 'running' }],
    });
    started.change(build, { status: 'failed' });
    await poll(checkpoint);
    assert.deepEqual(seen.get('pipeline:7#3'), ['pipeline', { name: 'failed' }]);
    const [read, none] = await connection.read(scope, ['pipeline:7#3', 'pipeline:7#2']);
    assert.ok(read && 'key' in read && read.key === '#3');
    assert.equal(none, undefined);
    const [refused] =
      (await connection.write?.(scope, [{ kind: 'update', id: 'pipeline:7#3', fields: { ref: 'x' } }])) ?? [];
    assert.ok(refused && !refused.ok && refused.error.kind === 'forbidden');
    assert.ok(started.seen.every(({ method }) => method === 'GET'));
  });
});

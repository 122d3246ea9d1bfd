/** A file for an OData v4 service passes the conformance suite on a real server. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '../../../lib/connectors/connector';
import { declaredConnector } from '../../../lib/connectors/declared/connector';
import { loadConnector } from '../../../lib/connectors/declared/load';
import type { Troubles } from '../../conformance/connector';
import { connectorConformance } from '../../conformance/connector';
import { projectRoot } from '../../support/node-red';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { OData, PASSWORD } from './odata-server';

const loaded = loadConnector(readFileSync(join(__dirname, 'odata.yaml'), 'utf8'), 'odata.yaml');
assert.ok('file' in loaded, JSON.stringify(loaded));
const connector = declaredConnector(loaded.file);

const open: Connection[] = [];
let proxy: RecordingProxy | undefined;
let server: OData | undefined;

const json = { 'Content-Type': 'application/json' };
const PAGE = '<!DOCTYPE html><html><head><title>Not here</title></head><body>nginx</body></html>';

function troublesOf(line: RecordingProxy): Troubles {
  const mend = () => {
    line.interfere = undefined;
    line.rewrite = undefined;
    line.change = undefined;
  };
  return {
    credentialsDie: {
      'the password is refused': () => {
        line.change = (headers) => ({ ...headers, authorization: 'Basic c3luYzp3cm9uZw==' });
        return mend;
      },
    },
    poisonTitle: (title) => {
      line.interfere = (method, _path, body) =>
        method !== 'GET' && body.includes(JSON.stringify(title))
          ? { status: 500, headers: json, body: '{"error":{"message":"Server error"}}' }
          : undefined;
      return mend;
    },
    leaveOut: {
      'without a word': (id) => {
        line.rewrite = (_path, text) => {
          const body = JSON.parse(text) as { value?: { _id: string }[]; _id?: string };
          if (body._id !== undefined || !body.value) return text;
          return JSON.stringify({ ...body, value: body.value.filter(({ _id }) => _id !== id) });
        };
        return mend;
      },
    },
    proxyAnswers: () => {
      line.interfere = () => ({ status: 404, headers: { 'Content-Type': 'text/html' }, body: PAGE });
      return mend;
    },
  };
}

connectorConformance('OData v4 (declared)', {
  lacks: {
    markersBack: 'markers are not read back',
    history: 'connector files declare no history',
    users: 'the service has no list of users',
    user: 'the service has no fields of users',
    poisonEntity: 'a list that breaks does not say which entry breaks it',
  },
  async start() {
    const started = await new OData().start();
    server = started;
    const line = await recordingProxy(new URL(started.url).origin);
    proxy = line;
    const connect = (origin: string): Connection => {
      const connection = connector.connect({ url: `${origin}/odata`, login: 'sync', password: PASSWORD }, {});
      open.push(connection);
      return connection;
    };
    return {
      connection: connect(line.url),
      reconnect: () => connect(line.url),
      troubles: troublesOf(line),
      scope: { projects: ['tickets'], types: ['ticket'] },
      project: 'tickets',
      type: 'ticket',
      title: 'Title',
      samples: [
        {
          field: 'Notes',
          values: [
            { format: 'html', content: '<p>one <b>two</b></p>' },
            { format: 'html', content: '<p>three</p>' },
          ],
        },
        { field: 'State', values: [{ name: 'Done' }, { name: 'Active' }], stays: true },
        { field: 'Tags', values: [[{ name: 'Mail' }, { name: "Bob's" }], [{ name: 'Web' }]] },
        { field: 'Points', values: [3, 8.5] },
        { field: 'Public', values: [true, false] },
        { field: 'Due', values: ['2027-02-28', '2028-02-29'] },
        { field: 'Start', values: ['2026-02-28T10:11:12.000Z', '2028-02-29T23:59:59.123Z'] },
        { field: 'Estimate', values: [5400, 7200] },
        { field: 'ExternalKey', values: ["it's 1", 'B-2'] },
      ],
      person: {
        user: { login: 'alice' },
        async create(titles) {
          const ids: string[] = [];
          for (const title of titles) ids.push(await started.create(title));
          return ids;
        },
        retitle: (id, title) => started.retitle(id, title),
        remove: (id) => started.remove(id),
      },
    };
  },
  async stop() {
    await Promise.all(open.map((connection) => connection.close?.()));
    await proxy?.stop();
    await server?.stop();
  },
});

describe('the page about OData', () => {
  it('shows the file that was tested', () => {
    const page = readFileSync(join(projectRoot, 'docs/connectors/odata.md'), 'utf8');
    const file = readFileSync(join(__dirname, 'odata.yaml'), 'utf8');
    assert.equal(/```yaml\n([\s\S]*?)```/.exec(page)?.[1], file);
  });
});

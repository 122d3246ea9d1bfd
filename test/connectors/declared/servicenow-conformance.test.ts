/** ServiceNow incidents, a connector without a line of code, pass the conformance suite on the stand-in. */

import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import { connectorConformance } from '../../conformance/connector';
import { PASSWORD, servicenow, startServicenow, sysId } from './servicenow';
import type { StandIn } from './stand-in';
import { troublesOf } from './troubles';

const open: Connection[] = [];
let server: StandIn | undefined;

connectorConformance('ServiceNow incidents (declared)', {
  lacks: {
    markersBack: 'markers are not read back',
    history: 'connector files declare no history',
    richText: 'the texts of an incident are plain',
    poisonEntity: 'a list that breaks does not say which incident breaks it',
  },
  async start() {
    const started = await startServicenow();
    server = started;
    const connect = (): Connection => {
      const connection = servicenow.connect({ url: started.url, login: 'sync', password: PASSWORD }, {});
      open.push(connection);
      return connection;
    };
    const idOf = (entry: unknown): unknown => Reflect.get(Object(Reflect.get(Object(entry), 'sys_id')), 'value');
    return {
      connection: connect(),
      reconnect: connect,
      troubles: troublesOf(started, (entry, id) => idOf(entry) === id),
      scope: { projects: ['incident'], types: ['incident'] },
      project: 'incident',
      type: 'incident',
      title: 'short_description',
      samples: [
        { field: 'description', values: ['one\ntwo', "it's three"] },
        { field: 'state', values: [{ name: 'In Progress' }, { name: 'Resolved' }], stays: true },
        { field: 'impact', values: [{ name: '1 - High' }, { id: '2', name: '2 - Medium' }], stays: true },
        { field: 'category', values: [{ name: 'Software' }, { name: 'Hardware' }] },
        { field: 'assigned_to', values: [{ name: 'Alice Adams' }, { name: "Bob O'Brien" }] },
        { field: 'assignment_group', values: [{ name: 'Network' }, { name: "Bob's team" }] },
        { field: 'due_date', values: ['2027-02-28T10:11:12.000Z', '2028-02-29T23:59:59.000Z'] },
        { field: 'correlation_display', values: ["it's 1", 'B-2'] },
      ],
      searchable: 'correlation_display',
      person: {
        user: { login: 'alice', id: 'u2', email: 'alice@example.com' },
        create: async (titles) =>
          titles.map((title) =>
            sysId(started.create('incident', 'incident', { short_description: title }, 'alice').number),
          ),
        async retitle(id, title) {
          started.change(started.row(Number(id)), { short_description: title });
        },
        async remove(id) {
          started.remove(Number(id));
        },
      },
    };
  },
  async stop() {
    await Promise.all(open.map((connection) => connection.close?.()));
    await server?.stop();
  },
});

describe('rows of ServiceNow that an access rule hides', () => {
  let server: StandIn;
  let connection: Connection;
  before(async () => {
    server = await startServicenow();
    connection = servicenow.connect({ url: server.url, login: 'sync', password: PASSWORD }, {});
  });
  after(async () => {
    await connection.close?.();
    await server.stop();
  });

  it('are read in one poll past rows that the account may not see, and that make pages shorter than they should be', async () => {
    const hidden = new Set([2, 3, 6, 7, 8, 20, 33, 34, 40]);
    for (let at = 1; at <= 40; at++) {
      server.stopped = Date.parse('2026-03-01T12:00:00Z') + Math.floor(at / 9) * 1_000;
      server.create('incident', 'incident', { short_description: `title ${at}` }, 'alice');
    }
    const isHidden = (entry: unknown) =>
      hidden.has(Number(Reflect.get(Object(Reflect.get(Object(entry), 'sys_id')), 'value')));
    server.spoil = (_method, _path, answer) => {
      const result: unknown = Reflect.get(Object(answer.body), 'result');
      return Array.isArray(result)
        ? { ...answer, body: { result: result.filter((entry) => !isHidden(entry)) } }
        : answer;
    };
    for (const size of [5, 7, 50]) {
      const seen = new Set<unknown>();
      let requests = 0;
      for await (const page of connection.changes({ projects: ['incident'], types: ['incident'] }, undefined, size)) {
        for (const { fields } of page.entities) seen.add(fields.short_description);
        requests = server.seen.length;
      }
      assert.ok(requests < 400, `${requests} requests`);
      assert.equal(seen.size, 40 - hidden.size, `pages of ${size}`);
    }
  });
});

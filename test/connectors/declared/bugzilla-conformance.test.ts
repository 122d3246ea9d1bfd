/** Bugzilla's bugs, a connector without a line of code, pass the conformance suite on the stand-in. */

import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import { connectorConformance } from '../../conformance/connector';
import { bugzilla, cleaned, KEY, PRODUCT, startBugzilla } from './bugzilla';
import { samePages } from './page-sizes';
import type { StandIn } from './stand-in';
import { troublesOf } from './troubles';

const open: Connection[] = [];
let server: StandIn | undefined;

const required = { component: { name: 'Core' }, version: { name: 'unspecified' } };

connectorConformance('Bugzilla (declared)', {
  markers: false,
  lacks: {
    markersBack: 'markers are not read back',
    history: 'connector files declare no history',
    richText: 'the texts of a bug are plain',
    poisonEntity: 'a list that breaks does not say which bug breaks it',
  },
  async start() {
    const started = await startBugzilla();
    server = started;
    const connect = (): Connection => {
      const connection = bugzilla.connect({ url: started.url, apiKey: KEY }, {});
      open.push(connection);
      return connection;
    };
    return {
      connection: connect(),
      reconnect: connect,
      troubles: troublesOf(
        started,
        (entry, id) => String(Reflect.get(Object(entry), 'id')) === id,
        'bugs',
        (path) => !/\/bug\/\d+/.test(path),
      ),
      scope: { projects: [PRODUCT, 'Other'], types: ['bug'] },
      project: PRODUCT,
      type: 'bug',
      title: 'summary',
      required,
      normalise: cleaned,
      samples: [
        { field: 'component', values: [{ name: 'Core' }, { name: "User's guide" }], stays: true },
        { field: 'status', values: [{ name: 'IN_PROGRESS' }, { name: 'CONFIRMED' }], stays: true },
        { field: 'severity', values: [{ name: 'blocker' }, { name: 'enhancement' }], stays: true },
        { field: 'target_milestone', values: [{ name: '2.0' }, { name: '---' }], stays: true },
        { field: 'assigned_to', values: [{ login: 'alice@example.com' }, { name: "Bob O'Brien" }], stays: true },
        { field: 'whiteboard', values: ["it's one", 'two'] },
        { field: 'url', values: ['https://example.com/a?b=c&d', 'https://example.com/2'] },
        { field: 'deadline', values: ['2027-02-28', '2028-02-29'] },
      ],
      searchable: 'whiteboard',
      person: {
        user: { login: 'alice@example.com', id: '2', email: 'alice@example.com' },
        create: async (titles) =>
          titles.map((summary) => {
            const sent = { summary, product: PRODUCT, component: 'Core', version: '1.0' };
            return String(started.create('bug', PRODUCT, sent, 'alice@example.com').number);
          }),
        async retitle(id, summary) {
          started.change(started.row(Number(id)), { summary });
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

samePages('Bugzilla', async () => {
  const started = await startBugzilla();
  return {
    server: started,
    connection: bugzilla.connect({ url: started.url, apiKey: KEY }, {}),
    scope: { projects: [PRODUCT], types: ['bug'] },
    add: (summary) =>
      started.create('bug', PRODUCT, { summary, product: PRODUCT, component: 'Core', version: '1.0' }, 'alice'),
  };
});

describe('a bug in Bugzilla', () => {
  it('takes its description with the create, and no update tries to change it: afterwards it is a comment', async () => {
    const server = await startBugzilla();
    const connection = bugzilla.connect({ url: server.url, apiKey: KEY }, {});
    try {
      const scope = { projects: [PRODUCT], types: ['bug'] };
      const fields = { summary: 'one', description: "it's\nlong", ...required };
      const [made] =
        (await connection.write?.(scope, [{ kind: 'create', project: PRODUCT, type: 'bug', fields }])) ?? [];
      assert.ok(made?.ok && made.ignored === undefined, JSON.stringify(made));
      assert.equal(server.row(1).item.description, "it's\nlong");
      assert.equal(made.entity.url, `${server.url}/show_bug.cgi?id=1`);
      const [changed] =
        (await connection.write?.(scope, [{ kind: 'update', id: '1', fields: { description: 'two' } }])) ?? [];
      assert.ok(changed?.ok);
      assert.deepEqual(Object.keys(changed.ignored ?? {}), ['description']);
      assert.equal(server.row(1).item.description, "it's\nlong");
    } finally {
      await connection.close?.();
      await server.stop();
    }
  });

  it('is resolved with a resolution in one request, and is not gone where the account has no access to it', async () => {
    const server = await startBugzilla();
    const connection = bugzilla.connect({ url: server.url, apiKey: KEY }, {});
    try {
      const scope = { projects: [PRODUCT], types: ['bug'] };
      server.create('bug', PRODUCT, { summary: 'x', product: PRODUCT, component: 'Core', version: '1.0' }, 'alice');
      const fields = { status: { name: 'RESOLVED' }, resolution: { name: 'FIXED' } };
      const [done] = (await connection.write?.(scope, [{ kind: 'update', id: '1', fields }])) ?? [];
      assert.ok(done?.ok && done.ignored === undefined, JSON.stringify(done));
      const [refused] =
        (await connection.write?.(scope, [
          { kind: 'update', id: '1', fields: { status: { name: 'CONFIRMED' }, resolution: { name: 'FIXED' } } },
        ])) ?? [];
      assert.ok(refused && !refused.ok);
      assert.match(refused.error.message, /You cannot set a resolution for open bugs/);
      // a list leaves it out; alone, the number of the error tells it from a key that is refused, which is 401 as well
      const error = { error: true, code: 102, message: 'You are not authorized to access bug #1.' };
      server.interfere = (_method, path) =>
        path.includes('/bug/1') ? { status: 401, body: error } : { status: 200, body: { bugs: [] } };
      const [hidden] = await connection.read(scope, ['1']);
      assert.equal(hidden instanceof Error && Reflect.get(hidden, 'kind'), 'forbidden');
    } finally {
      await connection.close?.();
      await server.stop();
    }
  });
});

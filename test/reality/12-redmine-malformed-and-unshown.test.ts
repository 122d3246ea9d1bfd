/** What is learnt from an issue is learnt from another one where Redmine breaks on it, or shows it in a shape nobody can read. */

import assert from 'node:assert/strict';
import { connectTo, scope, server } from '../connectors/redmine/server';
import { troublesOf } from '../connectors/redmine/troubles';
import { readNow } from '../support/delivered';
import { describeWith } from '../support/need';
import { type RecordingProxy, recordingProxy } from '../support/proxy';

describeWith('Redmine with one issue that nobody can read', server, (there) => {
  let proxy: RecordingProxy;
  let ids: string[];

  before(async function () {
    this.timeout(60_000);
    there.reset();
    proxy = await recordingProxy(there.url);
    const { connection } = connectTo(there.url, there.key('sync'));
    const made = await connection.write?.(
      scope,
      ['one', 'two', 'newest'].map((subject) => ({ kind: 'create', project: '1', type: '1', fields: { subject } })),
    );
    ids = (made ?? []).map((result) => (result.ok ? result.entity.id : assert.fail(result.error.message)));
    await connection.close?.();
  });

  after(() => proxy.stop());

  const connect = () => connectTo(proxy.url, there.key('sync')).connection;

  it('still lists the custom fields for an account that learns them from issues', async function () {
    this.timeout(60_000);
    const mend = await troublesOf(proxy).poisonEntity?.(ids[2] ?? '');
    const connection = connect();
    try {
      const fields = await connection.fields('1', '1');
      assert.ok(
        fields.some(({ id }) => id === 'cf_1'),
        `${fields.map(({ id }) => id)}`,
      );
    } finally {
      await mend?.();
      await connection.close?.();
    }
  });

  it('reads, polls and lists the others where one comes without its status', async function () {
    this.timeout(60_000);
    proxy.rewrite = (path, text) => {
      if (!path.startsWith('/issues')) return text;
      const body = JSON.parse(text) as {
        issues?: { id: number; status?: object }[];
        issue?: { id: number; status?: object };
      };
      for (const issue of [...(body.issues ?? []), ...(body.issue ? [body.issue] : [])])
        if (String(issue.id) === ids[1]) issue.status = undefined;
      return JSON.stringify(body);
    };
    const connection = connect();
    try {
      const read = await connection.read(scope, ids);
      assert.deepEqual(
        read.map((one) => (one instanceof Error ? one.message.includes('without') : one?.id)),
        [ids[0], true, ids[2]],
      );
      const latest = await connection.latest?.(scope, 3);
      assert.ok(latest?.some(({ id }) => id === ids[2]));
      const polled: string[] = [];
      let last = {};
      for await (const page of connection.changes(scope, undefined, 50)) {
        polled.push(...page.entities.map(({ id }) => id));
        last = page.checkpoint;
      }
      assert.ok(polled.includes(ids[0] ?? '') && polled.includes(ids[2] ?? '') && !polled.includes(ids[1] ?? ''));
      proxy.rewrite = undefined;
      const later: string[] = [];
      for await (const page of connection.changes(scope, last, 50)) later.push(...page.entities.map(({ id }) => id));
      assert.ok(later.includes(ids[1] ?? ''), 'it comes once it can be read');
      assert.equal((await readNow(connection, scope, ids)).length, 3);
    } finally {
      proxy.rewrite = undefined;
      await connection.close?.();
    }
  });
});

/** Dead tokens of Jira Cloud were silent: polls "succeeded" with nothing, and counterparts looked gone. */

import assert from 'node:assert/strict';
import { asSyncError, SyncError } from '../../lib/model/errors';
import { connect, DEMO, make, poll, scope, start } from '../connectors/jira/server';
import { until } from '../support/wait';
import { JiraBench } from './jira-bench';

describe('A dead token of Jira Cloud', function () {
  this.timeout(30_000);

  it('pauses the system with that reason; no counterpart is gone, and all lands once there is another token', async () => {
    const bench = await JiraBench.start({ targetDeleted: 'create', retries: 3 });
    try {
      const { id } = bench.tracker.save(undefined, { title: 'Before' });
      await bench.poll(1);
      await until('the counterpart is there', () => bench.made().includes('Before'));
      await bench.poll(2);
      bench.jira.faults.credentials = 'silent';
      bench.tracker.save(id, { title: 'After' });
      await bench.poll(1);
      await until('Jira pauses', () => bench.integration.systems[2].pauseLeft() > 0);
      const error = asSyncError(await bench.poll(2).catch((thrown: unknown) => thrown));
      assert.match(error.message, /did not accept the credentials and answered as to an anonymous visitor/);
      assert.deepEqual(bench.made(), ['Before']);
      assert.equal(bench.failures.filter(({ parked }) => parked).length, 0);
      bench.jira.faults.credentials = undefined;
      bench.integration.systems[2].tryNow();
      await until('the change has landed', () => bench.made().includes('After'));
      assert.deepEqual(bench.made(), ['After'], 'no twin');
    } finally {
      await bench.stop();
    }
  });

  it('is reported by every call, also where anonymous visitors are answered 404', async () => {
    const jira = await start();
    const connection = connect(jira);
    const issue = make(jira, 'There');
    jira.faults.credentials = 'silent';
    const calls: Record<string, () => Promise<unknown> | undefined> = {
      identify: () => connection.identify(),
      projects: () => connection.projects(),
      entityTypes: () => connection.entityTypes(DEMO),
      changes: () => poll(connection, undefined),
      newest: () => connection.newest(scope),
      latest: () => connection.latest?.(scope, 5),
      read: () => connection.read(scope, [issue.id]),
      byKey: () => connection.byKey?.(`DEMO-${issue.number}`),
      history: () => connection.history?.(issue.id),
      users: () => connection.users?.({ email: 'bob@example.com' }),
    };
    for (const [name, call] of Object.entries(calls)) {
      const thrown: unknown = await Promise.resolve(call()).then(
        (result) => result,
        (error: unknown) => error,
      );
      assert.ok(thrown instanceof SyncError, `${name} answered ${JSON.stringify(thrown)}`);
      assert.equal(thrown.kind, 'auth', `${name}: ${thrown.message}`);
    }
    await connection.close?.();
    await jira.stop();
  });

  it('on Data Center: an answer to somebody anonymous is none', async () => {
    const jira = await start({ deployment: 'datacenter' });
    const connection = connect(jira);
    jira.interfere(
      /GET \/rest\/api\/2\/project$/,
      () => ({ status: 200, body: [], headers: { 'X-AUSERNAME': 'anonymous' } }),
      1,
    );
    const thrown = asSyncError(await connection.projects().catch((error: unknown) => error));
    assert.equal(thrown.kind, 'auth');
    assert.equal((await connection.projects()).length > 0, true);
    await connection.close?.();
    await jira.stop();
  });
});

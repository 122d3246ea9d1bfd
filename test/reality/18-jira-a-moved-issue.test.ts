/** A moved Jira issue kept its old key, address and project on the other side. */

import assert from 'node:assert/strict';
import { BUG, connect, DEMO, make, poll, SUPP, scope, start } from '../connectors/jira/server';
import { readNow } from '../support/delivered';
import { until } from '../support/wait';
import { JiraBench } from './jira-bench';

describe('A Jira issue that is moved to another project', function () {
  this.timeout(30_000);

  it('is the same entity, in a new version, with its new key, address and project', async () => {
    const jira = await start();
    const connection = connect(jira);
    const issue = make(jira, 'On the move');
    const [before] = await readNow(connection, scope, [issue.id]);
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    jira.site.move(jira.person('bob'), issue, SUPP);
    const { entities } = await poll(connection, checkpoint);
    const moved = entities.find(({ id }) => id === issue.id);
    assert.deepEqual([before?.key, before?.project], [before?.key, DEMO]);
    assert.deepEqual([moved?.key, moved?.project, moved?.type], ['SUPP-4', SUPP, BUG]);
    assert.equal(moved?.url, `${jira.url}/browse/SUPP-4`);
    assert.notEqual(moved?.version, before?.version);
    assert.equal((await connection.byKey?.(before?.key ?? ''))?.id, issue.id, 'the old key leads to it');
    await connection.close?.();
    await jira.stop();
  });

  it('is shown by its new key on the other side', async () => {
    const bench = await JiraBench.start({ backlinks: { 1: { key: 'remote', url: 'remoteUrl' } } });
    try {
      await bench.poll(2);
      const issue = make(bench.jira, 'On the move');
      const oldKey = bench.jira.site.keyOf(issue);
      await bench.poll(2);
      await until('the key is shown', () => bench.tracker.valueOf('On the move', 'remote') === oldKey);
      bench.jira.site.move(bench.jira.person('bob'), issue, SUPP);
      await bench.poll(2);
      const newKey = bench.jira.site.keyOf(issue);
      await until('the new key is shown', () => bench.tracker.valueOf('On the move', 'remote') === newKey);
      assert.equal(bench.tracker.valueOf('On the move', 'remoteUrl'), `${bench.jira.url}/browse/${newKey}`);
      assert.equal(bench.tracker.entities.size, 1);
    } finally {
      await bench.stop();
    }
  });
});

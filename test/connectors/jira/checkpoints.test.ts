/** Checkpoints as stores hold them: whatever polls by them next, they are read as they were written. */

import assert from 'node:assert/strict';
import type { Checkpoint, Connection } from '../../../lib/connectors/connector';
import type { Jira } from '../../systems/jira';
import { assertContract, checked, connect, edit, make, poll, requestsOf, start } from './server';

const MINUTE = 60_000;

describe(`Checkpoints of Jira that stores hold (${checked('cloud')})`, function () {
  this.timeout(20_000);
  let jira: Jira;
  let connection: Connection;
  let clock = Date.parse('2026-03-02T09:00:00.123Z');

  beforeEach(async () => {
    clock = Date.parse('2026-03-02T09:00:00.123Z');
    jira = await start({ now: () => clock });
    connection = connect(jira);
  });
  afterEach(async () => {
    await connection.close?.();
    await jira.stop();
    assertContract(jira);
  });

  it('are passed over where they have read everything, at the cost of one search', async () => {
    // the seeds of both projects, read at 09:00:00.123
    const stored: Checkpoint = {
      from: '2026-03-02T08:50:00.123Z',
      seen: ['20003@cuyo', '20004@cuyo', '20006@cuyo', '20007@cuyo'],
    };
    clock += 5 * MINUTE;
    let reading = await poll(connection, stored);
    assert.deepEqual(reading.ids, []);
    assert.deepEqual(reading.checkpoint, stored, 'nothing has changed, and it is as it was');
    const issue = make(jira, 'Later');
    clock += 5_000;
    reading = await poll(connection, reading.checkpoint);
    assert.deepEqual(reading.ids, [issue.id]);
    assert.deepEqual(await requestsOf(jira, () => poll(connection, reading.checkpoint)), ['POST search/jql']);
  });

  it('name what was not delivered: it is read first, however old it is', async () => {
    clock += 600 * MINUTE;
    const stored: Checkpoint = { from: '2026-03-02T18:00:00.000Z', owed: ['20003'] };
    const reading = await poll(connection, stored);
    assert.deepEqual(reading.ids, ['20003']);
    assert.deepEqual(reading.checkpoint, { from: '2026-03-02T18:00:00.000Z' });
  });

  it('name a project that was missing, and the time from which it is read once it is back', async () => {
    clock += 600 * MINUTE;
    edit(jira, '20006', { summary: 'Changed while the project was out of sight' });
    clock += 600 * MINUTE;
    const stored: Checkpoint = {
      from: '2026-03-03T04:00:00.000Z',
      away: { 'project 10201': '2026-03-02T18:50:00.000Z' },
    };
    const reading = await poll(connection, stored);
    assert.deepEqual(reading.ids, ['20006']);
    assert.deepEqual(reading.checkpoint, { from: '2026-03-03T04:00:00.000Z' });
  });

  it('that are a mere time begin there', async () => {
    clock += 60 * MINUTE;
    const issue = make(jira, 'Later');
    clock += MINUTE;
    assert.deepEqual(connection.checkpointAt?.('2026-03-02T09:30:00Z'), { from: '2026-03-02T09:30:00.000Z' });
    assert.deepEqual((await poll(connection, { from: '2026-03-02T09:30:00.000Z' })).ids, [issue.id]);
  });
});

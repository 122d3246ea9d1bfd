/** Polling Jira: what each poll costs, and the traps that the conformance suite cannot set, since they take clocks and imports. */

import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import { SyncError } from '../../../lib/model/errors';
import type { Jira, JiraOptions } from '../../systems/jira';
import { assertContract, checked, connect, edit, make, poll, requestsOf, scope, start } from './server';

const MINUTE = 60_000;

describe(`Polling Jira (${checked('cloud')})`, function () {
  this.timeout(20_000);
  let jira: Jira;
  let connection: Connection;
  /** the server's clock */
  let clock = 0;

  const open = async (options: JiraOptions = {}, at = '2026-03-02T09:00:00.123Z') => {
    clock = Date.parse(at);
    jira = await start({ now: () => clock, ...options });
    connection = connect(jira);
    clock += 10 * MINUTE;
  };
  const pass = (ms: number) => {
    clock += ms;
  };

  afterEach(async () => {
    await connection.close?.();
    await jira.stop();
    assertContract(jira);
  });

  it('costs one request where nothing changed, and two for a page of changes', async () => {
    await open();
    let { checkpoint } = await poll(connection, await connection.newest(scope));
    const idle = await requestsOf(jira, async () => {
      checkpoint = (await poll(connection, checkpoint)).checkpoint;
    });
    assert.deepEqual(idle, ['POST search/jql']);
    const ids = Array.from({ length: 100 }, (_, index) => make(jira, `Changed ${index}`).id);
    pass(5_000);
    let read: string[] = [];
    const busy = await requestsOf(jira, async () => {
      const reading = await poll(connection, checkpoint);
      checkpoint = reading.checkpoint;
      read = reading.ids;
    });
    assert.deepEqual(read.sort(), ids);
    assert.deepEqual(busy, ['POST search/jql', 'POST issue/bulkfetch', 'GET field', 'GET issueLinkType']);
    pass(MINUTE);
    assert.deepEqual(await requestsOf(jira, () => poll(connection, checkpoint)), ['POST search/jql']);
  });

  it('reads nothing again after an import that a checkpoint cannot hold; another process loses nothing by it', async () => {
    await open();
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    const count = 1_500;
    for (let n = 0; n < count; n += 1) make(jira, `Imported ${n}`);
    pass(5_000);
    const first = await poll(connection, checkpoint);
    assert.equal(new Set(first.ids).size, count);
    assert.ok(JSON.stringify(first.checkpoint).length < 30_000, 'the checkpoint stays small');
    pass(MINUTE);
    let second = first;
    const again = await requestsOf(jira, async () => {
      second = await poll(connection, first.checkpoint);
    });
    assert.deepEqual(second.ids, []);
    assert.deepEqual([...new Set(again)], ['POST search/jql']);

    const issue = make(jira, 'After the import');
    pass(5_000);
    assert.deepEqual((await poll(connection, second.checkpoint)).ids, [issue.id]);
    const elsewhere = connect(jira);
    const later = await poll(elsewhere, second.checkpoint);
    await elsewhere.close?.();
    assert.equal(later.ids.at(-1), issue.id);
    assert.equal(later.ids.length, 1 + count - 1_000, 'what the checkpoint lacks is read once more');
  });

  it('reads a write that the index takes minutes after later ones', async () => {
    let lag = 0;
    await open({ indexLagMs: () => lag });
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    lag = 8 * MINUTE;
    const late = make(jira, 'Late in the index');
    pass(30_000);
    lag = 0;
    const early = make(jira, 'In the index at once');
    pass(5_000);
    let reading = await poll(connection, checkpoint);
    assert.deepEqual(reading.ids, [early.id]);
    pass(MINUTE);
    reading = await poll(connection, reading.checkpoint);
    assert.deepEqual(reading.ids, []);
    pass(8 * MINUTE);
    assert.deepEqual((await poll(connection, reading.checkpoint)).ids, [late.id]);
  });

  it("shows an issue's own newest state although the index has an older one", async () => {
    let lag = 0;
    await open({ indexLagMs: () => lag });
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    const issue = make(jira, 'Before');
    lag = MINUTE;
    pass(1_000);
    edit(jira, issue.id, { summary: 'After' });
    pass(5_000);
    const reading = await poll(connection, checkpoint);
    assert.deepEqual(
      reading.entities.map(({ fields }) => fields.summary),
      ['After'],
    );
    // when the index has it too, it is no news
    pass(2 * MINUTE);
    assert.deepEqual((await poll(connection, reading.checkpoint)).ids, []);
  });

  for (const [timeZone, change] of [
    ['America/New_York', '2026-03-08T07:00:00Z'],
    ['America/New_York', '2026-11-01T06:00:00Z'],
    ['Europe/Berlin', '2026-10-25T01:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ] as const) {
    it(`misses nothing and repeats nothing in ${timeZone} when its clocks change on ${change.slice(0, 10)}`, async () => {
      await open({ timeZone, grainMs: MINUTE }, new Date(Date.parse(change) - 80 * MINUTE + 123).toISOString());
      let { checkpoint } = await poll(connection, await connection.newest(scope));
      const made: string[] = [];
      const read: string[] = [];
      for (let step = 0; step < 20; step++) {
        pass(7 * MINUTE);
        made.push(make(jira, `Step ${step}`).id);
        pass(3_000);
        const reading = await poll(connection, checkpoint);
        ({ checkpoint } = reading);
        read.push(...reading.ids);
        for (const { updatedAt } of reading.entities) assert.ok(Math.abs(Date.parse(updatedAt) - clock) < MINUTE);
      }
      assert.deepEqual(read, made);
    });
  }

  it('arrives whole: an import of 1,100 issues with one and the same time, in pages of 25 rows', async () => {
    await open({ searchCap: 25 });
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    const ids = Array.from({ length: 1_100 }, (_, index) => make(jira, `Import ${index}`).id);
    pass(12 * MINUTE);
    const reading = await poll(connection, checkpoint, 50);
    assert.deepEqual([...reading.ids].sort(), ids);
    // resumed in the middle by another process
    const other = connect(jira);
    const rest = await poll(other, reading.checkpoints[6], 50);
    await other.close?.();
    const early = new Set(reading.ids.slice(0, 350));
    assert.deepEqual(
      ids.filter((id) => !early.has(id) && !rest.ids.includes(id)),
      [],
    );
    // and is not read again once the server's clock is far beyond it
    const next = await poll(connection, reading.checkpoint);
    assert.deepEqual(next.ids, []);
    assert.ok(
      Math.max(...reading.checkpoints.map((one) => JSON.stringify(one).length)) < 20_000,
      'checkpoints stay small',
    );
  });

  it('skips none where pages go by offset and issues leave the front while they are read', async () => {
    await open({ searchCap: 5 });
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    const issues = Array.from({ length: 30 }, (_, index) => make(jira, `Crowd ${index}`));
    pass(MINUTE);
    let searches = 0;
    jira.onRequest = (_method, path) => {
      if (!path.endsWith('/search/jql') || ++searches % 2 === 0 || searches > 9) return;
      pass(1);
      const moved = issues[searches];
      if (moved) edit(jira, moved.id, { summary: `Moved ${searches}` });
    };
    const reading = await poll(connection, checkpoint);
    assert.deepEqual(
      issues.map(({ id }) => id).filter((id) => !reading.ids.includes(id)),
      [],
    );
  });

  it('reads years of issues by time, each once, with searches that begin where the last one ended', async () => {
    await open({ searchCap: 20 });
    const started = clock;
    for (let index = 0; index < 200; index++) {
      clock = started + index * 3_600_000;
      make(jira, `Old ${index}`);
    }
    const reading = await poll(connection, undefined);
    assert.equal(new Set(reading.ids).size, reading.ids.length, 'each once');
    assert.equal(reading.ids.length, 204);
  });

  it('begins the stretch again where a page token has expired', async () => {
    await open({ searchCap: 5, tokenTtlMs: 1_000 });
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    const ids = Array.from({ length: 22 }, (_, index) => make(jira, `Slow ${index}`).id);
    pass(5_000);
    const read: string[] = [];
    for await (const page of connection.changes(scope, checkpoint, 5)) {
      read.push(...page.entities.map(({ id }) => id));
      pass(2_000);
    }
    assert.deepEqual(read.sort(), ids);
  });

  it('stops where the server was restored from a backup, and says so', async () => {
    await open();
    const backup = jira.site.snapshot();
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    const changed = jira.site
      .all()
      .find(({ type, project }) => scope.types.includes(type) && scope.projects.includes(project));
    assert.ok(changed);
    edit(jira, changed.id, { summary: 'Changed after the back-up' });
    pass(5_000);
    const after = (await poll(connection, checkpoint)).checkpoint;
    jira.site.restore(backup);
    pass(MINUTE);
    await assert.rejects(
      () => poll(connection, after),
      (error: unknown) =>
        error instanceof SyncError && error.kind === 'fatal' && /backup may have been restored/.test(error.message),
    );
  });

  it('goes on where the newest issue was deleted', async () => {
    await open();
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    const doomed = make(jira, 'Doomed');
    pass(5_000);
    const after = (await poll(connection, checkpoint)).checkpoint;
    jira.site.remove(doomed);
    const idle = await poll(connection, after);
    assert.deepEqual(idle.ids, []);
    // it is looked for once, and not missed for ever
    assert.deepEqual(await requestsOf(jira, () => poll(connection, idle.checkpoint)), ['POST search/jql']);
  });

  it('reads issues in the memory of a page: a poller with small searches asks for few at a time', async () => {
    await open({ searchCap: 3 });
    const seen: string[] = [];
    for await (const { entities } of connection.changes(scope, undefined, 2)) {
      assert.ok(entities.length <= 2);
      seen.push(...entities.map(({ id }) => id));
    }
    assert.equal(new Set(seen).size, 4);
  });
});

describe(`Polling Jira (${checked('datacenter')})`, function () {
  this.timeout(20_000);

  let jira: Jira;
  let connection: Connection;
  let clock = Date.parse('2026-03-02T09:00:00.100Z');

  before(async () => {
    jira = await start({ deployment: 'datacenter', now: () => clock, clockMs: 1_000 });
    connection = connect(jira);
  });
  after(async () => {
    await connection.close?.();
    await jira.stop();
  });

  it('misses no change that falls into the second in which an issue was read, where the database keeps seconds', async () => {
    clock += 180_000;
    const { checkpoint } = await poll(connection, await connection.newest(scope));
    clock += 5_000;
    const issue = make(jira, 'First');
    const first = await poll(connection, checkpoint);
    assert.deepEqual(first.ids, [issue.id]);
    clock += 300;
    edit(jira, issue.id, { summary: 'In the same second' });
    clock += 30_000;
    const second = await poll(connection, first.checkpoint);
    assert.deepEqual(
      second.entities.map(({ fields }) => fields.summary),
      ['In the same second'],
    );
    assert.equal(second.entities[0]?.updatedAt, first.entities[0]?.updatedAt);
    assert.notEqual(second.entities[0]?.version, first.entities[0]?.version);
    // the index may still lack something of that second: read once more, and no more after that
    clock += 90_000;
    const third = await poll(connection, second.checkpoint);
    assert.equal(third.entities[0]?.version, second.entities[0]?.version);
    assert.deepEqual(await requestsOf(jira, () => poll(connection, third.checkpoint)), ['POST search']);
  });

  it('does not take an index that is behind what was read for a restored backup', async () => {
    let lag = 0;
    const lagging = await start({ deployment: 'datacenter', now: () => clock, indexLagMs: () => lag });
    const other = connect(lagging);
    try {
      clock += 180_000;
      const { checkpoint } = await poll(other, await other.newest(scope));
      const [first, second] = [make(lagging, 'First'), make(lagging, 'Second')];
      clock += 5_000;
      lag = 300_000;
      edit(lagging, first.id, { summary: 'The index does not know it yet' });
      clock += 5_000;
      // alone, an issue is read from the database
      const reading = await poll(other, checkpoint, 1);
      assert.deepEqual(reading.ids.toSorted(), [first.id, second.id]);
      const names = reading.entities.map(({ fields }) => fields.summary);
      assert.ok(names.includes('The index does not know it yet'));
      clock += 30_000;
      assert.deepEqual((await poll(other, reading.checkpoint)).ids, []);
    } finally {
      await other.close?.();
      await lagging.stop();
    }
  });
});

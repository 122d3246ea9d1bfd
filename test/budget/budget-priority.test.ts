/** The engine itself says for whom it asks: a real reader and writer over a backlog, and then for one person's edit. */

import assert from 'node:assert/strict';
import { BACKLOG, currentPriority, type Priority } from '../../lib/budget/priority';
import type { Connection } from '../../lib/connectors/connector';
import { Integration } from '../../lib/engine/integration';
import { System } from '../../lib/engine/system';
import type { IntegrationConfig } from '../../lib/model/config';
import type { SyncMessage } from '../../lib/model/message';
import { openSqliteStore } from '../../lib/store/sqlite';
import { SimulatedClock } from '../simulation/clock';
import { Random } from '../simulation/random';
import { type Habits, SimulatedSystem } from '../simulation/system';

const HABITS: Habits = {
  skew: 0,
  grain: 1,
  normalises: false,
  format: 'markdown',
  marks: true,
  exact: true,
  lag: 0,
  faults: 0,
};
const COUNT = 1_800;
const config: IntegrationConfig = {
  id: 'integration',
  name: 'Simulated',
  active: true,
  system1: 's1',
  system2: 's2',
  projectPairs: [{ one: { id: 'P', name: 'P' }, two: { id: 'P', name: 'P' }, direction: 'both' }],
  typePairs: [{ id: 'bugs', one: { id: 'Bug', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' }],
  retries: 3,
  lostAfterMs: 60_000,
};

/** The connection, noting the priority that a request would have at each call, and at each page of a poll. */
function noting(connection: Connection, note: (call: string) => void): Connection {
  return {
    ...connection,
    read: (scope, ids) => {
      note('read');
      return connection.read(scope, ids);
    },
    write: async (scope, operations) => {
      note('write');
      return (await connection.write?.(scope, operations)) ?? [];
    },
    async *changes(scope, since, pageSize) {
      note('page');
      for await (const page of connection.changes(scope, since, pageSize)) {
        yield page;
        note('page');
      }
    },
  };
}

describe('Request budget, whose request it is', function () {
  this.timeout(60_000);

  it('bulk while a flow works off a backlog, interactive before and after', async () => {
    const clock = new SimulatedClock(Date.UTC(2026, 0, 1), new Random(7));
    const random = new Random(8);
    const one = new SimulatedSystem('A', HABITS, clock, random);
    const two = new SimulatedSystem('B', HABITS, clock, random);
    const store = await openSqliteStore({ file: ':memory:' });
    let calls: { call: string; priority: Priority }[] = [];
    const note = (call: string): void => void calls.push({ call, priority: currentPriority() });
    const open = (system: SimulatedSystem) => () => noting(system.connection(), note);
    const systems = [new System('s1', 'One', open(one), clock), new System('s2', 'Two', open(two), clock)] as const;
    const integration = new Integration(config, systems, store, clock);
    await integration.start();
    integration.declare('mapper', {
      1: { fields: new Set(['title']), always: false },
      2: { fields: new Set(['title']), always: false },
    });
    const writer = integration.writer({ batchSize: 50 });
    const send = (message: SyncMessage): void => {
      message.sync.mapped = { title: { from: ['title'], conflict: 'system1' } };
      writer.accept(message).catch(() => undefined);
    };
    const options = { pageSize: 100, window: 100, start: { kind: 'all' as const } };
    const reader = integration.reader(1, options, send, (error) => assert.fail(error));

    let id = '';
    for (let n = 0; n < COUNT; n += 1) {
      await clock.runUntil(clock.now() + 1);
      id = one.create({ title: `Bug ${n}` });
    }
    const polled = reader.poll();
    await clock.runUntil(clock.now() + 10 * 60_000);
    await polled;
    assert.equal(two.entities().length, COUNT);
    const of = (call: string): Priority[] => calls.filter((one) => one.call === call).map(({ priority }) => priority);
    const pages = of('page');
    const turn = pages.indexOf('bulk');
    assert.ok(turn >= BACKLOG / 100 && turn <= BACKLOG / 100 + 2, `page ${turn} was the first of bulk`);
    assert.ok(pages.slice(turn).every((priority) => priority === 'bulk'));
    const bulk = of('write').filter((priority) => priority === 'bulk').length;
    assert.ok(bulk >= 5, `${bulk} of ${of('write').length} writes were bulk`);
    assert.equal(of('write').at(-1), 'interactive', 'the end of a backlog is none');

    calls = [];
    one.edit(id, { title: 'somebody was here' });
    const again = reader.poll();
    await clock.runUntil(clock.now() + 60_000);
    await again;
    assert.ok(of('write').length > 0 && of('read').length > 0);
    assert.deepEqual([...new Set(calls.map(({ priority }) => priority))], ['interactive']);
    await integration.stop();
    await store.close();
  });
});

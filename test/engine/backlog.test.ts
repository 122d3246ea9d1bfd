/** What people change while a flow works off its own backlog: the real reader, writer and store, in simulated time. */

import assert from 'node:assert/strict';
import { Integration } from '../../lib/engine/integration';
import type { Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import type { IntegrationConfig } from '../../lib/model/config';
import type { SyncMessage } from '../../lib/model/message';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { SimulatedClock } from '../simulation/clock';
import { Random } from '../simulation/random';
import { type Habits, SimulatedSystem } from '../simulation/system';

const HABITS: Habits = {
  skew: 0,
  grain: 1,
  normalises: false,
  marks: true,
  exact: true,
  lag: 0,
  faults: 0,
  format: 'markdown',
};
const COUNT = 400;
const BACKLOG = 20;
const WINDOW = 10;
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

describe('A backlog within one flow', function () {
  this.timeout(60_000);
  let clock: SimulatedClock;
  let one: SimulatedSystem;
  let store: Store;
  let integration: Integration;
  let reader: Reader;
  /** keys of the entities in the order in which they landed */
  let landed: string[];

  async function start(window = WINDOW): Promise<void> {
    clock = new SimulatedClock(Date.UTC(2026, 0, 1), new Random(7));
    const random = new Random(8);
    one = new SimulatedSystem('A', HABITS, clock, random);
    const two = new SimulatedSystem('B', HABITS, clock, random);
    store = await openSqliteStore({ file: ':memory:' });
    landed = [];
    const systems = [
      new System('s1', 'One', () => one.connection(), clock),
      new System('s2', 'Two', () => two.connection(), clock),
    ] as const;
    integration = new Integration(config, systems, store, clock, {
      landed: ({ source }) => landed.push(source.key),
    });
    await integration.start();
    const relevant = { fields: new Set(['title']), always: false };
    integration.declare('mapper', { 1: relevant, 2: relevant });
    const writer = integration.writer({ batchSize: 10 });
    const send = (message: SyncMessage): void => {
      message.sync.mapped = { title: { from: ['title'], conflict: 'system1' } };
      writer.accept(message).catch(() => undefined);
    };
    const options = { pageSize: 10, window, start: { kind: 'all' as const }, backlog: BACKLOG };
    reader = integration.reader(1, options, send, (error) => assert.fail(error));
  }

  afterEach(async () => {
    // what waits in simulated time ends in it
    await Promise.all([integration.stop(), clock.runUntil(clock.now() + 60_000)]);
    await store.close();
  });

  async function fill(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      await clock.runUntil(clock.now() + 1);
      one.create({ title: `Bug ${n}` });
    }
  }

  /** Lets time pass in small steps until it holds. */
  async function until(holds: () => boolean): Promise<void> {
    for (let step = 0; !holds(); step += 1) {
      assert.ok(step < 100_000, 'waited in vain');
      await clock.runUntil(clock.now() + 5);
    }
  }

  /** How many others landed before this one, since `from` had landed. */
  async function placeOf(key: string, from: number): Promise<number> {
    await until(() => landed.slice(from).includes(key));
    return landed.slice(from).indexOf(key);
  }

  it('lets a change go first that is made while the backlog is still being read', async () => {
    await start();
    await fill(COUNT);
    reader.poll().catch(() => assert.fail());
    await until(() => landed.length >= BACKLOG);
    assert.ok(reader.isPolling, 'the long poll is under way');
    const from = landed.length;
    const key = one.create({ title: 'by a person' });
    reader.poll().catch(() => assert.fail());
    const place = await placeOf(key, from);
    assert.ok(place <= 3 * WINDOW, `${place} others went before it`);
    await until(() => landed.length === COUNT + 1 && !reader.isPolling);
    assert.equal(new Set(landed).size, COUNT + 1, 'each has landed once');
  });

  it('lets a change go first that is made when the backlog has been read and waits', async () => {
    await start();
    await fill(COUNT);
    const first = reader.poll();
    // the target is slow: all is read long before it has landed
    integration.systems[2].budget.closeFor(60_000);
    await until(() => !reader.isPolling);
    await first;
    const from = landed.length;
    assert.ok(from < COUNT / 2, `${from} have landed`);
    const key = one.create({ title: 'by a person' });
    await clock.runUntil(clock.now() + 1);
    reader.poll().catch(() => assert.fail());
    const place = await placeOf(key, from);
    assert.ok(place <= 3 * WINDOW, `${place} others went before it`);
    await until(() => landed.length === COUNT + 1);
  });

  for (const window of [WINDOW, 1]) {
    it(`goes on with the backlog however much people change (window ${window})`, async () => {
      await start(window);
      await fill(100);
      integration.systems[2].budget.closeFor(10_000);
      const first = reader.poll();
      await until(() => !reader.isPolling);
      await first;
      const people = new Set<string>();
      for (let turn = 0; turn < 2_000 && landed.length - people.size < 100; turn += 1) {
        people.add(one.create({ title: `by a person ${turn}` }));
        reader.poll().catch(() => assert.fail());
        await clock.runUntil(clock.now() + 20);
        for (const key of [...people]) if (!landed.includes(key)) people.delete(key);
      }
      const backlog = landed.filter((key) => Number(key.slice(2)) <= 100);
      assert.ok(backlog.length >= 50, `${backlog.length} of the backlog have landed`);
    });
  }
});

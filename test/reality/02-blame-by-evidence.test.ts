/** One poisoned entity costs a few requests and is parked; the others arrive. A system in which everything fails is left alone. */

import assert from 'node:assert/strict';
import type { Connection, WriteOperation, WriteResult } from '../../lib/connectors/connector';
import { wholeBatch } from '../../lib/connectors/whole-batch';
import { iso } from '../../lib/model/clock';
import { SyncError } from '../../lib/model/errors';
import { type Tracker, Workbench } from '../engine/workbench';

const HTTP_500 = () => new SyncError('transient', 'HTTP 500', { status: 500, uncertain: true });
const isPoison = ({ fields }: WriteOperation) => fields.title === 'poison';

/** A tracker as Jira's bulk create or Azure DevOps' $batch (`together`), or as Redmine with a request for each entity. */
class Weak {
  /** times of the requests (ms), and what each held */
  readonly requests: { at: number; size: number }[] = [];
  /** how many of a request that fails were carried out before */
  arriving = 0;
  readonly markers = new Map<string, string>();
  breaks: (operation: WriteOperation) => SyncError | undefined = (operation) =>
    isPoison(operation) ? HTTP_500() : undefined;

  constructor(
    tracker: Tracker,
    private readonly together: boolean,
    now: () => number,
  ) {
    const connect = tracker.connection.bind(tracker);
    tracker.connection = (): Connection => {
      const connection = connect();
      const write = connection.write?.bind(connection);
      return {
        ...connection,
        find: async ({ marker }) =>
          [...this.markers].flatMap(([id, own]) => {
            const entity = own === marker ? tracker.entities.get(id) : undefined;
            return entity ? [structuredClone(entity)] : [];
          }),
        write: async (scope, operations) => {
          const results: WriteResult[] = [];
          const groups = this.together ? [operations] : operations.map((operation) => [operation]);
          for (const group of groups) {
            this.requests.push({ at: now(), size: group.length });
            const error = group.map(this.breaks).find((fault) => fault !== undefined);
            const passing = error ? group.slice(0, this.arriving) : group;
            const done = (await write?.(scope, passing)) ?? [];
            for (const [index, result] of done.entries()) {
              const operation = passing[index];
              if (result.ok && operation?.kind === 'create') this.markers.set(result.entity.id, operation.marker ?? '');
            }
            results.push(
              ...(error ? group.map(() => ({ ok: false as const, error: wholeBatch(error, group.length) })) : done),
            );
          }
          return results;
        },
      };
    };
  }
}

describe('A write that is always answered with 5xx', () => {
  let bench: Workbench;

  async function start(together: boolean, options = {}): Promise<Weak> {
    bench = await Workbench.start({ retries: 3, ...options });
    return new Weak(bench.two, together, () => bench.clock.now());
  }

  afterEach(() => bench.stop());

  for (const together of [true, false]) {
    const how = together ? 'in one request with others' : 'in a request of its own';

    it(`${how}: the other 39 arrive, and it is parked after its retries`, async () => {
      const weak = await start(together);
      for (let n = 1; n <= 40; n++) bench.one.save(undefined, { title: n === 23 ? 'poison' : `item ${n}` });
      await bench.sync();
      await bench.sync();

      assert.equal(bench.two.entities.size, 39);
      const parked = await bench.parked();
      assert.equal(parked.entity.key, 'one-23');
      assert.match(parked.error.message, /HTTP 500/);
      assert.equal(bench.failures.filter(({ parked: isParked }) => isParked).length, 1);
      // four batches of ten, a few for the search, and the retries
      if (together) assert.ok(weak.requests.length <= 24, `${weak.requests.length} requests`);
    });

    it(`${how}: an update of it is parked, others go on`, async () => {
      await start(together);
      for (let n = 1; n <= 8; n++) bench.one.save(undefined, { title: `item ${n}` });
      await bench.sync();
      for (let n = 1; n <= 8; n++) bench.one.save(`one-${n}`, { title: n === 5 ? 'poison' : `changed ${n}` });
      await bench.sync();
      await bench.sync();

      const titles = [...bench.two.entities.values()].map(({ fields }) => fields.title);
      assert.equal(titles.filter((title) => String(title).startsWith('changed')).length, 7);
      assert.equal((await bench.parked()).entity.key, 'one-5');
    });
  }

  it('leaves nothing twice where a part of the failed request was carried out', async () => {
    const weak = await start(true);
    weak.arriving = 4;
    for (let n = 1; n <= 10; n++) bench.one.save(undefined, { title: n === 8 ? 'poison' : `item ${n}` });
    await bench.sync();
    await bench.sync();

    const titles = [...bench.two.entities.values()].map(({ fields }) => String(fields.title));
    assert.deepEqual(
      titles.filter((title) => title !== 'poison').sort(),
      [1, 10, 2, 3, 4, 5, 6, 7, 9].map((n) => `item ${n}`),
    );
  });

  it('is found, should it have been carried out nevertheless', async () => {
    const weak = await start(false);
    weak.arriving = 1;
    bench.one.save(undefined, { title: 'poison' });
    for (let n = 1; n <= 3; n++) bench.one.save(undefined, { title: `item ${n}` });
    await bench.sync();
    await bench.sync();

    assert.equal(bench.two.entities.size, 4);
    assert.deepEqual((await bench.integration.commands.parked(0, 10)).items, []);
  });

  it('is blamed in the end, too, where it is the only one and everything else works', async () => {
    await start(false);
    bench.one.save(undefined, { title: 'poison' });
    for (let minutes = 0; minutes < 10; minutes++) await bench.sync();
    assert.equal((await bench.parked()).entity.key, 'one-1');
  });

  it('several in one batch are found, each of them', async () => {
    await start(true, { retries: 0 });
    for (let n = 1; n <= 10; n++) bench.one.save(undefined, { title: n % 4 === 0 ? 'poison' : `item ${n}` });
    await bench.sync();
    assert.equal(bench.two.entities.size, 8);
    assert.equal(bench.failures.filter(({ parked }) => parked).length, 2);
  });
});

describe('A request that is too large as a whole', () => {
  it('is halved, and only what is too large alone is refused', async () => {
    const bench = await Workbench.start({ retries: 0 });
    const weak = new Weak(bench.two, true, () => bench.clock.now());
    weak.breaks = (operation) =>
      isPoison(operation) ? new SyncError('invalid', 'HTTP 413', { status: 413 }) : undefined;
    for (let n = 1; n <= 10; n++) bench.one.save(undefined, { title: n === 3 ? 'poison' : `item ${n}` });
    await bench.sync();
    assert.equal(bench.two.entities.size, 9);
    assert.equal((await bench.parked()).entity.key, 'one-3');
    await bench.stop();
  });
});

describe('A system in which every write fails while it can be read', () => {
  for (const together of [true, false]) {
    it(`is tried with growing waits, one write at a time, and nobody is charged (${together ? 'batches' : 'single writes'})`, async () => {
      const bench = await Workbench.start({ retries: 3 });
      const weak = new Weak(bench.two, together, () => bench.clock.now());
      weak.breaks = HTTP_500;
      for (let n = 1; n <= 40; n++) bench.one.save(undefined, { title: `item ${n}` });
      await bench.sync(10 * 60_000);

      assert.deepEqual(
        bench.failures.filter(({ parked }) => parked),
        [],
      );
      const late = weak.requests.filter(({ at }) => at > (weak.requests[0]?.at ?? 0) + 60_000);
      assert.ok(late.length <= 15, `${late.length} requests in nine minutes: ${late.map(({ at }) => iso(at))}`);
      assert.ok(late.every(({ size }) => size === 1));

      weak.breaks = () => undefined;
      await bench.sync(3 * 60_000);
      assert.equal(bench.two.entities.size, 40);
      await bench.stop();
    });
  }
});

describe('An entity that cannot be read', () => {
  it('stops no others: what it breaks is halved', async () => {
    const bench = await Workbench.start({ retries: 0 });
    for (let n = 1; n <= 10; n++) bench.one.save(undefined, { title: `item ${n}` });
    await bench.sync();
    const connection = bench.integration.systems[2].connection();
    const read = connection.read.bind(connection);
    connection.read = async (scope, ids) => {
      if (ids.includes('two-7')) throw HTTP_500();
      return read(scope, ids);
    };
    for (let n = 1; n <= 10; n++) bench.one.save(`one-${n}`, { title: `changed ${n}` });
    await bench.sync();
    const titles = [...bench.two.entities.values()].map(({ fields }) => String(fields.title));
    assert.equal(titles.filter((title) => title.startsWith('changed')).length, 9);
    assert.equal((await bench.parked()).counterpart?.key, 'two-7');
    await bench.stop();
  });
});

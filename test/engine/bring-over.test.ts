/** What was there before the integration is brought over: on a person's wish, beside the poller. */

import assert from 'node:assert/strict';
import { readWish } from '../../lib/model/bring-over';
import { SyncError } from '../../lib/model/errors';
import { Workbench } from './workbench';

describe('Existing items are brought over', () => {
  let bench: Workbench;
  const ITEMS = 350;

  beforeEach(async () => {
    bench = await Workbench.start();
    for (const tracker of [bench.one, bench.two]) tracker.isPaged = true;
    for (let number = 1; number <= ITEMS; number += 1) bench.one.save(`one-${number}`, { title: `Old ${number}` });
    bench.startAt = 'newest';
    await bench.redeploy({});
    await bench.sync();
  });
  afterEach(() => bench.stop());

  const existing = () => bench.integration.existing;
  const titles = () => [...bench.two.entities.values()].map(({ fields }) => fields.title);

  it('each once, while the poller reads only what is new', async () => {
    assert.equal(bench.two.entities.size, 0, 'a poller that starts at the newest does not bring them');
    await existing().start(1, { expected: ITEMS });
    await bench.sync(600_000);
    assert.equal(new Set(titles()).size, ITEMS);
    assert.equal(bench.two.entities.size, ITEMS);
    const view = existing().view(1);
    assert.deepEqual([view?.state, view?.read, view?.recorded], ['done', ITEMS, ITEMS]);
    assert.deepEqual([bench.one.entities.size, existing().view(2)], [ITEMS, undefined]);
  });

  it('again, nothing is doubled, and only what differs is written', async () => {
    await existing().start(1);
    await bench.sync(600_000);
    const writes = bench.two.asked.length;
    await existing().start(1);
    await bench.sync(600_000);
    assert.equal(existing().view(1)?.state, 'done');
    assert.deepEqual([bench.two.asked.length, bench.two.entities.size], [writes, ITEMS]);
  });

  it('with a pause, that holds across a restart, and goes on where it was', async () => {
    let isPaused = false;
    bench.two.onRequest = () => {
      if (isPaused || bench.two.entities.size < 20) return;
      isPaused = true;
      void existing().pause(1);
    };
    await existing().start(1);
    await bench.sync(600_000);
    const paused = existing().view(1);
    assert.equal(paused?.state, 'paused');
    assert.ok((paused?.read ?? 0) < ITEMS, `${paused?.read} were read`);
    assert.equal(bench.two.entities.size, paused?.read, 'what was read is synced');
    await bench.redeploy({});
    await bench.sync();
    assert.deepEqual([existing().view(1)?.state, existing().view(1)?.read], ['paused', paused?.read]);
    bench.one.polls.length = 0;
    await existing().resume(1);
    await bench.sync(600_000);
    assert.ok(!bench.one.polls.includes(0), 'it does not begin again');
    assert.deepEqual([existing().view(1)?.state, bench.two.entities.size], ['done', ITEMS]);
  });

  it('to the end if Node-RED ends in between', async () => {
    await existing().start(1);
    bench.two.work = () => bench.clock.sleep(1_000);
    await bench.wait(5_000);
    await bench.redeploy({});
    const before = existing().view(1);
    assert.equal(before?.state, 'running');
    assert.ok((before?.read ?? ITEMS) < ITEMS);
    await bench.sync(3_600_000);
    assert.equal(existing().view(1)?.state, 'done');
    assert.deepEqual([bench.two.entities.size, new Set(titles()).size], [ITEMS, ITEMS]);
  });

  it('until somebody ends it; another start begins from the beginning, without duplicates', async () => {
    bench.two.work = () => bench.clock.sleep(1_000);
    await existing().start(1);
    await bench.wait(5_000);
    assert.equal((await existing().cancel(1)).state, 'cancelled');
    await bench.sync(3_600_000);
    const brought = bench.two.entities.size;
    assert.ok(brought > 0 && brought < ITEMS, `${brought}`);
    assert.equal(existing().view(1)?.read, brought);
    await existing().start(1);
    await bench.sync(3_600_000);
    assert.equal(bench.two.entities.size, ITEMS);
  });

  it('behind what people change meanwhile, and few wait at a time', async () => {
    bench.two.work = () => bench.clock.sleep(1_000);
    await existing().start(1);
    await bench.wait(5_000);
    bench.one.save('one-new', { title: 'By a person' });
    const before = bench.two.entities.size;
    await bench.sync(10_000);
    assert.ok(titles().includes('By a person'));
    assert.ok(bench.two.entities.size - before < 150, `${bench.two.entities.size - before} went before`);
    const [{ waiting }] = await bench.integration.counts();
    assert.ok(waiting <= 300, `${waiting} wait`);
  });

  it('in spite of outages, and not of a wish that nothing fits', async () => {
    await existing().start(1);
    bench.one.fault = new SyncError('transient', 'HTTP 503', { status: 503 });
    await bench.sync(300_000);
    assert.equal(existing().view(1)?.state, 'running');
    bench.one.fault = undefined;
    await bench.sync(1_200_000);
    assert.equal(existing().view(1)?.state, 'done');
    await assert.rejects(existing().start(1, { types: ['Story'] }), /No pair leads these items/);
    await assert.rejects(existing().start(1, { since: 'yesterday' }), /"yesterday" is not a time/);
    await assert.rejects(existing().pause(1), /Nothing is being brought over/);
    await existing().start(1);
    await assert.rejects(existing().start(1), /being brought over already/);
  });

  it('tells what is wrong if the system refuses, and waits for a person', async () => {
    bench.one.fault = new SyncError('forbidden', 'You may not read issues');
    await existing().start(1);
    await bench.wait(600_000);
    const view = existing().view(1);
    assert.equal(view?.state === 'paused' ? view.fault : view?.state, 'You may not read issues');
    bench.one.fault = undefined;
    await existing().resume(1);
    await bench.sync(600_000);
    assert.deepEqual([existing().view(1)?.state, existing().view(1)?.fault], ['done', undefined]);
  });

  it('tells how fast, and how long it will take', async () => {
    bench.two.work = () => bench.clock.sleep(1_000);
    await existing().start(1, { expected: ITEMS });
    await bench.wait(3_000);
    const view = existing().view(1);
    assert.ok((view?.perSecond ?? 0) > 0);
    assert.ok((view?.secondsLeft ?? 0) > 0);
  });

  it('by a wish of any shape', () => {
    assert.deepEqual(readWish({ types: ['Bug', 7], since: '2026-01-01', expected: 2.5, more: 1 }), {
      types: ['Bug'],
      since: '2026-01-01',
      expected: 2,
    });
    for (const odd of [undefined, null, 7, 'x', [], { types: 'Bug', since: 5 }]) assert.deepEqual(readWish(odd), {});
  });
});

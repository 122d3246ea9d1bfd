import assert from 'node:assert/strict';
import { firstTurn, startSchedule } from '../../../nodes/poller/schedule';
import { until } from '../../support/wait';

describe('The schedule of pollers', () => {
  it('spreads the turns of a thousand pollers evenly over their interval, each always at the same place', () => {
    const ids = Array.from({ length: 1_000 }, (_, n) => `${(n * 7919 + 0x1a2b3c).toString(16)}f.node${n}`);
    const tenths = new Array<number>(10).fill(0);
    for (const id of ids) {
      const turn = firstTurn(id, 60_000);
      assert.ok(turn >= 1 && turn <= 60_000);
      assert.equal(firstTurn(id, 60_000), turn);
      const tenth = Math.min(9, Math.floor(turn / 6_000));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) assert.ok(count > 60 && count < 140, tenths.join(' '));
  });

  it('polls at once, then in its turns, until it is stopped', async () => {
    let ticks = 0;
    const { stop, next } = startSchedule({ schedule: 'interval', interval: 1, unit: 'seconds' }, 'a', () => {
      ticks += 1;
    });
    assert.equal(ticks, 1);
    const due = next() ?? 0;
    assert.ok(due > Date.now() - 1_000 && due <= Date.now() + 1_000);
    await until('two turns have come', () => ticks >= 3);
    stop();
    const before = ticks;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal(ticks, before);
    assert.ok((next() ?? 0) > due);
    const manual = startSchedule({ schedule: 'manual' }, 'a', () => assert.fail('nobody asked'));
    assert.equal(manual.next(), undefined);
    manual.stop();
    const yearly = startSchedule({ schedule: 'cron', cron: '0 0 1 1 *' }, 'a', () => assert.fail('nobody asked'));
    assert.ok((yearly.next() ?? 0) > Date.now());
    yearly.stop();
  });
});

import assert from 'node:assert/strict';
import { StoreError, type StoreErrorKind } from '../../../lib/store/store';
import { Patience } from '../../../nodes/shared/patience';
import { SimulatedClock } from '../../simulation/clock';
import { Random } from '../../simulation/random';

const fault = (kind: StoreErrorKind) => new StoreError(kind, `the store is ${kind}`);

describe('Opening a store', () => {
  const start = () => {
    const clock = new SimulatedClock(0, new Random(1));
    return { clock, patience: new Patience(clock) };
  };

  it('is tried again with growing waits, each failure is reported, until it works', async () => {
    const { clock, patience } = start();
    const tries: number[] = [];
    const told: string[] = [];
    let free = false;
    const opened = patience.open(
      async () => {
        tries.push(clock.now());
        if (!free) throw fault('locked');
        return 'the store';
      },
      ({ kind }) => told.push(kind),
    );
    await clock.runUntil(3 * 60_000);
    free = true;
    await clock.runUntil(4 * 60_000);
    assert.equal(await opened, 'the store');
    const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
    assert.ok(
      waits.slice(0, 4).every((wait, index) => wait < (waits[index + 1] ?? 0)),
      waits.join(),
    );
    assert.ok((waits[0] ?? 0) <= 1_200 && Math.max(...waits) <= 36_000, waits.join());
    assert.equal(told.length, tries.length - 1);
  });

  for (const kind of ['damaged', 'newer', 'address'] as const) {
    it(`is given up where it is ${kind}: waiting does not help`, async () => {
      const { patience } = start();
      const opening = patience.open(
        async () => {
          throw fault(kind);
        },
        () => assert.fail('no attempt follows'),
      );
      await assert.rejects(opening, { kind });
    });
  }

  it('ends at once when the flows are stopped while it waits', async () => {
    const { clock, patience } = start();
    let tries = 0;
    const opening = patience.open(
      async () => {
        tries += 1;
        throw fault('locked');
      },
      () => undefined,
    );
    const ended = assert.rejects(opening, { name: 'StoreError', kind: 'closed' });
    await clock.runUntil(100);
    patience.stop();
    await ended;
    assert.ok(tries <= 2);
  });
});

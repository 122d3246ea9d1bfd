import assert from 'node:assert/strict';
import { unresolved, Workbench } from './workbench';

describe('Writer', () => {
  let bench: Workbench;
  beforeEach(async () => {
    bench = await Workbench.start({ retries: 3 });
  });
  afterEach(() => bench.stop());

  it('takes an event that is sent again while the batch in which it failed is still being written', async () => {
    bench.two.work = () => bench.clock.sleep(10_000);
    bench.flow = ({ payload, sync }) => {
      const first = bench.sent.every(({ payload: { title } }) => title !== 'Fails at first');
      if (payload.title === 'Fails at first' && first) sync.unresolved = { note: unresolved('no such note', 'x') };
    };
    bench.one.save(undefined, { title: 'Fails at first' });
    bench.one.save(undefined, { title: 'Takes long' });
    await bench.sync(30_000);
    assert.deepEqual([...bench.two.entities.values()].map(({ fields }) => fields.title).sort(), [
      'Fails at first',
      'Takes long',
    ]);
  });
});

import assert from 'node:assert/strict';
import type { SyncMessage } from '../../lib/model/message';
import { Workbench } from '../engine/workbench';

/** A broker between two parts of a flow keeps messages while the store is set back; numbers of events come again. */
describe('A message that waited outside while the store was set back', () => {
  let bench: Workbench;
  beforeEach(async () => {
    bench = await Workbench.start();
  });
  afterEach(() => bench.stop());

  const valuesOf = (): unknown[] => [...bench.two.entities.values()].map(({ fields }) => fields.title).sort();

  it('is not written as the event that has its number now', async () => {
    bench.one.save(undefined, { title: 'Cart loses items' });
    let old: SyncMessage | undefined;
    bench.flow = (message) => {
      // as it comes out of the broker: an item of which the restored store knows nothing, under the number of this one
      old = structuredClone(message);
      old.sync.entity = { ...old.sync.entity, id: 'one-99', key: 'one-99' };
      old.payload = { title: 'From before the restore' };
      Object.assign(message, old);
    };
    await bench.sync(5_000);
    assert.ok(old);
    assert.deepEqual(valuesOf(), []);
    // the event itself is sent again, and lands
    bench.flow = () => undefined;
    await bench.wait(1_200_000);
    await bench.sync();
    assert.deepEqual(valuesOf(), ['Cart loses items']);
  });

  it('fails and ends no event that is not its own', async () => {
    bench.one.save(undefined, { title: 'Cart loses items' });
    let sent: SyncMessage | undefined;
    bench.flow = (message) => {
      sent = structuredClone(message);
      throw new Error('it waits in a node on the way');
    };
    await bench.sync(500);
    assert.ok(sent);
    sent.sync.entity = { ...sent.sync.entity, id: 'one-99' };
    await bench.integration.skip(sent, 'filtered');
    await bench.integration.fail(sent, new Error('a node failed'));
    assert.deepEqual(bench.failures, []);
    const [counts] = await bench.integration.counts();
    assert.equal(counts.sent, 1);
  });
});

/** A poller that is to start now, and is held when it is deployed: what people change until it may go on is not lost. */

import assert from 'node:assert/strict';
import { Workbench } from '../engine/workbench';

describe('21: a poller that starts "now" while its integration is held', () => {
  let bench: Workbench;
  before(async () => {
    bench = await Workbench.start();
  });
  after(() => bench.stop());

  it('reads nothing until it may go on, and then begins where it was deployed', async () => {
    const { one, integration } = bench;
    const connection = integration.systems[1].connection();
    const all = () => structuredClone([...one.entities.values()]);
    connection.newest = async () => ({ count: one.entities.size });
    connection.changes = async function* (_scope, since) {
      const from = typeof since?.count === 'number' ? since.count : 0;
      yield { entities: all().slice(from), checkpoint: { count: one.entities.size } };
    };
    const options = { pageSize: 10, window: 10, start: { kind: 'newest' as const } };
    const reader = integration.reader(
      1,
      options,
      () => undefined,
      (error) => assert.fail(error),
    );

    one.save(undefined, { title: 'before' });
    integration.hold('store');
    assert.equal((await reader.poll()).read, 0);
    one.save(undefined, { title: 'while it was held' });
    assert.equal((await reader.poll()).read, 0);
    integration.hold(undefined);
    const { read, recorded } = await reader.poll();
    assert.deepEqual({ read, recorded }, { read: 1, recorded: 1 });
    await reader.stop();
  });
});

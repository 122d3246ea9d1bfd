/** What an answer leaves out is neither gone nor read: no twin, and the change comes when it is delivered again. */

import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import { Workbench } from '../engine/workbench';

describe('A counterpart that was not delivered', () => {
  for (const targetDeleted of ['create', 'ignore', 'park'] as const) {
    it(`is no reason for Gone = ${targetDeleted}: the change is tried again, and others go on`, async () => {
      const bench = await Workbench.start({ retries: 3, targetDeleted });
      for (const title of ['a', 'b', 'c']) bench.one.save(undefined, { title });
      await bench.sync();
      const connection = bench.integration.systems[2].connection();
      const read = connection.read.bind(connection);
      let missing = 2;
      connection.read = async (scope, ids) => {
        const found = await read(scope, ids);
        if (!ids.includes('two-2') || missing-- <= 0) return found;
        return found.map((one, index) => (ids[index] === 'two-2' ? new SyncError('transient', 'not now') : one));
      };
      for (const id of ['one-1', 'one-2', 'one-3']) bench.one.save(id, { note: 'new' });
      await bench.sync();
      assert.equal(bench.two.entities.size, 3, 'no twin');
      assert.deepEqual(
        [...bench.two.entities.values()].map(({ fields }) => fields.note),
        ['new', 'new', 'new'],
      );
      assert.equal(bench.failures.filter(({ parked }) => parked).length, 0);
      await bench.stop();
    });
  }

  it('for good is parked, with what the system says, and pauses nobody', async () => {
    const bench = await Workbench.start({ retries: 1 });
    for (const title of ['a', 'b']) bench.one.save(undefined, { title });
    await bench.sync();
    const connection = bench.integration.systems[2].connection();
    const read = connection.read.bind(connection);
    connection.read = async (scope, ids) =>
      (await read(scope, ids)).map((one, index) =>
        ids[index] === 'two-1' ? new SyncError('transient', 'not now') : one,
      );
    bench.one.save('one-1', { note: 'new' });
    await bench.sync();
    assert.match((await bench.parked()).error.message, /not now/);
    assert.equal(bench.integration.systems[2].pauseLeft(), 0);
    await bench.stop();
  });
});

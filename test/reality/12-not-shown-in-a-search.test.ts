/**
 * A search brings all that is well, and says of the rest that it was not delivered: only the change that waits for that answer
 * is held up, nothing is made twice, and the system does not pause.
 */

import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import { Workbench } from '../engine/workbench';

const UNREADABLE = new SyncError('transient', 'HTTP 500 for issue 9', { status: 500, answer: 'Internal error' });
const LOST = new SyncError('transient', 'HTTP 502', { status: 502, uncertain: true });

describe('A search in which one entity cannot be shown', () => {
  let bench: Workbench;

  beforeEach(async () => {
    bench = await Workbench.start({ retries: 1 });
    const connection = bench.integration.systems[2].connection();
    const find = connection.find?.bind(connection);
    const write = connection.write?.bind(connection);
    connection.find = async (query, limit) => [...((await find?.(query, limit)) ?? []), UNREADABLE];
    // the answer to the first create is lost before it reaches anything
    let lost = 0;
    connection.write = async (scope, operations) => {
      const results =
        (await write?.(
          scope,
          operations.filter(({ fields }) => fields.title !== 'lost'),
        )) ?? [];
      return operations.map((operation) => {
        if (operation.fields.title !== 'lost') return results.shift() ?? { ok: false, error: LOST };
        lost += 1;
        return { ok: false, error: LOST };
      });
    };
    bench.one.save(undefined, { title: 'lost' });
    for (let n = 1; n <= 5; n++) bench.one.save(undefined, { title: `item ${n}` });
    await bench.sync(5 * 60_000);
    assert.equal(lost, 1, 'what may be there is not made again');
  });

  afterEach(() => bench.stop());

  it('parks the one create of which it is not known whether it was made, and says what to do', async () => {
    const parked = await bench.parked();
    assert.equal(parked.entity.key, 'one-1');
    assert.match(parked.error.message, /not known whether an earlier attempt created it/);
    assert.match(parked.error.message, /issue 9.*retry/s);
  });

  it('lets all others land, and pauses nobody', async () => {
    assert.equal(bench.two.entities.size, 5);
    assert.equal(bench.integration.systems[2].health.pausedUntil, 0);
  });
});

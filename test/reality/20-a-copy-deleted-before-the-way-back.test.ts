/**
 * 20: one integration for each way. The way back had read a copy, but not yet sent it, when the copy was deleted with its original: the
 * way back made another comment of it in the place of the original.
 */

import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import { CommentBench } from './comment-bench';

describe('20: a copy that is deleted before the way back has seen it', () => {
  let bench: CommentBench;

  afterEach(async () => {
    await bench.close();
  });

  it('is not made into another comment where its original was', async () => {
    bench = new CommentBench(['A>B', 'B>A']);
    await bench.start();
    bench.bug('A', 'Crash');
    await bench.sync();
    await bench.rest();
    await bench.start('A>B');
    const said = bench.comment('A', bench.only('A'), 'It hangs');
    await bench.sync();
    assert.deepEqual(bench.says('B'), ['It hangs']);
    await bench.rest();
    bench.space('A').remove('alice', said);
    // the way back reads the copy while its deletion is on the way, and waits for that
    bench.delay = (message) => (message.sync.integration === 'A>B' && message.sync.entity.owner ? 15_000 : 0);
    const written: string[] = [];
    bench.connection('A', (connection) => {
      const write = connection.write?.bind(connection);
      connection.write = async (scope, operations) => {
        written.push(...operations.map(({ kind }) => kind));
        return write ? write(scope, operations) : [];
      };
    });
    await bench.start();
    await bench.sync();
    assert.deepEqual([bench.says('A'), bench.says('B')], [[], []]);
    assert.deepEqual(written, []);
  });

  it('takes along what had been made of it in a third system, whose answer was lost', async () => {
    bench = new CommentBench(['AB', 'BC']);
    bench.withoutMarkers('A', 'B', 'C');
    await bench.start();
    bench.bug('A', 'Crash');
    await bench.sync();
    let isLost = true;
    bench.connection('C', (connection) => {
      const write = connection.write?.bind(connection);
      const { find } = connection;
      connection.write = async (scope, operations) => {
        const results = write ? await write(scope, operations) : [];
        if (isLost) throw new SyncError('transient', 'the answer was lost', { uncertain: true });
        return results;
      };
      // what was made cannot be looked for yet either
      connection.find = async (query, limit) => {
        if (isLost) throw new SyncError('transient', 'not now');
        return find ? find.call(connection, query, limit) : [];
      };
    });
    await bench.rest();
    await bench.start();
    const said = bench.comment('A', bench.only('A'), 'It hangs');
    await bench.sync();
    assert.deepEqual(bench.says('C'), ['It hangs']);
    bench.space('A').remove('alice', said);
    await bench.sync(1);
    isLost = false;
    await bench.sync(20);
    assert.deepEqual([bench.says('A'), bench.says('B'), bench.says('C')], [[], [], []]);
  });
});

/**
 * 20: a copy of a comment is met before it is known as one: by the integration for the way back, and after a create whose answer was
 * lost. The author line was carried back into the original, and a copy that was edited in its first minute was made twice.
 */

import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import { CommentBench, words } from './comment-bench';

describe('20: a copy of a comment that is not linked yet', () => {
  let bench: CommentBench;

  afterEach(async () => {
    await bench.close();
  });

  it('is joined with its original by the integration for the way back, and leaves its author line where it is', async () => {
    bench = new CommentBench(['A>B', 'B>A']);
    await bench.start('A>B');
    const bug = bench.bug('A', 'Crash');
    await bench.sync();
    bench.comment('A', bug, 'It hangs');
    await bench.sync();
    assert.match(bench.texts('B')[0] ?? '', /Alice.*\n\nIt hangs$/);
    bench
      .space('B')
      .edit('alice', bench.idOf('B', 'It hangs'), words(bench.texts('B')[0]?.replace('hangs', 'waits') ?? ''));
    await bench.start('B>A');
    await bench.sync();
    assert.deepEqual(bench.texts('A'), ['It waits']);
    assert.match(bench.texts('B')[0] ?? '', /Alice.*\n\nIt waits$/);
    assert.equal(bench.texts('B').length, 1);
  });

  it('is found by its author line though somebody has edited it in the minute in which it was made', async () => {
    bench = new CommentBench(['AB']);
    let isLost = true;
    bench.connection('B', (connection) => {
      const [write, find] = [connection.write?.bind(connection), connection.find?.bind(connection)];
      if (!write || !find) return;
      connection.write = async (scope, operations) => {
        const results = await write(scope, operations);
        if (!isLost || !operations.some((operation) => operation.kind === 'create' && operation.owner)) return results;
        isLost = false;
        bench
          .space('B')
          .edit('alice', bench.comments('B')[0]?.id ?? '', words(bench.texts('B')[0]?.replace('hangs', 'waits') ?? ''));
        const error = new SyncError('transient', 'connection reset', { uncertain: true });
        return operations.map(() => ({ ok: false as const, error }));
      };
      connection.find = async ({ marker, ...query }, limit) => {
        if (marker !== undefined) throw new SyncError('invalid', 'no markers here');
        const found = await find(query, limit);
        // its clock knows minutes only
        return found.map((one) =>
          one instanceof SyncError ? one : { ...one, updatedAt: one.createdAt ?? one.updatedAt },
        );
      };
    });
    await bench.start();
    const bug = bench.bug('A', 'Crash');
    await bench.sync();
    bench.comment('A', bug, 'It hangs');
    await bench.sync();
    assert.equal(isLost, false);
    assert.deepEqual([bench.says('A'), bench.says('B')], [['It waits'], ['It waits']]);
  });
});

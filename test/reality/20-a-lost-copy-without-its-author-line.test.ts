/**
 * 20: the answer to a comment's create was lost, and before it was looked for somebody edited the copy and took off its author line.
 * It was written once more.
 */

import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import { CommentBench, words } from './comment-bench';

describe('20: a copy whose answer was lost, edited before anybody looked for it', () => {
  let bench: CommentBench;

  /** @param edited what somebody makes of the copy */
  async function copied(said: string, edited: string): Promise<string[][]> {
    bench = new CommentBench(['AB']);
    bench.withoutMarkers('A', 'B');
    let isLost = false;
    bench.connection('B', (connection) => {
      Object.defineProperty(connection, 'history', { value: undefined });
      const write = connection.write?.bind(connection);
      connection.write = async (scope, operations) => {
        const results = (await write?.(scope, operations)) ?? [];
        const isComment = operations.some(({ kind, ...rest }) => kind === 'create' && 'owner' in rest && rest.owner);
        if (!isComment || isLost) return results;
        isLost = true;
        const [copy] = bench.space('B').partsOf(bench.only('B')) ?? [];
        if (copy) bench.space('B').edit('bob', copy.id, words(edited));
        throw new SyncError('transient', 'connection reset', { uncertain: true });
      };
    });
    await bench.start();
    const bug = bench.bug('A', 'Crash');
    await bench.sync();
    bench.comment('A', bug, said);
    for (let round = 0; round < 4; round += 1) await bench.sync();
    assert.ok(isLost);
    return [bench.says('A'), bench.says('B')];
  }

  afterEach(async () => {
    await bench.close();
  });

  it('is there once with what was added', async () => {
    const both = ['It hangs\n\nSince when?\n\nSince May'];
    assert.deepEqual(await copied('It hangs\n\nSince when?', 'It hangs\n\nSince when?\n\nSince May'), [both, both]);
  });

  it('is there once if one of its two lines was replaced', async () => {
    const both = ['It hangs\n\nSince May'];
    assert.deepEqual(await copied('It hangs\n\nSince when?', 'It hangs\n\nSince May'), [both, both]);
  });

  it('is another comment if nothing of it is left', async () => {
    const [a, b] = await copied('Fixed in build 21', 'Fixed in build 22');
    assert.deepEqual(b?.toSorted(), ['Fixed in build 21', 'Fixed in build 22']);
    assert.deepEqual(a?.includes('Fixed in build 21'), true);
  });
});

/** 21: a store that was lost: every attachment was copied once more, since nothing shows what it was made from. */

import assert from 'node:assert/strict';
import { attach } from '../engine/file-bench';
import { CommentBench } from './comment-bench';

describe('21: attachments after a lost store', () => {
  let bench: CommentBench;

  afterEach(async () => {
    await bench.close();
  });

  const names = (name: 'A' | 'B') => bench.fileIds(name).map(([its]) => its);
  const rename = (name: 'A' | 'B', from: string, to: string): void => {
    const [, id = ''] = bench.fileIds(name).find(([its]) => its === from) ?? [];
    bench.space(name).edit('bob', id, { name: to });
  };

  async function lost(): Promise<void> {
    await bench.lose();
    await bench.start();
    await bench.sync(8);
  }

  it('are linked again by their bytes, though names and sizes are equal, and one was renamed meanwhile', async () => {
    bench = new CommentBench(['AB'], {}, {}, {});
    bench.withoutMarkers('A', 'B');
    await bench.start();
    const bug = bench.bug('A', 'Crash');
    for (const text of ['one', 'two', 'six']) await attach(bench.space('A'), bug, 'image.png', text);
    await bench.sync();
    await attach(bench.space('B'), bench.only('B'), 'log.txt', 'one');
    await bench.sync();
    const there = ['image.png', 'image.png', 'image.png', 'log.txt'];
    assert.deepEqual([names('A'), names('B')], [there, there]);
    await bench.rest();
    rename('B', 'log.txt', 'trace.txt');
    const before = [bench.fileIds('A'), bench.fileIds('B')].map((files) => files.map(([, id]) => id));
    await lost();
    assert.deepEqual(
      [bench.fileIds('A'), bench.fileIds('B')].map((files) => files.map(([, id]) => id)),
      before,
    );
    rename('A', 'image.png', 'shot.png');
    await bench.sync();
    assert.deepEqual([...names('B')].sort(), [...names('A')].sort());
    assert.equal(names('B').filter((name) => name === 'shot.png').length, 1);
  });

  it('are two where two people attached the same to both sides while nothing was known of it', async () => {
    bench = new CommentBench(['AB'], {}, {}, {});
    bench.withoutMarkers('A', 'B');
    await bench.start();
    const bug = bench.bug('A', 'Crash');
    await bench.sync();
    await bench.rest();
    await attach(bench.space('A'), bug, 'a.txt', 'the same');
    await attach(bench.space('B'), bench.only('B'), 'a.txt', 'the same');
    await lost();
    assert.deepEqual([names('A').length, names('B').length], [2, 2]);
  });

  it('that were too large for the other side are linked again with the text file in their place', async () => {
    bench = new CommentBench(['AB'], {}, {}, { refused: 'link' });
    bench.withoutMarkers('A', 'B');
    bench.connection('B', (connection) => {
      connection.fileRules = async () => ({ maxBytes: 500 });
    });
    await bench.start();
    await attach(bench.space('A'), bench.bug('A', 'Crash'), 'film.mp4', 'x'.repeat(600));
    await bench.sync();
    assert.deepEqual([names('A'), names('B')], [['film.mp4'], ['film.mp4.txt']]);
    await lost();
    assert.deepEqual([names('A'), names('B')], [['film.mp4'], ['film.mp4.txt']]);
  });
});

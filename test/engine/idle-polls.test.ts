/** Polls that find nothing let the requests go first that people wait for. */

import assert from 'node:assert/strict';
import { currentPriority } from '../../lib/budget/priority';
import { Workbench } from './workbench';

describe('A poll', () => {
  let bench: Workbench;
  afterEach(() => bench.stop());

  it('is routine once nothing has changed, until it finds something; what is written is not', async () => {
    bench = await Workbench.start();
    bench.one.isPaged = true;
    const polls: string[] = [];
    const writes: string[] = [];
    bench.one.onPoll = () => void polls.push(currentPriority());
    bench.two.work = async () => void writes.push(currentPriority());
    await bench.sync();
    await bench.sync();
    bench.one.save('one-1', { title: 'Bug' });
    await bench.sync();
    await bench.sync();
    await bench.sync();
    assert.deepEqual(polls, ['interactive', 'routine', 'routine', 'interactive', 'routine']);
    assert.deepEqual(writes, ['interactive']);
  });
});

/** What the judgement of a store that was set back takes for known. */

import assert from 'node:assert/strict';
import { simulate } from './run';

describe('A history in which the store is set back', () => {
  it('asks for no entry to stay out that the copy knew nothing of, if somebody takes it out before it is synced again', async () => {
    // the copy has an empty list on both sides; one side has had the entry since, the other still has
    const { lostEdits } = await simulate(30274, { shape: 'restored' });
    assert.deepEqual(lostEdits, []);
  });
});

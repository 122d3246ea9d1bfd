/** "You must specify a summary" says nothing when the summary was left out for its length. */

import assert from 'node:assert/strict';
import { Workbench } from '../engine/workbench';
import { declares } from './declares';

describe('A required field that was left out', () => {
  it('is refused with the reason for which it was left out, in the message and beside the field', async () => {
    const bench = await Workbench.start({ retries: 0 });
    declares(bench.two, [{ id: 'title', name: 'Summary', type: 'text', maxLength: 5 }]);
    bench.two.refuses = ({ fields }) => ('title' in fields ? undefined : { title: 'You must specify a summary' });
    bench.one.save(undefined, { title: 'far too long' });
    await bench.sync();
    const { error } = await bench.parked();
    assert.match(error.message, /"far too long" has 12 characters; Summary allows 5; You must specify a summary/);
    assert.match(error.fields?.title ?? '', /has 12 characters.*\(You must specify a summary\)/);
    await bench.stop();
  });
});

/** `1 11 → redmine` names nothing that a person knows; and what a default has settled is no part of an error. */

import assert from 'node:assert/strict';
import { Workbench } from '../engine/workbench';

describe('The error of a change', () => {
  it('names the type as people do, and not what a default has handled', async () => {
    const type = { id: '1', name: 'Fehler' };
    const bench = await Workbench.start({
      retries: 0,
      typePairs: [{ id: 'bugs', one: { id: 'Bug', name: 'Fehler' }, two: type, direction: 'both' }],
    });
    bench.two.refuses = () => ({ title: 'is refused' });
    bench.flow = ({ sync }) => {
      sync.unresolved = {
        priority: { reason: 'Priority: "Urgent" has no counterpart', value: 'Urgent', policy: 'default', lossy: true },
        note: { reason: 'Note: is nothing that could be held', value: 'x' },
      };
    };
    bench.one.save(undefined, { title: 'a', priority: 'Normal' });
    await bench.sync();
    const { error } = await bench.parked();
    assert.equal(error.message, 'Fehler one-1 → Two: Note: is nothing that could be held; is refused');
    await bench.stop();
  });
});

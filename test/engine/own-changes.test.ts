/** "Ignore changes made by this account", with systems that say who changed an entity last, and with those that don't. */

import assert from 'node:assert/strict';
import { SYNC, Workbench } from './workbench';

for (const tellsWho of [true, false]) {
  describe(`Changes of our own account, ignored where ${tellsWho ? 'each entity says' : 'only the history says'} who it was`, () => {
    let bench: Workbench;
    beforeEach(async () => {
      bench = await Workbench.start({}, false, true);
      for (const tracker of [bench.one, bench.two]) {
        tracker.hasHistory = true;
        tracker.tellsWho = tellsWho;
      }
    });
    afterEach(() => bench.stop());

    /** An entity that is on both sides. @returns its id on side 1 */
    const linked = async (): Promise<string> => {
      const { id } = bench.one.save(undefined, { title: 'Crash', priority: 'Low', note: '' });
      await bench.sync();
      assert.equal(bench.two.valueOf('Crash', 'priority'), 'Low');
      return id;
    };

    it('are not carried over, whether it is an edit or an entity of its own', async () => {
      const id = await linked();
      bench.one.save(id, { priority: 'High' }, SYNC);
      bench.one.save(undefined, { title: 'Of the account' }, SYNC);
      await bench.sync();
      assert.equal(bench.two.valueOf('Crash', 'priority'), 'Low');
      assert.equal(bench.two.entities.size, 1);
    });

    it('do not hide what somebody else has changed since the last poll', async () => {
      const id = await linked();
      bench.one.save(id, { priority: 'High' });
      // a write of ours, of something else, comes after it
      bench.two.save([...bench.two.entities.keys()][0], { note: 'From the other side' });
      bench.one.save(id, { title: 'Crash' }, SYNC);
      await bench.sync();
      await bench.sync();
      assert.equal(bench.two.valueOf('Crash', 'priority'), 'High');
      assert.equal(bench.one.valueOf('Crash', 'note'), 'From the other side');
    });

    it('do not hide an entity that somebody else has made or edited', async () => {
      const made = bench.one.save(undefined, { title: 'Made by Alice' });
      bench.one.save(made.id, { priority: 'Low' }, SYNC);
      const edited = bench.one.save(undefined, { title: 'Edited by Alice' }, SYNC);
      bench.one.save(edited.id, { priority: 'Low' });
      bench.one.save(edited.id, { note: 'Seen' }, SYNC);
      await bench.sync();
      assert.deepEqual([...bench.two.entities.values()].map(({ fields }) => fields.title).sort(), [
        'Edited by Alice',
        'Made by Alice',
      ]);
    });

    it('cost no request where nothing is open: our own writes come back without', async () => {
      await linked();
      await bench.sync();
      await bench.sync();
      assert.deepEqual([bench.one.histories, bench.two.histories], [[], []]);
    });
  });
}

describe('Changes of our own account where a system cannot tell whose they are', () => {
  it('are carried over: better twice than never', async () => {
    const bench = await Workbench.start({}, false, true);
    const { id } = bench.one.save(undefined, { title: 'Crash', priority: 'Low' });
    await bench.sync();
    bench.one.save(id, { priority: 'High' }, SYNC);
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'priority'), 'High');
    await bench.stop();
  });
});

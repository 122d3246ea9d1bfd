/**
 * Somebody puts a value into a new counterpart before its answer is read back: what the source left empty is theirs to fill, and
 * their value reaches the source. What the target fills in itself stays where it is.
 */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import type { ConflictPolicy } from '../../lib/model/config';
import { SyncError } from '../../lib/model/errors';
import { type Tracker, Workbench } from '../engine/workbench';
import { declares } from './declares';

/** Answers are read back a moment after the write, as Jira's are. @param meanwhile what happens to a new entity until then */
function readsBack(tracker: Tracker, meanwhile: (id: string) => void, more: Partial<Connection> = {}): void {
  const connect = tracker.connection.bind(tracker);
  tracker.connection = () => {
    const connection = connect();
    return {
      ...connection,
      write: async (scope, operations) => {
        const results = (await connection.write?.(scope, operations)) ?? [];
        return results.map((result, index) => {
          if (!result.ok || operations[index]?.kind !== 'create') return result;
          meanwhile(result.entity.id);
          return { ok: true, entity: structuredClone(tracker.entities.get(result.entity.id) ?? result.entity) };
        });
      },
      ...more,
    };
  };
}

describe('A value in a new entity that the source has left empty', () => {
  let bench: Workbench;
  let policy: ConflictPolicy;

  beforeEach(async () => {
    policy = 'newest';
    bench = await Workbench.start({ retries: 0 });
    bench.flow = ({ sync }) => {
      for (const how of Object.values(sync.mapped ?? {})) how.conflict = policy;
    };
    bench.one.save(undefined, { title: 'a', priority: null });
  });
  afterEach(() => bench.stop());

  const priorities = () => [bench.one, bench.two].map((tracker) => tracker.valueOf('a', 'priority'));
  const edit = (id: string) => void bench.two.save(id, { priority: 'High' });
  /** The target's own default. */
  const fillIn = (): void => {
    const save = bench.two.save.bind(bench.two);
    bench.two.save = (id, fields, by) => save(id, id ? fields : { ...fields, priority: '3 - Medium' }, by);
  };
  const rounds = async (): Promise<void> => {
    for (let round = 0; round < 3; round += 1) await bench.sync();
  };

  for (const conflict of ['system1', 'system2', 'newest', 'merge'] as const) {
    it(`is carried back where a person has put it in before the answer was read (${conflict})`, async () => {
      policy = conflict;
      readsBack(bench.two, edit);
      await rounds();
      assert.deepEqual(priorities(), ['High', 'High']);
      const said = bench.results.flatMap(({ warnings }) => warnings).map(({ reason }) => reason);
      assert.doesNotMatch(said.join('; '), /itself/);
    });
  }

  it('is carried back where the history shows the edit, whatever the target declares', async () => {
    bench.two.hasHistory = true;
    declares(bench.two, [{ id: 'priority', name: 'Priority', type: 'text', hasDefault: true, required: true }]);
    readsBack(bench.two, edit);
    await rounds();
    assert.deepEqual(priorities(), ['High', 'High']);
  });

  for (const conflict of ['newest', 'merge'] as const) {
    it(`stays where it is and is reported where the history shows no edit (${conflict})`, async () => {
      policy = conflict;
      bench.two.hasHistory = true;
      fillIn();
      readsBack(bench.two, () => undefined);
      await rounds();
      assert.deepEqual(priorities(), [null, '3 - Medium']);
      assert.deepEqual(bench.results[0]?.warnings, [
        { field: 'priority', reason: 'empty in the source; Two has put in "3 - Medium" itself' },
      ]);
    });
  }

  it('stays where it is where the system sets it along with what we sent', async () => {
    bench.two.hasHistory = true;
    // a transition, in a second step of the create
    readsBack(bench.two, (id) => bench.two.save(id, { title: 'a', priority: 'Done' }, 'sync'));
    await rounds();
    assert.deepEqual(priorities(), [null, 'Done']);
  });

  it('stays where it is where there is no history and the target declares a default', async () => {
    declares(bench.two, [{ id: 'priority', name: 'Priority', type: 'text', hasDefault: true, required: true }]);
    fillIn();
    readsBack(bench.two, () => undefined);
    await rounds();
    assert.deepEqual(priorities(), [null, '3 - Medium']);
  });

  it('costs no question where it is known: an exact answer, or nothing that was not sent', async () => {
    bench.two.hasHistory = true;
    fillIn();
    await rounds();
    assert.deepEqual(priorities(), [null, '3 - Medium']);
    readsBack(bench.two, () => undefined);
    bench.one.save(undefined, { title: 'b', priority: 'Low' });
    await rounds();
    assert.deepEqual(bench.two.histories, []);
  });

  it('does not cost the create its link where the history cannot be read', async () => {
    readsBack(bench.two, edit, {
      history: async () => {
        throw new SyncError('transient', 'not now');
      },
    });
    await rounds();
    await bench.sync(600_000);
    assert.deepEqual(priorities(), ['High', 'High']);
    assert.equal(bench.two.entities.size, 1);
    assert.deepEqual(bench.failures, []);
  });
});

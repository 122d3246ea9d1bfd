/**
 * After the store was lost, a counterpart of ours may be read before the item that it was made for. Where no field shows the key,
 * the marker in it tells whose it is: it gets no counterpart of its own. A copy, which has taken over the marker, does.
 */

import assert from 'node:assert/strict';
import { type Tracker, Workbench } from '../engine/workbench';

/** Lets a tracker hold markers. @returns by id of what was created */
function holdsMarkers(tracker: Tracker, markers: Map<string, string>): void {
  const connect = tracker.connection.bind(tracker);
  tracker.connection = () => {
    const connection = connect();
    return {
      ...connection,
      keepsMarkers: true,
      find: async ({ marker }) =>
        structuredClone([...tracker.entities.values()].filter(({ id }) => marker && markers.get(id) === marker)),
      markersOf: async (ids) => ids.map((id) => [markers.get(id) ?? []].flat()),
      write: async (scope, operations) => {
        const results = (await connection.write?.(scope, operations)) ?? [];
        for (const [index, result] of results.entries()) {
          const operation = operations[index];
          if (result.ok && operation?.kind === 'create' && operation.marker)
            markers.set(result.entity.id, operation.marker);
        }
        return results;
      },
    };
  };
}

describe('21: a counterpart that only its marker tells, after the store was lost', () => {
  let before: Workbench;
  let after: Workbench;
  const markers = [new Map<string, string>(), new Map<string, string>()] as const;

  /** What there is in the systems, with a new store that is in doubt. What is in the first one is read later. */
  const loseStore = async (): Promise<() => void> => {
    after = await Workbench.start({ retries: 0 });
    for (const [id, entity] of before.one.entities) after.one.entities.set(id, entity);
    for (const [id, entity] of before.two.entities) after.two.entities.set(id, entity);
    holdsMarkers(after.one, markers[0]);
    holdsMarkers(after.two, markers[1]);
    const connect = after.one.connection.bind(after.one);
    let isListed = false;
    after.one.connection = () => {
      const connection = connect();
      return {
        ...connection,
        changes: async function* (...given) {
          if (isListed) yield* connection.changes(...given);
          else yield { entities: [], checkpoint: {} };
        },
      };
    };
    await after.store.setDoubt('9999');
    await after.redeploy({});
    return () => {
      isListed = true;
    };
  };

  beforeEach(async () => {
    before = await Workbench.start({ retries: 0 });
    holdsMarkers(before.one, markers[0]);
    holdsMarkers(before.two, markers[1]);
    before.one.save('one-7', { title: 'a' });
    await before.sync();
    assert.equal(markers[1].get('two-1'), 'integration:1:one-7');
  });
  afterEach(async () => {
    await before.stop();
    await after.stop();
    for (const each of markers) each.clear();
  });

  it('is linked with what it was made for, though that is read later', async () => {
    const list = await loseStore();
    await after.sync();
    assert.equal(after.one.entities.size, 1, 'nothing is made for it');
    list();
    await after.sync();
    assert.deepEqual([after.one.entities.size, after.two.entities.size], [1, 1]);
    assert.equal((await after.store.linkOf('integration', 1, 'one-7'))?.ends[1].ref.id, 'two-1');
  });

  it('and a copy of it is a new one', async () => {
    const original = before.two.entities.get('two-1');
    assert.ok(original);
    const copy = { ...original, id: 'two-copy', key: 'two-copy', createdAt: '2026-12-01T00:00:00.000Z' };
    before.two.entities.set(copy.id, { ...copy, fields: { title: 'copy' } });
    markers[1].set(copy.id, 'integration:1:one-7');
    const list = await loseStore();
    await after.sync();
    list();
    await after.sync();
    assert.equal((await after.store.linkOf('integration', 1, 'one-7'))?.ends[1].ref.id, 'two-1');
    assert.deepEqual([after.one.entities.size, after.two.entities.size], [2, 2]);
    assert.equal(after.one.valueOf('copy', 'title'), 'copy');
  });
});

/**
 * Checks: what becomes of parts with their owner. One that is gone has none, one that is not delivered may have all; and whether
 * an owner moves with its parts is as the connection says.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartVerb, WriteOperation } from '../../../lib/connectors/connector';
import type { PartAbilities } from './harness';
import type { PartProbe } from './part-probe';
import { assertSyncError, newTitle, type Probe, refused } from './probe';

export function partOwnerChecks(probe: Probe, parts: PartProbe, can: PartAbilities): void {
  it('of an owner that is gone are undefined, beside those of one that is there', async () => {
    const { remove } = probe.person;
    const [there, gone] = [await parts.owner(), await parts.owner()];
    const kept = await parts.create(there.id, newTitle('Kept'));
    const lost = await parts.create(gone.id, newTitle('Lost'));
    const asked = remove ? [gone.id, '999999999', there.id] : ['999999999', there.id];
    await remove?.(gone.id);
    const results = await parts.of(...asked);
    assert.deepEqual(results.at(-1), [kept]);
    for (const result of results.slice(0, -1)) {
      // a system that does not tell what is gone from what is hidden
      if (result !== undefined) assertSyncError(result, 'forbidden');
    }
    if (!remove) return;
    const [read] = await probe.connection.read(probe.system.scope, [lost.id]);
    if (read !== undefined) assertSyncError(read, 'forbidden');
  });

  it('of an owner that is not delivered are an error, never gone, beside those of one that is', async () => {
    const { troubles = {} } = probe.system;
    const ways = { ...troubles.leaveOut, ...(troubles.poisonEntity && { 'cannot be shown': troubles.poisonEntity }) };
    assert.ok(Object.keys(ways).length > 0, 'the harness has a switch for it');
    for (const [way, fault] of Object.entries(ways)) {
      const [there, hidden] = [await parts.owner(), await parts.owner()];
      const kept = await parts.create(there.id, newTitle('Kept'));
      const [comment, other] = await parts.createAll(hidden.id, [newTitle('Hidden'), newTitle('Hidden')]);
      const mend = await fault(hidden.id);
      try {
        const [first, second] = await parts.of(hidden.id, there.id);
        // a system may show the parts of what it does not show
        if (Array.isArray(first)) assert.deepEqual(first, [comment, other], way);
        else assertSyncError(first);
        assert.deepEqual(second, [kept], way);
      } finally {
        await mend();
      }
      assert.deepEqual(await parts.allOf(hidden.id), [comment, other]);
    }
  });

  it('are neither read nor removed where the credentials are dead, and are all there afterwards', async () => {
    const owner = await parts.owner();
    const part = await parts.create(owner.id, newTitle('Safe'));
    const ways = Object.entries(probe.system.troubles?.credentialsDie ?? {});
    assert.ok(ways.length > 0, 'the harness has a switch for it');
    const auth = async (work: () => Promise<unknown[]>): Promise<void> => {
      try {
        for (const result of await work()) assertSyncError(result, 'auth');
      } catch (thrown) {
        assertSyncError(thrown, 'auth');
      }
    };
    for (const [, fault] of ways) {
      const mend = await fault();
      try {
        await auth(() => parts.of(owner.id));
        if (can.removals ?? true) await auth(() => parts.remove(part.id));
      } finally {
        await mend();
      }
      assert.deepEqual(await parts.allOf(owner.id), [part]);
    }
  });

  it('are refused for an owner that there is not', async () => {
    const operation = await parts.creation('999999999', newTitle('Nowhere'));
    const { owner: _, ...orphan } = operation as Extract<WriteOperation, { kind: 'create' }>;
    const results = await probe.write([operation, orphan]);
    for (const result of results) refused(result, 'notFound', 'invalid', 'forbidden');
  });

  for (const by of ['us', 'somebody else']) {
    it(`move the version of their owner, or not, as the connection says: by ${by}`, async () => {
      const owner = await parts.owner();
      const { person } = parts.system;
      const moving = new Set<PartVerb>();
      let version = await parts.versionOf(owner.id);
      const measure = async <T>(verb: PartVerb, act: () => Promise<T>): Promise<T> => {
        // changes within one tick of the clock have the same version
        await sleep(parts.system.tickMs ?? 0);
        const result = await act();
        const now = await parts.versionOf(owner.id);
        if (now !== version) moving.add(verb);
        version = now;
        return result;
      };
      const verbs: PartVerb[] = ['create'];
      const create = async () =>
        by === 'us' ? (await parts.create(owner.id, 'one')).id : ((await person.add(owner.id, ['one']))[0] ?? '');
      const id = await measure('create', create);
      if (can.edits ?? true) {
        verbs.push('edit');
        await measure<unknown>('edit', () => (by === 'us' ? parts.edit(id, 'two') : person.edit(id, 'two')));
      }
      if (can.removals ?? true) {
        verbs.push('delete');
        assert.ok(by === 'us' || person.remove, 'nobody can remove');
        await measure<unknown>('delete', async () => (by === 'us' ? parts.remove(id) : person.remove?.(id)));
      }
      const silent = probe.connection.silentParts ?? new Set<PartVerb>();
      assert.deepEqual(
        verbs.filter((verb) => !moving.has(verb)),
        verbs.filter((verb) => silent.has(verb)),
      );
    });
  }

  it('bring their owner into the next poll, in the version that read() shows, where writing one moves it', async () => {
    const owner = await parts.owner();
    await probe.pollForVersion(undefined, await probe.read(owner.id));
    const since = await probe.now();
    await sleep(parts.system.tickMs ?? 0);
    await parts.system.person.add(owner.id, [newTitle('Comment')]);
    if (probe.connection.silentParts?.has('create')) return;
    await probe.pollForVersion(since, await probe.read(owner.id));
  });
}

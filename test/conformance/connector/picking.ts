/** Checks: what a person who looks for an entity is offered. */

import assert from 'node:assert/strict';
import { until } from '../../support/wait';
import { checkWith } from './capabilities';
import { newTitle, type Probe } from './probe';

export function pickingChecks(probe: Probe): void {
  describe('picking', () => {
    checkWith(probe, 'byKey', 'knows an entity by its key, however it is typed, and none by another', async () => {
      const { connection } = probe;
      assert.ok(connection.byKey);
      const created = await probe.create({});
      assert.deepEqual(await connection.byKey(created.key), created);
      assert.equal((await connection.byKey(` ${created.key.toLowerCase()} `))?.id, created.id);
      for (const strange of ['', '0', 'NOSUCH-999999999', "'; --", '999999999999999999999']) {
        assert.equal(await connection.byKey(strange), undefined, strange);
      }
    });

    checkWith(probe, 'latest', 'offers what changed last, newest first, and no more than asked for', async () => {
      const { connection } = probe;
      assert.ok(connection.latest);
      const latest = connection.latest.bind(connection);
      await probe.create({});
      const last = await probe.create({ [probe.system.title]: newTitle('Last') });
      // others may have the very same time
      const found = await until('the newest is offered', async () => {
        const some = await latest(probe.system.scope, 20);
        return some.some(({ id }) => id === last.id) ? some : undefined;
      });
      assert.ok(found.length > 1 && found.length <= 20);
      // as points in time: a whole second may be written without a fraction
      const times = found.map(({ updatedAt }) => Date.parse(updatedAt));
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
      assert.equal((await latest(probe.system.scope, 1)).length, 1);
    });
  });
}

/** Checks: nothing is lost between two polls. Each has cost somebody data; the traps are numbered as in the design. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint } from '../../../lib/connectors/connector';
import { readNow } from '../../support/delivered';
import { checkWith } from './capabilities';
import { assertSyncError, lastOf, missing, newTitle, type Probe } from './probe';

export function pollingChecks(probe: Probe): void {
  describe('polling', () => {
    it('yields one page where nothing changed, and its checkpoint reads what comes later', async () => {
      const before = await probe.poll(await probe.now());
      const idle = await probe.poll(before.checkpoint);
      assert.ok(idle.pages.length >= 1);
      const [id = ''] = await probe.person.create([newTitle('Later')]);
      await probe.pollFor(idle.checkpoint, [id]);
    });

    it('reads from the beginning where there is no checkpoint', async () => {
      const [id = ''] = await probe.person.create([newTitle('Old')]);
      const first = new Set<string>();
      for await (const page of probe.connection.changes(probe.system.scope, undefined, 100)) {
        for (const entity of page.entities) first.add(entity.id);
      }
      if ((probe.system.settleMs ?? 0) === 0) assert.ok(first.has(id));
      assert.ok(first.size > 0);
    });

    it('reads only projects and entity types of the scope', async () => {
      const { scope } = probe.system;
      const { entities } = await probe.poll(await probe.now());
      for (const { project, type } of entities)
        assert.ok(scope.projects.includes(project) && scope.types.includes(type));
      const elsewhere = { projects: [scope.projects.at(-1) ?? ''], types: [scope.types.at(-1) ?? ''] };
      for await (const page of probe.connection.changes(elsewhere, undefined, 100)) {
        for (const { project, type } of page.entities)
          assert.deepEqual([[project], [type]], [elsewhere.projects, elsewhere.types]);
      }
    });

    it('throws for a project that there is not, and does not read past it', async () => {
      const scope = { projects: ['no-such-project'], types: probe.system.scope.types };
      const read = async () => {
        for await (const page of probe.connection.changes(scope, undefined, 10)) assert.deepEqual(page.entities, []);
      };
      const error = await read().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assertSyncError(error, 'notFound', 'invalid', 'forbidden');
    });

    it('misses no change that falls into the tick of the clock in which the last poll ended (trap 1)', async () => {
      const { title } = probe.system;
      let since = await probe.now();
      let entity = await probe.create();
      for (let round = 0; round < 3; round++) {
        await probe.pollForVersion(since, entity);
        since = (await probe.poll(since)).checkpoint;
        entity = await probe.update(entity.id, { [title]: newTitle(`Round ${round}`) });
      }
      await probe.pollForVersion(since, entity);
    });

    it('resumes after every page, elsewhere, where all have the same time (trap 3)', async () => {
      const since = await probe.now();
      const ids = await probe.person.create(Array.from({ length: probe.many }, () => newTitle('Bulk')));
      assert.equal(new Set(ids).size, probe.many);
      const reading = await probe.pollFor(since, ids);
      assert.ok(reading.pages.length >= Math.floor(probe.many / probe.pageSize), 'they come page by page');
      let seen: string[] = [];
      for (const page of reading.pages) {
        seen = [...seen, ...page.entities.map((entity) => entity.id)];
        const rest = await probe.elsewhere((connection) => probe.poll(page.checkpoint, { connection }));
        const lost = missing(
          ids.filter((id) => !seen.includes(id)),
          rest.entities,
        );
        assert.deepEqual(lost, [], `lost after ${JSON.stringify(page.checkpoint)}`);
      }
    });

    it('yields entities in the order they changed', async () => {
      const since = await probe.now();
      const [one = '', two = '', three = ''] = await probe.person.create([1, 2, 3].map(() => newTitle('Order')));
      await probe.pollFor(since, [one, two, three]);
      const times = (await probe.poll(since)).entities.map((entity) => entity.updatedAt);
      assert.deepEqual(times, [...times].sort());
    });

    it('misses none where entities change while pages are read (trap 4)', async () => {
      const since = await probe.now();
      const count = probe.pageSize * 3;
      const ids = await probe.person.create(Array.from({ length: count }, () => newTitle('Moving')));
      await probe.pollFor(since, ids);
      // in the order in which the system yields them, which is not that of their creation everywhere
      const order = [...new Set((await probe.poll(since)).entities.map(({ id }) => id))].filter((id) =>
        ids.includes(id),
      );
      const last = new Map<string, string>();
      let page = 0;
      const reading = await probe.poll(since, {
        onPage: async () => {
          page++;
          if (page > 2) return;
          // one that was read, and one whose turn would come: both go to the end, and their neighbours move up
          for (const id of [order[page - 1], order[probe.pageSize * page + 1]]) {
            if (id === undefined) continue;
            last.set(id, newTitle('Moved'));
            await probe.person.retitle(id, last.get(id) ?? '');
          }
        },
      });
      const all = [...reading.entities, ...(await settled(probe, reading.checkpoint, last))];
      // an index that lags may show in the next poll only what jumped
      const seen = probe.system.settleMs ? all : reading.entities;
      assert.deepEqual(missing(ids, seen), [], 'skipped while pages were read');
      for (const [id, title] of last) {
        const entity = lastOf(all, id);
        assert.equal(entity && probe.titleOf(entity), title, 'the last state arrives with this poll or the next');
      }
    });

    it('yields an entity that changes faster than it is read (trap 5)', async () => {
      const since = await probe.now();
      const ids = await probe.person.create(Array.from({ length: probe.pageSize * 2 }, () => newTitle('Calm')));
      const [busy = ''] = await probe.person.create([newTitle('Busy')]);
      await probe.pollFor(since, [...ids, busy]);
      let edits = 0;
      const last = new Map<string, string>();
      const reading = await probe.poll(since, {
        onPage: async () => {
          if (++edits > 5) return;
          last.set(busy, newTitle('Busy'));
          await probe.person.retitle(busy, last.get(busy) ?? '');
        },
      });
      const all = [...reading.entities, ...(await settled(probe, reading.checkpoint, last))];
      assert.deepEqual(missing([...ids, busy], probe.system.settleMs ? all : reading.entities), []);
      const entity = lastOf(all, busy);
      assert.equal(entity && probe.titleOf(entity), last.get(busy));
    });

    it('reads a write that the index had not shown when the checkpoint was taken (trap 6)', async () => {
      const since = await probe.now();
      const ids: string[] = [];
      let checkpoint: Checkpoint | undefined = since;
      const seen = [];
      for (let round = 0; round < 3; round++) {
        ids.push(...(await probe.person.create([newTitle('Lag')])));
        const reading = await probe.poll(checkpoint);
        seen.push(...reading.entities);
        checkpoint = reading.checkpoint;
      }
      await probe.pollFor(checkpoint, missing(ids, seen));
    });

    it("starts at a time, by the system's clock (trap 8)", async () => {
      const { title } = probe.system;
      const entity = await probe.create({ [title]: newTitle('Timed') });
      const from = roundedDown(entity.updatedAt);
      const at = probe.connection.checkpointAt(from);
      assert.deepEqual(JSON.parse(JSON.stringify(at)), at);
      await probe.pollFor(at, [entity.id]);
      // the same moment, told in another zone
      const elsewhere = new Date(Date.parse(from) + 5 * 3_600_000).toISOString().replace(/\.\d+Z|Z$/, '+05:00');
      await probe.pollFor(probe.connection.checkpointAt(elsewhere), [entity.id]);
    });

    it('finds nothing after a time that has not come yet, without an error (trap 8)', async () => {
      const entity = await probe.create();
      const tomorrow = new Date(Date.parse(entity.updatedAt) + 86_400_000).toISOString();
      const reading = await probe.poll(probe.connection.checkpointAt(tomorrow));
      assert.deepEqual(reading.entities, []);
      assert.deepEqual((await probe.poll(reading.checkpoint)).entities, []);
    });

    it('starts after the newest entity by default, and misses none after it', async () => {
      const [id = ''] = await probe.person.create([newTitle('Newest')]);
      const newest = await probe.now();
      assert.ok(newest, 'there is a newest entity');
      const reading = await probe.poll(newest);
      // a system may have to read again what is as new as an index may lag: with quick writes that is much, but not all
      if (reading.entities.length >= probe.many) {
        const all = await probe.poll(undefined);
        assert.ok(reading.entities.length < all.entities.length, 'what is old is not read again');
      }
      const [next = ''] = await probe.person.create([newTitle('Next')]);
      await probe.pollFor(newest, [next]);
      assert.notEqual(id, next);
    });

    checkWith(
      probe,
      'deletion',
      'survives a deletion: read() says undefined, and polling goes on (trap 10)',
      async () => {
        const { person } = probe;
        assert.ok(person.remove);
        const since = await probe.now();
        const ids = await person.create(Array.from({ length: 3 }, () => newTitle('Doomed')));
        const [one = '', two = '', three = ''] = ids;
        await probe.pollFor(since, ids);
        await person.remove(two);
        const read = await readNow(probe.connection, probe.system.scope, [one, two, three]);
        assert.deepEqual(
          read.map((entity) => entity?.id),
          [one, undefined, three],
        );
        const reading = await probe.pollFor(since, [one, three]);
        assert.ok(!reading.entities.some((entity) => entity.id === two));
      },
    );

    it('reads in the order asked, undefined for what there is not, also by the hundred', async () => {
      const ids = await probe.person.create([newTitle('Read'), newTitle('Read')]);
      const [one = '', two = ''] = ids;
      const asked = [two, '999999999', one, 'not-an-id', ...Array.from({ length: 120 }, (_, i) => (i % 2 ? one : two))];
      const read = await probe.connection.read(probe.system.scope, asked);
      const found = read.map((result) => {
        if (!(result instanceof Error)) return result?.id;
        // a system that does not tell what is gone from what is hidden
        assertSyncError(result, 'forbidden');
        return undefined;
      });
      assert.deepEqual(
        found,
        asked.map((id) => (ids.includes(id) ? id : undefined)),
      );
      assert.deepEqual(await readNow(probe.connection, probe.system.scope, []), []);
    });

    it('can be left in the middle: nothing stays open, and the connection goes on working', async () => {
      const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
      const open = sockets();
      await probe.elsewhere(async (connection) => {
        for await (const page of connection.changes(probe.system.scope, undefined, 2)) {
          assert.ok(page.entities.length > 0);
          break;
        }
        assert.ok((await connection.projects()).length > 0);
      });
      for (let wait = 0; sockets() > open && wait < 20; wait++) await sleep(100);
      assert.ok(sockets() <= open, 'a closed connection has no open sockets');
    });
  });
}

/** Polls until the last titles have been seen. */
async function settled(probe: Probe, since: Checkpoint, titles: Map<string, string>) {
  const wanted = new Set(titles.values());
  const reading = await probe.pollUntil(since, (entities) => {
    const seen = new Set(entities.map((entity) => probe.titleOf(entity)));
    return [...wanted].every((title) => seen.has(title));
  });
  return reading.entities;
}

/** To the second: what a start time from a form looks like. */
const roundedDown = (time: string): string => new Date(Math.floor(Date.parse(time) / 1000) * 1000).toISOString();

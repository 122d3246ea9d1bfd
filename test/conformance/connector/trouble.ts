/**
 * What becomes of reading and writing when something is wrong with the system: the credentials die, one element breaks
 * every request that holds it, an answer leaves one out, a proxy answers. Nothing is lost, nothing is taken for gone, and
 * what is well goes on. Each check needs a switch of the system under test.
 */

import assert from 'node:assert/strict';
import type { Connection, FindQuery, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import { isWholeBatch } from '../../../lib/connectors/whole-batch';
import type { Entity } from '../../../lib/model/entity';
import type { SyncErrorKind } from '../../../lib/model/errors';
import { checkWith, searchable } from './capabilities';
import type { Fault, Mend, Troubles } from './harness';
import { assertSyncError, missing, newTitle, type Probe, refused, written } from './probe';

/** Runs `work` while the fault is on. */
async function during<A extends unknown[]>(fault: Fault<A>, about: A, work: () => Promise<void>): Promise<void> {
  const mend: Mend = await fault(...about);
  try {
    await work();
  } finally {
    await mend();
  }
}

export function troubleChecks(probe: Probe): void {
  /** Declares a check that needs this switch. */
  const checkDuring = <K extends keyof Troubles>(
    name: K,
    title: string,
    check: (fault: NonNullable<Troubles[K]>) => Promise<void>,
  ): void =>
    checkWith(probe, name, title, async () => {
      const fault = probe.system.troubles?.[name];
      assert.ok(fault, `no switch "${name}"`);
      await check(fault);
    });

  const fails = async (what: string, work: () => Promise<unknown>, ...kinds: SyncErrorKind[]): Promise<void> => {
    try {
      const result = await work();
      assert.fail(`${what} was answered as if nothing were wrong: ${JSON.stringify(result)?.slice(0, 300)}`);
    } catch (thrown) {
      assertSyncError(thrown, ...kinds);
    }
  };

  const polled = async (connection: Connection, since: Parameters<Connection['changes']>[1]): Promise<string[]> => {
    const ids: string[] = [];
    for await (const page of connection.changes(probe.system.scope, since, probe.pageSize))
      ids.push(...page.entities.map(({ id }) => id));
    return ids;
  };

  /** Reads one, which must not be taken for gone: an error for all, or for this one. */
  const readFails = async (connection: Connection, id: string, ...kinds: SyncErrorKind[]): Promise<void> => {
    await fails(
      'read()',
      async () => {
        const [result] = await connection.read(probe.system.scope, [id]);
        if (result instanceof Error) throw result;
        return result ?? 'gone';
      },
      ...kinds,
    );
  };

  /** As the engine does: what fails with its neighbours is sent again in smaller groups. */
  const settled = async (operations: WriteOperation[]): Promise<WriteResult[]> => {
    const results = await probe.write(operations);
    const blameless = results.flatMap((result, index) => (!result.ok && isWholeBatch(result.error) ? [index] : []));
    const half = Math.ceil(blameless.length / 2);
    for (const part of [blameless.slice(0, half), blameless.slice(half)]) {
      if (part.length === 0) continue;
      const again = await settled(part.flatMap((index) => operations[index] ?? []));
      for (const [at, index] of part.entries()) {
        const result = again[at];
        if (result) results[index] = result;
      }
    }
    return results;
  };

  describe('in trouble', () => {
    checkDuring(
      'credentialsDie',
      'credentials die: every call says `auth`, nothing is gone, and nothing is missed afterwards',
      async (ways) => {
        const { scope, project, type } = probe.system;
        const { connection } = probe;
        for (const [way, fault] of Object.entries(ways)) {
          const since = await probe.now();
          const [id = ''] = await probe.person.create([newTitle('Before')]);
          await probe.pollFor(since, [id]);
          let during1 = '';
          await during(fault, [], async () => {
            [during1 = ''] = await probe.person.create([newTitle('Meanwhile')]);
            const about = (call: string) => `${call} (${way})`;
            await fails(about('identify()'), () => connection.identify(), 'auth');
            await fails(about('changes()'), () => polled(connection, since), 'auth');
            await fails(about('newest()'), () => connection.newest(scope), 'auth');
            await readFails(connection, id, 'auth');
            const { find } = connection;
            if (find) {
              const query = { project, type, createdBySelfSince: new Date(0).toISOString() };
              await fails(about('find()'), () => find.call(connection, query, 5), 'auth');
            }
            if (!connection.write) return;
            const operations = [probe.creation({}), { kind: 'update' as const, id, fields: probe.creation({}).fields }];
            try {
              for (const result of await connection.write(scope, operations)) {
                const { detail } = refused(result, 'auth');
                assert.notEqual(detail.uncertain, true, 'a refused log-in has written nothing');
              }
            } catch (thrown) {
              assertSyncError(thrown, 'auth');
            }
          });
          await probe.pollFor(since, [id, during1]);
          assert.equal((await probe.read(id)).id, id);
        }
      },
    );

    checkDuring(
      'poisonTitle',
      'one element poisons a batch: it alone fails, the others are created once',
      async (poison) => {
        const since = await probe.now();
        const titles = Array.from({ length: 5 }, () => newTitle('Batch'));
        const [, bad = ''] = titles;
        const operations = titles.map((title) => probe.creation({ [probe.system.title]: title }));
        await during(poison, [bad], async () => {
          const results = await settled(operations);
          for (const [index, title] of titles.entries()) {
            if (title === bad) refused(results[index]);
            else written(results[index]);
          }
        });
        const reading = await probe.pollUntil(since, (entities) =>
          titles.every((title) => titlesOf(entities).includes(title) || title === bad),
        );
        const seen = new Map(reading.entities.map((entity) => [entity.id, probe.titleOf(entity)]));
        const count = (title: string) => [...seen.values()].filter((one) => one === title).length;
        assert.deepEqual(
          titles.map(count),
          titles.map((title) => (title === bad ? 0 : 1)),
        );
      },
    );

    checkDuring('poisonTitle', 'one element poisons a batch: it alone is not updated', async (poison) => {
      const ids = await probe.person.create(Array.from({ length: 4 }, () => newTitle('Batch')));
      const titles = ids.map(() => newTitle('Renamed'));
      const [, bad = ''] = titles;
      await during(poison, [bad], async () => {
        const operations = ids.map(
          (id, index): WriteOperation => ({
            kind: 'update',
            id,
            fields: { [probe.system.title]: titles[index] ?? null },
          }),
        );
        const results = await settled(operations);
        for (const [index, title] of titles.entries()) {
          if (title === bad) refused(results[index]);
          else written(results[index]);
        }
      });
    });

    checkDuring(
      'poisonEntity',
      'one element that cannot be shown poisons no read and no poll, and comes when it can be',
      async (poison) => {
        const since = await probe.now();
        const ids = await probe.person.create(Array.from({ length: 5 }, () => newTitle('Shown')));
        const [one = '', bad = '', ...others] = ids;
        let checkpoint = since;
        await during(poison, [bad], async () => {
          const read = await probe.connection.read(probe.system.scope, ids);
          assert.ok(read[1] instanceof Error, 'what cannot be shown is not gone');
          assert.deepEqual(
            read.map((result) => (result instanceof Error ? 'failed' : result?.id)),
            [one, 'failed', ...others],
          );
          checkpoint = (await probe.pollFor(since, [one, ...others])).checkpoint;
        });
        await probe.pollFor(checkpoint, [bad]);
        assert.equal((await probe.read(bad)).id, bad);
      },
    );

    checkDuring(
      'poisonEntity',
      'one element that cannot be shown spoils no search and no list of the newest',
      async (poison) => {
        const { scope, project, type, title } = probe.system;
        const { connection } = probe;
        const field = await searchable(probe);
        const made = [];
        for (const name of ['first', 'bad', 'last'])
          made.push(await probe.create({ [title]: newTitle(name), ...(field && { [field]: newTitle(name) }) }));
        const [first, bad, last] = made;
        assert.ok(first && bad && last);
        await during(poison, [bad.id], async () => {
          if (connection.find) {
            const find = async (query: Omit<FindQuery, 'project' | 'type'>) =>
              (await connection.find?.({ project, type, ...query }, 1_000)) ?? [];
            const since = first.createdAt ?? first.updatedAt;
            const own = await find({ createdBySelfSince: since });
            const ids = own.map((one) => (one instanceof Error ? 'not delivered' : one.id));
            assert.ok(ids.includes(first.id) && ids.includes(last.id), `found ${ids}`);
            assert.ok(
              ids.includes('not delivered') && !ids.includes(bad.id),
              `found ${ids}, and ${bad.id} is withheld`,
            );
            if (field !== undefined) {
              const byValue = (entity: Entity) =>
                find({ field: { id: field, values: [entity.fields[field] ?? null] } });
              assert.deepEqual((await byValue(last)).slice(0, 1), [(await connection.read(scope, [last.id]))[0]]);
              assert.ok((await byValue(bad))[0] instanceof Error, 'what is looked for is not taken for absent');
            }
          }
          if (connection.latest) {
            const until = Date.now() + (probe.system.settleMs ?? 0);
            let latest: string[];
            do latest = (await connection.latest(scope, 3)).map(({ id }) => id);
            while (!latest.includes(last.id) && Date.now() < until);
            assert.ok(latest.includes(last.id) && !latest.includes(bad.id), `the newest: ${latest}`);
          }
          assert.ok((await connection.fields(project, type)).some(({ id }) => id === title));
        });
      },
    );

    checkDuring('leaveOut', 'an answer leaves one out: that one is not gone, and comes later', async (ways) => {
      for (const [way, fault] of Object.entries(ways)) {
        const since = await probe.now();
        const ids = await probe.person.create(Array.from({ length: 3 }, () => newTitle('Left out')));
        const [one = '', out = '', three = ''] = ids;
        let checkpoint = since;
        let delivered: string[] = [];
        await during(fault, [out], async () => {
          const read = await probe.connection.read(probe.system.scope, ids);
          assert.notEqual(read[1], undefined, `taken for gone (${way})`);
          const reading = await probe.pollFor(since, [one, three]);
          ({ checkpoint } = reading);
          delivered = reading.entities.map(({ id }) => id);
        });
        if (!delivered.includes(out)) await probe.pollFor(checkpoint, [out]);
      }
    });

    checkDuring('proxyAnswers', 'a proxy answers 404 with a web page: nothing is gone', async (fault) => {
      const { connection } = probe;
      const since = await probe.now();
      const [id = ''] = await probe.person.create([newTitle('Behind a proxy')]);
      await during(fault, [], async () => {
        const kinds: SyncErrorKind[] = ['transient', 'fatal'];
        await fails('changes()', () => polled(connection, since), ...kinds);
        await readFails(connection, id, ...kinds);
        if (!connection.write) return;
        const update: WriteOperation = { kind: 'update', id, fields: probe.creation({}).fields };
        try {
          for (const result of await connection.write(probe.system.scope, [update])) refused(result, ...kinds);
        } catch (thrown) {
          assertSyncError(thrown, ...kinds);
        }
      });
      const reading = await probe.pollFor(since, [id]);
      assert.deepEqual(missing([id], reading.entities), []);
    });
  });

  const titlesOf = (entities: Parameters<Probe['titleOf']>[0][]) => entities.map((entity) => probe.titleOf(entity));
}

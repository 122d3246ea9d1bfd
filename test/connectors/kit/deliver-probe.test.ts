/** Entities by id with evidence of what is gone; who is meant; what there is of a scope; which calls are refused. */

import assert from 'node:assert/strict';
import { type DeliverySteps, deliver, deliverSome, type Hole } from '../../../lib/connectors/kit/deliver';
import { presentOf } from '../../../lib/connectors/kit/overlap/members';
import { Accounts, type UserQuery } from '../../../lib/connectors/kit/people';
import { isRefused, toldOr } from '../../../lib/connectors/kit/probe';
import { SyncError } from '../../../lib/model/errors';
import type { UserValue } from '../../../lib/model/values';

const failing = (kind: SyncError['kind'], status?: number) => async () => {
  throw new SyncError(kind, kind, status === undefined ? {} : { status });
};

describe('connector kit: entities by id', () => {
  const asked: string[] = [];
  const steps = (over: Partial<DeliverySteps<{ id: string }>> = {}): DeliverySteps<{ id: string }> => ({
    ...{ product: 'Example', thing: 'thing', most: 3, idOf: ({ id }) => id },
    batch: async (ids) =>
      ids.flatMap((id): ({ id: string } | Hole)[] => {
        if (id.startsWith('left')) return [];
        return id.startsWith('hole') ? [{ hole: id }] : [{ id }];
      }),
    ask: async () => undefined,
    deleted: async (ids) => ids.filter((id) => id.endsWith('deleted')),
    alone: async (id) => {
      asked.push(id);
      if (id.endsWith('hidden')) throw new SyncError('notFound', 'not there, or hidden');
      return { id };
    },
    hidden: (id) => new SyncError('forbidden', `${id} may be hidden`),
    ...over,
  });
  beforeEach(() => {
    asked.length = 0;
  });

  it('are gone only where the system says so', async () => {
    const ids = ['1', 'hole deleted', 'hole', 'left deleted', 'left', 'left hidden'];
    const { items, failed } = await deliver(steps(), ids);
    assert.deepEqual([...items.keys()], ['1', 'left']);
    assert.deepEqual([...failed.keys()], ['hole', 'left hidden']);
    assert.ok([...failed.values()].every(({ kind }) => kind === 'forbidden'));
    assert.deepEqual(asked, ['left', 'left hidden'], 'a hole is the system’s word');
  });

  it('that an account has no evidence of are not gone; those of a system in trouble are not delivered', async () => {
    const noEvidence = await deliver(steps({ deleted: failing('forbidden', 403) }), ['hole deleted']);
    assert.equal(noEvidence.failed.get('hole deleted')?.kind, 'forbidden');
    const trouble = await deliver(steps({ deleted: failing('transient', 500) }), ['left', 'hole']);
    assert.deepEqual(
      [...trouble.failed.values()].map(({ kind }) => kind),
      ['transient', 'transient'],
    );
    await assert.rejects(deliver(steps({ deleted: failing('rateLimited') }), ['hole']), { kind: 'rateLimited' });
    await assert.rejects(deliver(steps({ alone: failing('auth') }), ['left']), { kind: 'auth' });
  });

  it('are not asked for one by one without end', async () => {
    const { failed } = await deliver(
      steps(),
      Array.from({ length: 30 }, (_, index) => `left ${index}`),
    );
    assert.deepEqual([asked.length, failed.size], [20, 10]);
    assert.match(failed.get('left 29')?.message ?? '', /Example did not return thing left 29/);
  });

  it('are left open where only those that come are wanted', async () => {
    const { items, open } = await deliverSome(steps(), ['1', 'hole', 'left']);
    assert.deepEqual([[...items.keys()], open.map(({ isHole }) => isHole), asked], [['1'], [true, false], []]);
  });
});

describe('connector kit: who is meant', () => {
  let people: UserValue[];
  const queries: UserQuery[] = [];
  const accounts = () =>
    new Accounts(async (query) => {
      queries.push(query);
      return people.filter(({ email, name }) => (query.email ? email === query.email : name === query.name));
    });
  beforeEach(() => {
    people = [{ login: 'alice', email: 'alice@example.com', name: 'Alice' }];
    queries.length = 0;
  });

  it('is asked once, and not at all for who was seen in a field', async () => {
    const some = accounts();
    for (let n = 0; n < 2; n += 1) assert.equal((await some.one({ email: 'alice@example.com' }))?.login, 'alice');
    some.met({ login: 'Bob', name: 'Bob' });
    assert.equal((await some.one({ login: 'bob' }))?.name, 'Bob');
    assert.equal(queries.length, 1);
    some.forget();
    await some.one({ email: 'alice@example.com' });
    assert.equal(queries.length, 2);
  });

  it('is nobody where there are two, or none', async () => {
    people.push({ login: 'alice2', name: 'Alice' });
    assert.equal(await accounts().one({ name: 'Alice' }), undefined);
    assert.equal(await accounts().one({ name: 'Carol' }), undefined);
  });
});

describe('connector kit: what there is', () => {
  const look = async (id: string) => {
    if (id === 'gone') throw new SyncError('notFound', `no ${id}`);
    if (id === 'broken') throw new SyncError('transient', 'down');
    return id;
  };

  it('of a scope is not stopped by what is gone', async () => {
    const { present, missing } = await presentOf(['1', 'gone', '2'], look);
    assert.deepEqual([present, missing], [['1', '2'], [{ kind: 'project', id: 'gone', why: 'no gone' }]]);
    await assert.rejects(presentOf(['gone'], look), { kind: 'notFound' });
    await assert.rejects(presentOf(['1', 'broken'], look), { kind: 'transient' });
  });

  it('of rights is found out by calls; a system in trouble is no answer', async () => {
    assert.equal(await isRefused(async () => 1), false);
    for (const [kind, status] of [
      ['forbidden', 403],
      ['auth', 401],
      ['transient', 404],
    ] as const)
      assert.equal(await isRefused(failing(kind, status)), true, kind);
    assert.equal(await isRefused(failing('invalid', 400)), false);
    await assert.rejects(isRefused(failing('rateLimited')), { kind: 'rateLimited' });
    await assert.rejects(isRefused(failing('transient')), { kind: 'transient' });
    assert.equal(await toldOr(false, async () => true), true);
    assert.equal(await toldOr('unknown', failing('forbidden', 403)), 'unknown');
  });
});

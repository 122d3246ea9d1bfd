import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import type { Field } from '../../lib/model';
import { KnownLists } from '../../lib/steps/known-lists';

const scope = { project: 'DEMO', type: 'Bug' };

/** A connection that can only be asked for fields, and counts. */
function system(answer: () => Field[]): { connection: () => Connection; asked: () => number } {
  let asked = 0;
  const fields = async (): Promise<Field[]> => {
    asked += 1;
    return answer();
  };
  const unused = (): never => {
    throw new Error('not asked for in these tests');
  };
  const connection: Connection = {
    fields,
    identify: unused,
    projects: unused,
    entityTypes: unused,
    changes: unused,
    newest: unused,
    checkpointAt: unused,
    read: unused,
  };
  return { connection: () => connection, asked: () => asked };
}

const state = (...names: string[]): Field => ({
  id: 'state',
  name: 'State',
  type: 'lookup',
  values: names.map((name) => ({ name })),
});

describe('twinflow-value-mapper: known lists', () => {
  it('are asked for once in ten minutes', async () => {
    let now = 0;
    const { connection, asked } = system(() => [state('New')]);
    const lists = new KnownLists(connection, () => now);
    const [first, second] = await Promise.all([lists.of(scope), lists.of(scope)]);
    assert.equal(first, second);
    assert.equal(asked(), 1);
    now = 9 * 60_000;
    await lists.of(scope);
    assert.equal(asked(), 1);
    now = 11 * 60_000;
    await lists.of(scope);
    assert.equal(asked(), 2);
  });

  it('are asked for again after a minute when a value was missing', async () => {
    let now = 0;
    const names = ['New'];
    const { connection, asked } = system(() => [state(...names)]);
    const lists = new KnownLists(connection, () => now);
    await lists.of(scope);
    names.push('Blocked');
    now = 30_000;
    assert.equal((await lists.of(scope, true)).get('state')?.find({ name: 'Blocked' }), undefined);
    now = 61_000;
    assert.deepEqual((await lists.of(scope, true)).get('state')?.find({ name: 'blocked' }), { name: 'Blocked' });
    assert.equal(asked(), 2);
  });

  it('are empty where the system cannot be asked, so that the writer finds out', async () => {
    const { connection } = system(() => {
      throw new Error('503');
    });
    assert.equal((await new KnownLists(connection).of(scope)).size, 0);
  });
});

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { Users } from '../../lib/engine/people';
import { System } from '../../lib/engine/system';
import { compileFieldRows, compileUserRows, type FindUser, resolveUsers } from '../../lib/mapping';
import type { UserValue } from '../../lib/model';
import { SyncError } from '../../lib/model/errors';
import { simulatedClock } from '../budget/budget-servers';
import { field, row } from '../mapping/helper';

const MINUTE = 60_000;
const [owner, lead] = [field('Owner', 'user'), field('Lead', 'user')];
const rows = [row(owner, lead)];

/** A system that can only be asked for people, and counts. */
function directory(people: UserValue[]) {
  const clock = simulatedClock();
  const asked: string[] = [];
  const state: { down?: SyncError } = {};
  const unused = (): never => {
    throw new Error('not asked for in these tests');
  };
  const connection: Connection = {
    async users(query) {
      asked.push(JSON.stringify(query));
      if (state.down) throw state.down;
      const { email, login, name } = query;
      const same = (one?: string): boolean => one?.toLowerCase() === email?.toLowerCase();
      return people.filter((one) => (email ? same(one.email) : login ? one.login === login : one.name === name));
    },
    ...{ identify: unused, projects: unused, entityTypes: unused, fields: unused, changes: unused, newest: unused },
    ...{ checkpointAt: unused, read: unused },
  };
  const system = new System('s', 'Target', () => connection, clock);
  const users = new Users((by) => system.call(async ({ users }) => users?.(by) ?? []), clock);
  const find: FindUser = (by) => users.find(by);
  /** One entity through field and value mapper. */
  const map = async (person: UserValue): Promise<UserValue | undefined> => {
    const mapped = compileFieldRows(rows, 'forward')({ owner: person });
    const { fields } = await resolveUsers(mapped, compileUserRows([], 'forward'), find);
    return fields.lead as UserValue | undefined;
  };
  return { clock, asked, people, state, users, map };
}

const PEOPLE: UserValue[] = ['ann', 'bob', 'cy'].map((login, index) => ({
  ...{ id: String(index + 1), login, name: login.toUpperCase(), email: `${login}@example.org` },
}));

describe('people of a system', () => {
  it('cost one look-up each, however many entities name them, one by one or all at a time', async () => {
    const { map, asked, clock } = directory([...PEOPLE]);
    const who = (index: number): UserValue => ({ id: 'other', email: PEOPLE[index % 3]?.email?.toUpperCase() });
    for (let index = 0; index < 500; index += 1) {
      assert.equal((await map(who(index)))?.id, PEOPLE[index % 3]?.id);
      clock.after(1_000, () => undefined);
      await clock.runUntil(clock.now() + 1_000);
    }
    await Promise.all(Array.from({ length: 500 }, (_, index) => map(who(index))));
    assert.equal(asked.length, 3, asked.join());
  });

  it('who are not there are not asked for with each message, but found a minute after they were created', async () => {
    const { map, asked, people, clock } = directory([...PEOPLE]);
    const dora = { name: 'Dora', login: 'dora', email: 'dora@example.org' };
    for (let index = 0; index < 300; index += 1) assert.equal(await map(dora), undefined);
    assert.equal(asked.length, 3, 'by address, login and name: each once');
    people.push({ id: '4', ...dora });
    await clock.runUntil(clock.now() + MINUTE + 1);
    assert.equal((await map(dora))?.id, '4');
    assert.equal(asked.length, 4);
    await map(dora);
    assert.equal(asked.length, 4);
  });

  it('are asked for again after an hour', async () => {
    const { map, asked, people, clock } = directory([...PEOPLE]);
    assert.equal((await map(PEOPLE[0] ?? {}))?.id, '1');
    people[0] = { ...PEOPLE[0], id: '11' };
    await clock.runUntil(clock.now() + 59 * MINUTE);
    assert.equal((await map({ email: 'ann@example.org' }))?.id, '1');
    await clock.runUntil(clock.now() + 2 * MINUTE);
    assert.equal((await map({ email: 'ann@example.org' }))?.id, '11');
    assert.equal(asked.length, 2);
  });

  it('are not treated as absent where the system could not be asked', async () => {
    const { map, state, asked } = directory([...PEOPLE]);
    state.down = new SyncError('transient', 'HTTP 503');
    await assert.rejects(map({ email: 'ann@example.org' }), /503/);
    state.down = undefined;
    assert.equal((await map({ email: 'ann@example.org' }))?.id, '1');
    assert.equal(asked.length, 2);
  });

  it('are found by a second address, which their system does not show, and by a login in another case', async () => {
    const clock = simulatedClock();
    const ann = { id: '1', login: 'CORP\\Ann', email: 'ann@example.org' };
    const users = new Users(async ({ email, login }) => {
      const has = email === 'a.lee@example.org' || login?.toLowerCase() === 'corp\\ann';
      return has ? [ann] : [];
    }, clock);
    assert.equal(await users.find({ email: 'a.lee@example.org' }), ann);
    assert.equal(await users.find({ login: 'corp\\ann' }), ann);
    assert.equal(await users.find({ email: 'someone@example.org' }), undefined);
  });

  it('of one name are nobody: two Anns are not distinguished', async () => {
    const { users } = directory([...PEOPLE, { id: '9', login: 'ann2', name: 'ANN' }]);
    assert.equal(await users.find({ name: 'ANN' }), undefined);
    assert.equal((await users.find({ name: 'BOB' }))?.id, '2');
  });
});

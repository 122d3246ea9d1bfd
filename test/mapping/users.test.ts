import assert from 'node:assert/strict';
import { compileFieldRows, compileUserRows, type FindUser, resolveUsers } from '../../lib/mapping';
import type { UserValue, Value, ValueRow } from '../../lib/model';
import { field, row } from './helper';

const owner = field('Owner', 'user');
const lead = field('Lead', 'user');
const PEOPLE: UserValue[] = [
  { id: '1', name: 'Ann Lee', login: 'ann', email: 'ann@example.org' },
  { id: '2', name: 'Bob Ray', login: 'bob' },
  { id: '3', name: 'Cy Young', login: 'cy', email: 'cy@example.org' },
];

/** A directory of three people, which counts how often it is asked. */
function directory(): { find: FindUser; asked: number } {
  const counted = {
    asked: 0,
    find: async (by: Parameters<FindUser>[0]) => {
      counted.asked += 1;
      const hits = PEOPLE.filter(
        (one) => one[by.email ? 'email' : by.login ? 'login' : 'name'] === (by.email ?? by.login ?? by.name),
      );
      return hits.length === 1 ? hits[0] : undefined;
    },
  };
  return counted;
}

async function resolve(value: Value, rows: ValueRow[] = [], more: { multi?: boolean } = {}) {
  const mapped = compileFieldRows([row({ ...owner, ...more }, { ...lead, ...more })], 'forward')({ owner: value });
  const result = await resolveUsers(mapped, compileUserRows(rows, 'forward'), directory().find);
  return { value: result.fields.lead, unresolved: result.unresolved.lead };
}

describe('mapping/users', () => {
  it('finds a person by e-mail, else by login, else by a name that only one has', async () => {
    assert.deepEqual((await resolve({ id: '99', name: 'A. Lee', email: 'ann@example.org' })).value, PEOPLE[0]);
    assert.deepEqual((await resolve({ name: 'Robert', login: 'bob' })).value, PEOPLE[1]);
    assert.deepEqual((await resolve({ name: 'Cy Young' })).value, PEOPLE[2]);
  });

  it('does not take a person of the same name with another address', async () => {
    const { value, unresolved } = await resolve({ name: 'Cy Young', email: 'other@example.org' });
    assert.equal(value, undefined);
    assert.equal(
      unresolved?.reason,
      'owner: "Cy Young" (other@example.org) is not a user of the target system (field lead)',
    );
    assert.deepEqual((await resolve({ name: 'Bob Ray', email: 'bob@example.org' })).value, PEOPLE[1]);
  });

  it('goes by the table first, by the id of the source system too', async () => {
    const rows: ValueRow[] = [
      {
        one: owner,
        two: lead,
        pairs: [{ one: { id: '99', name: 'old name' }, two: { id: '3', name: 'Cy Young' }, direction: 'both' }],
      },
    ];
    assert.deepEqual((await resolve({ id: '99', name: 'Ann', email: 'ann@example.org' }, rows)).value, {
      id: '3',
      name: 'Cy Young',
    });
  });

  it('goes by e-mail and table alone where the row forbids same names', async () => {
    const rows: ValueRow[] = [{ one: owner, two: lead, pairs: [], sameName: false }];
    assert.equal((await resolve({ name: 'Cy Young' }, rows)).value, undefined);
    assert.deepEqual((await resolve({ name: 'C', email: 'cy@example.org' }, rows)).value, PEOPLE[2]);
  });

  it('keeps those of several people who are found and names the others', async () => {
    const { value, unresolved } = await resolve([{ name: 'Bob Ray' }, { name: 'Nobody' }], [], { multi: true });
    assert.deepEqual(value, [PEOPLE[1]]);
    assert.equal(unresolved?.lossy, true);
    assert.match(unresolved?.reason ?? '', /"Nobody" is not a user/);
  });

  it('asks nobody about list entries, resolved people and constants', async () => {
    const rows = [
      row(field('State', 'lookup'), field('Status', 'lookup')),
      row(undefined, lead, { constant: { id: '2', name: 'Bob Ray' } }),
    ];
    const mapped = compileFieldRows(rows, 'forward')({ state: { name: 'Ann Lee' } });
    const people = directory();
    const result = await resolveUsers(mapped, compileUserRows([], 'forward'), people.find);
    assert.deepEqual(result.fields, { status: { name: 'Ann Lee' }, lead: { id: '2', name: 'Bob Ray' } });
    assert.equal(people.asked, 0);
  });

  it('recognises people in a payload that no field mapper has described', async () => {
    const people = directory();
    const input = { fields: { a: { email: 'ann@example.org' }, b: { name: 'Ann Lee' } }, mapped: {}, unresolved: {} };
    const { fields } = await resolveUsers(input, compileUserRows([], 'forward'), people.find);
    assert.deepEqual(fields, { a: PEOPLE[0], b: { name: 'Ann Lee' } });
  });

  it('hands on the fault of a directory that cannot be asked', async () => {
    const mapped = compileFieldRows([row(owner, lead)], 'forward')({ owner: { name: 'Ann' } });
    const down: FindUser = () => Promise.reject(new Error('503'));
    await assert.rejects(resolveUsers(mapped, compileUserRows([], 'forward'), down), /503/);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  compileDomains,
  compileUserRows,
  directoryOf,
  type MappedFields,
  peopleWithout,
  resolveUsers,
  type SheetTables,
  theOneOf,
} from '../../lib/mapping';
import { indexSheet } from '../../lib/mapping/tables/sheet-index';
import { askedSheet } from '../../lib/mapping/tables/totality';
import type { Direction, DomainRule, UserValue, ValueRow } from '../../lib/model';
import { field } from './helper';

const owner = field('Owner', 'user');
const lead = field('Lead', 'user');
const ONES: UserValue[] = [
  { id: '1', name: 'Ann Lee', login: 'ann', email: 'ann@corp.example' },
  { id: '2', name: 'Bob Ray', login: 'bob' },
  { id: '3', name: 'Cy Young', login: 'cy', email: 'cy@corp.example' },
];
const TWOS: UserValue[] = [
  { id: 'a', name: 'A. Lee', email: 'a.lee@cloud.example' },
  { id: 'b', name: 'Robert', login: 'robert', email: 'robert@cloud.example' },
  { id: 'c', name: 'Cy Young', email: 'cy@cloud.example' },
];
const table = (more: Partial<ValueRow> = {}): ValueRow => ({ one: owner, two: lead, pairs: [], ...more });
const sheetOf = (row: ValueRow, lines: [string, string][], backward?: boolean): SheetTables =>
  new Map([
    [
      row,
      indexSheet(
        { one: lines.map(([one]) => one), two: lines.map(([, two]) => two) },
        { ignoreCase: row.ignoreCase, backward },
      ),
    ],
  ]);

async function without(
  row: ValueRow,
  sheets: SheetTables | undefined,
  direction: Direction = 'forward',
  domains: DomainRule[] = [],
): Promise<string[]> {
  const [people, others] = direction === 'forward' ? [ONES, TWOS] : [TWOS, ONES];
  const ways = { row, sheets, direction, find: directoryOf(others), rewrite: compileDomains(domains, direction) };
  return (await peopleWithout(people, ways)).map(({ person, named }) =>
    named === undefined ? `${person.name}` : `${person.name}: not ${named}`,
  );
}

describe('mapping/users: who has no counterpart', () => {
  it('leaves out whom the sheet has, by login, address or name, and goes back with the columns swapped', async () => {
    const row = table();
    assert.deepEqual(await without(row, undefined), ['Ann Lee', 'Bob Ray', 'Cy Young']);
    const sheet = sheetOf(row, [
      ['ann@corp.example', 'a.lee@cloud.example'],
      ['BOB', 'robert'],
    ]);
    assert.deepEqual(await without(row, sheet), ['Cy Young']);
    assert.deepEqual(await without(row, sheet, 'backward'), ['Cy Young']);
    const oneWay = sheetOf(row, [['bob', 'robert']], false);
    assert.deepEqual(await without(row, oneWay, 'backward'), ['A. Lee', 'Robert', 'Cy Young']);
  });

  it('minds case where the table does', async () => {
    const row = table({ ignoreCase: false });
    assert.deepEqual(await without(row, sheetOf(row, [['BOB', 'robert']])), ['Ann Lee', 'Bob Ray', 'Cy Young']);
  });

  it('counts domain rules beside the sheet', async () => {
    const row = table();
    const rules: DomainRule[] = [{ one: 'corp.example', two: 'cloud.example', direction: 'both' }];
    assert.deepEqual(await without(row, undefined, 'forward', rules), ['Ann Lee', 'Bob Ray']);
    assert.deepEqual(await without(row, sheetOf(row, [['bob', 'robert']]), 'forward', rules), ['Ann Lee']);
  });

  it('names whom the sheet, or a pair, leads to somebody whom the target does not have', async () => {
    const row = table({ pairs: [{ one: { name: 'cy' }, two: { name: 'gone' }, direction: 'forward' }] });
    assert.deepEqual(await without(row, sheetOf(row, [['bob', 'robet']])), [
      'Ann Lee',
      'Bob Ray: not robet',
      'Cy Young: not gone',
    ]);
  });

  it('is the same by the answers that a form has got for its people', async () => {
    const row = table();
    const sheet = sheetOf(row, [['bob', 'robert']]).get(row);
    const asked = {
      forward: ONES.map((one) => sheet?.forward?.find(one)?.name ?? null),
      backward: TWOS.map((two) => sheet?.backward?.find(two)?.name ?? null),
    };
    const answers = askedSheet(row, ONES, TWOS, asked);
    assert.deepEqual(await without(row, answers), ['Ann Lee', 'Cy Young']);
    assert.deepEqual(await without(row, answers, 'backward'), ['A. Lee', 'Cy Young']);
  });

  it('names exactly those whom a change cannot bring over, whatever the table, the sheet and the rules', async () => {
    const words = ['ann', 'ANN', 'bob', 'Ann Lee', 'ann@corp.example', 'ann@cloud.example', '1', 'nobody', ''];
    const word = fc.constantFrom(...words);
    const person = (ids: string[]) =>
      fc.record(
        {
          id: fc.constantFrom(...ids),
          name: word,
          login: word,
          email: fc.constantFrom('ann@corp.example', 'b@c.example'),
        },
        { requiredKeys: ['id', 'name'] },
      );
    const entry = fc.record({ id: fc.constantFrom('1', '2', 'a', ''), name: word }, { requiredKeys: ['name'] });
    const both = fc.constantFrom('both' as const, 'forward' as const, 'backward' as const);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(person(['1', '2', '3']), { selector: ({ id }) => id }),
        fc.uniqueArray(person(['a', 'b', 'c']), { selector: ({ id }) => id }),
        fc.array(fc.record({ one: entry, two: entry, direction: both }), { maxLength: 3 }),
        fc.array(fc.tuple(word, word), { maxLength: 5 }),
        fc.record({ ignoreCase: fc.boolean(), sameName: fc.boolean(), backward: fc.boolean() }),
        fc.array(fc.constant({ one: 'corp.example', two: 'cloud.example', direction: 'both' as const }), {
          maxLength: 1,
        }),
        fc.constantFrom('forward' as const, 'backward' as const),
        async (ones, twos, pairs, lines, { backward, ...options }, domains, direction) => {
          const row = table({ pairs, ...options });
          const sheets = sheetOf(row, lines, backward);
          const [people, others] = direction === 'forward' ? [ones, twos] : [twos, ones];
          const [find, rewrite] = [directoryOf(others), compileDomains(domains, direction)];
          const target = direction === 'forward' ? lead : owner;
          const lost: UserValue[] = [];
          for (const one of people) {
            const { id: _own, ...known } = one;
            const input: MappedFields = {
              fields: { [target.id]: known },
              mapped: { [target.id]: { type: 'user', source: one, from: ['owner'] } },
              unresolved: {},
            };
            const tables = compileUserRows([row], direction, sheets);
            const result = await resolveUsers(input, tables, find, undefined, rewrite);
            if (result.unresolved[target.id] !== undefined) lost.push(one);
          }
          const told = await peopleWithout(people, { row, sheets, direction, find, rewrite });
          assert.deepEqual(
            told.map((one) => one.person),
            lost,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes the one of an answer who was meant, and nobody where there are several', () => {
    assert.equal(
      theOneOf(
        [
          { id: '1', login: 'ANN' },
          { id: '2', login: 'anna' },
        ],
        { login: 'ann' },
      )?.id,
      '1',
    );
    assert.equal(
      theOneOf(
        [
          { id: '1', name: 'Ann' },
          { id: '2', name: 'Ann' },
        ],
        { name: 'Ann' },
      ),
      undefined,
    );
    // a name in other letters, unless there are two
    const anns = [
      { id: '1', name: 'Ann' },
      { id: '2', name: 'ANN' },
    ];
    assert.equal(theOneOf(anns, { name: 'ANN' })?.id, '2');
    assert.equal(theOneOf(anns, { name: 'ann' }), undefined);
    assert.equal(theOneOf(anns.slice(0, 1), { name: 'ann' })?.id, '1');
    // found by an address that is not shown, or by a second one
    assert.equal(theOneOf([{ id: '1' }], { email: 'ann@a.example' })?.id, '1');
    assert.equal(theOneOf([{ id: '1', email: 'a@a.example' }], { email: 'b@a.example' })?.id, '1');
  });

  it('looks through thousands of people in no time', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => ({ id: `${n}`, name: `P ${n}`, email: `p${n}@a.example` }));
    const began = performance.now();
    assert.deepEqual(await peopleWithout(many, { direction: 'forward', find: directoryOf(many) }), []);
    assert.ok(performance.now() - began < 2_000);
  });
});

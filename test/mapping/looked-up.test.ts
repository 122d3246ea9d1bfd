/** Values and people that an expression has looked up are the target's own: no value mapper replaces them once more. */

import assert from 'node:assert/strict';
import { compileTable, compileUserRows, compileValueRows, type FindUser, resolveUsers } from '../../lib/mapping';
import { compileMapping } from '../../lib/mapping/transform-mapping';
import { ExpressionRunner } from '../../lib/mapping/transform-runner';
import type { FieldChoice, Fields, UserValue, ValueRow } from '../../lib/model';
import { field, row } from './helper';

const priority = field('Priority', 'lookup');
const severity = field('Severity', 'lookup');
/** Ids and names of both lists overlap, and mean other things: what is looked up twice is another value. */
const TABLE: ValueRow = {
  one: priority,
  two: severity,
  pairs: [
    { one: { id: '1', name: 'Low' }, two: { id: '2', name: 'Medium' }, direction: 'both' },
    { one: { id: '2', name: 'Medium' }, two: { id: '3', name: 'High' }, direction: 'both' },
    { one: { id: '3', name: 'High' }, two: { id: '1', name: 'Low' }, direction: 'both' },
  ],
};
const low = { id: '1', name: 'Low' };

describe('mapping: what an expression looked up', function () {
  this.timeout(60_000);
  const runner = new ExpressionRunner();
  after(() => runner.close());

  /** Field mapper and value mapper, one behind the other. */
  async function map(expression: string, payload: Fields, target: FieldChoice, table: ValueRow, find?: FindUser) {
    const index = compileTable(table, 'forward');
    const helpers = {
      lookup: (_table: unknown, value: unknown) => index.find(value as { name?: string }) ?? null,
      user: async (who: unknown) => (await find?.({ email: String(who) })) ?? null,
      text: (value: unknown) => value,
    };
    const rows = [row(table.one, target, { transform: { forward: { kind: 'jsonata', expression } } })];
    const mapping = compileMapping(rows, 'forward', {}, (expressions, fields, _context, names) =>
      runner.evaluate(expressions, { payload: fields, names }, helpers),
    );
    const mapped = compileValueRows([table], 'forward')(await mapping.map(payload));
    const none: FindUser = async () => undefined;
    return resolveUsers(mapped, compileUserRows([table], 'forward'), find ?? none);
  }

  it('in a table goes as it is, whatever the table makes of it', async () => {
    const result = await map('$lookup("Priority", priority)', { priority: low }, severity, TABLE);
    assert.deepEqual(result.fields, { severity: { id: '2', name: 'Medium' } });
    assert.deepEqual(result.unresolved, {});
  });

  it('goes as it is by its name, in a list, and where the table knows names only', async () => {
    const byName = await map('$lookup("Priority", priority).name', { priority: low }, severity, TABLE);
    assert.deepEqual(byName.fields, { severity: { name: 'Medium' } });
    const names: ValueRow = {
      ...TABLE,
      pairs: TABLE.pairs.map(({ one, two }) => ({
        one: { name: one.name },
        two: { name: two.name },
        direction: 'both',
      })),
    };
    const nameOnly = await map('$lookup("Priority", priority)', { priority: { name: 'Low' } }, severity, names);
    assert.deepEqual(nameOnly.fields, { severity: { name: 'Medium' } });
    const many = { ...severity, multi: true };
    const list = await map('priority.$lookup("Priority", $)', { priority: [low, { id: '3', name: 'High' }] }, many, {
      ...TABLE,
      two: many,
    });
    assert.deepEqual(list.fields, { severity: [{ id: '2', name: 'Medium' }, low] });
  });

  it('is distinguished from what an expression says in the words of the source, which the table is for', async () => {
    const result = await map('priority.name = "Low" ? "High" : priority', { priority: low }, severity, TABLE);
    assert.deepEqual(result.fields, { severity: low });
  });

  it('and did not find is a value without counterpart, not nothing', async () => {
    const result = await map('$lookup("Priority", priority)', { priority: { name: 'Urgent' } }, severity, TABLE);
    assert.deepEqual(result.fields, {});
    assert.match(
      result.unresolved.severity?.reason ?? '',
      /Priority → Severity: .*\$lookup\("Priority", "Urgent"\) found nothing/,
    );
  });

  it('and did not find is nobody’s business where the expression has another word for it', async () => {
    const result = await map('[$lookup("Priority", priority), "Low"][0]', { priority: { name: 'Urgent' } }, severity, {
      ...TABLE,
      pairs: [],
    });
    assert.deepEqual(result.fields, { severity: { name: 'Low' } });
    assert.deepEqual(result.unresolved, {});
  });

  it('among people goes as it is: their ids are the target’s', async () => {
    const [owner, lead] = [field('Owner', 'user'), field('Lead', 'user')];
    const ann: UserValue = { id: '7', name: 'Ann', email: 'ann@example.org' };
    const table: ValueRow = {
      one: owner,
      two: lead,
      pairs: [{ one: { id: '7', name: 'Bob' }, two: { id: '8', name: 'Bob' }, direction: 'both' }],
    };
    const find: FindUser = async ({ email }) => (email === ann.email ? ann : undefined);
    const result = await map('$user(owner.email)', { owner: { id: '1', email: 'ann@example.org' } }, lead, table, find);
    assert.deepEqual(result.fields, { lead: ann });
    const nobody = await map('$user("x@example.org")', { owner: { id: '1' } }, lead, table, find);
    assert.match(nobody.unresolved.lead?.reason ?? '', /\$user\("x@example.org"\) found nothing/);
  });
});

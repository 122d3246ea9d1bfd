import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileFieldRows, compileValueRows, indexValues, type MappedFields } from '../../lib/mapping';
import type { FieldChoice, LookupValue, Value, ValuePair, ValueRow } from '../../lib/model';
import { cpuMs } from '../support/cpu';
import { anyValue } from './arbitrary';
import { field, row } from './helper';

const priority = field('Priority', 'lookup');
const adoPriority: FieldChoice = { id: 'Microsoft.VSTS.Common.Priority', name: 'Priority', type: 'lookup' };

const pair = (
  one: LookupValue | string,
  two: LookupValue | string,
  direction: ValuePair['direction'] = 'both',
): ValuePair => ({
  one: typeof one === 'string' ? { name: one } : one,
  two: typeof two === 'string' ? { name: two } : two,
  direction,
});

/** Field and value mapping of one field in a row. */
function mapValue(
  value: Value,
  pairs: ValuePair[],
  more: Partial<ValueRow> = {},
  direction: 'forward' | 'backward' = 'forward',
) {
  const values: ValueRow = { one: priority, two: adoPriority, pairs, ...more };
  const [source, target] = direction === 'forward' ? [values.one, values.two] : [values.two, values.one];
  const fields = compileFieldRows([row(values.one, values.two)], direction);
  const result = compileValueRows([values], direction)(fields({ [source.id]: value }));
  return {
    value: result.fields[target.id],
    unresolved: result.unresolved[target.id],
    mapped: result.mapped[target.id],
  };
}

describe('mapping/values: tables', () => {
  it('replaces a value by its counterpart in the direction of the message', () => {
    const pairs = [pair({ id: '5', name: 'High' }, { id: 'a', name: '2' })];
    assert.deepEqual(mapValue({ id: '5', name: 'High' }, pairs).value, { id: 'a', name: '2' });
    assert.deepEqual(mapValue({ id: 'a', name: '2' }, pairs, {}, 'backward').value, { id: '5', name: 'High' });
  });

  it('lets the id win over the name, also where a value was renamed', () => {
    const pairs = [pair({ id: '5', name: 'High' }, 'two'), pair({ id: '6', name: 'Urgent' }, 'one')];
    assert.deepEqual(mapValue({ id: '6', name: 'High' }, pairs).value, { name: 'one' });
    assert.deepEqual(mapValue({ id: '6', name: 'Top' }, pairs).value, { name: 'one' });
  });

  it('goes by the name that a node in between has set', () => {
    const rows: ValueRow[] = [
      { one: priority, two: adoPriority, pairs: [pair({ id: '5', name: 'High' }, 'two'), pair('Low', 'four')] },
    ];
    const mapped = compileFieldRows([row(priority, adoPriority)], 'forward')({ priority: { id: '5', name: 'High' } });
    mapped.fields[adoPriority.id] = { name: 'Low' };
    assert.deepEqual(compileValueRows(rows, 'forward')(mapped).fields[adoPriority.id], { name: 'four' });
  });

  it('takes the first pair of the direction where many go to one', () => {
    const pairs = [pair('Urgent', '1'), pair('Immediate', '1', 'forward'), pair('Never', '1', 'backward')];
    assert.deepEqual(mapValue({ name: 'Immediate' }, pairs).value, { name: '1' });
    assert.deepEqual(mapValue({ name: '1' }, pairs, {}, 'backward').value, { name: 'Urgent' });
  });

  it('compares names without regard to case unless set otherwise, the exact name first', () => {
    const pairs = [pair('HIGH', 'loud'), pair('High', 'two')];
    assert.deepEqual(mapValue({ name: 'High' }, pairs).value, { name: 'two' });
    assert.deepEqual(mapValue({ name: 'high' }, pairs).value, { name: 'loud' });
    assert.equal(mapValue({ name: 'high' }, pairs, { ignoreCase: false, sameName: false }).value, undefined);
  });

  it('uses the value of the same name, as far as the target is known to have it', () => {
    assert.deepEqual(mapValue({ name: 'Normal' }, []).value, { name: 'Normal' });
    const rows: ValueRow[] = [{ one: priority, two: adoPriority, pairs: [] }];
    const mapped = compileFieldRows([row(priority, adoPriority)], 'forward')({ priority: { name: 'normal' } });
    const known = new Map([[adoPriority.id, indexValues([{ id: '9', name: 'Normal' }])]]);
    assert.deepEqual(compileValueRows(rows, 'forward')(mapped, known).fields[adoPriority.id], {
      id: '9',
      name: 'Normal',
    });
    const other = new Map([[adoPriority.id, indexValues([{ id: '1', name: 'Other' }])]]);
    assert.equal(compileValueRows(rows, 'forward')(mapped, other).fields[adoPriority.id], undefined);
  });

  it('serves several projects with lists of their own: an id that the target project lacks is found by its name', () => {
    const version = { id: 'v', name: 'Version', type: 'lookup' as const };
    const rows: ValueRow[] = [
      {
        ...{ one: priority, two: version, sameName: false },
        pairs: [{ one: { id: '7', name: 'Next' }, two: { id: '70', name: '2.0' }, direction: 'both' }],
      },
    ];
    const into = (list: { id: string; name: string }[], value: Value) => {
      const mapped = compileFieldRows([row(priority, version)], 'forward')({ priority: value });
      return compileValueRows(rows, 'forward')(mapped, new Map([[version.id, indexValues(list)]])).fields.v;
    };
    const first = [{ id: '70', name: '2.0' }];
    const second = [
      { id: '80', name: '1.0' },
      { id: '90', name: '2.0' },
    ];
    assert.deepEqual(into(first, { id: '7', name: 'Next' }), { id: '70', name: '2.0' });
    // the source project gives its list new numbers, too
    assert.deepEqual(into(second, { id: '17', name: 'Next' }), { id: '90', name: '2.0' });
    const lacks = [{ id: '80', name: '1.0' }];
    assert.deepEqual(
      into(lacks, { name: 'Next' }),
      { id: '70', name: '2.0' },
      'the writer hears what is wrong with it',
    );
  });

  it('takes out a value without counterpart and says so', () => {
    const { value, unresolved } = mapValue({ id: '7', name: 'Urgent' }, [pair('High', '2')], { sameName: false });
    assert.equal(value, undefined);
    assert.equal(unresolved?.reason, 'Priority: "Urgent" has no match in Microsoft.VSTS.Common.Priority');
    assert.deepEqual(unresolved?.value, { name: 'Urgent' });
  });

  it('finds the number that a list entry means, which the field mapper alone could not', () => {
    const level: FieldChoice = { ...adoPriority, type: 'number', integer: true };
    const { value, unresolved, mapped } = mapValue(
      { id: '7', name: 'Urgent' },
      [pair({ id: '7', name: 'Urgent' }, '1')],
      { two: level },
    );
    assert.equal(value, 1);
    assert.equal(unresolved, undefined);
    assert.deepEqual(mapped?.from, ['priority']);
    assert.deepEqual(mapValue(1, [pair('Urgent', '1')], { two: level }, 'backward').value, { name: 'Urgent' });
  });

  it('maps each value of a list, once, and names those without counterpart', () => {
    const many = { one: { ...priority, multi: true }, two: { ...adoPriority, multi: true }, sameName: false };
    const pairs = [pair('a', 'A'), pair('b', 'A', 'forward'), pair('c', 'C')];
    const { value, unresolved } = mapValue([{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }], pairs, many);
    assert.deepEqual(value, [{ name: 'A' }, { name: 'C' }]);
    assert.equal(unresolved?.lossy, true);
    assert.match(unresolved?.reason ?? '', /"d" has no match/);
  });

  it('leaves constants, empty values and fields made from another source alone', () => {
    const rows: ValueRow[] = [{ one: priority, two: adoPriority, pairs: [pair('High', '2')], sameName: false }];
    const input = (fields: MappedFields['fields'], from: string[]): MappedFields => ({
      fields,
      mapped: { [adoPriority.id]: { from, type: 'lookup' } },
      unresolved: {},
    });
    const map = compileValueRows(rows, 'forward');
    assert.deepEqual(map(input({ [adoPriority.id]: { name: 'High' } }, [])).fields[adoPriority.id], { name: 'High' });
    assert.deepEqual(map(input({ [adoPriority.id]: { name: 'High' } }, ['other'])).fields[adoPriority.id], {
      name: 'High',
    });
    assert.equal(map(input({ [adoPriority.id]: null }, ['priority'])).fields[adoPriority.id], null);
  });

  it('counts the row that knows the value where two sources feed one target', () => {
    const other = field('Urgency', 'lookup');
    const rows: ValueRow[] = [
      { one: priority, two: adoPriority, pairs: [pair('High', '2')], sameName: false },
      { one: other, two: adoPriority, pairs: [pair('Now', '1')], sameName: false },
    ];
    const fields = compileFieldRows([row(priority, adoPriority), row(other, adoPriority)], 'forward');
    const map = compileValueRows(rows, 'forward');
    const now = map(fields({ priority: { name: 'High' }, urgency: { name: 'Now' } }));
    assert.deepEqual([now.fields[adoPriority.id], now.unresolved], [{ name: '1' }, {}]);
    const high = map(fields({ priority: { name: 'High' }, urgency: null }));
    assert.deepEqual([high.fields[adoPriority.id], high.unresolved], [{ name: '2' }, {}]);
  });

  it('does not change what it is given, and keeps the ids of the source out of what it hands on', () => {
    const input = compileFieldRows([row(priority, adoPriority)], 'forward')({ priority: { id: '5', name: 'High' } });
    const before = structuredClone(input);
    const output = compileValueRows(
      [{ one: priority, two: adoPriority, pairs: [pair('High', '2')] }],
      'forward',
    )(input);
    assert.deepEqual(input, before);
    assert.equal(output.mapped[adoPriority.id]?.source, undefined);
  });

  it('looks a value up in a table of 20,000 pairs as fast as in a small one', () => {
    const pairs = Array.from({ length: 20_000 }, (_, n) =>
      pair({ id: `${n}`, name: `One ${n}` }, { id: `${n}`, name: `Two ${n}` }),
    );
    const map = compileValueRows([{ one: priority, two: adoPriority, pairs }], 'forward');
    const input = compileFieldRows([row(priority, adoPriority)], 'forward')({ priority: { name: 'One 19999' } });
    const begun = cpuMs();
    for (let n = 0; n < 1000; n += 1)
      assert.deepEqual(map(input).fields[adoPriority.id], { id: '19999', name: 'Two 19999' });
    assert.ok(cpuMs() - begun < 300, 'a thousand look-ups take less than 0.3 s');
  });

  it('never throws and either maps a value or says why not', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), anyValue), fc.boolean(), (value, sameName) => {
        const { value: mapped, unresolved } = mapValue(value as Value, [pair('High', '2')], { sameName });
        assert.equal(mapped !== undefined || unresolved !== undefined, true);
      }),
    );
  });
});

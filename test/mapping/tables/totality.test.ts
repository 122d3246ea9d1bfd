import assert from 'node:assert/strict';
import { unmappedValues } from '../../../lib/mapping';
import { returningAsOthers, withSheetPairs } from '../../../lib/mapping/tables/totality';
import type { LookupValue, ValueRow } from '../../../lib/model';
import { field } from '../helper';

const named = (...names: string[]): LookupValue[] => names.map((name, n) => ({ id: `${n}`, name }));
const ones = named('Highest', 'High', 'Medium', 'Low');
const twos = named('Critical', 'High', 'Low');
const table = (pairs: [string, string, 'both' | 'forward' | 'backward'][], more: Partial<ValueRow> = {}): ValueRow => ({
  ...{ one: field('Priority', 'lookup'), two: field('Severity', 'lookup') },
  pairs: pairs.map(([one, two, direction]) => ({ one: { name: one }, two: { name: two }, direction })),
  ...more,
});
const trips = (row: ValueRow): string[] =>
  returningAsOthers(row, ones, twos).map(({ value, over, back }) => `${value.name} → ${over.name} → ${back.name}`);

describe('mapping/tables: totality', () => {
  it('names the values that come back as another one, where several become one', () => {
    assert.deepEqual(
      trips(
        table([
          ['Highest', 'Critical', 'both'],
          ['High', 'High', 'both'],
          ['Medium', 'High', 'forward'],
          ['Low', 'Low', 'both'],
        ]),
      ),
      ['Medium → High → High'],
    );
  });

  it('names none where the table goes one way only, and none that has no way back', () => {
    assert.deepEqual(
      trips(
        table([
          ['Highest', 'High', 'forward'],
          ['Medium', 'High', 'forward'],
        ]),
      ),
      [],
    );
    assert.deepEqual(
      trips(
        table(
          [
            ['Highest', 'Critical', 'forward'],
            ['Low', 'Low', 'both'],
          ],
          { sameName: false },
        ),
      ),
      [],
    );
  });

  it('counts values of the same name as pairs, unless that is switched off', () => {
    assert.deepEqual(
      trips(
        table([
          ['Medium', 'Low', 'forward'],
          ['Highest', 'Critical', 'backward'],
        ]),
      ),
      ['Medium → Low → Low'],
    );
  });

  it('takes what a sheet has as pairs behind those of the form, found by name or by id', () => {
    const row = table([['Highest', 'Critical', 'both']], { sameName: false });
    const whole = withSheetPairs(row, ones, twos, {
      forward: ['Low', 'High', null, '2'],
      backward: [null, 'High', 'Low'],
    });
    assert.deepEqual(
      unmappedValues(whole, 'forward', ones, twos).map(({ name }) => name),
      ['Medium'],
    );
    assert.deepEqual(unmappedValues(whole, 'backward', twos, ones), []);
    assert.deepEqual(whole.pairs.at(0), row.pairs[0]);
    assert.deepEqual(whole.pairs.find(({ one }) => one.name === 'Low')?.two, { id: '2', name: 'Low' });
    assert.deepEqual(returningAsOthers(whole, ones, twos), []);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compileTable } from '../../lib/mapping';
import { roundTrip } from '../../lib/mapping/round-trip';
import type { FieldChoice, FieldRow, ValuePair, ValueRow } from '../../lib/model/config';
import type { DirectionSetting } from '../../lib/model/entity';

const field = (id: string): FieldChoice => ({ id, name: id.toUpperCase(), type: 'lookup' });
const pair = (one: string, two: string, direction: DirectionSetting = 'both'): ValuePair => ({
  one: { name: one },
  two: { name: two },
  direction,
});
const values = (...pairs: ValuePair[]): ValueRow => ({ one: field('state'), two: field('status'), pairs });
const row = (one: string, two: string, direction: DirectionSetting = 'both'): FieldRow => ({
  one: field(one),
  two: field(two),
  direction,
});

const rounds = (rows: FieldRow[], ...valueRows: ValueRow[]): string[] =>
  roundTrip(rows, valueRows).map(({ kind, round }) => `${kind}: ${round.join(' → ')}`);

describe('Round trips (invariant 7)', () => {
  describe('values', () => {
    it('one to one rests', () => {
      assert.deepEqual(rounds([], values(pair('New', 'Open'), pair('Done', 'Closed'))), []);
    });

    it('several to one rests, with one of them as the way back', () => {
      const row = values(pair('Blocker', 'High'), pair('Critical', 'High'), pair('Minor', 'Low'));
      assert.deepEqual(rounds([], row), []);
    });

    it('several to one rests, with another chosen way back', () => {
      assert.deepEqual(rounds([], values(pair('Blocker', 'High', 'forward'), pair('Critical', 'High'))), []);
    });

    it('names the values that come round without end', () => {
      const row = values(
        pair('New', 'Open', 'forward'),
        pair('Active', 'Open', 'backward'),
        pair('Active', 'Working', 'forward'),
        pair('New', 'Working', 'backward'),
      );
      assert.deepEqual(rounds([], row), ['values: New → Open → Active → Working → New']);
    });

    it('finds values that change places one way, and go back by their own name', () => {
      const row = values(pair('A', 'B', 'forward'), pair('B', 'A', 'forward'));
      assert.deepEqual(rounds([], row), ['values: A → B → B → A → A']);
      assert.deepEqual(rounds([], { ...row, sameName: false }), []);
    });

    it('a value that leads into a round is not part of it', () => {
      const row = values(
        pair('Draft', 'Open', 'forward'),
        pair('New', 'Open', 'forward'),
        pair('Active', 'Open', 'backward'),
        pair('Active', 'Working', 'forward'),
        pair('New', 'Working', 'backward'),
      );
      assert.deepEqual(rounds([], row), ['values: Active → Working → New → Open → Active']);
    });

    it('a table that is used one way only has no way back', () => {
      const restless = values(
        pair('New', 'Open', 'forward'),
        pair('Active', 'Open', 'backward'),
        pair('Active', 'Working', 'forward'),
        pair('New', 'Working', 'backward'),
      );
      assert.deepEqual(rounds([row('state', 'status', 'forward')], restless), []);
      assert.equal(rounds([row('state', 'status')], restless).length, 1);
      assert.equal(rounds([row('state', 'status', 'forward'), row('state', 'status', 'backward')], restless).length, 1);
    });

    it('property: what is not reported comes to rest, whatever the table', () => {
      const names = fc.constantFrom('a', 'b', 'c', 'd');
      const direction = fc.constantFrom<DirectionSetting>('both', 'forward', 'backward');
      const pairs = fc.array(fc.tuple(names, names, direction), { maxLength: 8 });
      fc.assert(
        fc.property(pairs, (list) => {
          const table = { ...values(...list.map(([one, two, way]) => pair(one, two, way))), sameName: false };
          const [over, back] = [compileTable(table, 'forward'), compileTable(table, 'backward')];
          const restless = table.pairs.some(({ one }) => {
            let now: string | undefined = one.name;
            for (let turn = 0; turn < 10 && now !== undefined; turn += 1) {
              const there = over.find({ name: now });
              const next: string | undefined = there && back.find(there)?.name;
              if (next === now) return false;
              now = next;
            }
            return now !== undefined;
          });
          assert.equal(rounds([], table).length > 0, restless);
        }),
      );
    });
  });

  describe('fields', () => {
    it('rows side by side rest, also two that read one field', () => {
      assert.deepEqual(rounds([row('a', 'x'), row('b', 'y'), row('a', 'z', 'forward')]), []);
      assert.deepEqual(rounds([row('a', 'x'), row('a', 'y')]), []);
    });

    it('names fields that hand their values round', () => {
      const rows = [
        row('a', 'x', 'forward'),
        row('b', 'x', 'backward'),
        row('b', 'y', 'forward'),
        row('a', 'y', 'backward'),
      ];
      assert.deepEqual(rounds(rows), ['fields: A → X → B → Y → A']);
    });

    it('there and back by another row is no circle', () => {
      assert.deepEqual(rounds([row('a', 'x', 'forward'), row('a', 'x', 'backward')]), []);
    });
  });
});

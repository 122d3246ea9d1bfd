import assert from 'node:assert/strict';
import fc from 'fast-check';
import { baselines, intended, planUpdate } from '../../lib/merge/fields';
import type { MergeInput, MergePlan } from '../../lib/merge/types';
import type { ConflictPolicy, FallbackPolicy } from '../../lib/model/config';
import type { Unlanded } from '../../lib/model/unlanded';
import type { Value } from '../../lib/model/values';

/** One field of a linked pair whose row says `merge`, synced turn by turn. */
class Pair {
  readonly now: [Value, Value];
  private readonly base: [Value, Value];
  private readonly store: (value: Value) => Value;
  fallback: FallbackPolicy | undefined;
  conflict: ConflictPolicy = 'merge';

  /** @param store how side 2 stores what it gets */
  constructor(base: Value, store: (value: Value) => Value = (value) => value) {
    this.store = store;
    this.now = [base, store(base)];
    this.base = [base, store(base)];
  }

  input(from: 1 | 2, pending?: Unlanded[]): MergeInput {
    const [source, target] = from === 1 ? ([0, 1] as const) : ([1, 0] as const);
    return {
      direction: from === 1 ? 'forward' : 'backward',
      wanted: { field: this.now[source] },
      mapped: { field: { from: ['field'], conflict: this.conflict, fallback: this.fallback } },
      unresolved: {},
      source: { now: { field: this.now[source] }, base: { field: this.base[source] }, updatedAt: '2026-01-02' },
      target: {
        now: { field: this.now[target] },
        base: { field: this.base[target] },
        pending: pending && { field: pending },
        updatedAt: '2026-01-01',
      },
    };
  }

  /** Syncs the side's present value to the other. @returns the plan that was carried out */
  sync(from: 1 | 2): MergePlan {
    const input = this.input(from);
    const plan = planUpdate(input);
    const [source, target] = from === 1 ? ([0, 1] as const) : ([1, 0] as const);
    const { field } = plan.write;
    if (field !== undefined) this.now[target] = target === 1 ? this.store(field) : field;
    const written = { after: { field: this.now[target] }, ignored: {}, exact: true, created: false };
    const next = baselines(input, plan, written);
    this.base[source] = next.source.field ?? null;
    this.base[target] = next.target.field ?? null;
    return plan;
  }
}

const words = (count: number, word: string): string[] => Array.from({ length: count }, (_, n) => `${word}${n}`);
const lower = (value: Value): Value =>
  Array.isArray(value) ? value.map((item) => String(item).toLowerCase()) : String(value ?? '').toLowerCase();
const setOf = (value: Value): string[] => (Array.isArray(value) ? value.map((item) => String(item).toLowerCase()) : []);

describe('Merged fields, turn by turn (invariants 4, 5 and 7)', () => {
  it("the target's own event carries the merged value back, and then both rest", () => {
    const pair = new Pair(['a', 'b']);
    pair.now[0] = ['a', 'b', 'one'];
    pair.now[1] = ['b', 'two'];
    assert.deepEqual(pair.sync(1).write, { field: ['b', 'two', 'one'] });
    assert.deepEqual(pair.sync(2).write, { field: ['b', 'one', 'two'] });
    assert.deepEqual(pair.sync(1).write, {});
    assert.deepEqual(pair.sync(2).write, {});
  });

  it('what somebody takes out before the merged value came back stays out', () => {
    const pair = new Pair(['a']);
    pair.now[0] = ['a', 'one'];
    pair.now[1] = ['a', 'two'];
    pair.sync(1);
    pair.now[0] = ['a'];
    assert.deepEqual(pair.sync(1).write, { field: ['a', 'two'] });
    pair.sync(2);
    assert.deepEqual(pair.now, [
      ['a', 'two'],
      ['a', 'two'],
    ]);
  });

  it('nothing is written where the target has all of it already; its own event brings the rest', () => {
    const pair = new Pair(['a']);
    pair.now[0] = ['a', 'same'];
    pair.now[1] = ['a', 'same', 'more'];
    assert.deepEqual(pair.sync(1).write, {});
    assert.deepEqual(pair.sync(2).write, { field: ['a', 'same', 'more'] });
    assert.deepEqual(pair.sync(1).write, {});
  });

  it('a collision is decided by the second choice of the row, and the result says so', () => {
    for (const [fallback, wins] of [
      ['system1', 'one'],
      ['system2', 'two'],
      ['newest', 'one'],
      [undefined, 'one'],
    ] as const) {
      const pair = new Pair('first\nlast');
      pair.fallback = fallback;
      pair.now[0] = 'one\nlast';
      pair.now[1] = 'two\nlast';
      const [warning] = pair.sync(1).warnings;
      assert.match(
        warning?.reason ?? '',
        /both sides changed the same lines; the (source value is written|target value is kept)/,
      );
      pair.sync(2);
      assert.deepEqual(pair.now, [`${wins}\nlast`, `${wins}\nlast`], String(fallback));
    }
  });

  it('where they collide, only that is decided: what else either side wrote stays', () => {
    for (const [fallback, wins] of [
      ['system1', 'one'],
      ['system2', 'two'],
    ] as const) {
      const pair = new Pair('first\nmiddle\nlast');
      pair.fallback = fallback;
      pair.now[0] = 'one\nmiddle\nlast\nadded by one';
      pair.now[1] = 'two\nmiddle\nlast of two';
      const [warning] = pair.sync(1).warnings;
      assert.match(
        warning?.reason ?? '',
        /both sides changed the same lines; the (source value is written|target value is kept) there/,
      );
      pair.sync(2);
      const all = `${wins}\nmiddle\nlast of two\nadded by one`;
      assert.deepEqual(pair.now, [all, all]);
      assert.deepEqual([pair.sync(1).write, pair.sync(2).write], [{}, {}]);
    }
  });

  it('a collision is parked where the second choice says so', () => {
    const pair = new Pair('first\nlast');
    pair.fallback = 'park';
    pair.now[0] = 'one\nlast';
    pair.now[1] = 'two\nlast';
    assert.deepEqual(planUpdate(pair.input(1)).conflicts, ['field']);
  });

  it('what an unanswered write had brought is the base where there was none: taken out, it stays out', () => {
    // two's people wrote "theirs", which reached one unanswered; then they took it out again
    const pair = new Pair(['ours', 'theirs']);
    pair.now[1] = null;
    const forth = pair.input(1);
    forth.source.base = {};
    forth.target.base = {};
    forth.source.pending = { field: [{ sent: ['theirs'], written: ['ours', 'theirs'], over: ['ours'] }] };
    assert.deepEqual(planUpdate(forth).write, { field: ['ours'] });
  });

  it("what an unanswered write had brought to a source that was never in sync is nobody's edit there", () => {
    // two's people had put in "theirs", which reached one unanswered, and took it out again; one was never in sync
    for (const [shown, written] of [
      [['Ours', 'theirs'], {}],
      [['ours', 'theirs'], {}],
      [['ours', 'theirs', 'new'], { field: ['Ours', 'new'] }],
    ] as const) {
      const pair = new Pair(null);
      pair.now[0] = [...shown];
      pair.now[1] = ['Ours'];
      const forth = pair.input(1);
      forth.source.base = {};
      forth.source.pending = { field: [{ sent: ['Ours', 'Theirs'], over: null }] };
      assert.deepEqual(planUpdate(forth).write, written, shown.join());
    }
  });

  it('of an unanswered update each entry tells for itself whether both sides had it', () => {
    // one had "a" and "b", which reached two unanswered, beside its own "two"; then each side took out one of them
    const pair = new Pair(null);
    pair.now[0] = ['b'];
    pair.now[1] = ['two', 'a'];
    const forth = pair.input(1, [{ sent: ['a', 'b'], written: ['two', 'a', 'b'], over: ['two'] }]);
    // "b" may as well never have got there: it is brought again
    assert.deepEqual(planUpdate(forth).write, { field: ['two', 'b'] });
  });

  it('what somebody took out of the source is taken out, though the source was never in sync', () => {
    // two was made of one's "made", which is known of two alone; then an update towards one did not get there
    const pair = new Pair(['made']);
    pair.now[0] = ['one'];
    pair.now[1] = ['made', 'two'];
    const forth = pair.input(1);
    forth.source.base = {};
    forth.source.pending = { field: [{ sent: ['made', 'two'], written: ['one', 'two'], over: ['one'] }] };
    assert.deepEqual(planUpdate(forth).write, { field: ['two', 'one'] });
  });

  it('an update to one side says nothing of what a later one has brought to the other', () => {
    // "two" was on its way to one when one's people put in "one"; that reached two unanswered; then they took it out
    const pair = new Pair([]);
    pair.now[0] = [];
    pair.now[1] = ['two', 'one'];
    const forth = pair.input(1, [{ sent: ['one'], written: ['two', 'one'], over: ['two'] }]);
    forth.source.pending = { field: [{ sent: ['two'], over: [] }] };
    assert.deepEqual(planUpdate(forth).write, { field: ['two'] });
  });

  it('a list that somebody emptied is not treated as one that an older update of ours emptied', () => {
    // one emptied its list, which reached two unanswered; two's people put in "new", which reached one; then they took it out
    const pair = new Pair(['old']);
    pair.now[0] = ['new'];
    pair.now[1] = [];
    const forth = pair.input(1, [{ sent: null, over: ['old'] }]);
    forth.source.pending = { field: [{ sent: ['new'], over: [] }] };
    const plan = planUpdate(forth);
    assert.deepEqual([plan.write, plan.left], [{}, ['field']], 'the target has to say it itself');
  });

  it('a write that did not arrive is not treated as arrived because the target has half of it from a person', () => {
    // two's people wrote "theirs", which reached one unanswered; one's people put "ours" on top; that write was refused
    const pair = new Pair('first\nlast');
    pair.now[1] = 'theirs\nlast';
    const back = intended(planUpdate(pair.input(2)), { field: pair.now[0] }, pair.input(2).mapped);
    pair.now[0] = 'ours\ntheirs\nlast';
    const pendingOne = back.field ? [back.field] : [];
    const forth: MergeInput = pair.input(1);
    forth.source.pending = { field: pendingOne };
    const refused = intended(planUpdate(forth), { field: pair.now[1] }, forth.mapped);
    assert.equal(refused.field?.sent, 'ours\ntheirs\nlast');
    const again = pair.input(2, pendingOne);
    again.source.pending = { field: [refused.field] };
    const plan = planUpdate(again);
    assert.deepEqual(plan.write, {}, 'the line "ours" stays');
    assert.deepEqual(plan.merged, { field: 'theirs\nlast' });
  });

  it('property: lists converge in two turns, with exactly what nobody removed, whatever side 2 does to the case', () => {
    const some = fc.subarray(words(6, 'Base'));
    const more = fc.subarray(words(3, 'New'));
    fc.assert(
      fc.property(some, some, more, some, more, fc.boolean(), (base, left, ones, right, twos, folds) => {
        const pair = new Pair(base, folds ? lower : undefined);
        const [one, two] = [left, right].map((kept) => base.filter((label) => kept.includes(label)));
        pair.now[0] = [...(one ?? []), ...ones];
        const store = (items: string[]): Value => (folds ? lower(items) : items);
        pair.now[1] = store([...(two ?? []), ...twos.map((label) => `Two${label}`)]);
        pair.sync(1);
        pair.sync(2);
        const wanted = [
          ...base.filter((label) => left.includes(label) && right.includes(label)),
          ...ones,
          ...twos.map((label) => `Two${label}`),
        ].map((label) => label.toLowerCase());
        assert.deepEqual(setOf(pair.now[0]).sort(), wanted.sort());
        assert.deepEqual(setOf(pair.now[1]).sort(), wanted);
        assert.deepEqual([pair.sync(1).write, pair.sync(2).write], [{}, {}]);
      }),
    );
  });

  it('property: texts converge in two turns, and edits of different lines all survive', () => {
    const edits = fc.array(fc.record({ at: fc.nat(5), what: fc.constantFrom('insert', 'change', 'remove') }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(edits, edits, fc.boolean(), (ones, twos, folds) => {
        // side 1 works on the even lines of ten, side 2 on the odd ones
        const lines = words(12, 'Line');
        const edit = (list: { at: number; what: string }[], odd: number, word: string): string[] => {
          const result = lines.map((line): string[] => [line]);
          list.forEach(({ at, what }, n) => {
            const index = 2 * at + odd;
            if (what === 'insert') result[index]?.push(`${word}${n}`);
            else result[index] = what === 'change' ? [`${word}${n}`] : [];
          });
          return result.flat();
        };
        const pair = new Pair(lines.join('\n'), folds ? lower : undefined);
        const [one, two] = [edit(ones, 0, 'One'), edit(twos, 1, 'Two')];
        pair.now[0] = one.join('\n');
        pair.now[1] = folds ? lower(two.join('\n')) : two.join('\n');
        pair.sync(1);
        pair.sync(2);
        const [left, right] = pair.now.map((value) => String(value).toLowerCase().split('\n'));
        const removed = (from: string[]) => lines.filter((line) => !from.includes(line));
        const gone = [...removed(one), ...removed(two)].map((line) => line.toLowerCase());
        const wanted = [...new Set([...one, ...two].map((line) => line.toLowerCase()))].filter(
          (line) => !gone.includes(line),
        );
        assert.deepEqual([...(left ?? [])].sort(), wanted.sort());
        assert.deepEqual(right, left);
        assert.deepEqual([pair.sync(1).write, pair.sync(2).write], [{}, {}]);
      }),
    );
  });

  it('property: what was merged and written, with its answer lost, is recognised: nothing is written twice', () => {
    const unlike = fc.subarray(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    fc.assert(
      fc.property(unlike, unlike, unlike, fc.boolean(), (base, ours, theirs, asList) => {
        const value = (items: string[]): Value => (asList ? items : ['first', ...items].join('\n'));
        const pair = new Pair(value(base));
        pair.now[0] = value(ours);
        pair.now[1] = value(theirs);
        const plan = planUpdate(pair.input(1));
        const { field } = plan.write;
        if (field === undefined || plan.warnings.length > 0) return;
        const { field: unlanded } = intended(plan, { field: pair.now[1] }, pair.input(1).mapped);
        pair.now[1] = field;
        const again = planUpdate(pair.input(1, unlanded ? [unlanded] : []));
        assert.deepEqual(again.write, {});
        assert.deepEqual(again.warnings, []);
      }),
    );
  });
});

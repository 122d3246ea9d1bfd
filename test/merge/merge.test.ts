import assert from 'node:assert/strict';
import fc from 'fast-check';
import { settled } from '../../lib/limits/settle';
import { baselines, planCreate, planUpdate } from '../../lib/merge/fields';
import { emptyPlan, type MergeInput } from '../../lib/merge/types';
import type { ConflictPolicy } from '../../lib/model/config';
import type { MappedField } from '../../lib/model/message';
import type { Fields } from '../../lib/model/values';

/** Two fields, `a` → `x` and `b` → `y`, last in sync at the given values. */
function input(over: {
  source: Fields;
  target: Fields;
  sourceBase?: Fields;
  targetBase?: Fields;
  how?: Partial<MappedField>;
  direction?: MergeInput['direction'];
  sourceAt?: string;
  targetAt?: string;
}): MergeInput {
  return {
    direction: over.direction ?? 'forward',
    wanted: { x: over.source.a ?? null, y: over.source.b ?? null },
    mapped: { x: { from: ['a'], ...over.how }, y: { from: ['b'], ...over.how } },
    unresolved: {},
    source: {
      now: over.source,
      base: over.sourceBase ?? { a: 'old', b: 'old' },
      updatedAt: over.sourceAt ?? '2026-01-01T10:00:00Z',
    },
    target: {
      now: over.target,
      base: over.targetBase ?? { x: 'old', y: 'old' },
      updatedAt: over.targetAt ?? '2026-01-01T09:00:00Z',
    },
  };
}

const WRITTEN = { ignored: {}, exact: false, created: false };

describe('Three-way merge (invariant 5)', () => {
  it('writes only the field that changed', () => {
    const plan = planUpdate(input({ source: { a: 'new', b: 'old' }, target: { x: 'old', y: 'old' } }));
    assert.deepEqual(plan.write, { x: 'new' });
  });

  it('leaves a field alone that only the target changed', () => {
    const plan = planUpdate(input({ source: { a: 'new', b: 'old' }, target: { x: 'old', y: 'edited' } }));
    assert.deepEqual(plan.write, { x: 'new' });
    assert.deepEqual(plan.warnings, []);
  });

  it('clears a reference in the target that somebody cleared while it waited for its counterpart (simulation, overlap, seed 38)', () => {
    const there = { x: { id: 'B-1', key: 'B-1' } };
    const waited = input({
      source: { a: null },
      target: there,
      sourceBase: { a: null },
      targetBase: there,
      how: { type: 'reference', conflict: 'system1' },
    });
    const cleared = { ...waited, source: { ...waited.source, leftOut: ['a'] } };
    assert.deepEqual(planUpdate(waited).write, {}, 'nothing waited: nothing has changed');
    assert.deepEqual(planUpdate(cleared).write, { x: null });
    // if the target's own change lands first, the cleared end must not be taken for known
    const back = { ...waited, source: waited.source, target: { ...waited.target, leftOut: ['x'] } };
    const after = { x: null };
    const { foreign } = baselines({ ...back, target: { ...back.target, now: after, base: after } }, emptyPlan(), {
      ...WRITTEN,
      after,
      exact: true,
    });
    assert.equal(foreign, true);
  });

  it('writes nothing where both sides made the same change', () => {
    const plan = planUpdate(input({ source: { a: 'new', b: 'old' }, target: { x: 'new', y: 'old' } }));
    assert.deepEqual(plan.write, {});
    assert.deepEqual(plan.same, ['x']);
  });

  const conflicts: [ConflictPolicy, MergeInput['direction'], 'write' | 'keep' | 'park'][] = [
    ['system1', 'forward', 'write'],
    ['system1', 'backward', 'keep'],
    ['system2', 'forward', 'keep'],
    ['system2', 'backward', 'write'],
    ['park', 'forward', 'park'],
  ];
  for (const [conflict, direction, outcome] of conflicts) {
    it(`both sides changed a field: "${conflict}" ${direction} means ${outcome}`, () => {
      const plan = planUpdate(
        input({ source: { a: 'mine', b: 'old' }, target: { x: 'theirs', y: 'old' }, how: { conflict }, direction }),
      );
      assert.deepEqual(plan.write, outcome === 'write' ? { x: 'mine' } : {});
      assert.deepEqual(plan.kept, outcome === 'keep' ? ['x'] : []);
      assert.deepEqual(plan.conflicts, outcome === 'park' ? ['x'] : []);
      const winner = { write: 'the source value is written', keep: 'the target value is kept', park: undefined }[
        outcome
      ];
      const warnings = winner ? [{ field: 'x', reason: `Changed on both sides; ${winner}` }] : [];
      assert.deepEqual(plan.warnings, warnings);
    });
  }

  it('the newer side wins where the row says newest', () => {
    const edits = { source: { a: 'mine', b: 'old' }, target: { x: 'theirs', y: 'old' } };
    assert.deepEqual(planUpdate(input({ ...edits, sourceAt: '2026-01-02' })).write, { x: 'mine' });
    assert.deepEqual(planUpdate(input({ ...edits, targetAt: '2026-01-02' })).kept, ['x']);
  });

  it('a row that is applied always overwrites also what the source did not change', () => {
    const plan = planUpdate(
      input({ source: { a: 'old', b: 'old' }, target: { x: 'edited', y: 'old' }, how: { applyWhen: 'always' } }),
    );
    assert.deepEqual(plan.write, { x: 'old' });
  });

  it('a row for creates only is never written on update', () => {
    const plan = planUpdate(
      input({ source: { a: 'new', b: 'new' }, target: { x: 'old', y: 'old' }, how: { syncWhen: 'create' } }),
    );
    assert.deepEqual(plan.write, {});
  });

  it('a row for updates only is not written on create', () => {
    const plan = planCreate({ x: '1', y: '2' }, { x: { from: ['a'], syncWhen: 'update' }, y: { from: ['b'] } }, {});
    assert.deepEqual(plan.write, { y: '2' });
  });

  it('a field without counterpart is named and left out (invariant 6)', () => {
    const given = input({ source: { a: 'new', b: 'new' }, target: { x: 'old', y: 'old' } });
    const plan = planUpdate({ ...given, unresolved: { x: { reason: 'no such value', value: 'new' } } });
    assert.deepEqual(plan.write, { y: 'new' });
    assert.deepEqual(plan.warnings, [{ field: 'x', reason: 'no such value' }]);
  });

  it('after a write, a value that a person changed meanwhile is still seen as a change', () => {
    const given = input({ source: { a: 'new', b: 'old' }, target: { x: 'old', y: 'old' } });
    const plan = planUpdate(given);
    const next = baselines(given, plan, { ...WRITTEN, after: { x: 'new', y: 'edited' } });
    assert.equal(next.foreign, true);
    assert.deepEqual(next.target, { x: 'new', y: 'old' });
  });

  it('after a write, the value as the target stores it is the baseline when the answer is exact', () => {
    const given = input({ source: { a: ' new ', b: 'old' }, target: { x: 'old', y: 'old' } });
    const plan = planUpdate(given);
    const next = baselines(given, plan, { ...WRITTEN, after: { x: 'NEW', y: 'old' }, exact: true });
    assert.equal(next.foreign, false);
    assert.deepEqual(next.target, { x: 'NEW', y: 'old' });
  });

  it('no text is read to compare spellings where the answer is exact', () => {
    const costly = '[a'.repeat(20_000);
    const given = input({
      source: { a: costly, b: 'old' },
      target: { x: 'old', y: 'old' },
      how: { conflict: 'merge' },
    });
    const plan = { ...emptyPlan(), write: { x: costly } };
    const asked: string[] = [];
    settled(
      () => baselines(given, plan, { ...WRITTEN, after: { x: `${costly}.`, y: 'old' }, exact: true }),
      async ({ name }) => {
        asked.push(name);
        return { failed: 'not here' };
      },
    );
    assert.deepEqual(asked, []);
  });

  it('a field that the target ignored is tried again with the next change', () => {
    const given = input({ source: { a: 'new', b: 'old' }, target: { x: 'old', y: 'old' } });
    const next = baselines(given, planUpdate(given), {
      ...WRITTEN,
      after: { x: 'old', y: 'old' },
      ignored: { x: 'workflow forbids it' },
    });
    assert.equal('a' in next.source, false);
    assert.equal(next.target.x, 'old');
  });

  it('a target that lost a conflict still carries its value back, where the other side wins', () => {
    const given = input({
      source: { a: 'mine', b: 'old' },
      target: { x: 'theirs', y: 'old' },
      how: { conflict: 'system2' },
    });
    const next = baselines(given, planUpdate(given), { ...WRITTEN, after: { x: 'theirs', y: 'old' }, exact: true });
    assert.equal(next.target.x, 'mine');
    assert.equal(next.foreign, true);
  });

  it('a value in a field that was never in sync keeps the event of the target', () => {
    const given = input({
      source: { a: 'new', b: null },
      target: { x: 'old', y: 'put in by a person' },
      sourceBase: { a: 'old', b: null },
      targetBase: { x: 'old' },
    });
    const written = { ...WRITTEN, after: { x: 'new', y: 'put in by a person' }, exact: true };
    assert.equal(baselines(given, planUpdate(given), written).foreign, true);
    assert.equal(baselines(given, planUpdate(given), { ...written, after: { x: 'new', y: null } }).foreign, false);
  });

  it('what is left to the event of the target keeps that event', () => {
    const given = input({ source: { a: 'ours', b: 'old' }, target: { x: 'old', y: 'old' } });
    given.source.pending = { a: [{ sent: 'ours' }] };
    const plan = planUpdate(given);
    assert.deepEqual(plan.left, ['x']);
    assert.equal(baselines(given, plan, { ...WRITTEN, after: { x: 'old', y: 'old' }, exact: true }).foreign, true);
  });

  it('a field that is stopped stays as it is and counts as in sync', () => {
    const given = input({ source: { a: 'new', b: 'old' }, target: { x: 'theirs', y: 'old' } });
    const plan = { ...planUpdate(given), write: {}, kept: [], stopped: ['x'] };
    const next = baselines(given, plan, { ...WRITTEN, after: { x: 'theirs', y: 'old' }, exact: true });
    assert.deepEqual([next.source.a, next.target.x, next.foreign], ['new', 'theirs', false]);
  });

  it('property: after forward and backward merges, both sides agree and nothing more is written', () => {
    const value = fc.constantFrom('old', 'p', 'q', '');
    const policy = fc.constantFrom<ConflictPolicy>('system1', 'system2', 'newest');
    fc.assert(
      fc.property(value, value, value, value, policy, fc.boolean(), (a, b, x, y, conflict, sourceNewer) => {
        const times = sourceNewer ? ['2026-02-02', '2026-01-01'] : ['2026-01-01', '2026-02-02'];
        const one: Fields = { a, b };
        const two: Fields = { x, y };
        let base1: Fields = { a: 'old', b: 'old' };
        let base2: Fields = { x: 'old', y: 'old' };
        let writes = 0;
        for (let turn = 0; turn < 4; turn += 1) {
          const forward = input({ source: one, target: two, sourceBase: base1, targetBase: base2, how: { conflict } });
          forward.source.updatedAt = String(times[0]);
          forward.target.updatedAt = String(times[1]);
          const plan = planUpdate(forward);
          Object.assign(two, plan.write);
          const next = baselines(forward, plan, { ...WRITTEN, after: two, exact: true });
          [base1, base2] = [next.source, next.target];

          const backward: MergeInput = {
            direction: 'backward',
            wanted: { a: two.x ?? null, b: two.y ?? null },
            mapped: { a: { from: ['x'], conflict }, b: { from: ['y'], conflict } },
            unresolved: {},
            source: { now: { ...two }, base: base2, updatedAt: String(times[1]) },
            target: { now: { ...one }, base: base1, updatedAt: String(times[0]) },
          };
          const back = planUpdate(backward);
          Object.assign(one, back.write);
          const after = baselines(backward, back, { ...WRITTEN, after: one, exact: true });
          [base2, base1] = [after.source, after.target];
          if (turn > 1) writes += Object.keys(plan.write).length + Object.keys(back.write).length;
        }
        assert.equal(one.a, two.x);
        assert.equal(one.b, two.y);
        assert.equal(writes, 0);
        if (a !== 'old' && x === 'old') assert.equal(two.x, a);
        if (a === 'old' && x !== 'old') assert.equal(one.a, x);
      }),
    );
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FieldRow } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { choice, ReferenceBench, row } from './reference-bench';

const BUGS = { id: 'bugs' };
const EPICS = { id: 'epics', types: ['Epic'], project: 'Portfolio' };
const ref = ({ id }: { id: string }) => ({ id });

describe('01: a reference is written with the id of the counterpart', () => {
  let bench: ReferenceBench;
  beforeEach(() => {
    bench = new ReferenceBench();
  });
  afterEach(() => bench.close());

  /** Strangers on the other side, so that each number means another entity there. */
  const strangers = (side: Side, count: number) => {
    for (let n = 1; n <= count; n += 1) bench.create(side, `stranger ${n}`, {}, { project: 'Private' });
  };

  for (const side of [1, 2] as const) {
    const other = side === 1 ? 2 : 1;

    it(`${side} → ${other}: never under the stranger that has the same number there, in creates and in updates`, async () => {
      strangers(side, 3);
      strangers(other, 9);
      const [parent, second] = [bench.create(side, 'parent'), bench.create(side, 'second')];
      await bench.start(BUGS);
      await bench.sync();
      const child = bench.create(side, 'child', { parent: ref(parent) });
      await bench.sync();
      assert.notEqual(bench.named(other, 'parent').id, parent.id);
      assert.deepEqual(bench.titles(other, 'child'), ['parent']);
      bench.edit(side, child.id, { parent: ref(second) });
      await bench.sync();
      assert.deepEqual(bench.titles(other, 'child'), ['second']);
      bench.edit(other, bench.named(other, 'child').id, { parent: ref(bench.named(other, 'parent')) });
      await bench.sync();
      assert.deepEqual(bench.titles(side, 'child'), ['parent']);
      bench.edit(other, bench.named(other, 'child').id, { parent: null });
      await bench.sync();
      assert.deepEqual(bench.titles(side, 'child'), []);
      const writes = bench.writes();
      await bench.sync();
      assert.equal(bench.writes(), writes, 'nothing echoes');
    });

    it(`${side} → ${other}: a child that comes before its parent is reported, and is put under it when it arrives`, async () => {
      strangers(other, 5);
      const epic = bench.create(side, 'epic', {}, { type: 'Epic', project: 'Portfolio' });
      bench.create(side, 'child', { parent: ref(epic) });
      await bench.start(BUGS, EPICS);
      await bench.sync('bugs');
      assert.deepEqual(bench.titles(other, 'child'), []);
      const [name] = other === 1 ? ['A'] : ['B'];
      assert.deepEqual(bench.warnings('child'), [
        `parent: waits for ${epic.key}, which has no counterpart in ${name} yet; it is set as soon as it has`,
      ]);
      await bench.sync('bugs');
      assert.deepEqual(bench.titles(side, 'child'), ['epic'], 'the emptiness of the other side does not come back');
      await bench.sync('epics');
      assert.deepEqual(bench.titles(other, 'child'), ['epic'], 'without another poll of its own integration');
      assert.deepEqual(bench.titles(side, 'child'), ['epic']);
      const writes = bench.writes();
      await bench.sync();
      await bench.sync();
      assert.equal(bench.writes(), writes, 'nothing echoes');
      assert.deepEqual(bench.warnings('child'), []);
    });
  }

  it('a wait survives a restart, and another integration that has its systems the other way round may end it', async () => {
    strangers(2, 5);
    const epic = bench.create(1, 'epic', {}, { type: 'Epic', project: 'Portfolio' });
    bench.create(1, 'child', { parent: ref(epic) });
    await bench.start(BUGS);
    await bench.sync();
    await bench.end();
    await bench.start({ ...EPICS, between: [2, 1] });
    await bench.sync();
    await bench.end();
    assert.deepEqual(bench.titles(2, 'child'), []);
    await bench.start(BUGS);
    await bench.sync();
    assert.deepEqual(bench.titles(2, 'child'), ['epic']);
  });

  it('a reference that has changed meanwhile is not written as it was', async () => {
    const epic = bench.create(1, 'epic', {}, { type: 'Epic', project: 'Portfolio' });
    const parent = bench.create(1, 'parent');
    const child = bench.create(1, 'child', { parent: ref(epic) });
    await bench.start(BUGS, EPICS);
    await bench.sync('bugs');
    bench.edit(1, child.id, { parent: ref(parent) });
    // not read yet when the epic lands
    await bench.sync('epics');
    assert.deepEqual(bench.titles(2, 'child'), ['parent']);
    await bench.sync();
    assert.deepEqual(bench.titles(1, 'child'), ['parent']);
    assert.deepEqual(bench.titles(2, 'child'), ['parent']);
  });

  it('an edit of the other side while a reference waits is an edit; the waiting one is a conflict for the row', async () => {
    const epic = bench.create(1, 'epic', {}, { type: 'Epic', project: 'Portfolio' });
    bench.create(1, 'parent');
    bench.create(1, 'child', { parent: ref(epic) });
    await bench.start({ ...BUGS, rows: [row('title'), row('parent', { conflict: 'system1' })] }, EPICS);
    await bench.sync('bugs');
    bench.edit(2, bench.named(2, 'child').id, { title: 'child, edited', parent: ref(bench.named(2, 'parent')) });
    await bench.sync('bugs');
    assert.equal(bench.named(1, 'child, edited').key, bench.named(1, 'child, edited').key);
    assert.deepEqual(bench.titles(1, 'child, edited'), ['epic']);
    await bench.sync('epics');
    await bench.sync();
    assert.deepEqual(bench.titles(2, 'child, edited'), ['epic']);
  });

  describe('of a list', () => {
    it('what has a counterpart is written, the rest when it has; what one side cannot show is nobody’s removal', async () => {
      strangers(2, 7);
      const epic = bench.create(1, 'epic', {}, { type: 'Epic', project: 'Portfolio' });
      const [one, two] = [bench.create(1, 'one'), bench.create(1, 'two')];
      const child = bench.create(1, 'child', { related: [ref(one), ref(epic)] });
      await bench.start(BUGS, EPICS);
      await bench.sync('bugs');
      assert.deepEqual(bench.titles(2, 'child', 'related'), ['one']);
      assert.match(bench.warnings('child').join(), /related: waits for A-\d+,/);

      bench.edit(2, bench.named(2, 'child').id, { related: [ref(bench.named(2, 'one')), ref(bench.named(2, 'two'))] });
      await bench.sync('bugs');
      assert.deepEqual(bench.titles(1, 'child', 'related').sort(), ['epic', 'one', 'two']);
      bench.edit(1, child.id, { related: [ref(two), ref(epic)] });
      await bench.sync('bugs');
      assert.deepEqual(bench.titles(2, 'child', 'related'), ['two']);
      await bench.sync('epics');
      assert.deepEqual(bench.titles(2, 'child', 'related').sort(), ['epic', 'two']);
      assert.deepEqual(bench.titles(1, 'child', 'related').sort(), ['epic', 'two']);
      const writes = bench.writes();
      await bench.sync();
      assert.equal(bench.writes(), writes, 'nothing echoes');
    });

    it('rows that merge put the edits of both sides together, whatever numbers the entities have', async () => {
      strangers(2, 1);
      const all = ['a', 'b', 'c', 'd'].map((title) => bench.create(1, title));
      const [a, b, c] = all.map(ref);
      assert.ok(a && b && c);
      const child = bench.create(1, 'child', { related: [a, b] });
      await bench.start({ ...BUGS, rows: [row('title'), row('related', { conflict: 'merge' })] });
      await bench.sync();
      assert.deepEqual(bench.titles(2, 'child', 'related').sort(), ['a', 'b']);
      bench.edit(1, child.id, { related: [b, c] });
      const there = ['a', 'b', 'd'].map((title) => ref(bench.named(2, title)));
      bench.edit(2, bench.named(2, 'child').id, { related: there });
      await bench.sync();
      await bench.sync();
      assert.deepEqual(bench.titles(2, 'child', 'related').sort(), ['b', 'c', 'd']);
      assert.deepEqual(bench.titles(1, 'child', 'related').sort(), ['b', 'c', 'd']);
    });
  });

  describe('to something that no integration syncs', () => {
    const hidden = () => bench.create(1, 'private', {}, { project: 'Private' });
    const policy = (unresolved: 'default' | 'leave' | 'park', more = {}) => ({
      ...BUGS,
      defaults: [{ field: choice('parent'), side: 2 as const, unresolved, ...more }],
    });

    it('is left out and reported; where it is synced later, it is set', async () => {
      strangers(2, 3);
      const parent = hidden();
      bench.create(1, 'child', { parent: ref(parent) });
      await bench.start(BUGS);
      await bench.sync();
      assert.deepEqual(bench.titles(2, 'child'), []);
      assert.deepEqual(bench.warnings('child'), [
        `parent: ${parent.key} has no counterpart in B: no integration syncs its project and item type`,
      ]);
      await bench.start({ id: 'private', project: 'Private' });
      await bench.sync();
      assert.deepEqual(bench.titles(2, 'child'), ['private']);
    });

    it('parks where its default row says so', async () => {
      bench.create(1, 'child', { parent: ref(hidden()) });
      await bench.start(policy('park'));
      await bench.sync();
      assert.deepEqual(
        bench.failures.map(({ error, parked }) => [parked, Object.keys(error.detail.fields ?? {})]),
        [[true, ['parent']]],
      );
      assert.match(bench.failures[0]?.error.message ?? '', /no integration syncs its project/);
    });

    it('takes the default where one is given, which is the target’s own', async () => {
      strangers(2, 3);
      const fallback = bench.create(2, 'catch-all', {}, { project: 'Private' });
      bench.create(1, 'child', { parent: ref(hidden()) });
      await bench.start(policy('default', { value: { id: fallback.id, name: 'catch-all' } }));
      await bench.sync();
      assert.deepEqual(bench.titles(2, 'child'), ['catch-all']);
      assert.match(bench.warnings('child').join(), /no integration syncs its project/);
      const writes = bench.writes();
      await bench.sync();
      assert.equal(bench.writes(), writes);
      await bench.start({ id: 'private', project: 'Private' });
      await bench.sync();
      assert.deepEqual(bench.titles(2, 'child'), ['private']);
    });

    it('waits nevertheless, whatever the row says, where its counterpart is to come', async () => {
      const epic = bench.create(1, 'epic', {}, { type: 'Epic', project: 'Portfolio' });
      bench.create(1, 'child', { parent: ref(epic) });
      await bench.start(policy('park'), EPICS);
      await bench.sync('bugs');
      assert.deepEqual(bench.failures, []);
      assert.match(bench.warnings('child').join(), /waits for/);
      await bench.sync('epics');
      assert.deepEqual(bench.titles(2, 'child'), ['epic']);
    });

    it('a parent that was deleted counts as such', async () => {
      const parent = hidden();
      bench.create(1, 'child', { parent: ref(parent) });
      bench.spaces[1].remove('alice', parent.id);
      await bench.start(BUGS);
      await bench.sync();
      assert.match(bench.warnings('child').join(), /no longer exists or is not visible to the account/);
    });
  });

  describe('that the target refuses', () => {
    it('is left out and reported, and all else is written, in creates and in updates; the next change tries it again', async () => {
      const [parent, other] = [bench.create(1, 'parent'), bench.create(1, 'other')];
      const child = bench.create(1, 'child');
      await bench.start(BUGS);
      await bench.sync();
      // its counterpart is gone
      bench.spaces[2].remove('alice', bench.named(2, 'parent').id);
      bench.create(1, 'new child', { parent: ref(parent) });
      bench.edit(1, child.id, { title: 'child, edited', parent: ref(parent) });
      await bench.sync();
      assert.deepEqual(bench.failures, []);
      for (const title of ['new child', 'child, edited']) {
        assert.deepEqual(bench.titles(2, title), []);
        assert.deepEqual(bench.titles(1, title), ['parent']);
        assert.match(bench.warnings(title).join(), /parent: B does not take it/);
      }
      bench.edit(1, child.id, { title: 'child', parent: ref(other) });
      await bench.sync();
      assert.deepEqual(bench.titles(2, 'child'), ['other']);
    });

    it('parks where its default row says so', async () => {
      const parent = bench.create(1, 'parent');
      await bench.start({ ...BUGS, defaults: [{ field: choice('parent'), side: 2, unresolved: 'park' }] });
      await bench.sync();
      bench.spaces[2].remove('alice', bench.named(2, 'parent').id);
      bench.create(1, 'child', { parent: ref(parent) });
      await bench.sync();
      assert.deepEqual(
        bench.failures.map(({ parked }) => parked),
        [true],
      );
    });
  });

  it('what could not be written without its parent is tried again by itself once that has a counterpart', async () => {
    const epic = bench.create(1, 'epic', {}, { type: 'Epic', project: 'Portfolio' });
    bench.create(1, 'child', { parent: ref(epic) });
    await bench.start({ ...BUGS, rows: [row('parent'), row('title', { syncWhen: 'update' })] }, EPICS);
    await bench.sync('bugs');
    assert.equal(bench.failures.at(-1)?.parked, true, 'a title is mandatory');
    await bench.end();
    await bench.start({ ...BUGS }, EPICS);
    await bench.sync('epics');
    assert.deepEqual(bench.titles(2, 'child'), ['epic']);
  });

  it('rows that always write do not carry back the emptiness of what cannot be shown', async () => {
    const epic = bench.create(1, 'epic', {}, { type: 'Epic', project: 'Portfolio' });
    bench.create(1, 'child', { parent: ref(epic), related: [ref(epic)] });
    const always = (id: string): FieldRow => row(id, { applyWhen: 'always' });
    await bench.start({ ...BUGS, rows: [row('title'), always('parent'), always('related')] }, EPICS);
    await bench.sync('bugs');
    bench.edit(2, bench.named(2, 'child').id, { title: 'child, edited' });
    await bench.sync('bugs');
    assert.deepEqual(bench.titles(1, 'child, edited'), ['epic']);
    assert.deepEqual(bench.titles(1, 'child, edited', 'related'), ['epic']);
    await bench.sync('epics');
    assert.deepEqual(bench.titles(2, 'child, edited'), ['epic']);
    assert.deepEqual(bench.titles(2, 'child, edited', 'related'), ['epic']);
  });

  it('constants, defaults and what an expression looked up in the target are written as they are', async () => {
    strangers(1, 4);
    const fixed = bench.create(2, 'fixed', {}, { project: 'Private' });
    bench.create(1, 'child');
    const constant: FieldRow = {
      two: choice('parent'),
      direction: 'forward',
      constant: { id: fixed.id, name: 'fixed' },
    };
    await bench.start({ ...BUGS, rows: [row('title'), constant] });
    await bench.sync();
    assert.deepEqual(bench.titles(2, 'child'), ['fixed']);
  });

  it('a dry run and a plan show the counterpart, or what the reference waits for', async () => {
    strangers(2, 4);
    const epic = bench.create(1, 'epic', {}, { type: 'Epic', project: 'Portfolio' });
    const parent = bench.create(1, 'parent');
    await bench.start(BUGS, EPICS);
    await bench.sync('bugs');
    const one = bench.create(1, 'one', { parent: ref(parent) });
    const two = bench.create(1, 'two', { parent: ref(epic) });
    const counterpart = bench.named(2, 'parent');
    const planned = async (entity: typeof one) =>
      (await bench.plan('bugs', 1, entity)).fields.find(({ field }) => field === 'parent');
    const first = await planned(one);
    assert.equal(first?.effect, 'write');
    assert.deepEqual(
      [first?.after, first?.wanted],
      [0, 0].map(() => ({ id: counterpart.id, key: counterpart.key, url: counterpart.url })),
    );
    const second = await planned(two);
    assert.equal(second?.effect, 'none');
    assert.deepEqual(
      second?.warnings.map(({ kind, code, reason }) => [kind, code, reason]),
      [
        [
          'unresolved',
          'awaited',
          `waits for ${epic.key}, which has no counterpart in the target yet; it is set as soon as it has`,
        ],
      ],
    );
    await bench.end();
    await bench.start({ ...BUGS, dryRun: true }, EPICS);
    await bench.sync('bugs');
    const shown = (key: string) => bench.results.find((result) => result.source.key === key && result.dryRun);
    const after = shown(one.key)?.dryRun?.changes.parent?.after;
    assert.equal(typeof after === 'object' && after !== null && 'id' in after && after.id, counterpart.id);
    assert.equal(shown(two.key)?.dryRun?.changes.parent, undefined);
    assert.match(JSON.stringify(shown(two.key)?.warnings), /waits for/);
  });

  it('whatever order entities arrive in, each child is under the counterpart of its parent in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ parent: fc.nat(5), epic: fc.boolean(), early: fc.boolean() }), {
          minLength: 2,
          maxLength: 6,
        }),
        fc.array(fc.constantFrom('bugs', 'epics', 'restart', 'edit', 'write'), { minLength: 3, maxLength: 10 }),
        fc.constantFrom<Side>(1, 2),
        async (wanted, steps, side) => {
          const own = new ReferenceBench();
          const start = () => own.start(BUGS, EPICS);
          try {
            for (let n = 0; n < 4; n += 1) own.create(side === 1 ? 2 : 1, `stranger ${n}`, {}, { project: 'Private' });
            const place = (epic: boolean) => (epic ? { type: 'Epic', project: 'Portfolio' } : {});
            const made = wanted.map(({ epic }, n) => own.create(side, `entity ${n}`, {}, place(epic)));
            const point = (n: number) => {
              const [entity, parent] = [made[n], made[(wanted[n]?.parent ?? 0) % made.length]];
              if (entity && parent && entity !== parent)
                own.edit(side, entity.id, { parent: ref(parent), related: [ref(parent)] });
            };
            for (const [n, { early }] of wanted.entries()) if (early) point(n);
            await start();
            for (const step of steps) {
              if (step === 'restart') {
                await own.end();
                await start();
              } else if (step === 'edit') point(Math.floor(own.writes() % made.length));
              else if (step === 'write') own.edit(side, made[0]?.id ?? '', { title: `entity 0` });
              else await own.sync(step);
            }
            for (const n of wanted.keys()) point(n);
            await own.sync();
            await own.sync();
            for (const n of wanted.keys()) {
              for (const field of ['parent', 'related']) {
                const there = own.titles(side === 1 ? 2 : 1, `entity ${n}`, field);
                assert.deepEqual(there, own.titles(side, `entity ${n}`, field));
              }
            }
            const writes = own.writes();
            await own.sync();
            assert.equal(own.writes(), writes);
          } finally {
            await own.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  }).timeout(120_000);
});

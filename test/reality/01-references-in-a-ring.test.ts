/** 01: references where the counterpart of what they name is linked over a third system only. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Place, ReferenceBench } from './reference-bench';

const pair = (id: string, ...between: [Place, Place]) => ({ id, between });
const [AB, BC, CA] = [pair('ab', 1, 2), pair('bc', 2, 3), pair('ca', 3, 1)];
const RING = [AB, BC, CA];
const PLACES: Place[] = [1, 2, 3];
const ref = ({ id }: { id: string }) => ({ id });

/** Strangers, so that each number means another entity in each system. */
const strangers = (bench: ReferenceBench) => {
  for (const place of PLACES)
    for (let n = 0; n < place * 3; n += 1) bench.create(place, `stranger ${n}`, {}, { project: 'Private' });
};

describe('01: references in a ring of three systems', () => {
  let bench: ReferenceBench;
  beforeEach(() => {
    bench = new ReferenceBench();
    strangers(bench);
  });
  afterEach(() => bench.close());

  /** Nothing echoes. */
  async function rests(): Promise<void> {
    const writes = bench.writes();
    await bench.sync();
    assert.equal(bench.writes(), writes);
  }

  it('a child goes straight to a system that its parent has reached over another one', async () => {
    const parent = bench.create(1, 'parent');
    await bench.start(AB, BC);
    await bench.sync('ab');
    await bench.sync('bc');
    await bench.start(CA);
    bench.create(1, 'child', { parent: ref(parent), related: [ref(parent)] });
    await bench.sync('ca');
    assert.deepEqual(bench.titles(3, 'child'), ['parent']);
    assert.deepEqual(bench.titles(3, 'child', 'related'), ['parent']);
    await bench.sync();
    await bench.sync();
    for (const place of PLACES) assert.deepEqual(bench.titles(place, 'child'), ['parent']);
    await rests();
  });

  it('a child waits for a parent that is on its way over another system, and is put under it by itself', async () => {
    const parent = bench.create(1, 'parent', {}, { type: 'Epic', project: 'Portfolio' });
    bench.create(1, 'child', { parent: ref(parent) });
    const epics = { types: ['Epic'], project: 'Portfolio' };
    await bench.start(CA, { ...AB, ...epics }, { ...BC, ...epics });
    await bench.sync('ca');
    assert.deepEqual(bench.titles(3, 'child'), []);
    assert.deepEqual(bench.warnings('child'), [
      `parent: waits for ${parent.key}, which has no counterpart in C yet; it is set as soon as it has`,
    ]);
    await bench.sync('ab');
    assert.deepEqual(bench.titles(3, 'child'), []);
    await bench.sync('bc');
    assert.deepEqual(bench.titles(3, 'child'), ['parent'], 'without another poll of its own integration');
    await rests();
    assert.deepEqual(bench.warnings('child'), []);
  });

  it('whatever order the two arrive in, wherever they were made, the child is under its parent everywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ parent: fc.constantFrom(...PLACES), child: fc.constantFrom(...PLACES), early: fc.boolean() }),
        fc.array(fc.constantFrom('ab', 'bc', 'ca', 'restart', 'edit'), { minLength: 3, maxLength: 9 }),
        async (made, order) => {
          const own = new ReferenceBench();
          try {
            strangers(own);
            const place = made.child;
            const parent = own.create(made.parent, 'parent');
            const child = own.create(
              place,
              'child',
              made.parent === place && made.early ? { parent: ref(parent) } : {},
            );
            await own.start(...RING);
            for (const step of order) {
              if (step === 'restart') {
                await own.end();
                await own.start(...RING);
              } else if (step === 'edit')
                own.edit(made.parent, parent.id, { related: [ref(own.named(made.parent, 'parent'))] });
              else await own.sync(step);
            }
            await own.sync();
            await own.sync();
            own.edit(place, child.id, { parent: ref(own.named(place, 'parent')) });
            for (let round = 0; round < 3; round += 1) await own.sync();
            for (const where of PLACES) assert.deepEqual(own.titles(where, 'child'), ['parent'], `in ${where}`);
            for (const where of PLACES) own.named(where, 'parent');
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

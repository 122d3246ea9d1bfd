/** A linked entity that no sync reaches any more is noticed, counted, named – and synced again when it is back. */

import assert from 'node:assert/strict';
import type { TypePair } from '../../lib/model/config';
import { Workbench } from '../engine/workbench';

const pair = (id: string): TypePair => ({
  id,
  one: { id, name: id },
  two: { id: `${id}2`, name: `${id} of Two` },
  direction: 'both',
});

describe('A linked entity', () => {
  let bench: Workbench;

  beforeEach(async () => {
    bench = await Workbench.start({ retries: 0, typePairs: [pair('Bug'), pair('Story')] });
    const save = bench.two.save.bind(bench.two);
    // what is created in Two is of the type that was asked for
    bench.two.save = (id, fields, by) => {
      const entity = { ...save(id, fields, by), type: 'Bug2' };
      bench.two.entities.set(entity.id, entity);
      return structuredClone(entity);
    };
    bench.one.save(undefined, { title: 'a' });
    await bench.sync();
    assert.equal(bench.two.entities.size, 1);
  });
  afterEach(() => bench.stop());

  const become = (what: { type?: string; project?: string }) => {
    const entity = bench.one.save('one-1', { note: 'changed, too' });
    bench.one.entities.set('one-1', { ...entity, ...what });
  };
  const divergedOf = async () => (await bench.integration.commands.overview())[0].diverged;
  const warned = () => bench.results.flatMap(({ warnings }) => warnings.map(({ reason }) => reason)).join('\n');

  it('whose type was changed is still written, and each result says that its counterpart keeps its own', async () => {
    become({ type: 'Story' });
    await bench.sync();
    assert.equal(bench.two.valueOf('a', 'note'), 'changed, too');
    assert.match(warned(), /one-1 is of type Story now; its counterpart two-1 is still of type Bug of Two/);
    assert.equal((await divergedOf())?.count, 1);
    bench.one.entities.set('one-1', { ...bench.one.save('one-1', { note: 'b' }), type: 'Bug' });
    await bench.sync();
    assert.equal(await divergedOf(), undefined);
  });

  it('that was moved into a project that is not paired is reported, counted, and synced when it is back', async () => {
    become({ project: 'Elsewhere' });
    await bench.sync();
    assert.notEqual(bench.two.valueOf('a', 'note'), 'changed, too');
    assert.match(warned(), /one-1 is in a project or of a type that is no longer paired; two-1 is kept unchanged/);
    assert.equal((await divergedOf())?.count, 1);
    const entity = bench.one.entities.get('one-1');
    assert.ok(entity);
    bench.one.entities.set('one-1', { ...entity, project: 'P', version: 'back' });
    // no poll sees it
    await bench.wait(6 * 60_000);
    assert.equal(bench.two.valueOf('a', 'note'), 'changed, too');
    assert.equal(await divergedOf(), undefined);
  });

  it('that was deleted is found though no poll shows it, once', async () => {
    bench.one.entities.delete('one-1');
    await bench.wait(20 * 60_000);
    assert.deepEqual((await divergedOf())?.first, [
      'one-1 was deleted, moved out of the paired projects or hidden from the account; two-1 is kept unchanged',
    ]);
    assert.equal(bench.results.filter(({ outcome }) => outcome === 'skipped').length, 1);
  });
});

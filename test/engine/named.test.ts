/** Entities that name each other by the fields that show a counterpart: linked, not made again; and copied keys. */

import assert from 'node:assert/strict';
import { canTell } from '../../lib/engine/write/named';
import { SyncError } from '../../lib/model/errors';
import type { Fields } from '../../lib/model/values';
import { SYNC, Workbench } from './workbench';

const BOTH = { backlinks: { 1: { key: 'remote' }, 2: { key: 'remote' } } };

describe('An entity that names its counterpart', () => {
  let bench: Workbench;

  const start = async (set = {}): Promise<void> => {
    bench = await Workbench.start({ ...BOTH, ...set });
    // no row maps them
    bench.flow = ({ payload }) => {
      delete payload.remote;
      delete payload.address;
    };
    bench.one.searches = true;
    bench.two.searches = true;
  };
  afterEach(() => bench.stop());

  const pairs = async (): Promise<string[]> => {
    const links = await Promise.all(
      [...bench.one.entities.keys()].map((id) => bench.store.linkOf('integration', 1, id)),
    );
    return links.map((link) => `${link?.ends[0].ref.id} ${link?.ends[1].ref.id}`);
  };
  const titles = (fields: Fields | undefined) => [fields?.title, fields?.remote];

  it('is linked where the key was written by another Node-RED, or a store that is lost; nothing is made', async () => {
    await start();
    bench.one.save('one-1', { title: 'Bug' });
    bench.two.save('two-1', { title: 'Bug', remote: 'one-1' }, SYNC);
    await bench.sync();
    assert.deepEqual(await pairs(), ['one-1 two-1']);
    assert.deepEqual([bench.one.entities.size, bench.two.entities.size], [1, 1]);
    assert.equal(bench.results[0]?.outcome, 'adopted');
    bench.one.save('one-1', { title: 'Edited' });
    await bench.sync();
    assert.equal(bench.two.entities.get('two-1')?.fields.title, 'Edited');
  });

  it('is linked where the source names it, or only an address does', async () => {
    await start({ backlinks: { 2: { url: 'address' } } });
    bench.one.save('one-1', { title: 'Bug' });
    bench.two.save('two-1', { title: 'Bug', address: 'https://one.example.org/one-1' });
    await bench.sync();
    assert.deepEqual(await pairs(), ['one-1 two-1']);
    assert.deepEqual([bench.one.entities.size, bench.two.entities.size], [1, 1]);
  });

  it('differs by the policy of the row: the newer side wins where nothing is known of before', async () => {
    await start();
    bench.two.save('two-1', { title: 'old', note: 'only here', remote: 'one-1' }, SYNC);
    await bench.wait(1_000);
    bench.one.save('one-1', { title: 'newer', priority: 'high' });
    await bench.sync();
    await bench.sync();
    for (const { fields } of [...bench.one.entities.values(), ...bench.two.entities.values()])
      assert.deepEqual([fields.title, fields.note, fields.priority], ['newer', 'only here', 'high']);
  });

  it('and whose key was copied is a new one: it gets a counterpart of its own, and its key is set right', async () => {
    await start();
    bench.one.save('one-1', { title: 'Bug' });
    await bench.sync();
    const [original] = [...bench.two.entities.keys()];
    bench.two.save('two-9', { title: 'Copy of bug', remote: 'one-1' });
    await bench.sync();
    assert.equal(bench.one.entities.size, 2);
    const made = [...bench.one.entities.values()].find(({ fields }) => fields.title === 'Copy of bug');
    assert.deepEqual(titles(made?.fields), ['Copy of bug', 'two-9']);
    assert.deepEqual(titles(bench.two.entities.get('two-9')?.fields), ['Copy of bug', made?.id]);
    assert.equal((await bench.store.linkOf('integration', 1, 'one-1'))?.ends[1].ref.id, original);
  });

  it('and whose key was copied before anything was linked: the oldest is the one, from whichever side it is looked', async () => {
    for (const [read, other] of [
      ['one', 'two'],
      ['two', 'one'],
    ] as const) {
      await start();
      const [first, second] = [bench[read], bench[other]];
      first.save(`${read}-1`, { title: 'Bug' });
      second.save(`${other}-1`, { title: 'Bug', remote: `${read}-1` }, SYNC);
      second.save(`${other}-2`, { title: 'Copy', remote: `${read}-1` });
      await bench.sync();
      await bench.sync();
      assert.deepEqual([first.entities.size, second.entities.size], [2, 2], read);
      const link = await bench.store.linkOf('integration', read === 'one' ? 1 : 2, `${read}-1`);
      assert.equal(link?.ends[other === 'one' ? 0 : 1].ref.id, `${other}-1`);
      if (read === 'one') await bench.stop();
    }
  });

  it('is not taken where it names another one itself, or is of another type or project', async () => {
    await start();
    bench.one.save('one-1', { title: 'Bug', remote: 'two-1' });
    bench.two.save('two-1', { title: 'Other', remote: 'one-77' });
    await bench.sync();
    assert.deepEqual([bench.one.entities.size, bench.two.entities.size], [2, 2]);
  });
});

describe('Entities that are created together', () => {
  let bench: Workbench;
  const numbers = Array.from({ length: 10 }, (_, index) => index + 1);

  beforeEach(async () => {
    const project = { id: 'P', name: 'P' };
    bench = await Workbench.start({ ...BOTH, projectPairs: [{ one: project, two: project, direction: 'forward' }] });
    bench.flow = ({ payload }) => {
      delete payload.remote;
    };
    bench.one.searches = true;
    bench.two.searches = true;
  });
  afterEach(() => bench.stop());

  const create = () => {
    for (const n of numbers) bench.one.save(`one-${n}`, { title: `Bug ${n}` });
  };
  const counterpartOf = async (id: string) => (await bench.store.linkOf('integration', 1, id))?.ends[1].ref.id;

  it('are looked for together: one search for a batch, and each that is there already is linked', async () => {
    create();
    bench.two.save('there-3', { title: 'Bug 3', remote: 'one-3' }, SYNC);
    bench.two.save('there-8', { title: 'Bug 8', remote: 'ONE-8' }, SYNC);
    bench.two.ignoresCase = true;
    await bench.sync();
    assert.ok(bench.two.searched.length <= 2, `${bench.two.searched.length} searches`);
    assert.equal(bench.two.entities.size, numbers.length);
    assert.deepEqual([await counterpartOf('one-3'), await counterpartOf('one-8')], ['there-3', 'there-8']);
  });

  it('are looked for in smaller groups where one of them cannot be, and the others are still found', async () => {
    create();
    bench.two.save('there-3', { title: 'Bug 3', remote: 'one-3' }, SYNC);
    bench.two.cannotSearch = 'one-4';
    await bench.sync();
    assert.equal(await counterpartOf('one-3'), 'there-3');
    assert.equal(bench.two.entities.size, numbers.length);
    assert.ok(bench.two.searched.length <= 8, `${bench.two.searched.length} searches`);
  });

  it('are distinguished where one of them is named by more than was asked for', async () => {
    create();
    for (let copy = 0; copy < 250; copy += 1) bench.two.save(`copy-${copy}`, { title: 'Copy', remote: 'one-1' });
    bench.two.save('there-9', { title: 'Bug 9', remote: 'one-9' }, SYNC);
    await bench.sync(1_000);
    assert.equal(await counterpartOf('one-9'), 'there-9');
  });

  it('wait alone where what may be theirs is not delivered; the others are created', async () => {
    create();
    bench.two.save('there-3', { title: 'Bug 3', remote: 'one-3' }, SYNC);
    bench.two.unshown.add('there-3');
    await bench.sync();
    assert.deepEqual([bench.two.entities.size, await counterpartOf('one-3')], [numbers.length, undefined]);
    assert.match(bench.failures[0]?.error.message ?? '', /one-3.*not known whether it has a counterpart/s);
    assert.ok(bench.two.searched.length <= 10, `${bench.two.searched.length} searches`);
  });

  it('are all in doubt where any of them may be what is not delivered; that is asked for three times, not for each', async () => {
    create();
    bench.two.save('hidden', { title: 'Of whom nobody knows' }, SYNC);
    bench.two.unshown.add('hidden');
    bench.two.showsNothingOfUnshown = true;
    await bench.sync(1);
    assert.equal(bench.two.entities.size, 1);
    assert.equal(bench.two.searched.length, 3);
  });

  it('are not created where the target cannot be asked, and are once it can', async () => {
    create();
    bench.two.fault = new SyncError('transient', 'away');
    await bench.sync(1_000);
    assert.equal(bench.two.entities.size, 0);
    bench.two.fault = undefined;
    await bench.sync(600_000);
    assert.equal(bench.two.entities.size, numbers.length);
  });
});

describe('Whether counterparts are recognised without the store', () => {
  it('needs a field for the remote key or address in the target, or in the source where it is written back', async () => {
    for (const [backlinks, expected] of [
      [{}, [false, false]],
      [{ 2: { key: 'remote' } }, [true, false]],
      [{ 1: { url: 'address' } }, [false, true]],
      [{ 1: { key: 'remote', back: true } }, [true, true]],
    ] as const) {
      const bench = await Workbench.start({ backlinks });
      bench.one.searches = true;
      bench.two.searches = true;
      assert.deepEqual(
        [canTell(bench.integration, 1), canTell(bench.integration, 2)],
        expected,
        JSON.stringify(backlinks),
      );
      await bench.stop();
    }
  });
});

import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import { Workbench } from './workbench';

const FIELDS = { key: 'remote', url: 'remoteUrl' };
const BACK = { ...FIELDS, back: true };
const BOTH = { backlinks: { 1: BACK, 2: BACK } };

describe('Counterparts shown on both sides', () => {
  let bench: Workbench;
  const start = async (options?: Parameters<typeof Workbench.start>[0]) => {
    bench = await Workbench.start(options);
    // as after a field mapper: what no row maps is not there
    bench.flow = ({ payload }) => {
      delete payload.remote;
      delete payload.remoteUrl;
    };
    return bench;
  };
  afterEach(() => bench.stop());

  const shown = (side: 'one' | 'two', title: string) => {
    const tracker = bench[side];
    return [tracker.valueOf(title, 'remote'), tracker.valueOf(title, 'remoteUrl')];
  };
  const owed = async () => {
    const [one, two] = await bench.store.owedCounts('integration');
    return [one.due, one.resting, two.due, two.resting];
  };
  const asked = (side: 'one' | 'two') => bench[side].asked.length;

  it('by key and address: with the create in the new one, a moment later in the one it came from', async () => {
    await start(BOTH);
    bench.one.save(undefined, { title: 'Crash' });
    bench.two.save(undefined, { title: 'Typo' });
    await bench.sync();
    assert.deepEqual(shown('two', 'Crash'), ['one-1', 'https://one.example.org/one-1']);
    assert.deepEqual(shown('one', 'Crash'), ['two-2', 'https://two.example.org/two-2']);
    assert.deepEqual(shown('one', 'Typo'), ['two-1', 'https://two.example.org/two-1']);
    assert.deepEqual(shown('two', 'Typo'), ['one-2', 'https://one.example.org/one-2']);
    assert.deepEqual([asked('one'), asked('two')], [2, 2], 'one create and one write back on each side');
    assert.deepEqual(await owed(), [0, 0, 0, 0]);
  });

  it('are no change: nothing comes of them, not even a message', async () => {
    await start(BOTH);
    bench.one.save(undefined, { title: 'Crash' });
    await bench.sync();
    const [messages, results] = [bench.sent.length, bench.results.length];
    await bench.sync();
    await bench.sync();
    assert.deepEqual([bench.sent.length, bench.results.length], [messages, results]);
    assert.deepEqual([asked('one'), asked('two')], [1, 1]);
  });

  it('are shown afterwards by those that were linked before it was chosen, each once', async () => {
    await start({ backlinks: { 1: FIELDS, 2: FIELDS } });
    for (let n = 0; n < 25; n += 1) bench.one.save(undefined, { title: `Bug ${n}` });
    await bench.sync();
    assert.equal(asked('one'), 0);
    const shown1 = () => [...bench.one.entities.values()].filter(({ fields }) => fields.remote).length;

    await bench.redeploy({ backlinks: { 1: BACK, 2: FIELDS } });
    await bench.wait();
    assert.deepEqual([shown1(), asked('one'), asked('two')], [25, 25, 25]);
    assert.deepEqual(await owed(), [0, 0, 0, 0]);
    await bench.redeploy({ backlinks: { 1: BACK, 2: FIELDS } });
    await bench.sync();
    assert.equal(asked('one'), 25, 'nothing is written again');
    assert.equal(bench.sent.length, 25, 'and nothing comes of it');
  });

  it('are not written back unless that is wanted', async () => {
    await start({ backlinks: { 1: FIELDS, 2: FIELDS } });
    bench.one.save(undefined, { title: 'Crash' });
    await bench.sync();
    assert.deepEqual(shown('two', 'Crash'), ['one-1', 'https://one.example.org/one-1']);
    assert.deepEqual(shown('one', 'Crash'), [undefined, undefined]);
    assert.equal(asked('one'), 0);
  });

  it('are written back together', async () => {
    await start(BOTH);
    for (let n = 0; n < 25; n += 1) bench.one.save(undefined, { title: `Bug ${n}` });
    let requests = 0;
    bench.one.work = async () => {
      requests += 1;
    };
    await bench.sync();
    assert.equal(asked('one'), 25);
    assert.equal(requests, 1);
  });

  it('leave alone what a person changes in the same moment, and do not hide it', async () => {
    await start(BOTH);
    const { id } = bench.one.save(undefined, { title: 'Crash', priority: 'Low' });
    bench.one.work = async () => {
      bench.one.work = async () => undefined;
      bench.one.save(id, { priority: 'High' });
    };
    await bench.sync();
    assert.equal(bench.one.valueOf('Crash', 'remote'), 'two-1');
    assert.equal(bench.one.valueOf('Crash', 'priority'), 'High');
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'priority'), 'High');
  });

  it('are not written where they are shown already', async () => {
    await start({ backlinks: { 1: { key: 'remote', back: true }, 2: BACK } });
    // somebody was quicker: what the counterpart is called could be seen from the first moment
    bench.two.work = async () => {
      bench.one.save('one-1', { remote: 'two-1' });
    };
    bench.one.save(undefined, { title: 'Crash' });
    await bench.sync();
    assert.equal(asked('one'), 0);
    assert.deepEqual(await owed(), [0, 0, 0, 0]);
  });

  it('wait while the system is in trouble, and nobody is charged', async () => {
    await start({ ...BOTH, retries: 0 });
    bench.one.save(undefined, { title: 'Crash' });
    bench.two.work = async () => {
      bench.one.fault = new SyncError('transient', 'down');
    };
    await bench.sync(20_000);
    assert.equal(bench.two.valueOf('Crash', 'remote'), 'one-1');
    assert.deepEqual(await owed(), [1, 0, 0, 0]);
    bench.one.fault = undefined;
    await bench.sync(600_000);
    assert.equal(bench.one.valueOf('Crash', 'remote'), 'two-1');
    assert.deepEqual(await owed(), [0, 0, 0, 0]);
    assert.deepEqual(bench.unshown, []);
  });

  it('rest where the system refuses them, say so, and do not hold back the entity', async () => {
    await start(BOTH);
    bench.one.refuses = ({ fields }) => ('remote' in fields ? { remote: 'is not on the edit screen' } : undefined);
    const { id } = bench.one.save(undefined, { title: 'Crash', note: 'a' });
    await bench.sync(600_000);
    assert.deepEqual(await owed(), [0, 1, 0, 0]);
    assert.deepEqual(bench.unshown, ['1 1 Backlink from Bug one-1 to two-1 failed: is not on the edit screen']);
    assert.equal(asked('one'), 2, 'as often as a change is tried');

    bench.one.save(id, { note: 'b' });
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'note'), 'b');
    assert.deepEqual((await bench.integration.commands.overview())[0].unshown, {
      due: 0,
      resting: 1,
      why: 'Backlink from Bug one-1 to two-1 failed: is not on the edit screen',
    });

    bench.one.refuses = () => undefined;
    assert.equal(await bench.integration.commands.retry(), 1);
    await bench.wait();
    assert.equal(bench.one.valueOf('Crash', 'remote'), 'two-1');
    assert.deepEqual(await owed(), [0, 0, 0, 0]);
  });

  it('end silently with an entity that is gone', async () => {
    await start(BOTH);
    bench.one.save(undefined, { title: 'Crash' });
    bench.two.work = async () => {
      bench.one.entities.delete('one-1');
    };
    await bench.sync(600_000);
    assert.deepEqual(await owed(), [0, 0, 0, 0]);
    assert.deepEqual(bench.unshown, []);
  });

  it('are links where a system has a place for them, one for each counterpart', async () => {
    await start({ backlinks: { 1: { link: true, back: true }, 2: { link: true } } });
    bench.one.takesLinks = true;
    bench.two.takesLinks = true;
    bench.one.save(undefined, { title: 'Crash' });
    await bench.sync();
    const link = { url: 'https://one.example.org/one-1', title: 'One: one-1', key: 'twinflow:integration' };
    assert.deepEqual([...(bench.two.links.get('two-1')?.values() ?? [])], [link]);
    const back = { url: 'https://two.example.org/two-1', title: 'Two: two-1', key: 'twinflow:integration' };
    assert.deepEqual([...(bench.one.links.get('one-1')?.values() ?? [])], [back]);
    const [create] = bench.two.asked;
    assert.equal(create?.kind, 'create');
    assert.deepEqual(create?.remoteLink, link, 'with the create');
  });

  it('are no links where a system has no place for them', async () => {
    await start({ backlinks: { 1: { link: true, back: true }, 2: { link: true } } });
    bench.one.save(undefined, { title: 'Crash' });
    await bench.sync();
    assert.equal(bench.two.asked[0]?.remoteLink, undefined);
    assert.equal(asked('one'), 0);
    assert.deepEqual(await owed(), [0, 0, 0, 0]);
  });

  it('are the new ones where a counterpart was deleted and is created again', async () => {
    await start({ ...BOTH, targetDeleted: 'create' });
    const { id } = bench.one.save(undefined, { title: 'Crash', note: 'a' });
    await bench.sync();
    assert.equal(bench.one.valueOf('Crash', 'remote'), 'two-1');
    bench.two.entities.delete('two-1');
    bench.one.save(id, { note: 'b' });
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'remote'), 'one-1');
    const [entity] = [...bench.two.entities.values()];
    assert.equal(bench.one.valueOf('Crash', 'remote'), entity?.key);
    assert.notEqual(entity?.key, 'two-1');
  });
});

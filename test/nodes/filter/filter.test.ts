import assert from 'node:assert/strict';
import filterNode from '../../../nodes/filter/filter';
import { deploy, message, startRuntime, stopRuntime, unload } from './harness';

const notInternal = {
  type: 'twinflow-filter',
  pairs: 'all',
  side: '1',
  mode: 'all',
  conditions: [
    { field: { id: 'labels', name: 'Labels', type: 'text', multi: true }, operator: 'isNot', value: 'internal' },
  ],
  matchCase: false,
  live: false,
  outputs: 1,
};
const internal = message({ labels: ['internal', 'ui'] }, { kind: 'create' });
const open = message({ labels: ['ui'] }, { kind: 'create' });

describe('twinflow-filter', () => {
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  it('lets through what matches, unchanged, with what other nodes have added', async () => {
    const step = await deploy(filterNode, notInternal);
    const added = { ...open, mine: 42 };
    const { out } = await step.send(added);
    assert.equal(out[0].length, 1);
    assert.deepEqual({ ...out[0][0], _msgid: undefined }, { ...added, _msgid: undefined });
  });

  it('finishes what does not match, with the reason', async () => {
    const step = await deploy(filterNode, notInternal);
    const { out, skipped } = await step.send(internal);
    assert.deepEqual(out, [[], []]);
    assert.equal(skipped.length, 1);
  });

  it('sends what does not match to the second output, if there is one', async () => {
    const step = await deploy(filterNode, { ...notInternal, outputs: 2 });
    const { out, skipped } = await step.send(internal);
    assert.deepEqual([out[0].length, out[1].length], [0, 1]);
    assert.deepEqual(skipped, []);
    assert.deepEqual(Reflect.get(out[1][0] ?? {}, 'filter'), {
      reason: 'Labels is not "internal": not met, it is "internal", "ui"',
      conditions: [{ met: false, words: 'Labels is not "internal": not met, it is "internal", "ui"' }],
    });
    assert.deepEqual(
      (await step.send(open)).out.map((list) => list.length),
      [1, 0],
    );
  });

  it('keeps in sync what was synced once, unless it is to check at every change', async () => {
    const update = message({ labels: ['internal'] }, { kind: 'update' });
    const sticky = await deploy(filterNode, notInternal);
    assert.equal((await sticky.send(update)).out[0].length, 1);
    await unload();
    const live = await deploy(filterNode, { ...notInternal, live: true });
    assert.equal((await live.send(update)).skipped.length, 1);
  });

  it('lets changes of the other side, of other pairs and other integrations pass', async () => {
    const step = await deploy(filterNode, { ...notInternal, pairs: ['story'] });
    assert.equal((await step.send(internal)).out[0].length, 1);
    await unload();
    const all = await deploy(filterNode, notInternal);
    assert.equal(
      (await all.send(message({ labels: ['internal'] }, { kind: 'create', direction: 'backward' }))).out[0].length,
      1,
    );
    assert.equal((await all.send(message({ labels: ['internal'] }, { integration: 'other' }))).out[0].length, 1);
  });

  it('fails the change where it stands behind a field mapper, and says what to do', async () => {
    const step = await deploy(filterNode, notInternal);
    const { failed, errors } = await step.send(message({ labels: [] }, { kind: 'create', mapped: {} }));
    assert.match(failed[0] ?? '', /Place it before the field mapper/);
    assert.match(errors[0] ?? '', /DEMO-7/);
  });
});

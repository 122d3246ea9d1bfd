/** Comments between two sandbox trackers, by the real engine: how parts are synced. */

import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import { Bench, BUG, COMMENTS, words } from './comment-bench';

describe('Comments', function () {
  this.timeout(60_000);
  let bench: Bench;
  const start = async (...given: Parameters<typeof Bench.start>): Promise<void> => {
    bench = await Bench.start(...given);
  };
  afterEach(() => bench.stop());

  it('of a new item follow it, in their order, without a mapper', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    for (const text of ['first', 'second', 'third']) bench.comment(bench.one, bug, text);
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash'), ['first', 'second', 'third']);
    assert.deepEqual(bench.texts(bench.one, 'Crash'), ['first', 'second', 'third']);
  });

  it('go both ways, and each is there once', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    await bench.sync();
    bench.comment(bench.one, bug, 'from one');
    bench.comment(bench.two, bench.find(bench.two, 'Crash'), 'from two');
    await bench.sync();
    for (const space of [bench.one, bench.two])
      assert.deepEqual(bench.texts(space, 'Crash').sort(), ['from one', 'from two']);
    const { length } = bench.results;
    await bench.sync();
    assert.equal(bench.results.length, length);
  });

  it('are edited there when they are edited here; edits of both sides are merged', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    const original = bench.comment(bench.one, bug, 'one\n\ntwo\n\nthree');
    await bench.sync();
    const [copy] = bench.two.partsOf(bench.find(bench.two, 'Crash')) ?? [];
    assert.ok(copy);
    bench.one.edit('alice', original, words('ONE\n\ntwo\n\nthree'));
    bench.two.edit('bob', copy.id, words('one\n\ntwo\n\nTHREE'));
    await bench.sync();
    for (const space of [bench.one, bench.two]) assert.deepEqual(bench.texts(space, 'Crash'), ['ONE\n\ntwo\n\nTHREE']);
  });

  it('are deleted there when the original is; a deleted copy leaves the original, and is not made again', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    const first = bench.comment(bench.one, bug, 'first');
    const second = bench.comment(bench.one, bug, 'second');
    await bench.sync();
    const copies = bench.two.partsOf(bench.find(bench.two, 'Crash')) ?? [];
    bench.one.removeParts('alice', [first]);
    bench.two.removeParts(
      'bob',
      copies.slice(1).map(({ id }) => id),
    );
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash'), []);
    assert.deepEqual(bench.texts(bench.one, 'Crash'), ['second']);
    assert.ok(bench.results.some(({ outcome }) => outcome === 'deleted'));
    bench.one.edit('alice', second, words('second, edited'));
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash'), []);
    assert.deepEqual(bench.failures, []);
  });

  for (const [deletions, left] of [
    ['both', []],
    ['none', ['said']],
  ] as const) {
    it(`stay or go as is chosen: ${deletions}`, async () => {
      await start([{ ...COMMENTS, deletions }]);
      const bug = bench.bug(bench.one, 'Crash');
      bench.comment(bench.one, bug, 'said');
      await bench.sync();
      const [copy] = bench.two.partsOf(bench.find(bench.two, 'Crash')) ?? [];
      bench.two.removeParts('bob', [copy?.id ?? '']);
      await bench.sync();
      assert.deepEqual(bench.texts(bench.one, 'Crash'), left);
    });
  }

  it('whose original is deleted stay where somebody has edited the copy since', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    const original = bench.comment(bench.one, bug, 'said');
    await bench.sync();
    const [copy] = bench.two.partsOf(bench.find(bench.two, 'Crash')) ?? [];
    bench.one.removeParts('alice', [original]);
    bench.two.edit('bob', copy?.id ?? '', words('said, and more'));
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash'), ['said, and more']);
  });

  it('that were written before they were chosen follow as well', async () => {
    await start([]);
    const bug = bench.bug(bench.one, 'Crash');
    bench.comment(bench.one, bug, 'early');
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash'), []);
    const { config } = bench.integration;
    // what a deploy does with a new integration over the same store
    config.typePairs = [{ id: 'bugs', one: BUG, two: BUG, direction: 'both', parts: [COMMENTS] }];
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash'), ['early']);
  });

  it('of an item that is filtered out are not even read', async () => {
    await start();
    bench.flow = ({ sync }) => sync.entity.owner !== undefined;
    bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'said');
    await bench.sync();
    assert.deepEqual(
      bench.sent.map(({ sync }) => sync.entity.type),
      [BUG.id],
    );
  });

  it('are messages of their own, which a flow can change or drop', async () => {
    await start();
    bench.flow = ({ sync, payload }) => {
      const { text } = payload;
      if (!sync.entity.owner || typeof text !== 'object' || !text || !('content' in text)) return true;
      payload.text = { format: 'markdown', content: text.content.replace('secret', '…') };
      return !text.content.includes('private');
    };
    const bug = bench.bug(bench.one, 'Crash');
    bench.comment(bench.one, bug, 'a secret');
    bench.comment(bench.one, bug, 'a private remark');
    bench.comment(bench.one, bug, 'for all');
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash'), ['a …', 'for all']);
    const [message] = bench.sent.filter(({ sync }) => sync.entity.owner);
    assert.equal(message?.sync.entity.owner?.key, 'DEMO-1');
    assert.equal(message?.sync.pair, 'comments');
  });

  it('that are refused are parked alone: the others go on, and so do the fields', async () => {
    await start([{ ...COMMENTS, authorLine: false }]);
    const bug = bench.bug(bench.one, 'Crash');
    await bench.sync();
    bench.two.poisonText('poison', new SyncError('invalid', 'too rude', { fields: { text: 'too rude' } }));
    bench.comment(bench.one, bug, 'before');
    bench.comment(bench.one, bug, 'poison');
    bench.comment(bench.one, bug, 'after');
    bench.one.edit('alice', bug, { summary: 'Crash at night' });
    await bench.sync(120_000);
    assert.deepEqual(bench.texts(bench.two, 'Crash at night'), ['before', 'after']);
    const { items } = await bench.integration.commands.parked(0, 10);
    assert.deepEqual(
      items.map(({ entity }) => entity.key),
      ['DEMO-1#2'],
    );
    assert.match(items[0]?.error.message ?? '', /Comment DEMO-1#2 → Two: .*too rude/);
    bench.two.poisonText(undefined);
    await bench.integration.commands.retry();
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash at night'), ['before', 'after', 'poison']);
  });

  it('wait for the one before them while that is tried again, so that the order stays', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    await bench.sync();
    bench.two.failWrites(1, new SyncError('transient', 'connection reset'));
    for (const text of ['first', 'second', 'third']) bench.comment(bench.one, bug, text);
    await bench.sync(120_000);
    assert.deepEqual(bench.texts(bench.two, 'Crash'), ['first', 'second', 'third']);
  });

  it('whose create was carried out and whose answer was lost are there once', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    await bench.sync();
    bench.two.failWrites(1, new SyncError('transient', 'connection reset', { uncertain: true }), { carriedOut: true });
    bench.comment(bench.one, bug, 'said');
    await bench.sync(120_000);
    assert.deepEqual(bench.texts(bench.two, 'Crash'), ['said']);
    assert.deepEqual(bench.texts(bench.one, 'Crash'), ['said']);
  });

  it('are shown by a dry run, and none is written', async () => {
    await start([COMMENTS]);
    const bug = bench.bug(bench.one, 'Crash');
    await bench.sync();
    await bench.stop();
    await start([COMMENTS], true);
    const again = bench.bug(bench.one, 'Another');
    bench.comment(bench.one, again, 'said');
    await bench.sync();
    assert.equal(bench.two.list().entities.length, 0);
    assert.ok(bug);
  });

  it('of an item that a dry run would create are counted with it: they go through the flow once the item is there', async () => {
    await start([{ ...COMMENTS, direction: 'forward' }], true);
    const told = () => bench.told.map(({ source, dryRun }) => [source.key, dryRun?.outcome, dryRun?.parts]);
    const bug = bench.bug(bench.one, 'Crash');
    for (const text of ['one', 'two']) bench.comment(bench.one, bug, text);
    bench.bug(bench.one, 'Quiet');
    await bench.sync();
    assert.deepEqual(told(), [
      ['DEMO-1', 'created', [{ type: 'comment', name: 'Comment', count: 2 }]],
      ['DEMO-2', 'created', undefined],
    ]);
    const other = bench.bug(bench.two, 'Other way');
    bench.comment(bench.two, other, 'stays');
    const parts = async () => [new SyncError('transient', 'HTTP 500')];
    Object.defineProperty(bench.integration.systems[1].connection(), 'parts', { value: parts });
    bench.one.edit('alice', bug, { summary: 'Crash!' });
    await bench.sync();
    const [back, again] = bench.told.slice(2).toSorted((a, b) => a.direction.localeCompare(b.direction));
    assert.deepEqual([back?.direction, back?.dryRun?.parts], ['backward', undefined]);
    assert.equal(again?.dryRun?.parts, undefined);
    assert.deepEqual(again?.warnings, [{ field: '', reason: 'its comments could not be counted: HTTP 500' }]);
  });

  it('that nobody can see change are found when their item is looked at again', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    bench.one.silenceParts('create', 'edit', 'delete');
    await bench.sync();
    bench.comment(bench.one, bug, 'silent');
    await bench.sync(10_000);
    assert.deepEqual(bench.texts(bench.two, 'Crash'), []);
    await bench.sync(130_000);
    assert.deepEqual(bench.texts(bench.two, 'Crash'), ['silent']);
  });

  it('are not deleted where their system shows nothing, or not all', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    bench.comment(bench.one, bug, 'said');
    await bench.sync();
    bench.one.withhold(bug, new SyncError('transient', 'HTTP 500'));
    bench.one.edit('alice', bug, { summary: 'Crash!' });
    await bench.sync(120_000);
    bench.one.withhold(bug, undefined);
    await bench.sync(120_000);
    assert.deepEqual(bench.texts(bench.two, 'Crash!'), ['said']);
  });

  it('are not deleted where their system may hide some of them, and new ones still come', async () => {
    await start();
    const bug = bench.bug(bench.one, 'Crash');
    const said = bench.comment(bench.one, bug, 'said');
    await bench.sync();
    bench.one.hideParts([said]);
    bench.comment(bench.one, bug, 'more');
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash'), ['said', 'more']);
    bench.one.hideParts(undefined);
    bench.one.remove('alice', said);
    await bench.sync();
    assert.deepEqual(bench.texts(bench.two, 'Crash'), ['more']);
  });
});

/** The line in front of a comment's copy that says who wrote the original: between two and three sandbox trackers. */

import assert from 'node:assert/strict';
import type { PartPair } from '../../lib/model/config';
import { Bench, COMMENTS, type Over, words } from './comment-bench';

const LINE = /^\[\*\*Alice Archer\*\* wrote on [-\d]+ [:\d]+ UTC:\]\((\S+)\)\n\n/;

describe('The author line of comments', function () {
  this.timeout(60_000);
  let benches: Bench[] = [];
  const start = async (parts?: PartPair[], dryRun?: boolean, over?: Over): Promise<Bench> => {
    const bench = await Bench.start(parts, dryRun, over);
    benches.push(bench);
    return bench;
  };
  afterEach(async () => {
    const [first, ...others] = benches;
    for (const bench of others) await bench.rest();
    await first?.stop();
    benches = [];
  });

  it('says in the copy who wrote it and when, and leads to the original, which stays as it is', async () => {
    const bench = await start();
    const bug = bench.bug(bench.one, 'Crash');
    const original = bench.comment(bench.one, bug, 'It *fails*.');
    await bench.sync();
    assert.deepEqual(bench.stored(bench.one, 'Crash'), ['It *fails*.']);
    const [copy = ''] = bench.stored(bench.two, 'Crash');
    assert.match(copy, LINE);
    assert.equal(copy.replace(LINE, ''), 'It *fails*.');
    const url = bench.parts(bench.one, 'Crash')[0]?.url ?? '';
    assert.ok(url.endsWith(`/${original}`));
    assert.equal(LINE.exec(copy)?.[1], url);
  });

  it('stays while both are edited, and never travels back', async () => {
    const bench = await start();
    const bug = bench.bug(bench.one, 'Crash');
    const original = bench.comment(bench.one, bug, 'one\n\ntwo');
    await bench.sync();
    const [copy] = bench.parts(bench.two, 'Crash');
    const [line = ''] = LINE.exec(bench.stored(bench.two, 'Crash')[0] ?? '') ?? [];
    bench.one.edit('alice', original, words('ONE\n\ntwo'));
    await bench.sync();
    assert.deepEqual(bench.stored(bench.two, 'Crash'), [`${line}ONE\n\ntwo`]);
    bench.two.edit('bob', copy?.id ?? '', words(`${line}ONE\n\ntwo\n\nthree`));
    await bench.sync();
    assert.deepEqual(bench.stored(bench.one, 'Crash'), ['ONE\n\ntwo\n\nthree']);
    assert.deepEqual(bench.stored(bench.two, 'Crash'), [`${line}ONE\n\ntwo\n\nthree`]);
    const { length } = bench.results;
    await bench.sync();
    assert.equal(bench.results.length, length);
  });

  it('that somebody deletes or words otherwise is no edit; the next edit puts it on again', async () => {
    const bench = await start();
    const bug = bench.bug(bench.one, 'Crash');
    const original = bench.comment(bench.one, bug, 'said');
    await bench.sync();
    const [copy] = bench.parts(bench.two, 'Crash');
    const stored = bench.stored(bench.two, 'Crash')[0] ?? '';
    const updates = () => bench.results.filter(({ outcome }) => outcome === 'updated').length;
    for (const text of [stored.replace('wrote on', 'schrieb am'), stored.replace(LINE, '')]) {
      bench.two.edit('bob', copy?.id ?? '', words(text));
      await bench.sync();
      assert.deepEqual(bench.stored(bench.one, 'Crash'), ['said']);
      assert.deepEqual(bench.stored(bench.two, 'Crash'), [text]);
    }
    assert.equal(updates(), 0);
    bench.one.edit('alice', original, words('said again'));
    await bench.sync();
    assert.deepEqual(bench.stored(bench.two, 'Crash'), [stored.replace('said', 'said again')]);
  });

  it('of a person’s own text is theirs: it is not lost, on whatever side', async () => {
    const bench = await start();
    const bug = bench.bug(bench.one, 'Crash');
    const original = bench.comment(bench.one, bug, 'first');
    await bench.sync();
    const [source, copy] = [bench.parts(bench.one, 'Crash')[0], bench.parts(bench.two, 'Crash')[0]];
    for (const url of [source?.url, copy?.url]) {
      const text = `[**Mallory** wrote on 2020-01-01 00:00 UTC:](${url})\n\nsaid`;
      bench.one.edit('alice', original, words(text));
      await bench.sync();
      assert.deepEqual(bench.stored(bench.one, 'Crash'), [text]);
      assert.equal(bench.stored(bench.two, 'Crash')[0]?.replace(LINE, ''), text);
      const there = bench.stored(bench.two, 'Crash')[0] ?? '';
      bench.two.edit('bob', copy?.id ?? '', words(`${there} more`));
      await bench.sync();
      assert.deepEqual(bench.stored(bench.one, 'Crash'), [`${text} more`]);
    }
  });

  it('quoted in a reply is a part of the reply', async () => {
    const bench = await start();
    const bug = bench.bug(bench.one, 'Crash');
    bench.comment(bench.one, bug, 'said');
    await bench.sync();
    const there = bench.stored(bench.two, 'Crash')[0] ?? '';
    const reply = `${there.replace(/^(?=.)/gm, '> ')}\n\nNo.`;
    bench.comment(bench.two, bench.find(bench.two, 'Crash'), reply);
    await bench.sync();
    assert.equal(bench.texts(bench.one, 'Crash')[1], reply);
    assert.match(bench.stored(bench.one, 'Crash')[1] ?? '', LINE);
  });

  it('is left out where it is switched off', async () => {
    const bench = await start([{ ...COMMENTS, authorLine: false }]);
    bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'said');
    await bench.sync();
    assert.deepEqual(bench.stored(bench.two, 'Crash'), ['said']);
  });

  it('is recognized after addresses have changed, and not rewritten for that', async () => {
    const first = await start();
    const bug = first.bug(first.one, 'Crash');
    first.comment(first.one, bug, 'said');
    await first.sync();
    const before = first.stored(first.two, 'Crash');
    const [one, two] = [first.one.name, first.two.name];
    await first.rest();
    const bench = await start(undefined, false, { bench: first, one, two, pageRoot: '/moved/' });
    const { length } = bench.results;
    await bench.sync();
    assert.deepEqual([bench.stored(bench.two, 'Crash'), bench.results.length], [before, length]);
    const [copy] = bench.parts(bench.two, 'Crash');
    bench.two.edit('bob', copy?.id ?? '', words(`${before[0]} and more`));
    await bench.sync();
    assert.deepEqual(bench.stored(bench.one, 'Crash'), ['said and more']);
  });

  it('of a copy’s copy names the original, and is there once', async () => {
    const ab = await start();
    const bug = ab.bug(ab.one, 'Crash');
    const original = ab.comment(ab.one, bug, 'said');
    await ab.sync();
    const bc = await start(undefined, false, { bench: ab, id: 'second', one: ab.two.name });
    await bc.sync();
    const url = ab.parts(ab.one, 'Crash')[0]?.url;
    const [there = ''] = bc.stored(bc.two, 'Crash');
    assert.equal(LINE.exec(there)?.[1], url);
    assert.equal(there.replace(LINE, ''), 'said');
    // from the far end to the beginning, and back
    bc.two.edit('bob', bc.parts(bc.two, 'Crash')[0]?.id ?? '', words(`${there}, and more`));
    for (const bench of [bc, ab, bc]) await bench.sync();
    assert.deepEqual(ab.stored(ab.one, 'Crash'), ['said, and more']);
    ab.one.edit('alice', original, words('said it all'));
    for (const bench of [ab, bc, ab]) await bench.sync();
    for (const stored of [ab.stored(ab.two, 'Crash'), bc.stored(bc.two, 'Crash')]) {
      assert.equal(LINE.exec(stored[0] ?? '')?.[1], url);
      assert.equal(stored[0]?.replace(LINE, ''), 'said it all');
    }
  });

  it('is shown by a dry run', async () => {
    const first = await start();
    const original = first.comment(first.one, first.bug(first.one, 'Crash'), 'said');
    await first.sync();
    await first.rest();
    const [one, two] = [first.one.name, first.two.name];
    const bench = await start(undefined, true, { bench: first, one, two });
    bench.one.edit('alice', original, words('said again'));
    await bench.sync();
    const result = bench.told.find(({ source }) => source.owner);
    const after = result?.dryRun?.changes.text?.after;
    assert.ok(typeof after === 'object' && after && 'content' in after);
    assert.match(after.content, LINE);
    assert.deepEqual(Object.keys(after).sort(), ['content', 'dialect', 'format']);
  });

  it('counts for what fits: a comment that is too long with it is not cut', async () => {
    const bench = await start();
    const bug = bench.bug(bench.one, 'Crash');
    await bench.sync();
    bench.comment(bench.one, bug, 'x'.repeat(32_760));
    await bench.sync(120_000);
    assert.deepEqual(bench.stored(bench.two, 'Crash'), []);
    const { items } = await bench.integration.commands.parked(0, 10);
    assert.match(items[0]?.error.message ?? '', /allows 32767/);
  });

  it('is not in the message: a flow sees what people wrote, and may change it', async () => {
    const bench = await start();
    bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'said');
    await bench.sync();
    const [copy] = bench.parts(bench.two, 'Crash');
    bench.flow = ({ payload }) => {
      payload.text = { format: 'markdown', content: 'changed on the way' };
      return true;
    };
    bench.two.edit('bob', copy?.id ?? '', words(`${bench.stored(bench.two, 'Crash')[0]}, and more`));
    await bench.sync();
    const sent = bench.sent.filter(({ sync }) => sync.entity.owner).map(({ payload }) => payload.text);
    for (const text of sent) assert.doesNotMatch(JSON.stringify(text), /wrote on|frame/);
    assert.deepEqual(bench.stored(bench.one, 'Crash'), ['changed on the way']);
  });

  it('goes in front of what a person’s own mapper makes of a comment', async () => {
    const bench = await start();
    bench.flow = ({ payload, sync }) => {
      if (!sync.entity.owner) return true;
      const { text } = payload;
      for (const field of Object.keys(payload)) delete payload[field];
      payload.text = { format: 'markdown', content: `Said in One: ${JSON.stringify(text)}` };
      sync.mapped = { text: { from: ['text'], conflict: 'merge', type: 'richtext' } };
      return true;
    };
    const original = bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'said');
    await bench.sync();
    bench.one.edit('alice', original, words('edited'));
    await bench.sync();
    const [stored = ''] = bench.stored(bench.two, 'Crash');
    assert.match(stored, LINE);
    assert.match(stored.replace(LINE, ''), /^Said in One: .*edited/);
    assert.deepEqual(bench.stored(bench.one, 'Crash'), ['edited']);
  });
});

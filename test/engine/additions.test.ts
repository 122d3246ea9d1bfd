/** Edits and deletions of comments where the target does not allow them, between two sandbox trackers. */

import assert from 'node:assert/strict';
import type { PartPair } from '../../lib/model/config';
import { SyncError } from '../../lib/model/errors';
import { Bench, COMMENTS, words } from './comment-bench';

const EDITED = /^\[\*\*Alice Archer\*\* edited the comment on [-\d]+ [:\d]+ UTC:\]\((\S+)\)\n\n/;

describe('Comments that cannot be edited', function () {
  this.timeout(60_000);
  let bench: Bench;
  let original = '';
  const start = async (parts: PartPair[] = [COMMENTS]): Promise<void> => {
    bench = await Bench.start(parts);
    original = bench.comment(bench.one, bench.bug(bench.one, 'Crash'), 'said');
    await bench.sync();
  };
  const edit = async (text: string): Promise<void> => {
    bench.one.edit('alice', original, words(text));
    await bench.sync(60_000);
  };
  /** Of the copy and of what was added: who is said to have written them, and what they say. */
  const there = (): string[] =>
    bench.texts(bench.two, 'Crash').map((text) => text.replace(EDITED, (_line, url: string) => `[${url}] `));
  afterEach(() => bench.stop());

  it('get another one that says so, in a system that only appends; it never comes back', async () => {
    await start();
    bench.two.restrictParts({ edit: 'nobody', delete: 'nobody' });
    await edit('said otherwise');
    const url = bench.parts(bench.one, 'Crash')[0]?.url;
    assert.deepEqual(there(), ['said', `[${url}] said otherwise`]);
    await edit('said at last');
    await edit('said');
    const all = ['said', `[${url}] said otherwise`, `[${url}] said at last`, `[${url}] said`];
    assert.deepEqual(there(), all);
    const { length } = bench.sent;
    await bench.sync(60_000);
    assert.deepEqual([there(), bench.sent.length], [all, length]);
    assert.deepEqual(bench.stored(bench.one, 'Crash'), ['said']);
    assert.deepEqual(bench.failures, []);
    assert.match(JSON.stringify(bench.results), /the new text was added as DEMO-1#2/);
  });

  it('stay where the original is deleted, and that is reported', async () => {
    await start();
    bench.two.restrictParts({ edit: 'nobody', delete: 'nobody' });
    bench.one.removeParts('alice', [original]);
    await bench.sync(60_000);
    assert.deepEqual(there(), ['said']);
    assert.match(JSON.stringify(bench.results), /cannot be deleted there, and is kept/);
    assert.deepEqual(bench.failures, []);
  });

  it('are left as they are where the form says so, and the edit is reported', async () => {
    await start([{ ...COMMENTS, edits: 'report' }]);
    bench.two.restrictParts({ edit: 'nobody', delete: 'nobody' });
    await edit('said otherwise');
    assert.deepEqual(there(), ['said']);
    assert.match(JSON.stringify(bench.results), /cannot be edited there: the edit is not written/);
    assert.deepEqual(bench.failures, []);
  });

  it('since somebody else wrote them are parked, or get another one if the form says so', async () => {
    await start();
    const [copy] = bench.parts(bench.two, 'Crash');
    assert.ok(copy);
    // an edit of the copy goes to the original, which the account has not written
    bench.one.restrictParts({ edit: 'author' });
    bench.two.edit('bob', copy.id, words('said by Bob'));
    await bench.sync(120_000);
    assert.deepEqual(bench.stored(bench.one, 'Crash'), ['said']);
    assert.equal((await bench.integration.commands.parked(0, 10)).items.length, 1);
    await bench.stop();
    await start([{ ...COMMENTS, edits: 'add' }]);
    bench.one.restrictParts({ edit: 'author' });
    const [again] = bench.parts(bench.two, 'Crash');
    bench.two.edit('bob', again?.id ?? '', words(`${bench.stored(bench.two, 'Crash')[0]} by Bob`));
    await bench.sync(120_000);
    const [said, added = ''] = bench.stored(bench.one, 'Crash');
    assert.equal(said, 'said');
    assert.match(added, /^\[\*\*Bob \w+\*\* edited the comment on .*\n\nsaid by Bob$/);
    const { length } = bench.sent;
    await bench.sync(60_000);
    assert.equal(bench.sent.length, length);
    assert.deepEqual(bench.failures, []);
  });

  for (const carriedOut of [true, false]) {
    it(`get it once, where its answer was lost and it was ${carriedOut ? '' : 'not '}carried out`, async () => {
      await start();
      bench.two.restrictParts({ edit: 'nobody', delete: 'nobody' });
      const lost = new SyncError('transient', 'connection reset', { uncertain: true });
      bench.two.failWrites(1, lost, { carriedOut });
      await edit('said otherwise');
      await bench.sync(120_000);
      const url = bench.parts(bench.one, 'Crash')[0]?.url;
      assert.deepEqual(there(), ['said', `[${url}] said otherwise`]);
      assert.deepEqual(bench.stored(bench.one, 'Crash'), ['said otherwise']);
    });
  }

  it('and have become internal are parked: nobody can hide them there', async () => {
    await start([{ ...COMMENTS, internal: 'keep' }]);
    bench.two.restrictParts({ edit: 'nobody', delete: 'nobody' });
    bench.one.edit('alice', original, { ...words('a password'), visibility: { id: 'internal', name: 'Internal' } });
    await bench.sync(120_000);
    assert.deepEqual(there(), ['said']);
    const { items } = await bench.integration.commands.parked(0, 10);
    assert.match(items[0]?.error.message ?? '', /cannot be hidden there: hide or delete DEMO-1#1 by hand/);
  });
});

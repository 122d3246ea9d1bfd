/** 21: after the store was lost, comments that had been synced were written once more, in both systems. */

import assert from 'node:assert/strict';
import type { Fields } from '../../lib/model/values';
import { CommentBench, type Name, withoutMarkers, words } from './comment-bench';

describe('21: comments after the store was lost', () => {
  let bench: CommentBench;

  const says = (): string[][] => [bench.says('A'), bench.says('B')];
  const edit = (name: Name, from: string, to: string): void => {
    const at = bench.says(name).indexOf(from);
    const text = bench.texts(name)[at] ?? '';
    bench.space(name).edit('bob', bench.idOf(name, from), words(text.slice(0, text.length - from.length) + to));
  };

  /** One of A and one of B, synced; then the store is gone. */
  async function lost(more: ConstructorParameters<typeof CommentBench>[2] = {}, markers = true): Promise<string> {
    bench = new CommentBench(['AB'], {}, more);
    if (!markers) bench.withoutMarkers('A', 'B');
    await bench.start();
    const bug = bench.bug('A', 'Crash');
    await bench.sync();
    bench.comment('A', bug, 'It hangs');
    await bench.sync();
    bench.comment('B', bench.only('B'), 'Since when?');
    await bench.sync();
    assert.deepEqual(says(), [
      ['It hangs', 'Since when?'],
      ['It hangs', 'Since when?'],
    ]);
    await bench.lose();
    return bug;
  }

  afterEach(async () => {
    await bench.close();
  });

  for (const [how, more, markers] of [
    ['by their markers', { authorLine: false }, true],
    ['by their author lines', {}, false],
    ['by what they say', { authorLine: false }, false],
    ['by markers and author lines', {}, true],
  ] as const) {
    describe(`recognised ${how}`, () => {
      it('are there once, as they were, and edits and deletions go on', async () => {
        await lost(more, markers);
        const before = [bench.texts('A'), bench.texts('B')];
        await bench.start();
        await bench.sync();
        assert.deepEqual([bench.texts('A'), bench.texts('B')], before);
        edit('A', 'It hangs', 'It hangs again');
        edit('A', 'Since when?', 'Since when exactly?');
        await bench.sync();
        assert.deepEqual(says(), Array(2).fill(['It hangs again', 'Since when exactly?']));
        assert.deepEqual(bench.texts('B')[0], before[1]?.[0]?.replace('hangs', 'hangs again'));
        bench.space('A').remove('alice', bench.idOf('A', 'It hangs again'));
        await bench.sync();
        assert.deepEqual(says(), Array(2).fill(['Since when exactly?']));
      });

      it('are there once beside new ones that nobody has synced, even if these say the same', async () => {
        const bug = await lost(more, markers);
        bench.comment('A', bug, '+1');
        bench.comment('B', bench.only('B'), '+1', 'bob');
        await bench.start();
        await bench.sync();
        for (const all of says()) assert.deepEqual(all.toSorted(), ['+1', '+1', 'It hangs', 'Since when?']);
      });
    });
  }

  for (const [how, more, markers] of [
    ['markers', { authorLine: false }, true],
    ['author lines', {}, false],
    ['both', {}, true],
  ] as const) {
    it(`take over what was edited meanwhile, the original or the copy, recognised by ${how}`, async () => {
      await lost(more, markers);
      edit('A', 'It hangs', 'It hangs again');
      edit('A', 'Since when?', 'Since when exactly?');
      await bench.start();
      await bench.sync();
      assert.deepEqual(says(), Array(2).fill(['It hangs again', 'Since when exactly?']));
      const lines = [bench.texts('A'), bench.texts('B')].map((texts) =>
        texts.map((text) => text.split('\n\n').length - 1),
      );
      const line = more.authorLine === false ? 0 : 1;
      assert.deepEqual(lines, [
        [0, line],
        [line, 0],
      ]);
    });
  }

  for (const [how, markers] of [
    ['markers', true],
    ['author lines', false],
  ] as const) {
    it(`that are deleted copies get no copies of their own, though they were read before, recognised by ${how}`, async () => {
      await lost({}, markers);
      const copy = bench.idOf('B', 'It hangs');
      bench.connection('B', (connection) => {
        const parts = connection.parts?.bind(connection);
        if (!markers) withoutMarkers(connection);
        connection.parts = async (...given) => {
          const found = (await parts?.(...given)) ?? [];
          if (bench.comments('B').some(({ id }) => id === copy)) bench.space('B').remove('bob', copy);
          return found;
        };
      });
      bench.delay = ({ sync: { entity } }) => (entity.id === copy ? 3_000 : entity.owner ? 1_000 : 0);
      bench.results.length = 0;
      await bench.start();
      await bench.sync();
      for (const all of says()) assert.deepEqual(all.toSorted(), ['It hangs', 'Since when?']);
      const made = bench.results.filter(({ outcome }) => outcome === 'created');
      assert.deepEqual(
        made.map(({ direction }) => direction),
        ['forward'],
        'only the deleted copy is made again',
      );
    });
  }

  it('whose copy has lost its author line meanwhile do not get that line when it is put on again', async () => {
    await lost();
    bench.space('B').edit('bob', bench.idOf('B', 'It hangs'), words('It hangs, since May'));
    await bench.start();
    await bench.sync();
    assert.deepEqual(says()[0]?.[0], 'It hangs, since May');
    edit('A', 'It hangs, since May', 'It hangs, since June');
    await bench.sync();
    bench.space('B').edit('bob', bench.idOf('B', 'It hangs, since June'), {
      ...words(`${bench.texts('B')[0]} or July`),
    });
    await bench.sync();
    assert.equal(bench.texts('A')[0], 'It hangs, since June or July');
    assert.match(bench.texts('B')[0] ?? '', /wrote on[^\n]*\n\nIt hangs, since June or July$/);
  });

  it('take over the edit of a copy that is linked by its original while it is looked for', async () => {
    await lost();
    const copy = bench.idOf('A', 'Since when?');
    edit('A', 'Since when?', 'Since when exactly?');
    let isAsked = false;
    bench.connection('B', (connection) => {
      const find = connection.find?.bind(connection);
      connection.find = async (query, limit) => {
        const found = (await find?.(query, limit)) ?? [];
        if (query.marker !== `AB:1:${copy}`) return found;
        isAsked = true;
        for (let tries = 0; tries < 10_000 && !(await bench.store.linkOf('AB', 1, copy)); tries += 1)
          await new Promise(setImmediate);
        return found;
      };
    });
    await bench.start();
    await bench.sync();
    assert.ok(isAsked);
    assert.deepEqual(says(), Array(2).fill(['It hangs', 'Since when exactly?']));
  });

  it('that somebody has made internal meanwhile are internal on both sides, though the other end was edited later', async () => {
    for (const [name, other] of [
      ['A', 'B'],
      ['B', 'A'],
    ] as const) {
      await lost();
      const internal = { visibility: { id: 'internal', name: 'Internal' } };
      bench.space(name).edit('bob', bench.idOf(name, 'It hangs'), internal);
      await new Promise((resolve) => setTimeout(resolve, 5));
      edit(other, 'It hangs', 'It hangs again');
      await bench.start();
      await bench.sync();
      for (const one of ['A', 'B'] as const) {
        assert.equal(bench.says(one)[0], 'It hangs again');
        const { visibility } = bench.comments(one)[0]?.fields ?? {};
        assert.deepEqual(visibility, internal.visibility, `made internal in ${name}, read in ${one}`);
      }
      if (name === 'A') await bench.close();
    }
  });

  for (const [how, more, markers] of [
    ['markers', { authorLine: false }, true],
    ['author lines', {}, false],
    ['what they say', { authorLine: false }, false],
  ] as const) {
    for (const pair of ['AB', 'A>B']) {
      it(`that somebody has made internal meanwhile hide their copies by ${pair}, too, recognised by ${how}`, async () => {
        bench = new CommentBench([pair], {}, more);
        if (!markers) bench.withoutMarkers('A', 'B');
        await bench.start();
        const bug = bench.bug('A', 'Crash');
        await bench.sync();
        const comment = bench.comment('A', bug, 'It hangs');
        await bench.sync();
        assert.deepEqual(says(), [['It hangs'], ['It hangs']]);
        await bench.lose();
        bench.space('A').edit('alice', comment, { visibility: { id: 'internal', name: 'Internal' } });
        await bench.start();
        await bench.sync();
        assert.deepEqual(says(), [['It hangs'], ['It hangs']]);
        const seen = bench.comments('B').map(({ fields: { visibility } }) => visibility);
        assert.deepEqual(seen, [{ id: 'internal', name: 'Internal' }]);
      });
    }
  }

  it('that were internal when the store was copied, public afterwards, and made internal on one side again, become internal', async () => {
    for (const [name, other] of [
      ['A', 'B'],
      ['B', 'A'],
    ] as const) {
      bench = new CommentBench(['AB'], {}, { internal: 'keep' });
      await bench.start();
      const bug = bench.bug('A', 'Crash');
      await bench.sync();
      const seenBy = (id: string): Fields => ({ visibility: { id, name: id === 'public' ? 'Public' : 'Internal' } });
      bench.space('A').edit('alice', bench.comment('A', bug, 'It hangs'), seenBy('internal'));
      await bench.sync();
      await bench.rest();
      // what the store, set back, does not know of any more
      for (const each of [name, other]) bench.space(each).edit('alice', bench.idOf(each, 'It hangs'), seenBy('public'));
      bench.space(name).edit('bob', bench.idOf(name, 'It hangs'), seenBy('internal'));
      await bench.store.setDoubt('9999');
      await bench.start();
      await bench.sync();
      for (const each of ['A', 'B'] as const) {
        const { visibility } = bench.comments(each)[0]?.fields ?? {};
        assert.deepEqual(visibility, seenBy('internal').visibility, `made internal in ${name}, read in ${each}`);
      }
      // somebody who wants it public says so once more
      bench.space('A').edit('alice', bench.idOf('A', 'It hangs'), seenBy('public'));
      await bench.sync();
      assert.deepEqual(bench.comments('B')[0]?.fields.visibility, seenBy('public').visibility);
      if (name === 'A') await bench.close();
    }
  });

  for (const [how, markers] of [
    ['markers', true],
    ['author lines', false],
  ] as const) {
    it(`stay where they are if their original was deleted meanwhile, and do not come back, recognised by ${how}`, async () => {
      await lost({}, markers);
      bench.space('A').remove('alice', bench.idOf('A', 'It hangs'));
      await bench.start();
      await bench.sync();
      assert.deepEqual(says(), [['Since when?'], ['It hangs', 'Since when?']]);
    });
  }

  it('of people come across, though they begin with a link to the counterpart or a copied author line', async () => {
    await lost({}, false);
    const [line] = (bench.texts('B')[0] ?? '').split('\n\n');
    const bug = bench.only('B');
    bench.space('A').remove('alice', bench.idOf('A', 'It hangs'));
    bench.comment('B', bug, `${line}\n\nQuoted`, 'bob');
    await bench.start();
    await bench.sync();
    assert.ok(
      bench.texts('A').some((text) => text.endsWith('Quoted')),
      bench.texts('A').join('; '),
    );
  });
});

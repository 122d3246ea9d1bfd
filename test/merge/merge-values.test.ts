import assert from 'node:assert/strict';
import fc from 'fast-check';
import { equalValues } from '../../lib/mapping/compare';
import { asStored, mergeValues, sameMerged, type ThreeWay } from '../../lib/merge/values';
import type { RichText, Value } from '../../lib/model/values';

function merged(base: Value | undefined, ours: Value, theirs: Value, more: Partial<ThreeWay> = {}): Value {
  const result = mergeValues({ base, ours, theirs, oursFirst: true, ...more });
  if ('conflict' in result) assert.fail(result.conflict);
  return result.value;
}

function conflict(base: Value | undefined, ours: Value, theirs: Value, more: Partial<ThreeWay> = {}): string {
  const result = mergeValues({ base, ours, theirs, oursFirst: true, ...more });
  return 'conflict' in result ? result.conflict : assert.fail(`merged: ${JSON.stringify(result.value)}`);
}

const richText = (format: RichText['format'], content: string): RichText => ({ format, content });

describe('Merge of one field, three ways (invariant 5)', () => {
  describe('lists', () => {
    it('what either side added is in, what either side removed is out', () => {
      assert.deepEqual(merged(['a', 'b', 'c'], ['a', 'b', 'x'], ['b', 'c', 'y']), ['b', 'y', 'x']);
    });

    it('without a base, both lists are joined', () => {
      assert.deepEqual(merged(undefined, ['a', 'b'], ['b', 'c']), ['b', 'c', 'a']);
    });

    it('is empty where one side removed the last value', () => {
      assert.equal(merged(['a'], null, ['a']), null);
    });

    it('people are the same by e-mail address, and stay as the target has them', () => {
      const there = [{ id: '7', name: 'Ann', email: 'Ann@example.org' }];
      const ours = [
        { name: 'Ann', email: 'ann@example.org' },
        { name: 'Bob', email: 'bob@example.org' },
      ];
      assert.deepEqual(merged(there, ours, there, { type: 'user' }), [there[0], ours[1]]);
    });

    it('a label that a system stores in lower case is no other label', () => {
      assert.deepEqual(merged(['foo'], ['Foo', 'Bar'], ['foo', 'baz']), ['foo', 'baz', 'Bar']);
      assert.equal(sameMerged(['Foo'], ['foo'], 'text'), true);
    });

    it('a value that the source cannot hold stays, as long as the source removed nothing (invariant 7)', () => {
      const source = { base: ['a'], now: ['a', 'new'] };
      assert.deepEqual(merged(['a', 'only here'], ['a', 'new'], ['a', 'only here'], { source }), [
        'a',
        'only here',
        'new',
      ]);
    });

    it('a value that the source cannot hold stays when the source removes another of known name', () => {
      const source = { base: ['a', 'b'], now: ['b'] };
      assert.deepEqual(merged(['a', 'b', 'only here'], ['b'], ['a', 'b', 'only here'], { source }), ['b', 'only here']);
    });

    it('a value is removed under the other name that it has there', () => {
      const source = { base: ['Rot', 'Blau'], now: ['Blau'] };
      assert.deepEqual(merged(['red', 'blue'], ['blue'], ['red', 'blue'], { source }), ['blue']);
    });

    it('removes nothing, and says so, where it cannot tell which value was meant', () => {
      const source = { base: ['Rot', 'Blau'], now: ['Blau'] };
      const theirs = ['red', 'blue', 'only here'];
      const result = mergeValues({ base: theirs, ours: ['blue'], theirs, source, oursFirst: true });
      assert.ok('value' in result);
      assert.deepEqual(result.value, theirs);
      assert.match(result.doubt ?? '', /nothing was removed/);
    });

    it('says so, too, where another one is known to have been taken out', () => {
      // "sent" was brought by an update of ours that was not answered, and has been taken out at the source since
      const source = { base: ['Rot', 'Blau'], now: ['Blau'] };
      const theirs = ['red', 'blue', 'sent'];
      const result = mergeValues({ base: theirs, ours: ['blue'], theirs, source, held: ['sent'], oursFirst: true });
      assert.ok('value' in result);
      assert.deepEqual(result.value, ['red', 'blue']);
      assert.match(result.doubt ?? '', /has no known match/);
    });
  });

  describe('texts', () => {
    it('a line that both have made of another one is there once, with what one of them has put in front of it', () => {
      for (const [ours, theirs] of [
        ['a\nnew', 'a\nmore\nnew'],
        ['a\nmore\nnew', 'a\nnew'],
        ['a\nnew\nlast', 'a\nmore\nnew\nlast'],
      ] as const)
        assert.equal(merged('a\nold', ours, theirs), ours.length > theirs.length ? ours : theirs);
      assert.match(conflict('a\nold', 'a\nnew', 'a\nother'), /line/);
    });

    it('edits of different lines both survive, also of neighbouring ones', () => {
      assert.equal(merged('1\n2\n3\n4', '1\nours\n3\n4', '1\n2\ntheirs\n4'), '1\nours\ntheirs\n4');
    });

    it('lines that both appended are all kept, in the same order whichever side merges', () => {
      assert.equal(merged('1', '1\nours', '1\ntheirs'), '1\nours\ntheirs');
      assert.equal(merged('1', '1\ntheirs', '1\nours', { oursFirst: false }), '1\nours\ntheirs');
    });

    it('a line that both inserted is there once', () => {
      assert.equal(merged('1', '1\nsame\nours', '1\nsame'), '1\nsame\nours');
    });

    it('a line that a system or a mapping spells otherwise is no edit that could collide with one', () => {
      assert.equal(merged('One\nTwo', 'one\ntwo\nours', 'One\ntheirs'), 'one\ntheirs\nours');
      assert.equal(merged('One\nTwo', 'First\none\ntwo', 'One'), 'First\none');
      assert.equal(merged('One\nTwo', 'ONE\nTwo', 'One\nTwo\ntheirs'), 'ONE\nTwo\ntheirs', 'and yet it is one');
    });

    it('collide where both changed one line in different ways', () => {
      assert.match(conflict('1\n2', '1\nours', '1\ntheirs'), /same lines/);
    });

    it('collide where one side changed a line that the other took out', () => {
      assert.match(conflict('1\n2\n3', '1\nours\n3', '1\n3'), /same lines/);
    });

    it('a punctuation mark makes another line', () => {
      assert.match(conflict('1\n2', '1\nC', '1\nC#'), /same lines/);
    });

    it('collide where they are of one line: a title is never joined from two', () => {
      assert.match(conflict('', 'Alpha', 'Beta'), /cannot be merged/);
    });

    it("the target's line ends stay", () => {
      assert.equal(merged('1\r\n2', '1\nours', 'theirs\r\n2'), 'theirs\r\nours');
    });

    it("how the target spells a line is not the source's edit", () => {
      const source = { base: 'One\nTwo\nThree', now: 'One\nTwo!\nThree' };
      assert.equal(merged('one\ntwo\nthree', 'One\nTwo!\nThree', 'one\ntwo\n3', { source }), 'one\nTwo!\n3');
    });

    it('merges HTML by its paragraphs and entries', () => {
      const html = (content: string): RichText => richText('html', content);
      assert.deepEqual(
        merged(
          html('<p>1</p><ul><li>a</li><li>b</li></ul>'),
          html('<p>ours</p><ul><li>a</li><li>b</li></ul>'),
          html('<p>1</p><ul><li>a</li><li>theirs</li></ul>'),
        ),
        html('<p>ours</p><ul><li>a</li><li>theirs</li></ul>'),
      );
    });

    it('merges the Atlassian document format by its blocks', () => {
      const adf = (...texts: string[]): RichText =>
        richText(
          'adf',
          JSON.stringify({
            version: 1,
            type: 'doc',
            content: texts.map((text) => ({ type: 'paragraph', content: [{ type: 'text', text }] })),
          }),
        );
      assert.deepEqual(merged(adf('1', '2'), adf('1', 'ours'), adf('theirs', '2')), adf('theirs', 'ours'));
    });

    it('of two markups, none is merged', () => {
      assert.match(
        conflict(richText('html', '<p>1</p><p>2</p>'), richText('html', '<p>1</p>'), richText('markdown', '1')),
        /cannot be merged/,
      );
    });

    it('texts of more lines than anybody edits by hand are not compared line by line', () => {
      const long = Array.from({ length: 6_000 }, (_, n) => `${n}`).join('\n');
      assert.match(conflict(long, `${long}\nours`, `theirs\n${long}`), /5000 lines/);
    });
  });

  it('numbers, list entries and dates are not merged', () => {
    assert.match(conflict(1, 2, 3), /cannot be merged/);
    assert.match(conflict({ name: 'a' }, { name: 'b' }, { name: 'c' }, { type: 'lookup' }), /cannot be merged/);
    assert.match(conflict('2026-01-01', '2026-01-02', '2026-01-03', { type: 'date' }), /cannot be merged/);
  });

  it('the side that alone changed a value gives it', () => {
    assert.equal(merged(1, 1, 3), 3);
    assert.equal(merged(1, 2, 1), 2);
  });

  describe('properties', () => {
    const labels = fc.uniqueArray(fc.constantFrom<string[]>('a', 'b', 'c', 'd', 'e', 'f'));
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', '', 'd', 'e'), { maxLength: 8 });

    it('lists: exactly what both kept and what either added, whichever side merges, once and for all', () => {
      fc.assert(
        fc.property(labels, labels, labels, (base, ours, theirs) => {
          const value = merged(base, ours, theirs);
          const wanted = ['a', 'b', 'c', 'd', 'e', 'f'].filter((label) =>
            base.includes(label)
              ? ours.includes(label) && theirs.includes(label)
              : ours.includes(label) || theirs.includes(label),
          );
          assert.deepEqual([...((value as string[] | null) ?? [])].sort(), wanted);
          assert.ok(sameMerged(value, merged(base, theirs, ours), 'text'));
          assert.ok(sameMerged(value, merged(base, ours, value), 'text'));
        }),
      );
    });

    it('texts: whichever side merges, the result is one', () => {
      fc.assert(
        fc.property(lines, lines, lines, (a, b, c) => {
          const [base, ours, theirs] = [a.join('\n'), b.join('\n'), c.join('\n')];
          const one = mergeValues({ base, ours, theirs, oursFirst: true });
          const two = mergeValues({ base, ours: theirs, theirs: ours, oursFirst: false });
          if ('value' in one && 'value' in two) return assert.ok(equalValues(one.value, two.value));
          assert.ok('conflict' in one && 'conflict' in two && one.conflict === two.conflict);
          const decided = [one.decided?.('ours')?.value ?? null, two.decided?.('theirs')?.value ?? null] as const;
          assert.ok(equalValues(...decided));
        }),
      );
    });

    it('texts: every line that either side added to lines that can be distinguished survives', () => {
      const at = fc.nat(6);
      fc.assert(
        fc.property(fc.array(at, { maxLength: 4 }), fc.array(at, { maxLength: 4 }), (mine, other) => {
          const base = ['l0', 'l1', 'l2', 'l3', 'l4', 'l5'];
          const insert = (places: number[], word: string): string[] =>
            places.reduce((text, place, n) => text.toSpliced(place, 0, `${word}${n}`), base);
          const [ours, theirs] = [insert(mine, 'ours'), insert(other, 'theirs')];
          const all = String(merged(base.join('\n'), ours.join('\n'), theirs.join('\n'))).split('\n');
          assert.deepEqual([...all].sort(), [...new Set([...ours, ...theirs])].sort());
        }),
      );
    });
  });

  it('what the source wants is remembered as the target shows it', () => {
    assert.equal(asStored('One\nTwo', 'One\nTwo\nTheirs', 'one\ntwo\ntheirs', 'text'), 'one\ntwo');
    assert.deepEqual(asStored(['A', 'B'], ['A', 'B', 'C'], ['a', 'b', 'c'], 'text'), ['a', 'b']);
  });

  it("what a person changed while it was written is not treated as the target's spelling", () => {
    assert.equal(asStored('One\nTwo', 'One\nTwo\n3', 'one\nanother\n3', 'text'), 'one\nTwo');
  });
});

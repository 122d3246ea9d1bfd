/** What links hold comes back exactly, however it is stored. */

import assert from 'node:assert/strict';
import { brotliCompressSync } from 'node:zlib';
import fc from 'fast-check';
import type { Fields, Frame, Value } from '../../lib/model/values';
import { type LeftOut, packBaselines, unpackBaselines } from '../../lib/store/machine/baseline';
import { Names } from '../../lib/store/machine/names';
import { columnsOf, storedOf } from '../../lib/store/machine/packed';
import type { NameTable } from '../../lib/store/rows/rows';

/** Names in memory, and how many there are. */
class Kept implements NameTable {
  private readonly kept: string[] = [];
  find(name: string): number | undefined {
    const index = this.kept.indexOf(name);
    return index < 0 ? undefined : index + 1;
  }
  nameOf = (id: number): string | undefined => this.kept[id - 1];
  insert = (name: string): number => this.kept.push(name);
  remove(): void {}
  all = (): string[] => this.kept;
  hasSeveral = (): boolean => this.kept.length > 1;
}

function opened() {
  const table = new Kept();
  const names = new Names({ follow: () => undefined }, table);
  const through = (baselines: [Fields, Fields], isPart: boolean, leftOut?: LeftOut) => {
    const columns = columnsOf(packBaselines(baselines, names, leftOut), isPart, names);
    // another process knows none of the names by heart
    names.rollback();
    return { columns, read: unpackBaselines(storedOf(columns, names), names) };
  };
  return { table, names, through };
}

const dialects = [undefined, { hardBreaks: true }, { plainTags: true, mentions: 'ids' }] as const;
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', 'a text\u0000of two', '\ud800', 'the same in many of them', '[1]', 'null', '"'),
);
const rich = fc
  .record({
    format: fc.constantFrom('markdown', 'adf'),
    content: texts,
    dialect: fc.constantFrom(...dialects),
    frame: fc.option(fc.record({ url: texts, at: texts, by: texts, of: texts }, { requiredKeys: [] }), {
      nil: undefined,
    }),
  })
  .map(
    ({ format, content, dialect, frame }): Value =>
      ({ format, content, ...(dialect && { dialect }), ...(frame && { frame: filled(frame) }) }) as Value,
  );
/** What is empty is left out. */
const filled = (frame: Record<string, string | undefined>): Frame =>
  Object.fromEntries(Object.entries(frame).filter(([, value]) => value));
const mentioning = texts.map(
  (content): Value => ({ format: 'html', content, standIns: [{ system: 's', id: 'u', atom: '@u', nth: 0 }] }),
);
const single = fc.oneof(
  texts,
  rich,
  mentioning,
  fc.integer(),
  fc.boolean(),
  texts.map((name) => ({ id: '1', name })),
  texts.map((key) => ({ id: '7', key })),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  single,
  fc.array(single, { maxLength: 3 }).map((items) => items as Value),
);
const fields: fc.Arbitrary<Fields> = fc.dictionary(fc.constantFrom('text', 'visibility', 'more', '0'), value, {
  noNullPrototype: true,
});

describe('What a link holds', () => {
  it('property: comes back exactly, of items and of parts', () => {
    const leftOuts = fc.constantFrom<LeftOut | undefined>(undefined, [['text'], []], [[], ['more', 'text']]);
    fc.assert(
      fc.property(fields, fields, leftOuts, fc.boolean(), (one, two, leftOut, isPart) => {
        assert.deepEqual(opened().through([one, two], isPart, leftOut).read, [one, two, leftOut]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps a text once that both sides show, also where they read its markup differently', () => {
    const content = 'The cart is **empty** after a reload, and the second item is gone for good. '.repeat(2);
    const one: Fields = { text: { format: 'markdown', content, dialect: { hardBreaks: true } } };
    const two: Fields = { text: { format: 'markdown', content, dialect: { plainTags: true } } };
    for (const isPart of [false, true]) {
      const { columns, read } = opened().through([one, two], isPart);
      assert.deepEqual(read, [one, two, undefined]);
      const bytes = columns.baselines.length + (columns.packed?.length ?? 0);
      assert.ok(bytes < 1.5 * content.length, `${bytes} bytes for a text of ${content.length}`);
    }
  });

  it('of comments there is one frame for all of a kind, however many there are', () => {
    const { table, through } = opened();
    for (let n = 0; n < 50; n++) {
      const text = { format: 'markdown', content: `Comment ${n}, ${'as people write '.repeat(n)}` } as const;
      const author = { id: `${n}`, key: `person-${n}` };
      const { columns } = through([{ text, n, author }, { text }], true);
      assert.ok(columns.packed);
      assert.match(columns.baselines, /^\d+=?$/);
    }
    assert.equal(table.all().filter((name) => name.includes('rich')).length, 1);
  });

  it('is read as earlier versions have stored it', () => {
    const { names } = opened();
    const content = 'As it was stored before there were frames';
    const text = { format: 'markdown', content, dialect: { hardBreaks: true } } as const;
    const shape = names.idOf(JSON.stringify(['text']));
    const stored = JSON.stringify([shape, shape, [{ value: text }], [{ r: ['html', content] }]]);
    const expected = [{ text }, { text: { format: 'html', content } }, undefined];
    for (const columns of [
      { baselines: stored, packed: null },
      { baselines: '', packed: brotliCompressSync(Buffer.from(stored)) },
    ]) {
      assert.deepEqual(unpackBaselines(storedOf(columns, names), names), expected);
    }
  });
});

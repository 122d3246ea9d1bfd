import assert from 'node:assert/strict';
import fc from 'fast-check';
import { differences, type ValueWords, valueText } from '../../../nodes/editor/preview/values';

const words: ValueWords = { yes: 'Yes', no: 'No', time: (iso) => `at ${iso}` };
const text = (value: Parameters<typeof valueText>[0], type?: Parameters<typeof valueText>[1]): string =>
  valueText(value, type, words);

describe('values in a preview', () => {
  it('are what a document of Atlassian says, not its JSON; a broken one is shown as it is', () => {
    const paragraph = (words: string) => ({ type: 'paragraph', content: [{ type: 'text', text: words }] });
    const items = ['One', 'Two'].map((words) => ({ type: 'listItem', content: [paragraph(words)] }));
    const document = { version: 1, type: 'doc', content: [paragraph('Steps'), { type: 'bulletList', content: items }] };
    const shown = text({ format: 'adf', content: JSON.stringify(document) }, 'richtext');
    assert.match(shown, /^Steps\s+\S One\s+\S Two$/);
    assert.equal(text({ format: 'adf', content: '{"version"' }, 'richtext'), '{"version"');
  });

  it('are shown as people call them', () => {
    assert.equal(text({ id: '2', name: 'High' }), 'High');
    assert.equal(text({ id: '7', name: 'Bob Baker', email: 'bob@example.com' }), 'Bob Baker (bob@example.com)');
    assert.equal(text({ email: 'bob@example.com' }, 'user'), 'bob@example.com');
    assert.equal(text({ format: 'markdown', content: 'It **fails**' }), 'It **fails**');
    assert.equal(text(['web', 'ui']), 'web, ui');
    assert.equal(text(true), 'Yes');
    assert.equal(text(5_400, 'duration'), '1 h 30 min');
    assert.equal(text(-60, 'duration'), '−1 min');
    assert.equal(text(5_400), '5400');
    assert.equal(text('2026-05-01T10:00:00Z', 'datetime'), 'at 2026-05-01T10:00:00Z');
    for (const empty of [null, undefined, '', []]) assert.equal(text(empty), '');
  });

  it('never throw, whatever JSON stands there', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(typeof text(value as Parameters<typeof valueText>[0]), 'string');
      }),
    );
  });
});

describe('what differs between two texts in a preview', () => {
  it('is shown word by word', () => {
    assert.deepEqual(differences('put a book into the cart', 'put a pen into the cart'), [
      { is: 'same', text: 'put a ' },
      { is: 'removed', text: 'book' },
      { is: 'added', text: 'pen' },
      { is: 'same', text: ' into the cart' },
    ]);
  });

  it('adds up to both texts, however long they are', () => {
    const written = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', 'ä', '…'), maxLength: 60 });
    const repeated = fc.tuple(written, fc.constantFrom(1, 40, 2_000)).map(([piece, times]) => piece.repeat(times));
    fc.assert(
      fc.property(repeated, repeated, (before, after) => {
        const stretches = differences(before, after);
        const joined = (not: string) => stretches.map(({ is, text: part }) => (is === not ? '' : part)).join('');
        assert.equal(joined('added'), before);
        assert.equal(joined('removed'), after);
      }),
      { numRuns: 60 },
    );
  }).timeout(20_000);
});

import assert from 'node:assert/strict';
import { keyIn } from '../../lib/model/item-key';

describe('the key in what a person has typed', () => {
  for (const [typed, key] of [
    [' DEMO-17 ', 'DEMO-17'],
    ['https://example.atlassian.net/browse/DEMO-17?focusedCommentId=3#comment-3', 'DEMO-17'],
    ['https://redmine.example.com/issues/42/', '42'],
    ['https://rt.example.com/Ticket/Display.html?id=5', '5'],
    ['https://example.com/items/A%20B', 'A B'],
    // no valid escape
    ['https://example.com/items/100%', '100%'],
    ['C%3A', 'C%3A'],
    ['', ''],
  ] as const) {
    it(`of ${JSON.stringify(typed)} is ${JSON.stringify(key)}`, () => {
      assert.equal(keyIn(typed), key);
    });
  }

  it('is bounded', () => {
    assert.equal(keyIn(`https://example.com/${'x'.repeat(5_000)}`).length, 500);
  });
});

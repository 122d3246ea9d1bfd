import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { matching } from '../../../nodes/editor/matching';

const items = ['Priority', 'Original estimate', 'Über-Projekt', 'Due date'].map((name, id) => ({
  id: String(id),
  name,
  detail: `customfield_${id}`,
}));
const found = (search: string): string[] => matching(items, search).map(({ name }) => name);

describe('the search of a drop-down', () => {
  it('finds every word, wherever it stands, without regard to case and accents', () => {
    assert.deepEqual(found('DATE due'), ['Due date']);
    assert.deepEqual(found('uber'), ['Über-Projekt']);
    assert.deepEqual(found('nothing like it'), []);
  });

  it('finds ids too, and shows first what begins with the text', () => {
    assert.deepEqual(found('customfield_1'), ['Original estimate']);
    assert.deepEqual(found('pri'), ['Priority']);
    assert.deepEqual(found('o'), ['Original estimate', 'Priority', 'Über-Projekt', 'Due date']);
  });

  it('without a text offers everything, in its order', () =>
    assert.deepEqual(
      found('  '),
      items.map(({ name }) => name),
    ));
});

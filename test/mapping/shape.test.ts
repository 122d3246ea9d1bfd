/** Shapes of what is saved: types follow from them, what does not fit is left out, what is not known is kept. */

import assert from 'node:assert/strict';
import {
  extrasOf,
  filled,
  listOf,
  object,
  oneOf,
  open,
  positive,
  text,
  turned,
  withDefault,
  yes,
} from '../../lib/model/shape';

describe('shapes of what is saved in flows', () => {
  const size = object({ unit: oneOf(['cm', 'mm']) }, { most: positive });
  const row = object({ id: text }, { name: text, on: yes, size, way: withDefault(oneOf(['up', 'down']), 'up') });

  it('read an object in the order of the declaration, and leave out what has the wrong shape', () => {
    const read = row({ way: 'sideways', size: { unit: 'cm', most: -1 }, on: 'yes', name: '', id: 'a', later: 1 });
    assert.equal(JSON.stringify(read), '{"id":"a","size":{"unit":"cm"},"way":"up"}');
    // the type follows from the shape
    const way: 'up' | 'down' | undefined = read?.way;
    assert.equal(way, 'up');
  });

  it('are undefined where something needed is missing, and for what is no object', () => {
    for (const value of [{}, { id: '' }, { id: 5 }, [], null, 'a', undefined]) assert.equal(row(value), undefined);
    assert.equal(row({ id: 'a', size: { most: 1 } })?.size, undefined);
  });

  it('read of a list what has the shape; what is no list is empty', () => {
    assert.deepEqual(listOf(text)(['a', '', 5, 'b', null]), ['a', 'b']);
    for (const value of [undefined, { 0: 'a', length: 1 }, 'ab']) assert.deepEqual(listOf(text)(value), []);
  });

  it('keep what a later version has saved, and no name that is dangerous', () => {
    const saved = JSON.parse('{"id":"a","later":{"deep":1},"__proto__":{"bad":1},"constructor":2}');
    assert.deepEqual(open(row)(saved), { later: { deep: 1 }, id: 'a', way: 'up' });
    assert.deepEqual(extrasOf(saved, row), { later: { deep: 1 } });
  });

  it('can be turned into another, and refused', () => {
    const even = turned(positive, (value) => (value % 2 === 0 ? { even: value } : undefined));
    assert.deepEqual([even(4), even(3), even('4')], [{ even: 4 }, undefined, undefined]);
    assert.equal(filled(object({}, { name: text }))({ name: '' }), undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readDirection, readProjectPairs, readTypePairs } from '../../../lib/mapping/saved';
import { number } from '../../../nodes/editor/read';

describe('what a saved flow holds', () => {
  it('is read as pairs, and what is no pair is left out', () => {
    const pair = { one: { id: '1', name: 'Demo' }, two: { id: '2', name: 'Contoso' }, direction: 'forward' };
    assert.deepEqual(readProjectPairs([pair, null, 'x', { one: pair.one }, { ...pair, two: { name: 'no id' } }]), [
      pair,
    ]);
    assert.deepEqual(readProjectPairs(undefined), []);
    assert.deepEqual(readProjectPairs({ 0: pair }), []);
  });

  it('needs an id for a pair of types, since mapper nodes refer to it', () => {
    const pair = { id: 'p', one: { id: '1', name: 'Bug' }, two: { id: '2', name: 'Defect' }, direction: 'both' };
    assert.deepEqual(readTypePairs([pair, { ...pair, id: '' }]), [pair]);
  });

  it('gets a default where it is missing or cannot be', () => {
    assert.equal(readDirection('sideways'), 'both');
    const [named] = readProjectPairs([{ one: { id: 'DEMO' }, two: { id: 'X', name: '' } }]);
    assert.deepEqual([named?.one.name, named?.two.name, named?.direction], ['DEMO', 'X', 'both']);
    assert.equal(number('12', 3), 12);
    for (const value of ['', 'x', null, undefined, -1, Number.NaN]) assert.equal(number(value, 3), 3);
    assert.equal(number(0, 600, 1), 600);
  });
});

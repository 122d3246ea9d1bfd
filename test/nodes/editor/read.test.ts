import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { choice, direction, number, projectPairs, typePairs } from '../../../nodes/editor/read';

describe('what a saved flow holds', () => {
  it('is read as pairs, and what is no pair is left out', () => {
    const pair = { one: { id: '1', name: 'Demo' }, two: { id: '2', name: 'Contoso' }, direction: 'forward' };
    assert.deepEqual(projectPairs([pair, null, 'x', { one: pair.one }, { ...pair, two: { name: 'no id' } }]), [pair]);
    assert.deepEqual(projectPairs(undefined), []);
    assert.deepEqual(projectPairs({ 0: pair }), []);
  });

  it('needs an id for a pair of types, since mapper nodes refer to it', () => {
    const pair = { id: 'p', one: { id: '1', name: 'Bug' }, two: { id: '2', name: 'Defect' }, direction: 'both' };
    assert.deepEqual(typePairs([pair, { ...pair, id: '' }]), [pair]);
  });

  it('gets a preset where it is missing or cannot be', () => {
    assert.equal(direction('sideways'), 'both');
    assert.deepEqual(choice({ id: 'DEMO' }), { id: 'DEMO', name: 'DEMO' });
    assert.equal(number('12', 3), 12);
    for (const value of ['', 'x', null, undefined, -1, Number.NaN]) assert.equal(number(value, 3), 3);
    assert.equal(number(0, 600, 1), 600);
  });
});

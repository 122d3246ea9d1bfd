import assert from 'node:assert/strict';
import { hashOf, placeOf } from '../../../nodes/sandbox-page/place';
import { durationText, durationValue, keyOf, shown } from '../../../nodes/sandbox-page/text';

describe('sandbox page: values as text', () => {
  it('shows durations in hours, minutes and seconds, and reads them back', () => {
    for (const [seconds, text] of [
      [0, '0m'],
      [59, '59s'],
      [5400, '1h 30m'],
      [90_061, '25h 1m 1s'],
    ] as const) {
      assert.equal(durationText(seconds), text);
      assert.equal(durationValue(text), seconds);
    }
  });

  it('takes a bare number for hours, and leaves what it cannot read to the server', () => {
    assert.equal(durationValue('1,5'), 5400);
    assert.equal(durationValue('2H30M'), 9000);
    assert.equal(durationValue('ages'), 'ages');
  });

  it('shows each kind of value', () => {
    assert.equal(shown(null), '');
    assert.equal(shown(false), 'No');
    assert.equal(shown([{ id: '1', name: 'Web' }, { name: 'Server' }]), 'Web, Server');
    assert.equal(shown({ format: 'markdown', content: '# x' }), '# x');
    assert.equal(shown(3600, { id: 'e', name: 'Estimate', type: 'duration' }), '1h');
    assert.equal(shown({ id: '7', key: 'DEMO-7' }), 'DEMO-7');
    assert.equal(keyOf({ id: '7', key: 'DEMO-7' }), 'DEMO-7');
  });
});

describe('sandbox page: addresses', () => {
  it('leads to sandboxes, entities and new entities, whatever their names are', () => {
    for (const place of [
      { space: 'left' },
      { space: 'left & right/#1', id: '17' },
      { space: 'left', id: '17', part: '18' },
      { space: 'a', draft: { project: '6ce954b1-0001', type: 'User Story' } },
    ]) {
      assert.deepEqual(placeOf(hashOf(place)), place);
    }
  });

  it('leads nowhere from what is no address', () => {
    assert.equal(placeOf(''), undefined);
    assert.equal(placeOf('#%E0%A4%A'), undefined);
  });
});

import assert from 'node:assert/strict';
import { isMergeable } from '../../lib/mapping/mergeable';
import type { FieldChoice } from '../../lib/model/config';
import type { FieldType } from '../../lib/model/values';

const field = (type: FieldType, multi?: boolean): FieldChoice => ({ id: type, name: type, type, multi });

describe('Rows that can merge', () => {
  it('are those between two lists of several values, whatever their types', () => {
    assert.equal(isMergeable({ one: field('lookup', true), two: field('text', true) }), true);
    assert.equal(isMergeable({ one: field('user', true), two: field('user', true) }), true);
    assert.equal(isMergeable({ one: field('lookup', true), two: field('lookup') }), false);
  });

  it('are those between two texts, plain or formatted', () => {
    assert.equal(isMergeable({ one: field('text'), two: field('richtext') }), true);
    assert.equal(isMergeable({ one: field('text'), two: field('number') }), false);
  });

  it('are no others: of numbers, dates, single list entries and constants one wins', () => {
    assert.equal(isMergeable({ one: field('number'), two: field('number') }), false);
    assert.equal(isMergeable({ one: field('lookup'), two: field('lookup') }), false);
    assert.equal(isMergeable({ two: field('text') }), false);
  });
});

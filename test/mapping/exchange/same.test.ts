import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { isSame } from '../../../lib/mapping/exchange/same';

describe('mapping/exchange: the same JSON', () => {
  it('is reported as Node reports it', () => {
    const json = fc.jsonValue({ maxDepth: 3 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
    fc.assert(
      fc.property(json, json, (a, b) => {
        assert.equal(isSame(a, b), isDeepStrictEqual(a, b));
        assert.equal(isSame(a, structuredClone(a)), true);
        assert.equal(isSame({ a, b }, { b, a }), true);
      }),
    );
  });

  it('takes no account of properties that are undefined, and none of inherited ones', () => {
    assert.equal(isSame({ a: 1, b: undefined }, { a: 1 }), true);
    assert.equal(isSame([], {}), false);
    assert.equal(isSame({ toString: 1 }, {}), false);
    assert.equal(isSame([1, 2], [1]), false);
  });
});

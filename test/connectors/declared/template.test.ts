/** Whatever is in a value, it stays that value: in each query language, and in a path. */

import assert from 'node:assert/strict';
import { fill, parseTemplate, type Quoting } from '../../../lib/connectors/declared/template';
import { SyncError } from '../../../lib/model/errors';

const NASTY = `it's "all" \\ of ' or 1 eq 1 {id} ^NQ ( ] : * /../`;

const quoted = (quoting: Quoting, value: string): string => fill(parseTemplate(`{v|${quoting}}`), { v: value }) ?? '';

/** What a reader of the language takes for the text at the start, and what is left behind it. */
function readBack(text: string, mark: string, by: 'doubled' | 'backslash'): [string, string] {
  assert.equal(text[0], mark);
  let value = '';
  for (let at = 1; at < text.length; at++) {
    const [one, next] = [text[at], text[at + 1]];
    if (by === 'backslash' && one === '\\') {
      value += next;
      at++;
    } else if (one === mark && by === 'doubled' && next === mark) {
      value += mark;
      at++;
    } else if (one === mark) return [value, text.slice(at + 1)];
    else value += one;
  }
  return [value, 'not ended'];
}

describe('placeholders', () => {
  const LANGUAGES: [Quoting, string, 'doubled' | 'backslash'][] = [
    ['sql', "'", 'doubled'],
    ['odata', "'", 'doubled'],
    ['backslash', "'", 'backslash'],
    ['lucene', '"', 'backslash'],
  ];
  for (const [quoting, mark, by] of LANGUAGES)
    it(`${quoting}: a title with every sign of query languages is one text`, () => {
      for (const value of [NASTY, mark, `${mark}${mark}`, '\\', `\\${mark}`, `x\\`, '', '{{{'])
        assert.deepEqual(readBack(quoted(quoting, value), mark, by), [value, ''], value);
    });

  it('json: the same', () => assert.equal(JSON.parse(quoted('json', NASTY)), NASTY));

  it('raw and snow refuse what they cannot quote', () => {
    assert.equal(quoted('raw', '2026-01-31T08:00:00.000Z'), '2026-01-31T08:00:00.000Z');
    assert.equal(quoted('snow', "it's 100%"), "it's 100%");
    for (const value of [NASTY, "1' or '1", 'a b', '']) assert.throws(() => quoted('raw', value), SyncError, value);
    for (const value of ['a^NQb', 'x\ny', 'javascript:gs.log(1)'])
      assert.throws(() => quoted('snow', value), SyncError);
  });

  it('path: one segment, which leads nowhere else', () => {
    assert.equal(quoted('path', 'a/../b?c#d'), 'a%2F..%2Fb%3Fc%23d');
    assert.equal(quoted('segments', 'octo/hello world'), 'octo/hello%20world');
    for (const value of ['', '.', '..']) assert.throws(() => quoted('path', value), SyncError);
    for (const value of ['a/../b', '../x', '/x', 'x//y'])
      assert.throws(() => quoted('segments', value), SyncError, value);
  });

  it('are left alone where a value contains their signs', () => {
    assert.equal(fill(parseTemplate('{{{a}}} {b}'), { a: '{b}', b: '{a}' }), '{{b}} {a}');
  });

  it('have values of their own only', () => {
    assert.equal(fill(parseTemplate('{toString}'), {}), undefined);
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import fc from 'fast-check';
import { fromJson, MAPPING_VERSION, toJson } from '../../../lib/mapping/exchange';
import { projectRoot } from '../../support/node-red';
import { anyMapping } from './arbitrary';

const told = (body: unknown) =>
  fromJson(typeof body === 'string' ? body : JSON.stringify(body)).problems.map(({ sheet, row, code, value }) =>
    [sheet, row, code, value].join(' | '),
  );

const file = (parts: object) => ({ format: 'twinflow-mapping', version: MAPPING_VERSION, ...parts });
const field = { id: 'a', name: 'A', type: 'text' };

describe('mapping/exchange: a mapping as JSON', () => {
  it('is what its schema says', () => {
    const schema = JSON.parse(readFileSync(join(projectRoot, 'docs', 'mapping.schema.json'), 'utf8')) as object;
    const validate = new Ajv({ strictTypes: false }).compile(schema);
    fc.assert(
      fc.property(anyMapping, (mapping) => {
        assert.ok(validate(JSON.parse(toJson(mapping))), JSON.stringify(validate.errors));
      }),
    );
    assert.equal(validate({ format: 'twinflow-mapping', version: 1, fields: [{ direction: 'up' }] }), false);
  });

  it('names part, row and property of what is not understood, and is then not read at all', () => {
    const body = file({
      fields: [
        { one: field, two: field, direction: 'upwards' },
        { one: { ...field, type: 'colour' }, transform: { forward: { kind: 'xslt', text: '' } } },
        'row',
      ],
      defaults: {},
    });
    assert.deepEqual(told(body), [
      'fields | 1 | notUnderstood | direction: "upwards"',
      'fields | 2 | notUnderstood | one type: "colour"',
      'fields | 2 | notUnderstood | transform: {"forward":{"kind":"xslt","text":""}}',
      'fields | 3 | notRow | "row"',
      'defaults | 0 | notRows | {}',
    ]);
    assert.equal(fromJson(JSON.stringify(body)).document, undefined);
  });

  it('of a later version, or of something else, is refused in words', () => {
    assert.deepEqual(told({ ...file({ fields: [] }), version: 2 }), [' | 0 | newerVersion | 2']);
    assert.deepEqual(told({ fields: [] }), [' | 0 | notMapping | ']);
    assert.deepEqual(told(file({})), [' | 0 | nothingIn | ']);
    assert.match(told('{')[0] ?? '', /notJson/);
  });

  it('keeps what a later version of the same shape may add to a row, but no key that is a trap', () => {
    const extra = file({ fields: [{ one: field, direction: 'backward', constant: 'x', comment: { by: 'me' } }] });
    assert.equal(Reflect.get(fromJson(JSON.stringify(extra)).document?.fields?.[0] ?? {}, 'comment').by, 'me');
    const trap = JSON.stringify(file({ fields: [{ one: field, x: 1 }] })).replace(
      '"x":1',
      '"__proto__":{"polluted":1}',
    );
    assert.deepEqual(told(trap), ['fields | 1 | notUnderstood | __proto__: {"polluted":1}']);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });
});

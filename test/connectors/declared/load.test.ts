/** Errors of a connector file name file, line, place and what is expected; to refuse a file costs little. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { stringify } from 'yaml';
import { shippedFile } from '../../../lib/connectors/declared/files';
import { connectorSchema } from '../../../lib/connectors/declared/format';
import { loadConnector } from '../../../lib/connectors/declared/load';
import { cpuMs } from '../../support/cpu';
import { projectRoot } from '../../support/node-red';
import { changed, problemsOf, SMALL } from './small';

describe('a connector file', () => {
  it('is read from YAML and from JSON', () => {
    assert.deepEqual(problemsOf(SMALL), []);
    const loaded = loadConnector(JSON.stringify(SMALL), 'small.json');
    assert.ok('file' in loaded && loaded.file.kind === 'small');
  });

  it('is refused with file, line and place', () => {
    const text = stringify(SMALL).replace('type: text', 'type: txt');
    const loaded = loadConnector(text, 'small.yaml');
    assert.ok('problems' in loaded);
    const line = text.split('\n').findIndex((one) => one.includes('txt')) + 1;
    assert.match(
      loaded.problems[0] ?? '',
      new RegExp(`^small\\.yaml:${line}: settings\\[1\\]\\.type: one of text, url`),
    );
  });

  const CASES: [string, string, unknown, RegExp][] = [
    ['a key that there is not', 'http.concurency', 2, /^http\.concurency: unknown key; possible are base, errors/],
    ['a missing key', 'identity', undefined, /^"identity" is missing$/],
    ['another format', 'connector', 2, /^connector: 1 is expected, found 2$/],
    ['a kind with blanks', 'kind', 'My Tracker', /^kind: a name such as my-tracker is expected/],
    [
      'a feed that there is not',
      'types.0.changes.feed',
      'push',
      /^types\[0\]\.changes\.feed: one of time, token, sequence, scan/,
    ],
    ['a duration without unit', 'types.0.changes.settle', '5', /settle: a duration such as 500ms/],
    ['a placeholder that nothing fills', 'types.0.read.get', '/t/{key|path}', /read\.get: \{key\} has no value here/],
    ['a placeholder in a path without quoting', 'types.0.read.get', '/t/{id}', /write \{id\|path\}/],
    ['a placeholder in a query without quoting', 'types.0.find.own.query.q', "by = '{self}'", /name its quoting/],
    ['a quoting that there is not', 'types.0.find.own.query.q', 'by = {self|sqll}', /unknown quoting "sqll"/],
    ['a single brace', 'types.0.find.own.query.q', 'by = {', /a single "\{"/],
    ['a setting that there is not', 'http.headers', { A: '{setting.key}' }, /there is no such setting/],
    ['credentials from nowhere', 'http.auth.token', 'apiKey', /^http\.auth\.token: there is no setting "apiKey"/],
    ['a secret that Node-RED would not store', 'settings.2.name', 'secret', /a secret must be called one of apiKey/],
    ['a base that an id could choose', 'http.base', '{setting.space}/api', /^http\.base: it begins with \{setting/],
    [
      'a base that a setting could lead away from',
      'http.base',
      'https://a.example{setting.space|raw}',
      /^http\.base: it begins/,
    ],
    ['a feed that does not filter', 'types.0.changes.list.query', {}, /nothing filters by \{from\}/],
    ['a create that nothing finds again', 'types.0.find', undefined, /a create whose answer is lost is not found/],
    ['a marker that nothing finds', 'types.0.create.marker', { property: 'ext' }, /find\.marker is missing/],
    ['the same field twice', 'types.0.fields.1', { id: 'title', name: 'T', type: 'text' }, /"title" is there twice/],
    ['a rich text without format', 'types.0.fields.0.type', 'richtext', /a richtext names its format/],
    [
      'a field that is not shown, but updated',
      'types.0.fields.0.unshown',
      true,
      /a field that answers do not show must be createOnly$/,
    ],
  ];
  for (const [what, path, value, says] of CASES)
    it(`is refused for ${what}`, () => {
      const problems = problemsOf(changed(path, value));
      assert.ok(
        problems.some((one) => says.test(one)),
        problems.join('\n') || 'it was accepted',
      );
    });

  it('with an alias bomb is refused at once', () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++) bomb.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`);
    const begun = cpuMs();
    const loaded = loadConnector(bomb.join('\n'), 'bomb.yaml');
    assert.ok('problems' in loaded);
    assert.match(loaded.problems.join(), /^bomb\.yaml: Excessive alias count/);
    assert.ok(cpuMs() - begun < 1_000);
  });

  it('that is nested without end, too long, tagged or no YAML is refused in one sentence', () => {
    const refusals: [string, RegExp][] = [
      ['['.repeat(100_000), /nested too deeply/],
      [`# ${'x'.repeat(300_000)}`, /longer than 200000 characters/],
      ['connector: !!js/function x', /Unresolved tag/],
      ['a: 1\na: 2', /Map keys must be unique/],
      ['a: [1', /Flow sequence/],
      ['', /a map is expected, found null/],
      ['__proto__: { kind: x }', /unknown key/],
    ];
    for (const [text, says] of refusals) {
      const loaded = loadConnector(text, 'x.yaml');
      assert.ok('problems' in loaded);
      assert.match(loaded.problems.join('\n'), says);
    }
  });

  it('is described for editors by docs/connector.schema.json, which agrees with the check at load', () => {
    const path = join(projectRoot, 'docs', 'connector.schema.json');
    const text = `${JSON.stringify(connectorSchema, null, 1)}\n`;
    if (process.env.TWINFLOW_WRITE_PAGES) writeFileSync(path, text);
    const schema = JSON.parse(readFileSync(path, 'utf8')) as object;
    assert.deepEqual(schema, JSON.parse(text), 'TWINFLOW_WRITE_PAGES=1 writes it again');
    const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
    for (const file of [SMALL, shippedFile('github')]) assert.ok(validate(file), JSON.stringify(validate.errors));
    for (const [what, path1, value, says] of CASES.slice(0, 6)) {
      assert.ok(!validate(changed(path1, value)), `${what}: ${says}`);
    }
  });
});

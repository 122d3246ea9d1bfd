/** Rows of saved nodes that cannot be read are reported with node, row and field. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokenIn } from '../../lib/mapping/broken';
import { readPollerSettings } from '../../lib/mapping/node-settings';
import { isNodeType, type NodeType, upgradeNode } from '../../lib/saved';
import { readFilter } from '../../lib/steps';
import { FilterStep } from '../../lib/steps/filter';
import { message } from '../nodes/filter/harness';

const one = { id: 'summary', name: 'Summary', type: 'text' };
const two = { id: 'title', name: 'Title', type: 'text' };
const row = { one, two, direction: 'both' };

function flows(folder: string): object[] {
  const path = join(__dirname, '../..', folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => JSON.parse(readFileSync(join(path, name), 'utf8')) as object[]);
}

describe('Saved rows that cannot be read', () => {
  it('are none in flows of any version, and in none of the examples', () => {
    const nodes = [...flows('test/saved/flows'), ...flows('examples')];
    let looked = 0;
    for (const node of nodes) {
      const type: unknown = Reflect.get(node, 'type');
      if (!isNodeType(type)) continue;
      const upgraded = upgradeNode(type, node);
      assert.equal(upgraded.is, 'known');
      if (upgraded.is === 'known') assert.deepEqual(brokenIn(type, upgraded.saved), [], type);
      looked += 1;
    }
    assert.ok(looked > 30);
  });

  const cases: [what: string, type: NodeType, saved: object, told: RegExp[]][] = [
    [
      'a field of a mapper’s row without id, a word that nobody knows, and a row that is none',
      'twinflow-field-mapper',
      { rows: [row, { ...row, one: { name: 'Severity' } }, { ...row, conflict: 'newst' }, 5] },
      [
        /^Row 2 \(Severity ↔ Title\): "one\.id" is missing/,
        /^Row 3 \(Summary ↔ Title\): "conflict" has the value "newst"/,
        /^Row 4 cannot be read/,
      ],
    ],
    [
      'a transform of a kind that nobody knows',
      'twinflow-field-mapper',
      { rows: [{ ...row, transform: { forward: { kind: 'javascript', code: '1' } } }] },
      [/^Row 1 .*: "transform\.forward\.kind" has the value "javascript"/],
    ],
    [
      'rows that are no list',
      'twinflow-field-mapper',
      { rows: 'x' },
      [/^"rows" is "x", not a list\. It is not used\.$/],
    ],
    [
      'a value mapper’s pair with one end, a direction, and a domain rule',
      'twinflow-value-mapper',
      {
        rows: [
          { one, two, pairs: [{ one: { name: 'High' }, direction: 'both' }] },
          { one, two, pairs: [{ one: { name: 'High' }, two: { name: '1' }, direction: 'forwards' }] },
        ],
        domains: ['example.com'],
      },
      [
        /^Row 1 .*: "pairs\[0\]\.two" is missing/,
        /^Row 2 .*: "pairs\[0\]\.direction" has the value "forwards"/,
        /^Domain rule 1 cannot be read/,
      ],
    ],
    [
      'a default mapper’s field, and its policy',
      'twinflow-default-mapper',
      { rows: [{ side: 2 }, { field: two, side: 2, empty: 'erase' }] },
      [/^Row 1: "field" is missing/, /^Row 2 \(Title\): "empty" has the value "erase"/],
    ],
    [
      'a filter’s field, and its operator',
      'twinflow-filter',
      { conditions: [{ operator: 'is' }, { field: one, operator: 'matches', value: 'x' }] },
      [/^Condition 1: "field" is missing/, /^Condition 2 \(Summary\): "operator" has the value "matches"/],
    ],
    [
      'an integration’s pairs, and its comments',
      'twinflow-integration',
      {
        projectPairs: [{ one: { id: '1' }, direction: 'both' }],
        typePairs: [{ id: 'bug', one, two, direction: 'both', parts: [{ id: 'c', role: 'remark', one, two }] }],
      },
      [/^Project pair 1 \(1\): "two" is missing/, /^Type pair 1 .*: "parts\[0\]\.role" has the value "remark"/],
    ],
  ];
  const optional: typeof cases = [
    [
      'optional properties of a mapper’s row',
      'twinflow-field-mapper',
      {
        rows: [
          {
            ...row,
            one: { ...one, maxLength: '255', multi: 'yes', name: 5 },
            two: { ...two, length: { unit: 5 }, dialect: 'x' },
            syncWhen: 1,
            constant: {},
            transform: 'x',
          },
        ],
        pairs: 5,
      },
      [
        /^"pairs" is 5, not a text\. The default is used\.$/,
        /^Row 1 .*: "one\.name" is 5, not a text\. It is not used\.$/,
        /^Row 1 .*: "one\.multi" is "yes", not true or false/,
        /^Row 1 .*: "one\.maxLength" is "255", not a number above 0/,
        /^Row 1 .*: "two\.length\.unit" is 5, not a text/,
        /^Row 1 .*: "two\.dialect" cannot be read/,
        /^Row 1 .*: "constant" cannot be read/,
        /^Row 1 .*: "syncWhen" is 1, not a text/,
        /^Row 1 .*: "transform" cannot be read/,
      ],
    ],
    [
      'optional properties of value tables and domain rules',
      'twinflow-value-mapper',
      {
        rows: [
          {
            one,
            two,
            pairs: 'x',
            ignoreCase: 'no',
            sameName: 0,
            sheet: { from: { kind: 'path', path: 'a' }, sheet: 1, backward: 'x' },
          },
        ],
        domains: [{ one: 'a.com', two: 7, direction: 'both' }],
        pairs: ['bug', 7],
      },
      [
        /^"pairs\[1\]" is 7, not a text/,
        /^Row 1 .*: "pairs" is "x", not a list/,
        /^Row 1 .*: "sheet\.sheet" is 1, not a text/,
        /^Row 1 .*: "sheet\.backward" is "x", not true or false/,
        /^Row 1 .*: "ignoreCase" is "no", not true or false/,
        /^Row 1 .*: "sameName" is 0, not true or false/,
        /^Domain rule 1.*: "two" is 7, not a text/,
      ],
    ],
    [
      'optional properties of a default row',
      'twinflow-default-mapper',
      { rows: [{ field: two, side: 'left', value: [{}], unresolved: 5 }] },
      [
        /^Row 1 .*: "side" has the value "left"/,
        /^Row 1 .*: "value\[0\]" cannot be read/,
        /^Row 1 .*: "unresolved" is 5, not a text/,
      ],
    ],
    [
      'the settings of a filter',
      'twinflow-filter',
      {
        side: 3,
        mode: 'some',
        conditions: [{ field: one, operator: 7, value: {} }],
        matchCase: 1,
        live: 'no',
        outputs: 'two',
      },
      [
        /^"side" is 3, not a text/,
        /^"mode" has the value "some", which is not known\. The default is used\.$/,
        /^Condition 1 .*: "operator" is 7, not a text/,
        /^Condition 1 .*: "value" cannot be read/,
        /^"matchCase" is 1, not true or false/,
        /^"live" is "no", not true or false/,
        /^"outputs" is "two", not a whole number above 0/,
      ],
    ],
    [
      'the settings of an integration',
      'twinflow-integration',
      {
        ...{ active: 'no', retries: 'many', lostAfterMs: -5, parkFields: 1, targetDeleted: 'delete' },
        backlinks: { 1: { key: 5, back: 'x' }, 2: 'x' },
        typePairs: [
          { id: 'bug', one, two, parts: [{ id: 'c', role: 'comment', one, two, authorLine: 'off', edits: 1 }] },
        ],
      },
      [
        /^"active" is "no", not true or false/,
        /^Type pair 1 .*: "parts\[0\]\.authorLine" is "off", not true or false/,
        /^Type pair 1 .*: "parts\[0\]\.edits" is 1, not a text/,
        /^"backlinks\.1\.key" is 5, not a text/,
        /^"backlinks\.1\.back" is "x", not true or false/,
        /^"backlinks\.2" cannot be read/,
        /^"retries" is "many", not a whole number\. The default is used\.$/,
        /^"parkFields" is 1, not true or false/,
        /^"targetDeleted" has the value "delete"/,
        /^"lostAfterMs" is -5, not a whole number/,
      ],
    ],
    [
      'the settings of a poller',
      'twinflow-poller',
      {
        ...{ side: 'left', schedule: 'daily', unit: 'days', cron: 5, start: 'yesterday', startTime: 5, interval: 'x' },
        ...{ pageSize: 0, window: {} },
      },
      [
        /^"side" has the value "left"/,
        /^"schedule" has the value "daily"/,
        /^"unit" has the value "days"/,
        /^"cron" is 5, not a text/,
        /^"start" has the value "yesterday"/,
        /^"startTime" is 5, not a text/,
        /^"pageSize" is 0, not a whole number above 0/,
        /^"window" is an object, not a whole number above 0/,
        /^"interval" is "x", not a number above 0/,
      ],
    ],
    [
      'the settings of a system, and of a writer',
      'twinflow-system',
      { kind: 5, ignoreOwn: 'yes', maxRequestsPerSecond: 0, maxConcurrent: 'x', config: 'x' },
      [
        /^"kind" is 5, not a text/,
        /^"ignoreOwn" is "yes", not true or false/,
        /^"config" cannot be read/,
        /^"maxRequestsPerSecond" is 0, not a number above 0/,
        /^"maxConcurrent" is "x", not a number above 0/,
      ],
    ],
    [
      'the settings of a writer',
      'twinflow-writer',
      { batchSize: 'x', dryRun: 1 },
      [/^"batchSize" is "x"/, /^"dryRun" is 1/],
    ],
  ];

  it('have settings that environment variables give as texts, and sides as numbers', () => {
    assert.deepEqual(brokenIn('twinflow-writer', { batchSize: '20' }), []);
    assert.deepEqual(brokenIn('twinflow-system', { maxRequestsPerSecond: '2.5', maxConcurrent: '', proxy: '' }), []);
    assert.equal(readPollerSettings({ side: 2 }).side, 2);
    assert.deepEqual(brokenIn('twinflow-poller', { side: 2, interval: '30' }), []);
  });

  for (const [what, type, saved, told] of [...cases, ...optional]) {
    it(`are reported: ${what}`, () => {
      const found = brokenIn(type, saved);
      assert.equal(found.length, told.length, found.join('\n'));
      for (const [index, wanted] of told.entries()) assert.match(found[index] ?? '', wanted);
    });
  }

  it('are reported in ten sentences at most', () => {
    const found = brokenIn('twinflow-field-mapper', { rows: Array.from({ length: 500 }, () => ({})) });
    assert.equal(found.length, 11);
    assert.equal(found.at(-1), '490 more could not be read.');
  });

  it('make a filter refuse what it would have to look at: without its condition it would let too much through', () => {
    const host = {
      linkOf: async () => undefined,
      read: async () => undefined,
      users: () => ({ find: async () => undefined }),
      addresses: () => [],
      lookUp: () => null,
      inQuery: async () => false,
    };
    const settings = readFilter({
      side: '1',
      conditions: [{ field: one, operator: 'is', value: 'x' }, { operator: 'is' }],
    });
    const filter = new FilterStep(settings, 'test');
    const changed = message({ summary: 'x' }, { kind: 'create' });
    assert.throws(() => filter.decide(changed, host), /Condition 2: "field" is missing/);
    assert.deepEqual(filter.decide(message({}, { direction: 'backward' }), host), {
      passes: true,
      notAsked: 'otherSide',
    });
  });
});

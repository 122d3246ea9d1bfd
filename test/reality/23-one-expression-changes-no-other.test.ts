/** Expressions are written by people: none may reach into what another mapper, integration or preview computes. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { FUNCTIONS } from '../../lib/mapping/transform-builtins';
import { ExpressionRunner } from '../../lib/mapping/transform-runner';
import type { FieldChoice, FieldRow } from '../../lib/model/config';
import type { SyncMessage } from '../../lib/model/message';
import { Chain } from '../../lib/plan/chain';
import { FieldMapperStep, type StepHost } from '../../lib/steps';

const title: FieldChoice = { id: 'title', name: 'Title', type: 'text' };
const summary: FieldChoice = { id: 'summary', name: 'Summary', type: 'text' };

const mapped = (expression: string): FieldRow[] => [
  { one: title, two: summary, direction: 'forward', transform: { forward: { kind: 'jsonata', expression } } },
];

const host: StepHost = {
  connection: () => {
    throw new Error('not asked');
  },
  users: () => ({ find: async () => undefined }),
  addresses: () => [],
  linkOf: async () => undefined,
  read: async () => undefined,
  inQuery: async () => false,
  lookUp: () => null,
};

const message = (text: string): SyncMessage => ({
  topic: 'flow',
  payload: { title: text },
  sync: {
    ...{ integration: 'i', direction: 'forward', event: '1.1', kind: 'update', changed: ['title'], pair: 'p' },
    entity: { id: '1', key: '#1', type: 'bug', project: 'p', updatedAt: '2026-01-02T03:04:05Z' },
    target: { type: 'bug', project: 'q' },
  },
});

/** Each puts a value of its own issue in the place of what `$uppercase` gives. */
const ATTACKS = [
  '$$ ~> |$uppercase|{"implementation": $new}|',
  '$$ ~> |$spread([$uppercase]).implementation|{"apply": function($a, $b) { "stolen" }}|',
  '$$ ~> |$spread([$uppercase]).signature|{"validate": function($a, $b) { ["stolen"] }}|',
  '($clone := function($x) { $x }; $$ ~> |$uppercase|{"signature": 1}|)',
  '($f := function() { 1 }; $x := $$ ~> |$f|{}, ["_jsonata_lambda"]|; $$ ~> |$f.environment.lookup("uppercase")|{}, ["implementation"]|)',
];

describe('an expression', function () {
  this.timeout(60_000);
  const helpers = { user: () => null, lookup: () => null, text: () => null };
  const input = { payload: { title: 'secret', list: [1, 2] }, names: [] };

  for (const attack of ATTACKS) {
    it(`changes no built-in function for others: ${attack}`, async () => {
      const runner = new ExpressionRunner();
      const [first] = await runner.evaluate([attack], input, helpers);
      const [second] = await runner.evaluate(['$uppercase("abc")'], input, helpers);
      runner.close();
      assert.deepEqual(second, { value: 'ABC' }, JSON.stringify(first));
    });
  }

  it('that tries to is refused with a sentence', async () => {
    const runner = new ExpressionRunner();
    const [result] = await runner.evaluate([ATTACKS[0] ?? ''], input, helpers);
    runner.close();
    assert.deepEqual(result, { error: 'it tries to change a function of JSONata, which all expressions share' });
  });

  it('does not change the values that the next expression of the mapper sees', async () => {
    const runner = new ExpressionRunner();
    const results = await runner.evaluate(
      ['($clone := function($x) { $x }; ($$ ~> |$|{"title": "changed"}|).title)', 'title', '$new("title")'],
      input,
      helpers,
    );
    runner.close();
    assert.deepEqual(results.slice(1), [{ value: 'secret' }, { value: 'secret' }]);
  });

  it('finds every function of JSONata frozen, those of a later version as well', async () => {
    const source = await readFile(require.resolve('jsonata'), 'utf8');
    const bound = [...source.matchAll(/staticFrame\.bind\('(\w+)'/g)].map(([, name]) => name ?? '');
    assert.ok(bound.length > 50);
    assert.deepEqual([...FUNCTIONS].sort(), [...new Set(bound)].sort());
  });

  it('of a preview runs in another process than a deployed one, and each integration has its own', async () => {
    const deployed = new FieldMapperStep(mapped('$uppercase(title)'), 'integration 1');
    const neighbour = new FieldMapperStep(mapped('$uppercase(title)'), 'integration 2');
    const same = new FieldMapperStep(mapped('$lowercase(title)'), 'integration 1');
    const preview = new Chain(
      [{ id: 'm', pairs: 'all', kind: 'fieldMapper', rows: mapped('$match(title, /(a+)+$/).match') }],
      '',
      host,
    );
    const before = await Promise.all([deployed, neighbour, same].map((step) => step.map(message('abc'), host)));
    assert.deepEqual(
      before.map(({ payload }) => payload.summary),
      ['ABC', 'ABC', 'abc'],
    );
    // an expression that never comes back holds up its own preview only
    let isBack = false;
    const hung = preview.pass(message(`${'a'.repeat(40)}!`)).finally(() => {
      isBack = true;
    });
    const after = await Promise.all([deployed, neighbour].map((step) => step.map(message('xyz'), host)));
    const waited = isBack;
    assert.deepEqual(
      after.map(({ payload }) => payload.summary),
      ['XYZ', 'XYZ'],
    );
    assert.equal(waited, false, "they waited for a preview's expression");
    assert.equal(deployed.process, same.process);
    assert.notEqual(deployed.process, neighbour.process);
    await hung;
    preview.close();
    for (const step of [deployed, neighbour, same]) step.close();
  });

  it('that nobody uses for a while gives its process back', async () => {
    const runner = new ExpressionRunner({ idleMs: 50 });
    assert.deepEqual(await runner.evaluate(['1 + 1'], input, helpers), [{ value: 2 }]);
    assert.ok(runner.process !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(runner.process, undefined);
    assert.deepEqual(await runner.evaluate(['1 + 2'], input, helpers), [{ value: 3 }]);
    runner.close();
  });
});

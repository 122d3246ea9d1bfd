import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ExpressionResult, Helpers } from '../../lib/mapping';
import { expressionReads } from '../../lib/mapping/transform-expression';
import { compileMapping } from '../../lib/mapping/transform-mapping';
import { ExpressionRunner } from '../../lib/mapping/transform-runner';
import type { Value } from '../../lib/model';
import { field, row } from './helper';

const helpers: Helpers = {
  user: async (who) => (who === 'ann@example.org' ? { id: '12', name: 'Ann', email: who } : null),
  lookup: (table, value) => {
    if (table !== 'Priority') throw new Error(`no table "${String(table)}"`);
    return { name: `mapped ${JSON.stringify(value)}` };
  },
  text: () => 'plain text',
};

const input = {
  payload: {
    summary: `${'a'.repeat(40)}!`,
    points: 4,
    status: { id: '1', name: 'Open' },
    labels: ['x', 'y'],
    who: null,
  },
  old: { summary: 'before' },
  linked: { id: '9', key: '#9', type: 'bug', project: 'p' },
  entity: { id: '7', key: 'DEMO-7', type: 'bug', project: 'DEMO' },
  names: [['title', 'summary']] as [string, string][],
};

describe('mapping/transform-runner', function () {
  this.timeout(60_000);
  const runner = new ExpressionRunner();
  after(() => runner.close());

  const all = (...expressions: string[]): Promise<ExpressionResult[]> => runner.evaluate(expressions, input, helpers);
  const value = async (expression: string): Promise<unknown> => {
    const [result] = await all(expression);
    assert.ok(result && !('error' in result), JSON.stringify(result));
    return result.value;
  };
  const error = async (expression: string): Promise<string> => {
    const [result] = await all(expression);
    assert.ok(result && 'error' in result, JSON.stringify(result));
    return result.error;
  };

  it('evaluates over the source fields, as a function node would see them', async () => {
    assert.equal(await value('points * 2'), 8);
    assert.equal(await value('status.name & "/" & $join(labels, "+")'), 'Open/x+y');
    assert.equal(await value('nothing'), undefined);
    assert.equal(await value('who'), null);
    assert.deepEqual(await value('{"a": [points]}'), { a: [4] });
  });

  it('has helpers: the values before and now, the entity and its counterpart, people, tables, plain text', async () => {
    assert.equal(
      await value('$substring($new("Title"), 0, 2) & "/" & $old("summary") & "/" & $old("points")'),
      'aa/before/',
    );
    assert.equal(await value('$entity().key & " " & $linked().key'), 'DEMO-7 #9');
    assert.equal(await value('$user("ann@example.org").id'), '12');
    assert.equal(await value('$user("nobody@example.org").id'), undefined);
    assert.deepEqual(await value('$lookup("Priority", status)'), { name: 'mapped {"id":"1","name":"Open"}' });
    assert.equal(await value('$lookup(status, "name")'), 'Open');
    assert.equal(await value('$text(summary)'), 'plain text');
    assert.match(await error('$lookup("Nope", 1)'), /no table "Nope"/);
  });

  it('says what is wrong with an expression, and evaluates the others', async () => {
    const [bad, good, worse] = await all('a b', 'points', '$foo()');
    assert.deepEqual(good, { value: 4 });
    assert.match(JSON.stringify(bad), /Syntax error/);
    assert.match(JSON.stringify(worse), /non-function/);
    assert.match(await error('function($x) { $x }'), /a function, not a value/);
  });

  it('ends what never ends: loops, recursion, lists without measure, results without measure', async () => {
    assert.match(await error('($f := function($n) { $f($n + 1) }; $f(1))'), /longer than 50 ms|too often/);
    assert.match(await error('($f := function($n) { 1 + $f($n + 1) }; $f(1))'), /too often/);
    assert.match(await error('[1..10000000]'), /more than 100000 items/);
    assert.match(
      await error('$join($map([1..100000], function($v) { "xxxxxxxxxxxxxxxxxxxx" }))'),
      /longer than|more than/,
    );
    assert.equal(await value('points'), 4);
  });

  it('ends a regular expression that backtracks for ages, and Node-RED goes on meanwhile', async () => {
    await value('points');
    let longest = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const [hung, good] = await all('$match(summary, /(a+)+$/)', 'points');
    clearInterval(beat);
    assert.match(JSON.stringify(hung), /longer than 500 ms/);
    assert.deepEqual(good, { value: 4 });
    assert.ok(longest < 400, `stood still for ${longest} ms`);
  });

  it('lets an expression rest that hangs again and again, and tries it again later', async () => {
    const strict = new ExpressionRunner({ hardMs: 200, strikes: 2, restMs: 1_000 });
    const hang = '$match(summary, /(a+)+$/)';
    const reason = async (): Promise<string> => JSON.stringify(await strict.evaluate([hang, 'points'], input, helpers));
    assert.match(await reason(), /longer than 200 ms"/);
    assert.match(await reason(), /longer than 200 ms"/);
    const begun = performance.now();
    assert.match(await reason(), /again and again: it rests for a while.*"value":4/);
    assert.ok(performance.now() - begun < 1_000, 'the others do not wait for it');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const harmless = { ...input, payload: { ...input.payload, summary: 'aa' } };
    assert.match(JSON.stringify(await strict.evaluate([hang], harmless, helpers)), /"match":"aa"/);
    strict.close();
  });

  it('outlives an expression that takes all memory', async () => {
    assert.match(await error('$pad("x", 500000000)'), /memory|longer than/);
    assert.equal(await value('points'), 4);
  });

  it('does not count the time that a helper takes, up to its own limit', async () => {
    const slow: Helpers = {
      ...helpers,
      user: () => new Promise((resolve) => setTimeout(() => resolve({ id: '1' }), 800)),
    };
    assert.deepEqual(await runner.evaluate(['$user("a@b.c").id'], input, slow), [{ value: '1' }]);
    const patient = new ExpressionRunner({ helperMs: 50 });
    const never: Helpers = { ...helpers, user: () => new Promise(() => undefined) };
    const [result] = await patient.evaluate(['$user("a@b.c").id'], input, never);
    patient.close();
    assert.match(JSON.stringify(result), /no answer within 0.05 seconds/);
  });

  it('sees nothing of its surroundings and changes nothing of the message', async () => {
    assert.equal(await value('process'), undefined);
    assert.match(await error('$eval("(")'), /./);
    assert.equal(await value('labels.constructor'), undefined);
    await value('$ ~> |$|{"summary": "changed"}|');
    assert.equal(input.payload.summary, `${'a'.repeat(40)}!`);
  });

  it('answers in the order asked, also when many ask at a time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        runner.evaluate(['points + n'], { ...input, payload: { points: 1, n } }, helpers),
      ),
    );
    assert.deepEqual(
      answers.map(([answer]) => answer),
      Array.from({ length: 50 }, (_, n) => ({ value: n + 1 })),
    );
  });

  it('maps any JSON to a value or a reason', async () => {
    const rows = ['$', 'summary', '$string(summary) & "x"', 'summary.name', '$count(summary) > 1 ? $$ : null'].map(
      (expression, n) =>
        row(field('Summary', 'text'), field(`T${n}`, n % 2 === 0 ? 'text' : 'lookup'), {
          transform: { forward: { kind: 'jsonata', expression } },
        }),
    );
    const mapping = compileMapping(rows, 'forward', { expressionReads }, (expressions, payload, context, names) =>
      runner.evaluate(expressions, { payload, entity: context.entity, names }, helpers),
    );
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (json) => {
        const { fields, mapped, unresolved } = await mapping.map({ summary: json as Value });
        for (const id of Object.keys(mapped)) assert.ok(id in fields || id in unresolved, id);
      }),
      { numRuns: 200 },
    );
  });

  it('answers what is asked of it after it was closed', async () => {
    const closed = new ExpressionRunner();
    const open = closed.evaluate(['points'], input, helpers);
    closed.close();
    assert.deepEqual(await open, [{ error: 'the node was stopped' }]);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  compileFieldRows,
  conflictOf,
  readFieldRows,
  relevantFields,
  rowIssues,
  templateParts,
  templateRefs,
} from '../../lib/mapping';
import { expressionCheck, expressionReads } from '../../lib/mapping/transform-expression';
import type { FieldRow, Transform, Value } from '../../lib/model';
import { richTextConverter } from '../../lib/richtext';
import { anyValue } from './arbitrary';
import { declared, field, row } from './helper';

const summary = field('Summary', 'text');
const title = field('Title', 'text', { maxLength: 40 });
const template = (text: string, fields?: FieldRow['one'][]): Transform => ({
  kind: 'template',
  template: text,
  ...(fields && { fields: fields.filter((one) => one !== undefined) }),
});
const jsonata = (expression: string): Transform => ({ kind: 'jsonata', expression });
const entity = { id: '7', key: 'DEMO-7', type: 'bug', project: 'DEMO', url: 'https://tracker/DEMO-7' };

/** What a template gives in the title. */
function fill(text: string, payload: Record<string, Value>, fields: FieldRow['one'][] = []): Value | undefined {
  const rows = [row(summary, title, { transform: { forward: template(text, fields) } })];
  return compileFieldRows(rows, 'forward')(payload, { entity }).fields.title;
}

describe('mapping/transform: templates', () => {
  it('make one field of several, by id or by name, and of what identifies the entity', () => {
    const prio = field('Priority', 'lookup');
    assert.equal(
      fill('{{summary}} ({{Priority}}) {{entity.key}}', { summary: 'Login', priority: { id: '1', name: 'High' } }, [
        prio,
      ]),
      'Login (High) DEMO-7',
    );
  });

  it('use the words that a text field would hold: durations, lists, people, yes and no', () => {
    const fields = [
      field('Spent', 'duration'),
      field('Labels', 'lookup', { multi: true }),
      field('Who', 'user'),
      field('Done', 'boolean'),
    ];
    const payload = {
      spent: 5400,
      labels: [{ name: 'a' }, { name: 'b' }],
      who: { name: 'Ann', email: 'a@b.c' },
      done: true,
    };
    assert.equal(fill('{{spent}}|{{labels}}|{{who}}|{{done}}', payload, fields), '1h 30m|a, b|Ann|Yes');
  });

  it('say nothing where the payload has none of their fields, and empty the target where all are empty', () => {
    assert.equal(fill('[{{summary}}]', { other: 'x' }), undefined);
    assert.equal(fill('[{{summary}}]', { summary: null }), null);
    assert.equal(fill('[{{summary}}{{other}}]', { summary: '', other: 'x' }), '[x]');
    assert.equal(fill('fixed', {}), 'fixed');
  });

  it('are Markdown where the target is rich text, with the fields in their own markup turned into it', () => {
    const description = field('Description', 'richtext', { format: 'html' });
    const target = field('Body', 'richtext', { format: 'html' });
    const rows = [
      row(description, target, { transform: { forward: template('**{{summary}}**\n\n{{description}}', [summary]) } }),
    ];
    const payload = {
      summary: '<b>1 * 2',
      description: { format: 'html' as const, content: '<p>Steps <em>now</em></p>' },
    };
    const body = compileFieldRows(rows, 'forward', richTextConverter)(payload).fields.body;
    assert.ok(typeof body === 'object' && body !== null && 'content' in body);
    assert.match(body.content, /<strong>&lt;b>1 \* 2<\/strong>|<strong>&lt;b&gt;1 \* 2<\/strong>/);
    assert.match(body.content, /<p>Steps <em>now<\/em><\/p>/);
  });

  it('are held to what the target can hold, with the reason', () => {
    const rows = [row(summary, title, { transform: { forward: template('{{summary}}{{summary}}') } })];
    const { fields, unresolved } = compileFieldRows(rows, 'forward')({ summary: 'x'.repeat(30) });
    assert.equal('title' in fields, false);
    assert.match(unresolved.title?.reason ?? '', /has 60 characters; Title allows 40/);
  });

  it('name all fields they read as the source of the value', () => {
    const rows = [row(summary, title, { transform: { forward: template('{{Summary}} {{other}} {{entity.key}}') } })];
    const { mapped } = compileFieldRows(rows, 'forward')({ summary: 'a', other: 'b' });
    assert.deepEqual(mapped.title?.from, ['summary', 'other']);
    assert.deepEqual([...relevantFields(rows)[1].fields], ['summary', 'other']);
    assert.deepEqual(templateRefs('{{a}} {{ b }} {{a}} {{}} {{'), ['a', 'b']);
    assert.deepEqual(templateParts('a {{b}} c'), [{ text: 'a ' }, { ref: 'b' }, { text: ' c' }]);
  });

  it('never throw, whatever the template and the payload', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('{{', '}}', '{{summary}}', '{{entity.key}}', '{{__proto__}}'));
    const targets = [
      title,
      field('Body', 'richtext', { format: 'html' }),
      field('Spent', 'duration'),
      field('Who', 'user'),
    ];
    fc.assert(
      fc.property(
        fc.array(piece),
        anyValue,
        fc.jsonValue(),
        fc.constantFrom(...targets),
        (pieces, value, json, target) => {
          const rows = [row(summary, target, { transform: { forward: template(pieces.join('') || 'x') } })];
          const payload = { summary: value, other: json as Value, ['__proto__']: 'x' };
          const { fields, unresolved } = compileFieldRows(rows, 'forward', richTextConverter)(payload, { entity });
          const settled = target.id in fields || target.id in unresolved || Object.keys(fields).length === 0;
          assert.ok(settled);
        },
      ),
    );
  });
});

describe('mapping/transform: directions', () => {
  const oneWay = row(summary, title, { transform: { forward: template('{{summary}}!') } });

  it('a two-way row with a transform for one way goes that way only, and the form says so', () => {
    assert.deepEqual(compileFieldRows([oneWay], 'backward')({ title: 'x' }).fields, {});
    assert.deepEqual([...relevantFields([oneWay])[2].fields], []);
    assert.equal(conflictOf(oneWay, 'forward'), 'system1');
    assert.deepEqual(rowIssues(oneWay, [oneWay], {}), [{ level: 'warning', code: 'oneWay', direction: 'backward' }]);
  });

  it('goes both ways once the other way has a transform too, be it the automatic conversion', () => {
    for (const backward of [{ kind: 'automatic' } as const, template('{{title}}')]) {
      const both = row(summary, title, { transform: { ...oneWay.transform, backward } });
      assert.deepEqual(compileFieldRows([both], 'backward')({ title: 'x' }).fields, { summary: 'x' });
      assert.equal(conflictOf(both, 'forward'), 'newest');
      assert.deepEqual(rowIssues(both, [both], {}), []);
    }
  });

  it('makes a value without any source field', () => {
    const made = row(undefined, title, {
      direction: 'forward',
      transform: { forward: template('From {{entity.key}}') },
    });
    assert.equal(compileFieldRows([made], 'forward')({}, { entity }).fields.title, 'From DEMO-7');
    assert.deepEqual(rowIssues(made, [made], {}), []);
  });

  it('says what is wrong with a transform: a field that is not there, an expression that is none', () => {
    const known = {
      one: new Map([['summary', declared('Summary', 'text')]]),
      two: new Map([['title', declared('Title', 'text')]]),
    };
    const strange = row(summary, title, { direction: 'forward', transform: { forward: template('{{sumary}}') } });
    assert.deepEqual(
      rowIssues(strange, [strange], known).map(({ code }) => code),
      ['unknownRead'],
    );
    const broken = row(summary, title, { direction: 'forward', transform: { forward: jsonata('summary &') } });
    assert.deepEqual(
      rowIssues(broken, [broken], known, expressionCheck).map(({ code }) => code),
      ['badExpression'],
    );
    // an expression goes by ids, and a name in it is empty: nothing else would tell why
    const reading = (expression: string): string[] => {
      const read = row(summary, title, { direction: 'forward', transform: { forward: jsonata(expression) } });
      return rowIssues(read, [read], known, expressionCheck).map(({ code }) => code);
    };
    assert.deepEqual(reading('$uppercase(Summary)'), ['unknownRead']);
    assert.deepEqual(reading('$old("sumary")'), ['unknownRead']);
    for (const expression of [
      'summary & $entity().key',
      '$map([summary], function($one) { $one.name })',
      '$lookup("Team", summary).name',
      '{ "Any": summary }.Any',
      '($v := summary; $v[name = "x"].id)',
    ])
      assert.deepEqual(reading(expression), [], expression);
  });

  it('reads transforms as they are saved, and leaves out what is none', () => {
    const [read] = readFieldRows([
      {
        one: summary,
        two: title,
        transform: {
          forward: { kind: 'template', template: 'x', fields: [summary, 3] },
          backward: { kind: 'automatic' },
        },
      },
    ]);
    assert.deepEqual(read?.transform, {
      forward: { kind: 'template', template: 'x', fields: [summary] },
      backward: { kind: 'automatic' },
    });
    for (const transform of [
      null,
      'x',
      {},
      { forward: { kind: 'xslt' } },
      { forward: { kind: 'jsonata' } },
      { backward: { kind: 'automatic' } },
    ]) {
      assert.equal(readFieldRows([{ one: summary, two: title, transform }])[0]?.transform, undefined);
    }
  });
});

describe('mapping/transform: expressions', () => {
  const reads = (expression: string): string[] | 'all' => {
    const { fields, all } = expressionReads(expression, (ref) =>
      ref === 'Title' ? { ...title, id: 'System.Title' } : undefined,
    );
    return all ? 'all' : fields;
  };

  it('tell which fields they read', () => {
    assert.deepEqual(reads('summary & " (" & key & ")"'), ['summary', 'key']);
    assert.deepEqual(reads('`System.Title`'), ['System.Title']);
    assert.deepEqual(reads('$new("Title") & $old("other")'), ['System.Title', 'other']);
    assert.deepEqual(reads('labels[name = "x"].id'), ['labels']);
    assert.deepEqual(reads('$map(labels, function($v) { $v.name & summary })'), ['labels', 'summary']);
    assert.deepEqual(reads('status.name = "Open" ? priority : $entity().key'), ['status', 'priority']);
    assert.deepEqual(reads('labels[$ = "x"]'), ['labels']);
    assert.deepEqual(reads('"constant"'), []);
  });

  it('read everything where the text does not tell', () => {
    for (const expression of ['$', '$$', '*', '$keys($)', '$new(a)', '**.name']) assert.equal(reads(expression), 'all');
  });

  it('name row, expression and reason where there is no result', () => {
    const rows = [row(summary, title, { transform: { forward: jsonata('$foo(summary)') } })];
    const map = compileFieldRows(rows, 'forward', { expressionReads });
    const [first] = rows;
    assert.ok(first);
    const results = new Map([[first, { error: 'Attempted to invoke a non-function' }]]);
    assert.equal(
      map({ summary: 'a' }, { results }).unresolved.title?.reason,
      'Summary → Title: the expression "$foo(summary)" failed: Attempted to invoke a non-function',
    );
    assert.match(map({ summary: 'a' }).unresolved.title?.reason ?? '', /was not evaluated/);
  });

  it('leave the target alone without a result, empty it with null, and are converted to its type', () => {
    const spent = field('Spent', 'duration');
    const given = (value: unknown, target = title) => {
      const one = row(summary, target, { transform: { forward: jsonata('x') } });
      return compileFieldRows([one], 'forward', { expressionReads })(
        { x: 1 },
        { results: new Map([[one, { value }]]) },
      );
    };
    assert.deepEqual(given(undefined).fields, {});
    assert.deepEqual(given(null).fields, { title: null });
    assert.deepEqual(given(42).fields, { title: '42' });
    assert.deepEqual(given(5400, spent).fields, { spent: 5400 });
    assert.deepEqual(given(['a', 'b'], field('Tags', 'lookup', { multi: true })).fields, {
      tags: [{ name: 'a' }, { name: 'b' }],
    });
    assert.deepEqual(given({ email: 'a@b.c' }, field('Who', 'user')).fields, { who: { email: 'a@b.c' } });
    assert.match(given({ a: 1 }).unresolved.title?.reason ?? '', /gave something that is no field's value/);
    assert.match(given([1, { a: 1 }]).unresolved.title?.reason ?? '', /no field's value/);
    assert.match(given('abc', spent).unresolved.spent?.reason ?? '', /is not a duration/);
  });

  it('give a value or a reason, never an exception, whatever they result in', () => {
    const targets = [
      title,
      field('Body', 'richtext', { format: 'html' }),
      field('N', 'number'),
      field('Who', 'user'),
      field('Ref', 'reference'),
      field('Tags', 'lookup', { multi: true }),
    ];
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.constantFrom(...targets), (value, payload, target) => {
        const one = row(summary, target, { transform: { forward: jsonata('$') } });
        const map = compileFieldRows([one], 'forward', { richText: richTextConverter, expressionReads });
        const { fields, unresolved } = map({ summary: payload as Value }, { results: new Map([[one, { value }]]) });
        assert.ok(target.id in fields || target.id in unresolved);
      }),
    );
  });
});

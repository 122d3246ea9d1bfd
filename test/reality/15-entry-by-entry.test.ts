/** What a target cannot hold costs the entry, not the change: by the row's policy, and the result says which and why. */

import assert from 'node:assert/strict';
import { azureDevops } from '../../lib/connectors/sandbox/templates/azure-devops';
import { jira } from '../../lib/connectors/sandbox/templates/jira';
import { compileDefaultRows } from '../../lib/mapping/defaults';
import { fitFields } from '../../lib/mapping/fit';
import type { DefaultRow } from '../../lib/model/config';
import type { Field } from '../../lib/model/entity';
import { lengthIn } from '../../lib/model/length';
import type { Value } from '../../lib/model/values';
import { Workbench } from '../engine/workbench';
import { declares } from './declares';

const LABELS: Field = {
  ...{ id: 'note', name: 'Labels', type: 'text', multi: true },
  ...{ entry: { without: '\\s', maxLength: 10, says: 'a label has no blanks' } },
};

const fitted = (field: Field, value: Value) =>
  fitFields(
    { fields: { [field.id]: value }, mapped: { [field.id]: { from: ['x'], type: field.type } }, unresolved: {} },
    new Map([[field.id, field]]),
    ({ content }) => content.replace(/<[^>]*>/g, ''),
  );

const withDefault = (field: Field, value: Value, row: Partial<DefaultRow>) =>
  compileDefaultRows([{ field, side: 2, ...row }], 'forward')(fitted(field, value), 'create');

describe('A list with an entry that the target cannot hold', () => {
  it('loses that entry, and the reason names it', () => {
    const { fields, unresolved } = fitted(LABELS, ['ui', 'two words', 'far-too-long-for-it']);
    assert.deepEqual(fields, { note: ['ui'] });
    assert.deepEqual(unresolved.note?.value, ['two words', 'far-too-long-for-it']);
    assert.equal(unresolved.note?.lossy, true);
    assert.match(unresolved.note?.reason ?? '', /"two words" does not fit into Labels: a label has no blanks/);
  });

  it('takes the default in its place, parks, or leaves the field, as its row says', () => {
    assert.deepEqual(withDefault(LABELS, ['ui', 'two words'], { value: ['other'] }).fields, { note: ['ui', 'other'] });
    assert.deepEqual(withDefault(LABELS, ['two words'], { value: ['other'] }).fields, { note: ['other'] });
    assert.equal(withDefault(LABELS, ['ui', 'two words'], { unresolved: 'park' }).unresolved.note?.policy, 'park');
    assert.deepEqual(withDefault(LABELS, ['two words'], { unresolved: 'leave' }).fields, {});
  });

  it('is created without it, whichever nodes the flow has, and the result says so', async () => {
    const bench = await Workbench.start({ retries: 0 });
    declares(bench.two, [LABELS]);
    bench.one.save(undefined, { title: 'a', note: ['ui', 'two words'] });
    await bench.sync();
    assert.deepEqual(bench.two.asked[0]?.fields, { title: 'a', note: ['ui'] });
    assert.match(JSON.stringify(bench.results[0]?.warnings), /two words.*a label has no blanks/);
    await bench.stop();
  });
});

describe('The length of a text', () => {
  const emoji = '😀'.repeat(6);
  const lengths: [string, Field['length'], number][] = [
    ['characters', undefined, 6],
    ['JavaScript’s units', { unit: 'utf16' }, 12],
    ['bytes', { unit: 'bytes' }, 24],
  ];
  for (const [unit, length, expected] of lengths) {
    it(`is counted in ${unit}, if the field says so`, () => assert.equal(lengthIn({ length }, emoji), expected));
  }

  it('of a formatted text is that of its words, if the field says so', () => {
    const field: Field = { id: 'd', name: 'D', type: 'richtext', format: 'html', maxLength: 5, length: { of: 'text' } };
    const value = { format: 'html' as const, content: '<p><b>words</b></p>' };
    assert.deepEqual(fitted(field, value).unresolved, {});
    assert.match(fitted({ ...field, length: { of: 'markup' } }, value).unresolved.d?.reason ?? '', /has 19 characters/);
  });
});

describe('The sandbox', () => {
  const fieldOf = (template: typeof jira, id: string) => template.types[0]?.fields.find((field) => field.id === id);

  it('declares what labels, tags and titles hold, as Jira and Azure DevOps do', () => {
    const labels = fieldOf(jira, 'labels');
    const tags = fieldOf(azureDevops, 'System.Tags');
    const title = fieldOf(azureDevops, 'System.Title');
    assert.ok(labels && tags && title);
    assert.deepEqual(fitted(labels, ['ok', 'two words']).fields.labels, ['ok']);
    assert.deepEqual(fitted(tags, ['two words', 'a,b', '😀']).fields['System.Tags'], ['two words']);
    assert.deepEqual(fitted(title, 'one\ntwo').fields, {});
  });
});

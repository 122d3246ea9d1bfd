import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compatibility, proposeFields, proposeValues } from '../../lib/mapping';
import type { Field, FieldType } from '../../lib/model';
import { declared } from './helper';

const redmine: Field[] = [
  declared('Subject', 'text', { required: true, maxLength: 255 }),
  declared('Description', 'richtext'),
  declared('Status', 'lookup', { required: true }),
  declared('Priority', 'lookup'),
  declared('Assignee', 'user'),
  declared('Author', 'user', { readOnly: true }),
  declared('Due date', 'date'),
  declared('Estimated time', 'number'),
  declared('Story points', 'number'),
  declared('Components', 'lookup', { multi: true }),
  declared('Id', 'number', { readOnly: true }),
];
const azure: Field[] = [
  declared('Title', 'text', { id: 'System.Title', required: true }),
  declared('Description', 'richtext', { id: 'System.Description', format: 'html' }),
  declared('State', 'lookup', { id: 'System.State' }),
  declared('Priority', 'number', { id: 'Microsoft.VSTS.Common.Priority', integer: true }),
  declared('Assigned To', 'user', { id: 'System.AssignedTo' }),
  declared('Created By', 'user', { id: 'System.CreatedBy' }),
  declared('Due Date', 'datetime', { id: 'Microsoft.VSTS.Scheduling.DueDate' }),
  declared('Original Estimate', 'number', { id: 'Microsoft.VSTS.Scheduling.OriginalEstimate' }),
  declared('Effort', 'number', { id: 'Microsoft.VSTS.Scheduling.Effort' }),
  declared('Tags', 'text', { id: 'System.Tags', multi: true }),
  declared('ID', 'number', { id: 'System.Id', readOnly: true }),
];

/** Fields for the ends of relations, as systems name them. */
const relations = (...names: string[]): Field[] =>
  names.map((name) => declared(name, 'reference', { id: `relation_${name}`, multi: true }));
const JIRA = relations(
  ...['blocks', 'is blocked by', 'clones', 'is cloned by', 'duplicates', 'is duplicated by', 'relates to'],
);
const AZURE = relations(
  ...[
    'Successor',
    'Predecessor',
    'Duplicate',
    'Duplicate Of',
    'Related',
    'Tested By',
    'Tests',
    'Affects',
    'Affected By',
  ],
);
const REDMINE = relations(
  ...[
    'Related to',
    'Is duplicate of',
    'Has duplicate',
    'Blocks',
    'Blocked by',
    'Precedes',
    'Follows',
    'Copied to',
    'Copied from',
  ],
);

describe('mapping/auto-map: relations', () => {
  const pairsOf = (ones: Field[], twos: Field[]) =>
    Object.fromEntries(proposeFields(ones, twos).map(({ one, two, direction }) => [one.name, [two.name, direction]]));
  const both = (pairs: Record<string, string>) =>
    Object.fromEntries(Object.entries(pairs).map(([one, two]) => [one, [two, 'both']]));

  it('pairs the ends that mean the same, so that what blocks another one has it as its successor', () => {
    assert.deepEqual(
      pairsOf(JIRA, AZURE),
      both({
        blocks: 'Successor',
        'is blocked by': 'Predecessor',
        duplicates: 'Duplicate Of',
        'is duplicated by': 'Duplicate',
        'relates to': 'Related',
      }),
    );
    assert.deepEqual(
      pairsOf(JIRA, REDMINE),
      both({
        blocks: 'Blocks',
        'is blocked by': 'Blocked by',
        clones: 'Copied from',
        'is cloned by': 'Copied to',
        duplicates: 'Is duplicate of',
        'is duplicated by': 'Has duplicate',
        'relates to': 'Related to',
      }),
    );
    assert.deepEqual(pairsOf(AZURE, REDMINE).Successor, ['Blocks', 'both']);
    assert.deepEqual(pairsOf(AZURE, REDMINE).Predecessor, ['Blocked by', 'both']);
  });

  it('never pairs opposite ends, or ends whose names are only similar', () => {
    const other = relations('is caused by', 'is cloned by', 'causes');
    assert.deepEqual(pairsOf(relations('is blocked by', 'blocks'), other), {});
    assert.deepEqual(pairsOf(relations('blocks'), relations('is blocked by', 'Predecessor')), {});
    assert.deepEqual(pairsOf(relations('Duplicate'), relations('Duplicate Of')), {});
  });

  it('knows an end whose name has its kind in brackets', () => {
    assert.deepEqual(
      pairsOf(relations('is blocked by (Blocks)'), AZURE),
      both({ 'is blocked by (Blocks)': 'Predecessor' }),
    );
  });

  it('leaves the parent to the parent', () => {
    const parent = declared('Parent', 'reference');
    assert.deepEqual(pairsOf([parent, ...JIRA], [...AZURE, declared('Parent task', 'reference')]).Parent, [
      'Parent task',
      'both',
    ]);
  });
});

describe('mapping/auto-map: fields', () => {
  const proposals = proposeFields(redmine, azure);
  const partner = (name: string) => proposals.find((proposal) => proposal.one.name === name);

  it('pairs what two trackers call by different names', () => {
    const pairs = Object.fromEntries(proposals.map(({ one, two }) => [one.name, two.name]));
    assert.equal(pairs.Subject, 'Title');
    assert.equal(pairs.Description, 'Description');
    assert.equal(pairs.Status, 'State');
    assert.equal(pairs.Assignee, 'Assigned To');
    assert.equal(pairs['Due date'], 'Due Date');
    assert.equal(pairs['Estimated time'], 'Original Estimate');
    assert.equal(pairs['Story points'], 'Effort');
  });

  it('is surer of the same name and type than of a synonym or another type', () => {
    assert.equal(partner('Description')?.confidence, 1);
    assert.ok((partner('Subject')?.confidence ?? 1) < 1);
    assert.ok((partner('Priority')?.confidence ?? 1) < (partner('Description')?.confidence ?? 0));
  });

  it('leaves out the way into a field that cannot be written', () => {
    assert.equal(partner('Author')?.direction, 'forward');
    assert.equal(partner('Id'), undefined);
  });

  it('leaves fields alone that have rows already', () => {
    const rest = proposeFields(redmine, azure, { one: new Set(['subject']), two: new Set(['System.State']) });
    assert.equal(
      rest.some(({ one, two }) => one.id === 'subject' || two.id === 'System.State'),
      false,
    );
  });

  it('uses each field once and never proposes what cannot be converted', () => {
    const types: FieldType[] = [
      ...(['text', 'richtext', 'number', 'boolean', 'date', 'datetime'] as const),
      ...(['duration', 'lookup', 'user', 'reference', 'url'] as const),
    ];
    const fields = fc.uniqueArray(
      fc.record({
        id: fc.string({ minLength: 1 }),
        name: fc.constantFrom('Title', 'Summary', 'State', 'Status', 'Owner', 'Assigned to', 'Due', 'Odd'),
        type: fc.constantFrom(...types),
        readOnly: fc.boolean(),
        multi: fc.boolean(),
      }),
      { selector: (one) => one.id, maxLength: 12 },
    );
    fc.assert(
      fc.property(fields, fields, (ones, twos) => {
        const found = proposeFields(ones, twos);
        assert.equal(new Set(found.map(({ one }) => one.id)).size, found.length);
        assert.equal(new Set(found.map(({ two }) => two.id)).size, found.length);
        for (const { one, two, direction, confidence } of found) {
          assert.ok(confidence > 0.5 && confidence <= 1);
          if (direction !== 'backward') assert.ok(!two.readOnly && compatibility(one, two).kind !== 'impossible');
          if (direction !== 'forward') assert.ok(!one.readOnly && compatibility(two, one).kind !== 'impossible');
        }
      }),
    );
  });
});

describe('mapping/auto-map: values', () => {
  const names = (ones: string[], twos: string[]) =>
    proposeValues(
      ones.map((name) => ({ name })),
      twos.map((name) => ({ name })),
    ).map(
      ({ one, two, direction }) => `${one.name} ${{ both: '↔', forward: '→', backward: '←' }[direction]} ${two.name}`,
    );

  it('pairs equal names, names that differ in case, and synonyms', () => {
    assert.deepEqual(names(['Low', 'high', 'New'], ['LOW', 'High', 'Proposed']).sort(), [
      'Low ↔ LOW',
      'New ↔ Proposed',
      'high ↔ High',
    ]);
  });

  it('reads "2 - High" as High', () => {
    assert.deepEqual(names(['High'], ['2 - High', '3 - Medium']), ['High ↔ 2 - High']);
  });

  it('proposes many to one, one way, where there is no partner of its own', () => {
    assert.deepEqual(names(['Closed', 'Done'], ['Closed']), ['Closed ↔ Closed', 'Done → Closed']);
    assert.deepEqual(names(['Closed'], ['Done', 'Closed']), ['Closed ↔ Closed', 'Closed ← Done']);
  });

  it('does not pair what has nothing in common', () => {
    assert.deepEqual(names(['Login'], ['Payments']), []);
  });
});

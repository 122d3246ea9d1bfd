/** Error bodies as the service gives them → kind, fields and words. */

import assert from 'node:assert/strict';
import { isQueryTooLarge, parseFailure } from '../../../lib/connectors/azure-devops/failures';
import { userOf, workItemOf } from '../../../lib/connectors/azure-devops/shapes';

const names = new Map([
  ['state', 'System.State'],
  ['iteration path', 'System.IterationPath'],
]);
const parsed = (body: unknown, status = 400) => parseFailure(status, body, names);

describe('Azure DevOps: error answers', () => {
  it('of rules name each field, by reference name', () => {
    const rule = (fieldReferenceName: string, flags: string) => ({
      fieldReferenceName,
      fieldStatusFlags: flags,
      errorMessage: `TF401320: Rule Error for field ${fieldReferenceName}.`,
    });
    const failure = parsed({
      message: 'TF401320: Rule Error for field State.',
      typeKey: 'RuleValidationException',
      customProperties: {
        FieldReferenceName: 'System.State',
        RuleValidationErrors: [
          rule('System.State', 'required, hasValues, limitedToValues, allowsOldValue, invalidListValue'),
          rule('Custom.Area', 'required, invalidEmpty'),
        ],
      },
    });
    assert.deepEqual(Object.keys(failure?.fields ?? {}), ['System.State', 'Custom.Area']);
    assert.match(failure?.fields?.['Custom.Area'] ?? '', /^a value is required/);
  });

  it('within a batch name the field by its display name', () => {
    const message =
      'TF401320: Rule Error for field State. Error code: Required, HasValues, LimitedToValues, AllowsOldValue, InvalidListValue.';
    const failure = parsed({ count: 1, value: { Message: message } });
    assert.equal(failure?.text, message);
    assert.match(failure?.fields?.['System.State'] ?? '', /^the value is not in the field's list/);
  });

  for (const [message, field] of [
    ["TF401347: Invalid tree name given for work item -1, field 'System.IterationPath'.", 'System.IterationPath'],
    ["The identity value 'x' for field 'Iteration Path' is an unknown identity.", 'System.IterationPath'],
    ['TF51535: Cannot find field Custom.Nothing.', 'Custom.Nothing'],
    ["The field 'State' contains the value 'Done' that is not in the list of supported values", 'System.State'],
  ] as const) {
    it(`that say «${message.slice(0, 40)}…» are about ${field}`, () => {
      assert.deepEqual(Object.keys(parsed({ message, typeKey: 'X' })?.fields ?? {}), [field]);
    });
  }

  for (const [body, kind] of [
    [{ message: 'Überschrieben', typeKey: 'TestPatchOperationFailedException' }, 'conflict'],
    [
      { value: { Message: 'VS403351: Test Operation for path /rev failed, value 3 was not equal to test value 2.' } },
      'conflict',
    ],
    [{ message: 'TF26071: This work item has been changed by someone else since you opened it.' }, 'conflict'],
    [{ message: 'TF401232: Work item 1 does not exist, or you do not have permissions to read it.' }, 'notFound'],
    [{ message: 'TF400733: The request has been canceled' }, 'rateLimited'],
    [
      {
        message:
          'Work item 7 has 10,000 revisions, but currently, when updating via the API, only work items with up to 10,000 revisions are supported.',
      },
      'invalid',
    ],
  ] as const) {
    it(`«${JSON.stringify(body).slice(2, 60)}…» is ${kind}`, () => assert.equal(parsed(body)?.kind, kind));
  }

  it('that are no JSON of the service say nothing', () => {
    assert.equal(parsed('<html>'), undefined);
    assert.equal(parsed({ error: 'x' }), undefined);
  });

  it('tell a query that finds too much', () => {
    assert.ok(isQueryTooLarge('VS402337: The number of work items returned exceeds the size limit of 20000.'));
    assert.ok(!isQueryTooLarge(undefined));
  });
});

describe('Azure DevOps: people and work items as they come', () => {
  it('reads people as objects and as old servers write them', () => {
    assert.deepEqual(userOf({ id: '1', displayName: 'A', uniqueName: 'CORP\\alice' }), {
      id: '1',
      name: 'A',
      login: 'CORP\\alice',
    });
    assert.deepEqual(userOf('Alice Archer <alice@example.com>'), {
      name: 'Alice Archer',
      login: 'alice@example.com',
      email: 'alice@example.com',
    });
    assert.equal(userOf(''), undefined);
  });

  it('distinguishes Markdown and HTML', () => {
    const item = workItemOf({
      id: 1,
      rev: 2,
      fields: {},
      multilineFieldsFormat: { A: 'markdown', B: 'html', C: 'Markdown' },
    });
    assert.deepEqual([...item.markdown], ['A', 'C']);
  });

  it('refuses what is no work item', () => {
    assert.throws(() => workItemOf({ id: '1' }), /not a work item/);
  });
});

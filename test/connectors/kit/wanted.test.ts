/** What a field takes of a value: in words that tell what it takes instead. */

import assert from 'node:assert/strict';
import {
  chosen,
  collectProblems,
  firstOf,
  Problem,
  takesDate,
  takesDuration,
  takesLine,
  takesNumber,
  takesNumberWithin,
  takesText,
  takesYesOrNo,
} from '../../../lib/connectors/kit/wanted';

const problem = (take: () => unknown): string => {
  try {
    take();
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown.message;
    throw thrown;
  }
  return assert.fail('was taken');
};

describe('connector kit: wanted values', () => {
  const list = [
    { id: '1', name: 'Low' },
    { id: '2', name: 'High' },
    { id: '3', name: 'high ' },
  ];

  it('are chosen from a list by name before id: an id may be that of another system', () => {
    assert.equal(chosen('Priority', list, { id: '1', name: 'High' }).id, '2');
    assert.equal(chosen('Priority', list, 'HIGH').id, '2');
    assert.equal(chosen('Priority', list, { id: '3', name: '' }).id, '3');
    assert.equal(chosen('Priority', list, { id: '1', name: 'Urgent' }).id, '1');
    assert.equal(
      problem(() => chosen('Priority', list, 'Urgent')),
      'Priority has no value "Urgent"; it has Low, High, high ',
    );
    assert.equal(
      problem(() => chosen('Priority', [], 'x')),
      'Priority has no value "x"; it has none',
    );
  });

  it('are texts, lines, dates, numbers, durations and yes or no', () => {
    assert.equal(takesText('T', { format: 'text', content: 'long' }), 'long');
    assert.equal(takesLine('T', ' a \r\n b '), 'a b');
    assert.equal(takesDate('D', '2026-02-28T10:00:00Z'), '2026-02-28');
    assert.deepEqual([takesNumber('N', '1.6'), takesNumber('N', 1.6, true)], [1.6, 2]);
    assert.equal(takesNumberWithin('P', '100', 0, 100), 100);
    assert.equal(takesDuration('E', 90), 90);
    assert.deepEqual([takesYesOrNo('Y', 'YES'), takesYesOrNo('Y', false)], [true, false]);
  });

  it('that do not fit are reported with what is taken', () => {
    assert.equal(
      problem(() => takesText('T', 'ab\u{1f600}', 2)),
      'T allows 2 characters; the value has 3',
    );
    assert.equal(
      problem(() => takesLine('T', ' \n ')),
      'T must not be empty',
    );
    assert.equal(
      problem(() => takesDate('D', 'soon')),
      'D takes a date (YYYY-MM-DD), not "soon"',
    );
    assert.equal(
      problem(() => takesDate('D', '2026-13-01')),
      'D takes a date (YYYY-MM-DD), not "2026-13-01"',
    );
    assert.equal(
      problem(() => takesNumber('N', { name: 'many' })),
      'N takes a number, not "many"',
    );
    assert.equal(
      problem(() => takesNumberWithin('P', 101, 0, 100)),
      'P takes a number from 0 to 100, not "101"',
    );
    assert.equal(
      problem(() => takesDuration('E', -1)),
      'E takes a duration in seconds, not "-1"',
    );
    assert.equal(
      problem(() => takesYesOrNo('Y', 'perhaps')),
      'Y takes yes or no, not "perhaps"',
    );
  });

  it('are tried all, and their problems reported together; another fault is none of them', async () => {
    const problems = await collectProblems({ a: 1, b: 2, c: 3 }, async (field, value) => {
      if (value !== 2) throw new Problem(`${field} is odd`);
    });
    assert.deepEqual(problems, { a: 'a is odd', c: 'c is odd' });
    await assert.rejects(
      collectProblems({ a: 1 }, () => Promise.reject(new Error('down'))),
      /down/,
    );
    assert.equal(firstOf(['x', 'y']), 'x');
    assert.equal(firstOf([]), null);
  });
});

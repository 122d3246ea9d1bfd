import assert from 'node:assert/strict';
import { Collector } from '../../../nodes/events/collect';
import { isCollect, KINDS, minutesOf, readEventsSettings } from '../../../nodes/events/settings';
import { until } from '../../support/wait';

describe('the settings of an events node', () => {
  it('have defaults for whatever is missing or wrong', () => {
    const preset = { integration: '', kinds: new Set(KINDS), collect: 30, summaryAt: 420 };
    assert.deepEqual(readEventsSettings({}), preset);
    assert.deepEqual(readEventsSettings({ integration: 7, kinds: 'all', collect: 'x', summaryAt: '25:00' }), preset);
    assert.deepEqual(
      readEventsSettings({ integration: 'i', kinds: ['paused', 'other'], collect: '0', summaryAt: '9:05' }),
      {
        ...{ integration: 'i', kinds: new Set(['paused']), collect: 0, summaryAt: 545 },
      },
    );
  });

  it('take times of a day, and seconds up to an hour', () => {
    for (const [text, minutes] of [
      ['00:00', 0],
      ['7:30', 450],
      [' 23:59 ', 1439],
    ] as const)
      assert.equal(minutesOf(text), minutes);
    for (const text of ['24:00', '7', '7:60', '', undefined, 7]) assert.equal(minutesOf(text), undefined);
    for (const [value, fits] of [
      [0, true],
      ['3600', true],
      [3_601, false],
      [-1, false],
      ['', false],
    ] as const)
      assert.equal(isCollect(value), fits);
  });
});

describe('what an events node collects', () => {
  it('is one message for each group, with the first twenty and the number of all', async () => {
    const sent: [string, number[], number][] = [];
    const collector = new Collector<number>(20, (group, { items, count }) => sent.push([group, items, count]));
    for (let n = 0; n < 1_000; n += 1) collector.add('a', n);
    collector.add('b', 1);
    assert.deepEqual(sent, []);
    await until('both groups were sent', () => sent.length === 2);
    assert.deepEqual(sent, [
      ['a', Array.from({ length: 20 }, (_, n) => n), 1_000],
      ['b', [1], 1],
    ]);
  });

  it('is sent at once if nothing is to be collected, and at the end if time is left', () => {
    const sent: string[] = [];
    new Collector<number>(0, (group) => sent.push(group)).add('a', 1);
    assert.deepEqual(sent, ['a']);
    const collector = new Collector<number>(60_000, (group) => sent.push(group));
    collector.add('b', 1);
    collector.end();
    collector.end();
    assert.deepEqual(sent, ['a', 'b']);
  });
});

/** Days in fields that hold a point in time: what people mean by them, wherever they are. */

import assert from 'node:assert/strict';
import { beginOf, dayOf } from '../../../lib/connectors/kit/zone';
import { readNow } from '../../support/delivered';
import { Colleague, compared, connectTo, createBug, scope, standIns } from './support';

const TARGET = 'Microsoft.VSTS.Scheduling.TargetDate';

describe('Azure DevOps: days', () => {
  for (const [where, midnight] of [
    ['Honolulu', '2026-12-24T10:00:00Z'],
    ['Chicago', '2026-12-24T06:00:00Z'],
    ['London', '2026-12-24T00:00:00Z'],
    ['Berlin', '2026-12-23T23:00:00Z'],
    ['Mumbai', '2026-12-23T18:30:00Z'],
    ['Sydney', '2026-12-23T13:00:00Z'],
  ] as const) {
    it(`are the ones chosen in ${where}, where no time zone is known`, () => {
      assert.equal(dayOf(Date.parse(midnight), ''), '2026-12-24');
    });
  }

  for (const zone of [
    '',
    'UTC',
    'Europe/Berlin',
    'America/Chicago',
    'Pacific/Auckland',
    'Asia/Beirut',
    'Australia/Lord_Howe',
  ]) {
    it(`are the same when they come back, every day of a year, in ${zone || 'no zone'}`, () => {
      for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 86_400_000) {
        const day = new Date(at).toISOString().slice(0, 10);
        assert.equal(dayOf(beginOf(day, zone), zone), day);
        // it is the first moment of that day
        if (zone) assert.notEqual(dayOf(beginOf(day, zone) - 1_000, zone), day);
      }
    });
  }

  it('begin an hour later where clocks go forward at midnight', () => {
    assert.equal(new Date(beginOf('2026-03-29', 'Asia/Beirut')).toISOString(), '2026-03-28T22:00:00.000Z');
  });
});

describe(`Azure DevOps: days in work items (${compared})`, () => {
  const fresh = standIns();

  it('are written as midnight of the time zone in the form, and read as what people there have chosen', async () => {
    const { standIn, connection } = await fresh({}, { timeZone: 'America/Chicago' });
    const made = await createBug(connection, { [TARGET]: '2026-10-30' });
    assert.equal(made.fields[TARGET], '2026-10-30');
    const held = standIn.service.state.items.get(Number(made.id))?.fields[TARGET];
    assert.equal(new Date(Number(held)).toISOString(), '2026-10-30T05:00:00.000Z');
    const bob = new Colleague(standIn, 'bob');
    await bob.change(made.id, { [TARGET]: '2026-11-02T06:00:00Z' });
    const [read] = await readNow(connection, scope, [made.id]);
    assert.equal(read?.fields[TARGET], '2026-11-02');
  });

  it('are refused a time zone that there is not', async () => {
    const { standIn } = await fresh();
    assert.throws(() => connectTo(standIn, { timeZone: 'Berlin' }), /Europe\/Berlin/);
  });
});

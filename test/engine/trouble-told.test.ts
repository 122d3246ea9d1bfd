import assert from 'node:assert/strict';
import { System } from '../../lib/engine/system';
import { SyncError } from '../../lib/model/errors';
import { SimulatedClock } from '../simulation/clock';
import { Random } from '../simulation/random';

describe('Trouble of a system', () => {
  const start = () => {
    const clock = new SimulatedClock(Date.UTC(2026, 5, 1), new Random(1));
    const nobody = () => assert.fail('no connection is needed');
    const system = new System('s', 'One', nobody, clock);
    const told: (string | undefined)[] = [];
    system.onTrouble = (error) => told.push(error?.message);
    return { system, told, clock };
  };

  it('is told once, however often it is met, and once more when it is over', async () => {
    const { system, told, clock } = start();
    system.troubled(new SyncError('transient', 'refused'), 'read');
    system.troubled(new SyncError('transient', 'refused as well'), 'read');
    await clock.runUntil(clock.now() + 600_000);
    system.troubled(new SyncError('transient', 'refused again'), 'read');
    assert.deepEqual(told, ['refused']);
    system.recovered('read');
    system.recovered('read');
    assert.deepEqual(told, ['refused', undefined]);
    system.troubled(new SyncError('auth', 'who are you'), 'read');
    assert.deepEqual(told, ['refused', undefined, 'who are you']);
  });

  it('is not a short wait that the system has asked for, nor a refusal of one change', () => {
    const { system, told } = start();
    system.troubled(new SyncError('rateLimited', 'slow down', { retryAfterMs: 5_000 }), 'read');
    system.troubled(new SyncError('invalid', 'no such value'), 'write');
    system.recovered('read');
    assert.deepEqual(told, []);
    system.troubled(new SyncError('rateLimited', 'for an hour', { retryAfterMs: 3_600_000 }), 'read');
    assert.deepEqual(told, ['for an hour']);
  });
});

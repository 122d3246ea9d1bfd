import assert from 'node:assert/strict';
import { planEvent } from '../../lib/engine/messages';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Fields } from '../../lib/model/values';
import type { StoredEvent } from '../../lib/store/store';

const place = { id: 'P', name: 'P' };
const config: IntegrationConfig = {
  ...{
    id: 'integration',
    name: 'One ↔ Two',
    active: true,
    system1: 'one',
    system2: 'two',
    retries: 3,
    lostAfterMs: 600_000,
  },
  projectPairs: [{ one: place, two: place, direction: 'both' }],
  typePairs: [{ id: 'bugs', one: place, two: place, direction: 'both' }],
};

const eventWith = (fields: Fields): StoredEvent => ({
  ...{ seq: 1, flow: { integration: 'integration', side: 1 }, state: 'sent', stale: false, delivery: 1, attempts: 0 },
  entity: {
    ...{ id: '1', key: 'ONE-1', type: 'P', project: 'P', version: '1', updatedAt: '2026-06-01T12:00:00.000Z', fields },
    updatedBy: { name: 'Ann' },
  },
});

describe('A message', () => {
  it('is its own: a node that changes values in it changes nothing of what was read', () => {
    const fields = (): Fields => ({
      title: 'Crash',
      priority: { id: '1', name: 'High' },
      labels: ['a', { name: 'b' }],
      text: { format: 'markdown', content: '*b*', dialect: { hardBreaks: true } },
      none: null,
    });
    const event = eventWith(fields());
    const plan = planEvent(config, event, undefined);
    assert.ok(plan.send);
    const { payload, sync } = plan.message;
    assert.deepEqual(payload, fields());
    const spoil = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, inner] of Object.entries(value)) {
        spoil(inner);
        Reflect.set(value, name, 'spoilt');
      }
    };
    spoil(payload);
    spoil(sync.entity);
    assert.deepEqual(event, eventWith(fields()));
  });
});

import assert from 'node:assert/strict';
import { adoptedEnds } from '../../lib/engine/write/adoption';
import type { Entity } from '../../lib/model/entity';
import type { SyncMessage } from '../../lib/model/message';
import type { StoredEvent } from '../../lib/store/store';
import { Workbench } from './workbench';

describe('A create that is adopted', () => {
  let bench: Workbench;
  beforeEach(async () => {
    bench = await Workbench.start();
  });
  afterEach(() => bench.stop());

  it('1: leaves both versions open: no other landing may take the change that goes on as an update for done', () => {
    const entity = (id: string, note: string): Entity => ({
      ...{ id, key: id, type: 'Bug', project: 'P', version: `of ${id}`, updatedAt: '2026-06-01T12:00:00.000Z' },
      fields: { title: 'Crash', note },
    });
    const source = entity('one-1', 'changed since');
    const event: StoredEvent = {
      ...{ seq: 1, flow: { integration: 'integration', side: 1 }, state: 'sent', entity: source, stale: false },
      ...{ delivery: 1, attempts: 1 },
      intent: { event: 1, since: '', type: 'Bug', project: 'P', fields: { title: 'Crash', note: 'as created' } },
    };
    const message: SyncMessage = {
      topic: 'One ↔ Two',
      payload: source.fields,
      sync: {
        ...{ integration: 'integration', direction: 'forward', event: '1.1', kind: 'create', pair: 'bugs' },
        ...{ entity: source, changed: ['title', 'note'], target: { type: 'Bug', project: 'P' } },
        mapped: { title: { from: ['title'] }, note: { from: ['note'] } },
      },
    };
    const found = entity('two-1', 'as created');
    const adopted = { entity: found, base: found.fields, unfinished: new Set<string>() };
    const ends = adoptedEnds(event, { message }, adopted, bench.integration.systems[1], bench.integration.systems[2]);
    assert.deepEqual(
      ends.map(({ ref, version, baseline }) => [ref.id, version, baseline]),
      [
        ['one-1', '', { title: 'Crash' }],
        ['two-1', '', { title: 'Crash', note: 'as created' }],
      ],
    );
  });
});

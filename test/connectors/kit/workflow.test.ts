/** Changes of status by transitions: ways are planned by what others are offered, and no entity is left half-way. */

import assert from 'node:assert/strict';
import type { Json } from '../../../lib/connectors/kit/json';
import { type Transition, Workflow } from '../../../lib/connectors/kit/workflow';
import { SyncError } from '../../../lib/model/errors';

/** A tracker in which each entity is in a status. */
class Tracker {
  readonly at = new Map<string, string>();
  readonly taken: string[] = [];
  asked = 0;
  /** refuses a transition to this status */
  refuses: string | undefined;

  /** @param ways from → to, with required fields after a colon: `open→review:approver` */
  constructor(private readonly ways: string[]) {}

  from(status: string): Transition[] {
    return this.ways.flatMap((way) => {
      const [, from = '', to = '', field] = /^(.+)→([^:]+)(?::(.+))?$/.exec(way) ?? [];
      if (from !== status) return [];
      return [{ id: way, name: `to ${to}`, to: { id: to, name: to }, fields: new Map(field ? [[field, true]] : []) }];
    });
  }

  workflow(): Workflow {
    return new Workflow({
      thing: 'ticket',
      transitions: async (id) => {
        this.asked += 1;
        return this.from(this.at.get(id) ?? '');
      },
      examples: async (_context, status) => [...this.at].flatMap(([id, at]) => (at === status ? [id] : [])),
      take: async (id, transition, fields) => {
        const to = transition.to.id;
        if (to === this.refuses)
          throw new SyncError('invalid', 'a condition says no', { answer: 'a condition says no' });
        this.at.set(id, to);
        this.taken.push([to, ...Object.keys(fields)].join(' '));
      },
    });
  }
}

const named = (id: string) => ({ id, name: id });
const move = (workflow: Workflow, from: string, to: string, values: Json = {}) =>
  workflow.move({ id: '1', context: { project: 'p', type: 't' }, from: named(from), to: named(to), values });

describe('connector kit: workflows', () => {
  it('goes a way of several steps that other entities show, and never into a status that leads elsewhere', async () => {
    const tracker = new Tracker(['open→rejected', 'open→active', 'active→review', 'review→done']);
    for (const [id, status] of [
      ['1', 'open'],
      ['2', 'active'],
      ['3', 'review'],
      ['4', 'rejected'],
    ] as const)
      tracker.at.set(id, status);
    await move(tracker.workflow(), 'open', 'done');
    assert.deepEqual(tracker.taken, ['active', 'review', 'done']);
  });

  it('asks nobody where the way was seen within the last minute', async () => {
    const tracker = new Tracker(['open→done', 'done→open']);
    const workflow = tracker.workflow();
    tracker.at.set('1', 'open');
    await move(workflow, 'open', 'done');
    await move(workflow, 'done', 'open');
    tracker.asked = 0;
    await move(workflow, 'open', 'done');
    assert.deepEqual([tracker.asked, tracker.at.get('1')], [0, 'done']);
  });

  it('gives a transition the values that its screen asks for, and prefers a way whose values there are', async () => {
    const tracker = new Tracker([
      'open→signed:signature',
      'open→waved',
      'signed→done:resolution',
      'waved→done:resolution',
    ]);
    for (const [id, status] of [
      ['1', 'open'],
      ['2', 'signed'],
      ['3', 'waved'],
    ] as const)
      tracker.at.set(id, status);
    const used = await move(tracker.workflow(), 'open', 'done', { resolution: 'fixed', colour: 'red' });
    assert.deepEqual(tracker.taken, ['waved', 'done resolution']);
    assert.deepEqual([...used], ['resolution']);
  });

  it('is taken back where the way ends elsewhere, and says so', async () => {
    const tracker = new Tracker(['open→active', 'active→open', 'active→done']);
    tracker.at.set('1', 'open');
    tracker.at.set('2', 'active');
    tracker.refuses = 'done';
    await assert.rejects(move(tracker.workflow(), 'open', 'done'), (error: unknown) => {
      assert.ok(error instanceof SyncError && error.kind === 'invalid');
      assert.match(error.message, /"to done" from active to done was rejected: a condition says no/);
      assert.match(error.message, /The ticket had left open; it was taken back to open/);
      return true;
    });
    assert.equal(tracker.at.get('1'), 'open');
  });

  it('reports where it could go instead', async () => {
    const tracker = new Tracker(['open→active']);
    tracker.at.set('1', 'open');
    tracker.at.set('2', 'active');
    await assert.rejects(
      move(tracker.workflow(), 'open', 'done'),
      /done cannot be reached from open.* go to active \(by "to active"\)/,
    );
    assert.deepEqual(tracker.taken, []);
  });
});

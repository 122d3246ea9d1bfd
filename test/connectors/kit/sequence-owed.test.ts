/** Feeds of numbered changes: what cannot be read now comes later, and holds up nothing. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Checkpoint } from '../../../lib/connectors/connector';
import { Debts } from '../../../lib/connectors/kit/owed';
import { changesInSequence, type Numbered, type SequenceFeed } from '../../../lib/connectors/kit/sequence';
import type { Entity, EntityId } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';

const SETTLE_MS = 10;

/** A system that numbers its changes; `poisoned` ones it cannot show, `down` it answers nothing. */
class Tracker {
  readonly log: Numbered[] = [];
  readonly versions = new Map<EntityId, number>();
  readonly poisoned = new Set<EntityId>();
  down = false;

  change(id: EntityId): void {
    const seq = this.log.length + 1;
    this.log.push({ seq, entity: id, at: seq * 1000 });
    this.versions.set(id, seq);
  }

  private show(id: EntityId): Entity | undefined {
    const version = this.versions.get(id);
    if (version === undefined) return undefined;
    const updatedAt = new Date(version * 1000).toISOString();
    return { id, key: id, url: '', type: 't', project: 'p', version: String(version), updatedAt, fields: {} };
  }

  private guard(): void {
    if (this.down) throw new SyncError('transient', 'down', { status: 503 });
  }

  feed(debts: Debts<EntityId>): SequenceFeed {
    return {
      missing: new Map(),
      product: 'The tracker',
      entry: 'change',
      settleMs: SETTLE_MS,
      entries: async (from, limit) => {
        this.guard();
        return { entries: this.log.filter(({ seq }) => seq >= from).slice(0, limit) };
      },
      newest: async () => this.log.at(-1),
      everything: async (after, limit) => {
        this.guard();
        const ids = [...this.versions.keys()].filter((id) => Number(id) > Number(after ?? 0));
        const some = ids.sort((a, b) => Number(a) - Number(b)).slice(0, limit);
        const failed = new Map(some.flatMap((id) => (this.poisoned.has(id) ? [[id, broken()] as const] : [])));
        const entities = some.flatMap((id) => (failed.has(id) ? [] : (this.show(id) ?? [])));
        return { entities, last: some.at(-1), failed };
      },
      read: async (ids) => {
        this.guard();
        // nothing but culprits cannot be told from a server in trouble
        if (ids.length > 0 && ids.every((id) => this.poisoned.has(id))) throw broken();
        return ids.map((id) => (this.poisoned.has(id) ? broken() : this.show(id)));
      },
      debts,
    };
  }
}

const broken = () => new SyncError('transient', 'cannot be shown', { status: 500 });

type Step =
  | { do: 'change' | 'poison' | 'heal' | 'remove'; id: EntityId }
  | { do: 'poll'; leaveAfter: number }
  | { do: 'restart' | 'down' };

const anyId = fc.integer({ min: 1, max: 6 }).map(String);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('change' as const, 'poison' as const, 'heal' as const), id: anyId }),
    fc.record({ do: fc.constant('change' as const), id: anyId }),
    fc.record({ do: fc.constant('remove' as const), id: anyId }),
    fc.record({ do: fc.constant('poll' as const), leaveAfter: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ do: fc.constantFrom('restart' as const, 'down' as const) }),
  ),
  { maxLength: 30 },
);

describe('connector kit: numbered changes that cannot be read', () => {
  it('one that cannot be read now comes later: nothing is lost, nothing else waits', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (history, pageSize) => {
        const tracker = new Tracker();
        let debts = new Debts<EntityId>('The tracker', 'entities');
        let checkpoint: Checkpoint | undefined;
        const seen = new Map<EntityId, string>();
        const poll = async (pages: number): Promise<void> => {
          for await (const page of changesInSequence(tracker.feed(debts), checkpoint, pageSize)) {
            for (const { id, version } of page.entities) seen.set(id, version);
            // as a store keeps it
            checkpoint = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
            if (--pages <= 0) return;
          }
        };
        const pollOrFail = async (pages: number): Promise<void> => {
          try {
            await poll(pages);
          } catch (thrown) {
            if (!(thrown instanceof SyncError) || thrown.kind !== 'transient') throw thrown;
          }
        };
        for (const step of history) {
          if (step.do === 'change') tracker.change(step.id);
          else if (step.do === 'poison') tracker.poisoned.add(step.id);
          else if (step.do === 'heal') tracker.poisoned.delete(step.id);
          else if (step.do === 'remove') tracker.versions.delete(step.id);
          else if (step.do === 'poll') await pollOrFail(step.leaveAfter);
          else if (step.do === 'restart') debts = new Debts('The tracker', 'entities');
          else {
            tracker.down = true;
            await pollOrFail(9);
            tracker.down = false;
          }
        }
        tracker.poisoned.clear();
        debts = new Debts('The tracker', 'entities');
        await poll(Number.POSITIVE_INFINITY);
        for (const [id, version] of tracker.versions) assert.equal(seen.get(id), String(version), `entity ${id}`);
        assert.ok(!('owed' in (checkpoint ?? {})), 'nothing is owed any more');
      }),
      { numRuns: 400 },
    );
  });

  it('neighbours of one that cannot be read arrive at once, and it is named by the checkpoint', async () => {
    const tracker = new Tracker();
    const debts = new Debts<EntityId>('The tracker', 'entities');
    for (const id of ['1', '2', '3']) tracker.change(id);
    tracker.poisoned.add('2');
    const pages = [];
    for await (const page of changesInSequence(tracker.feed(debts), { seq: 0 }, 10)) pages.push(page);
    assert.deepEqual(
      pages.flatMap(({ entities }) => entities.map(({ id }) => id)),
      ['1', '3'],
    );
    assert.deepEqual(pages.at(-1)?.checkpoint.owed, ['2']);
  });

  it('owes no more than some hundreds: then it is no matter of single entities', async () => {
    const tracker = new Tracker();
    for (let id = 1; id <= 700; id += 1) tracker.change(String(id));
    for (let id = 2; id <= 600; id += 1) tracker.poisoned.add(String(id));
    const debts = new Debts<EntityId>('The tracker', 'entities');
    const work = async () => {
      for await (const page of changesInSequence(tracker.feed(debts), undefined, 1000)) assert.ok(page);
    };
    await assert.rejects(work, (thrown) => thrown instanceof SyncError && /over 500 entities/.test(thrown.message));
  });
});

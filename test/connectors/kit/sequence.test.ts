/** Changes that a system numbers: nothing is lost, whatever the system does, and what it should not do stops the poll. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ChangePage, Checkpoint } from '../../../lib/connectors/connector';
import { Debts } from '../../../lib/connectors/kit/owed';
import {
  changesInSequence,
  type Numbered,
  newestInSequence,
  type SequenceFeed,
  sequenceAt,
} from '../../../lib/connectors/kit/sequence';
import type { Entity } from '../../../lib/model/entity';

const SETTLE_MS = 1_000;
const START = Date.parse('2026-01-01T00:00:00Z');

/** A system whose transactions take their numbers when they begin and are seen once they are committed. */
class Numbering {
  now = START;
  private next = 1;
  readonly entries: (Numbered & { seen: boolean; project: string })[] = [];
  readonly missing = new Map<string, string>();
  asked = 0;

  begin(entity: string, project = 'one'): () => void {
    const entry = { seq: this.next, entity, at: this.now, seen: false, project };
    this.next += 1;
    this.entries.push(entry);
    return () => {
      entry.seen = true;
    };
  }

  change(entity: string, project = 'one'): void {
    this.begin(entity, project)();
  }

  private get shown(): Numbered[] {
    return this.entries.filter(({ seen, project }) => seen && !this.missing.has(project));
  }

  private entity(id: string): Entity {
    const last = this.shown.filter(({ entity }) => entity === id).at(-1);
    const updatedAt = new Date(last?.at ?? START).toISOString();
    return { id, key: id, type: 'ticket', project: 'one', version: `v${last?.seq ?? 0}`, updatedAt, fields: {} };
  }

  feed(): SequenceFeed {
    return {
      ...{ product: 'Numbering', entry: 'transaction', settleMs: SETTLE_MS, missing: this.missing },
      entries: async (from, limit) => {
        this.asked += 1;
        return { entries: this.shown.filter(({ seq }) => seq >= from).slice(0, limit), now: this.now };
      },
      newest: async () => {
        this.asked += 1;
        return this.shown.at(-1);
      },
      everything: async (after, limit) => {
        const ids = [...new Set(this.shown.map(({ entity }) => entity))].sort();
        const some = ids.filter((id) => after === undefined || id > after).slice(0, limit);
        return { entities: some.map((id) => this.entity(id)), last: some.at(-1) };
      },
      read: async (ids) => ids.map((id) => this.entity(id)),
      debts: new Debts('Numbering', 'entities'),
    };
  }
}

async function poll(
  feed: SequenceFeed,
  since: Checkpoint | undefined,
  size = 3,
): Promise<{ seen: string[]; pages: ChangePage[]; checkpoint: Checkpoint }> {
  const pages: ChangePage[] = [];
  for await (const page of changesInSequence(feed, since, size)) pages.push(page);
  const last = pages.at(-1);
  assert.ok(last, 'a poll has a page');
  const seen = pages.flatMap(({ entities }) => entities.map(({ id, version }) => `${id}@${version}`));
  return { seen, pages, checkpoint: JSON.parse(JSON.stringify(last.checkpoint)) as Checkpoint };
}

const rejected = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => assert.fail('was not refused'),
    (error: unknown) => String(error),
  );

describe('connector kit: numbered changes', () => {
  it('reads from the beginning what is there, then what changes, and rests at one request', async () => {
    const system = new Numbering();
    for (const id of ['a', 'b', 'c', 'd', 'a']) system.change(id);
    system.now += 60_000;
    const first = await poll(system.feed(), undefined);
    assert.deepEqual([...new Set(first.seen)].sort(), ['a@v5', 'b@v2', 'c@v3', 'd@v4']);
    system.change('b');
    system.now += 60_000;
    const second = await poll(system.feed(), first.checkpoint);
    assert.deepEqual(second.seen, ['b@v6']);
    system.asked = 0;
    assert.deepEqual((await poll(system.feed(), second.checkpoint)).seen, []);
    assert.equal(system.asked, 1);
  });

  it('loses nothing, whatever changes between and during polls, in whatever order it is committed, resumed anywhere', async () => {
    const step = fc.record({
      entity: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
      late: fc.integer({ min: 0, max: 3 }),
      wait: fc.constantFrom(0, 0, 200, 700, 5_000),
      poll: fc.constantFrom('none', 'none', 'whole', 'first page'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const system = new Numbering();
        const feed = system.feed();
        let checkpoint = (await newestInSequence(feed)) ?? { seq: 0 };
        const open: { at: number; begun: number; commit: () => void }[] = [];
        const seen = new Set<string>();
        const latest = new Map<string, string>();
        for (const [n, { entity, late, wait, poll: how }] of steps.entries()) {
          open.push({ at: n + late, begun: system.now, commit: system.begin(entity) });
          latest.set(entity, `${entity}@v${n + 1}`);
          for (const one of open.filter(({ at }) => at <= n)) one.commit();
          // nothing is under way longer than is promised
          for (const { begun, commit } of open) if (system.now + wait - begun >= SETTLE_MS) commit();
          system.now += wait;
          if (how === 'none') continue;
          for await (const page of changesInSequence(feed, checkpoint, 2)) {
            for (const { id, version } of page.entities) seen.add(`${id}@${version}`);
            checkpoint = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
            if (how === 'first page') break;
          }
        }
        for (const { commit } of open) commit();
        system.now += SETTLE_MS * 2;
        for (const one of (await poll(feed, checkpoint)).seen) seen.add(one);
        for (const [, version] of latest) assert.ok(seen.has(version), `${version} was missed`);
      }),
      { numRuns: 2000 },
    );
  });

  it('stops where the system does not filter, or not in order, and names both entries', async () => {
    const system = new Numbering();
    for (const id of ['a', 'b', 'c', 'd']) system.change(id);
    system.now += 60_000;
    const { checkpoint } = await poll(system.feed(), undefined);
    const unfiltered = { ...system.feed(), entries: async () => ({ entries: system.entries }) };
    assert.match(await rejected(poll(unfiltered, checkpoint)), /every transaction from 4 on and answers with 1/);
    for (const id of ['e', 'f']) system.change(id);
    const turned = { ...system.feed(), entries: async () => ({ entries: system.entries.slice(3).reverse() }) };
    assert.match(await rejected(poll(turned, checkpoint)), /transaction 5 behind 6/);
  });

  it('stops where the numbers went back, and not if only the last entity is hidden', async () => {
    const system = new Numbering();
    for (const id of ['a', 'b', 'c']) system.change(id);
    system.now += 60_000;
    const { checkpoint } = await poll(system.feed(), undefined);
    const moved = { ...system.feed(), entries: async () => ({ entries: [] }) };
    assert.deepEqual((await poll(moved, checkpoint)).seen, []);
    system.entries.splice(1);
    assert.match(
      await rejected(poll(system.feed(), checkpoint)),
      /goes backwards: transaction 3 was read, the newest is 1 now/,
    );
  });

  it('starts at a time, also one that has still to come', async () => {
    const system = new Numbering();
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      system.change(id);
      system.now += 10_000;
    }
    const from = sequenceAt(new Date(START + 50_000).toISOString());
    assert.deepEqual((await poll(system.feed(), from)).seen, ['f@v6', 'g@v7', 'h@v8']);
    const tomorrow = sequenceAt(new Date(START + 86_400_000).toISOString());
    const none = await poll(system.feed(), tomorrow);
    assert.deepEqual([none.seen, none.checkpoint], [[], tomorrow]);
    system.now = START + 86_400_000;
    system.change('a');
    assert.deepEqual((await poll(system.feed(), none.checkpoint)).seen, ['a@v9']);
  });

  it('starts at the time of the newest entity, which the system sets a moment after that of its transaction', async () => {
    const system = new Numbering();
    system.change('a');
    system.now += 60_000;
    system.change('b');
    const ownTime = new Date(system.now + SETTLE_MS).toISOString();
    assert.deepEqual((await poll(system.feed(), sequenceAt(ownTime))).seen, ['b@v2']);
    const later = new Date(system.now + SETTLE_MS + 1).toISOString();
    assert.deepEqual((await poll(system.feed(), sequenceAt(later))).seen, []);
  });

  it('a right is taken away without a word: that is named, is no restored backup, and nothing is missed once it is back', async () => {
    const system = new Numbering();
    const out = new Set<string>();
    const hidden = (id: string) => out.has(id.charAt(0));
    const feed = (): SequenceFeed => {
      const right = system.feed();
      return {
        ...right,
        entries: async (from, limit) => {
          const { entries, now } = await right.entries(from, 1_000);
          return { entries: entries.filter(({ entity }) => !hidden(entity)).slice(0, limit), ...(now && { now }) };
        },
        newest: async () => system.entries.filter(({ entity }) => !hidden(entity)).at(-1),
        read: async (ids) =>
          (await right.read(ids)).map((one) =>
            one && !(one instanceof Error) ? { ...one, project: one.id.charAt(0) } : one,
          ),
        everything: async (after, limit) => {
          const { entities, last } = await right.everything(after, limit);
          return { last, entities: entities.map((one) => ({ ...one, project: one.id.charAt(0) })) };
        },
        sight: {
          projects: ['a', 'b'],
          newest: async () => [],
          hidden: async (ids) => new Set(ids.filter(hidden)),
          why: (id) => `${id} is hidden`,
        },
      };
    };
    for (const id of ['a1', 'b1']) system.change(id);
    system.now += 60_000;
    const first = await poll(feed(), undefined);
    out.add('a').add('b');
    for (const id of ['a2', 'b2', 'b1']) system.change(id);
    system.now += 60_000;
    const second = await poll(feed(), first.checkpoint);
    assert.deepEqual(
      second.pages.at(-1)?.missing?.map(({ id, why }) => [id, why]),
      [
        ['a', 'a is hidden'],
        ['b', 'b is hidden'],
      ],
    );
    out.delete('b');
    system.change('b3');
    system.now += 60_000;
    const third = await poll(feed(), second.checkpoint);
    assert.deepEqual(third.seen.map((one) => one.split('@')[0]).sort(), ['b1', 'b2', 'b3']);
    assert.deepEqual(
      third.pages.at(-1)?.missing?.map(({ id }) => id),
      ['a'],
    );
    out.clear();
    const back = await poll(feed(), third.checkpoint);
    assert.ok(
      back.seen.some((one) => one.startsWith('a2@')),
      back.seen.join(),
    );
    assert.equal(back.pages.at(-1)?.missing, undefined);
  });

  it('a member of the scope that is missing stops nobody, and once it is back nothing of it was missed', async () => {
    const system = new Numbering();
    system.change('a');
    system.now += 60_000;
    const first = await poll(system.feed(), undefined);
    system.missing.set('two', 'no queue "two"');
    system.change('x', 'two');
    system.change('b');
    system.now += 60_000;
    const without = await poll(system.feed(), first.checkpoint);
    assert.deepEqual(without.seen, ['b@v3']);
    assert.deepEqual(without.pages.at(-1)?.missing, [{ kind: 'project', id: 'two', why: 'no queue "two"' }]);
    system.missing.clear();
    const back = await poll(system.feed(), without.checkpoint);
    assert.ok(back.seen.includes('x@v2'), back.seen.join());
    assert.equal(back.pages.at(-1)?.missing, undefined);
    assert.deepEqual((await poll(system.feed(), back.checkpoint)).seen, []);
  });

  it('refuses a position that is not one of its own', async () => {
    assert.match(await rejected(poll(new Numbering().feed(), { page: 3 })), /topic "start"/);
  });
});

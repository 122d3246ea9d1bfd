/** Polling by update time: nothing is lost, whatever happens meanwhile, and what a system should not do stops the poll. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ChangePage, Checkpoint, MissingMember } from '../../../lib/connectors/connector';
import { changesInList, feedMemory, newestInList } from '../../../lib/connectors/kit/overlap/guarded';
import { type Absent, Members, withMembers } from '../../../lib/connectors/kit/overlap/members';
import { refuseDisorder } from '../../../lib/connectors/kit/overlap/order';
import { checkpointAtTime } from '../../../lib/connectors/kit/overlap/position';
import { SyncError } from '../../../lib/model/errors';
import { FakeTracker, Reader } from './fake-tracker';

const failure = (work: Promise<unknown>): Promise<SyncError> =>
  work.then(
    () => assert.fail('the poll should have stopped'),
    (thrown: unknown) => {
      assert.ok(thrown instanceof SyncError);
      return thrown;
    },
  );

type Step =
  | { do: 'change'; what: 'create' | 'remove' | 'poison' | 'heal'; at: number }
  | { do: 'touch'; at: number; count: number; lateMs: number }
  | { do: 'wait'; ms: number }
  | { do: 'poll'; size: number; pages: number; dies: boolean; meanwhile: number[] };

const at = fc.nat(50);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('change' as const),
      what: fc.constantFrom(
        'create' as const,
        'create' as const,
        'remove' as const,
        'poison' as const,
        'heal' as const,
      ),
      at,
    }),
    fc.record({
      do: fc.constant('touch' as const),
      at,
      count: fc.integer({ min: 1, max: 6 }),
      lateMs: fc.constantFrom(0, 0, 900, 2_500, 4_000),
    }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 400, 1_000, 3_000, 20_000) }),
    fc.record({
      do: fc.constant('poll' as const),
      size: fc.integer({ min: 1, max: 5 }),
      pages: fc.constantFrom(1, 2, 99),
      dies: fc.boolean(),
      meanwhile: fc.array(fc.nat(50), { maxLength: 4 }),
    }),
  ),
  { maxLength: 30 },
);

describe('connector kit: changes by update time', () => {
  it('loses nothing, whatever changes, cannot be shown or dies, between pages and polls', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const tracker = new FakeTracker();
        const reader = new Reader(tracker);
        const pick = (index: number) => [...tracker.rows.keys()][index % Math.max(1, tracker.rows.size)] ?? '';
        for (const step of history) {
          if (step.do === 'change') {
            if (step.what === 'create') {
              for (let i = 0; i <= step.at % 12; i += 1) {
                tracker.create();
                tracker.now += step.at % 3 === 0 ? 3_000 : 0;
              }
            } else if (step.what === 'remove') tracker.rows.delete(pick(step.at));
            else if (step.what === 'poison') tracker.poisoned.add(pick(step.at));
            else tracker.poisoned.delete(pick(step.at));
          } else if (step.do === 'touch')
            for (let i = 0; i < step.count; i += 1) tracker.touch(pick(step.at + i), step.lateMs);
          else if (step.do === 'wait') tracker.now += step.ms;
          else {
            const changes = [...step.meanwhile];
            tracker.onSearch = () => {
              const index = changes.shift();
              if (index !== undefined) tracker.touch(pick(index));
              if (index !== undefined && index % 3 === 0) tracker.now += 300;
            };
            await reader.poll(step.size, step.pages);
            tracker.onSearch = () => undefined;
            if (step.dies) reader.die();
          }
        }
        tracker.poisoned.clear();
        tracker.now += 60_000;
        for (let last = 0; last < 3; last += 1) {
          reader.die();
          await reader.poll();
        }
        assert.deepEqual(reader.lost(), []);
        assert.ok(!('owed' in (reader.checkpoint ?? {})), 'nothing is owed any more');
      }),
      { numRuns: 1000 },
    );
  });

  it('reads a thousand rows, of one moment and of many, and dies at every page', async () => {
    for (const apartMs of [0, 40, 700]) {
      const tracker = new FakeTracker();
      for (let i = 0; i < 1_000; i += 1) {
        tracker.create();
        tracker.now += apartMs;
      }
      tracker.now += 60_000;
      const reader = new Reader(tracker);
      for (let life = 0; life < 1_000 && reader.seen.size < 1_000; life += 1) {
        await reader.poll(5, 1);
        reader.die();
      }
      assert.deepEqual(reader.lost(), []);
    }
  });

  it('rests at one request that brings nothing', async () => {
    const tracker = new FakeTracker();
    for (let i = 0; i < 30; i += 1) tracker.create();
    tracker.now += 60_000;
    const reader = new Reader(tracker);
    await reader.poll();
    await reader.poll();
    tracker.asked = 0;
    reader.seen.clear();
    await reader.poll();
    assert.deepEqual([tracker.asked, reader.seen.size], [1, 0]);
  });

  it('stops where the list is not sorted, and names both rows; nothing is lost once it is', async () => {
    const tracker = new FakeTracker();
    const [first] = [tracker.create(), tracker.create(), tracker.create()];
    const reader = new Reader(tracker);
    tracker.now += 60_000;
    await reader.poll();
    tracker.touch(first);
    tracker.now += 10_000;
    const last = tracker.create();
    tracker.now += 10_000;
    tracker.touch(first);
    tracker.ignoresOrder = true;
    const before = reader.checkpoint;
    const error = await failure(reader.poll());
    assert.equal(error.kind, 'fatal');
    assert.match(
      error.message,
      /The tracker was asked for an ascending order and answers with ticket \d of .* behind ticket 1 of/,
    );
    assert.deepEqual(reader.checkpoint, before, 'nothing of the page counts as read');
    tracker.ignoresOrder = false;
    await reader.poll();
    assert.ok(reader.seen.has(last));
    assert.deepEqual(reader.lost(), []);
  });

  it('stops where the list does not filter', async () => {
    const tracker = new FakeTracker();
    tracker.create();
    tracker.now += 3_600_000;
    tracker.create();
    tracker.ignoresBound = true;
    const reader = new Reader(tracker);
    reader.checkpoint = checkpointAtTime('2026-01-01T00:30:00Z', 1_000);
    const error = await failure(reader.poll());
    assert.match(
      error.message,
      /what changed since 2026-01-01T00:30:00.000Z and answers with ticket 1 of .*does not filter/,
    );
  });

  it('takes an order as coarse as the system’s clock', () => {
    const order = { product: 'X', thing: 'issue', resolutionMs: 60_000, toleranceMs: 60_000 };
    const rows = [
      { id: '1', at: 100_000 },
      { id: '2', at: 50_000 },
    ];
    refuseDisorder(order, rows, 100_000);
    assert.throws(
      () => refuseDisorder(order, [{ id: '0', at: 110_001 }, ...rows], undefined),
      /issue 2 .* behind issue 0/,
    );
    assert.throws(() => refuseDisorder(order, rows, 110_001), /does not filter/);
  });

  it('stops where a backup was restored', async () => {
    const tracker = new FakeTracker();
    const ids = [tracker.create(), tracker.create()];
    const backUp = new Map(tracker.rows);
    tracker.now += 3_600_000;
    for (const id of ids) tracker.touch(id);
    const reader = new Reader(tracker);
    await reader.poll();
    tracker.rows = backUp;
    tracker.now += 60_000;
    const error = await failure(reader.poll());
    assert.match(
      error.message,
      /The tracker's time goes backwards: ticket 1 was updated at .* backup may have been restored/,
    );
  });

  it('starts after the newest row', async () => {
    const tracker = new FakeTracker();
    for (let i = 0; i < 25; i += 1) tracker.create();
    const reader = new Reader(tracker);
    reader.checkpoint = await newestInList(tracker.feed());
    await reader.poll();
    assert.ok(reader.seen.size <= 25 - 10, 'what was there is known, as far as a checkpoint holds it');
    reader.seen.clear();
    tracker.now += 10_000;
    const id = tracker.create();
    await reader.poll();
    assert.ok(reader.seen.has(id));
    assert.equal(await newestInList(new FakeTracker().feed()), undefined);
  });

  it('reads checkpoints as Redmine’s stores have held them since 0.1', async () => {
    const tracker = new FakeTracker();
    const [one, two] = [tracker.create(), tracker.create()];
    const reader = new Reader(tracker);
    const [row] = tracker.rows.values();
    assert.ok(row);
    reader.checkpoint = {
      time: '2026-01-01T00:00:00Z',
      seen: [`${one}@${tracker.entity(row).version}`],
      owed: [two],
      redo: '2026-01-01T00:00:00Z',
    };
    await reader.poll();
    assert.deepEqual([...reader.seen.keys()], [two]);
    reader.checkpoint = { time: 'yesterday' };
    assert.match((await failure(reader.poll())).message, /damaged \(time: "yesterday"\)/);
  });
});

describe('connector kit: members of a scope that are missing', () => {
  const scope = { projects: ['p', 'q'], types: ['t'] };
  /** single rows that the account does not see */
  const out = new Set<string>();
  beforeEach(() => out.clear());

  async function poll(
    tracker: FakeTracker,
    gone: Set<string>,
    since: Checkpoint | undefined,
    onPage?: (page: ChangePage) => void,
    more: Partial<Absent> = {},
  ) {
    const absent = async () => ({
      ...more,
      projects: new Map([...gone].map((id) => [id, `There is no project "${id}" any more`])),
      types: new Map<string, string>(),
    });
    const pages: ChangePage[] = [];
    const changes = withMembers(new Members('type', absent), scope, since, ({ projects }, from) => {
      const isSeen = ({ project }: { project: string }) => projects.includes(project) && !gone.has(project);
      const part = new FakeTracker();
      part.now = tracker.now;
      part.rows = new Map([...tracker.rows].filter(([id, row]) => isSeen(row) && !out.has(id)));
      return changesInList(part.feed(isSeen), feedMemory('The tracker', 'tickets'), from, 5);
    });
    for await (const page of changes) {
      pages.push(page);
      onPage?.(page);
    }
    const last = pages.at(-1);
    return {
      ids: pages.flatMap(({ entities }) => entities.map(({ id }) => id)),
      missing: last?.missing ?? [],
      checkpoint: JSON.parse(JSON.stringify(last?.checkpoint)) as Checkpoint,
    };
  }

  it('one stops nobody, is named, and is read from where it was left once it is back', async () => {
    const tracker = new FakeTracker();
    tracker.create('p');
    tracker.create('q');
    tracker.now += 60_000;
    const first = await poll(tracker, new Set(), undefined);
    assert.deepEqual([first.ids, first.missing], [['1', '2'], []]);
    const hidden = tracker.create('q');
    const seen = tracker.create('p');
    tracker.now += 60_000;
    const second = await poll(tracker, new Set(['q']), first.checkpoint);
    const why = 'There is no project "q" any more';
    assert.deepEqual([second.ids, second.missing], [[seen], [{ kind: 'project', id: 'q', why }]]);
    tracker.now += 3_600_000;
    tracker.create('p');
    const third = await poll(tracker, new Set(['q']), second.checkpoint);
    const back = await poll(tracker, new Set(), third.checkpoint);
    assert.ok(back.ids.includes(hidden));
    assert.deepEqual([back.missing, 'away' in back.checkpoint], [[], false]);
  });

  it('one that left the scope itself is forgotten', async () => {
    const tracker = new FakeTracker();
    tracker.create('r');
    const away = { time: '2026-01-01T00:00:00Z', away: { 'project r': '1970-01-01T00:00:00Z' } };
    const { ids, checkpoint } = await poll(tracker, new Set(), away);
    assert.deepEqual([ids, 'away' in checkpoint], [[], false]);
  });

  it('none that is left stops the poll, and is read from where it was left once it is back', async () => {
    const tracker = new FakeTracker();
    tracker.create('p');
    tracker.now += 60_000;
    let { checkpoint } = await poll(tracker, new Set(), undefined);
    const hidden = tracker.create('q');
    tracker.now += 3_600_000;
    for (let time = 0; time < 2; time += 1) {
      let error: SyncError | undefined;
      await poll(tracker, new Set(['p', 'q']), checkpoint, (page) => {
        checkpoint = page.checkpoint;
      }).catch((thrown) => {
        error = thrown;
      });
      assert.equal(error?.kind, 'forbidden');
      assert.match(error?.message ?? '', /Nothing left to read: .*"p".*"q"/);
    }
    const back = await poll(tracker, new Set(), checkpoint);
    assert.ok(back.ids.includes(hidden), back.ids.join());
    assert.deepEqual(back.missing, []);
  });

  describe('a part of a project that a role hides', () => {
    const part = (name: string, isShown: boolean) => ({ project: 'p', name, isShown, why: `${name} is hidden` });
    const names = ({ missing }: { missing: MissingMember[] }) => missing.map(({ kind, id, why }) => [kind, id, why]);

    it('is missing only if it was shown before, and is read from where it was left once it is back', async () => {
      const tracker = new FakeTracker();
      const parts = (type: boolean, others: boolean) => ({ parts: [part('type t', type), part('others', others)] });
      const first = await poll(tracker, new Set(), undefined, undefined, parts(true, false));
      assert.deepEqual(first.missing, [], 'never seen: not missing');
      tracker.now += 60_000;
      const hidden = tracker.create('p');
      out.add(hidden);
      tracker.now += 3_600_000;
      const second = await poll(tracker, new Set(), first.checkpoint, undefined, parts(false, false));
      assert.deepEqual(names(second), [['project', 'p', 'type t is hidden']]);
      const third = await poll(tracker, new Set(), second.checkpoint, undefined, { parts: [] });
      assert.ok('away' in third.checkpoint, 'what the system does not tell is as it was');
      out.delete(hidden);
      const back = await poll(tracker, new Set(), third.checkpoint, undefined, parts(true, true));
      assert.ok(back.ids.includes(hidden), back.ids.join());
      assert.deepEqual([back.missing, 'away' in back.checkpoint], [[], false]);
      const narrowed = await poll(tracker, new Set(), back.checkpoint, undefined, parts(true, false));
      assert.deepEqual(names(narrowed), [['project', 'p', 'others is hidden']]);
    });

    it('is no news where its project is missing, and counts from when the project went', async () => {
      const tracker = new FakeTracker();
      tracker.create('p');
      const shown = { parts: [part('type t', true)] };
      const first = await poll(tracker, new Set(), undefined, undefined, shown);
      tracker.now += 60_000;
      const hidden = tracker.create('p');
      tracker.now += 3_600_000;
      const second = await poll(tracker, new Set(['p']), first.checkpoint);
      assert.equal(second.missing.length, 1);
      out.add(hidden);
      const third = await poll(tracker, new Set(), second.checkpoint, undefined, { parts: [part('type t', false)] });
      assert.deepEqual(names(third), [['project', 'p', 'type t is hidden']]);
      out.delete(hidden);
      const back = await poll(tracker, new Set(), third.checkpoint, undefined, shown);
      assert.ok(back.ids.includes(hidden), back.ids.join());
    });
  });
});
